package main

import (
	"cmp"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// assess makes the verdict about a target at now, which is not after the data's
// own time, from whatever is known at present.
func (w *watchroom) assess(e *watched, now time.Time) checks.Verdict {
	began := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.assessed(time.Since(began)) }()
	switch {
	case w.missing != "":
		return w.unknown(e.footprint, now, w.missing, probesNotYet)
	case e.refusal != "":
		return w.refuse(e, now)
	case e.watch == nil && e.failure != "":
		return w.unknown(e.footprint, now, e.failure, probesOfWhat)
	case e.watch == nil && w.live != nil:
		return w.unknown(e.footprint, now, "this target is being looked up; ask again in a moment", probesNotYet)
	case e.watch == nil:
		return w.unknown(e.footprint, now, "the recorded data is being read once more for this target; ask again in a moment", probesNotYet)
	}
	v := w.verdict(e, now)
	e.origins = originsOf(&v)
	e.returns(v.Announced)
	if e.watch != view(w.nobody) {
		e.life, _ = e.life.Apply(v, w.app.config.policy())
		e.settle(now)
	}
	if w.live != nil && e.pins > 0 && (v.State == checks.Down || v.State == checks.Degraded) {
		w.live.said.look(e.footprint, false, func() { w.heard(e) })
	}
	return v
}

// verdict assesses what is seen of a target.
func (w *watchroom) verdict(e *watched, now time.Time) checks.Verdict {
	if e.live != nil {
		seen := e.live.Observe(now)
		w.live.probing.spaces.note(&e.footprint, seen.Baseline)
		return w.liveVerdict(e, seen.Step(now, w.app.config.assessRules()), w.probed(e, now))
	}
	c := observed(e.watch.(*route.Watch), now, w.app.config.assessRules()) // a recording has no other
	c.Footprint = e.footprint
	if w.live != nil { // a host, of which routing knows nothing
		return w.liveVerdict(e, c, w.probed(e, now))
	}
	return w.app.verdict(c, w.lists(), w.gaps, refused(w.rib), unprobed(w.withoutProbes()))
}

// liveVerdict assesses a case of live sources, with what was probed and what others say.
func (w *watchroom) liveVerdict(e *watched, c checks.Case, found probed) checks.Verdict {
	said := w.live.said.about(e.footprint.Target)
	c.Claims, c.Reach = said.claims, found.with(said.votes, &w.app.config.Probe)
	var streams []checks.Gap
	if e.live != nil { // else routing knows nothing of it, whatever the streams deliver
		streams = w.live.gaps()
	}
	invalid := w.live.rpki.known(&c, func() { w.heard(e) })
	return w.app.verdict(c, w.lists(), c.Gaps, e.missing, streams, said.gaps, found.gaps, invalid)
}

// refuse is the verdict about a target that has nothing to watch: who could have been
// asked is known all the same.
func (w *watchroom) refuse(e *watched, now time.Time) checks.Verdict {
	c := checks.Case{Footprint: e.footprint, Now: now, Rules: w.app.config.assessRules()}
	_, c.Vantage, _ = w.nobody.Observe(now)
	return w.app.verdict(c, w.lists(), []checks.Gap{{Check: "registry", Reason: e.refusal}}, w.gaps, unprobed(cmp.Or(w.withoutProbes(), probesOfWhat)))
}

// unknown is the verdict where nothing can be said, with the sentence that says why, and
// why nothing was probed where something could have been.
func (w *watchroom) unknown(f checks.Footprint, now time.Time, why, unasked string) checks.Verdict {
	c := checks.Case{Footprint: f, Now: now, Rules: w.app.config.assessRules()}
	return w.app.verdict(c, w.lists(), []checks.Gap{{Check: "route", Reason: why}}, unprobed(cmp.Or(w.withoutProbes(), unasked)))
}

func originsOf(v *checks.Verdict) (list []checks.ASN) {
	for _, p := range v.Prefixes {
		list = append(list, p.Origins...)
	}
	return list
}
