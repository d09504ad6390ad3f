package world

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// detailed has a target assessed by each of its prefixes, as one that is followed.
func (s *State) detailed(c *checks.Case, rows []table.Row) {
	slices.SortFunc(rows, func(a, b table.Row) int { return checks.ComparePrefixes(s.tab.Prefix(a), s.tab.Prefix(b)) })
	s.detail(c, rows)
}

// detail adds an observation of each of some rows, and what is known of others' routes.
func (s *State) detail(c *checks.Case, rows []table.Row) {
	losing := collectorSet{}
	for _, row := range rows {
		o, base := s.observe(row, c.Footprint.Target.Kind() == checks.KindCountry)
		c.Observations = append(c.Observations, o)
		c.Baseline.Prefixes = append(c.Baseline.Prefixes, base)
		if x := s.suspects[row]; x != nil && o.Seen*2 < o.Asked {
			losing = losing.or(x.losing)
		}
	}
	c.Vantage.LosingCollectors = max(c.Vantage.LosingCollectors, losing.len())
	lost, first, _ := checks.Losses(c.Observations)
	if len(lost) > 0 {
		c.Elsewhere = s.elsewhere(c, first)
	}
}

// observe says what is seen of one row, and what is usual for it.
func (s *State) observe(row table.Row, country bool) (checks.Observation, checks.BaselinePrefix) {
	p, usual := s.tab.Prefix(row), s.usual(row)
	s.was, s.is = s.tab.Values(usual, s.was[:0]), s.tab.Values(s.tab.Ref(row), s.is[:0])
	origins := slices.Clone(s.originsOf(usual))
	o := checks.Observation{Check: "route", Source: s.vantage.Source, At: s.rib.Newest(), Prefix: p}
	x := s.suspects[row]
	hold := x != nil && !x.settled(s.clock, s.settle())
	if d := s.apart.of(row); d != nil {
		dated := suspect{first: d.first, half: d.half, ninety: d.ninety}
		o.Lost = dated.crossing()
	}
	look := observing{State: s, o: &o, origins: origins, covers: map[coverOf]*checks.Cover{}, now: map[uint32][]checks.ASN{}}
	if country {
		look.home = s.homeOf(row)
	}
	look.ask(hold)
	if d := s.apart.of(row); d != nil && d.revived {
		o.Stuck = 0
	}
	o.Paths = s.pathsSeen(look.now)
	o.Covers = slices.SortedFunc(maps.Values(look.list()), func(a, b checks.Cover) int {
		return cmp.Or(cmp.Compare(b.Peers, a.Peers), checks.ComparePrefixes(a.Prefix, b.Prefix), cmp.Compare(a.Origin, b.Origin))
	})
	o.Origins = look.present(s.tab.Ref(row))
	return o, s.baseline(p, origins)
}

// baseline gives what is usual, from the values at hand: one route a vantage point.
func (s *State) baseline(p netip.Prefix, origins []checks.ASN) checks.BaselinePrefix {
	by := map[uint32][]checks.ASN{}
	s.marked.clear(s.points)
	for i, v := range s.was {
		if v != 0 && s.marked.add(s.point[i]) {
			by[v] = append(by[v], s.peers[i])
		}
	}
	return checks.BaselinePrefix{Prefix: p, Origins: slices.Sorted(slices.Values(origins)), Paths: s.pathsSeen(by)}
}

// pathsSeen gives the ends of paths and who has them, the most held first.
func (s *State) pathsSeen(by map[uint32][]checks.ASN) []checks.PathSeen {
	list := make([]checks.PathSeen, 0, len(by))
	for value, peers := range by {
		origin, upstream := s.rib.End(value)
		var path checks.Path
		switch {
		case origin != 0 && upstream != 0:
			path = checks.MakePath(upstream, origin)
		case origin != 0:
			path = checks.MakePath(origin)
		}
		slices.Sort(peers)
		list = append(list, checks.PathSeen{Path: path, Peers: peers})
	}
	slices.SortFunc(list, func(a, b checks.PathSeen) int {
		return cmp.Or(cmp.Compare(len(b.Peers), len(a.Peers)), slices.Compare(a.Peers, b.Peers))
	})
	return list
}

