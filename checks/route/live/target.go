package live

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Target is one target that a hub keeps current. Its methods may be called from any
// goroutine; an assessment keeps neither the streams nor other targets waiting.
type Target struct {
	hub       *Hub
	footprint checks.Footprint
	ready     gate
	closed    atomic.Bool
	revision  atomic.Int64

	// Guarded by Hub.mu: what the dispatch needs to know.
	known     map[netip.Prefix]struct{} // in the index
	turn      uint64                    // the update that the scratch is about
	announced []route.NLRI              // scratch: those of the update that concern the target
	withdrawn []route.NLRI
	covered   bool // the streams deliver what it needs
	wish      int  // Hub.wishes when that last changed
	looked    bool // a lookup has succeeded
	due       time.Time
	busy      bool // a lookup is under way
	tries     int  // without success, in a row

	qmu   sync.Mutex // guards what follows; held for moments only
	links []link     // by number of the collector
	inbox queue      // is to be applied
	held  queue      // waits for a lookup
	story story
	far   afar
	apart apart

	mu    sync.Mutex // guards what follows
	rib   *route.RIB
	watch *route.Watch
	dumps int // the highest number of a dump in rib
	bumps int64
}

// story is what is to be told of the lookups of a target.
type story struct {
	looked  bool                 // the first lookup has succeeded
	asOf    time.Time            // of the last that did
	held    map[netip.Prefix]int // entries in it, by prefix
	gaps    []checks.Gap         // that it left
	failed  bool                 // the last one did
	gone    time.Time            // as of when a lookup said, unconfirmed, that prefixes are gone
	lefts   int                  // lookups in a row that left collectors out
	retry   time.Time            // when the next one is due
	dropped int                  // times that too much was held back
}

func newTarget(h *Hub, f checks.Footprint) *Target {
	t := &Target{hub: h, footprint: f, ready: newGate(), known: map[netip.Prefix]struct{}{}, rib: route.NewRIB(h.o.Rules)}
	t.watch = t.rib.Watch(f)
	return t
}

// Ready is closed when there is something to say: the first lookup has ended, well or
// not, or there is nobody to ask.
func (t *Target) Ready() <-chan struct{} { return t.ready.c }

// Revision grows with every change that may change a verdict, time apart.
func (t *Target) Revision() int { return int(t.revision.Load()) }

// Freeze holds the baseline as it is now, see [route.Watch.Freeze].
func (t *Target) Freeze(now time.Time) {
	t.hub.whole.hold(t, func(w *route.Watch) { w.Freeze(now) })
	t.lock()
	defer t.unlock()
	t.watch.Freeze(now)
}

// Thaw lets the baseline move on.
func (t *Target) Thaw(now time.Time) {
	t.hub.whole.hold(t, func(w *route.Watch) { w.Thaw(now) })
	t.lock()
	defer t.unlock()
	t.watch.Thaw(now)
}

// Episodes gives the bursts of changes so far, see [route.Watch.Episodes].
func (t *Target) Episodes() []route.Episode {
	t.lock()
	defer t.unlock()
	return t.watch.Episodes()
}

// Close ends the following. A lookup that is under way is not waited for, and changes
// nothing any more; [Hub.Run] waits for it. The target can still be observed.
func (t *Target) Close() {
	if t.closed.Swap(true) {
		return
	}
	t.hub.whole.forget(t)
	t.hub.leave(t)
	t.qmu.Lock()
	t.letGo()
	t.inbox.clear()
	t.qmu.Unlock()
	t.ready.open()
}

// byOrigin reports whether routes concern the target by who originates them.
func (t *Target) byOrigin() bool { return t.footprint.Target.Kind() == checks.KindASN }

// wishes gives the prefixes in and over which routes concern the target.
func (t *Target) wishes() []netip.Prefix {
	switch t.footprint.Target.Kind() {
	case checks.KindPrefix, checks.KindAddress:
		return append([]netip.Prefix{t.footprint.Target.Prefix().Masked()}, t.footprint.Prefixes...)
	}
	return t.footprint.Prefixes
}

// meet gives the target a link to a collector; Hub.mu is held.
func (t *Target) meet(c *collector) {
	t.qmu.Lock()
	defer t.qmu.Unlock()
	for len(t.links) <= c.n {
		t.links = append(t.links, link{})
	}
	l := &t.links[c.n]
	l.name, l.whole = c.name, c.whole
	l.current = c.whole || !t.hub.o.looksUp()
	if c.on {
		l.on, l.since = true, c.newest
	}
}

// cede gives a collector that a stream had named to the feed of whole tables whose it is;
// Hub.mu is held.
func (t *Target) cede(c *collector) {
	t.put(&route.Update{Kind: route.Lost, At: c.newest, Peer: route.Peer{Collector: c.name}, Refresh: true})
	t.qmu.Lock()
	defer t.qmu.Unlock()
	t.keepHeld(func(u *route.Update) bool { return u.Peer.Collector != c.name })
	t.links[c.n] = link{name: c.name, whole: true, current: true}
}

// back notes that a collector is heard again, and from when; Hub.mu is held.
func (t *Target) back(c *collector, due time.Time) {
	t.qmu.Lock()
	l := &t.links[c.n]
	l.on, l.since, l.left = true, c.since, false
	waits := !l.current
	t.qmu.Unlock()
	if waits && due.Before(t.due) {
		t.due = due
	}
}

// lock takes the table and brings it up to what has been delivered.
func (t *Target) lock() {
	t.mu.Lock()
	t.drain()
}

// unlock gives the table back, and applies what was delivered meanwhile.
func (t *Target) unlock() {
	for {
		t.drain()
		t.mu.Unlock()
		t.qmu.Lock()
		idle := len(t.inbox.list) == 0
		t.qmu.Unlock()
		if idle || !t.mu.TryLock() { // or somebody else has the table, and will
			return
		}
	}
}

// drain applies what waits in the inbox; mu is held.
func (t *Target) drain() {
	for {
		t.qmu.Lock()
		waiting := t.inbox.take()
		t.qmu.Unlock()
		if len(waiting.list) == 0 {
			break
		}
		for i := range waiting.list {
			t.rib.Apply(&waiting.list[i])
		}
	}
	t.note()
}

// note publishes the revision; mu is held.
func (t *Target) note() { t.revision.Store(t.bumps + int64(t.watch.Revision())) }

// gate is a channel that is closed once.
type gate struct {
	c    chan struct{}
	once *sync.Once
}

func newGate() gate { return gate{make(chan struct{}), &sync.Once{}} }

func (g gate) open() { g.once.Do(func() { close(g.c) }) }
