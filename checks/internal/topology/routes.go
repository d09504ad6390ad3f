package topology

import "isitdown/checks"

// damage is what is broken for a group. The zero value is nothing.
type damage struct {
	links   []bool  // by link: it is down; nil for none
	refuses []bool  // by AS: it takes no route of the group; nil for none
	rivals  []int   // ASes that originate the group too
	silent  bool    // the origin does not announce
	leaker  int     // an AS that passes the route on to providers, where base is set
	base    *routes // before the leak
}

// routes are the stable routes of one group: of every AS where it sends what it sends.
type routes struct {
	group  *Group
	next   []int32 // the link over which the route came; ownRoute, noRoute
	length []int32
	rank   []kinship
}

const (
	noRoute  = -1
	ownRoute = -2
)

func (r *routes) has(a int) bool { return r.next[a] != noRoute }

// path writes the path of an AS as it would say it to a collector.
func (r *routes) path(w *World, a int) (path []checks.ASN) {
	if !r.has(a) {
		return nil
	}
	for {
		path = append(path, w.ASes[a].ASN)
		l := int(r.next[a])
		if l == ownRoute {
			return path
		}
		if s := w.links[l].server; s != 0 {
			path = append(path, s)
		}
		a, _ = w.from(a, l)
		if r.next[a] == ownRoute && a == r.group.Origin {
			for range r.group.prepend[l] {
				path = append(path, w.ASes[a].ASN)
			}
		}
	}
}

// passes lists the links of the way of an AS, and calls f with each and the AS behind it.
func (r *routes) passes(w *World, a int, f func(link, as int)) {
	for r.next[a] >= 0 {
		l := int(r.next[a])
		a, _ = w.from(a, l)
		f(l, a)
	}
}

// spread is the computation of routes: offers wait by the length of their path, and the
// shortest is taken first. All weights are at least one, so that at its turn every offer
// of that length is there, and the lowest neighbour can be chosen among them.
type spread struct {
	*World
	*routes
	d     *damage
	queue [][]offer
	// leaked says whether the route of an AS came through a leak, deaf who refuses those.
	leaked, deaf []bool
}

// offer is a route that AS to may take from its neighbour over a link.
type offer struct{ to, from, link int }

// stable computes the routes of a group: up from customers to providers, across to
// peers, then down to customers. Under the rules of Gao and Rexford nothing else can win.
func (w *World) stable(group *Group, d damage) *routes {
	n := len(w.ASes)
	r := &routes{group: group, next: make([]int32, n), length: make([]int32, n), rank: make([]kinship, n)}
	for a := range r.next {
		r.next[a] = noRoute
	}
	s := spread{World: w, routes: r, d: &d, leaked: make([]bool, n)}
	if !d.silent {
		r.next[group.Origin] = ownRoute
	}
	for _, a := range d.rivals {
		r.next[a] = ownRoute
	}
	if d.base != nil {
		s.leak()
	}
	for _, k := range []kinship{ofCustomer, ofPeer, ofProvider} {
		s.offers(k)
		s.settle(k)
	}
	return r
}

// offers begins a phase: whoever has a route that may go to neighbours to whom it is one
// of rank k offers it. Peers hear only what comes from customers, customers hear all.
func (s *spread) offers(k kinship) {
	for a := range s.ASes {
		if s.has(a) && (k == ofProvider || s.rank[a] == ofCustomer) {
			s.pass(a, k)
		}
	}
}

// pass offers the route of an AS to those neighbours to whom it is one of rank k.
func (s *spread) pass(a int, k kinship) {
	for _, l := range s.ASes[a].links {
		to, kind := s.from(a, l)
		if kind == ofProvider-k { // to a provider it is a route of a customer
			s.offer(a, to, l)
		}
	}
}

func (s *spread) offer(from, to, l int) {
	g, e := s.group, &s.links[l]
	own := s.next[from] == ownRoute
	switch {
	case s.has(to), s.d.links != nil && s.d.links[l], g.IPv6 && e.ipv4Only:
		return
	case s.leaked[from] && s.deaf[to]:
		return
	case own && from == g.Origin && g.only >= 0 && g.only != l:
		return
	case s.d.refuses != nil && s.d.refuses[to]:
		return
	}
	length := s.length[from] + 1
	if e.server != 0 {
		length++
	}
	if own && from == g.Origin {
		length += int32(g.prepend[l])
	}
	for len(s.queue) <= int(length) {
		s.queue = append(s.queue, nil)
	}
	s.queue[length] = append(s.queue[length], offer{to, from, l})
}

// settle takes the offers, the shortest first. Peers pass nothing on within their phase.
func (s *spread) settle(k kinship) {
	for length := 0; length < len(s.queue); length++ {
		for _, o := range s.queue[length] {
			if s.wins(o, int32(length), k) {
				s.next[o.to], s.length[o.to], s.rank[o.to] = int32(o.link), int32(length), k
				s.leaked[o.to] = s.leaked[o.from]
			}
		}
		if k == ofPeer {
			continue
		}
		for _, o := range s.queue[length] {
			if int(s.next[o.to]) == o.link {
				s.pass(o.to, k)
			}
		}
	}
	for length := range s.queue {
		s.queue[length] = s.queue[length][:0]
	}
}

// wins reports whether an offer beats what the AS has: nothing, or an offer of the same
// phase and length from a neighbour with a higher number.
func (s *spread) wins(o offer, length int32, k kinship) bool {
	l := int(s.next[o.to])
	if l < 0 {
		return l == noRoute
	}
	if s.rank[o.to] != k || s.length[o.to] != length {
		return false
	}
	now, _ := s.from(o.to, l)
	return s.ASes[o.from].ASN < s.ASes[now].ASN
}

// leak lets an AS pass on to its other providers what it has from one. Those on its own
// path refuse it, for they stand in it.
func (s *spread) leak() {
	base, a := s.d.base, s.d.leaker
	s.next[a], s.length[a], s.rank[a], s.leaked[a] = base.next[a], base.length[a], base.rank[a], true
	s.deaf = make([]bool, len(s.ASes))
	s.deaf[a] = true
	base.passes(s.World, a, func(_, as int) { s.deaf[as] = true })
	for _, l := range s.ASes[a].links {
		if to, k := s.from(a, l); k == ofProvider && int32(l) != s.next[a] {
			s.offer(a, to, l)
		}
	}
}
