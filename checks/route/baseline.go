package route

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"isitdown/checks"
)

// baselineAge is how long a computed baseline serves.
const baselineAge = time.Minute

// Freeze holds the baseline as it is now: while an incident is open nothing of
// the outage may enter it. Where nobody does, a target that never holds still for
// the stable time is out of its own baseline a window later.
func (w *Watch) Freeze(now time.Time) {
	if w.frozen != 0 {
		return
	}
	b := w.baseline(stampOf(now))
	b.Frozen = true
	w.kept, w.frozen, w.thawing = &b, stampOf(now), 0
}

// Thaw lets the baseline move on. The frozen one serves until new paths had time
// to become stable, for after a long outage there is nothing else to compare with.
func (w *Watch) Thaw(now time.Time) {
	if w.frozen == 0 {
		return
	}
	at := stampOf(now)
	from := at.add(-w.rib.rules.BaselineWindow)
	w.held = slices.DeleteFunc(w.held, func(p period) bool { return p.to < from })
	w.held = append(w.held, period{w.frozen, at})
	w.frozen, w.thawing = 0, at
}

// normal cuts off what a path stood while the baseline was held, unless it had
// been stable before that: it is what the outage left, or brought.
func (w *Watch) normal(s span) span {
	for _, p := range w.held {
		if s.from > p.from.add(-w.rib.rules.BaselineStable) && s.from < p.to {
			s.from = p.to
		}
	}
	return s
}

// baseline gives what is normal at now.
func (w *Watch) baseline(now stamp) checks.Baseline {
	switch {
	case w.frozen != 0:
		return *w.kept
	case w.thawing != 0 && now.since(w.thawing) < w.rib.rules.BaselineStable:
		b := *w.kept
		b.Frozen = false
		return b
	case w.kept != nil && now.since(w.keptAt) < baselineAge && (now.since(w.start) > w.rib.rules.BaselineStable || w.keptRev == w.revision):
		return *w.kept
	}
	w.forget(now)
	b := checks.Baseline{AsOf: now.time(), Window: w.rib.rules.BaselineWindow, Since: w.start.time(), MovedOnly: w.rib.Tableless()}
	w.sort()
	for _, p := range w.sorted {
		if bp := w.baselineOf(p, now); len(bp.Paths) > 0 {
			b.Prefixes = append(b.Prefixes, bp)
		}
	}
	b.Prefixes = w.narrow(w.withoutNewcomers(b.Prefixes, now))
	w.kept, w.keptAt, w.keptRev, w.thawing = &b, now, w.revision, 0
	return b
}

// forget drops what no baseline can come to hold again: prefixes that nobody
// held within the window, and paths that nothing refers to.
func (w *Watch) forget(now stamp) {
	from := now.add(-w.rib.rules.BaselineWindow)
	w.sorted = slices.DeleteFunc(w.sorted, func(p *watched) bool {
		idle := p.idle(from)
		if idle {
			delete(w.prefixes, p.prefix)
			if w.byOrigin() {
				w.others.shrink(p.prefix)
			}
		}
		return idle
	})
	w.forgetOthers(from)
	w.sweep()
}

// choice is the path that one session held longest.
type choice struct {
	path uint32
	held time.Duration
}

// baselineOf finds, for each vantage point, the path that one of its sessions
// held longest.
func (w *Watch) baselineOf(p *watched, now stamp) checks.BaselinePrefix {
	best := map[checks.ASN]choice{}
	for i, h := range p.holds.all() {
		c := w.usualPath(h, now)
		if h.usual = c.path != 0; !h.usual {
			continue
		}
		as := w.rib.sessions[i].peer.AS
		if b, ok := best[as]; !ok || w.longer(c, b) {
			best[as] = c
		}
	}
	byPath := map[uint32][]checks.ASN{}
	for _, as := range slices.Sorted(maps.Keys(best)) {
		byPath[best[as].path] = append(byPath[best[as].path], as)
	}
	bp := checks.BaselinePrefix{Prefix: p.prefix, Paths: w.pathsSeen(byPath)}
	for _, s := range bp.Paths {
		bp.Origins = append(bp.Origins, s.Path.Origins()...)
	}
	bp.Origins = append(bp.Origins, w.impliedOrigins(p)...)
	slices.Sort(bp.Origins)
	bp.Origins = slices.Compact(bp.Origins)
	return bp
}

