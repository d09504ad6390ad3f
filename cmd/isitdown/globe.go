package main

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
	"isitdown/checks/route/world"
)

// globe is the whole world as this program keeps it: every country and every network,
// whether or not anybody asked.
//
// Live it begins from a snapshot or from tables of public collectors, goes over what their
// archives have since, and is carried on by the stream, through an inbox that never makes
// the stream wait. Of a recording it is what that says, by the recording's clock.
//
// Its methods may be called from several goroutines, but those that play a recording.
type globe struct {
	app   *app
	lists atomic.Pointer[registry.Registry]
	state *world.State

	start *world.Start // nil for a recording
	inbox *world.Inbox // likewise
	file  string       // of the snapshot

	rec   *archive.Recording // nil for live
	ticks ticks              // of the recording

	through  atomic.Bool         // the start is over
	answered func(time.Duration) // is told how long it took to make a world or a verdict

	mu      sync.Mutex // over what follows
	saving  saving
	failed  string // why the start could not be ended
	carried map[checks.Target]carriage
}

// saving says how snapshots are written.
type saving struct {
	last    world.Saved
	at      time.Time // by our clock; zero for none yet
	failing string    // why the last attempt failed
	times   int
}

// options are what a state of the world is made with.
func (g *globe) options() world.Options {
	c := &g.app.config
	rules := c.routeRules()
	rules.FullPaths = c.World.Paths
	return world.Options{
		Rules: rules, Assess: c.assessRules(), Log: g.app.log,
		Locate: g.locate, Network: g.network, Country: registry.CountryName,
		MinAddresses: uint64(c.World.MinAddresses), MinPrefixes6: c.World.MinPrefixes6,
		Doubt: g.doubt,
	}
}

func (g *globe) locate(p netip.Prefix) string { return g.lists.Load().Locate(p) }

func (g *globe) network(a checks.ASN) (name, country string) {
	lists := g.lists.Load()
	return lists.ASName(a), lists.Country(a)
}

// doubt says why nothing can be said of the present, and what is missing from all answers.
func (g *globe) doubt(now time.Time) (missing string, gaps []checks.Gap) {
	switch {
	case g.inbox != nil:
		missing, gaps = g.inbox.Doubt(now)
	case g.rec != nil:
		gaps = g.rec.Gaps()
	}
	lists := g.lists.Load()
	if len(lists.Lists()) == 0 {
		without := "no registry lists are there yet, so it is not known what belongs to which country (docs/registry.md)"
		if g.rec != nil { // for which none are downloaded
			without = "no registry lists, so it is not known what belongs to which country (give them with --registry FILE; docs/registry.md)"
		}
		gaps = append(gaps, checks.Gap{Check: "registry", Reason: without})
	}
	return missing, append(gaps, lists.Problems()...)
}

// newGlobe makes the world of the present, from the snapshot in a file where that can be
// used. Nothing is fetched and nothing listened to before it runs.
func (a *app) newGlobe(lists *registry.Registry, file string) (*globe, error) {
	g := &globe{app: a, file: file, answered: func(time.Duration) {}}
	g.lists.Store(lists)
	c := &a.config.World
	dir, err := a.cacheDir()
	if err != nil {
		return nil, &failure{exitUsage, err}
	}
	fetcher, err := a.fetcher(a.http, nil)
	if err != nil {
		return nil, err
	}
	g.inbox = world.NewInbox(world.InboxOptions{Most: c.Inbox << 20, Log: a.log})
	g.start = world.Begin(g.options(), world.StartOptions{
		Snapshot: file, MaxAge: c.SnapshotMaxAge.Duration, Collectors: c.Collectors, Archive: fetcher,
		Streaming: true, HoldDir: dir, Sink: g.inbox.Put, Log: a.log,
	})
	g.state = g.start.State()
	return g, nil
}

// beside gives what takes updates of a feed for the world too, where it is kept.
func (g *globe) beside(take func(*route.Update)) func(*route.Update) {
	if g == nil {
		return take
	}
	return func(u *route.Update) {
		g.start.Put(u)
		take(u)
	}
}

// takers take in what own routers say, where the world is kept. A router waits until there is
// room: its whole table is no burst that anything of should be left out.
func (g *globe) takers() []taker {
	if g == nil {
		return nil
	}
	return []taker{func(ctx context.Context, u *route.Update) {
		if !g.through.Load() {
			g.start.Put(u)
			return
		}
		_ = g.inbox.Wait(ctx, u) // its error is that the feed ends
	}}
}

// tickEvery is how often time passes for the world, as a State wants it.
const tickEvery = 100 * time.Millisecond

