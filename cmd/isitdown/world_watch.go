package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route/world"
)

// live answers from the present: from the snapshot or from tables, and from the stream.
func (c *worldCommand) live(outer context.Context, a *app) (code int, err error) {
	db, err := a.store("")
	if err != nil {
		return 0, err
	}
	lists, err := a.knownLists(c.Registry)
	if err != nil {
		return 0, err
	}
	g, err := a.newGlobe(lists, a.worldSnapshot(db))
	if err != nil {
		return 0, err
	}
	s := a.newSources()
	stream := a.risLive(s, true)
	ctx, stop := context.WithCancel(outer)
	var running sync.WaitGroup
	defer func() {
		stop()
		running.Wait()
		if outer.Err() == nil { // told to end, it ends at once
			g.end()
		}
	}()
	running.Go(func() { g.run(ctx) })
	running.Go(func() {
		if err := stream.client.Run(ctx, until(ctx, g.start.Put)); err != nil && ctx.Err() == nil {
			a.log.Error("listening to RIS Live", "err", err)
		}
	})
	if len(c.Registry) == 0 {
		running.Go(func() { a.refreshLists(ctx, s.ledger, g.adopt) })
	}
	o := outlook{look: func() (checks.World, time.Time, string) {
		now := time.Now()
		return g.world(now), now, stream.line()
	}}
	if !c.interactive(a) {
		if err := g.ready(ctx); err != nil {
			return 0, err
		}
	}
	if code, err = c.show(ctx, a, g, o, nil); err != nil || !c.Watch {
		return code, err
	}
	return 0, c.watch(ctx, a, g, o)
}

// line says how the stream does, where that is worth one.
func (r *stream) line() string {
	if s := r.state(); !s.up {
		if s.detail == "" {
			return "RIS Live: not connected yet"
		}
		return "RIS Live: " + s.detail
	}
	return fmt.Sprintf("RIS Live: %s behind", r.client.Status().Lag.Round(100*time.Millisecond))
}

// ready waits until the world can be answered about: everything that was published is read,
// and counted. It says how far it is: on a terminal in one line, else in the log now and then.
func (g *globe) ready(ctx context.Context) error {
	p := newProgress(&g.app.console, "starting")
	defer p.clear()
	every := time.NewTicker(progressEvery)
	defer every.Stop()
	told := time.Now()
	for {
		at := g.progress()
		if at.Phase >= world.Overlap && g.state.Stats().Recounting == 0 || g.over() {
			return nil
		}
		switch {
		case p.w != nil:
			p.put("starting: " + at.Sentence())
		case time.Since(told) >= fetchLogEvery:
			told = time.Now()
			g.app.log.Info("starting the world", "phase", at.Phase.String(), "how_far", at.Sentence())
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// over reports whether the start has failed.
func (g *globe) over() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed != ""
}

// watch writes one object for each target whose state becomes another, until the context ends.
func (c *worldCommand) watch(ctx context.Context, a *app, g *globe, o outlook) error {
	w, _, _ := o.look()
	before := c.states(&w)
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	revision := -1
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if r := g.state.Revision(); r == revision {
			continue
		} else {
			revision = r
		}
		w, now, _ := o.look()
		after := c.states(&w)
		for _, change := range changesOf(before, after, func(t checks.Target) checks.Verdict {
			v, ok := g.verdict(t, now)
			if !ok {
				v = checks.Verdict{Target: t, At: now}
			}
			return v
		}) {
			if err := c.encode(a, change); err != nil {
				return err
			}
		}
		before = after
	}
}

// states gives the verdicts of a world's outages, in their order, as far as the flags leave them.
func (c *worldCommand) states(w *checks.World) (list []checks.Verdict) {
	for _, l := range worldLines(w, c.filter(), byWorst, w.At) {
		list = append(list, *l.verdict)
	}
	return list
}

// changesOf compares two lists of outages; of those that are in the second no more, verdict
// gives how they are.
func changesOf(before, after []checks.Verdict, verdict func(checks.Target) checks.Verdict) (list []chat.WorldChangeRecord) {
	was := map[checks.Target]checks.State{}
	for i := range before {
		was[before[i].Target] = before[i].State
	}
	is := map[checks.Target]bool{}
	for i := range after {
		v := &after[i]
		is[v.Target] = true
		state, known := was[v.Target]
		if !known {
			state = checks.Up
		}
		if state != v.State {
			list = append(list, chat.WorldChangeJSON(state, *v))
		}
	}
	for i := range before {
		if b := &before[i]; !is[b.Target] {
			if v := verdict(b.Target); v.State != b.State {
				list = append(list, chat.WorldChangeJSON(b.State, v))
			}
		}
	}
	return list
}
