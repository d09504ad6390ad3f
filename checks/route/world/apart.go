package world

import (
	"isitdown/checks/internal/table"
)

// deviant is a row that does not hold what is usual for it, or of which nothing is usual yet.
// All other rows hold what is usual, and need no vector of their own for that: a session that
// ends then leaves what is usual in the same pass as the table. Times are in seconds, 0 for
// none.
type deviant struct {
	row    table.Row // 0 for a place that is free
	usual  table.Ref // retained
	sample table.Ref // what it held when it was last looked at, retained
	// changed is when it last changed at the source, since it was counted; 0 for not.
	changed uint32
	// sampled is when that was.
	sampled int64
	// lacking is since when a column has had nothing that usually has something.
	lacking int64
	// Vantage points that have it usually and vote, and those of them that have it.
	asked, seen uint16
	// revived: since the loss began a session had its usual route back. Then nobody is taken to
	// hold one that is stuck.
	revived bool
	// When the first of them lacked it, half of them, and nine in ten.
	first, half, ninety int64
}

// deviants are kept without pointers: there may be some hundred thousand.
type deviants struct {
	list []deviant
	free []uint32
	by   map[table.Row]uint32
}

func makeDeviants() deviants { return deviants{list: make([]deviant, 1), by: map[table.Row]uint32{}} }

// of gives the record of a row, nil where it has none; it is valid until another is added.
func (d *deviants) of(row table.Row) *deviant {
	k, ok := d.by[row]
	if !ok {
		return nil
	}
	return &d.list[k]
}

func (d *deviants) add(row table.Row) *deviant {
	var k uint32
	if n := len(d.free); n > 0 {
		k, d.free = d.free[n-1], d.free[:n-1]
	} else {
		k = uint32(len(d.list))
		d.list = append(d.list, deviant{})
	}
	d.list[k] = deviant{row: row}
	d.by[row] = k
	return &d.list[k]
}

func (d *deviants) remove(row table.Row) {
	k := d.by[row]
	d.list[k] = deviant{}
	d.free = append(d.free, k)
	delete(d.by, row)
}

// depart begins to keep what is usual of a row apart from what it holds. The state takes
// over the use of usual.
func (s *State) depart(row table.Row, usual table.Ref) *deviant {
	d := s.apart.add(row)
	d.usual = usual
	s.rows.set(row, apart)
	return d
}

// rejoin ends that: the row holds what is usual, or nothing is known of it any more.
func (s *State) rejoin(row table.Row) {
	d := s.apart.of(row)
	s.tab.Release(d.usual)
	s.tab.Release(d.sample)
	s.apart.remove(row)
	s.rows.unset(row, apart)
	s.clearSuspect(row)
}

// usual gives the vector of what is usual for a row.
func (s *State) usual(row table.Row) table.Ref {
	if s.rows.is(row, apart) {
		return s.apart.of(row).usual
	}
	if s.rows.is(row, placed) {
		return s.tab.Ref(row)
	}
	return 0
}
