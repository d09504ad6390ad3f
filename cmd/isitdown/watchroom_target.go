package main

import (
	"time"

	"isitdown/bot"
	"isitdown/checks"
	"isitdown/checks/reach"
	"isitdown/checks/route/live"
)

// view is the history of one target's routes: a [route.Watch] of a recording's table,
// or a target that live sources keep current.
type view interface {
	Observe(now time.Time) (checks.Baseline, checks.Vantage, []checks.Observation)
	Revision() int
	Freeze(now time.Time)
	Thaw(now time.Time)
}

// liveView is the view of a target that a hub keeps current.
type liveView struct{ *live.Target }

// Observe gives what a view does.
func (v liveView) Observe(now time.Time) (checks.Baseline, checks.Vantage, []checks.Observation) {
	seen := v.Target.Observe(now)
	return seen.Baseline, seen.Vantage, seen.Observations
}

// watched is a target that the watchroom knows about. What is behind ready may be
// read once it is closed.
type watched struct {
	footprint checks.Footprint
	refusal   string // why there is nothing to watch: a sentence for a person
	ready     chan struct{}
	watch     view            // nil while it is being caught up with, or where that failed
	live      *live.Target    // the same, of live sources; nil of a recording
	missing   []checks.Gap    // of the footprint
	failed    time.Time       // on the wall: when its footprint could not be found out
	heard     int             // grows when witnesses said something new
	probes    *reach.Followed // nil unless it is probed by itself
	found     probed          // of the last question

	failure string    // why it failed
	pins    int       // how often it is followed
	used    time.Time // on the wall
	// The baseline is held while the bot asks for it, and while an incident would be
	// open had the target been followed from the start: that is what life is for.
	life    bot.Life
	asked   bool
	origins []checks.ASN // as last seen
	// announced is how much of it last was, as far as that was known.
	announced checks.Extent
}

// open lets those in who wait for it. The watchroom is locked.
func (e *watched) open() {
	if !closed(e.ready) {
		close(e.ready)
	}
}

// settle holds or releases the baseline of a target that is ready. To hold what
// is held, and to release what is not, does nothing.
func (e *watched) settle(now time.Time) {
	if e.watch != nil {
		hold{e.asked || e.life.Outage.Live() || e.life.Unstable.Live(), now}.apply(e.watch)
	}
}

// hold is a wish to hold the baseline, or to release it.
type hold struct {
	on bool
	at time.Time
}

func (h hold) apply(watch view) {
	if h.on {
		watch.Freeze(h.at)
	} else {
		watch.Thaw(h.at)
	}
}
