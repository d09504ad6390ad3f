package route

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// view is one prefix of the baseline, looked at from every vantage point.
type view struct {
	watch    *Watch
	base     *checks.BaselinePrefix
	held     *watched
	over     []*watched // watched prefixes over it
	family   int
	now      stamp
	accepted []checks.ASN // origins

	asked, seen int
	answered    map[checks.ASN]bool // those asked, and those sighted
	sightings   []sighting
	covers      map[coverKey]*coverCount
	split       int
	lost        []loss // one a vantage point that lost it
	missing     []checks.ASN
	moved       map[uint32][]checks.ASN // of those, by the path that they lost
	absences    []absence               // the last one of each that was asked
	collectors  map[string]*collectorCount
}

// sighting is what a vantage point has in place of the lost or found prefix.
type sighting struct {
	as    checks.ASN
	path  checks.Path
	since stamp
	vote  bool // it counts among those asked
	exact bool
}

type coverKey struct {
	prefix   netip.Prefix
	origin   checks.ASN
	accepted bool
}

// coverCount counts who sees the prefix only through a cover, and who carries it:
// zero where the vantage points differ.
type coverCount struct {
	peers    int
	upstream checks.ASN
}

// collectorCount counts the vantage points of one collector.
type collectorCount struct{ asked, lost int }

// cover counts one vantage point for a cover.
func (v *view) cover(key coverKey, upstream checks.ASN) {
	c := v.covers[key]
	if c == nil {
		v.covers[key] = &coverCount{1, upstream}
		return
	}
	c.peers++
	if c.upstream != upstream {
		c.upstream = 0
	}
}

func (w *Watch) view(bp *checks.BaselinePrefix, voters *electorate, now stamp) *view {
	v := &view{
		watch: w, base: bp, held: w.prefixes[bp.Prefix], over: w.over(bp.Prefix), family: familyOf(bp.Prefix), now: now,
		answered: map[checks.ASN]bool{}, covers: map[coverKey]*coverCount{}, collectors: map[string]*collectorCount{},
	}
	v.accepted = append(slices.Clone(bp.Origins), w.target.Origins...)
	carriers := make([]checks.ASN, 0, 64)
	for _, s := range bp.Paths {
		carriers = append(carriers, s.Peers...)
	}
	slices.Sort(carriers)
	for _, as := range carriers {
		if sessions := v.knowing(voters.sessions[as]); v.carried(sessions) {
			v.ask(as, sessions)
		}
	}
	v.sightOthers()
	return v
}

// over gives the watched prefixes that lie over one, the longest first.
func (w *Watch) over(prefix netip.Prefix) (list []*watched) {
	for bits := prefix.Bits() - 1; bits >= checks.MinCoverBits; bits-- {
		if p := w.prefixes[netip.PrefixFrom(prefix.Addr(), bits).Masked()]; p != nil {
			list = append(list, p)
		}
	}
	return list
}

// knowing gives those of the sessions that can know of the prefix. One that had lost
// it when its feed had a hole may have it back since without our hearing of it.
func (v *view) knowing(sessions []int) []int {
	deaf := func(i int) bool {
		h, s := v.held.holds.look(i), &v.watch.rib.sessions[i]
		return s.hole != 0 && h.path == 0 && h.lostAt != 0 && h.lostAt <= s.hole
	}
	if !slices.ContainsFunc(sessions, deaf) {
		return sessions
	}
	return slices.DeleteFunc(slices.Clone(sessions), deaf)
}

// carried reports whether the baseline rests on any of the sessions. Where it
// rests only on other sessions of the same AS, which do not vote now, those that
// do cannot have lost what they never had.
func (v *view) carried(sessions []int) bool {
	return slices.ContainsFunc(sessions, func(i int) bool { return v.held.holds.look(i).usual })
}

// ask looks at the prefix from one vantage point that had it before.
func (v *view) ask(as checks.ASN, sessions []int) {
	v.asked++
	v.answered[as] = true
	gone, early := absence{}, stamp(0)
	for _, i := range sessions {
		h := v.held.holds.look(i)
		if path, ok := v.exact(h, i); ok {
			v.seen++
			v.sightings = append(v.sightings, sighting{as, v.watch.paths.paths[path], h.since, true, true})
			if h.path != 0 && h.backAt > h.lostAt {
				v.absences = append(v.absences, absence{h.lostAt, h.backAt, h.early})
			}
			v.count(sessions, false)
			return
		}
		gone.from, early = max(gone.from, v.lostSince(h, i)), earlier(early, h.early)
	}
	if v.covered(as, sessions) {
		v.seen++
		v.count(sessions, false)
		return
	}
	v.lost = append(v.lost, loss{gone.from, early})
	v.missing = append(v.missing, as) // carriers come in their order
	v.noteBefore(as, sessions)
	v.absences = append(v.absences, gone)
	v.count(sessions, true)
}

