package live

import (
	"context"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// whole is the table of the feeds that deliver whole tables.
type whole struct {
	mu    sync.Mutex
	rib   *route.RIB
	paths bool // whole ones are kept
	dumps int  // extracted so far
	sizes map[route.Peer][2]int
	// refused counts the announcements of prefixes beyond the most that are kept; fit is
	// what is left of the update at hand.
	refused int
	fit     []route.NLRI
}

// Dumps are numbered apart in a target's table: those of lookups from 1, those that the
// feeds of whole tables number from one of these, those extracted from the other.
const (
	feedDumps    = 1 << 20
	extractDumps = 1 << 30
)

// ApplyWhole takes in an update of a feed that delivers whole tables, as an operator's
// own routers do. Collectors of such feeds must have names of their own.
func (h *Hub) ApplyWhole(u *route.Update) {
	h.whole.mu.Lock()
	defer h.whole.mu.Unlock()
	kept := u
	if h.whole.rib.Size() >= h.o.wholePrefixes {
		kept = h.onlyKnown(u)
	}
	h.whole.rib.Apply(kept)
	renumbered := *u
	if u.Dump != 0 {
		renumbered.Dump += feedDumps
	}
	h.mu.Lock()
	h.dispatch(&renumbered, true)
	h.mu.Unlock()
	if u.Kind == route.EndOfRIB || u.Kind == route.Refreshed {
		h.tellSizes()
	}
}

// onlyKnown gives an update without the prefixes that the table, which is full, does not
// have: a router that makes up prefixes must not take the memory of all. Targets are given
// the whole update, for they have bounds of their own. whole.mu is held.
func (h *Hub) onlyKnown(u *route.Update) *route.Update {
	w := &h.whole
	w.fit = w.fit[:0]
	for _, n := range u.Announced {
		if w.rib.Knows(n.Prefix) {
			w.fit = append(w.fit, n)
		}
	}
	if len(w.fit) == len(u.Announced) {
		return u
	}
	if w.refused == 0 {
		h.o.Log.Warn("own routers announce more prefixes than are kept; the others are left out", "collector", u.Peer.Collector, "kept", h.o.wholePrefixes)
	}
	w.refused += len(u.Announced) - len(w.fit)
	fit := *u
	fit.Announced = w.fit
	return &fit
}

// extract gives a new target what the whole tables hold of it; whole.mu is held.
func (h *Hub) extract(t *Target) {
	if h.whole.rib.Sessions() == 0 {
		return
	}
	h.whole.dumps++
	t.lock()
	var learned queue
	h.whole.rib.Extract(&t.footprint, extractDumps+h.whole.dumps, func(u *route.Update) {
		t.rib.Apply(u)
		if t.byOrigin() && (u.Kind == route.Table || u.Kind == route.Routes) {
			learned.push(u)
		}
	})
	t.unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range learned.list {
		h.study(t, &learned.list[i])
	}
}

// study learns the prefixes of a network from an update that was not dispatched, and
// reports whether any was new; mu is held.
func (h *Hub) study(t *Target, u *route.Update) (news bool) {
	a := t.footprint.Target.ASN()
	switch u.Kind {
	case route.Table:
		for i := range u.Entries {
			if o, _ := u.Entries[i].Path.Origin(); o == a {
				return h.learn(t, u.Prefix)
			}
		}
	case route.Routes:
		if o, _ := u.Path.Origin(); o == a {
			for _, n := range u.Announced {
				news = h.learn(t, n.Prefix) || news
			}
		}
	}
	return news
}

// sizesEvery is how often targets are told how large the whole tables are.
const sizesEvery = time.Minute

// keepSizes tells the targets how large the whole tables are, until the context ends. A
// target sees a few routes of a session, and cannot count the others.
func (h *Hub) keepSizes(ctx context.Context) {
	tick := time.NewTicker(sizesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		h.whole.mu.Lock()
		h.tellSizes()
		h.whole.mu.Unlock()
	}
}

// tellSizes tells the targets of each whole table that has grown or shrunk by one in a
// hundred since they were told last; whole.mu is held.
func (h *Hub) tellSizes() {
	if h.whole.sizes == nil {
		h.whole.sizes = map[route.Peer][2]int{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.whole.rib.Extract(&checks.Footprint{}, 0, func(u *route.Update) {
		told, known := h.whole.sizes[u.Peer]
		if u.Kind != route.Size || known && alike(told[0], u.Size[0]) && alike(told[1], u.Size[1]) {
			return
		}
		h.whole.sizes[u.Peer] = u.Size
		c := h.collector(u.Peer.Collector, true)
		for t := range h.targets {
			t.deliver(u, c)
		}
	})
}

func alike(a, b int) bool { return max(a, b)-min(a, b) <= max(a, b)/100 }
