package world

import (
	"time"

	"isitdown/checks/internal/table"
	"isitdown/checks/route"
)

// observer is the state as the table sees it: it is told of each change.
type observer struct{ *State }

// Changed takes in one route.
func (o observer) Changed(row table.Row, session int, before, value uint32, at time.Time) {
	s := o.State
	s.rows.reach(row)
	switch m := s.rows.marks[row]; {
	case m&arriving != 0:
	case m&placed != 0:
		s.moved(row, session, before, value, at)
	case m&apart != 0:
		s.neighbours(row)
		if s.tab.Ref(row) == 0 { // it came and went
			s.rejoin(row)
		}
	case s.young(at):
		s.arrive(row)
	case s.tab.Ref(row) != 0:
		s.depart(row, 0)
		s.neighbours(row)
	}
}

// moved takes in one route of a row that is counted.
func (s *State) moved(row table.Row, session int, before, value uint32, at time.Time) {
	s.fill(row)
	if !s.rows.is(row, apart) {
		if before == 0 && (s.young(at) || s.rib.Session(session).State == route.Syncing && s.own(row, value)) {
			// Who sends his table brings nothing new: it was there before he said so. Another
			// origin's route may well be new.
			s.shift(row, value, 1, 1, 1)
			return
		}
		s.was = s.tab.Values(s.tab.Ref(row), s.was[:0])
		for session >= len(s.was) {
			s.was = append(s.was, 0)
		}
		s.was[session] = before
		s.depart(row, s.tab.Make(s.was))
	}
	d := s.apart.of(row)
	d.changed = uint32(max(0, at.Unix()))
	usual := s.tab.At(d.usual, session)
	d.revived = d.revived || d.first != 0 && value != 0 && value == usual
	if before != 0 {
		s.shift(row, before, -1, 0, -same(before, usual))
	}
	if value != 0 {
		s.shift(row, value, 1, 0, same(value, usual))
	}
	s.stir(row)
}

// own reports whether a value is a route of the network that usually originates a row.
func (s *State) own(row table.Row, value uint32) bool {
	origin, _ := s.rib.End(value)
	return origin == s.networks.list[s.rows.network[row]].asn
}

func same(a, b uint32) int32 {
	if a == b {
		return 1
	}
	return 0
}

// Replaced takes in all routes of a prefix at once, of a table dump. What a session then has
// and had not before is no news. What it had otherwise before is.
func (o observer) Replaced(row table.Row, before, after table.Ref, at time.Time) {
	s := o.State
	s.rows.reach(row)
	s.recount = true // who holds what has changed by hundreds of routes: cheaper to count again
	switch m := s.rows.marks[row]; {
	case m&arriving != 0:
		return
	case m&placed == 0 && m&apart == 0:
		if s.young(at) {
			s.arrive(row)
		} else if after != 0 {
			s.depart(row, 0)
		}
		return
	case m&placed == 0:
		if after == 0 {
			s.rejoin(row)
		}
		return
	case m&apart == 0:
		s.fill(row)
		s.was, s.is = s.tab.Values(before, s.was[:0]), s.tab.Values(after, s.is[:0])
		usual, changed := s.seed(row, append(s.normal[:0], s.was...), s.young(at))
		if s.normal = usual; changed {
			s.depart(row, s.tab.Make(usual))
		}
	default:
		d := s.apart.of(row)
		s.was, s.is = s.tab.Values(before, s.was[:0]), s.tab.Values(after, s.is[:0])
		s.normal, _ = s.seed(row, s.tab.Values(d.usual, s.normal[:0]), s.young(at))
		s.replaceUsual(row, s.tab.Make(s.normal))
	}
	s.stir(row)
}

// seed takes for usual what columns hold that held nothing before and of which nothing is
// usual, from the vectors at hand. It gives the longer usual, and whether that differs from
// what is held now.
func (s *State) seed(row table.Row, usual []uint32, young bool) (seeded []uint32, changed bool) {
	was, is := s.was, s.is
	for len(usual) < len(is) {
		usual = append(usual, 0)
	}
	for c, v := range is {
		if valueAt(was, c) == 0 && v != 0 && usual[c] == 0 && (young || s.own(row, v)) {
			usual[c] = v
		}
		changed = changed || usual[c] != v
	}
	for _, v := range usual[len(is):] {
		changed = changed || v != 0
	}
	return usual, changed
}

// Ended takes in that a session has gone with its routes.
func (o observer) Ended(int, time.Time) { o.recount, o.turned = true, true }

// Turned takes in that who votes may have changed.
func (o observer) Turned(int, time.Time) { o.turned = true }

// young reports whether the history is so short that what is there is what is usual.
func (s *State) young(at time.Time) bool {
	first := s.rib.First()
	return first.IsZero() || at.Sub(first) < s.opts.Rules.BaselineStable
}

// arrive notes a row that is to be placed.
func (s *State) arrive(row table.Row) {
	if !s.rows.is(row, arriving) {
		s.rows.set(row, arriving)
		s.arrivals = append(s.arrivals, row)
	}
}

// stir notes a row that has changed.
func (s *State) stir(row table.Row) {
	s.rows.set(row, stirred)
	s.enqueue(row)
}

// enqueue notes a row that is to be counted again.
func (s *State) enqueue(row table.Row) {
	if !s.rows.is(row, queued) {
		s.rows.set(row, queued)
		s.queue = append(s.queue, row)
	}
}
