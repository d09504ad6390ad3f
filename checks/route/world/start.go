package world

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Archive is where recordings of collectors come from; *archive.Fetcher is one. What it gives
// is emitted as updates that are valid until emit returns; emit's errors end it. What could not
// be had is a gap, and a [route.Lost] of the collector where it belongs. heard is told how far it
// is: what is being fetched or played, and how many of its bytes are done; size is -1 where that
// is not known.
type Archive interface {
	// Knows reports whether the archive can have recordings of a collector.
	Knows(collector string) bool
	// PlayTable emits the last table of a collector that was begun up to a moment, as the dump
	// of the given number, and gives when that was; zero, and a gap, where there is none.
	PlayTable(ctx context.Context, collector string, at time.Time, dump int, emit func(*route.Update) error,
		heard func(what string, fetching bool, done, size int64)) (taken time.Time, gaps []checks.Gap, err error)
	// PlayChanges emits the updates of collectors, each since a moment of its own or a little
	// before, in the order of time over all of them, as far as they are published, and gives
	// for each up to when that is: never less than was asked from.
	PlayChanges(ctx context.Context, since map[string]time.Time, until time.Time, emit func(*route.Update) error,
		heard func(what string, fetching bool, done, size int64)) (known map[string]time.Time, gaps []checks.Gap, err error)
}

// StartOptions say what a [Start] begins from. Zero values stand for the defaults given.
type StartOptions struct {
	// Snapshot is the file to begin from, "" for none; MaxAge how old it may be (3 h).
	Snapshot string
	MaxAge   time.Duration
	// Collectors are those whose tables are read where there is no such snapshot, in this order.
	Collectors []string
	// Archive has the tables and the updates; nil for none: what the stream does not say is
	// then not known.
	Archive Archive
	// Streaming is set where a stream follows ([Start.Put]): the archive is then asked each
	// Poll (1 min) until it reaches the stream's beginning, for at most Wait (25 min).
	Streaming  bool
	Wait, Poll time.Duration
	// HoldDir is the folder for what the stream brings in the meantime ("": that of the system
	// for temporary files), HoldBytes the most of it (2 GiB). What comes beyond that is left
	// out, and the collectors are said to have a hole.
	HoldDir   string
	HoldBytes int64
	// Sink takes updates once the start is over; nil stands for [State.Apply].
	Sink func(*route.Update)
	Log  *slog.Logger // nil for none
}

// The defaults of [StartOptions].
const (
	snapshotAge   = 3 * time.Hour
	overlapWait   = 25 * time.Minute // files of 15 minutes, and the time they take to appear
	overlapPoll   = time.Minute
	heldMost      = 2 << 30
	snapshotAhead = 5 * time.Minute // of our clock: no more of that can be of clocks that differ
)

// Start brings a [State] to the present: from a snapshot or from tables, over the updates that
// the archive has since, to the stream. The state answers from the first table on, for the
// time that [Start.Now] gives. Its methods may be called from any goroutine.
//
// Nothing is taken in twice, and nothing is missed: what the stream brings waits until all that
// came before it is there. Of a session the archive's updates count up to the first that the
// stream brought of it, and from the last that the snapshot knows of it.
type Start struct {
	state *State
	o     StartOptions
	live  atomic.Bool
	hold  *hold
	heard map[route.Peer]time.Time // of the sessions in the snapshot
	dumps int

	mu       sync.Mutex
	progress Progress
}

// Begin reads the snapshot, if there is one that can be used, and else begins with a state of
// nothing. It takes about a second at most; the rest is done by [Start.Run].
func Begin(o Options, so StartOptions) *Start {
	so.defaults()
	s := &Start{o: so, hold: newHold(so.HoldDir, so.HoldBytes)}
	if s.load(o); s.state == nil {
		s.state = New(o)
	}
	if s.o.Sink == nil {
		s.o.Sink = s.state.Apply
	}
	return s
}

func (o *StartOptions) defaults() {
	if o.MaxAge == 0 {
		o.MaxAge = snapshotAge
	}
	if o.Wait == 0 {
		o.Wait = overlapWait
	}
	if o.Poll == 0 {
		o.Poll = overlapPoll
	}
	if o.HoldBytes == 0 {
		o.HoldBytes = heldMost
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// State is what is brought to the present.
func (s *Start) State() *State { return s.state }

// Put takes in an update of the stream: it waits until what came before it is there, and from
// then on goes to the Sink at once. Updates of one collector come in the order of their time,
// from one goroutine. The update is not kept.
func (s *Start) Put(u *route.Update) {
	if !s.live.Load() {
		s.hold.mu.Lock()
		if !s.live.Load() {
			s.hold.put(u)
			s.hold.mu.Unlock()
			return
		}
		s.hold.mu.Unlock()
	}
	s.o.Sink(u)
}

// Progress says how far it is.
func (s *Start) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.progress
	p.Held, p.HeldBytes = s.hold.waiting.Load(), s.hold.size.Load()
	return p
}

// Now gives the time that the state is to be asked for, given that of the clock: while older
// routing data is read, that of the data. Zero where nothing has been read yet.
func (s *Start) Now(clock time.Time) time.Time {
	if s.live.Load() {
		return clock
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress.AsOf
}

// note changes what Progress gives.
func (s *Start) note(change func(*Progress)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.progress)
}

// gap notes what is missing.
func (s *Start) gap(gaps ...checks.Gap) {
	for _, g := range gaps {
		s.o.Log.Warn("part of the routing data is missing at the start", "reason", g.Reason)
	}
	s.note(func(p *Progress) { p.Gaps = append(p.Gaps[:len(p.Gaps):len(p.Gaps)], gaps...) })
}

// doing passes on how far a file is.
func (s *Start) doing(what string, fetching bool, done, size int64) {
	s.note(func(p *Progress) {
		p.Doing, p.Fetching, p.Share = what, fetching, 0
		if size > 0 {
			p.Share = min(float64(done)/float64(size), 1)
		}
	})
}
