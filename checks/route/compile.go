package route

import (
	"cmp"
	"maps"
	"slices"

	"isitdown/checks"
)

// compile keeps what was collected in the wave: of each element by origin, and of an
// origin by vantage point.
func (s *scan) compile(v *wave) {
	lists := make([][]uint32, len(s.list))
	var routes []picked
	for _, origin := range slices.Sorted(maps.Keys(s.picked)) {
		p := s.picked[origin]
		for rank, at := range p.first {
			for routes = routes[:0]; at != 0; at = p.routes[at-1].next {
				routes = append(routes, p.routes[at-1])
			}
			slices.SortFunc(routes, func(a, b picked) int { return checks.ComparePrefixes(a.prefix, b.prefix) })
			s.compileSession(v, lists, origin, s.session[rank], routes)
		}
	}
	v.passages = make(map[checks.Element][]uint32, len(s.list))
	for k, list := range lists {
		v.passages[s.list[k]] = list
	}
	s.compileNetworks(v)
}

// compileSession adds to the list of each element the lowest of the prefixes, ascending,
// for which a session had a route of an origin that passes it.
func (s *scan) compileSession(v *wave, lists [][]uint32, origin checks.ASN, session int, routes []picked) {
	begin := uint32(len(v.routes))
	for _, h := range routes {
		path, kept := &s.paths[s.known[h.value]-1], false
		for _, e := range s.passed[path.at : path.at+path.n] {
			if n := len(lists[e]); n > 0 && lists[e][n-1] >= begin {
				continue // a lower one
			}
			if !kept {
				kept = true
				v.routes = append(v.routes, witness{origin, h.value, session, h.prefix})
			}
			lists[e] = append(lists[e], uint32(len(v.routes)-1))
		}
	}
}

// ranks gives each session its place among all by vantage point, so that those of one
// stand together, and the session at each place.
func (r *RIB) ranks() (of, list []int) {
	list = slices.Clone(r.ranked)
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(r.sessions[a].peer.AS, r.sessions[b].peer.AS) })
	of = make([]int, len(list))
	for at, i := range list {
		of[i] = at
	}
	return of, list
}

// compileNetworks keeps, of each upstream, the networks that at least half of the vantage
// points reached through it.
func (s *scan) compileNetworks(v *wave) {
	place := map[checks.ASN]int{}
	origins := slices.SortedFunc(maps.Keys(s.picked), func(a, b checks.ASN) int { return cmp.Compare(mix(a, s.key), mix(b, s.key)) })
	for u, upstream := range s.ups {
		b := behind{upstream: upstream}
		for _, origin := range origins {
			p := s.picked[origin]
			if !p.through(u, s.vantages) || len(b.networks) == maxNetworks {
				continue
			}
			at, ok := place[origin]
			if !ok {
				at = len(v.networks)
				place[origin] = at
				v.networks = append(v.networks, sibling{origin: origin, prefixes: p.prefixes})
			}
			b.networks = append(b.networks, at)
		}
		v.behind = append(v.behind, b)
	}
}

// through reports whether at least half of the vantage points with a route of the network
// had one through an upstream.
func (p *pick) through(u, vantages int) bool {
	had, via := newPoints(vantages), newPoints(vantages)
	for k := range p.prefixes {
		h := &p.prefixes[k]
		had.or(h.had)
		via.or(h.through(u))
	}
	n := via.count()
	return n > 0 && n*2 >= had.count()
}
