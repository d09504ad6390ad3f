package checks

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// losses are the prefixes of which at least half of those asked lost the route, with the
// ways that these routes had before.
type losses struct {
	list   []loss
	ways   []Way
	byPath map[pathKey]int32
	routes []lostRoutes // of all losses, one after the other
	server []ASN
}

// loss is one such prefix.
type loss struct {
	obs       *Observation
	base      BaselinePrefix
	at        time.Time // when half had lost it; zero where that is not known
	taken     bool      // others' routes stand in its place
	from, end int       // in losses.routes
	in        *losses
}

// lostRoutes counts the vantage points that lost a prefix by one way.
type lostRoutes struct{ way, n int32 }

// losses gathers what was lost.
func (a *assessment) losses() *losses {
	l := &losses{byPath: map[pathKey]int32{}, server: a.in.Rules.RouteServers}
	for i := range a.in.Observations {
		o := &a.in.Observations[i]
		if len(o.Missing) == 0 || float64(len(o.Missing)) < goOnShare*float64(o.Asked) || !a.asked(o) {
			continue
		}
		n := loss{obs: o, base: a.before(o.Prefix), at: o.Lost.Half, from: len(l.routes), in: l}
		if len(o.Foreign) > 0 {
			standing, _ := o.inPlace()
			n.taken = standing > 0 && standing*2 >= o.Asked-o.Seen
		}
		missing := o.Missing
		if len(o.Before) > 0 {
			missing = o.unmoved()
			l.add(o.Before, o.Missing)
		}
		l.add(n.base.Paths, missing)
		n.end = len(l.routes)
		l.list = append(l.list, n)
	}
	return l
}

// add counts those of missing that had one of the paths.
func (l *losses) add(paths []PathSeen, missing []ASN) {
	for _, s := range paths {
		if k := common(s.Peers, missing); k > 0 {
			l.routes = append(l.routes, lostRoutes{l.way(s.Path), int32(k)})
		}
	}
}

// unmoved gives those of Missing that held the path of the baseline to the last.
func (o *Observation) unmoved() []ASN {
	return slices.DeleteFunc(slices.Clone(o.Missing), func(as ASN) bool {
		return slices.ContainsFunc(o.Before, func(s PathSeen) bool { return slices.Contains(s.Peers, as) })
	})
}

// way numbers the way of a path.
func (l *losses) way(p Path) int32 {
	key := p.key()
	id, ok := l.byPath[key]
	if !ok {
		id = int32(len(l.ways))
		l.ways = append(l.ways, p.Way(l.server...))
		l.byPath[key] = id
	}
	return id
}

// common counts what stands in both of two ascending lists.
func common(a, b []ASN) (n int) {
	for _, as := range a {
		if _, ok := slices.BinarySearch(b, as); ok {
			n++
		}
	}
	return n
}

// byTime parts losses that lie further apart than what belongs together. One whose time
// is not known goes with the first.
func byTime(list []*loss) (groups [][]*loss) {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y *loss) int { return x.at.Compare(y.at) })
	for i, n := range list {
		if i == 0 || !list[i-1].at.IsZero() && n.at.Sub(list[i-1].at) > wentTogether {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], n)
	}
	for _, g := range groups {
		slices.SortFunc(g, func(x, y *loss) int { return ComparePrefixes(x.obs.Prefix, y.obs.Prefix) })
	}
	return groups
}

// byOrigins parts losses by who originated the prefixes.
func byOrigins(list []*loss) [][]*loss {
	return parted(list, func(n *loss) []ASN { return n.base.Origins })
}

// byLastHops parts losses by the ASes next to the origin that carried them.
func (l *losses) byLastHops(list []*loss) [][]*loss {
	return parted(list, func(n *loss) (next []ASN) {
		var hops []lastHop
		readable := 0
		for _, r := range l.routes[n.from:n.end] {
			a, _ := l.ways[r.way].nearest()
			if len(l.ways[r.way]) > 0 {
				readable += int(r.n)
			}
			i := slices.IndexFunc(hops, func(h lastHop) bool { return h.asn == a })
			if i < 0 {
				i, hops = len(hops), append(hops, lastHop{asn: a})
			}
			hops[i].n += int(r.n)
		}
		for _, h := range hops {
			if h.matters(readable) {
				next = append(next, h.asn)
			}
		}
		slices.Sort(next)
		return next
	})
}

// parted parts a list by a key, in the order in which the keys first come.
func parted(list []*loss, key func(*loss) []ASN) (groups [][]*loss) {
	index, buf := map[string]int{}, []byte(nil)
	for _, n := range list {
		buf = buf[:0]
		for _, as := range key(n) {
			buf = binary.BigEndian.AppendUint32(buf, uint32(as))
		}
		i, ok := index[string(buf)]
		if !ok {
			i = len(groups)
			index[string(buf)] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], n)
	}
	return groups
}

