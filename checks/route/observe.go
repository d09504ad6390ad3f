package route

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// Observe says what is seen of the target at now: what is normal for it, who
// was asked, and one observation for each prefix of the baseline.
func (w *Watch) Observe(now time.Time) (checks.Baseline, checks.Vantage, []checks.Observation) {
	at := stampOf(now)
	w.rib.advance(at)
	base := w.baseline(at)
	voters := [2]electorate{w.rib.electorate(0, base.MovedOnly), w.rib.electorate(1, base.MovedOnly)}
	list := make([]checks.Observation, 0, len(base.Prefixes))
	losing := map[string]bool{}
	for i := range base.Prefixes {
		bp := &base.Prefixes[i]
		v := w.view(bp, &voters[familyOf(bp.Prefix)], at)
		list = append(list, v.observation(w.rib.Newest()))
		if v.seen*2 < v.asked {
			maps.Copy(losing, v.losing)
		}
	}
	vantage := w.vantage(voters, at)
	vantage.LosingCollectors = len(losing)
	return base, vantage, list
}

// vantage counts who was asked.
func (w *Watch) vantage(voters [2]electorate, now stamp) checks.Vantage {
	r := w.rib
	live, settled := map[checks.ASN]bool{}, map[checks.ASN]bool{}
	collectors := map[string]bool{}
	sessions := 0
	for i := range r.sessions {
		s := &r.sessions[i]
		if s.live() {
			live[s.peer.AS] = true
			sessions++
			collectors[s.peer.Collector] = true
		}
		if s.state == Established {
			settled[s.peer.AS] = true
		}
	}
	v := checks.Vantage{
		Source: joinNames(collectors), Live: len(live), Syncing: len(live) - len(settled),
		FullFeed: voters[0].fullFeed, Voting: len(voters[0].sessions),
		FullFeed6: voters[1].fullFeed, Voting6: len(voters[1].sessions),
		Sessions: sessions, FullFeedSessions: max(voters[0].fullSessions, voters[1].fullSessions),
		Collectors: len(collectors), Declared: len(r.rules.Declared) > 0, NewestAt: r.Newest(),
	}
	v.Partial = v.Live - max(v.FullFeed, v.FullFeed6)
	if r.tableless() {
		v.Partial = 0
	}
	v.Usual = w.usual[0].note(now, v.Voting)
	v.Usual6 = w.usual[1].note(now, v.Voting6)
	return v
}

func joinNames(set map[string]bool) string {
	names := slices.Sorted(maps.Keys(set))
	const most = 4
	text := ""
	for i, n := range names {
		if i == most {
			return text + " and others"
		}
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}

// view is one prefix of the baseline, looked at from every vantage point.
type view struct {
	watch    *Watch
	base     *checks.BaselinePrefix
	held     *watched
	now      stamp
	accepted []checks.ASN // origins

	asked, seen int
	sightings   []sighting
	covers      map[coverKey]*coverCount
	split       int
	losing      map[string]bool // collectors
	lost, back  []stamp
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
		watch: w, base: bp, held: w.prefixes[bp.Prefix], now: now,
		covers: map[coverKey]*coverCount{}, losing: map[string]bool{},
	}
	v.accepted = append(slices.Clone(bp.Origins), w.target.Origins...)
	carriers := make([]checks.ASN, 0, 64)
	for _, s := range bp.Paths {
		carriers = append(carriers, s.Peers...)
	}
	slices.Sort(carriers)
	for _, as := range carriers {
		if voters.votes(as) {
			v.ask(as, voters.sessions[as])
		}
	}
	v.sightOthers(carriers, voters)
	return v
}

// ask looks at the prefix from one vantage point that had it before.
func (v *view) ask(as checks.ASN, sessions []int) {
	v.asked++
	lost, back := stamp(0), stamp(0)
	for _, i := range sessions {
		h := v.held.hold(i)
		if path, ok := v.exact(h, i); ok {
			v.seen++
			v.sightings = append(v.sightings, sighting{as, v.watch.paths.paths[path], h.since, true, true})
			if h.backAt != 0 && h.path != 0 {
				v.back = append(v.back, h.backAt)
			}
			return
		}
		if h.path == 0 {
			lost = max(lost, h.lostAt)
		} else {
			lost = max(lost, h.since) // another origin's route took its place
		}
		back = max(back, h.backAt)
	}
	if v.covered(as, sessions) {
		v.seen++
		return
	}
	v.lost = append(v.lost, lost)
	for _, i := range sessions {
		v.losing[v.watch.rib.sessions[i].peer.Collector] = true
	}
}

// exact gives the accepted path that a session has for the prefix itself. A loss
// that has not settled yet leaves the path before it standing.
func (v *view) exact(h *hold, i int) (path uint32, ok bool) {
	path = h.path
	s := &v.watch.rib.sessions[i]
	if path == 0 && h.lostAt != 0 && v.now.since(h.lostAt) < v.watch.rib.rules.Settle && s.live() {
		path = h.lostPath
	}
	if path == 0 {
		return 0, false
	}
	return path, v.accepts(path)
}

