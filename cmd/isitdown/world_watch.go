package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route/world"
)

// live answers from the present: from the snapshot or from tables, and from the stream.
func (c *worldCommand) live(outer context.Context, a *app) (code int, err error) {
	if c.interactive(a) && a.errColumns > 0 {
		defer a.holdLog()()
	}
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
	return fmt.Sprintf("RIS Live: %.1f s behind", r.client.Status().Lag.Seconds())
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
	told := map[checks.Target]checks.State{}
	for _, v := range c.verdicts(&w) {
		told[v.Target] = v.State
	}
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		w, now, _ := o.look()
		for _, change := range changesOf(told, c.verdicts(&w), w.Missing != "", func(t checks.Target) checks.Verdict {
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
	}
}

// verdicts gives those of a world's outages, in their order, as far as the flags leave them.
func (c *worldCommand) verdicts(w *checks.World) (list []checks.Verdict) {
	for _, l := range worldLines(w, c.filter(), byWorst, w.At) {
		list = append(list, *l.verdict)
	}
	return list
}

// changesOf gives the targets whose state is another than was told last, and notes that they
// were told. verdict gives all that is known of one, and how those are that are an outage no
// more; it is not asked again about what is unknown already while the world is blind.
func changesOf(told map[checks.Target]checks.State, now []checks.Verdict, blind bool, verdict func(checks.Target) checks.Verdict) (list []chat.WorldChangeRecord) {
	tell := func(v checks.Verdict) {
		before, known := told[v.Target]
		if !known {
			before = checks.Up
		}
		if before != v.State {
			list = append(list, chat.WorldChangeJSON(before, v))
		}
		if told[v.Target] = v.State; v.State == checks.Up {
			delete(told, v.Target)
		}
	}
	is := map[checks.Target]bool{}
	for _, v := range now {
		is[v.Target] = true
		if state, known := told[v.Target]; !known || state != v.State {
			if whole := verdict(v.Target); whole.State == v.State {
				v = whole
			}
			tell(v)
		}
	}
	var over []checks.Target
	for t, state := range told {
		if !is[t] && (state != checks.Unknown || !blind) {
			over = append(over, t)
		}
	}
	slices.SortFunc(over, func(a, b checks.Target) int {
		return cmp.Or(cmp.Compare(a.Kind(), b.Kind()), cmp.Compare(a.String(), b.String()))
	})
	for _, t := range over {
		tell(verdict(t))
	}
	return list
}
