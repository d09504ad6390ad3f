package main

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
)

// witness is an outside service that says something about targets.
type witness struct {
	service string // "IODA", as a reader would cite it
	// gap says for a person what is missing for an error.
	gap func(err error) checks.Gap
	// ask gives its claims about a target at a moment, the present where that is zero.
	ask func(ctx context.Context, f *checks.Footprint, at time.Time) ([]checks.Claim, error)
	// votes gives what its vantage points found of the target, from what ask was told; nil
	// where it has none.
	votes func(ctx context.Context, f *checks.Footprint) ([]checks.Vote, error)
	// suits reports whether the service has anything to do with a target at that moment.
	suits func(t checks.Target, at time.Time) bool
	// costs is true where asking takes something that is short, so that it is asked for
	// a person's question alone.
	costs bool
}

// name is how the doctor calls it.
func (w *witness) name() string { return strings.ToLower(w.service) }

// testimony is what the witnesses said of a target, and what of it is missing.
type testimony struct {
	claims []checks.Claim
	votes  []checks.Vote
	gaps   []checks.Gap
	at     time.Time // on the wall; zero for not asked
	costly bool      // those that cost were asked too
}

// hear asks the witnesses that suit, all at once, until the context ends.
func hear(ctx context.Context, list []witness, f checks.Footprint, at time.Time, costly bool) testimony {
	said := make([]testimony, len(list))
	var wg sync.WaitGroup
	for i, w := range list {
		if !w.suits(f.Target, at) || w.costs && !costly {
			continue
		}
		wg.Go(func() {
			claims, err := w.ask(ctx, &f, at)
			said[i].claims = claims
			if err != nil {
				said[i].gaps = []checks.Gap{w.gap(err)}
			}
			if w.votes != nil && at.IsZero() && (err == nil || len(claims) > 0) {
				said[i].votes, _ = w.votes(ctx, &f) // of the same measurement: what fails of it was said
			}
		})
	}
	wg.Wait()
	all := testimony{at: time.Now(), costly: costly}
	for _, s := range said {
		all.claims = append(all.claims, s.claims...)
		all.votes = append(all.votes, s.votes...)
		all.gaps = append(all.gaps, s.gaps...)
	}
	return all
}

// gapOf says for a person why a source gave nothing, as far as its error knows.
func gapOf(err error, check, service, missing string) checks.Gap {
	var able interface{ Sentence() string }
	switch {
	case errors.As(err, &able):
		return checks.Gap{Check: check, Reason: able.Sentence() + "; " + missing}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return checks.Gap{Check: check, Reason: service + " did not answer in time; " + missing}
	}
	return checks.Gap{Check: check, Reason: service + " could not be used; " + missing}
}

// claimsFor is for how long what the witnesses said is taken as present, claimsAtOnce
// how many targets they are asked about at the same time, and mostWaiting how many may
// wait for it: when half the world is down, the rest goes without.
const (
	claimsFor    = 5 * time.Minute
	claimsAtOnce = 2
	mostWaiting  = 32
)

// hearsay keeps what the witnesses said about targets, and asks them in the background:
// nobody who looks at a target waits for them.
//
// Its methods may be called from several goroutines.
type hearsay struct {
	witnesses []witness
	wait      time.Duration // for all of them, about one target
	queue     chan inquiry

	mu    sync.Mutex
	kept  map[checks.Target]testimony
	busy  map[checks.Target]chan struct{} // closed when they were heard
	ended bool
}

// inquiry is a target that the witnesses are to be asked about.
type inquiry struct {
	about  checks.Footprint
	costly bool
	then   func()
}

func newHearsay(list []witness, wait time.Duration) *hearsay {
	return &hearsay{
		witnesses: list, wait: wait, queue: make(chan inquiry, mostWaiting),
		kept: map[checks.Target]testimony{}, busy: map[checks.Target]chan struct{}{},
	}
}

// about gives what is known at present.
func (h *hearsay) about(t checks.Target) testimony {
	h.mu.Lock()
	defer h.mu.Unlock()
	if said := h.kept[t]; time.Since(said.at) < 2*claimsFor {
		return said
	}
	return testimony{}
}

// look has the witnesses asked about a target where what they said is old; then is
// called when they have answered. The channel is closed when there is nothing to wait for.
func (h *hearsay) look(f checks.Footprint, costly bool, then func()) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ready := h.busy[f.Target]; ready != nil {
		return ready
	}
	ready := make(chan struct{})
	said := h.kept[f.Target]
	fresh := time.Since(said.at) < claimsFor && (said.costly || !costly)
	if !fresh && !h.ended && len(h.witnesses) > 0 {
		select {
		case h.queue <- inquiry{f, costly, then}:
			h.busy[f.Target] = ready
			return ready
		default:
		}
	}
	close(ready)
	return ready
}

// run asks until the context ends.
func (h *hearsay) run(ctx context.Context) {
	var wg sync.WaitGroup
	for range claimsAtOnce {
		wg.Go(func() {
			for {
				select {
				case q := <-h.queue:
					h.ask(ctx, q)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for t, ready := range h.busy {
		close(ready)
		delete(h.busy, t)
	}
}

func (h *hearsay) ask(ctx context.Context, q inquiry) {
	asking, stop := context.WithTimeout(ctx, h.wait)
	said := hear(asking, h.witnesses, q.about, time.Time{}, q.costly)
	stop()
	h.mu.Lock()
	maps.DeleteFunc(h.kept, func(_ checks.Target, old testimony) bool { return time.Since(old.at) >= 2*claimsFor })
	h.kept[q.about.Target] = said
	ready := h.busy[q.about.Target]
	delete(h.busy, q.about.Target)
	h.mu.Unlock()
	q.then()
	close(ready)
}
