package route

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

const (
	// maxCarried is for how many routes of others a network may be on the way, and one more
	// still be remarkable.
	maxCarried = 1 << 12
	// maxBetween bounds the routes that are kept of those for which it newly is.
	maxBetween = 1 << 13
	// countedBetween is of how many of these the vantage points are counted.
	countedBetween = 64
	// fewNetworks is how many networks a country may have for this to be asked of it. Of
	// many some carry others every day.
	fewNetworks = 16
)

// between keeps the routes to other networks that lead through one of the target, and
// since when. It begins with the first such route that comes, with a look through the
// whole table: most targets never are on the way to anybody.
type between struct {
	networks []checks.ASN // ascending
	inside   func(checks.ASN) bool
	routes   map[betweenKey]*presence
	looked   bool
	carries  bool // more than maxCarried: that there are others is normal
}

// betweenKey is a route through a network; the zero value is none.
type betweenKey struct {
	prefix          netip.Prefix
	origin, through checks.ASN
}

// newBetween gives nil for a target that is neither a network nor has a few.
func newBetween(f *checks.Footprint) *between {
	k, n := f.Target.Kind(), len(f.Origins)
	if n == 0 || n > fewNetworks || k != checks.KindASN && k != checks.KindCountry {
		return nil
	}
	b := &between{networks: f.Origins, routes: map[betweenKey]*presence{}}
	b.inside = func(a checks.ASN) bool {
		_, own := slices.BinarySearch(f.Origins, a)
		return own || f.Target.Kind() == checks.KindCountry && f.Domestic(a)
	}
	return b
}

// finding looks for the network on a path, hop by hop from the vantage point.
type finding struct {
	first, through, last checks.ASN
	n                    int
}

func (b *between) hop(f *finding, a checks.ASN) {
	if f.n == 0 {
		f.first = a
	}
	f.n++
	if _, ok := slices.BinarySearch(b.networks, a); ok && a != f.first {
		f.through = a
	}
	f.last = a
}

// key gives what the path is for a prefix. Where the network is at either end, or the
// path ends in another of the target's, it is nothing to tell of.
func (b *between) key(f *finding, prefix netip.Prefix) betweenKey {
	if f.through == 0 || f.last == 0 || b.inside(f.last) {
		return betweenKey{}
	}
	return betweenKey{prefix, f.last, f.through}
}

// onPath finds the network on a path that was sent.
func (b *between) onPath(prefix netip.Prefix, path bgp.RawPath) betweenKey {
	var f finding
	for hop := range path.Hops() {
		a := checks.ASN(0)
		if hop.Len() == 1 {
			a = hop.ASN(0)
		}
		b.hop(&f, a)
	}
	return b.key(&f, prefix)
}

// onValue finds the network on a path of the table.
func (b *between) onValue(t *pathTree, prefix netip.Prefix, value uint32) betweenKey {
	var f finding
	for value != 0 {
		n := t.nodes[value-1]
		switch {
		case n.rest == ownRoute:
			return betweenKey{}
		case n.rest&setHead != 0:
			b.hop(&f, 0)
		default:
			b.hop(&f, checks.ASN(n.head))
		}
		value = n.rest &^ setHead
	}
	return b.key(&f, prefix)
}

// shift notes what session i is about to hold for a prefix instead of a value.
func (b *between) shift(w *Watch, i int, prefix netip.Prefix, value uint32, path bgp.RawPath, at stamp) {
	s := &w.rib.sessions[i]
	sees := s.state == Established && s.table && !s.loading && !s.refresh && at > w.rib.first
	if !b.looked && !sees {
		return
	}
	before, after := b.onValue(w.rib.tree, prefix, value), b.onPath(prefix, path)
	if before == after {
		return
	}
	if b.look(w.rib, at); b.carries {
		return
	}
	b.routes[before].leave(at)
	if after == (betweenKey{}) {
		return
	}
	p := b.routes[after]
	switch {
	case p == nil && len(b.routes) == maxBetween && sees:
		return
	case p == nil && len(b.routes) == maxBetween:
		b.carries, b.routes = true, nil
		return
	case p == nil:
		p = &presence{from: at, left: at}
		b.routes[after] = p
	}
	p.come(sees, at, &w.rib.rules)
}

