package world

import "time"

// thin notes that some of the vantage points lack a row that is there: the smallest share of
// those who have one is what all agree on of its network and its country. It shrinks at once;
// it grows when a round through all rows that do not hold what is usual is over, and one
// begins each second.
func (s *State) thin(d *deviant) {
	if d.seen >= d.asked || int(d.asked) < s.opts.Assess.MinVoting || d.seen*2 < d.asked || !s.rows.is(d.row, placed) {
		return
	}
	share := float32(d.seen) / float32(d.asked)
	for _, g := range s.groupsOf(d.row) {
		g.least, g.coming = min(g.least, share), min(g.coming, share)
	}
}

// round looks at the rows of a round, and ends it after the last one.
func (s *State) round(until time.Time) {
	if s.thinning == 0 {
		if s.thinned == s.clock {
			return
		}
		s.thinned, s.thinning = s.clock, 1
	}
	for ; s.thinning < len(s.apart.list); s.thinning++ {
		if d := &s.apart.list[s.thinning]; d.seen < d.asked {
			s.thin(d)
		}
		if s.thinning%1024 == 0 && time.Now().After(until) {
			s.thinning++
			return
		}
	}
	s.thinning = 0
	for _, list := range [...][]group{s.countries.list, s.networks.list} {
		for n := range list {
			list[n].least, list[n].coming = list[n].coming, 1
		}
	}
}
