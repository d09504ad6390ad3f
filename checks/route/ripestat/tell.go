package ripestat

import (
	"cmp"
	"maps"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

const (
	// resetWithin is how fast a session that goes down loses all that it held.
	resetWithin = time.Minute
	// contradicted is the part of the sessions that may differ between what their
	// changes lead to and what they are said to hold; a feed loses a message now
	// and then.
	contradicted = 0.1
	// fewContradict may always.
	fewContradict = 2
)

// teller makes updates of what was gathered.
type teller struct {
	l    *lookup
	emit func(*route.Update)
	ids  []source // of the sessions, in the order of collector, AS and address
	held map[netip.Prefix]map[source]bgp.RawPath
	up   map[source]bool                  // was in a dump and is not known to have gone since
	said map[source]map[netip.Prefix]bool // changed since the start, by session
}

func newTeller(l *lookup, emit func(*route.Update)) *teller {
	t := &teller{l: l, emit: emit, held: map[netip.Prefix]map[source]bgp.RawPath{}, up: map[source]bool{}, said: map[source]map[netip.Prefix]bool{}}
	t.ids = slices.SortedFunc(maps.Keys(l.sessions), func(a, b source) int {
		return cmp.Or(cmp.Compare(a.collector, b.collector), cmp.Compare(l.sessions[a].Peer.AS, l.sessions[b].Peer.AS), a.addr.Compare(b.addr))
	})
	return t
}

// history tells all of it, and gives the time that it stands for.
func (t *teller) history() time.Time {
	l := t.l
	t.dump(1, l.start, func(s source) bool { return l.proven(l.start, s) })
	for p, holders := range l.start.routes {
		t.held[p] = map[source]bgp.RawPath{}
		for s, path := range holders {
			if t.up[s] {
				t.held[p][s] = path
			}
		}
	}
	if l.replayed {
		t.replay()
		t.join()
	} else {
		t.lost(l.start.at)
		t.dump(2, l.end, func(s source) bool { return l.proven(l.end, s) })
	}
	if l.now == nil {
		t.alive(l.end.at)
		return l.end.at
	}
	t.lost(l.end.at)
	t.dump(3, l.now, func(s source) bool { return l.proven(l.now, s) })
	return l.now.at
}

// dump tells what the sessions hold that in is true for.
func (t *teller) dump(n int, v *view, in func(source) bool) {
	named := map[source]bool{}
	for _, s := range t.ids {
		if !in(s) {
			continue
		}
		named[s], t.up[s] = true, true
		session := t.l.sessions[s]
		t.emit(&route.Update{Kind: route.Size, At: v.at, Peer: session.Peer, Size: session.Size, Dump: n, NotInside: !t.l.within, NotOver: !t.l.above})
	}
	var entries []route.Entry
	for _, p := range t.l.seen(v) {
		entries = entries[:0]
		for _, s := range t.ids {
			if path, ok := v.routes[p][s]; ok && named[s] {
				entries = append(entries, route.Entry{Peer: t.l.sessions[s].Peer, Path: path})
			}
		}
		if len(entries) > 0 {
			t.emit(&route.Update{Kind: route.Table, At: v.at, Prefix: p, Entries: entries, Dump: n})
		}
	}
	t.emit(&route.Update{Kind: route.Refreshed, At: v.at, Dump: n})
}

// lost tells that nothing is known of any session from here to the next dump.
func (t *teller) lost(at time.Time) {
	for _, name := range t.collectors() {
		t.emit(&route.Update{Kind: route.Lost, At: at, Peer: route.Peer{Collector: name}, Refresh: true})
	}
}

// alive tells that all that there was up to at was told.
func (t *teller) alive(at time.Time) {
	for _, name := range t.collectors() {
		t.emit(&route.Update{Kind: route.Alive, At: at, Peer: route.Peer{Collector: name}})
	}
}

func (t *teller) collectors() (names []string) {
	for _, s := range t.ids {
		names = append(names, s.collector)
	}
	return slices.Compact(names)
}

// replay tells the changes. A session that goes down is told as that.
func (t *teller) replay() {
	downs := t.resets()
	u := route.Update{Kind: route.Routes}
	var nlri [1]route.NLRI
	for i := range t.l.changes {
		c := &t.l.changes[i]
		session, known := t.l.sessions[c.from]
		if !known {
			continue
		}
		if downs[i] {
			t.down(c.from, c.at.Time)
		}
		if t.l.control(c.prefix) >= 0 || c.withdrawn && !t.up[c.from] {
			continue // what a session says while it goes down is no withdrawal
		}
		nlri[0] = route.NLRI{Prefix: c.prefix}
		u.At, u.Peer, u.Announced, u.Withdrawn, u.Path = c.at.Time, session.Peer, nil, nil, nil
		if c.withdrawn || c.broken {
			// A path that cannot be read is a change to something that is not known,
			// which join sets right.
			if c.broken {
				continue
			}
			delete(t.held[c.prefix], c.from)
			u.Withdrawn = nlri[:]
		} else {
			if t.held[c.prefix] == nil {
				t.held[c.prefix] = map[source]bgp.RawPath{}
			}
			t.held[c.prefix][c.from] = c.path
			t.up[c.from] = true
			u.Announced, u.Path = nlri[:], c.path
		}
		t.note(c.from, c.prefix)
		t.emit(&u)
	}
}

func (t *teller) note(s source, p netip.Prefix) {
	if t.said[s] == nil {
		t.said[s] = map[netip.Prefix]bool{}
	}
	t.said[s][p] = true
}

// down tells that a session ended.
func (t *teller) down(s source, at time.Time) {
	if !t.up[s] {
		return
	}
	t.up[s] = false
	for _, holders := range t.held {
		delete(holders, s)
	}
	t.emit(&route.Update{Kind: route.PeerDown, At: at, Peer: t.l.sessions[s].Peer})
}

// resets finds the changes with which sessions go down: from there a session loses
// every control route that it holds within a minute.
func (t *teller) resets() map[int]bool {
	type watched struct {
		held  uint
		first int // change that began the loss, -1 for none
	}
	downs := map[int]bool{}
	all := map[source]*watched{}
	for s, held := range t.l.start.proof {
		all[s] = &watched{held, -1}
	}
	for i := range t.l.changes {
		c := &t.l.changes[i]
		n := t.l.control(c.prefix)
		if n < 0 {
			continue
		}
		w := all[c.from]
		if w == nil {
			w = &watched{0, -1}
			all[c.from] = w
		}
		had := w.held
		if !c.withdrawn {
			w.held |= 1 << n
			w.first = -1
			continue
		}
		w.held &^= 1 << n
		if w.first < 0 || c.at.Sub(t.l.changes[w.first].at.Time) > resetWithin {
			w.first = i
		}
		if had != 0 && w.held == 0 && bits.OnesCount(t.l.start.proof[c.from]) <= t.lossesFrom(w.first, i, c.from) {
			downs[w.first] = true
		}
	}
	return downs
}

// lossesFrom counts the control routes that a session withdraws from one change to
// another.
func (t *teller) lossesFrom(first, last int, s source) int {
	lost := uint(0)
	for i := first; i <= last; i++ {
		if c := &t.l.changes[i]; c.from == s && c.withdrawn {
			if n := t.l.control(c.prefix); n >= 0 {
				lost |= 1 << n
			}
		}
	}
	return bits.OnesCount(lost)
}

// join makes what was told agree with what is held at the end.
func (t *teller) join() {
	l := t.l
	differ, contradict, compared := t.compare()
	if len(contradict) > max(fewContradict, int(contradicted*float64(compared))) {
		l.note("what RIPEstat says that sessions did and what it says that they hold at %s contradict each other for %d of %d sessions with routes of %s: these were left out", clock(l.end.at), len(contradict), compared, l.name())
	} else {
		clear(contradict)
	}
	sound := func(s source) bool { return l.proven(l.end, s) && !contradict[s] }
	if differ {
		t.lost(l.end.at)
		t.dump(2, l.end, sound)
		return
	}
	for _, s := range t.ids {
		if t.up[s] && !sound(s) {
			t.down(s, l.end.at) // it is no longer there, and nobody said when it went
		}
	}
	isNew := map[source]bool{}
	for _, s := range t.ids {
		isNew[s] = !t.up[s] && sound(s)
	}
	if slices.Contains(slices.Collect(maps.Values(isNew)), true) {
		t.dump(2, l.end, func(s source) bool { return isNew[s] })
	}
}

// compare holds what the changes led to against what is held at the end. Sessions
// contradict that hold what they withdrew, or do not hold what they did not
// withdraw; compared counts those of which there is anything to compare.
func (t *teller) compare() (differ bool, contradict map[source]bool, compared int) {
	l := t.l
	contradict = map[source]bool{}
	any := map[source]bool{}
	for _, p := range l.seen(l.start, l.end, &view{routes: t.held}) {
		for _, s := range t.ids {
			if !t.up[s] || !l.proven(l.end, s) {
				continue
			}
			told, isTold := t.held[p][s]
			is, isHeld := l.end.routes[p][s]
			_, had := l.start.routes[p][s]
			any[s] = any[s] || isTold || isHeld || had
			switch {
			case isTold != isHeld:
				differ = true
				if isTold || t.said[s][p] {
					contradict[s] = true
				}
			case string(told) != string(is):
				differ = true
			}
		}
	}
	return differ, contradict, len(any)
}

// inOrder puts the changes of several answers in the order of time; those of one
// second stay as they came.
func inOrder(lists [][]change) []change {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b change) int { return a.at.Compare(b.at.Time) })
	return all
}
