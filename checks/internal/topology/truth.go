package topology

import (
	"net/netip"
	"slices"

	"isitdown/checks"
)

// Space is what an AS may announce, whether it does or not.
func (w *World) Space(a int) []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(ipv4Prefix(a, 0, 22).Addr(), 19),
		netip.PrefixFrom(ipv6Prefix(a, 0).Addr(), 32),
	}
}

// Lost gives the groups of the event's origins that half of the vantage points, or more,
// have lost once all has settled. Some are stuck: they keep what they had.
func (w *World) Lost(e *Event, stuck []int) (groups []int) {
	for _, o := range e.Origins {
		for _, g := range w.Of(o) {
			if w.LostShare(e, g, stuck) >= 0.5 {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// TruthOf is that part of what happened which explains the loss of some groups of one
// origin: of that origin nothing else, and of adjacencies next to it those that a part of
// the lost routes crossed, from least (0 to 1) on; with 0 those that a single one did. Of
// routes there is one for each vantage point and prefix, but for those that are stuck.
func (w *World) TruthOf(e *Event, groups, stuck []int, least float64) (list []checks.Candidate) {
	origin := w.ASes[w.Groups[groups[0]].Origin].ASN
	for _, c := range e.Truth {
		switch {
		case c.Kind == checks.OriginWithdrew && c.Element.AS != origin:
		case c.Kind == checks.AdjacencyFailed && e.Kind == LastLink && (c.Element.To != origin || !w.carried(e, groups, stuck, c.Element, least)):
		default:
			list = append(list, c)
		}
	}
	return list
}

// carried reports whether an adjacency of the origin carried a part of the lost routes. A
// route server that shows between the two is no network.
func (w *World) carried(e *Event, groups, stuck []int, x checks.Element, least float64) bool {
	crossed, all := 0, 0
	for _, g := range groups {
		n := len(w.Groups[g].Prefixes)
		for v, path := range w.paths[g] {
			if path == nil || slices.Contains(stuck, v) || slices.Contains(e.ended, v) {
				continue
			}
			all += n
			i := slices.Index(path, x.To) - 1
			for i >= 0 && slices.Contains(w.RouteServers, path[i]) {
				i--
			}
			if i >= 0 && path[i] == x.AS {
				crossed += n
			}
		}
	}
	return crossed > 0 && float64(crossed) >= least*float64(all)
}

// Ended gives the vantage points whose session ends, ascending.
func (e *Event) Ended() []int {
	list := slices.Clone(e.ended)
	slices.Sort(list)
	return list
}

// End has the sessions of more vantage points end with the event, for no reason of its own.
func (e *Event) End(vantage ...int) {
	for _, v := range vantage {
		if !slices.Contains(e.ended, v) {
			e.ended = append(e.ended, v)
		}
	}
}
