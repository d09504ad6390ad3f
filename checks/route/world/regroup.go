package world

import "isitdown/checks/internal/table"

// regroupSlice is how many rows are looked at under one lock: some ten milliseconds.
const regroupSlice = 8192

// Regroup asks [Options].Locate and Network about everything anew, after what they know has changed.
// Others get their turn while it works; until it is done some prefixes still count for the
// country that they counted for before.
func (s *State) Regroup() {
	for row := table.Row(1); row != 0; {
		row = s.regroup(row)
	}
}

// regroup does it from a row on, and gives the next one; 0 where that was all.
func (s *State) regroup(row table.Row) table.Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := table.Row(s.tab.Rows())
	for end := min(rows, row+regroupSlice); row < end; row++ {
		if !s.rows.is(row, placed) {
			continue
		}
		if code := s.countryOf(s.tab.Prefix(row)); code != s.rows.country[row] {
			s.enrol(row, -1)
			s.rows.country[row] = code
			s.enrol(row, 1)
		}
		if x := s.suspects[row]; x != nil { // who may stand in for it is another
			s.file(row, x)
			s.enqueue(row)
		}
	}
	if row < rows {
		return row
	}
	s.recount = true // who carries what, by country
	return 0
}
