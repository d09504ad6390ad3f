package main

import (
	"time"

	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
	"isitdown/checks/route/world"
)

// newRecordedGlobe makes the world of a recording, nothing of it played yet.
func (a *app) newRecordedGlobe(lists *registry.Registry, rec *archive.Recording) *globe {
	g := &globe{app: a, rec: rec, answered: func(time.Duration) {}}
	g.lists.Store(lists)
	g.state = world.New(g.options())
	g.ticks.step = func(now time.Time) error { g.state.Tick(now); return nil }
	return g
}

// record takes in the next update of the recording.
func (g *globe) record(u *route.Update) {
	if g == nil || g.rec == nil {
		return
	}
	_ = g.ticks.before(u) // whose step fails never
	g.state.Apply(u)
}

// mostTicks bounds how long what is to be recounted is waited for; a tick takes milliseconds.
const mostTicks = 20_000

// rest lets everything be counted that a moment of the recording shows.
func (g *globe) rest(now time.Time) {
	if g == nil || g.rec == nil {
		return
	}
	g.state.Tick(now)
	for range mostTicks {
		if g.state.Stats().Recounting == 0 {
			return
		}
		g.state.Tick(now)
	}
}
