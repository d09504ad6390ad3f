package world

import (
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// shift counts routes of a value that a placed row has more now, usually, and still.
func (s *State) shift(row table.Row, value uint32, now, usual, still int32) {
	country := s.rows.country[row]
	for _, p := range [...]*pairs{s.pairs, s.next} {
		if p == nil || p == s.next && row >= s.nextRow {
			continue
		}
		p.count(value, country, s.rib.End, now, usual, still)
	}
}

// routesOf gives the routes of a placed row by their values: how many it has now, usually,
// and still.
func (s *State) routesOf(row table.Row, f func(value uint32, now, usual, still int32)) {
	if !s.rows.is(row, apart) {
		s.tab.Each(s.tab.Ref(row), func(value uint32, columns int) {
			f(value, int32(columns), int32(columns), int32(columns))
		})
		return
	}
	usual := s.apart.of(row).usual
	s.tab.Each(s.tab.Ref(row), func(value uint32, columns int) { f(value, int32(columns), 0, 0) })
	s.tab.Each(usual, func(value uint32, columns int) { f(value, 0, int32(columns), 0) })
	s.scratch, s.scratch2 = s.tab.Values(usual, s.scratch[:0]), s.tab.Values(s.tab.Ref(row), s.scratch2[:0])
	for c, v := range s.scratch2[:min(len(s.scratch2), len(s.scratch))] {
		if v != 0 && v == s.scratch[c] {
			f(v, 0, 0, 1)
		}
	}
}

// contribute counts all routes of a placed row, n times.
func (s *State) contribute(row table.Row, n int32) {
	s.routesOf(row, func(value uint32, now, usual, still int32) { s.shift(row, value, n*now, n*usual, n*still) })
}

// sweep counts who carries what anew, a slice of rows a call, and reports whether it is
// done. Routes that went with a session are not taken off one by one.
func (s *State) sweep(until time.Time) (done bool) {
	if s.next == nil {
		if !s.recount && !s.pairs.bloated() {
			return true
		}
		s.recount, s.next, s.nextRow = false, newPairs(), 1
	}
	for end := table.Row(s.tab.Rows()); s.nextRow < end; {
		row := s.nextRow
		s.nextRow++
		s.hollow(row)
		if s.rows.is(row, placed) {
			country := s.rows.country[row]
			s.routesOf(row, func(value uint32, now, usual, still int32) {
				s.next.count(value, country, s.rib.End, now, usual, still)
			})
		}
		if row%256 == 0 && time.Now().After(until) {
			return false
		}
	}
	s.pairs, s.next = s.next, nil
	s.pairs.sound = s.pairs.list.n
	if s.clock-s.emptied >= int64(s.opts.Rules.BaselineWindow.Seconds()) {
		s.emptied = 0
	}
	return true
}

// hollow notes a row of which nobody is left who had it: it is in no count until somebody
// who sends his table has it again, and forgotten after the window of a baseline.
func (s *State) hollow(row table.Row) {
	m := s.rows.marks
	if int(row) >= len(m) || m[row]&placed == 0 || m[row]&apart != 0 || s.tab.Ref(row) != 0 {
		return
	}
	switch window := int64(s.opts.Rules.BaselineWindow.Seconds()); {
	case m[row]&empty == 0:
		if s.emptied == 0 {
			s.emptied = s.clock
		}
		s.enrol(row, -1)
		s.rows.set(row, empty)
	case s.clock-s.emptied >= window:
		s.fill(row)
		s.unplace(row)
	}
}

// fill ends that.
func (s *State) fill(row table.Row) {
	if s.rows.is(row, empty) {
		s.rows.unset(row, empty)
		s.enrol(row, 1)
	}
}

// drainAll counts the rows that wait, as many as may wait, and gives others their turn
// meanwhile.
func (s *State) drainAll() {
	for range maxQueue / batch {
		if s.drain(batch); len(s.queue) == 0 {
			return
		}
		s.yield()
	}
}

// drain counts rows again that have changed, at most so many, and the suspects that lie
// inside them or over them.
func (s *State) drain(most int) {
	s.number()
	s.admit()
	n := min(most, len(s.queue))
	for k := range n {
		row := s.queue[k]
		moved := s.rows.is(row, stirred)
		s.rows.unset(row, queued|stirred)
		s.count(row)
		if moved {
			s.neighbours(row)
		}
	}
	s.queue = slices.Delete(s.queue, 0, n)
	if s.recheck {
		s.recheck = false
		for row := range s.suspects {
			s.enqueue(row)
		}
	}
}

// again queues rows that are not whole, because others vote than before.
func (s *State) again(most int) {
	for ; most > 0 && s.revote > 1; most-- {
		s.revote--
		if s.revote < len(s.apart.list) {
			if row := s.apart.list[s.revote].row; row != 0 {
				s.enqueue(row)
			}
		}
	}
}

// count asks the vantage points about one row. One that holds what is usual has nothing to
// be asked about.
func (s *State) count(row table.Row) {
	d := s.apart.of(row)
	if d == nil || d.usual == 0 {
		return
	}
	now := s.tab.Ref(row)
	if d.usual == now {
		s.rejoin(row)
		return
	}
	s.was, s.is = s.tab.Values(d.usual, s.was[:0]), s.tab.Values(now, s.is[:0])
	origins := s.originsOf(d.usual)
	e := &s.electors[family(s.tab.Prefix(row).Addr().Is6())]
	asked, seen, other, start := 0, 0, 0, 0
	for _, end := range e.ends {
		sessions := e.sessions[start:end]
		start = end
		if len(sessions) == 1 { // most vantage points have one, which has what it usually has
			usual := valueAt(s.was, sessions[0])
			if usual == 0 {
				continue
			}
			if usual == valueAt(s.is, sessions[0]) {
				asked, seen = asked+1, seen+1
				continue
			}
		}
		had, has, foreign := s.look(sessions, origins)
		if !had {
			continue
		}
		asked++
		if has {
			seen++
		} else if foreign {
			other++
		}
	}
	d.asked, d.seen = uint16(asked), uint16(seen)
	s.thin(d)
	if seen*2 < asked || other*10 >= max(1, asked) || now == 0 || asked == 0 && s.suspects[row] != nil {
		s.suspect(row, d, origins)
		return
	}
	d.mark(asked, seen, s.since(d))
	s.clearSuspect(row)
}

// since is when what a row is counted for came about: at its last change, as the source
// dates that, and now where others vote than before.
func (s *State) since(d *deviant) int64 {
	at := s.clock
	if d.changed != 0 {
		at = min(at, int64(d.changed))
	}
	d.changed = 0
	return at
}

// look says of one vantage point, whose usual and present values are at hand, whether it had
// a route usually, has one of an accepted origin, or only another one's.
func (s *State) look(sessions []int, origins []checks.ASN) (had, has, foreign bool) {
	for _, i := range sessions {
		had = had || i < len(s.was) && s.was[i] != 0
		if i >= len(s.is) || s.is[i] == 0 {
			continue
		}
		v := s.is[i]
		if i < len(s.was) && s.was[i] == v || s.accepts(v, origins) {
			has = true
		} else {
			foreign = true
		}
	}
	return had, has, foreign
}

func (s *State) accepts(value uint32, origins []checks.ASN) bool {
	origin, _ := s.rib.End(value)
	return origin == 0 || slices.Contains(origins, origin)
}

// originsOf gives the origins of a vector; valid until the next call.
func (s *State) originsOf(ref table.Ref) []checks.ASN {
	s.origins = s.origins[:0]
	for value := range s.tab.Distinct(ref) {
		if o, _ := s.rib.End(value); o != 0 && !slices.Contains(s.origins, o) {
			s.origins = append(s.origins, o)
		}
	}
	return s.origins
}

// mark notes when the first vantage point, half of them and nine in ten were without it, and
// without anything in its place. While there is nobody to ask nothing is known, and a loss
// that there was is neither over nor begins anew.
func (d *deviant) mark(asked, seen int, now int64) {
	if asked == 0 {
		return
	}
	lost, before := asked-seen, int64(0)
	d.revived = d.revived && lost > 0
	for _, c := range []struct {
		at   *int64
		true bool
	}{{&d.first, lost > 0}, {&d.half, lost > 0 && lost*2 >= asked}, {&d.ninety, lost > 0 && lost*10 >= 9*asked}} {
		switch {
		case !c.true:
			*c.at = 0
		case *c.at == 0:
			*c.at = max(now, before) // sources come in any order
		}
		before = max(before, *c.at)
	}
}

func family(ipv6 bool) int {
	if ipv6 {
		return 1
	}
	return 0
}
