package world

import (
	"context"
	"log/slog"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Archive is where recordings of collectors come from; *archive.Fetcher is one. What it gives
// is emitted as updates that are valid until emit returns; emit's errors end it. What could not
// be had is a gap, and a Lost update of the collector where it belongs.
type Archive interface {
	// PlayTable emits the last table of a collector that was written up to a moment, and gives
	// when that was; zero, and a gap, where there is none.
	PlayTable(ctx context.Context, collector string, at time.Time, dump int, emit func(*route.Update) error,
		progress func(file string, fetching bool, done, size int64)) (taken time.Time, gaps []checks.Gap, err error)
	// PlayChanges emits what collectors recorded since one moment, in the order of time over all of them,
	// as far as it is published, and gives for each up to when that is.
	PlayChanges(ctx context.Context, since map[string]time.Time, until time.Time, emit func(*route.Update) error,
		progress func(file string, fetching bool, done, size int64)) (known map[string]time.Time, gaps []checks.Gap, err error)
	// Knows reports whether the archive can have recordings of a collector.
	Knows(collector string) bool
}

// StartOptions say what a [Start] begins from.
type StartOptions struct {
	// Snapshot is the file to begin from, "" for none; MaxAge how old it may be, 0 for three hours.
	Snapshot string
	MaxAge   time.Duration
	// Collectors are those whose tables are read where there is no such snapshot, in this order.
	Collectors []string
	// Archive has the tables and the updates; nil for none: what was not in the stream is then
	// not known.
	Archive Archive
	// Streaming is set where a stream of updates follows ([Start.Put]): the archives then are
	// waited for until they reach the stream's beginning, for at most Wait, 0 for 25 minutes, asked each
	// Poll, 0 for a minute.
	Streaming  bool
	Wait, Poll time.Duration
	// HoldDir is the folder for what the stream brings in the meantime, "" for the system's, and HoldBytes the most of it; 0
	// for 2 GiB. What comes beyond it is lost for the collectors concerned, and said so.
	HoldDir   string
	HoldBytes int64
	// Sink takes updates once the start is over; nil stands for [State.Apply].
	Sink func(*route.Update)
	Log  *slog.Logger // nil for none
}

// Start brings a [State] to the present: from a snapshot or from tables, over the updates that
// the archives have since, to the stream. The state answers from the first table on, for the
// time that [Start.Now] gives.
type Start struct {
	state *State
	o     StartOptions
}

// Begin reads the snapshot, if there is one that can be used, and else begins with a state of
// nothing. It takes about a second at most; the rest is done by [Start.Run].
func Begin(o Options, so StartOptions) *Start {
	return &Start{state: New(o), o: so}
}

// State is what is brought to the present.
func (s *Start) State() *State { return s.state }

// Put takes in an update of the stream: it waits until what came before it is there, and from
// then on goes to the Sink at once. Updates of one collector come in the order of their time.
// The update is not kept.
func (s *Start) Put(u *route.Update) { s.state.Apply(u) }

// Run does the work and returns when the start is over: nil, or why it cannot be ended, which
// is the context's error or one of the disk.
func (s *Start) Run(ctx context.Context) error { return nil }

// Progress says how far it is. It may be called at any time.
func (s *Start) Progress() Progress { return Progress{Phase: Live} }

// Now gives the time that the state is to be asked for, given that of the clock: while older
// routing data is read, that of the data.
func (s *Start) Now(clock time.Time) time.Time { return clock }
