package route

import (
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/topology"
)

// known is what became of other networks' routes, from the world itself: the stable
// routes before, and what the steps so far have left. It is what [Watch.Elsewhere] has to
// find out from messages alone.
func (x *trial) known(h *happened) checks.Elsewhere {
	c := &h.in
	k := knowing{
		trial: x, e: h.event, own: c.Footprint.Origins,
		counts: map[checks.Element]*passing{}, siblings: map[checks.ASN]*checks.Siblings{},
	}
	for _, p := range c.Baseline.Prefixes {
		if !k.lost(c, p) {
			continue
		}
		for _, s := range p.Paths {
			w := s.Path.Way()
			for el := range w.Elements() {
				k.counts[el] = &passing{before: map[pair]bool{}, still: map[pair]bool{}, origins: map[int]bool{}}
			}
			if u := w.LastHop(); u != 0 {
				k.siblings[u] = &checks.Siblings{Upstream: u}
			}
		}
	}
	if len(k.counts) == 0 {
		return checks.Elsewhere{}
	}
	k.count()
	return k.result(c.Now)
}

type pair struct{ vantage, origin int }

type passing struct {
	before, still map[pair]bool
	origins       map[int]bool
}

type knowing struct {
	*trial
	e        *topology.Event
	own      []checks.ASN
	counts   map[checks.Element]*passing
	siblings map[checks.ASN]*checks.Siblings
}

func (k *knowing) lost(c *checks.Case, p checks.BaselinePrefix) bool {
	return slices.ContainsFunc(c.Observations, func(o checks.Observation) bool { return o.Prefix == p.Prefix && o.Seen*2 <= o.Asked })
}

// count goes through the routes of all other origins.
func (k *knowing) count() {
	w := k.world
	byOrigin := map[int][]int{}
	for g := range w.Groups {
		if !slices.Contains(k.own, w.ASes[w.Groups[g].Origin].ASN) {
			byOrigin[w.Groups[g].Origin] = append(byOrigin[w.Groups[g].Origin], g)
		}
	}
	for origin, groups := range byOrigin {
		had, lost := 0, 0
		through := map[checks.ASN]int{}
		for v := range w.Vantage {
			if slices.Contains(k.e.Ended(), v) {
				continue
			}
			before, after := k.routes(groups, v)
			had += min(1, len(before))
			if len(before) > 0 && len(after) == 0 {
				lost++
			}
			k.pairs(pair{v, origin}, before, after, through)
		}
		for u, n := range through {
			if s := k.siblings[u]; s != nil && n*2 >= had {
				s.Networks++
				if lost*2 > had {
					s.Lost++
				}
			}
		}
	}
}

// routes gives the ways that a vantage point had to the groups of an origin, and has.
func (k *knowing) routes(groups []int, v int) (before, after []checks.Way) {
	for _, g := range groups {
		path := k.world.Path(g, v)
		if path != nil {
			before = append(before, checks.MakePath(path...).Way())
		}
		if moved, ok := k.held[place{v, k.world.Groups[g].Prefixes[0]}]; ok {
			path = moved
		}
		if path != nil {
			after = append(after, checks.MakePath(path...).Way())
		}
	}
	return before, after
}

func (k *knowing) pairs(p pair, before, after []checks.Way, through map[checks.ASN]int) {
	seen := map[checks.Element]bool{}
	for _, w := range before {
		for el := range w.Elements() {
			if !seen[el] && el.AS != k.world.ASes[p.origin].ASN {
				seen[el] = true
				if !el.Adjacency() {
					through[el.AS]++
				}
				if c := k.counts[el]; c != nil {
					c.before[p], c.origins[p.origin] = true, true
				}
			}
		}
	}
	for _, w := range after {
		for el := range w.Elements() {
			if c := k.counts[el]; c != nil && c.before[p] {
				c.still[p] = true
			}
		}
	}
}

func (k *knowing) result(now time.Time) checks.Elsewhere {
	out := checks.Elsewhere{From: now.Add(-lookedAt - 10*time.Minute), To: now, Source: "the simulator"}
	for el, c := range k.counts {
		out.Passages = append(out.Passages, checks.Passage{Element: el, Origins: len(c.origins), Before: len(c.before), Still: len(c.still)})
	}
	for _, s := range k.siblings {
		out.Siblings = append(out.Siblings, *s)
	}
	return out
}