type coverOf struct {
	prefix   netip.Prefix
	origin   checks.ASN
	accepted bool
}

// observing is one row, looked at from every vantage point.
type observing struct {
	*State
	o       *checks.Observation
	origins []checks.ASN
	home    string
	covers  map[coverOf]*checks.Cover
	now     map[uint32][]checks.ASN // who has which value
}

// ask goes through the vantage points. Where a loss has not settled yet those that lack the
// row count as having it still.
func (l *observing) ask(hold bool) {
	s, o := l.State, l.o
	e := &s.electors[family(o.Prefix.Addr().Is6())]
	s.marked.clear(s.points)
	var c *covering
	split := 0
	for k, as := range e.as {
		sessions := e.of(k)
		had, has, _ := s.look(sessions, l.origins)
		if !had {
			continue
		}
		o.Asked++
		s.marked.add(s.point[sessions[0]])
		switch {
		case has:
			o.Seen++
			l.sight(as, sessions, s.is)
			if o.Sighted++; s.unmoved(sessions) {
				o.Stuck++
			}
			continue
		case hold:
			o.Seen++
			l.sight(as, sessions, s.was)
			continue
		}
		if c == nil {
			c = s.covering(o.Prefix)
		}
		f := c.find(s, sessions, l.origins, l.home)
		l.cover(&f, as)
		if f.split {
			split++
		}
		if f.seenAtHome {
			o.Seen++
		} else {
			o.Missing = append(o.Missing, as)
		}
	}
	if len(o.Missing) == 0 {
		o.Stuck = 0
	}
	o.Split = split > 0 && split*2 >= o.Asked
	for i, v := range s.is {
		if v != 0 && s.accepts(v, l.origins) && s.marked.add(s.point[i]) {
			o.Sighted++
			l.now[v] = append(l.now[v], s.peers[i])
		}
	}
}

// sight notes which route a vantage point has.
func (l *observing) sight(as checks.ASN, sessions []int, values []uint32) {
	for _, i := range sessions {
		if v := valueAt(values, i); v != 0 && l.accepts(v, l.origins) {
			l.now[v] = append(l.now[v], as)
			return
		}
	}
}

// cover counts what stands in for the row at one vantage point.
func (l *observing) cover(f *finding, as checks.ASN) {
	if f.value == 0 {
		return
	}
	origin, upstream := l.rib.End(f.value)
	key := coverOf{l.o.Prefix, origin, f.acceptedAtHome}
	if f.cover != 0 {
		key.prefix = l.tab.Prefix(f.cover)
	}
	if f.acceptedAtHome {
		l.now[f.value] = append(l.now[f.value], as)
	}
	if f.seenAtHome && !f.acceptedAtHome {
		return // another network of the country announces it
	}
	c := l.covers[key]
	if c == nil {
		l.covers[key] = &checks.Cover{Prefix: key.prefix, Origin: origin, Upstream: upstream, Peers: 1, Accepted: key.accepted}
		return
	}
	if c.Peers++; c.Upstream != upstream {
		c.Upstream = 0
	}
}

func (l *observing) list() map[coverOf]checks.Cover {
	m := make(map[coverOf]checks.Cover, len(l.covers))
	for k, c := range l.covers {
		m[k] = *c
	}
	return m
}

