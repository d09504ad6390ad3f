package ripestat

import (
	"cmp"
	"net/netip"
	"slices"

	"isitdown/checks"
)

// pair is a vantage point and another network.
type pair struct{ peer, origin checks.ASN }

// comparison is what vantage points held of other networks at two times: those that had
// the target's routes, by their sessions that were up at both.
type comparison struct {
	then, now map[pair][]checks.Way
}

// comparison compares two tables. Where the later one was asked for some prefixes alone
// it compares those.
func (e *elsewhere) comparison(sessions []session, then, now *tables) *comparison {
	c := &comparison{map[pair][]checks.Way{}, map[pair][]checks.Way{}}
	origins := map[checks.ASN]bool{}
	for _, group := range e.sample {
		for _, a := range group {
			origins[a] = true
		}
	}
	for _, s := range sessions {
		from := source{s.Peer.Collector, s.Peer.Addr}
		if !e.peers[s.Peer.AS] || !then.proof[from] || !now.proof[from] {
			continue
		}
		add := func(into map[pair][]checks.Way, held map[netip.Prefix]checks.Way, compared func(netip.Prefix) bool) {
			for p, way := range held {
				if k := (pair{s.Peer.AS, way.Origin()}); origins[k.origin] && compared(p) {
					into[k] = append(into[k], way)
				}
			}
		}
		add(c.then, then.routes[from], func(p netip.Prefix) bool { return now.asked == nil || now.asked[p] })
		add(c.now, now.routes[from], func(netip.Prefix) bool { return true }) // wider ones, too
	}
	return c
}

// passages says of each element how many pairs passed it then, and do now.
func (c *comparison) passages(elements map[checks.Element]bool) []checks.Passage {
	type count struct {
		origins     map[checks.ASN]bool
		then, still int
	}
	counts := map[checks.Element]*count{}
	for k, ways := range c.then {
		was, is := passed(ways, elements), passed(c.now[k], elements)
		for e := range was {
			n := counts[e]
			if n == nil {
				n = &count{origins: map[checks.ASN]bool{}}
				counts[e] = n
			}
			n.origins[k.origin] = true
			n.then++
			if is[e] {
				n.still++
			}
		}
	}
	list := make([]checks.Passage, 0, len(counts))
	for e, n := range counts {
		list = append(list, checks.Passage{Element: e, Origins: len(n.origins), Before: n.then, Still: n.still})
	}
	slices.SortFunc(list, func(a, b checks.Passage) int {
		return cmp.Or(cmp.Compare(a.Element.AS, b.Element.AS), cmp.Compare(a.Element.To, b.Element.To))
	})
	return list
}

// passed gives those of the elements that any of the ways leads through.
func passed(ways []checks.Way, elements map[checks.Element]bool) map[checks.Element]bool {
	found := map[checks.Element]bool{}
	for _, way := range ways {
		for e := range way.Elements() {
			if elements[e] {
				found[e] = true
			}
		}
	}
	return found
}

// siblings says of each upstream how many networks were reached through it by half of the
// vantage points or more, and how many of them most vantage points had lost soon after.
func (c *comparison) siblings(upstreams []checks.ASN, soon *comparison) []checks.Siblings {
	var list []checks.Siblings
	for _, u := range upstreams {
		had, through := map[checks.ASN]int{}, map[checks.ASN]int{}
		for k, ways := range c.then {
			had[k.origin]++
			if slices.ContainsFunc(ways, func(w checks.Way) bool { return w.Passes(checks.Element{AS: u}) }) {
				through[k.origin]++
			}
		}
		s := checks.Siblings{Upstream: u}
		for origin, n := range had {
			if 2*through[origin] < n {
				continue
			}
			s.Networks++
			if soon.gone(origin) {
				s.Lost++
			}
		}
		if s.Networks > 0 {
			list = append(list, s)
		}
	}
	return list
}

// gone reports whether most vantage points that had any route of a network have none now.
func (c *comparison) gone(origin checks.ASN) bool {
	had, lost := 0, 0
	for k := range c.then {
		if k.origin != origin {
			continue
		}
		had++
		if len(c.now[k]) == 0 {
			lost++
		}
	}
	return 2*lost > had
}
