package checks

import (
	"cmp"
	"net/netip"
	"slices"
)

// An element is a hinge for a prefix where the vantage points have no path around it. Three
// kinds of path say nothing about that and are passed over: those of a vantage point that is
// itself the element (it would be gone too), or the origin, or, of a country, inside it;
// those of which only the end is known; and those that hold an AS twice, which were made up
// or lead in circles.

// hingeCount counts, for one element, over the prefixes that were tested.
type hingeCount struct {
	element Element
	alone   []int32 // indexes of the prefixes that have no other path
	most    []int32 // and of those that more than half of the vantage points reach through it
	bound   uint64  // no more addresses (IPv6: prefixes) than this hang on it alone
	through int     // paths, one a vantage point and prefix
	around  int     // the most vantage points that have a way around it to one of alone
}

// hinges gives the networks and the links whose loss would take the most away.
func (f *family) hinges() (networks, links []Hinge, tested Count) {
	n := newHingeTable(f)
	for i, o := range f.seen {
		if f.a.asked(o) {
			n.prefix(int32(i), o)
		}
	}
	var as, adjacent []*hingeCount
	for i := range n.counts {
		c := &n.counts[i]
		switch {
		case len(c.most) == 0:
		case c.element.Adjacency():
			adjacent = append(adjacent, c)
		case !n.whole(c.element.AS):
			as = append(as, c)
		}
	}
	return n.heaviest(as), n.heaviest(adjacent), Count{uint64(n.tested), uint64(len(f.seen))}
}

// heaviest gives the few elements on which the most hangs. What hangs on an element is at
// most its bound, so that only those need to be measured that could be among them.
func (n *hingeTable) heaviest(list []*hingeCount) []Hinge {
	f := n.f
	slices.SortFunc(list, func(a, b *hingeCount) int {
		return cmp.Or(cmp.Compare(b.bound, a.bound), cmp.Compare(len(b.most), len(a.most)), cmp.Compare(b.through, a.through),
			cmp.Compare(a.element.AS, b.element.AS), cmp.Compare(a.element.To, b.element.To))
	})
	var out []Hinge
	for _, c := range list {
		if len(out) >= MaxHinges && c.bound < f.weight(out[MaxHinges-1].Alone) || len(out) >= MaxHinges && c.bound == 0 {
			break
		}
		h := Hinge{
			Element: c.element, Domestic: f.domestic(c.element), Through: c.through, Paths: n.pathsFor(c.element), Around: c.around,
			Alone: f.without(c.alone), Most: f.countsOf(f.pick(c.most)),
		}
		out = append(out, h)
		slices.SortStableFunc(out, func(a, b Hinge) int {
			return cmp.Or(compareCounts(a.Alone, b.Alone), compareCounts(a.Most, b.Most), cmp.Compare(b.Through, a.Through))
		})
		out = out[:min(len(out), MaxHinges)]
	}
	return out
}

// pathsFor counts the paths that say something of an element.
func (n *hingeTable) pathsFor(e Element) int {
	if e.Adjacency() {
		return n.paths
	}
	return n.paths - n.own[e.AS]
}

// size is what a prefix weighs by itself: its addresses, or one for IPv6.
func (f *family) size(p netip.Prefix) uint64 {
	if f.ipv6 {
		return 1
	}
	return uint64(addresses(p))
}

func (f *family) domestic(e Element) bool {
	home := &f.a.in.Footprint
	return home.Domestic(e.AS) && (!e.Adjacency() || home.Domestic(e.To))
}

// weight is what heaviest goes by first.
func (f *family) weight(c Counts) uint64 {
	if f.ipv6 {
		return c.Prefixes.Seen
	}
	return c.Addresses.Seen
}

func (f *family) pick(indexes []int32) []netip.Prefix {
	list := make([]netip.Prefix, len(indexes))
	for i, k := range indexes {
		list[i] = f.prefixes[k]
	}
	return list
}

// without counts what would be gone without some of the prefixes: what lies inside another
// that stays is still covered.
func (f *family) without(gone []int32) Counts {
	lost := make([]bool, len(f.prefixes))
	for _, k := range gone {
		lost[k] = true
	}
	var stay, away []netip.Prefix
	held := map[netip.Prefix]bool{}
	for i, p := range f.prefixes {
		if !lost[i] {
			stay, held[p] = append(stay, p), true
		}
	}
	for _, k := range gone {
		if !coveredBy(f.prefixes[k], held) {
			away = append(away, f.prefixes[k])
		}
	}
	c := f.countsOf(away)
	if !f.ipv6 {
		left := MeasureIPv4(stay)
		c.Addresses.Seen = c.Addresses.Of - left.Addresses
		c.Slash24s.Seen = c.Slash24s.Of - left.Slash24s
	}
	return c
}

