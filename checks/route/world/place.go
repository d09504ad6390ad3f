package world

import (
	"iter"
	"net/netip"
	"slices"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// place begins to count a row of which something has become usual.
func (s *State) place(row table.Row) {
	p := s.tab.Prefix(row)
	s.tab.Pin(row)
	s.rows.set(row, placed) // from here on what it holds is what is usual
	s.locate(row, p)
	weight := uint32(1)
	if p.Addr().Is4() {
		weight = addressesOf(p)
		for q, inside := range s.tab.Subnets(p) {
			if q != p && s.rows.is(inside, placed) {
				weight -= s.rows.weight[inside]
			}
		}
		if over := s.over(p); over != 0 {
			s.weigh(over, s.rows.weight[over]-weight)
		}
	}
	s.rows.weight[row] = weight
	s.stats.Usual++
	s.enrol(row, 1)
	s.contribute(row, 1)
}

// unplace ends that: nothing is usual for the row any more.
func (s *State) unplace(row table.Row) {
	s.contribute(row, -1)
	s.enrol(row, -1)
	s.rows.unset(row, placed)
	s.stats.Usual--
	p := s.tab.Prefix(row)
	if over := s.over(p); p.Addr().Is4() && over != 0 {
		s.weigh(over, s.rows.weight[over]+s.rows.weight[row])
	}
	s.tab.Unpin(row)
}

// locate finds whose a row is: the country that its prefix is registered in, and the network
// that usually originates it at most sessions.
func (s *State) locate(row table.Row, p netip.Prefix) {
	s.rows.country[row] = s.countryOf(p)
	s.rows.network[row] = s.networkOf(s.usual(row))
}

func (s *State) countryOf(p netip.Prefix) uint16 {
	if s.opts.Locate == nil {
		return 0
	}
	code := s.opts.Locate(p)
	n, made := s.countries.of(code, "")
	if made {
		s.countries.list[n].code, s.countries.list[n].watched = code, true
	}
	return uint16(n)
}

// networkOf gives the network that originates a vector at most of its sessions.
func (s *State) networkOf(ref table.Ref) uint32 {
	first, one := checks.ASN(0), true
	for value := range s.tab.Distinct(ref) {
		switch origin, _ := s.rib.End(value); {
		case first == 0:
			first = origin
		case origin != first && origin != 0:
			one = false
		}
	}
	if !one {
		first = s.mostOrigin(ref)
	}
	n, made := s.networks.of(first, 0)
	if made {
		s.networks.list[n].asn = first
	}
	return n
}

// mostOrigin gives the origin that most sessions have, of as many the lowest.
func (s *State) mostOrigin(ref table.Ref) (most checks.ASN) {
	counts := map[checks.ASN]int{}
	s.tab.Each(ref, func(value uint32, columns int) {
		origin, _ := s.rib.End(value)
		counts[origin] += columns
	})
	for origin, n := range counts {
		if origin != 0 && (n > counts[most] || most == 0 || n == counts[most] && origin < most) {
			most = origin
		}
	}
	return most
}

// enrol counts a row for its country and its network, n times.
func (s *State) enrol(row table.Row, n int32) {
	ipv6 := s.tab.Prefix(row).Addr().Is6()
	w := s.rows.weight[row]
	if c := s.rows.country[row]; c != 0 {
		s.countries.list[c].add(ipv6, w, n)
	}
	if k := s.rows.network[row]; k != 0 {
		g := &s.networks.list[k]
		g.add(ipv6, w, n)
		g.watched = g.addresses >= s.opts.MinAddresses || int(g.prefixes6) >= s.opts.MinPrefixes6
	}
}

// weigh gives a placed row another weight.
func (s *State) weigh(row table.Row, weight uint32) {
	if s.rows.is(row, empty) {
		s.rows.weight[row] = weight
		return
	}
	s.enrol(row, -1)
	s.rows.weight[row] = weight
	s.enrol(row, 1)
}

// over gives the nearest placed row over a prefix, 0 for none.
func (s *State) over(p netip.Prefix) table.Row {
	for q, row := range s.tab.Supernets(p) {
		if q != p && q.Bits() >= checks.MinCoverBits && s.rows.is(row, placed) {
			return row
		}
	}
	return 0
}

// overOwn gives the nearest placed rows over one that are of its network, and of its country.
func (s *State) overOwn(row table.Row) (own [2]table.Row) {
	p := s.tab.Prefix(row)
	for q, over := range s.tab.Supernets(p) {
		if q == p || q.Bits() < checks.MinCoverBits || !s.rows.is(over, placed) {
			continue
		}
		if own[ofNetwork] == 0 && s.rows.network[over] == s.rows.network[row] {
			own[ofNetwork] = over
		}
		if own[ofCountry] == 0 && s.rows.country[over] == s.rows.country[row] {
			own[ofCountry] = over
		}
	}
	return own
}

// addressesOf counts those of an IPv4 prefix; a default route counts none, nobody is reached by it.
func addressesOf(p netip.Prefix) uint32 {
	if p.Bits() < checks.MinCoverBits {
		return 0
	}
	return 1 << (32 - p.Bits())
}

// admit places what has arrived: one by one where that is little, else all at once.
func (s *State) admit() {
	if len(s.arrivals) == 0 {
		return
	}
	if len(s.arrivals) > 1<<14 {
		s.placeAll()
	}
	for _, row := range s.arrivals {
		s.rows.unset(row, arriving)
		p := s.tab.Prefix(row)
		if s.rows.is(row, placed) || s.tab.Ref(row) == 0 || p.Bits() < checks.MinCoverBits {
			continue
		}
		s.place(row)
	}
	s.arrivals = s.arrivals[:0]
}

// placeAll places every row that has arrived, in the order of their prefixes, so that what a
// prefix has inside it follows it. Who carries what is counted later.
func (s *State) placeAll() {
	s.recount = true
	before := s.stats.Usual
	s.netOf = make([]uint32, s.tab.Refs())
	var over []table.Row // what the prefix at hand lies in
	for p, row := range s.ordered(before == 0) {
		s.rows.reach(row)
		if !s.rows.is(row, placed) && (!s.rows.is(row, arriving) || s.tab.Ref(row) == 0) || p.Bits() < checks.MinCoverBits {
			continue
		}
		for n := len(over); n > 0 && !s.tab.Prefix(over[n-1]).Contains(p.Addr()); n = len(over) {
			over = over[:n-1]
		}
		s.placeInOrder(row, p, over, before > 0)
		over = append(over, row)
	}
	s.netOf = nil
	for _, row := range s.arrivals {
		s.rows.unset(row, arriving)
	}
	s.arrivals = nil
}

// ordered gives all rows in the order of their prefixes. Where only those that arrived are
// wanted, they may be in it already: collectors write tables that way.
func (s *State) ordered(arrived bool) iter.Seq2[netip.Prefix, table.Row] {
	return func(yield func(netip.Prefix, table.Row) bool) {
		if arrived && slices.IsSortedFunc(s.arrivals, s.tab.Compare) {
			for _, row := range s.arrivals {
				if p := s.tab.Prefix(row); p.IsValid() && !yield(p, row) {
					return
				}
			}
			return
		}
		for _, all := range []string{"0.0.0.0/0", "::/0"} {
			for p, row := range s.tab.Subnets(netip.MustParsePrefix(all)) {
				if !yield(p, row) {
					return
				}
			}
		}
	}
}

// placeInOrder places a row that has nothing inside it yet; one that was placed before loses
// what others inside it take; some is true where others were placed before.
func (s *State) placeInOrder(row table.Row, p netip.Prefix, over []table.Row, some bool) {
	if s.rows.is(row, placed) {
		return
	}
	s.tab.Pin(row)
	s.rows.country[row] = s.countryOf(p)
	ref := s.tab.Ref(row)
	if s.netOf[ref] == 0 {
		s.netOf[ref] = s.networkOf(ref) + 1
	}
	s.rows.network[row] = s.netOf[ref] - 1
	weight := uint32(1)
	if p.Addr().Is4() {
		weight = addressesOf(p)
		if some {
			for q, inside := range s.tab.Subnets(p) {
				if q != p && s.rows.is(inside, placed) {
					weight -= s.rows.weight[inside]
				}
			}
		}
		if n := len(over); n > 0 {
			s.weigh(over[n-1], s.rows.weight[over[n-1]]-weight)
		}
	}
	s.rows.weight[row] = weight
	s.rows.set(row, placed)
	s.stats.Usual++
	s.enrol(row, 1)
}
