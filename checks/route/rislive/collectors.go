package rislive

import (
	"slices"
	"strings"
	"time"

	"isitdown/checks/route"
)

const (
	// aliveEvery is how often it is said that a collector's feed lives.
	aliveEvery = 20 * time.Second
	// silentAfter is the silence of a collector whose sessions sent keepalives after
	// which its feed has a hole. Each session sends one a minute or more often
	// (RFC 4271 section 4.4), and none outlives 180 s without.
	silentAfter = 3 * time.Minute
	// maxFuture is how far ahead of our clock a message may be; such a message has no
	// place in the order of time, and is not used.
	maxFuture = 2 * time.Minute
	// maxKnown bounds the collectors that are kept, whatever a server makes up.
	maxKnown = 2 * maxCollectors
)

// collector is what is known of the feed of one collector on this connection.
type collector struct {
	name   string
	newest time.Time // at the source, of what was delivered
	heard  time.Time // by our clock
	told   time.Time // the last Alive's time
	hole   bool      // it is known to be incomplete
}

// feeds keeps all collectors of a connection, and says what is to be said of them.
type feeds struct {
	since time.Time // of the connection
	list  []*collector
	names map[string]*collector
	last  *collector
	// beats is true where the keepalives of sessions come, so that the silence of a
	// collector means something.
	beats bool
	// proven is up to when, at the source, everything was delivered by a pong's
	// witness, which counts where no keepalives come.
	proven time.Time
	next   time.Time // when to say the next Alive
}

func newFeeds(now time.Time, known []string) *feeds {
	f := &feeds{since: now, names: map[string]*collector{}, next: now.Add(aliveEvery)}
	for _, name := range known {
		f.collector(name)
	}
	return f
}

// collector gives the collector of a name; nil where there are too many.
func (f *feeds) collector(name string) *collector {
	if f.last != nil && f.last.name == name {
		return f.last
	}
	c := f.names[name]
	if c == nil {
		if len(f.list) == maxKnown {
			return nil
		}
		c = &collector{name: name}
		f.names[name] = c
		at, _ := slices.BinarySearchFunc(f.list, name, func(c *collector, name string) int { return strings.Compare(c.name, name) })
		f.list = slices.Insert(f.list, at, c)
	}
	f.last = c
	return c
}

// begin starts to count: from now on everything is delivered.
func (f *feeds) begin(now time.Time) {
	f.proven, f.next = time.Time{}, now
}

func (f *feeds) known() []string {
	names := make([]string, len(f.list))
	for i, c := range f.list {
		names[i] = c.name
	}
	return names
}

// hear notes a message of a collector.
func (f *feeds) hear(c *collector, at, now time.Time, beat bool) {
	f.beats = f.beats || beat
	c.heard, c.hole = now, false
	if at.After(c.newest) {
		c.newest = at
	}
}

// upTo is the time at the source up to which everything of c was delivered; the start
// of the connection where nothing proves more.
func (f *feeds) upTo(c *collector) time.Time {
	at := c.newest
	if !f.beats && f.proven.After(at) {
		at = f.proven
	}
	if at.IsZero() {
		return f.since
	}
	return at
}

// tend says which feeds live, now and then, and which have fallen silent; silent is
// called with the names of those.
func (f *feeds) tend(now time.Time, emit func(*route.Update), silent func(name string, since time.Time)) {
	for _, c := range f.list {
		if !f.beats || c.hole || now.Sub(f.since) <= silentAfter || now.Sub(c.heard) <= silentAfter {
			continue
		}
		if !c.heard.IsZero() {
			silent(c.name, c.heard)
		}
		f.lose(c, emit)
	}
	if now.Before(f.next) {
		return
	}
	for _, c := range f.list {
		if c.hole || c.newest.IsZero() && (f.beats || f.proven.IsZero()) {
			continue
		}
		if at := f.upTo(c); at.After(c.told) {
			c.told = at
			f.next = now.Add(aliveEvery) // what is heard first on a connection is told at once
			emit(&route.Update{Kind: route.Alive, At: at, Peer: route.Peer{Collector: c.name}})
		}
	}
}

// lose says that the feed of a collector has a hole.
func (f *feeds) lose(c *collector, emit func(*route.Update)) {
	c.hole = true
	emit(&route.Update{Kind: route.Lost, Refresh: true, At: f.upTo(c), Peer: route.Peer{Collector: c.name}})
}

// end says it of all, where the connection ends.
func (f *feeds) end(emit func(*route.Update)) {
	for _, c := range f.list {
		f.lose(c, emit)
	}
}
