package route

import (
	"net/netip"
	"slices"

	"isitdown/checks"
)

// scan looks through the whole table of a moment for the routes that witness a loss.
type scan struct {
	r        *RIB
	table    *tableAt
	ok       [2][]bool // sessions that witness, by family
	own      map[checks.ASN]bool
	elements map[checks.Element]uint16
	list     []checks.Element
	key      uint32 // of the samples
	ups      []checks.ASN
	rank     []int // place among all, those of one vantage point together, by session
	session  []int // by rank
	vantage  []int // number of the vantage point, by session
	vantages int

	known   []int32 // by value: place in paths + 1, -1 for one that says nothing
	paths   []scanned
	passed  []uint16 // elements, of all paths
	origins []sample // by element
	nets    []sample // by upstream
	picked  map[checks.ASN]*pick

	way  checks.Way
	hops checks.Path
	asns []checks.ASN
}

// scanned is a path, as far as it matters.
type scanned struct {
	origin checks.ASN
	at, n  uint32 // its elements in passed
	ups    uint8  // upstreams, a bit each
	pick   *pick  // nil where its routes are not collected
}

// pick is an origin whose routes are collected: those that pass elements, of each path of
// a session one, and those of the network.
type pick struct {
	first    []uint32 // by rank of the session: place of its newest in routes + 1, 0 for none
	routes   []picked
	network  bool
	prefixes []netHeld // ascending
}

// picked is the lowest prefix for which a session held a path.
type picked struct {
	prefix netip.Prefix
	value  uint32
	next   uint32 // of the same session, as in first
}

func (r *RIB) newScan(w *Watch, v *wave, voters [2]electorate) *scan {
	elements, own, hops := w.usualWays(v.at, v.from)
	s := &scan{
		r: r, table: r.tableThen(v.from), ok: r.witnessing(voters, v.from, v.from), own: own,
		list: mostOf(elements, compareElements, maxElements), elements: map[checks.Element]uint16{},
		known: make([]int32, len(r.tree.nodes)+1), picked: map[checks.ASN]*pick{}, key: sampleKey(v.first),
	}
	s.ups = upstreamsOf(s.list, own, hops)
	s.origins, s.nets = make([]sample, len(s.list)), make([]sample, len(s.ups))
	most := min(maxOrigins, max(leastOrigins, maxPairs/max(1, s.witnesses())))
	for i, e := range s.list {
		s.elements[e] = uint16(i)
		s.origins[i] = sample{most: most, key: s.key}
	}
	for i := range s.nets {
		s.nets[i] = sample{most: 2 * maxNetworks, key: s.key} // of some most vantage points know another way
	}
	s.vantage, s.vantages = r.numbered()
	s.rank, s.session = r.ranks()
	return s
}

// witnesses counts the sessions that witness.
func (s *scan) witnesses() (n int) {
	for i := range s.ok[0] {
		if s.ok[0][i] || s.ok[1][i] {
			n++
		}
	}
	return n
}

// numbered numbers the vantage points, and gives the number of that of each session.
func (r *RIB) numbered() (of []int, n int) {
	numbers := map[checks.ASN]int{}
	of = make([]int, len(r.sessions))
	for i := range r.sessions {
		as := r.sessions[i].peer.AS
		k, ok := numbers[as]
		if !ok {
			k = len(numbers)
			numbers[as] = k
		}
		of[i] = k
	}
	return of, len(numbers)
}

// run looks through the table twice: for the origins to be asked about, of each path
// once, and for their routes.
func (s *scan) run(v *wave) {
	for ref := range s.r.table.Held() {
		s.offer(s.r.decode(ref))
	}
	for prefix := range s.table.then {
		s.offer(s.table.values(prefix))
	}
	s.choose()
	concerned := make([]bool, s.r.table.Refs())
	for ref := range s.r.table.Held() {
		for value := range s.r.table.Distinct(ref) {
			concerned[ref] = concerned[ref] || s.selects(value)
		}
	}
	for prefix, row := range s.r.table.All() {
		ref := s.r.table.Ref(row)
		if concerned[ref] && len(s.table.then[prefix]) == 0 {
			s.collect(prefix, s.r.decode(ref))
		}
	}
	for prefix := range s.table.then {
		s.collect(prefix, s.table.values(prefix))
	}
	s.compile(v)
}

// offer takes in the origins of the paths that witnessing sessions hold.
func (s *scan) offer(values []uint32) {
	for i, value := range values {
		if value != 0 && s.known[value] == 0 && (s.ok[0][i] || s.ok[1][i]) {
			s.study(value)
		}
	}
}

