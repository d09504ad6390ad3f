package main

import (
	"context"
	"encoding/json"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/registry"
)

// upstreamsCommand says what the routes of targets hang on.
type upstreamsCommand struct {
	question
}

func (c *upstreamsCommand) run(ctx context.Context, a *app) (int, error) {
	w, err := c.parse(a)
	if err != nil {
		return 0, err
	}
	for _, t := range w.targets {
		if t.Kind() == checks.KindHost || t.Kind() == checks.KindURL {
			return 0, fail(exitUsage, "%s: routes are of addresses, not of names: ask about a country, a network, a prefix or an address", t)
		}
	}
	if !w.recorded && a.config.Sources.asks() {
		return c.live(ctx, a, w)
	}
	d, err := c.desk(ctx, a, w)
	if err != nil {
		return 0, err
	}
	known := true
	err = d.cases(ctx, w, func(in checks.Case, later answered) error {
		dep := checks.Depend(in)
		later.finish(ctx, &dep.Gaps, dep.NameASes)
		known = known && dep.Known()
		return c.answer(a, dep, d.caveats)
	})
	return exitKnown(known), err
}

// exitKnown is the exit code of answers that are no states.
func exitKnown(known bool) int {
	if !known {
		return exitUnknown
	}
	return exitUp
}

func (c *upstreamsCommand) answer(a *app, d checks.Dependence, caveats []string) error {
	if c.JSON {
		return json.NewEncoder(a.out).Encode(chat.UpstreamsJSON(d, caveats...))
	}
	return a.terminal().Say(chat.Upstreams(d, caveats...))
}

// live answers from what the sources of the network say.
func (c *upstreamsCommand) live(ctx context.Context, a *app, w wanted) (int, error) {
	s, reg, err := a.freshSources(w.at, c.Registry)
	if err != nil {
		return 0, err
	}
	asking := newAsking(&a.console, "RIPEstat")
	found := eachTarget(w.targets, func(t checks.Target) checks.Dependence { return s.depend(ctx, reg, t, w.at) })
	asking.end()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	known := true
	for _, d := range found {
		known = known && d.Known()
		if err := c.answer(a, d, nil); err != nil {
			return 0, err
		}
	}
	return exitKnown(known), nil
}

// depend says what the routes of a target hang on at a moment, the present where that is
// zero, from lookups. What does not come in time is a gap.
func (s *sources) depend(ctx context.Context, reg *registry.Registry, t checks.Target, at time.Time) checks.Dependence {
	whole, asking, stop := s.within(ctx)
	defer stop()

	f, gaps, err := s.footprint(asking, reg, t, at)
	c := checks.Case{Footprint: f, Now: at, Rules: s.app.config.assessRules()}
	if err != nil {
		c.Footprint = checks.Footprint{Target: t, Name: nameOf(t)}
		gaps = append(gaps, unregistered(t, err))
	} else {
		gaps = append(gaps, s.routes(asking, &c)...)
		gaps = append(gaps, settle(&c, &probed{})...)
	}
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	d := checks.Depend(s.app.withGaps(c, reg, gaps))
	s.nameASes(whole, reg, d.NameASes)
	return d
}
