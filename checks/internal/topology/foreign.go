package topology

import (
	"math/rand/v2"
	"net/netip"
	"slices"

	"isitdown/checks"
)

// hijack lets another stub announce the prefixes of an origin, or halves of them.
func (w *World) hijack(e *Event, rng *rand.Rand) bool {
	o, rival := w.some(rng, false)[0], rng.IntN(len(w.ASes))
	if o == rival {
		return false
	}
	e.Origins = []int{o}
	for _, g := range w.Of(o) {
		from := &w.Groups[g]
		if e.Kind == Hijack {
			r := w.stable(from, damage{rivals: []int{rival}})
			e.changes = append(e.changes, change{number: g, before: w.paths[g], routes: r})
			continue
		}
		part := &Group{Origin: rival, IPv6: from.IPv6, only: -1}
		for _, p := range from.Prefixes {
			part.Prefixes = append(part.Prefixes, netip.PrefixFrom(p.Addr(), p.Bits()+1))
		}
		r := w.stable(part, damage{})
		e.changes = append(e.changes, change{number: -1, before: make([][]checks.ASN, len(w.Vantage)), routes: r})
	}
	return true
}

// leakage lets a stub with several providers pass on what it has from one of them: the
// routes of the origin, and of a few dozen others.
func (w *World) leakage(e *Event, rng *rand.Rand) bool {
	leaker, o := w.some(rng, false)[0], w.some(rng, false)[0]
	if _, up := w.neighbours(leaker, ofProvider); len(up) < 2 || leaker == o {
		return false
	}
	e.Origins = []int{o}
	origins := append([]int{o}, rng.Perm(len(w.ASes))[:30]...)
	slices.Sort(origins)
	moved := false
	for _, a := range slices.Compact(origins) {
		if a == leaker {
			continue
		}
		for _, g := range w.Of(a) {
			base := w.routes[g]
			if !base.has(leaker) || base.rank[leaker] != ofProvider {
				continue
			}
			r := w.stable(&w.Groups[g], damage{leaker: leaker, base: base})
			e.changes = append(e.changes, change{number: g, before: w.paths[g], routes: r})
			moved = moved || a == o && w.moves(r, g)
		}
	}
	return moved
}

// moves reports whether a vantage point has another path than before.
func (w *World) moves(r *routes, group int) bool {
	for v, at := range w.Vantage {
		if !slices.Equal(r.path(w, at.AS), w.paths[group][v]) {
			return true
		}
	}
	return false
}