// evidence is a group of losses, counted up.
type evidence struct {
	list    []*loss
	origins []ASN // ascending
	// lost, kept and unchanged count pairs of a vantage point and a prefix; readable
	// those of lost whose way is known.
	lost, kept, unchanged, readable int
	moved                           int // of lost, those that had left the baseline's path
	// passes counts the lost routes through an element, ends those of which it is the
	// origin, or joins the origin to the next.
	passes, ends map[Element]int
	hops         []lastHop // the most used first
}

// lastHop is an AS nearest to the origin: on so many of the lost routes, on joined of
// them with nothing unreadable between the two.
type lastHop struct {
	asn       ASN
	n, joined int
}

// matters reports whether the AS carried enough of so many lost routes.
func (h lastHop) matters(readable int) bool { return float64(h.n) >= mainCarrier*float64(readable) }

// weigh counts a group of losses up.
func (l *losses) weigh(list []*loss) *evidence {
	e := &evidence{list: list, passes: map[Element]int{}, ends: map[Element]int{}}
	byWay := make(map[int32]int)
	for _, n := range list {
		e.origins = append(e.origins, n.base.Origins...)
		e.lost += len(n.obs.Missing)
		e.kept += n.obs.Seen
		e.unchanged += min(n.obs.Stuck, n.obs.Seen)
		for _, s := range n.obs.Before {
			e.moved += common(s.Peers, n.obs.Missing)
		}
		for _, r := range l.routes[n.from:n.end] {
			byWay[r.way] += int(r.n)
		}
	}
	slices.Sort(e.origins)
	e.origins = slices.Compact(e.origins)
	hops := map[ASN]*lastHop{}
	for id, n := range byWay {
		e.count(l.ways[id], n, hops)
	}
	for _, h := range hops {
		e.hops = append(e.hops, *h)
	}
	slices.SortFunc(e.hops, func(x, y lastHop) int { return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.asn, y.asn)) })
	return e
}

// count counts n lost routes of one way.
func (e *evidence) count(w Way, n int, hops map[ASN]*lastHop) {
	if len(w) == 0 {
		return
	}
	e.readable += n
	for x := range w.Elements() {
		e.passes[x] += n
	}
	if o := w.Origin(); o != 0 {
		e.ends[Element{AS: o}] += n
		if u := w.LastHop(); u != 0 {
			e.ends[Element{AS: u, To: o}] += n
		}
	}
	asn, joined := w.nearest()
	if asn == 0 {
		return
	}
	if hops[asn] == nil {
		hops[asn] = &lastHop{asn: asn}
	}
	hops[asn].n += n
	if joined {
		hops[asn].joined += n
	}
}

// nearest gives the AS that is readable nearest to the origin, and whether the two are
// neighbours.
func (w Way) nearest() (a ASN, joined bool) {
	for i := len(w) - 2; i >= 0; i-- {
		if w[i] != 0 {
			return w[i], i == len(w)-2 && w[i+1] != 0
		}
	}
	return 0, false
}

// main gives the ASes next to the origin that carried enough of the lost routes to matter.
func (e *evidence) main() []lastHop {
	i := slices.IndexFunc(e.hops, func(h lastHop) bool { return !h.matters(e.readable) })
	if i < 0 {
		return e.hops
	}
	return e.hops[:i]
}

// still counts the routes there are now through an AS next to the origin that carried
// enough of what was lost.
func (e *evidence) still() (n int) {
	main := e.main()
	return e.stillThrough(func(w Way) bool {
		a, _ := w.nearest()
		return slices.ContainsFunc(main, func(h lastHop) bool { return h.asn == a })
	})
}

// stillThrough counts the routes there are now whose way meets a condition.
func (e *evidence) stillThrough(passes func(Way) bool) (n int) {
	for _, x := range e.list {
		for _, s := range x.obs.Paths {
			if passes(x.in.wayOf(s.Path)) {
				n += len(s.Peers)
			}
		}
	}
	return n
}

// sole gives the AS that is the only vantage point; zero where there are several. It
// stands on all paths that it has, and has not failed for its own routers to tell.
func (e *evidence) sole() ASN {
	one := e.list[0].obs.Missing[0]
	for _, n := range e.list {
		if len(n.obs.Missing) > 1 || n.obs.Missing[0] != one {
			return 0
		}
	}
	return one
}

// carriers gives the ASes next to the origins by their part of the routes, before and now.
func (e *evidence) carriers() []Upstream {
	by, of := map[ASN]*[3]int{}, [3]int{}
	add := func(list []PathSeen, when int) {
		for _, s := range list {
			if len(s.Path) == 0 {
				continue
			}
			of[when] += len(s.Peers)
			if a, _ := e.list[0].in.wayOf(s.Path).nearest(); a != 0 {
				count(by, a, when, len(s.Peers))
			}
		}
	}
	for _, n := range e.list {
		add(n.base.Paths, before)
		add(n.obs.Paths, now)
	}
	list := shares(by, of)
	slices.SortStableFunc(list, func(x, y Upstream) int { return cmp.Compare(y.ShareBefore, x.ShareBefore) })
	return list
}

// wayOf gives the way of a path.
func (l *losses) wayOf(p Path) Way { return l.ways[l.way(p)] }