// count counts a vantage point for every collector it has a voting session at.
func (v *view) count(sessions []int, lost bool) {
	last := ""
	for n, i := range sessions {
		name := v.watch.rib.sessions[i].peer.Collector
		if n > 0 && name == last { // sessions come in the order of their collectors
			continue
		}
		last = name
		c := v.collectors[name]
		if c == nil {
			c = &collectorCount{}
			v.collectors[name] = c
		}
		c.asked++
		if lost {
			c.lost++
		}
	}
}

// losing adds the collectors at which at least half of those asked lost the prefix.
func (v *view) losing(names map[string]bool) {
	for name, c := range v.collectors {
		if c.lost*2 >= c.asked {
			names[name] = true
		}
	}
}

// exact gives the accepted path that a session has for the prefix itself. A loss
// that has not settled yet leaves the path before it standing.
func (v *view) exact(h hold, i int) (path uint32, ok bool) {
	path = h.path
	if path == 0 && v.unsettled(h, i) {
		path = h.lostPath
	}
	if path == 0 {
		return 0, false
	}
	return path, v.accepts(path)
}

// unsettled reports whether the loss of a route is too young to count: a session
// that was about to end may have withdrawn it, or one that came back, and counts
// as whole for most of its table, may still be sending it.
func (v *view) unsettled(h hold, i int) bool {
	if h.cut && v.watch.rib.sessions[i].marked[v.family] {
		return false
	}
	if h.early != 0 && !h.cut && !v.watch.rib.sessions[i].refresh {
		return false // a dump has shown since that the session is up without it
	}
	return h.lostAt != 0 && v.now.since(v.lossKnown(h, i)) < v.watch.rib.rules.Settle
}

// lossKnown gives when a session lost a route. Where the session itself ended that
// is not known until it is back without the route.
func (v *view) lossKnown(h hold, i int) stamp {
	if h.cut {
		return max(h.lostAt, v.watch.rib.sessions[i].since)
	}
	return h.lostAt
}

// lostSince gives from when a session has had no accepted route for the prefix,
// or for a watched one over it.
func (v *view) lostSince(h hold, i int) stamp {
	if h.path != 0 {
		return h.since // another origin's route took its place
	}
	at := v.lossKnown(h, i)
	for _, p := range v.over {
		if o := p.holds.look(i); o.path == 0 && o.lostAt != 0 && v.accepts(o.lostPath) {
			at = max(at, v.lossKnown(o, i))
		}
	}
	return at
}

func (v *view) accepts(path uint32) bool {
	if path == impliedPath || len(v.accepted) == 0 {
		return true
	}
	origins := v.watch.paths.paths[path].Origins()
	return len(origins) == 0 || slices.ContainsFunc(origins, func(o checks.ASN) bool { return slices.Contains(v.accepted, o) })
}

// covered looks for a route that stands in for the prefix at one vantage point:
// its more-specifics, or one over it. Only an accepted origin makes it seen;
// others are noted.
func (v *view) covered(as checks.ASN, sessions []int) bool {
	foreign, through := coverKey{}, checks.ASN(0)
	for _, i := range sessions {
		if v.splitAt(i) {
			v.split++
			return true
		}
		key, upstream := v.coverAt(i)
		switch {
		case key.accepted:
			v.cover(key, upstream)
			t := tail{key.origin, upstream}
			v.sightings = append(v.sightings, sighting{as: as, path: t.path(), vote: true})
			return true
		case foreign == (coverKey{}):
			foreign, through = key, upstream
		}
	}
	if foreign != (coverKey{}) {
		v.cover(foreign, through)
	}
	return false
}

// coverAt finds what one session has in place of the prefix: the longest route
// over it with an accepted origin, else the longest of all. A route of another
// origin for the prefix itself hides those over it.
func (v *view) coverAt(i int) (key coverKey, upstream checks.ASN) {
	r := v.watch.rib
	for prefix, row := range r.table.Supernets(v.base.Prefix) {
		if prefix.Bits() < checks.MinCoverBits {
			break
		}
		t, ok := r.tailAt(r.table.Ref(row), i)
		if !ok {
			continue
		}
		if prefix == v.base.Prefix {
			return coverKey{prefix, t.origin, false}, t.upstream
		}
		if slices.Contains(v.accepted, t.origin) {
			return coverKey{prefix, t.origin, true}, t.upstream
		}
		if key == (coverKey{}) {
			key, upstream = coverKey{prefix, t.origin, false}, t.upstream
		}
	}
	return v.unsettledCover(i, key, upstream)
}

