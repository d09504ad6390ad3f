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

// least is the part of the paths to a group, one in so many, that an adjacency next to its
// origin must have carried to be missed where it is not told.
const least = 20

// TruthOf is that part of what happened which explains the loss of one group: of its own
// origin nothing else, and of adjacencies next to it those that its paths crossed. With
// all, those are asked for that a single path crossed; without, those that carried one in
// twenty or more.
func (w *World) TruthOf(e *Event, group int, all bool) (list []checks.Candidate) {
	origin := w.ASes[w.Groups[group].Origin].ASN
	for _, c := range e.Truth {
		switch {
		case c.Kind == checks.OriginWithdrew && c.Element.AS != origin:
		case c.Kind == checks.AdjacencyFailed && e.Kind == LastLink && (c.Element.To != origin || w.crossing(group, c.Element) == 0 || !all && w.crossing(group, c.Element)*least < len(w.Vantage)):
		default:
			list = append(list, c)
		}
	}
	return list
}

// crossing counts the vantage points whose path to a group crosses the adjacency of an AS
// and the origin. A route server that shows between the two is none of them.
func (w *World) crossing(group int, e checks.Element) (n int) {
	for _, path := range w.paths[group] {
		i := slices.Index(path, e.To)
		for i--; i >= 0 && slices.Contains(w.RouteServers, path[i]); i-- {
		}
		if i >= 0 && path[i] == e.AS {
			n++
		}
	}
	return n
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
