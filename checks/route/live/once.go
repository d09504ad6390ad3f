package live

import (
	"context"
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
	return v, nil
}
