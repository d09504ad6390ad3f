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
	if !s.rows.is(row, apart) {
		if before == 0 && (s.young(at) || s.rib.Session(session).State == route.Syncing) {
			// Who sends his table brings nothing new: it was there before he said so.
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
	usual := s.tab.At(s.apart.of(row).usual, session)
	if before != 0 {
		s.shift(row, before, -1, 0, -same(before, usual))
	}
	if value != 0 {
		s.shift(row, value, 1, 0, same(value, usual))
	}
	s.stir(row)
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
		s.was, s.is = s.tab.Values(before, s.was[:0]), s.tab.Values(after, s.is[:0])
		usual, changed := seed(append(s.normal[:0], s.was...), s.was, s.is)
		if s.normal = usual; changed {
			s.depart(row, s.tab.Make(usual))
		}
	default:
		d := s.apart.of(row)
		s.was, s.is = s.tab.Values(before, s.was[:0]), s.tab.Values(after, s.is[:0])
		s.normal, _ = seed(s.tab.Values(d.usual, s.normal[:0]), s.was, s.is)
		s.replaceUsual(row, s.tab.Make(s.normal))
	}
	s.stir(row)
}

// seed takes for usual what columns hold that held nothing before and of which nothing is
// usual. It gives the longer usual, and whether any column holds something else than before.
func seed(usual, was, is []uint32) (seeded []uint32, changed bool) {
	for len(usual) < len(is) {
		usual = append(usual, 0)
	}
	for c, v := range is {
		had := uint32(0)
		if c < len(was) {
			had = was[c]
		}
		switch {
		case had == 0 && v != 0 && usual[c] == 0:
			usual[c] = v
		case had != v:
			changed = true
		}
	}
	for _, had := range was[min(len(was), len(is)):] {
		changed = changed || had != 0
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
