package live

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// When others' routes are asked for, once a target has lost routes: first when a
// withdrawal has reached most vantage points, for what others still hold before that says
// nothing, then again while the loss lasts, counted from when it was noticed.
const askAfter = 2 * time.Minute

func askAgain() []time.Duration { return []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour} }

const (
	// askPause is the shortest time between two questions for one target: who flaps must
	// not use up what may be asked in a day.
	askPause = 10 * time.Minute
	// pastAfter is how long a target is followed before it is asked who carried it: most
	// that somebody asks about are followed for less. One that loses routes is asked
	// about at once. pastEvery and pastRetry are when it is asked again.
	pastAfter = 10 * time.Minute
	pastEvery = 24 * time.Hour
	pastRetry = time.Hour
)

// afar is what is known of other networks' routes, and of the time before the baseline's
// window. It is guarded by Target.qmu.
type afar struct {
	in      checks.Case // the last look
	lost    int         // prefixes that are lost, zero for none
	loss    time.Time   // when that began, at the source
	noticed time.Time   // when it was first seen, by our clock
	due     time.Time   // the next question; zero for none
	asked   time.Time   // the last one
	tries   int
	got     checks.Elsewhere
	gaps    []checks.Gap

	origins  []checks.ASN // of the baseline, the largest first
	past     checks.Past
	pastDue  time.Time
	pastGaps []checks.Gap

	heard chan struct{} // closed when the first question about the present loss is answered
}

// notice looks at a view for losses, and adds what is known from afar. It asks nobody:
// that is for [Hub.Run]. mu and qmu are held.
func (t *Target) notice(v *View, now time.Time) {
	a := &t.far
	a.origins = largest(&v.Baseline)
	if a.pastDue.IsZero() && len(a.origins) > 0 {
		a.pastDue = time.Now().Add(pastAfter)
	}
	lost, first, _ := checks.Losses(v.Observations)
	more := false
	switch {
	case len(lost) == 0:
		a.calm()
	case v.Current && len(lost) > a.lost:
		more = true
		a.begin(len(lost), first)
		nudge(t.hub.asks)
		if t.hub.whole.paths { // what they say is there at the next look
			t.bumps++
		}
	}
	if a.lost > 0 {
		a.in = checks.Case{Footprint: v.Footprint, Baseline: v.Baseline, Vantage: v.Vantage, Observations: v.Observations, Now: now}
		v.Gaps = append(v.Gaps, a.gaps...)
	}
	v.Elsewhere = t.apart.of(a.lost > 0, more, a.got)
	v.Past = a.past
	v.Gaps = append(v.Gaps, a.pastGaps...)
}

// begin notes that routes are lost, or more of them than before.
func (a *afar) begin(lost int, first time.Time) {
	now := time.Now()
	if a.lost == 0 {
		a.noticed, a.heard = now, make(chan struct{})
	}
	a.lost, a.loss, a.tries = lost, first, 0
	a.due = latest(first.Add(askAfter), now, a.asked.Add(askPause))
	if first.IsZero() || first.After(now) {
		a.due = latest(now.Add(askAfter), a.asked.Add(askPause))
	}
	if a.past.Since.IsZero() && len(a.origins) > 0 {
		a.pastDue = now
	}
}

// calm forgets the loss of a target that is back.
func (a *afar) calm() {
	if a.lost == 0 {
		return
	}
	a.open()
	a.in, a.lost, a.loss, a.due, a.got, a.gaps = checks.Case{}, 0, time.Time{}, time.Time{}, checks.Elsewhere{}, nil
}

// open lets those go on who wait for the first answer.
func (a *afar) open() {
	if a.heard != nil {
		close(a.heard)
		a.heard = nil
	}
}

func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// largest gives the origins of a baseline by the space that they announced, in prefixes
// where they announced none of IPv4.
func largest(b *checks.Baseline) []checks.ASN {
	type size struct{ space, prefixes float64 }
	sizes := map[checks.ASN]size{}
	for _, p := range b.Prefixes {
		for _, a := range p.Origins {
			s := sizes[a]
			s.space += addresses(p.Prefix)
			s.prefixes++
			sizes[a] = s
		}
	}
	return slices.SortedFunc(maps.Keys(sizes), func(a, b checks.ASN) int {
		return cmp.Or(cmp.Compare(sizes[b].space, sizes[a].space), cmp.Compare(sizes[b].prefixes, sizes[a].prefixes), cmp.Compare(a, b))
	})
}

func addresses(p netip.Prefix) float64 {
	if p.Addr().Is6() {
		return 0
	}
	return float64(uint64(1) << (32 - p.Bits()))
}

// Heard waits until what others' routes did has been asked for once, where the target has
// lost routes and that question is due, or until the context ends.
func (t *Target) Heard(ctx context.Context) {
	t.qmu.Lock()
	heard := t.far.heard
	if t.far.due.After(time.Now()) || t.hub.o.Lookup.Elsewhere == nil {
		heard = nil
	}
	t.qmu.Unlock()
	if heard == nil {
		return
	}
	select {
	case <-heard:
	case <-ctx.Done():
	}
}
