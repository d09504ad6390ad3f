package archive

import (
	"net/netip"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
)

// teller says what records say, in updates. Its buffers are used again by the next one.
type teller struct {
	update route.Update
	own    batch  // what hangs on the update
	into   *batch // where what hangs on updates of tables is kept instead, behind what is there; nil for nowhere
	// spoken are the sessions that records hold messages of, last is the newest of them.
	spoken map[session]bool
	last   session
}

// session is one as the records of a collector name it.
type session struct {
	collector   string
	peer, local netip.Addr
}

// tell emits what a record of a collector says. The dump is the number of the table dump
// that it is of, where it is of one.
func (t *teller) tell(r *mrt.Record, collector string, dump int, emit func(*route.Update) error) error {
	u := &t.update
	*u = route.Update{At: r.Time, Peer: route.Peer{Collector: collector, Addr: r.PeerAddr, AS: r.PeerAS}}
	switch r.Kind {
	case mrt.KindUpdate:
		t.spoke(r, collector)
		return t.message(r, emit)
	case mrt.KindMessage:
		t.spoke(r, collector)
	case mrt.KindStateChange:
		if t.reversed(r, collector) {
			u.Peer.Addr, u.Peer.AS = r.LocalAddr, r.LocalAS
		}
		switch {
		case r.NewState == mrt.StateEstablished:
			u.Kind = route.PeerUp
		case r.OldState == mrt.StateEstablished:
			u.Kind = route.PeerDown
		default:
			return nil
		}
		return emit(u)
	case mrt.KindRIB:
		return t.table(r, collector, dump, emit)
	}
	return nil
}

// spoke takes note of a session that a message came from.
func (t *teller) spoke(r *mrt.Record, collector string) {
	s := session{collector, r.PeerAddr, r.LocalAddr}
	if s == t.last {
		return
	}
	if t.spoken == nil {
		t.spoken = map[session]bool{}
	}
	t.spoken[s], t.last = true, s
}

// reversed reports whether a change of state has the collector where the peer belongs (RFC
// 6396 section 4.4.1) and the peer where the collector does. OpenBGPD writes all of them so
// (7.7 does, and so says its source of May 2026), and messages as they should be. Taken at
// their word, sessions that are lost would be such as never were. Where messages name either
// of them, as in files of what was sent too, the record is believed.
func (t *teller) reversed(r *mrt.Record, collector string) bool {
	return t.spoken[session{collector, r.LocalAddr, r.PeerAddr}] && !t.spoken[session{collector, r.PeerAddr, r.LocalAddr}]
}

func (t *teller) message(r *mrt.Record, emit func(*route.Update) error) error {
	u := &t.update
	if r.Update.EndOfRIB {
		// The end of another family's table says nothing of this one's.
		if f := r.Update.EndOfRIBFamily; f == bgp.IPv4Unicast || f == bgp.IPv6Unicast {
			u.Kind, u.Family = route.EndOfRIB, f
			return emit(u)
		}
		return nil
	}
	if len(r.Update.Announced) == 0 && len(r.Update.Withdrawn) == 0 {
		return nil
	}
	u.Kind = route.Routes
	u.Announced, u.Withdrawn, u.Path = r.Update.Announced, r.Update.Withdrawn, r.Update.Path
	return emit(u)
}

// table emits one prefix of a dump. The decoder has one entry at a time, so the
// paths are copied side by side.
func (t *teller) table(r *mrt.Record, collector string, dump int, emit func(*route.Update) error) error {
	u := &t.update
	u.Kind, u.Prefix, u.Dump = route.Table, r.Prefix, dump
	into := &t.own
	if t.into != nil {
		into = t.into
	} else {
		into.clear()
	}
	from, entries, paths := len(into.entries), into.entries, into.paths
	for e := range r.Entries() {
		if e.Peer.AS == 0 { // the collector's own routes, in the dumps of some routers
			continue
		}
		at := len(paths)
		paths = append(paths, e.Path...)
		entries = append(entries, route.Entry{
			Peer: route.Peer{Collector: collector, Addr: e.Peer.Addr, AS: e.Peer.AS},
			Path: paths[at:len(paths):len(paths)], PathID: e.PathID,
		})
	}
	into.entries, into.paths = entries, paths
	u.Entries = entries[from:len(entries):len(entries)]
	return emit(u)
}
