package route

import (
	"cmp"
	"maps"
	"slices"

	"isitdown/checks"
)

// compile keeps what was collected in the wave.
func (s *scan) compile(v *wave) {
	v.passages = make(map[checks.Element][]uint32, len(s.list))
	place := map[witness]uint32{}
	rank := s.r.ranks()
	lists := make([][]witness, len(s.list))
	for origin, p := range s.picked {
		for key, prefix := range p.pairs {
			lists[key.element] = append(lists[key.element], witness{origin, int(key.session), prefix})
		}
	}
	for k, list := range lists {
		slices.SortFunc(list, func(a, b witness) int {
			return cmp.Or(cmp.Compare(a.origin, b.origin), cmp.Compare(rank[a.session], rank[b.session]))
		})
		places := make([]uint32, len(list))
		for n, x := range list {
			at, ok := place[x]
			if !ok {
				at = uint32(len(v.routes))
				place[x] = at
				v.routes = append(v.routes, x)
			}
			places[n] = at
		}
		v.passages[s.list[k]] = places
	}
	s.compileNetworks(v)
}

// ranks gives each session its place among all by vantage point, so that those of one
// stand together.
func (r *RIB) ranks() []int {
	list := slices.Clone(r.ranked)
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(r.sessions[a].peer.AS, r.sessions[b].peer.AS) })
	rank := make([]int, len(list))
	for at, i := range list {
		rank[i] = at
	}
	return rank
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