func (v *view) accepts(path uint32) bool {
	if path == impliedPath || len(v.accepted) == 0 {
		return true
	}
	origins := v.watch.paths.paths[path].Origins()
	return len(origins) == 0 || slices.ContainsFunc(origins, func(o checks.ASN) bool { return slices.Contains(v.accepted, o) })
}

// covered looks for a route that stands in for the prefix at one vantage point:
// over it, or its more-specifics. Only an accepted origin makes it seen; others
// are noted.
func (v *view) covered(as checks.ASN, sessions []int) bool {
	r := v.watch.rib
	foreign, through := coverKey{}, checks.ASN(0)
	for _, i := range sessions {
		for prefix, ref := range r.table.Supernets(v.base.Prefix) {
			if prefix.Bits() < checks.MinCoverBits {
				continue
			}
			t, ok := r.tailAt(ref, i)
			if !ok {
				continue
			}
			if prefix != v.base.Prefix && slices.Contains(v.accepted, t.origin) {
				v.cover(coverKey{prefix, t.origin, true}, t.upstream)
				v.sightings = append(v.sightings, sighting{as, t.path(), 0, true, false})
				return true
			}
			if foreign == (coverKey{}) {
				foreign, through = coverKey{prefix, t.origin, false}, t.upstream
			}
		}
		if v.splitAt(i) {
			v.split++
			return true
		}
	}
	if foreign != (coverKey{}) {
		v.cover(foreign, through)
	}
	return false
}

// splitAt reports whether a session has accepted more-specifics that make up the
// whole prefix.
func (v *view) splitAt(i int) bool {
	r := v.watch.rib
	parts := make([]netip.Prefix, 0, 8)
	for prefix, ref := range r.table.Subnets(v.base.Prefix) {
		if prefix == v.base.Prefix {
			continue
		}
		if t, ok := r.tailAt(ref, i); ok && slices.Contains(v.accepted, t.origin) {
			parts = append(parts, prefix)
		}
	}
	return checks.Fills(parts, v.base.Prefix)
}

// sightOthers adds the vantage points that have the prefix and do not vote on it.
func (v *view) sightOthers(carriers []checks.ASN, voters *electorate) {
	r := v.watch.rib
	done := map[checks.ASN]bool{}
	for i := range v.held.holds {
		s := &r.sessions[i]
		as := s.peer.AS
		_, carried := slices.BinarySearch(carriers, as)
		if !s.live() || done[as] || carried && voters.votes(as) {
			continue
		}
		h := &v.held.holds[i]
		if h.path != 0 && v.accepts(h.path) {
			done[as] = true
			v.sightings = append(v.sightings, sighting{as, v.watch.paths.paths[h.path], h.since, false, true})
		}
	}
}

func (v *view) observation(newest time.Time) checks.Observation {
	o := checks.Observation{
		Check: "route", Source: joinNames(v.collectors()), At: newest, Prefix: v.base.Prefix,
		Asked: v.asked, Seen: v.seen, Split: v.split > 0, Changes: v.changes(),
		Lost: crossing(v.lost, v.asked),
	}
	byPath := map[string][]checks.ASN{}
	paths := map[string]checks.Path{}
	for _, s := range v.sightings {
		if s.exact {
			o.Sighted++
			o.Origins = append(o.Origins, s.path.Origins()...)
		}
		if s.vote && s.exact && len(v.lost) > 0 && s.since < slices.Min(v.lost) {
			o.Stuck++
		}
		if s.path != nil {
			key := s.path.String()
			paths[key] = s.path
			byPath[key] = append(byPath[key], s.as)
		}
	}
	slices.Sort(o.Origins)
	o.Origins = slices.Compact(o.Origins)
	for _, key := range slices.Sorted(maps.Keys(byPath)) {
		slices.Sort(byPath[key])
		o.Paths = append(o.Paths, checks.PathSeen{Path: paths[key], Peers: byPath[key]})
	}
	slices.SortStableFunc(o.Paths, func(a, b checks.PathSeen) int { return cmp.Compare(len(b.Peers), len(a.Peers)) })
	o.Covers = v.coverList()
	if len(v.lost)*2 <= v.asked {
		o.Back = crossing(v.back, v.asked)
	}
	return o
}

func (v *view) collectors() map[string]bool {
	names := map[string]bool{}
	for i := range v.held.holds {
		if v.held.holds[i].path != 0 || v.held.holds[i].lostAt != 0 {
			names[v.watch.rib.sessions[i].peer.Collector] = true
		}
	}
	return names
}

// changes counts the route changes in the baseline's window.
func (v *view) changes() int {
	n := 0
	from := v.now.add(-v.watch.rib.rules.BaselineWindow)
	for i := range v.held.holds {
		for _, s := range v.held.holds[i].past {
			if s.to >= from {
				n++
			}
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

// crossing gives when the first, half and nine tenths of n had the event.
func crossing(at []stamp, n int) checks.Crossing {
	slices.Sort(at)
	nth := func(k int) time.Time {
		if k < 1 || k > len(at) {
			return time.Time{}
		}
		return at[k-1].time()
	}
	return checks.Crossing{First: nth(min(1, n)), Half: nth((n + 1) / 2), Ninety: nth((n*9 + 9) / 10)}
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
