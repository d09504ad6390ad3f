package checks

import (
	"cmp"
	"net/netip"
	"slices"
)

// carriers says who carries the target's routes now and who did before: the ASes
// next to the origins, and the first ASes outside the country. It counts the
// prefixes with paths in none of which such an AS is visible.
func carriers(c *Case) (lastHops, borders []Upstream, none int) {
	last, border := newCarrierCount(c.Rules.RouteServers), newCarrierCount(c.Rules.RouteServers)
	abroad := len(c.Footprint.Home) > 0
	add := func(s PathSeen, when int) bool {
		origin := s.Path.Origin()
		next := last.add(s, when, func(a ASN) bool { return a == origin })
		if !abroad {
			return next
		}
		foreign := border.add(s, when, c.Footprint.Domestic)
		if c.Footprint.Target.Kind() == KindCountry {
			return foreign
		}
		return next
	}
	asked := c.asked()
	for _, b := range c.Baseline.Prefixes {
		for _, s := range b.Paths {
			add(s, before)
			if s.Peers = asked.without(b.Prefix, s.Peers); len(s.Peers) > 0 {
				add(s, unasked)
			}
		}
	}
	for i := range c.Observations {
		visible := false
		for _, s := range c.Observations[i].Paths {
			visible = add(s, now) || visible
		}
		if len(c.Observations[i].Paths) > 0 && !visible {
			none++
		}
	}
	h := BaselineHegemony(knownPaths(&c.Baseline))
	return last.list(h), border.list(h), none
}

// knownPaths gives the baseline without the routes that updates alone imply: of
// those the path was never seen.
func knownPaths(b *Baseline) []BaselinePrefix {
	if !b.MovedOnly {
		return b.Prefixes
	}
	list := make([]BaselinePrefix, 0, len(b.Prefixes))
	for _, p := range b.Prefixes {
		p.Paths = slices.DeleteFunc(slices.Clone(p.Paths), func(s PathSeen) bool { return len(s.Path) == 0 })
		list = append(list, p)
	}
	return list
}

// askedAbout are the vantage points that could be asked about a prefix, ascending, where
// these are fewer than had it before.
type askedAbout map[netip.Prefix][]ASN

func (c *Case) asked() askedAbout {
	var asked askedAbout
	had := map[netip.Prefix]int{}
	for _, b := range c.Baseline.Prefixes {
		for _, s := range b.Paths {
			had[b.Prefix] += len(s.Peers)
		}
	}
	for i := range c.Observations {
		o := &c.Observations[i]
		if o.Asked >= had[o.Prefix] {
			continue
		}
		peers := slices.Clone(o.Missing)
		for _, s := range o.Paths {
			peers = append(peers, s.Peers...)
		}
		slices.Sort(peers)
		if asked == nil {
			asked = askedAbout{}
		}
		asked[o.Prefix] = peers
	}
	return asked
}

// without gives those of some vantage points that could not be asked.
func (a askedAbout) without(p netip.Prefix, peers []ASN) (list []ASN) {
	asked, fewer := a[p]
	if !fewer {
		return nil
	}
	for _, peer := range peers {
		if _, ok := slices.BinarySearch(asked, peer); !ok {
			list = append(list, peer)
		}
	}
	return list
}

// now, before and unasked index the counts of a carrier: routes that are there, those of
// the baseline, and those of them whose vantage points cannot be asked now.
const (
	now = iota
	before
	unasked
)

// carrierCount counts paths, one a vantage point and prefix, by who carries them.
type carrierCount struct {
	paths  [3]int
	by     map[ASN]*[3]int
	behind map[ASN]map[ASN]*[3]int
	server []ASN
}

func newCarrierCount(servers []ASN) *carrierCount {
	return &carrierCount{by: map[ASN]*[3]int{}, behind: map[ASN]map[ASN]*[3]int{}, server: servers}
}

// carries reports whether a hop is an AS that can be said to carry traffic: an AS_SET
// has no order, a private number names nobody, and a route server carries nothing.
func (n *carrierCount) carries(h Hop) bool {
	return len(h) == 1 && !h[0].Private() && !h[0].RouteServer() && !slices.Contains(n.server, h[0])
}

// add counts a path and reports whether a carrier is visible in it: the first
// AS, from the origin outwards, that carries and is not inside.
func (n *carrierCount) add(s PathSeen, when int, inside func(ASN) bool) bool {
	if len(s.Path) == 0 {
		return false
	}
	n.paths[when] += len(s.Peers)
	outward := func(i int, inside func(ASN) bool) int {
		for i >= 0 && (!n.carries(s.Path[i]) || inside(s.Path[i][0])) {
			i--
		}
		return i
	}
	i := outward(len(s.Path)-1, inside)
	if i < 0 {
		return false
	}
	carrier := s.Path[i][0]
	count(n.by, carrier, when, len(s.Peers))
	if i = outward(i, func(a ASN) bool { return a == carrier }); i >= 0 {
		if n.behind[carrier] == nil {
			n.behind[carrier] = map[ASN]*[3]int{}
		}
		count(n.behind[carrier], s.Path[i][0], when, len(s.Peers))
	}
	return true
}

func count(m map[ASN]*[3]int, a ASN, when, n int) {
	if m[a] == nil {
		m[a] = new([3]int)
	}
	m[a][when] += n
}

// list gives the carriers, most used now first, then most used before.
func (n *carrierCount) list(hegemony map[ASN]float64) []Upstream {
	out := shares(n.by, n.paths)
	for i := range out {
		u := &out[i]
		u.Hegemony = hegemony[u.ASN]
		u.Behind = shares(n.behind[u.ASN], *n.by[u.ASN])
		u.Behind = u.Behind[:min(len(u.Behind), MaxBehind)]
		for j := range u.Behind {
			u.Behind[j].Hegemony = hegemony[u.Behind[j].ASN]
		}
	}
	return out
}

func shares(by map[ASN]*[3]int, of [3]int) []Upstream {
	out := make([]Upstream, 0, len(by))
	for a, n := range by {
		out = append(out, Upstream{
			ASN: a, Share: ratio(n[now], of[now]), ShareBefore: ratio(n[before], of[before]), Unseen: ratio(n[unasked], of[now]+of[unasked]),
		})
	}
	slices.SortFunc(out, func(x, y Upstream) int {
		return cmp.Or(cmp.Compare(y.Share, x.Share), cmp.Compare(y.ShareBefore, x.ShareBefore), cmp.Compare(x.ASN, y.ASN))
	})
	return out
}

func ratio(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}
