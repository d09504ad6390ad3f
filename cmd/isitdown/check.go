package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// checkCommand answers once.
type checkCommand struct {
	Target  []string `arg:"" help:"KP, \"north korea\", AS131279, 175.45.176.0/22, 8.8.8.8, example.org, https://example.org."`
	At      string   `placeholder:"TIME" help:"The moment to answer for, as in 2014-12-22T17:00Z. Default: the end of the data, or now."`
	NoProbe bool     `name:"no-probe" help:"Send no probes: answer from routes and from what others say."`
	dataFlags
}

func (c *checkCommand) run(ctx context.Context, a *app) (int, error) {
	list, err := targets(c.Target)
	if err != nil {
		return 0, err
	}
	at, err := parseTime(c.At)
	if err != nil {
		return 0, err
	}
	if err := a.openVRPs(c.RPKI); err != nil {
		return 0, err
	}
	collectors, err := c.collectors(a, len(a.config.Routes))
	switch {
	case err != nil:
		return 0, err
	case len(collectors) > 0:
		return c.fetched(ctx, a, collectors, list, at)
	case len(c.Routes)+len(a.config.Routes) == 0 && (a.config.Sources.asks() || c.probes(a, list, at)):
		return c.live(ctx, a, list, at)
	}
	d, err := c.load(a, list)
	if err != nil {
		return 0, err
	}
	return c.recorded(ctx, d, at, ignored)
}

// recorded answers from a recording. told may add to a verdict before it is shown.
func (c *checkCommand) recorded(ctx context.Context, d *desk, at time.Time, told func(*checks.Verdict)) (int, error) {
	if start := d.rec.Start(); !at.IsZero() && at.Before(start) {
		return 0, fail(exitData, "no routing data for %s: the files begin at %s; give a table dump or updates from before", clock(at), clock(start))
	}
	if err := d.survey(ctx); err != nil {
		return 0, err
	}
	err := d.play(ctx, "reading", at, func(u *route.Update) error { d.rib.Apply(u); return nil })
	if err != nil {
		return 0, err
	}
	switch {
	case !at.IsZero():
	case d.rec.Start().IsZero(): // there is nothing, which the gaps say
		at = time.Now()
	default:
		at = d.rib.Newest()
	}
	states := make([]checks.State, 0, len(d.watches))
	for _, w := range d.watches {
		v := d.assess(w, at)
		told(&v)
		states = append(states, v.State)
		if err := c.answer(d.app, d.finish(chat.Notice{Kind: chat.Answer, Verdict: v})); err != nil {
			return 0, err
		}
	}
	return exitCode(states), nil
}

// ignored adds nothing to a verdict.
func ignored(*checks.Verdict) {}

func (c *checkCommand) load(a *app, list []checks.Target) (*desk, error) {
	routes := c.Routes
	if len(routes) == 0 {
		routes = a.config.Routes
	}
	if len(routes) == 0 {
		if len(a.config.Routers) > 0 {
			return nil, fail(exitUsage, "no routing data: own routers are heard by serve alone, and no other source is switched on; name MRT files with --routes FILE, or ask in serve")
		}
		return nil, fail(exitUsage, "no routing data: name MRT files with --routes FILE (a table dump, updates, or both); docs/testdata.md says where to get some")
	}
	reg, err := a.loadRegistry(c.Registry)
	if err != nil {
		return nil, err
	}
	rec, err := archive.Open(routes)
	if err != nil {
		return nil, inputFailure(err)
	}
	return a.newDesk(reg, rec, list)
}

func (c *checkCommand) answer(a *app, n chat.Notice) error {
	if c.JSON {
		return json.NewEncoder(a.out).Encode(chat.VerdictJSON(n.Verdict, n.Caveats...))
	}
	return a.terminal().Show(n)
}

// live answers from what the sources of the network say.
func (c *checkCommand) live(ctx context.Context, a *app, list []checks.Target, at time.Time) (int, error) {
	if at.After(time.Now()) {
		return 0, fail(exitUsage, "%s is yet to come: leave --at out for now", clock(at))
	}
	reg, err := a.knownLists(c.Registry)
	if err != nil {
		return 0, err
	}
	if a.config.Serve.LogLevel == "auto" {
		a.log = slog.New(slog.DiscardHandler) // what fails stands in the answer
	}
	s := a.newSources()
	s.given = len(c.Registry)+len(a.config.Registry) > 0
	p, err := c.probing(a, s, at)
	if err != nil {
		return 0, err
	}
	asking := newAsking(&a.console, s.described())
	verdicts := make([]checks.Verdict, len(list))
	slots := make(chan struct{}, mostAtOnce)
	var wg sync.WaitGroup
	for i, t := range list {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			verdicts[i] = s.once(ctx, reg, t, at, p)
		})
	}
	wg.Wait()
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

// mostAtOnce is how many targets are looked up at the same time.
const mostAtOnce = 4

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

// parseTime reads a moment as chats write it. Empty text is the zero time.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := chat.ParseTime(text)
	if err != nil {
		return time.Time{}, fail(exitUsage, "%w", err)
	}
	return t, nil
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
