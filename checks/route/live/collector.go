package live

import (
	"slices"
	"time"

	"isitdown/checks/route"
)

// collector is one collector as the hub hears it. It is guarded by Hub.mu.
type collector struct {
	name  string
	n     int  // its number
	whole bool // it delivers whole tables, and no lookup completes it
	// on is true from the first update after a hole; since is that update's time, and
	// newest the newest time heard.
	on            bool
	since, newest time.Time
	// alive is up to when its feed vouches for having delivered everything.
	alive time.Time
}

// life is a collector's word that it has delivered everything up to a time.
type life struct {
	n    int
	name string
	at   time.Time
}

// link is one collector as a target sees it. It is guarded by Target.qmu.
type link struct {
	name  string
	whole bool
	// current is true while the stream carries on from what the target's table holds.
	current bool
	// on and since are the collector's, but since is not before the time from which it
	// covers the target.
	on    bool
	since time.Time
	// known is up to when the table holds what the collector's sessions hold; zero where
	// it never did.
	known time.Time
	// disowned is true where the table was told that nothing is known since then.
	disowned bool
	// left is true where the last lookup said nothing of the sessions that are waited for.
	left bool
	// heard is the last Alive that the table was given.
	heard time.Time
}

// collector gives the collector of a name, a new one where it is new.
func (h *Hub) collector(name string, whole bool) *collector {
	if h.last != nil && h.last.name == name && (h.last.whole || !whole) {
		return h.last
	}
	c := h.byName[name]
	if c == nil {
		c = &collector{name: name, n: len(h.collectors), whole: whole}
		h.collectors = append(h.collectors, c)
		h.byName[name] = c
		for t := range h.targets {
			t.meet(c)
		}
	}
	if whole && !c.whole { // a stream had used the name of an own router, which is the router's
		c.whole, c.on = true, false
		for t := range h.targets {
			t.cede(c)
		}
	}
	h.last = c
	return c
}

// hear notes a sign of life of a collector.
func (h *Hub) hear(c *collector, at time.Time) {
	if at.After(c.newest) {
		c.newest = at
	}
	if c.on {
		return
	}
	c.on, c.since = true, at
	due := time.Now().Add(h.after(gather))
	for t := range h.targets {
		t.back(c, due)
	}
	nudge(h.wake)
}

// after is how long a lookup waits so that what it says is later than now, and for some
// time at least; mu is held.
func (h *Hub) after(least time.Duration) time.Duration {
	return min(max(h.lag, least), max(retryMax, least))
}

// lose notes a hole in the feed of a collector.
func (h *Hub) lose(c *collector, u *route.Update) {
	c.on = false
	for t := range h.targets {
		t.lose(c, u)
	}
}

// vouch notes up to when a collector's feed has delivered everything. It is told to a
// target when the target is looked at, for it would be told to all of them for nothing.
func (h *Hub) vouch(c *collector, at time.Time) {
	if !at.After(c.alive) {
		return
	}
	c.alive = at
	old := *h.alive.Load()
	next := slices.Clone(old)
	i := slices.IndexFunc(next, func(l life) bool { return l.n == c.n })
	if i < 0 {
		next, i = append(next, life{n: c.n, name: c.name}), len(next)
	}
	next[i].at = at
	h.alive.Store(&next)
}