// coveredBy reports whether a prefix lies inside one of a set.
func coveredBy(p netip.Prefix, set map[netip.Prefix]bool) bool {
	for bits := p.Bits() - 1; bits >= MinCoverBits; bits-- {
		if over, err := p.Addr().Prefix(bits); err == nil && set[over] {
			return true
		}
	}
	return false
}

// hingeTable counts by element. Most prefixes share their paths, so what stands on a path
// is found out once.
type hingeTable struct {
	f       *family
	number  map[Element]int32
	counts  []hingeCount
	byPath  map[pathKey][]int32
	origins map[ASN]int // tested prefixes that it alone originates
	tested  int
	paths   int         // that count, one a vantage point and prefix
	own     map[ASN]int // those of them that are of this vantage point

	through []int32 // of the present prefix, by element; zero between two
	touched []int32
}

func newHingeTable(f *family) *hingeTable {
	return &hingeTable{f: f, number: map[Element]int32{}, byPath: map[pathKey][]int32{}, origins: map[ASN]int{}, own: map[ASN]int{}}
}

// whole reports whether an AS originates all of it: it is the target itself.
func (n *hingeTable) whole(a ASN) bool { return n.origins[a] == n.tested }

// prefix counts the paths of one prefix, where they are enough to say what it hangs on.
func (n *hingeTable) prefix(index int32, o *Observation) {
	pairs, own, origins := 0, map[ASN]int{}, map[ASN]bool{}
	for i := range o.Paths {
		s := &o.Paths[i]
		for _, origin := range s.Path.Origins() {
			origins[origin] = true
		}
		elements := n.elements(s.Path)
		for _, p := range s.Peers {
			if len(elements) == 0 || !n.testifies(s.Path, p) {
				continue
			}
			pairs++
			own[p]++
			for _, e := range elements {
				if el := n.counts[e].element; el.Adjacency() || el.AS != p {
					n.touch(e)
				}
			}
		}
	}
	enough := pairs >= max(1, n.f.a.in.Rules.MinVoting)
	if enough {
		n.tested++
		n.paths += pairs
		for p, k := range own {
			n.own[p] += k
		}
		for a := range origins {
			if len(origins) == 1 {
				n.origins[a]++
			}
		}
	}
	n.close(index, pairs, own, enough)
}

func (n *hingeTable) touch(e int32) {
	if n.through[e] == 0 {
		n.touched = append(n.touched, e)
	}
	n.through[e]++
}

// close takes the counts of one prefix over, where they are enough.
func (n *hingeTable) close(index int32, pairs int, own map[ASN]int, enough bool) {
	for _, e := range n.touched {
		through := int(n.through[e])
		n.through[e] = 0
		if !enough {
			continue
		}
		c, of := &n.counts[e], pairs
		if !c.element.Adjacency() {
			of -= own[c.element.AS]
		}
		c.through += through
		if through*2 <= of {
			continue
		}
		c.most = append(c.most, index)
		if around := of - through; around*100 < aroundBelow*of {
			c.alone = append(c.alone, index)
			c.around = max(c.around, around)
			c.bound += n.f.size(n.f.prefixes[index])
		}
	}
	n.touched = n.touched[:0]
}

// elements numbers what stands on a path; none where the path says nothing.
func (n *hingeTable) elements(p Path) []int32 {
	if len(p) == 0 {
		return nil
	}
	key := p.key()
	if list, known := n.byPath[key]; known {
		return list
	}
	var list []int32
	for e := range p.Way().Elements() {
		i, known := n.number[e]
		if !known {
			i = int32(len(n.counts))
			n.number[e] = i
			n.counts, n.through = append(n.counts, hingeCount{element: e}), append(n.through, 0)
		}
		list = append(list, i)
	}
	n.byPath[key] = list
	return list
}

// testifies reports whether a vantage point's path says what there is between it and the
// target.
func (n *hingeTable) testifies(p Path, peer ASN) bool {
	home := &n.f.a.in.Footprint
	switch {
	case slices.Contains(p.Origins(), peer):
		return false
	case n.f.abroad && home.Domestic(peer):
		return false
	case len(p) <= 2 && !slices.Contains(p[0], peer):
		return false // the end of a path, the rest of which is not known
	}
	return true
}
