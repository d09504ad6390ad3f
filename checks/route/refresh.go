package route

import (
	"maps"
	"net/netip"
	"slices"

	"isitdown/checks"
)

// lose notes a hole in the feed of a collector.
func (r *RIB) lose(u *Update, at stamp) {
	for i := range r.sessions {
		s := &r.sessions[i]
		if s.peer.Collector != u.Peer.Collector || !s.live() {
			continue
		}
		r.enter(i, Syncing, at)
		if !s.refresh { // or the first hole stands: nothing has been whole since
			s.hole = at
		}
		s.before = [2]int{} // nothing but time tells when it is whole again, or a dump
		s.refresh = s.refresh || u.Refresh
	}
	for _, w := range r.watches {
		w.revision++
	}
}

// size takes in how large a session's whole table is and, with a dump, that the
// session is in it.
func (r *RIB) size(u *Update, at stamp) {
	i := r.session(u.Peer)
	if i < 0 {
		return
	}
	s := &r.sessions[i]
	s.sized, s.whole, s.unasked = true, u.Size, [2]bool{u.NotInside, u.NotOver}
	if u.Dump != 0 {
		r.dumped = true
		r.adopt(i, u.Dump, at)
	}
}

// refreshed ends a dump. Sessions that were waiting for it have lost what it does
// not say they hold, and are whole.
func (r *RIB) refreshed(u *Update, at stamp) {
	waiting := []int{}
	for i := range r.sessions {
		if s := &r.sessions[i]; s.refresh && s.dump == u.Dump {
			waiting = append(waiting, i)
		}
	}
	if len(waiting) > 0 {
		r.dropUnnamed(waiting, at)
	}
	for _, i := range waiting {
		s := &r.sessions[i]
		s.refresh, s.hole = false, 0
		r.enter(i, Established, at)
	}
	clear(r.refreshing)
	for _, w := range r.watches {
		w.revision++
	}
}

// Waiting gives the collectors of which a session that is up waits for a dump to say
// what it holds.
func (r *RIB) Waiting() map[string]bool {
	names := map[string]bool{}
	for i := range r.sessions {
		if s := &r.sessions[i]; s.refresh && s.live() {
			names[s.peer.Collector] = true
		}
	}
	return names
}

// dropUnnamed withdraws what the waiting sessions hold and the dump does not name.
func (r *RIB) dropUnnamed(waiting []int, at stamp) {
	gone := map[netip.Prefix][]int{}
	for prefix, row := range r.table.All() {
		ref := r.table.Ref(row)
		for _, i := range waiting {
			if r.table.At(ref, i) != 0 && !r.refreshing[addPathKey{i, prefix}] {
				gone[prefix] = append(gone[prefix], i)
			}
		}
	}
	for _, prefix := range slices.SortedFunc(maps.Keys(gone), checks.ComparePrefixes) {
		for _, i := range gone[prefix] {
			delete(r.addPaths, addPathKey{i, prefix})
			delete(r.crowded, addPathKey{i, prefix})
			r.withdraw(i, NLRI{Prefix: prefix}, at)
		}
	}
}

// hiddenSince is since when a hole has hidden what the session says now; zero
// where nothing did.
func (s *session) hiddenSince() stamp {
	if s.refresh {
		return s.hole
	}
	return 0
}
