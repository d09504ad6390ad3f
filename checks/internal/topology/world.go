package topology

import (
	"net/netip"

	"isitdown/checks"
)

// Tier says how an AS stands in the hierarchy.
type Tier int

// The tiers. A regional transit network may have a single provider.
const (
	TierOne Tier = iota + 1 // no provider
	Transit
	Regional
	Stub
)

// World is the network as it is built. It does not change: events are computed beside it,
// so several goroutines may use one.
type World struct {
	Seed uint64
	ASes []AS
	// Vantage are indices of the ASes that give their routes to a collector.
	Vantage []Vantage
	// Groups are the prefixes that are announced alike, in the order of their origins.
	Groups []Group
	// RouteServers are the numbers of those exchanges that show in paths.
	RouteServers []checks.ASN

	links  []link
	routes []*routes        // stable, by group
	paths  [][][]checks.ASN // of those, by group and vantage point
	used   [][]bool         // by group and link: a vantage point's path crosses it
}

// AS is one network.
type AS struct {
	ASN    checks.ASN
	Tier   Tier
	Region int
	links  []int // of World.links
}

// Vantage is an AS that gives all its routes to a collector.
type Vantage struct {
	AS        int
	Collector int // from 0
}

// Group is some prefixes of one family and one origin that go to the same neighbours.
type Group struct {
	Origin   int // of World.ASes
	IPv6     bool
	Prefixes []netip.Prefix
	only     int         // the link that it is announced over, -1 for all
	prepend  map[int]int // by link: how often the origin repeats itself
}

// link joins two ASes.
type link struct {
	provider, customer int // of a peering: its two ends
	peering            bool
	ipv4Only           bool
	server             checks.ASN // the route server that shows in paths across it; 0 for none
}

// kinship is what a neighbour is to an AS, in the order of preference.
type kinship int

const (
	ofCustomer kinship = iota
	ofPeer
	ofProvider
)

// from says what the other end of link l is to AS a, and which AS that is.
func (w *World) from(a, l int) (neighbour int, k kinship) {
	switch e := &w.links[l]; {
	case e.peering && e.provider == a:
		return e.customer, ofPeer
	case e.peering:
		return e.provider, ofPeer
	case e.provider == a:
		return e.customer, ofCustomer
	default:
		return e.provider, ofProvider
	}
}

// neighbours gives those of a kind, with the links to them.
func (w *World) neighbours(a int, kind kinship) (ases, links []int) {
	for _, l := range w.ASes[a].links {
		if n, k := w.from(a, l); k == kind {
			ases, links = append(ases, n), append(links, l)
		}
	}
	return ases, links
}

// Of gives the groups of an origin.
func (w *World) Of(origin int) (groups []int) {
	for g := range w.Groups {
		if w.Groups[g].Origin == origin {
			groups = append(groups, g)
		}
	}
	return groups
}

// Path is what a vantage point holds of a group while nothing is broken, as it is
// written, prepends and route servers included; nil for no route.
func (w *World) Path(group, vantage int) []checks.ASN {
	return w.paths[group][vantage]
}
