package world

import (
	"time"

	"isitdown/checks/internal/table"
	"isitdown/checks/route"
)

// What is usual is looked at for each row that does not hold it: once BaselineStable is over
// since the last time, within a round more.
const (
	sampleRound = 60                   // seconds
	perSample   = 32                   // rows looked at in one call at least
	heldFor     = int64(7 * 24 * 3600) // seconds that what is usual is held for at most while a country or network stands badly
)

// sample looks at some of the rows that do not hold what is usual.
func (s *State) sample(until time.Time) {
	n := len(s.apart.list)
	for range min(n, n/(sampleRound*10)+perSample) {
		if s.cursor++; s.cursor >= len(s.apart.list) {
			s.cursor = 1
		}
		if s.cursor >= len(s.apart.list) {
			return
		}
		d := &s.apart.list[s.cursor]
		if d.row == 0 || d.sampled != 0 && s.clock-d.sampled < s.stable() {
			continue
		}
		if s.normalize(d.row); time.Now().After(until) {
			return
		}
	}
}

// stable is how long something has to stand to become usual, in seconds.
func (s *State) stable() int64 { return int64(s.opts.Rules.BaselineStable.Seconds()) }

// normalize takes for usual what a session held at both ends of an hour, and forgets what it
// has not held for the window of a baseline. While the row is lost, or its country or network
// stands badly, nothing becomes usual, and what is stays longer.
func (s *State) normalize(row table.Row) {
	d := s.apart.of(row)
	before, first := d.sampled, d.sampled == 0
	s.was, s.is = s.tab.Values(d.sample, s.was[:0]), s.tab.Values(s.tab.Ref(row), s.is[:0])
	s.tab.Retain(s.tab.Ref(row))
	s.tab.Release(d.sample)
	d.sample, d.sampled = s.tab.Ref(row), s.clock
	if first {
		return
	}
	bad := s.standsBadly(row)
	lost := s.suspects[row] != nil
	keep := int64(s.opts.Rules.BaselineWindow.Seconds())
	if bad {
		keep = heldFor
	}
	expired := d.lacking != 0 && s.clock-d.lacking >= keep
	s.normal = s.tab.Values(d.usual, s.normal[:0])
	for len(s.normal) < len(s.is) {
		s.normal = append(s.normal, 0)
	}
	lacks := false
	for c, usual := range s.normal {
		was, is := valueAt(s.was, c), valueAt(s.is, c)
		switch {
		case is != 0 && is == was && !bad && !lost:
			s.normal[c] = is
		case is != 0 || usual == 0:
		case was == 0 && (expired || !bad && !lost && s.rib.Session(c).State == route.Ended):
			s.normal[c] = 0
		default:
			lacks = true
		}
	}
	switch {
	case !lacks:
		d.lacking = 0
	case d.lacking == 0:
		d.lacking = before
	}
	s.replaceUsual(row, s.tab.Make(s.normal))
}

func valueAt(values []uint32, c int) uint32 {
	if c < len(values) {
		return values[c]
	}
	return 0
}

// standsBadly reports whether the country or the network of a row is Down or Degraded, and
// not for longer than what is usual is held for.
func (s *State) standsBadly(row table.Row) bool {
	if !s.rows.is(row, placed) {
		return false
	}
	for _, g := range s.groupsOf(row) {
		if g.bad != 0 && s.clock-g.bad < heldFor {
			return true
		}
	}
	return false
}

// replaceUsual gives a row that does not hold what is usual another vector of that. The
// state takes over the use of it.
func (s *State) replaceUsual(row table.Row, usual table.Ref) {
	d := s.apart.of(row)
	if usual == d.usual {
		s.tab.Release(usual)
		return
	}
	counted := s.rows.is(row, placed)
	switch {
	case counted && usual == 0:
		s.clearSuspect(row)
		s.unplace(row)
	case counted:
		s.contribute(row, -1)
		s.enrol(row, -1)
	}
	s.tab.Release(d.usual)
	d.usual = usual
	switch {
	case usual == 0 && s.tab.Ref(row) == 0:
		s.rejoin(row)
	case usual == 0:
	case !counted:
		s.place(row)
	default:
		s.rows.network[row] = s.networkOf(usual)
		if x := s.suspects[row]; x != nil {
			s.file(row, x)
		}
		s.enrol(row, 1)
		s.contribute(row, 1)
	}
	if usual != 0 && usual == s.tab.Ref(row) {
		s.rejoin(row)
	} else if usual != 0 {
		s.enqueue(row)
	}
}
