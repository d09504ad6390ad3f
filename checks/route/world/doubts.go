package world

import (
	"math"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// doubts are the suspects of a country or a network, and what they come to. That is worked
// out when somebody asks, and once more only where they have changed, one more has settled, or
// others vote.
type doubts struct {
	rows  []table.Row
	of    []*suspect // each
	tally tally
	count int // of them have settled, and are in the tally
	// The tally is good from a second on, until another; both are 0 where it is stale.
	from, until int64
	benches     [2]checks.Bench
}

func (d *doubts) stale() {
	if d != nil {
		d.from, d.until = 0, 0
	}
}

// filed is where a suspect stands in the doubts of its network and its country.
type filed struct {
	in    [2]uint32 // which they are; 0 for none
	place [2]uint32
}

// file has a suspect stand with its network and its country, which may have become others.
func (s *State) file(row table.Row, x *suspect) {
	now := [...]uint32{ofNetwork: s.rows.network[row], ofCountry: uint32(s.rows.country[row])}
	if x.filed.in == now {
		return
	}
	s.unfile(x)
	for of, n := range now {
		if n == 0 {
			continue
		}
		g := s.group(of, n)
		if g.doubts == nil {
			g.doubts = &doubts{}
			s.doubtful(of)[n] = true
		}
		d := g.doubts
		d.stale()
		x.filed.in[of], x.filed.place[of] = n, uint32(len(d.of))
		d.rows, d.of = append(d.rows, row), append(d.of, x)
	}
}

// unfile ends that.
func (s *State) unfile(x *suspect) {
	for of, n := range x.filed.in {
		if n == 0 {
			continue
		}
		g := s.group(of, n)
		d := g.doubts
		k, last := x.filed.place[of], len(d.of)-1
		d.rows[k], d.of[k] = d.rows[last], d.of[last]
		d.of[k].filed.place[of] = k
		d.rows, d.of = slices.Delete(d.rows, last, last+1), slices.Delete(d.of, last, last+1)
		if d.stale(); last == 0 {
			g.doubts = nil
			delete(s.doubtful(of), n)
		}
	}
	x.filed = filed{}
}

// kindOf says which of the two a group is.
func kindOf(g *group) int {
	if g.code != "" {
		return ofCountry
	}
	return ofNetwork
}

func (s *State) group(of int, n uint32) *group {
	if of == ofCountry {
		return &s.countries.list[n]
	}
	return &s.networks.list[n]
}

func (s *State) doubtful(of int) map[uint32]bool {
	if of == ofCountry {
		return s.countries.doubtful
	}
	return s.networks.doubtful
}

// judge adds up the suspects of a group that have settled; nil where there are none.
func (s *State) judge(g *group, now time.Time, b *[2]checks.Bench) *tally {
	d, at := g.doubts, now.Unix()
	if d == nil {
		return nil
	}
	if at < d.from || at >= d.until || d.benches != *b {
		d.benches, d.from, d.until, d.count = *b, at, math.MaxInt64, 0
		d.tally = tally{least: 1, losses: d.tally.losses[:0], rows: d.tally.rows[:0]}
		of := kindOf(g)
		for k, x := range d.of {
			if counts := x.counts(s.settle()); at < counts {
				d.until = min(d.until, counts)
				continue
			}
			d.count++
			s.add(&d.tally, d.rows[k], x, of, b)
		}
	}
	if d.count == 0 {
		return nil
	}
	return &d.tally
}
