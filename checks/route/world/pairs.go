package world

import (
	"cmp"
	"slices"

	"isitdown/checks"
)

// pair is who originates routes and who stands next to it, for the prefixes of one country:
// how many routes (one a session and prefix) are such now, usually, and still: usually and
// now. From these come the shares of who carries a country or a network, and how others'
// routes through an AS fare.
type pair struct {
	origin, upstream checks.ASN
	country          uint16
	now, usual       int32
	still            int32
	carrier          uint32 // in pairs.carriers
	// The next one of the same value, origin and upstream; 0 for none.
	sameValue, sameOrigin, sameUpstream uint32
}

// carrier adds up the pairs of one upstream in one country.
type carrier struct {
	upstream   checks.ASN
	now, usual int64
}

// compare puts those that carry most first.
func (c *carrier) compare(d *carrier) int {
	return cmp.Or(cmp.Compare(d.now, c.now), cmp.Compare(d.usual, c.usual), cmp.Compare(c.upstream, d.upstream))
}

// first gives the n first of a list in its order, and leaves the list in disorder: of many it
// is only the few that have to be sorted.
func first[T any](list []T, n int, compare func(a, b *T) int) []T {
	by := func(a, b T) int { return compare(&a, &b) }
	if len(list) <= n {
		slices.SortFunc(list, by)
		return list
	}
	slices.SortFunc(list[:n], by)
	for i := n; i < len(list); i++ {
		if compare(&list[i], &list[n-1]) >= 0 {
			continue
		}
		x := list[i]
		list[i] = list[n-1]
		at, _ := slices.BinarySearchFunc(list[:n-1], x, by)
		copy(list[at+1:n], list[at:n-1])
		list[at] = x
	}
	return list[:n]
}

// carrying names a carrier.
type carrying struct {
	country  uint16
	upstream checks.ASN
}

// pairs are counted by the value of the table, which saves asking for its end each time.
type pairs struct {
	list       pairList // from 1
	byValue    []uint32 // first of each
	byOrigin   map[checks.ASN]uint32
	byUpstream map[checks.ASN]uint32
	carriers   []carrier
	carrierOf  map[carrying]uint32
	byCountry  [][]uint32 // carriers
	sound      int        // how many there were when all was counted
}

// fewPairs is how many pairs may have come since all was counted, in any case.
const fewPairs = 1 << 16

// bloated reports whether it is worth counting anew because there are many pairs that count
// nothing any more: whoever announces a route over and over with other networks in its path
// makes up as many as he likes.
func (p *pairs) bloated() bool { return p.list.n > 2*p.sound+fewPairs }

// pairList is a list that grows without being moved, which would take long, and without
// room to spare.
type pairList struct {
	blocks []*[pairBlock]pair
	n      int
}

const pairBlock = 1 << 12

func (l *pairList) at(k uint32) *pair { return &l.blocks[k/pairBlock][k%pairBlock] }

func (l *pairList) add(x pair) (k uint32) {
	if l.n%pairBlock == 0 {
		l.blocks = append(l.blocks, new([pairBlock]pair))
	}
	k = uint32(l.n)
	l.n++
	*l.at(k) = x
	return k
}

// count counts routes of a value within a country.
func (p *pairs) count(value uint32, country uint16, end func(uint32) (origin, upstream checks.ASN), now, usual, still int32) {
	x := p.of(value, country, end)
	x.now, x.usual, x.still = x.now+now, x.usual+usual, x.still+still
	c := &p.carriers[x.carrier]
	c.now, c.usual = c.now+int64(now), c.usual+int64(usual)
}

func newPairs() *pairs {
	p := &pairs{byOrigin: map[checks.ASN]uint32{}, byUpstream: map[checks.ASN]uint32{}, carrierOf: map[carrying]uint32{}}
	p.list.add(pair{})
	return p
}

// of gives the pair of a value within a country. A value that nobody had any more may stand
// for another end now.
func (p *pairs) of(value uint32, country uint16, end func(uint32) (origin, upstream checks.ASN)) *pair {
	for int(value) >= len(p.byValue) {
		p.byValue = append(p.byValue, make([]uint32, max(1<<10, len(p.byValue)/4))...)
	}
	for k, last := p.byValue[value], uint32(0); k != 0; k = p.list.at(k).sameValue {
		if x := p.list.at(k); x.country == country {
			if x.now != 0 || x.usual != 0 {
				return x
			}
			if origin, upstream := end(value); x.origin == origin && x.upstream == upstream {
				return x
			}
			if last == 0 { // it counts nothing, and stays in the other chains until all is counted anew
				p.byValue[value] = x.sameValue
			} else {
				p.list.at(last).sameValue = x.sameValue
			}
			break
		}
		last = k
	}
	return p.add(value, country, end)
}

func (p *pairs) add(value uint32, country uint16, end func(uint32) (origin, upstream checks.ASN)) *pair {
	k := uint32(p.list.n)
	x := pair{country: country}
	x.origin, x.upstream = end(value)
	x.sameValue, p.byValue[value] = p.byValue[value], k
	x.sameOrigin, p.byOrigin[x.origin] = p.byOrigin[x.origin], k
	x.sameUpstream, p.byUpstream[x.upstream] = p.byUpstream[x.upstream], k
	name := carrying{country, x.upstream}
	c, ok := p.carrierOf[name]
	if !ok {
		c = uint32(len(p.carriers))
		p.carriers, p.carrierOf[name] = append(p.carriers, carrier{upstream: x.upstream}), c
		for int(country) >= len(p.byCountry) {
			p.byCountry = append(p.byCountry, nil)
		}
		p.byCountry[country] = append(p.byCountry[country], c)
	}
	x.carrier = c
	return p.list.at(p.list.add(x))
}

// chain calls f with the pairs of a chain.
func (p *pairs) chain(first uint32, next func(*pair) uint32, f func(*pair)) {
	for k := first; k != 0; k = next(p.list.at(k)) {
		if x := p.list.at(k); x.now != 0 || x.usual != 0 {
			f(x)
		}
	}
}

// ofCountry calls f with who carries a country.
func (p *pairs) ofCountry(country uint16, f func(*carrier)) {
	if int(country) < len(p.byCountry) {
		for _, k := range p.byCountry[country] {
			f(&p.carriers[k])
		}
	}
}

func (p *pairs) ofOrigin(a checks.ASN, f func(*pair)) {
	p.chain(p.byOrigin[a], func(x *pair) uint32 { return x.sameOrigin }, f)
}

func (p *pairs) ofUpstream(a checks.ASN, f func(*pair)) {
	p.chain(p.byUpstream[a], func(x *pair) uint32 { return x.sameUpstream }, f)
}
