package world

import (
	"math/bits"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// suspect is a row that half of the vantage points lack, or that others' routes have taken
// the place of: what they say of it, in numbers. Whether that makes it lost is judged when
// somebody asks, for it depends on who votes and on how long it has been so.
type suspect struct {
	// network and country say how it stands for its network and for its country, whose other
	// networks may announce it as well.
	network, country checks.Ballot
	// first, half and ninety are since when the first vantage point, half of them and nine in
	// ten lack it, in seconds; 0 for not.
	first, half, ninety int64
	// since is when it became one.
	since int64
	// over is the nearest usual prefix of the same network, and of the same country, over it,
	// which may hold its addresses; 0 for none.
	over   [2]table.Row
	losing collectorSet // those at which half of the vantage points lack it
	filed  filed
}

// The two that a row belongs to.
const (
	ofNetwork = iota
	ofCountry
)

// ballot gives how it stands for one of them.
func (x *suspect) ballot(of int) checks.Ballot {
	if of == ofCountry {
		return x.country
	}
	return x.network
}

// collectorBits is how many collectors are told apart; RIPE RIS and RouteViews have some 70.
const collectorBits = 128

type collectorSet [2]uint64

func (c *collectorSet) add(n int) { c[n/64] |= 1 << (n % 64) }

func (c collectorSet) or(d collectorSet) collectorSet { return collectorSet{c[0] | d[0], c[1] | d[1]} }

func (c collectorSet) len() int { return bits.OnesCount64(c[0]) + bits.OnesCount64(c[1]) }

// settled reports whether it has stood long enough to count.
func (x *suspect) settled(now, settle int64) bool { return now >= x.counts(settle) }

// counts is from when on it counts.
func (x *suspect) counts(settle int64) int64 {
	if x.half == 0 {
		return x.since + settle
	}
	return x.half + settle
}

// suspect looks closer at a row whose usual and present values are at hand.
func (s *State) suspect(row table.Row, d *deviant, origins []checks.ASN) {
	x := s.ballots(row, origins)
	d.mark(x.network.Asked, x.network.Seen, s.since(d))
	if d.revived {
		x.network.Stuck, x.country.Stuck = 0, 0
	}
	x.first, x.half, x.ninety, x.since = d.first, d.half, d.ninety, s.clock
	x.over = s.overOwn(row)
	old := s.suspects[row]
	if old != nil {
		x.since, x.filed = old.since, old.filed
		if x == *old {
			return
		}
		*old = x
	} else {
		old = &x
		s.suspects[row] = old
	}
	s.file(row, old)
	s.touch(row)
}

// clearSuspect ends that.
func (s *State) clearSuspect(row table.Row) {
	x := s.suspects[row]
	if x == nil {
		return
	}
	s.unfile(x)
	delete(s.suspects, row)
	s.touch(row)
	if !x.settled(s.clock, s.settle()) {
		return
	}
	for _, g := range s.groupsOf(row) {
		g.back = s.clock
	}
}

// settle is how long a loss has to stand, in seconds.
func (s *State) settle() int64 { return int64(s.opts.Rules.Settle.Seconds()) }

// touch notes that the standing of a row's country and network may have changed.
func (s *State) touch(row table.Row) {
	for _, g := range s.groupsOf(row) {
		g.doubts.stale()
	}
}

// groupsOf gives the network and the country of a row; that without a name where it has none.
func (s *State) groupsOf(row table.Row) [2]*group {
	return [...]*group{ofNetwork: &s.networks.list[s.rows.network[row]], ofCountry: &s.countries.list[s.rows.country[row]]}
}

// ballots asks every vantage point what it has in place of a row.
func (s *State) ballots(row table.Row, origins []checks.ASN) (x suspect) {
	p := s.tab.Prefix(row)
	c := s.covering(p)
	e := &s.electors[family(p.Addr().Is6())]
	x.network.IPv6 = p.Addr().Is6()
	x.country.IPv6 = x.network.IPv6
	home := s.homeOf(row)
	var asked, lost [collectorBits]int
	for k := range e.as {
		sessions := e.of(k)
		had, has, _ := s.look(sessions, origins)
		if !had {
			continue
		}
		f := finding{seen: has, seenAtHome: has, stuck: has && s.unmoved(sessions)}
		if !has {
			f = c.find(s, sessions, origins, home)
		}
		x.network.Asked++
		x.country.Asked++
		f.cast(&x.network, f.seen, f.accepted)
		f.cast(&x.country, f.seenAtHome, f.acceptedAtHome)
		s.collect(sessions, !f.seen, &asked, &lost)
	}
	x.network.Sighted = s.sighted(origins)
	x.country.Sighted = x.network.Sighted
	for n := range asked {
		if asked[n] > 0 && lost[n]*2 >= asked[n] {
			x.losing.add(n)
		}
	}
	return x
}

// finding is what one vantage point has in place of a prefix.
type finding struct {
	seen, seenAtHome         bool // itself, or something accepted in its place
	accepted, acceptedAtHome bool // through an accepted route over it
	split                    bool // through its more-specifics
	foreign, taken           bool
	stuck                    bool
	cover                    table.Row // of accepted, or foreign
	value                    uint32    // of that
}

// cast adds a finding to a ballot.
func (f *finding) cast(b *checks.Ballot, seen, accepted bool) {
	if accepted {
		b.Accepted++
	}
	if f.stuck {
		b.Stuck++
	}
	switch {
	case seen:
		b.Seen++
	case f.foreign:
		b.Foreign++
		if f.taken {
			b.Taken++
		}
	}
}

// unmoved reports whether any of the sessions still has what it usually has.
func (s *State) unmoved(sessions []int) bool {
	for _, i := range sessions {
		if i < len(s.was) && i < len(s.is) && s.was[i] != 0 && s.was[i] == s.is[i] {
			return true
		}
	}
	return false
}

// collect counts a vantage point for each collector it has a voting session at.
func (s *State) collect(sessions []int, missing bool, asked, lost *[collectorBits]int) {
	last := -1
	for _, i := range sessions {
		n := int(s.collector[i])
		if n == last {
			continue
		}
		last = n
		asked[n]++
		if missing {
			lost[n]++
		}
	}
}

// sighted counts the vantage points that have an accepted route, whether or not they vote.
func (s *State) sighted(origins []checks.ASN) int {
	n := 0
	s.marked.clear(s.points)
	for i, v := range s.is {
		if v != 0 && s.accepts(v, origins) && s.marked.add(s.point[i]) {
			n++
		}
	}
	return n
}

// marks are those vantage points, by number, that something was noted of.
type marks struct {
	of    []uint32
	round uint32
}

// clear forgets what was noted of n vantage points.
func (m *marks) clear(n int) {
	if len(m.of) < n {
		m.of = append(m.of, make([]uint32, n-len(m.of))...)
	}
	if m.round++; m.round == 0 {
		clear(m.of)
		m.round = 1
	}
}

// add notes a vantage point, and reports whether it was not yet.
func (m *marks) add(point uint16) bool {
	added := m.of[point] != m.round
	m.of[point] = m.round
	return added
}

// homeOf gives the country of a row's space where the networks of it may stand in for each
// other; "" for none.
func (s *State) homeOf(row table.Row) string {
	if c := s.rows.country[row]; c != 0 && s.opts.Network != nil {
		return s.countries.list[c].code
	}
	return ""
}

// domestic reports whether a network is registered in a country.
func (s *State) domestic(a checks.ASN, home string) bool {
	if home == "" || a == 0 {
		return false
	}
	_, country := s.opts.Network(a)
	return country == home
}