// run keeps the world until the context ends.
func (g *globe) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { g.inbox.Run(ctx, g.state.ApplyAll) })
	wg.Go(func() {
		if err := g.start.Run(ctx); err != nil && ctx.Err() == nil {
			g.app.log.Error("starting the world; it stays as far as it has come", "err", err)
			g.mu.Lock()
			defer g.mu.Unlock()
			g.failed = "the start could not be ended, and what is known goes no further: the bot's log says why"
		}
	})
	wg.Go(func() { g.pass(ctx) })
	wg.Go(func() { g.keep(ctx) })
	wg.Wait()
}

// end writes the snapshot for the last time, for which it takes a quarter of the grace at most.
func (g *globe) end() {
	ctx, stop := context.WithTimeout(context.Background(), g.app.config.Serve.Grace.Duration/4)
	defer stop()
	g.save(ctx)
}

// pass lets time pass.
func (g *globe) pass(ctx context.Context) {
	every := time.NewTicker(tickEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			if now := g.start.Now(time.Now()); !now.IsZero() {
				g.state.Tick(now)
			}
			if !g.through.Load() && g.start.Progress().Phase == world.Live {
				g.through.Store(true)
			}
		case <-ctx.Done():
			return
		}
	}
}

// keep writes a snapshot now and then.
func (g *globe) keep(ctx context.Context) {
	every := time.NewTicker(g.app.config.World.SnapshotEvery.Duration)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			g.save(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// save writes the snapshot, once the start is over: half a table is none.
func (g *globe) save(ctx context.Context) {
	if g.file == "" || g.start.Progress().Phase != world.Live {
		return
	}
	err := makeHome(g.file)
	var saved world.Saved
	if err == nil {
		saved, err = g.state.Save(ctx, g.file)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.saving.failing = err.Error()
		g.app.log.Error("writing the snapshot of the world; the one that was there is kept", "file", g.file, "err", err)
		return
	}
	g.saving = saving{last: saved, at: time.Now(), times: g.saving.times + 1}
	g.app.log.Debug("wrote the snapshot of the world", "file", g.file, "bytes", saved.Bytes, "held", saved.Held, "took", saved.Took)
}

// snapshots says how snapshots are written.
func (g *globe) snapshots() saving {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.saving
}

// adopt takes over lists that have changed: what belongs to which country is counted anew.
func (g *globe) adopt(lists *registry.Registry) {
	if g == nil {
		return
	}
	g.lists.Store(lists)
	began := time.Now()
	g.state.Regroup()
	g.app.log.Info("the world goes by the new registry lists", "took", time.Since(began).Round(time.Millisecond))
}

// progress says how far the start is.
func (g *globe) progress() world.Progress {
	if g.start == nil {
		return world.Progress{Phase: world.Live}
	}
	return g.start.Progress()
}

// at gives the moment that the state is asked for at a time of our clock: while older routing
// data is read, that of the data; and of a recording the moment itself.
func (g *globe) at(now time.Time) time.Time {
	if g.start == nil {
		return now
	}
	return cmp.Or(g.start.Now(now), now) // nothing was read yet, which the world says
}

// world says how everything stands at a moment: for a recording of its clock.
func (g *globe) world(now time.Time) checks.World {
	defer func(began time.Time) { g.answered(time.Since(began)) }(time.Now())
	p := g.progress()
	now = g.at(now)
	w := g.state.World(now)
	g.addCarriers(&w, now)
	w.Starting, w.Registered = p.Sentence(), g.lists.Load().Cited()
	w.Gaps = append(w.Gaps, p.Gaps...)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failed != "" {
		w.Starting = g.failed
	}
	return w
}

// verdict gives the whole answer about one target.
func (g *globe) verdict(t checks.Target, now time.Time) (checks.Verdict, bool) {
	defer func(began time.Time) { g.answered(time.Since(began)) }(time.Now())
	return g.complete(t, g.at(now))
}

// forBot gives what a bot wants of the world, and what to do where it is not kept.
func (g *globe) forBot(c *config) (all func(time.Time) checks.World, one func(checks.Target, time.Time) (checks.Verdict, bool), without string) {
	switch {
	case g != nil:
	case c.World.On: // and then only this keeps it from it
		return nil, nil, "let it ask the network: without --offline, sources.offline and ISITDOWN_OFFLINE"
	default:
		return nil, nil, "set world.on in its settings, or start it with --world"
	}
	return g.world, g.verdict, ""
}

// describe says what the world rests on.
func (g *globe) describe() string {
	if g.start == nil {
		return "the whole world, as the recording has it"
	}
	if s := g.start.Progress().Snapshot; !s.IsZero() {
		return fmt.Sprintf("the whole world, from the snapshot of %s", clock(s))
	}
	return fmt.Sprintf("the whole world, from the tables of %s", firstFew(g.app.config.World.Collectors))
}