// present gives the origins of the routes of the row itself.
func (l *observing) present(ref table.Ref) (list []checks.ASN) {
	for v := range l.tab.Distinct(ref) {
		if o, _ := l.rib.End(v); o != 0 && slices.Contains(l.origins, o) {
			list = append(list, o)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// maxPassages is how many of the ASes next to the lost routes' origins are looked at, those
// that carried most of them.
const maxPassages = 16

// elsewhere says how others' routes through the ASes next to the lost routes' origins fare,
// by the routes that are still what they usually are.
func (s *State) elsewhere(c *checks.Case, first time.Time) checks.Elsewhere {
	own, next := map[checks.ASN]bool{}, map[checks.ASN]int{}
	for i := range c.Observations {
		o := &c.Observations[i]
		if o.Asked == 0 || 2*(o.Asked-o.Seen) < o.Asked {
			continue
		}
		for _, a := range c.Baseline.Prefixes[i].Origins {
			own[a] = true
		}
		for _, p := range c.Baseline.Prefixes[i].Paths {
			if len(p.Path) > 1 && len(p.Path[0]) == 1 {
				next[p.Path[0][0]] += len(p.Peers)
			}
		}
	}
	most := slices.SortedFunc(maps.Keys(next), func(a, b checks.ASN) int {
		return cmp.Or(cmp.Compare(next[b], next[a]), cmp.Compare(a, b))
	})
	e := checks.Elsewhere{
		From: first, To: c.Now,
		Missing: "of the paths of the whole world only their ends are kept: what lies beyond the ASes next to the origins is not looked at",
	}
	for _, u := range most[:min(len(most), maxPassages)] {
		p := checks.Passage{Element: checks.Element{AS: u}}
		var origins []checks.ASN
		s.pairs.ofUpstream(u, func(x *pair) {
			if x.usual > 0 && !own[x.origin] {
				origins = append(origins, x.origin)
				p.Before, p.Still = p.Before+int(x.usual), p.Still+int(max(0, x.still))
			}
		})
		slices.Sort(origins)
		p.Origins = len(slices.Compact(origins))
		e.Passages = append(e.Passages, p)
	}
	return e
}

// maxCarriers is how many ASes next to a country's or network's origins are told, the most used
// first. A large country has thousands.
const maxCarriers = 100

// carriers gives who carries a country or a network, by routes: one a session and prefix.
func (s *State) carriers(g *group, n uint32) (lastHops, borders []checks.Upstream) {
	by := s.carried[:0]
	if kindOf(g) == ofCountry {
		s.pairs.ofCountry(uint16(n), func(c *carrier) { by = append(by, *c) })
	} else {
		of := map[checks.ASN]int{} // in by
		s.pairs.ofOrigin(g.asn, func(x *pair) {
			k, ok := of[x.upstream]
			if !ok {
				k = len(by)
				of[x.upstream], by = k, append(by, carrier{upstream: x.upstream})
			}
			by[k].now, by[k].usual = by[k].now+int64(max(0, x.now)), by[k].usual+int64(max(0, x.usual))
		})
	}
	s.carried = by
	now, usual, all := int64(0), int64(0), by
	by = by[:0]
	for _, c := range all {
		c.now, c.usual = max(0, c.now), max(0, c.usual)
		now, usual = now+c.now, usual+c.usual
		if u := c.upstream; c.now+c.usual > 0 && u != 0 && !u.Private() && !u.RouteServer() && !slices.Contains(s.opts.Assess.RouteServers, u) {
			by = append(by, c)
		}
	}
	for _, c := range first(by, maxCarriers, (*carrier).compare) {
		lastHops = append(lastHops, checks.Upstream{
			ASN: c.upstream, Share: ratio(int(c.now), int(now)), ShareBefore: ratio(int(c.usual), int(usual)),
		})
	}
	if s.opts.Network != nil {
		for i := range lastHops {
			lastHops[i].Name, _ = s.opts.Network(lastHops[i].ASN)
		}
	}
	return lastHops, s.abroad(lastHops, g.code)
}

// abroad gives those of the ASes next to the origins that are registered in another country.
// Of a route that leads through another network of the same country it is not known who
// carries it abroad, for only the end of its path is kept.
func (s *State) abroad(list []checks.Upstream, code string) (borders []checks.Upstream) {
	if code == "" || s.opts.Network == nil {
		return nil
	}
	for _, u := range list {
		if _, country := s.opts.Network(u.ASN); country != code {
			borders = append(borders, u)
		}
	}
	return borders
}
