package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// worldCommand says what is down now, everywhere.
type worldCommand struct {
	Routes    []string `placeholder:"FILE ..." help:"MRT files to answer from, table dumps and updates, instead of the present."`
	At        string   `placeholder:"TIME" help:"Of files: the moment to answer for, as in 2014-12-22T17:00Z. Default: their end."`
	Collector []string `placeholder:"NAME" help:"Begin with the tables of these public collectors, as in rrc00, instead of world.collectors. May be given again."`
	Registry  []string `placeholder:"FILE ..." help:"RIR delegated statistics, lists of AS names, overrides."`
	Snapshot  string   `placeholder:"FILE" help:"Where the world is kept between two runs. Default: as in the settings."`
	Countries bool     `help:"Countries alone."`
	Networks  bool     `help:"Networks alone."`
	Top       int      `placeholder:"N" help:"Print so many of them at most, the worst first."`
	Once      bool     `help:"Print it once, also at a terminal."`
	Watch     bool     `help:"With --json: go on with one object for each country or network whose state becomes another."`
	JSON      bool     `name:"json" help:"Print JSON, one object a line (docs/json.md)."`
}

func (c *worldCommand) run(ctx context.Context, a *app) (int, error) {
	at, err := c.parse(a)
	if err != nil {
		return 0, err
	}
	routes := c.Routes
	if len(routes) == 0 {
		routes = a.config.Routes
	}
	if len(routes) > 0 {
		return c.recorded(ctx, a, routes, at)
	}
	switch {
	case !at.IsZero():
		return 0, fail(exitUsage, "--at is for recordings: name MRT files with --routes FILE")
	case a.config.Sources.Offline:
		return 0, fail(exitUsage, "the world of the present comes over the network, and the program is told to ask nobody (--offline, sources.offline or ISITDOWN_OFFLINE); name MRT files with --routes FILE")
	}
	return c.live(ctx, a)
}

// parse reads the flags.
func (c *worldCommand) parse(a *app) (at time.Time, err error) {
	if c.Top < 0 {
		return at, fail(exitUsage, "--top is %d: write how many to print", c.Top)
	}
	if c.Watch && !c.JSON {
		return at, fail(exitUsage, "--watch goes with --json; at a terminal the table goes on by itself")
	}
	if c.Watch && len(c.Routes) > 0 {
		return at, fail(exitUsage, "--watch is for the present: recordings are replayed with isitdown replay")
	}
	w := &a.config.World
	if len(c.Collector) > 0 {
		w.Collectors = c.Collector
	}
	if c.Snapshot != "" {
		w.Snapshot = c.Snapshot
	}
	if len(c.Routes)+len(a.config.Routes) == 0 && !a.config.Sources.Offline {
		w.On = true // so that what it needs is looked at
	}
	if err := a.config.validate(); err != nil {
		return at, &failure{exitUsage, err}
	}
	return parseTime(c.At)
}

// filter is what the flags leave of the outages.
func (c *worldCommand) filter() worldFilter {
	return worldFilter{countries: c.Countries, networks: c.Networks}
}

// interactive reports whether the table is shown, which wants a terminal on both sides.
func (c *worldCommand) interactive(a *app) bool {
	return !c.JSON && !c.Once && a.inTerminal && a.outColumns > 0
}

// recorded answers from recordings.
func (c *worldCommand) recorded(ctx context.Context, a *app, routes []string, at time.Time) (int, error) {
	reg, err := a.loadRegistry(c.Registry)
	if err != nil {
		return 0, err
	}
	rec, err := archive.Open(routes)
	if err != nil {
		return 0, inputFailure(err)
	}
	if start := rec.Start(); !at.IsZero() && at.Before(start) {
		return 0, fail(exitData, "no routing data for %s: the files begin at %s; give a table dump or updates from before", clock(at), clock(start))
	}
	g := a.newRecordedGlobe(reg, rec)
	if err := g.play(ctx, at); err != nil {
		return 0, err
	}
	if at.IsZero() {
		at = g.state.Stats().Newest
	}
	if at.IsZero() {
		return 0, fail(exitData, "the recording holds no routing data")
	}
	g.rest(at)
	caveats := []string{"The data is a recording that ends at " + clock(at) + "; nothing is known of what came after."}
	look := func() (checks.World, time.Time, string) { return g.world(at), at, "" }
	return c.show(ctx, a, g, outlook{look: look}, caveats)
}

// play reads the recording up to a moment, or all of it where that is zero.
func (g *globe) play(ctx context.Context, until time.Time) error {
	p := newProgress(&g.app.console, "reading")
	defer p.clear()
	g.rec.OnProgress = p.show
	if err := g.rec.Play(ctx, until, func(u *route.Update) error { g.record(u); return nil }); err != nil {
		return fmt.Errorf("reading the recording: %w", err)
	}
	return nil
}

// show shows the world as the flags have it, and gives the exit code.
func (c *worldCommand) show(ctx context.Context, a *app, g *globe, o outlook, caveats []string) (int, error) {
	width := a.terminal().Width
	o.verdict = func(t checks.Target, width int) (string, bool) {
		_, now, _ := o.look()
		v, ok := g.verdict(t, now)
		return a.verdictText(v, caveats, width), ok
	}
	if c.interactive(a) {
		w, err := a.browse(ctx, o, worldScreen{
			width: a.outColumns, height: 24, colour: a.terminal().Colour, filter: c.filter(), caveats: caveats,
		})
		return c.code(&w), err
	}
	w, now, _ := o.look()
	if err := c.print(a, w, now, caveats, width); err != nil {
		return 0, err
	}
	return c.code(&w), nil
}

// widePipe is how wide a table is where nobody says.
const widePipe = 120

// print writes the world once.
func (c *worldCommand) print(a *app, w checks.World, now time.Time, caveats []string, width int) error {
	lines := worldLines(&w, c.filter(), byWorst, now)
	if !c.JSON {
		if a.outColumns == 0 {
			width = max(width, widePipe)
		}
		if _, err := fmt.Fprint(a.out, worldText(w, lines, c.Top, now, caveats, width)); err != nil {
			return fmt.Errorf("writing the table: %w", err)
		}
		return nil
	}
	shown := lines
	if c.Top > 0 {
		shown = lines[:min(len(lines), c.Top)]
	}
	listed := make([]checks.Verdict, len(shown))
	for i := range shown {
		listed[i] = *shown[i].verdict
	}
	w.Outages = listed
	return c.encode(a, chat.WorldJSON(w, len(lines)-len(shown), caveats...))
}

func (c *worldCommand) encode(a *app, record any) error {
	if err := json.NewEncoder(a.out).Encode(record); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// code is the exit code for what the flags leave of a world.
func (c *worldCommand) code(w *checks.World) int {
	all := *w
	all.Outages = nil
	for _, l := range worldLines(w, c.filter(), byWorst, w.At) {
		all.Outages = append(all.Outages, *l.verdict)
	}
	return exitCode([]checks.State{chat.WorldState(&all)})
}