// unsettledCover gives the watched route over the prefix that a session withdrew
// too lately for that to count, and otherwise what it is given.
func (v *view) unsettledCover(i int, key coverKey, upstream checks.ASN) (coverKey, checks.ASN) {
	for _, p := range v.over {
		h := p.holds.look(i)
		if h.path != 0 || !v.unsettled(h, i) || !v.accepts(h.lostPath) {
			continue
		}
		path := v.watch.paths.paths[h.lostPath]
		return coverKey{p.prefix, path.Origin(), true}, v.watch.lastHop(h.lostPath)
	}
	return key, upstream
}

// splitAt reports whether a session has accepted more-specifics that make up the
// whole prefix.
func (v *view) splitAt(i int) bool {
	r := v.watch.rib
	parts := make([]netip.Prefix, 0, 8)
	for prefix, row := range r.table.Subnets(v.base.Prefix) {
		if prefix == v.base.Prefix {
			continue
		}
		if t, ok := r.tailAt(r.table.Ref(row), i); ok && slices.Contains(v.accepted, t.origin) {
			parts = append(parts, prefix)
		}
	}
	return checks.Fills(parts, v.base.Prefix)
}

// sightOthers adds the vantage points that have the prefix and were not asked. What a
// session holds whose feed is waiting for a lookup nobody knows.
func (v *view) sightOthers() {
	r := v.watch.rib
	for _, i := range r.ranked {
		s := &r.sessions[i]
		if !s.live() || s.refresh || v.answered[s.peer.AS] {
			continue
		}
		h := v.held.holds.look(i)
		if h.path != 0 && v.accepts(h.path) {
			v.answered[s.peer.AS] = true
			v.sightings = append(v.sightings, sighting{s.peer.AS, v.watch.paths.paths[h.path], h.since, false, true})
		}
	}
}

func (v *view) observation(newest time.Time) checks.Observation {
	o := checks.Observation{
		Check: "route", Source: joinNames(v.sources()), At: newest, Prefix: v.base.Prefix,
		Asked: v.asked, Seen: v.seen, Missing: v.missing, Split: v.split > 0 && v.split*2 >= v.asked, Changes: v.changes(),
	}
	o.Lost, o.Back = v.crossings()
	byPath := map[string]*checks.PathSeen{}
	for _, s := range v.sightings {
		if s.exact {
			o.Sighted++
			o.Origins = append(o.Origins, s.path.Origins()...)
		}
		if s.vote && s.exact && len(v.lost) > 0 && s.since < v.firstLoss() {
			o.Stuck++
		}
		if s.path == nil {
			continue
		}
		key := s.path.String()
		if byPath[key] == nil {
			byPath[key] = &checks.PathSeen{Path: s.path}
		}
		byPath[key].Peers = append(byPath[key].Peers, s.as)
	}
	slices.Sort(o.Origins)
	o.Origins = slices.Compact(o.Origins)
	for _, seen := range byPath {
		slices.Sort(seen.Peers)
		o.Paths = append(o.Paths, *seen)
	}
	slices.SortFunc(o.Paths, compareSeen)
	o.Covers, o.Before = v.coverList(), v.watch.pathsSeen(v.moved)
	return o
}

// firstLoss is the first time at which a vantage point is known to have been without it.
func (v *view) firstLoss() stamp {
	return slices.MinFunc(v.lost, func(a, b loss) int { return cmp.Compare(a.at, b.at) }).at
}

// sources gives the collectors that have, or had, the prefix.
func (v *view) sources() map[string]bool {
	names := map[string]bool{}
	for i, h := range v.held.holds.all() {
		if h.path != 0 || h.lostAt != 0 {
			names[v.watch.rib.sessions[i].peer.Collector] = true
		}
	}
	return names
}

// changes counts the route changes in the baseline's window.
func (v *view) changes() (n int) {
	oldest := int64(v.now.add(-v.watch.rib.rules.BaselineWindow)) / int64(time.Minute)
	for _, c := range v.held.changes {
		if c.minute >= oldest {
			n += c.n
		}
	}
	return n
}

func (v *view) coverList() []checks.Cover {
	list := make([]checks.Cover, 0, len(v.covers))
	for k, c := range v.covers {
		list = append(list, checks.Cover{Prefix: k.prefix, Origin: k.origin, Upstream: c.upstream, Peers: c.peers, Accepted: k.accepted})
	}
	slices.SortFunc(list, func(a, b checks.Cover) int {
		return cmp.Or(cmp.Compare(b.Peers, a.Peers), checks.ComparePrefixes(a.Prefix, b.Prefix), cmp.Compare(a.Origin, b.Origin))
	})
	return list
}

// path is the end of a path as far as it is kept.
func (t tail) path() checks.Path {
	switch {
	case t.origin == 0:
		return nil
	case t.upstream == 0:
		return checks.MakePath(t.origin)
	}
	return checks.MakePath(t.upstream, t.origin)
}
