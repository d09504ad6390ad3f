package live

import (
	"context"
	"time"

	"isitdown/checks"
)

// Once looks a target up for one answer, at a past moment or, where at is zero, now. A
// lookup that fails is a gap in the answer; the error is the context's.
func Once(ctx context.Context, o Options, f checks.Footprint, at time.Time) (View, error) {
	o.defaults()
	o.Streamed = false
	h := New(o)
	t := newTarget(h, f)
	if o.Lookup.History == nil {
		t.story.gaps = []checks.Gap{{Check: "route", Reason: "nobody is asked for the routes of " + t.name()}}
		return t.Observe(moment(at)), ctx.Err()
	}
	ask, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := h.history(ask, f, at)
	if err := ctx.Err(); err != nil {
		return View{Footprint: f}, err
	}
	if r.err != nil {
		o.Log.Warn("looking up the routes of a target", "target", f.Target.String(), "err", r.err)
		gaps := append([]checks.Gap{{Check: "route", Reason: "the routes of " + t.name() + " could not be looked up"}}, r.gaps...)
		return View{Footprint: f, Gaps: gaps}, nil
	}
	for i := range r.list {
		t.rib.Apply(&r.list[i])
	}
	t.told(r)
	v := t.Observe(moment(at))
	v.AsOf = r.asOf
	return v, nil
}

func moment(at time.Time) time.Time {
	if at.IsZero() {
		return time.Now()
	}
	return at
}
