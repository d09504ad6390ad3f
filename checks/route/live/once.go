package live

import (
	"context"
	"sync"
	"time"

	"isitdown/checks"
)

// Once looks a target up for one answer, at a past moment or, where at is zero, now. The
// view is that of its AsOf, which may be earlier than what was asked for, and is to be
// assessed for that time. A lookup that fails is a gap in the view; the error is the
// context's.
func Once(ctx context.Context, o Options, f checks.Footprint, at time.Time) (View, error) {
	o.defaults()
	o.Streamed = false
	h := New(o)
	t := h.Follow(f)
	if o.Lookup.History == nil {
		return View{Footprint: f, Gaps: []checks.Gap{{Check: "route", Reason: "nobody is asked for the routes of " + t.name()}}}, ctx.Err()
	}
	ask, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := h.history(ask, f, at)
	if err := ctx.Err(); err != nil {
		return View{Footprint: f}, err
	}
	if r.err != nil {
		o.Log.Warn("looking up the routes of a target", "target", f.Target.String(), "err", r.err)
		if len(r.gaps) == 0 {
			r.gaps = []checks.Gap{{Check: "route", Reason: "the routes of " + t.name() + " could not be looked up"}}
		}
		return View{Footprint: f, Gaps: r.gaps}, nil
	}
	for i := range r.list {
		t.rib.Apply(&r.list[i])
	}
	t.aliveAsOf(r, r.collectors())
	t.qmu.Lock()
	t.told(r)
	t.qmu.Unlock()
	seen := r.asOf
	if at.IsZero() {
		// The present state is whole: nothing follows that what is missing in it
		// would have to wait for, as a withdrawal in a stream has to.
		seen = seen.Add(o.Rules.Settle)
	}
	v := t.Observe(seen)
	v.AsOf = r.asOf
	h.onceAfar(ctx, &v)
	return v, nil
}

// onceAfar asks what other networks' routes did, and who carried the target before, where
// routes are lost. It takes half of the time that is left, for others have questions too.
func (h *Hub) onceAfar(ctx context.Context, v *View) {
	lost, _, _ := checks.Losses(v.Observations)
	if len(lost) == 0 {
		return
	}
	within := h.o.Timeout
	if end, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(end)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	in := v.Answer(v.AsOf, checks.Rules{})
	var wg sync.WaitGroup
	var gaps, pastGaps []checks.Gap
	var err, pastErr error
	if ask := h.o.Lookup.Elsewhere; ask != nil {
		wg.Go(func() { v.Elsewhere, gaps, err = ask(ctx, in) })
	}
	if ask, origins := h.o.Lookup.Past, largest(&in.Baseline); ask != nil && len(origins) > 0 {
		wg.Go(func() { v.Past, pastGaps, pastErr = ask(ctx, origins, in.Now) })
	}
	wg.Wait()
	h.failedAfar(v, "other networks' routes", err)
	h.failedAfar(v, "who carried a target before", pastErr)
	v.Gaps = append(append(v.Gaps, gaps...), pastGaps...)
}

// failedAfar tells the operator of a question that was not answered.
func (h *Hub) failedAfar(v *View, what string, err error) {
	if err != nil {
		h.o.Log.Warn("looking up "+what, "target", v.Footprint.Target.String(), "err", err)
	}
}
