package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route/live"
)

// namesWithin is the part of the time for an answer that is kept for what comes last.
const namesWithin = 2 * time.Second

// once answers about a target at a moment, the present where that is zero, from what
// the sources say when they are asked, and from probes where there is anything to send them
// with; p says why where there is not. What does not come in time is left out, and is a gap of the verdict.
func (s *sources) once(ctx context.Context, reg *registry.Registry, t checks.Target, at time.Time, p *probing) checks.Verdict {
	whole, asking, stop := s.within(ctx)
	defer stop()

	f, gaps, err := s.footprint(asking, reg, t, at)
	if err != nil {
		lost := unregistered(t, err)
		lost.Check = "route" // for want of it no routes are looked up either
		gaps = append(gaps, lost)
		f = checks.Footprint{Target: t, Name: nameOf(t)}
	}
	c := checks.Case{Footprint: f, Now: at, Rules: s.app.config.assessRules()}
	var said testimony
	var found probed
	var unlisted []checks.Gap
	var wg sync.WaitGroup
	// Which hosts are inside a network is known by its routes alone.
	afterwards := t.Kind() == checks.KindASN && p.why == ""
	switch {
	case err != nil && p.why == "":
		found.gaps = unprobed(probesOfWhat)
	case !afterwards:
		wg.Go(func() { found = p.once(whole, f) })
	}
	if asking.Err() == nil {
		wg.Go(func() { said = hear(asking, s.witnesses, f, at, true) })
	} else if len(s.witnesses) > 0 {
		gaps = append(gaps, checks.Gap{Check: "others", Reason: "what others say was not asked for: the time for an answer was used up (sources.wait)"})
	}
	if err == nil && len(f.Prefixes)+len(f.Origins) > 0 {
		gaps = append(gaps, s.routes(asking, &c)...)
	}
	if afterwards && err == nil {
		p.spaces.note(&f, c.Baseline)
		found = p.once(whole, f)
	}
	if at.IsZero() { // nobody has the VRPs of the past
		wg.Go(func() { unlisted = s.newValidities().look(asking, &c) })
	}
	wg.Wait()
	gaps = append(gaps, unlisted...)
	if at.IsZero() {
		gaps = append(gaps, settle(&c, &found)...)
		c.Reach = found.with(said.votes, &s.app.config.Probe)
	}
	c.Claims = said.claims
	v := s.app.verdict(c, reg, gaps, said.gaps, found.gaps)
	s.nameASes(whole, reg, v.NameASes)
	return v
}

// within bounds the time for one answer: whole ends with it, and asking some time before,
// so that names can be looked up for what was found.
func (s *sources) within(ctx context.Context) (whole, asking context.Context, stop func()) {
	wait := s.app.config.Sources.Wait.Duration
	if s.budget != nil {
		ctx = s.budget(ctx)
	}
	whole, stopWhole := context.WithTimeout(ctx, wait)
	asking, stopAsking := context.WithTimeout(whole, wait-min(namesWithin, wait/4))
	return whole, asking, func() { stopAsking(); stopWhole() }
}

// freshSources are the sources for answers of a moment, and what is registered.
func (a *app) freshSources(at time.Time, lists []string) (*sources, *registry.Registry, error) {
	if at.After(time.Now()) {
		return nil, nil, fail(exitUsage, "%s is yet to come: leave --at out for now", clock(at))
	}
	reg, err := a.knownLists(lists)
	if err != nil {
		return nil, nil, err
	}
	if a.config.Serve.LogLevel == "auto" {
		a.log = slog.New(slog.DiscardHandler) // what fails stands in the answer
	}
	s := a.newSources()
	s.given = len(lists)+len(a.config.Registry) > 0
	return s, reg, nil
}

// mostAtOnce is how many targets are looked up at the same time.
const mostAtOnce = 4

// eachTarget asks about some targets at the same time.
func eachTarget[T any](list []checks.Target, ask func(checks.Target) T) []T {
	found := make([]T, len(list))
	slots := make(chan struct{}, mostAtOnce)
	var wg sync.WaitGroup
	for i, t := range list {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i] = ask(t)
		})
	}
	wg.Wait()
	return found
}

// unregistered is the gap where nobody could say what belongs to a target.
func unregistered(t checks.Target, err error) checks.Gap {
	if none, ok := errors.AsType[*registry.NotRegisteredError](err); ok {
		return checks.Gap{Check: "registry", Reason: none.Error()}
	}
	return gapOf(err, "registry", "RIPEstat",
		fmt.Sprintf("what is registered to %s is not known: try again, or give the lists with --registry FILE (docs/registry.md)", t))
}

// routes looks up the routes of a case. Where it is about the present, Now becomes the
// moment that the lookup speaks of, if that is older than what may be called the present: an
// answer of two hours ago that says so is better than none. Otherwise it stays zero.
func (s *sources) routes(ctx context.Context, c *checks.Case) []checks.Gap {
	lost := checks.Gap{Check: "route", Reason: "the routes of " + c.Footprint.Target.String() + " are not known: try again, or give recordings with --routes FILE"}
	if s.history == nil {
		return []checks.Gap{{Check: "route", Reason: "nobody may be asked for routes (sources.ripestat is false)"}, lost}
	}
	seen, err := live.Once(ctx, live.Options{
		Rules: s.app.config.routeRules(), Lookup: s.lookup(),
		Timeout: s.app.config.Sources.Wait.Duration, Log: s.app.log,
	}, c.Footprint, c.Now)
	switch {
	case err != nil:
		return []checks.Gap{gapOf(err, "route", "RIPEstat", lost.Reason)}
	case seen.AsOf.IsZero():
		return append(seen.Gaps, lost)
	}
	c.Baseline, c.Vantage, c.Observations = seen.Baseline, seen.Vantage, seen.Observations
	c.Elsewhere, c.Past = seen.Elsewhere, seen.Past
	if c.Now.IsZero() && time.Since(seen.AsOf) > c.Rules.MaxAge {
		c.Now = seen.AsOf
	}
	return seen.Gaps
}

// settle decides of what moment a case about the present is. Routes of some time ago make it
// one of then, which probes say nothing of; but who asks about an address wants to know whether it
// answers, and hears that its routes are not known.
func settle(c *checks.Case, found *probed) []checks.Gap {
	now, then := time.Now(), c.Now
	if then.IsZero() {
		c.Now = now
		return nil
	}
	age := minutes(now.Sub(then))
	if c.Footprint.Target.Kind() == checks.KindAddress && !found.reach.At.IsZero() {
		c.Now = now
		return []checks.Gap{{Check: "route", Reason: fmt.Sprintf("the newest routes that could be looked up are of %s, %s before the question", clock(then), age)}}
	}
	*found = probed{gaps: unprobed(probesOfThePast)}
	return []checks.Gap{{Check: "route", Reason: fmt.Sprintf("the answer is of %s, which was %s before the question", clock(then), age)}}
}

// minutes writes a length of time of less than some days for a person.
func minutes(d time.Duration) string {
	n := int(d.Round(time.Minute).Minutes())
	if n < 60 {
		return fmt.Sprintf("%d min", n)
	}
	return fmt.Sprintf("%d h %d min", n/60, n%60)
}