// study finds what a path passes, and offers its origin to all of that.
func (s *scan) study(value uint32) {
	s.known[value] = -1
	origin := s.r.tree.tail(value).origin
	if origin == 0 || s.own[origin] {
		return
	}
	s.hops, s.asns = s.r.tree.appendPath(s.hops[:0], s.asns[:0], value)
	s.way = s.hops.AppendWay(s.way, s.r.rules.RouteServers)
	p := scanned{origin: origin, at: uint32(len(s.passed))}
	for e := range s.way.Elements() {
		if k, ok := s.elements[e]; ok {
			s.passed = append(s.passed, k)
			s.origins[k].offer(origin)
		}
	}
	for k, u := range s.ups {
		if slices.Contains(s.way, u) && origin != u {
			p.ups |= 1 << k
			s.nets[k].offer(origin)
		}
	}
	p.n = uint32(len(s.passed)) - p.at
	s.paths = append(s.paths, p)
	s.known[value] = int32(len(s.paths))
}

// choose notes whose routes are collected. Of what a path passes it leaves what has its
// origin in the sample.
func (s *scan) choose() {
	for k := range s.paths {
		p := &s.paths[k]
		passed := s.passed[p.at : p.at+p.n]
		p.n = uint32(len(slices.DeleteFunc(passed, func(e uint16) bool { return !s.origins[e].kept(p.origin) })))
		if p.n > 0 {
			s.pick(p.origin)
		}
		for u := range s.ups {
			if p.ups&(1<<u) != 0 && s.nets[u].kept(p.origin) {
				s.pick(p.origin).network = true
			}
		}
	}
	for k := range s.paths {
		s.paths[k].pick = s.picked[s.paths[k].origin]
	}
}

func (s *scan) pick(origin checks.ASN) *pick {
	p := s.picked[origin]
	if p == nil {
		p = &pick{}
		s.picked[origin] = p
	}
	return p
}

// selects reports whether a value is a path whose routes are collected.
func (s *scan) selects(value uint32) bool {
	k := s.known[value]
	return k > 0 && s.paths[k-1].pick != nil
}

// collect takes in the routes for a prefix.
func (s *scan) collect(prefix netip.Prefix, values []uint32) {
	ok := s.ok[familyOf(prefix)]
	for i, value := range values {
		if value == 0 || !ok[i] || !s.selects(value) {
			continue
		}
		path := &s.paths[s.known[value]-1]
		p := path.pick
		if path.n > 0 {
			p.hold(s.rank[i], len(s.rank), value, prefix)
		}
		if p.network {
			p.held(prefix, s.vantage[i], s.vantages, path.ups)
		}
	}
}

// hold notes that a session, one of n, holds a path for a prefix.
func (p *pick) hold(rank, n int, value uint32, prefix netip.Prefix) {
	if p.first == nil {
		p.first = make([]uint32, n)
	}
	for at := p.first[rank]; at != 0; at = p.routes[at-1].next {
		if h := &p.routes[at-1]; h.value == value {
			if checks.ComparePrefixes(prefix, h.prefix) < 0 {
				h.prefix = prefix
			}
			return
		}
	}
	p.routes = append(p.routes, picked{prefix, value, p.first[rank]})
	p.first[rank] = uint32(len(p.routes))
}

// held notes that a vantage point had a prefix of the network, through some upstreams.
func (p *pick) held(prefix netip.Prefix, vantage, vantages int, ups uint8) {
	n := len(p.prefixes)
	if n == maxNetPrefixes && checks.ComparePrefixes(prefix, p.prefixes[n-1].prefix) > 0 {
		return
	}
	at, found := slices.BinarySearchFunc(p.prefixes, prefix, func(h netHeld, q netip.Prefix) int { return checks.ComparePrefixes(h.prefix, q) })
	if !found {
		if n == maxNetPrefixes {
			p.prefixes = p.prefixes[:n-1]
		}
		had := newPoints(vantages)
		p.prefixes = slices.Insert(p.prefixes, at, netHeld{prefix, had, make(points, maxBehind*len(had))})
	}
	h := &p.prefixes[at]
	h.had.set(vantage)
	for u := range maxBehind {
		if ups&(1<<u) != 0 {
			h.through(u).set(vantage)
		}
	}
}

// through gives the vantage points that had the prefix through an upstream.
func (h *netHeld) through(u int) points { return h.via[u*len(h.had) : (u+1)*len(h.had)] }
