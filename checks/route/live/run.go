package live

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
)

// gather is how long after the first collector of a stream is heard again a lookup
// waits, so that it serves the others too: each is heard within half a minute.
const gather = 40 * time.Second

// Run does the lookups until the context ends, and waits for those under way. Their
// failures are logged, and gaps in what targets say; they end nothing.
func (h *Hub) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { h.keepCovered(ctx) })
	wg.Go(func() { h.keepSizes(ctx) })
	wg.Go(func() { h.keepAfar(ctx) })
	if !h.o.looksUp() {
		<-ctx.Done()
		return
	}
	slots := make(chan struct{}, h.o.parallel)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		t := h.await(ctx)
		if t == nil {
			return
		}
		wg.Go(func() {
			h.attend(ctx, t)
			<-slots
		})
	}
}

// await gives a target whose lookup is due, and nil when the context ends.
func (h *Hub) await(ctx context.Context) *Target {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-h.wake:
		}
		t, wait := h.next(time.Now())
		if t != nil {
			return t
		}
		timer.Reset(wait)
	}
}

// next takes the target that waits longest for its lookup, new ones first, or says how
// long to wait for one.
func (h *Hub) next(now time.Time) (*Target, time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var first *Target
	for t := range h.targets {
		if t.busy {
			continue
		}
		if first == nil || before(t, first, now) {
			first = t
		}
	}
	if first == nil {
		return nil, knownFor
	}
	if wait := first.due.Sub(now); wait > 0 {
		return nil, wait
	}
	first.busy = true
	return first, 0
}

// before reports whether the lookup of a comes before that of b.
func before(a, b *Target, now time.Time) bool {
	if due := !a.due.After(now); due && due == !b.due.After(now) && a.looked != b.looked {
		return !a.looked
	}
	return a.due.Before(b.due)
}

// attend does the lookup of one target.
func (h *Hub) attend(ctx context.Context, t *Target) {
	r := h.ask(ctx, t)
	err := t.believe(r)
	if ctx.Err() != nil || t.closed.Load() {
		return
	}
	if err == nil {
		t.join(r)
	} else {
		h.o.Log.Log(ctx, firstOr(t.failing()), "looking up the routes of a target", "target", t.footprint.Target.String(), "err", err)
	}
	h.mu.Lock()
	t.busy = false
	if err == nil {
		h.lag = max(0, time.Since(r.asOf))
		t.looked = true
	}
	t.due = t.again(r, err, time.Now())
	h.mu.Unlock()
	if err != nil {
		t.fail(r.gaps)
	}
	t.ready.open()
	nudge(h.wake)
}

// failing reports whether the last lookup of the target failed.
func (t *Target) failing() bool {
	t.qmu.Lock()
	defer t.qmu.Unlock()
	return t.story.failed
}

// firstOr is how loud a failure is logged: the first of several in a row for everybody,
// the others for who looks for them.
func firstOr(again bool) slog.Level {
	if again {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// fail notes a lookup that failed.
func (t *Target) fail(gaps []checks.Gap) {
	t.qmu.Lock()
	t.story.failed = true
	if len(gaps) > 0 {
		t.story.gaps = slices.Clone(gaps)
	}
	t.qmu.Unlock()
	t.mu.Lock()
	t.bumps++
	t.note()
	t.unlock()
}

// again says when the next lookup of a target is due, after one has ended at now;
// Hub.mu is held.
func (t *Target) again(r *result, err error, now time.Time) time.Time {
	o := &t.hub.o
	t.qmu.Lock()
	defer t.qmu.Unlock()
	since, followed := t.awaited(), t.followed()
	wait := time.Duration(0)
	switch {
	case err != nil:
		wait = t.patience()
	case since.IsZero() && t.left():
		t.tries, wait = 0, min(pollEvery<<min(t.story.lefts, 16), leftMax)
		t.story.lefts++
	case o.Streamed && t.covered && !since.IsZero():
		// The service is as far behind the clock as it was, so that it takes as long.
		wait = max(since.Sub(r.asOf), t.patience())
		wait = min(wait, retryMax)
	case !followed || !o.Streamed:
		t.tries, t.story.lefts, wait = 0, 0, pollEvery
	default:
		t.tries, t.story.lefts, wait = 0, 0, knownFor
	}
	t.story.retry = now.Add(wait + time.Duration(rand.Int64N(int64(wait)/8+1)))
	return t.story.retry
}

// patience is how long to wait after one more try that was not enough: longer each time.
func (t *Target) patience() time.Duration {
	wait := min(t.hub.o.retryMin<<min(t.tries, 16), retryMax)
	t.tries++
	return wait
}

// awaited gives the time that a state must be of for all streams to go on from it; zero
// where none waits. qmu is held.
func (t *Target) awaited() (since time.Time) {
	for i := range t.links {
		if l := &t.links[i]; !l.current && !l.left && l.on && l.since.After(since) {
			since = l.since
		}
	}
	return since
}

// leftMax is the longest time between two lookups for collectors that the service leaves
// out: it may have lost them for long, and its answers are limited.
const leftMax = 2 * time.Hour

// left reports whether the last lookup left a collector out that is there; qmu is held.
func (t *Target) left() bool {
	return slices.ContainsFunc(t.links, func(l link) bool { return l.left && l.on && !l.current })
}
