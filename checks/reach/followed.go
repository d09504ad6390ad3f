package reach

import (
	"time"

	"isitdown/checks"
)

// Followed is a target that a monitor keeps current. Its methods may be called from any
// goroutine.
type Followed struct {
	footprint checks.Footprint
	ready     chan struct{}
}

// Reach gives what is known at now: a copy. It is "not probed" before the first round.
func (f *Followed) Reach(now time.Time) checks.Reach { return checks.Reach{} }

// Gaps says what is missing from the rounds of the target, and what to do.
func (f *Followed) Gaps() []checks.Gap { return nil }

// Revision grows whenever Reach has something that may change a verdict.
func (f *Followed) Revision() int { return 0 }

// Ready is closed when the first round has ended, well or not.
func (f *Followed) Ready() <-chan struct{} { return f.ready }

// Close ends the following. It may be called more than once.
func (f *Followed) Close() {}
