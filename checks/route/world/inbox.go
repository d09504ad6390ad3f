package world

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// InboxOptions say how much waits in an [Inbox], and what becomes of what does not fit.
type InboxOptions struct {
	// Most bounds what waits, in bytes (64 MiB): some ten seconds of fifty thousand
	// messages a second.
	Most int
	// Behind is how long an update may wait, and how old the newest one of a stream may be,
	// before nothing is said of the present (60 s).
	Behind time.Duration
	Log    *slog.Logger // nil for none
}

const (
	inboxMost   = 64 << 20
	inboxBehind = time.Minute
	// batchMost is how many updates are applied under one lock, so that whoever asks
	// meanwhile waits for milliseconds.
	batchMost = 256
)

// Inbox stands between feeds, which must not wait, and the one who applies what they say. It
// keeps copies of updates in the order in which they came, and gives them on in batches. Its
// methods may be called from any goroutine.
//
// A burst is worked off. Where more comes than has room, the collectors concerned are told
// to have a hole ([route.Lost]) from the last update of theirs that is kept, and again when
// there is room: nothing is left out in silence, and [Inbox.Gaps] says what was.
type Inbox struct {
	o     InboxOptions
	most  int           // of bytes of chunks that wait
	more  chan struct{} // has room for one: something waits
	spare []*chunk

	mu      sync.Mutex
	room    chan struct{} // closed when there is room again, and replaced; nil while nobody waits for it
	line    []*chunk      // what waits; only the last has room
	waiting int           // bytes of these chunks, and of the one that is being applied
	peers   peerBook
	feeds   map[string]*inflow
	last    *inflow
	full    int // feeds with a spell
	stats   InboxStats
	oldest  time.Time // when the first update of the chunk that is being applied came
	heard   time.Time // the newest time, at the source, of what streams brought
}

// inflow is what comes of one collector.
type inflow struct {
	name   string
	newest time.Time // at the source, of what is kept
	bytes  int       // of it that wait
	gone   time.Time // at the source, of the newest that was left out in this spell
	spell  spell
	ended  spell // the one before
}

// spell is one in which updates of a collector were left out; from and until are times of
// our clock.
type spell struct {
	from, until time.Time
	left        int
}

// NewInbox makes an empty inbox.
func NewInbox(o InboxOptions) *Inbox {
	if o.Most == 0 {
		o.Most = inboxMost
	}
	if o.Behind == 0 {
		o.Behind = inboxBehind
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Inbox{o: o, most: max(o.Most, 2*chunkBytes), more: make(chan struct{}, 1), feeds: map[string]*inflow{}}
}

// Put takes in a copy of an update and never waits. It is for streams, which say something
// every minute, and whose senders would give up on a reader that waits.
func (b *Inbox) Put(u *route.Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stranger(u) {
		return
	}
	u = byTime(u)
	if u.At.After(b.heard) {
		b.heard = u.At
	}
	f := b.inflow(u)
	size := recordSize(u)
	switch {
	case f.spell.from.IsZero() && b.fits(f, size):
		b.add(u, f)
	case (u.Kind == route.PeerDown || u.Kind == route.Lost) && b.waiting <= b.most+b.most/8:
		b.add(u, f) // few and short, and nothing makes up for them
	case u.Kind == route.Alive: // the next one says as much
	default:
		b.leave(f, u)
	}
}

// Wait takes in a copy of an update, and waits while there is no room. It is for files, and
// for senders that TCP holds back without harm. The error is that of ctx.
func (b *Inbox) Wait(ctx context.Context, u *route.Update) error {
	for {
		b.mu.Lock()
		if b.stranger(u) {
			b.mu.Unlock()
			return nil
		}
		f := b.inflow(u)
		if f.spell.from.IsZero() && b.fits(nil, recordSize(u)) {
			b.add(u, f)
			b.mu.Unlock()
			return nil
		}
		if b.room == nil {
			b.room = make(chan struct{})
		}
		room := b.room
		b.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the table to take in an update of %s: %w", f.name, ctx.Err())
		}
	}
}

// stranger reports whether an update is of a session beyond all that are numbered, and
// counts it; mu is held.
func (b *Inbox) stranger(u *route.Update) bool {
	if b.peers.room(u) {
		return false
	}
	b.stats.LeftOut++
	return true
}

// inflow gives what is known of the collector of an update; mu is held.
func (b *Inbox) inflow(u *route.Update) *inflow {
	name := u.Peer.Collector
	if name == "" && len(u.Entries) > 0 {
		name = u.Entries[0].Peer.Collector
	}
	if b.last != nil && b.last.name == name {
		return b.last
	}
	f := b.feeds[name]
	if f == nil {
		f = &inflow{name: name}
		b.feeds[name] = f
	}
	b.last = f
	return f
}

// fits reports whether there is room for size bytes of a collector; nil is for one that
// waits otherwise. The last quarter is not for a collector that takes most of the room
// already: the burst of one is to leave the others whole. mu is held.
func (b *Inbox) fits(f *inflow, size int) bool {
	if n := len(b.line); n > 0 && b.line[n-1].holds(size) {
		size = 0
	}
	switch {
	case b.waiting == 0:
		return true
	case size > 0 && b.waiting+max(size, chunkBytes) > b.most:
		return false
	}
	return f == nil || b.waiting <= b.most/4*3 || f.bytes <= b.waiting/2
}

// add keeps an update; mu is held.
func (b *Inbox) add(u *route.Update, f *inflow) {
	size := recordSize(u)
	n := len(b.line)
	if n == 0 || !b.line[n-1].holds(size) {
		b.line = append(b.line, b.chunk(size))
		n = len(b.line)
		b.waiting += cap(b.line[n-1].data)
		b.stats.Deepest = max(b.stats.Deepest, b.waiting)
	}
	c := b.line[n-1]
	before := len(c.data)
	c.data = appendRecord(c.data, u, &b.peers)
	c.updates++
	c.note(f, len(c.data)-before)
	f.bytes += len(c.data) - before
	b.stats.Put++
	if u.At.After(f.newest) {
		f.newest = u.At
	}
	if n == 1 && c.updates == 1 {
		signal(b.more)
	}
}

// signal wakes whoever waits for a channel of one element.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Doubt says why nothing can be said of the present, as one sentence, "" where something can,
// and what an answer has to mention besides. It is for [Options].Doubt.
func (b *Inbox) Doubt(now time.Time) (missing string, gaps []checks.Gap) {
	return b.behind(now), b.Gaps(now)
}
