package live

import (
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// maxKnown bounds the prefixes of a network that are looked out for.
const maxKnown = 50_000

// Apply takes in an update of a stream that lookups complete. After a Lost, the first
// update of the same collector says that the stream is whole again from its time on, and
// covers all that was wished for. Table, Size and Refreshed are a lookup's to say; here
// they are left out.
func (h *Hub) Apply(u *route.Update) {
	switch u.Kind {
	case route.Table, route.Size, route.Refreshed:
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dispatch(u, false)
}

// dispatch gives an update to the targets that it concerns; mu is held.
func (h *Hub) dispatch(u *route.Update, whole bool) {
	name := u.Peer.Collector
	if u.Kind == route.Table {
		if len(u.Entries) == 0 {
			return
		}
		name = u.Entries[0].Peer.Collector
	}
	c := h.collector(name, whole)
	if c.whole != whole {
		return // a stream speaks in the name of an own router
	}
	if u.Kind == route.Lost {
		h.lose(c, u)
		return
	}
	h.hear(c, u.At)
	switch u.Kind {
	case route.Alive:
		h.vouch(c, u.At)
	case route.Routes:
		h.routes(c, u)
	case route.Table:
		h.table(c, u)
	default: // about a session, or all
		if u.Kind == route.PeerUp && !whole && h.o.looksUp() {
			up := *u
			up.Refresh = true
			u = &up
		}
		for t := range h.targets {
			t.deliver(u, c)
		}
	}
}

// routes gives each target the routes that concern it.
func (h *Hub) routes(c *collector, u *route.Update) {
	h.turn++
	h.touched = h.touched[:0]
	for _, n := range u.Withdrawn {
		h.index.Concerned(n.Prefix, func(t *Target) { h.touch(t); t.withdrawn = with(t.withdrawn, n) })
	}
	if len(u.Announced) > 0 {
		of := h.originators(u)
		for _, n := range u.Announced {
			h.index.Concerned(n.Prefix, func(t *Target) { h.touch(t); t.announced = with(t.announced, n) })
			for _, t := range of {
				h.touch(t)
				t.announced = with(t.announced, n)
				h.learn(t, n.Prefix)
			}
		}
	}
	for _, t := range h.touched {
		part := *u
		part.Announced, part.Withdrawn = t.announced, t.withdrawn
		if len(part.Announced) == 0 {
			part.Path = nil
		}
		t.deliver(&part, c)
	}
}

// touch clears a target's scratch where the update at hand is the first to write there.
func (h *Hub) touch(t *Target) {
	if t.turn != h.turn {
		t.turn = h.turn
		t.announced, t.withdrawn = t.announced[:0], t.withdrawn[:0]
		h.touched = append(h.touched, t)
	}
}

// with adds a route that is not the last of the list already.
func with(list []route.NLRI, n route.NLRI) []route.NLRI {
	if k := len(list); k > 0 && list[k-1] == n {
		return list
	}
	return append(list, n)
}

// originators gives the targets whose network originates what an update announces.
func (h *Hub) originators(u *route.Update) []*Target {
	if len(h.origins) == 0 {
		return nil
	}
	if a, ok := u.Path.Origin(); ok {
		return h.origins[a]
	}
	var list []*Target
	for _, a := range u.Path.Path().Origins() {
		list = append(list, h.origins[a]...)
	}
	return list
}

// table gives the record of a table dump to the targets that it concerns.
func (h *Hub) table(c *collector, u *route.Update) {
	h.turn++
	h.touched = h.touched[:0]
	h.index.Concerned(u.Prefix, h.touch)
	if len(h.origins) > 0 {
		for i := range u.Entries {
			a, _ := u.Entries[i].Path.Origin()
			for _, t := range h.origins[a] {
				h.touch(t)
				h.learn(t, u.Prefix)
			}
		}
	}
	for _, t := range h.touched {
		t.deliver(u, c)
	}
}

// learn notes a prefix of a network, whose withdrawals name no network. It reports
// whether the prefix is new.
func (h *Hub) learn(t *Target, p netip.Prefix) bool {
	if _, known := t.known[p]; known || p.Bits() < checks.MinCoverBits || len(t.known) >= maxKnown {
		return false
	}
	t.known[p] = struct{}{}
	h.index.Add(p, t)
	h.wishes++
	nudge(h.uncover)
	return true
}

// deliver applies an update to a target's table, now or when somebody else has done
// with it, or holds it back; Hub.mu is held.
func (t *Target) deliver(u *route.Update, c *collector) {
	t.qmu.Lock()
	l := &t.links[c.n]
	switch {
	case !l.current:
		t.hold(u)
		t.qmu.Unlock()
	case !l.whole && u.At.Before(l.known): // it is late, and in the lookup already
		t.qmu.Unlock()
	default:
		t.qmu.Unlock()
		t.put(u)
	}
}

// put applies an update, or leaves it for whoever has the table; Hub.mu is held, so
// nobody else puts anything.
func (t *Target) put(u *route.Update) {
	t.qmu.Lock()
	if len(t.inbox.list) == 0 && t.mu.TryLock() {
		t.qmu.Unlock()
		t.rib.Apply(u)
		t.note()
		t.mu.Unlock()
		return
	}
	t.inbox.push(u)
	if len(t.inbox.list) > t.hub.o.holdUpdates || t.inbox.size > holdBytes {
		t.overrun(u.At)
	}
	t.qmu.Unlock()
	if t.mu.TryLock() {
		t.unlock()
	}
}

// overrun drops an inbox that nobody empties: the sessions are unknown from there on.
// Hub.mu and qmu are held.
func (t *Target) overrun(at time.Time) {
	known := at
	if len(t.inbox.list) > 0 {
		known = t.inbox.list[0].At
	}
	t.inbox.clear()
	t.story.dropped++
	looksUp := t.hub.o.looksUp()
	for _, c := range t.hub.collectors {
		l := &t.links[c.n]
		if !l.current {
			continue
		}
		t.inbox.push(&route.Update{Kind: route.Lost, At: known, Peer: route.Peer{Collector: c.name}, Refresh: looksUp && !c.whole})
		if !c.whole && looksUp {
			l.current, l.disowned, l.known, l.since = false, true, known, c.newest.Add(1)
		}
	}
	t.due = earlier(t.due, time.Now().Add(t.hub.after(t.hub.o.retryMin)))
	nudge(t.hub.wake)
}

// hold keeps an update until a lookup has said what was before it. Hub.mu and qmu are
// held.
func (t *Target) hold(u *route.Update) {
	o := &t.hub.o
	n := cost(u)
	if len(t.held.list) < o.holdUpdates && t.held.size+n <= holdBytes && t.hub.held.Load()+int64(n) <= holdTotal {
		t.held.push(u)
		t.hub.held.Add(int64(n))
		return
	}
	for i := range t.held.list {
		t.missed(&t.held.list[i])
	}
	t.missed(u)
	t.letGo()
	t.story.dropped++
}

// missed notes that an update was dropped: only a state that is later will do.
func (t *Target) missed(u *route.Update) {
	l := &t.links[t.hub.byName[u.Peer.Collector].n]
	if after := u.At.Add(1); after.After(l.since) {
		l.since = after
	}
}

// letGo drops all that is held back; qmu is held.
func (t *Target) letGo() { t.keepHeld(func(*route.Update) bool { return false }) }

// keepHeld drops what is held back and not wanted; qmu is held.
func (t *Target) keepHeld(wanted func(*route.Update) bool) {
	before := t.held.size
	t.held.keep(wanted)
	t.hub.held.Add(int64(t.held.size - before))
}

// lose takes in that a collector's feed has a hole; Hub.mu is held.
func (t *Target) lose(c *collector, u *route.Update) {
	lost := *u
	t.qmu.Lock()
	l := &t.links[c.n]
	l.on = false
	was := l.current
	switch {
	case l.whole:
	case !t.hub.o.looksUp():
		lost.Refresh = false // nobody will say what they hold, so time has to tell
	default:
		l.current = false
		t.keepHeld(func(h *route.Update) bool { return h.Peer.Collector != c.name })
		if was {
			l.known, l.disowned = u.At, true
		}
	}
	t.qmu.Unlock()
	if was {
		t.put(&lost)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