// look takes all that the table has as standing, once.
func (b *between) look(r *RIB, at stamp) {
	if b.looked {
		return
	}
	b.looked = true
	through := make([]int8, len(r.tree.nodes)+1) // by value: not known, no, yes
	is := func(value uint32) bool {
		if through[value] == 0 {
			through[value] = 1
			if b.onValue(r.tree, netip.Prefix{}, value) != (betweenKey{}) {
				through[value] = 2
			}
		}
		return through[value] == 2
	}
	for prefix, row := range r.table.All() {
		ref := r.table.Ref(row)
		found := false
		for value := range r.table.Distinct(ref) {
			found = found || is(value)
		}
		if !found {
			continue
		}
		for _, value := range r.decode(ref) {
			if value == 0 || !is(value) {
				continue
			}
			key := b.onValue(r.tree, prefix, value)
			if b.routes[key] == nil {
				b.routes[key] = &presence{from: at, left: at, standing: true}
			}
			b.routes[key].holders++
		}
		if len(b.routes) > maxCarried {
			b.carries, b.routes = true, nil
			return
		}
	}
}

// ended takes the routes of a session away, before they are cleared.
func (b *between) ended(r *RIB, i int, at stamp) {
	for key, p := range b.routes {
		if b.onValue(r.tree, key.prefix, r.holds(i, key.prefix)) == key {
			p.leave(at)
		}
	}
}

// forget drops what went before a time.
func (b *between) forget(from stamp) {
	maps.DeleteFunc(b.routes, func(_ betweenKey, p *presence) bool { return p.holders == 0 && p.left < from })
}

// midPath gives the routes of others that newly lead through the target, the most held
// first. Who carries others' routes every day gets new ones every day: then only more new
// ones than there were is worth telling.
func (b *bystanders) midPath() []checks.Foreign {
	w := b.watch
	if w.between == nil {
		return nil
	}
	var keys []betweenKey
	old := 0
	for key, p := range w.between.routes {
		switch {
		case p.holders > 0 && w.lately(p, b.now) != 0:
			keys = append(keys, key)
		case p.holders > 0 || p.came == 0:
			old++
		}
	}
	if len(keys) <= old {
		return nil
	}
	slices.SortFunc(keys, func(x, y betweenKey) int {
		return cmp.Or(cmp.Compare(w.between.routes[y].holders, w.between.routes[x].holders),
			checks.ComparePrefixes(x.prefix, y.prefix), cmp.Compare(x.origin, y.origin), cmp.Compare(x.through, y.through))
	})
	found := gathering{}
	for _, key := range keys[:min(len(keys), countedBetween)] {
		found.add(b.passing(key))
	}
	return found.list()
}

// passing counts the vantage points whose route leads through a network.
func (b *bystanders) passing(key betweenKey) checks.Foreign {
	w, family := b.watch, familyOf(key.prefix)
	votes := &b.ballots[family]
	f := checks.Foreign{
		Kind: checks.MidPath, Prefix: key.prefix, Origin: key.origin, Through: key.through, Of: votes.n,
		Since: w.lately(w.between.routes[key], b.now).time(),
	}
	counted := make([]bool, votes.n+1)
	for i, value := range w.rib.held(key.prefix) {
		n := votes.number[i]
		if value == 0 || n == 0 || w.between.onValue(w.rib.tree, key.prefix, value) != key {
			continue
		}
		if up := w.rib.endOf(value).upstream; f.Peers == 0 {
			f.Upstream = up
		} else if f.Upstream != up {
			f.Upstream = 0
		}
		if !counted[n] {
			counted[n] = true
			f.Peers++
		}
	}
	return f
}
