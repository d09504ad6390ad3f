package route

import (
	"net/netip"
	"slices"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/table"
)

// Extract gives what the RIB holds of the routes that matter to a target, as the
// updates that bring another RIB to the same: Size for each session, a PeerUp and its
// Routes for one that is still sending its table, Table records for the others, and
// Refreshed. All are of the time of the newest update; by then a session may have settled
// that has said nothing since it came up. Without [Rules].FullPaths only the
// end of each path is known here, the origin and the AS next to it. Updates are valid until emit returns.
func (r *RIB) Extract(f *checks.Footprint, dump int, emit func(*Update)) {
	for i := range r.sessions {
		if s := &r.sessions[i]; s.state == Syncing {
			r.settle(i, r.newest)
		}
	}
	x := extract{rib: r, at: r.newest, dump: dump, emit: emit}
	for _, i := range r.ranked {
		x.session(&r.sessions[i])
	}
	list := r.concerning(f)
	for _, prefix := range list {
		x.prefix(prefix)
	}
	emit(&Update{Kind: Refreshed, At: x.at.time(), Dump: dump})
}

// extract is an extraction under way.
type extract struct {
	rib  *RIB
	at   stamp
	dump int
	emit func(*Update)
}

// session announces a session to whoever takes its routes.
func (x *extract) session(s *session) {
	u := Update{Peer: s.peer, At: x.at.time(), Kind: Size, Size: [2]int{s.size(0), s.size(1)}}
	if s.state == Established {
		u.Dump = x.dump
	}
	x.emit(&u)
	if s.state == Syncing {
		x.emit(&Update{Kind: PeerUp, Peer: s.peer, At: s.since.time()})
	}
}

// prefix gives the routes of one prefix.
func (x *extract) prefix(prefix netip.Prefix) {
	ref := x.rib.refOf(prefix)
	dump := Update{Kind: Table, At: x.at.time(), Prefix: prefix, Dump: x.dump}
	for _, i := range x.rib.ranked {
		whole, ok := x.rib.pathAt(ref, i)
		if !ok {
			continue
		}
		path, err := bgp.MakeRawPath(whole)
		if err != nil {
			continue // cannot be: it came as one
		}
		s := &x.rib.sessions[i]
		switch s.state {
		case Established:
			dump.Entries = append(dump.Entries, Entry{Peer: s.peer, Path: path})
		case Syncing:
			x.emit(&Update{Kind: Routes, Peer: s.peer, At: x.at.time(), Announced: []NLRI{{Prefix: prefix}}, Path: path})
		}
	}
	if len(dump.Entries) > 0 {
		x.emit(&dump)
	}
}

// concerning gives the prefixes of the table that matter to a target, in order:
// those inside its space or from the network that it is, and those over them.
func (r *RIB) concerning(f *checks.Footprint) []netip.Prefix {
	found := map[netip.Prefix]bool{}
	add := func(p netip.Prefix) {
		for over := range r.table.Supernets(p) {
			if over.Bits() >= checks.MinCoverBits {
				found[over] = true
			}
		}
	}
	if f.Target.Kind() == checks.KindASN {
		for _, p := range r.originated(f.Target.ASN()) {
			add(p)
			r.inside(p, found)
		}
	}
	for _, p := range f.Prefixes {
		add(p)
		r.inside(p, found)
	}
	list := make([]netip.Prefix, 0, len(found))
	for p := range found {
		list = append(list, p)
	}
	slices.SortFunc(list, checks.ComparePrefixes)
	return list
}

func (r *RIB) inside(p netip.Prefix, found map[netip.Prefix]bool) {
	for q := range r.table.Subnets(p) {
		found[q] = true
	}
}

// originated gives the prefixes that any session has from a network.
func (r *RIB) originated(a checks.ASN) (list []netip.Prefix) {
	known := map[table.Ref]bool{} // by vector: most prefixes share theirs
	theirs := map[uint32]bool{}   // by value: and many vectors have the same
	is := func(value uint32) bool {
		yes, ok := theirs[value]
		if !ok {
			yes = r.endOf(value).origin == a
			theirs[value] = yes
		}
		return yes
	}
	for prefix, row := range r.table.All() {
		ref := r.table.Ref(row)
		from, ok := known[ref]
		if !ok {
			for value := range r.table.Distinct(ref) {
				from = from || is(value)
			}
			known[ref] = from
		}
		if from {
			list = append(list, prefix)
		}
	}
	return list
}
