package route

// load takes in one prefix of a table dump. A session that is known already
// keeps what its updates said: they are newer than the dump's slow writing.
func (r *RIB) load(u *Update, at stamp) {
	r.dumped = true
	r.background.stale = true
	adopters := r.adopters[:0]
	for k := range u.Entries { // first, for it may change the prefix's vector
		i := r.sessionAgain(k, &u.Entries[k].Peer)
		if i >= 0 && !r.adopt(i, u.Dump, at) {
			i = -1
		}
		adopters = append(adopters, i)
	}
	r.adopters = adopters
	if r.noRoom(u.Prefix) {
		return
	}
	row := r.table.Row(u.Prefix)
	dense := r.table.Values(r.table.Ref(row), r.dense[:0])
	changed := false
	for k, i := range adopters {
		if i < 0 {
			continue
		}
		if i >= len(dense) {
			dense = append(dense, make([]uint32, i+1-len(dense))...)
		}
		changed = r.loadEntry(u, &u.Entries[k], i, &dense[i], at) || changed
	}
	r.dense = dense
	if changed {
		r.replace(u.Prefix, dense, at)
	}
}

// sessionAgain gives the number of a session that is the k-th of a record, as session does:
// most often it was the k-th of the record before.
func (r *RIB) sessionAgain(k int, p *Peer) int {
	if k < len(r.adopters) {
		if i := r.adopters[k]; i >= 0 && r.sessions[i].peer == *p {
			r.named = i
			return i
		}
	}
	return r.session(*p)
}

// loadEntry takes in what session i holds for the prefix of a table dump, and
// reports whether that changed value, which stands for it.
func (r *RIB) loadEntry(u *Update, e *Entry, i int, value *uint32, at stamp) bool {
	path, n := e.Path, NLRI{Prefix: u.Prefix, PathID: e.PathID}
	s := &r.sessions[i]
	if s.refresh {
		r.refreshing[addPathKey{i, u.Prefix}] = true
	}
	switch {
	case n.PathID != 0:
		if r.hasPath(i, n) {
			return false
		}
		path = r.addPath(i, n, path)
	case *value != 0 && !s.refresh:
		return false
	}
	if *value == 0 {
		s.gain(familyOf(u.Prefix))
	}
	s.loading = true
	r.shift(i, u.Prefix, *value, path, true, at)
	next := r.valueOf(i, path)
	if s.refresh && r.tree != nil && next != *value {
		r.journal.note(u.Prefix, i, *value, at)
	}
	*value, s.filled = next, at
	for _, w := range r.watches {
		w.announced(u.Prefix, i, path, at)
	}
	s.loading = false
	return true
}

// adopt reports whether session i takes its routes from the given dump, which
// it does when its table was not known before, and as long as it stays up.
func (r *RIB) adopt(i, dump int, at stamp) bool {
	s := &r.sessions[i]
	s.heard = max(s.heard, at)
	if s.dump == dump {
		return s.adopts
	}
	if s.state == Stale || s.hole != 0 && !s.refresh {
		r.end(i, at)
	}
	s.dump, s.adopts = dump, !s.table || !s.live() || s.refresh
	if s.adopts && !s.refresh {
		if s.state == Ended && s.ended != 0 {
			s.turns.note(at)
		}
		r.enter(i, Established, at)
	}
	s.table = s.table || s.adopts
	return s.adopts
}
