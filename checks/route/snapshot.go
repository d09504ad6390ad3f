package route

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// Save gives all that the RIB holds as sections of a file, by their names: those of its table
// ([table.Table.Save]), "rib", "sessions", "ends" (of paths), "added" (of sessions that send several
// paths for a prefix) and with [Rules].FullPaths "paths" in the place of ends. Watches are not
// among it, nor what changed lately.
func (r *RIB) Save(put func(name string, parts ...[]byte)) {
	var w pencil
	w.bool(r.tree != nil)
	w.stamps(r.first, r.newest)
	w.bool(r.dumped)
	w.int(r.refused)
	for _, d := range r.usual {
		w.ints(int(d.day), d.today, d.before)
	}
	put("rib", w.b)
	put("sessions", r.saveSessions())
	if r.tree != nil {
		put("paths", r.tree.save())
	} else {
		put("ends", r.saveTails())
	}
	put("added", r.saveAdded())
	r.table.Save(put)
}

// ErrOtherPaths is wrapped by the error for sections of a RIB that kept whole paths where this
// one keeps ends, or the other way round.
var ErrOtherPaths = errors.New("it was made with another setting for whole paths")

// Load fills an empty RIB from the sections that Save gave. Whatever they hold, the RIB can be
// used afterwards, unless there is an error. [table.Table.Sweep] is to be called once the observer has
// pinned and retained what it needs.
func (r *RIB) Load(get func(name string) ([]byte, bool)) error {
	var p reading
	if p.open(get, "rib"); p.bool() != (r.tree != nil) && p.err == nil {
		return ErrOtherPaths
	}
	r.first, r.newest = p.stamp(), p.stamp()
	r.dumped, r.refused = p.bool(), p.int()
	for f := range r.usual {
		r.usual[f] = dayPeak{int64(p.int()), p.int(), p.int()}
	}
	p.close()
	r.loadSessions(&p, get)
	values := 0
	if r.tree != nil {
		values = r.tree.load(&p, get)
	} else {
		values = r.loadTails(&p, get)
	}
	r.loadAdded(&p, get)
	if p.err != nil {
		return p.err
	}
	if err := r.table.Load(get, len(r.sessions), uint32(values)); err != nil {
		return fmt.Errorf("the table: %w", err)
	}
	r.background.stale = true
	return nil
}

func (r *RIB) saveSessions() []byte {
	var w pencil
	w.int(len(r.sessions))
	for i := range r.sessions {
		s := &r.sessions[i]
		w.text(s.peer.Collector)
		w.addr(s.peer.Addr)
		w.ints(int(s.peer.AS), int(s.state))
		w.stamps(s.since, s.heard, s.ended, s.filled, s.hole)
		w.stamps(s.turns[:]...)
		w.ints(s.routes[0], s.routes[1], s.peak[0], s.peak[1], s.before[0], s.before[1], s.whole[0], s.whole[1])
		for _, is := range []bool{s.marked[0], s.marked[1], s.table, s.unasked[0], s.unasked[1], s.sized, s.unproven, s.refresh, s.resent} {
			w.bool(is)
		}
	}
	return w.b
}

// loadSessions reads the sessions. Dumps are numbered anew, so none is said to be in one.
func (r *RIB) loadSessions(p *reading, get func(string) ([]byte, bool)) {
	p.open(get, "sessions")
	for range p.count(maxSessions) {
		s := session{peer: Peer{Collector: p.text(), Addr: p.addr(), AS: checks.ASN(p.int())}, state: PeerState(p.int())}
		s.since, s.heard, s.ended, s.filled, s.hole = p.stamp(), p.stamp(), p.stamp(), p.stamp(), p.stamp()
		for k := range s.turns {
			s.turns[k] = p.stamp()
		}
		for _, pair := range []*[2]int{&s.routes, &s.peak, &s.before, &s.whole} {
			pair[0], pair[1] = p.int(), p.int()
		}
		for _, is := range []*bool{&s.marked[0], &s.marked[1], &s.table, &s.unasked[0], &s.unasked[1], &s.sized, &s.unproven, &s.refresh, &s.resent} {
			*is = p.bool()
		}
		if _, twice := r.byPeer[s.peer]; twice || s.state < PeerUnknown || s.state > Ended {
			p.fail("session %v is there twice, or in no state", s.peer)
		}
		if p.err != nil {
			return
		}
		r.byPeer[s.peer] = len(r.sessions)
		r.sessions = append(r.sessions, s)
		r.ranked = append(r.ranked, len(r.ranked))
	}
	slices.SortFunc(r.ranked, func(i, j int) int { return r.sessions[i].peer.compare(r.sessions[j].peer) })
	p.close()
}

