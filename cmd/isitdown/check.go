package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// checkCommand answers once.
type checkCommand struct {
	question
	NoProbe bool `name:"no-probe" help:"Send no probes: answer from routes and from what others say."`
}

func (c *checkCommand) run(ctx context.Context, a *app) (int, error) {
	w, err := c.parse(a)
	if err != nil {
		return 0, err
	}
	if !w.recorded && (a.config.Sources.asks() || c.probes(a, w.targets, w.at)) {
		return c.live(ctx, a, w.targets, w.at)
	}
	d, err := c.desk(ctx, a, w)
	if err != nil {
		return 0, err
	}
	var states []checks.State
	err = d.cases(ctx, w, func(in checks.Case, later answered) error {
		in.Gaps = append(in.Gaps, unprobed(probesOfRecording)...)
		v := checks.Assess(in)
		later.finish(ctx, &v.Gaps, v.NameASes)
		states = append(states, v.State)
		return c.answer(a, d.finish(chat.Notice{Kind: chat.Answer, Verdict: v}))
	})
	return exitCode(states), err
}

func (c *checkCommand) answer(a *app, n chat.Notice) error {
	if c.JSON {
		return json.NewEncoder(a.out).Encode(chat.VerdictJSON(n.Verdict, n.Caveats...))
	}
	return a.terminal().Show(n)
}

// live answers from what the sources of the network say.
func (c *checkCommand) live(ctx context.Context, a *app, list []checks.Target, at time.Time) (int, error) {
	s, reg, err := a.freshSources(at, c.Registry)
	if err != nil {
		return 0, err
	}
	p, err := c.probing(a, s, at)
	if err != nil {
		return 0, err
	}
	asking := newAsking(&a.console, s.described())
	verdicts := eachTarget(list, func(t checks.Target) checks.Verdict { return s.once(ctx, reg, t, at, p) })
	asking.end()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	states := make([]checks.State, 0, len(list))
	for _, v := range verdicts {
		states = append(states, v.State)
		if err := c.answer(a, a.finish(chat.Notice{Kind: chat.Answer, Verdict: v}, nil)); err != nil {
			return 0, err
		}
	}
	return exitCode(states), nil
}

// probes reports whether probes alone can answer: for hosts, of the present.
func (c *checkCommand) probes(a *app, list []checks.Target, at time.Time) bool {
	return !c.NoProbe && a.config.withoutProbes(at) == "" && !slices.ContainsFunc(list, func(t checks.Target) bool {
		return t.Kind() != checks.KindHost && t.Kind() != checks.KindURL && t.Kind() != checks.KindAddress
	})
}

// probing gives what sends the probes for one answer.
func (c *checkCommand) probing(a *app, s *sources, at time.Time) (*probing, error) {
	if why := a.config.withoutProbes(at); why != "" || c.NoProbe {
		return &probing{why: cmp.Or(why, probesUnwanted)}, nil
	}
	return a.newProbing(s, nil)
}

// exitCode is that of the worst answer: down, degraded, unknown, up.
func exitCode(states []checks.State) int {
	code := map[checks.State]int{checks.Down: exitDown, checks.Degraded: exitDegraded, checks.Unknown: exitUnknown, checks.Up: exitUp}
	rank := []checks.State{checks.Down, checks.Degraded, checks.Unknown}
	for _, worst := range rank {
		if slices.Contains(states, worst) {
			return code[worst]
		}
	}
	return exitUp
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
