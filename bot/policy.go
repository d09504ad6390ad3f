package bot

import "time"

// Policy holds the thresholds of an incident's life. A field that is zero
// stands for its default, so the zero Policy is [DefaultPolicy].
type Policy struct {
	// Suspect is how long the state must be worse than up before the target is
	// suspect, and how long news of an open incident must hold to be told.
	Suspect time.Duration
	// Open is how long it must be worse than up before an outage opens, and how
	// long a new upstream must hold before it is told.
	Open time.Duration
	// Recover is how long it must be up before an outage is recovering,
	// Resolve how much longer before it is resolved.
	Recover, Resolve time.Duration
	// Reopen is how long after its resolution the same incident opens again
	// rather than a new one.
	Reopen time.Duration
	// MinCollectors must see a loss before an outage opens, where that many exist.
	MinCollectors int

	// Penalty is added for each loss, halves every HalfLife and stops at Cap. A
	// loss that lifts it to Enter makes the target unstable; it is stable again
	// when it has fallen below Leave.
	Penalty, Cap, Enter, Leave float64
	HalfLife                   time.Duration

	// Burst is how many update messages an incident may send as soon as their
	// news has held for Suspect, and how many changes of upstream may be told
	// within a day. After that news must hold for Settle.
	Burst  int
	Settle time.Duration
	// EditEvery is the least time between two edits of an incident's message.
	EditEvery time.Duration

	// An AS counts as an upstream from a share of UpstreamEnter of the paths on,
	// and stops counting below UpstreamLeave. Both 0 to 1.
	UpstreamEnter, UpstreamLeave float64
}

// DefaultPolicy gives the thresholds that stand unless an operator changes them.
func DefaultPolicy() Policy {
	return Policy{
		Suspect:       time.Minute,
		Open:          3 * time.Minute,
		Recover:       5 * time.Minute,
		Resolve:       15 * time.Minute,
		Reopen:        time.Hour,
		MinCollectors: 2,
		Penalty:       1000,
		Cap:           12000,
		Enter:         3000,
		Leave:         750,
		HalfLife:      15 * time.Minute,
		Burst:         2,
		Settle:        30 * time.Minute,
		EditEvery:     time.Hour,
		UpstreamEnter: 0.10,
		UpstreamLeave: 0.05,
	}
}

// orDefault fills in the fields that are zero.
func (p Policy) orDefault() Policy {
	d := DefaultPolicy()
	fill(&p.Suspect, d.Suspect)
	fill(&p.Open, d.Open)
	fill(&p.Recover, d.Recover)
	fill(&p.Resolve, d.Resolve)
	fill(&p.Reopen, d.Reopen)
	fill(&p.MinCollectors, d.MinCollectors)
	fill(&p.Penalty, d.Penalty)
	fill(&p.Cap, d.Cap)
	fill(&p.Enter, d.Enter)
	fill(&p.Leave, d.Leave)
	fill(&p.HalfLife, d.HalfLife)
	fill(&p.Burst, d.Burst)
	fill(&p.Settle, d.Settle)
	fill(&p.EditEvery, d.EditEvery)
	fill(&p.UpstreamEnter, d.UpstreamEnter)
	fill(&p.UpstreamLeave, d.UpstreamLeave)
	return p
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