func (r *RIB) saveTails() []byte {
	w := pencil{b: make([]byte, 0, 8*len(r.tails)+64)}
	w.int(len(r.tails))
	for _, t := range r.tails {
		w.word(uint32(t.origin))
		w.word(uint32(t.upstream))
	}
	w.int(len(r.spareTails))
	for _, value := range r.spareTails {
		w.word(value)
	}
	return w.b
}

func (r *RIB) loadTails(p *reading, get func(string) ([]byte, bool)) (values int) {
	p.open(get, "ends")
	n := p.count(len(p.b) / 8)
	r.tails = make([]tail, n)
	r.tailIDs = make(map[tail]uint32, n)
	for k := range r.tails {
		t := tail{checks.ASN(p.word()), checks.ASN(p.word())}
		r.tails[k] = t
		r.tailIDs[t] = uint32(k + 1)
	}
	for range p.count(len(p.b) / 4) {
		value := p.word()
		if value == 0 || int(value) > n {
			p.fail("value %d is none", value)
			return 0
		}
		r.spareTails = append(r.spareTails, value)
	}
	for _, value := range r.spareTails { // what it stood for may have another one by now
		if t := r.tails[value-1]; r.tailIDs[t] == value {
			delete(r.tailIDs, t)
		}
	}
	r.tailLimit = max(r.tailLimit, 2*(n-len(r.spareTails)))
	p.close()
	return n
}

func (r *RIB) saveAdded() []byte {
	var w pencil
	w.int(len(r.addPaths))
	for key, paths := range r.addPaths {
		w.int(key.session)
		w.addr(key.prefix.Addr())
		w.ints(key.prefix.Bits(), len(paths))
		w.bool(r.crowded[key])
		for _, path := range paths {
			w.word(path.id)
			w.text(path.path)
		}
	}
	return w.b
}

func (r *RIB) loadAdded(p *reading, get func(string) ([]byte, bool)) {
	p.open(get, "added")
	for range p.count(len(p.b)) {
		key := addPathKey{session: p.int()}
		key.prefix = netip.PrefixFrom(p.addr(), p.int())
		paths := make([]addPath, p.count(maxAddPaths))
		crowded := p.bool()
		for k := range paths {
			paths[k] = addPath{p.word(), p.text()}
			if k > 0 && paths[k].id <= paths[k-1].id {
				p.fail("paths of %v are out of order", key.prefix)
			}
		}
		if p.err != nil || key.session < 0 || key.session >= len(r.sessions) || !key.prefix.IsValid() || len(paths) == 0 {
			p.fail("paths of %v are of no session", key.prefix)
			return
		}
		r.addPaths[key] = paths
		if crowded {
			r.crowded[key] = true
		}
	}
	p.close()
}

// Heard gives for each session when it was last heard, be it by a sign of life of its
// collector.
func (r *RIB) Heard() map[Peer]time.Time {
	heard := make(map[Peer]time.Time, len(r.sessions))
	for i := range r.sessions {
		heard[r.sessions[i].peer] = r.sessions[i].heard.time()
	}
	return heard
}

// Settled counts the vantage points that vote on IPv4 or on IPv6 prefixes as of the newest
// update.
func (r *RIB) Settled() int {
	most := 0
	for family := range 2 {
		most = max(most, len(r.electorate(family, r.Tableless(), r.newest).sessions))
	}
	return most
}