// longer reports whether a was held longer than b. Where it was not, the paths
// decide, so that it does not matter which was heard first.
func (w *Watch) longer(a, b choice) bool {
	return cmp.Or(cmp.Compare(a.held, b.held), comparePaths(w.paths.paths[b.path], w.paths.paths[a.path])) > 0
}

// comparePaths orders paths by their length, then hop by hop.
func comparePaths(a, b checks.Path) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), slices.CompareFunc(a, b, func(g, h checks.Hop) int { return slices.Compare(g, h) }))
}

// usualPath gives the path that a session held longest within the window, among
// those that stood for the stable time without a break; path 0 for none.
func (w *Watch) usualPath(h *hold, now stamp) (best choice) {
	from := now.add(-w.rib.rules.BaselineWindow)
	sums := make([]choice, 0, 4)
	add := func(s span) {
		s = w.normal(s)
		if s.to < from || s.to.since(s.from) < w.rib.rules.BaselineStable || !w.origin(s.path) {
			return
		}
		held := s.to.since(max(s.from, from))
		for j := range sums {
			if sums[j].path == s.path {
				sums[j].held += held
				return
			}
		}
		sums = append(sums, choice{s.path, held})
	}
	for _, s := range h.past {
		add(s)
	}
	if h.path != 0 {
		add(span{h.path, h.since, now})
	}
	for _, c := range sums {
		if best.path == 0 || w.longer(c, best) {
			best = c
		}
	}
	return best
}

// origin reports whether a path may stand for the target's normal state: for a
// network only one that ends in it.
func (w *Watch) origin(path uint32) bool {
	t := w.target.Target
	return path == impliedPath || t.Kind() != checks.KindASN || slices.Contains(w.paths.paths[path].Origins(), t.ASN())
}

// pathsSeen turns paths and their vantage points into the public form, the most
// held first.
func (w *Watch) pathsSeen(byPath map[uint32][]checks.ASN) []checks.PathSeen {
	seen := make([]checks.PathSeen, 0, len(byPath))
	for id, peers := range byPath {
		seen = append(seen, checks.PathSeen{Path: w.paths.paths[id], Peers: peers})
	}
	slices.SortFunc(seen, compareSeen)
	return seen
}

// compareSeen puts the path that more vantage points hold first.
func compareSeen(a, b checks.PathSeen) int {
	return cmp.Or(cmp.Compare(len(b.Peers), len(a.Peers)), comparePaths(a.Path, b.Path))
}

// narrow leaves, for a prefix or an address, the announced prefixes that answer
// the question: those inside it, or else the longest over it.
func (w *Watch) narrow(list []checks.BaselinePrefix) []checks.BaselinePrefix {
	t := w.target.Target
	if k := t.Kind(); k != checks.KindPrefix && k != checks.KindAddress || len(list) == 0 {
		return list
	}
	inside := slices.DeleteFunc(slices.Clone(list), func(b checks.BaselinePrefix) bool { return b.Prefix.Bits() < t.Prefix().Bits() })
	if len(inside) > 0 {
		return inside
	}
	longest := slices.MaxFunc(list, func(a, b checks.BaselinePrefix) int { return cmp.Compare(a.Prefix.Bits(), b.Prefix.Bits()) })
	return []checks.BaselinePrefix{longest}
}

// impliedOrigins gives the origins that a recording of updates alone lets one take
// for those before it: the target's own networks where they announce the prefix
// first at any vantage point, or else whoever does.
func (w *Watch) impliedOrigins(p *watched) []checks.ASN {
	own := slices.DeleteFunc(slices.Clone(p.implied), func(a checks.ASN) bool { return !slices.Contains(w.target.Origins, a) })
	if len(own) > 0 {
		return own
	}
	return p.implied
}
