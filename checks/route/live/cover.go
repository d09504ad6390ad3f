package live

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"isitdown/checks"
)

// coverPause is how long a change of wishes waits for others.
const coverPause = 250 * time.Millisecond

// coverRetry is the longest time between two tries to have the streams cover something.
const coverRetry = time.Minute

// wish notes that the streams must cover more, or less, before a target can go on from a
// lookup; nil where none has to wait. mu is held.
func (h *Hub) wish(t *Target) {
	h.wishes++
	if t != nil {
		t.covered, t.wish = false, h.wishes
		if h.o.Cover == nil {
			h.cover(t)
		}
	}
	nudge(h.uncover)
}

// cover notes that the streams deliver what a target needs, from what they have
// delivered so far on; mu is held.
func (h *Hub) cover(t *Target) {
	t.covered = true
	t.qmu.Lock()
	defer t.qmu.Unlock()
	waits := false
	for _, c := range h.collectors {
		l := &t.links[c.n]
		if !l.current && c.on && c.newest.After(l.since) {
			l.since = c.newest
		}
		waits = waits || !l.current && c.on
	}
	if waits && t.looked {
		t.due = earlier(t.due, time.Now().Add(h.after(h.o.retryMin)))
	}
}

// keepCovered tells the streams what to deliver, until the context ends.
func (h *Hub) keepCovered(ctx context.Context) {
	if h.o.Cover == nil {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	gathering := false
	for tries := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-h.uncover:
			if !gathering { // or those that come all the time would put it off for ever
				gathering = true
				timer.Reset(coverPause)
			}
			continue
		case <-timer.C:
		}
		gathering = false
		filters, wishes := h.filters()
		err := h.o.Cover(ctx, filters)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			h.o.Log.Log(ctx, firstOr(tries > 0), "asking the streams for the routes of the targets", "filters", len(filters), "err", err)
			timer.Reset(min(h.o.retryMin<<min(tries, 16), coverRetry))
			tries++
		default:
			tries = 0
			h.coveredUpTo(wishes)
		}
	}
}

// filters gives what the streams are to cover, sorted, and the number of the wish.
func (h *Hub) filters() ([]Filter, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[Filter]struct{}{}
	for t := range h.targets {
		for p := range t.known {
			all[Filter{Prefix: p}] = struct{}{}
		}
		if t.byOrigin() {
			all[Filter{Origin: t.footprint.Target.ASN()}] = struct{}{}
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Filter) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), checks.ComparePrefixes(a.Prefix, b.Prefix))
	}), h.wishes
}

// coveredUpTo notes that the streams deliver what was wished for up to a wish.
func (h *Hub) coveredUpTo(wish int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range h.targets {
		if !t.covered && t.wish <= wish {
			h.cover(t)
		}
	}
	nudge(h.wake)
}
