package route

import (
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// Watch keeps the history of the routes of one target: what each session held
// for each of its prefixes, since when, and before that.
type Watch struct {
	rib      *RIB
	target   checks.Footprint
	prefixes map[netip.Prefix]*watched
	sorted   []*watched // IPv4 before IPv6, ascending, unless unsorted
	unsorted bool
	paths    pathTable
	start    stamp
	revision int // grows with every change that is noted

	kept    *checks.Baseline // computed at keptAt, or frozen
	keptAt  stamp
	keptRev int
	frozen  stamp // since when it is held, zero for not
	thawing stamp // unfrozen then, and the frozen baseline serves on for a while
	held    []period

	leftOut stamp // when a prefix was one too many, the last time

	others  others
	between *between // nil without whole paths, or where it can say nothing

	episodes []Episode
	open     *openEpisode
	usual    [2]dayPeak

	due     *wave          // a loss was noticed, and the table is to be looked at
	waves   []*wave        // oldest first
	gone    int            // prefixes that half of the sessions lost
	quiet   stamp          // since when none is
	lostNow []netip.Prefix // as last observed
	told    told           // of others' routes, the last time
}

// watched is one prefix of the target.
type watched struct {
	implied []checks.ASN // origins of the first announcements, of updates alone
	prefix  netip.Prefix
	holds   holdings
	changes []minuteCount

	have, most int  // sessions with a route, and the most that had one
	gone       bool // half of them lost it
}

// minuteCount is how many routes changed within a minute.
type minuteCount struct {
	minute int64 // since 1970
	n      int
}

// hold is what one session held for one prefix.
type hold struct {
	path     uint32 // 0 for none
	since    stamp  // of path, or of there being none
	lostPath uint32 // before the last loss
	lostAt   stamp  // of the last loss
	backAt   stamp  // of the last return
	early    stamp  // since when the last change may have been, where a hole hid it
	cut      bool   // the loss is the session's, not a withdrawal
	usual    bool   // the baseline rests on it
	past     []span
}

// span is a path that a session held for a time. Only those that stood long
// enough for a baseline are kept, so a flapping route takes no more memory than
// a quiet one.
type span struct {
	path     uint32
	from, to stamp
}

// period is a time in which the baseline was held.
type period struct{ from, to stamp }

// Watch begins to keep the history of a target. It sees only updates that are
// applied later.
func (r *RIB) Watch(target checks.Footprint) *Watch {
	w := &Watch{rib: r, target: target, prefixes: map[netip.Prefix]*watched{}, paths: newPathTable(), others: newOthers(&target)}
	if r.rules.FullPaths {
		w.between = newBetween(&target)
	}
	r.watches = append(r.watches, w)
	return w
}

// Target is what is watched.
func (w *Watch) Target() checks.Footprint { return w.target }

// Revision grows with every change of a watched route or of a session that
// holds one: where it stands still there is nothing to assess again.
func (w *Watch) Revision() int { return w.revision }

// LeftOut is when a prefix of the target last came that was one too many to be kept
// ([Rules]); zero for never.
func (w *Watch) LeftOut() time.Time { return w.leftOut.time() }

// tracks reports whether a route belongs to the target: Footprint.Watches, or,
// for a prefix or an address, a route over it.
func (w *Watch) tracks(prefix netip.Prefix, origins []checks.ASN) bool {
	if w.target.Watches(prefix, origins) {
		return true
	}
	switch w.target.Target.Kind() {
	case checks.KindPrefix, checks.KindAddress:
		t := w.target.Target.Prefix()
		return prefix.Bits() >= checks.MinCoverBits && prefix.Bits() <= t.Bits() && prefix.Contains(t.Addr())
	}
	return false
}

// byOrigin reports whether routes are the target's by who originates them.
func (w *Watch) byOrigin() bool { return w.target.Target.Kind() == checks.KindASN }

func (w *Watch) announced(prefix netip.Prefix, i int, raw bgp.RawPath, at stamp) {
	p := w.prefixes[prefix]
	if p == nil {
		if !w.mayTrack(prefix, raw) {
			return
		}
		if most := w.rib.rules.MaxHolds; most > 0 && (len(w.sorted)+1)*len(w.rib.sessions) > most {
			w.leftOut = at
			return
		}
		p = w.add(prefix)
	}
	if w.start == 0 {
		w.start = at
	}
	h := p.holds.of(i)
	w.sweep()
	path := w.paths.id(raw)
	if h.path == path {
		return
	}
	w.revision++
	if s := &w.rib.sessions[i]; s.state == Syncing || s.loading {
		w.seed(h, path, at)
	} else {
		w.note(prefix, i, false, at)
	}
	switch {
	case h.path != 0:
		w.remember(h, at)
		p.count(at, w.rib.rules.BaselineWindow)
	case h.lostAt != 0 && !h.cut:
		h.backAt = at
	}
	if h.path == 0 {
		w.regain(p, at)
	}
	h.path, h.since, h.cut, h.early = path, at, false, w.rib.sessions[i].hiddenSince()
}

// seed makes up a past for what a session held when history began, as if it had
// stood for the stable time: there is nothing older to compare with. Where
// history is no longer young, or knows more, it does nothing.
func (w *Watch) seed(h *hold, path uint32, at stamp) {
	stable := w.rib.rules.BaselineStable
	if h.path == 0 && h.lostAt == 0 && len(h.past) == 0 && at.since(w.start) < stable {
		h.past = append(h.past, span{path, at.add(-stable), at})
	}
}

// mayTrack is tracks without decoding the path where the prefix alone decides.
func (w *Watch) mayTrack(prefix netip.Prefix, raw bgp.RawPath) bool {
	if w.target.Target.Kind() != checks.KindASN {
		return w.tracks(prefix, nil)
	}
	origin, ok := raw.Origin()
	if ok {
		return w.tracks(prefix, []checks.ASN{origin})
	}
	return w.tracks(prefix, raw.Path().Origins())
}

func (w *Watch) withdrawn(prefix netip.Prefix, i int, at stamp) {
	p := w.prefixes[prefix]
	if p == nil {
		return
	}
	if now := p.holds.look(i); now.path == 0 {
		return
	}
	h := p.holds.of(i)
	w.revision++
	w.note(prefix, i, true, at)
	w.lose(h, at)
	h.cut, h.early = false, w.rib.sessions[i].hiddenSince()
	p.count(at, w.rib.rules.BaselineWindow)
	p.have--
	w.trip(p, at)
}

// lose ends what a session held.
func (w *Watch) lose(h *hold, at stamp) {
	w.remember(h, at)
	h.lostPath, h.lostAt = h.path, at
	h.path, h.since = 0, at
}

// remember keeps the path that a session leaves, if it stood long enough, and
// forgets what ended before the baseline's window.
func (w *Watch) remember(h *hold, at stamp) {
	from := at.add(-w.rib.rules.BaselineWindow)
	h.past = slices.DeleteFunc(h.past, func(s span) bool { return s.to < from })
	if at.since(h.since) >= w.rib.rules.BaselineStable {
		h.past = append(h.past, span{h.path, h.since, at})
	}
}

// ended notes the end of a session. Withdrawals that it sent just before count
// as part of the end, not as withdrawals.
func (w *Watch) ended(i int, at stamp) {
	w.endedOthers(i, at)
	for _, p := range w.sorted {
		now := p.holds.look(i)
		if now.path == 0 && now.lostAt == 0 {
			continue
		}
		h := p.holds.of(i)
		switch {
		case h.path != 0:
			w.revision++
			w.lose(h, at)
			h.cut = true
			p.have, p.most = p.have-1, p.most-1
		case h.lostAt != 0 && at.since(h.lostAt) <= w.rib.rules.Settle:
			w.revision++
			h.cut = true
		}
	}
}

// add begins to track a prefix.
func (w *Watch) add(prefix netip.Prefix) *watched {
	p := &watched{prefix: prefix}
	w.prefixes[prefix] = p
	if w.byOrigin() {
		w.others.grow(prefix)
	}
	w.sorted = append(w.sorted, p)
	w.unsorted = true
	return p
}

// sort puts the prefixes in order.
func (w *Watch) sort() {
	if w.unsorted {
		slices.SortFunc(w.sorted, func(a, b *watched) int { return checks.ComparePrefixes(a.prefix, b.prefix) })
		w.unsorted = false
	}
}

// count notes a change of route and forgets those before the window.
func (p *watched) count(at stamp, window time.Duration) {
	minute := int64(at) / int64(time.Minute)
	if n := len(p.changes); n > 0 && p.changes[n-1].minute >= minute {
		p.changes[n-1].n++
		return
	}
	oldest := minute - int64(window/time.Minute)
	p.changes = slices.DeleteFunc(p.changes, func(c minuteCount) bool { return c.minute < oldest })
	p.changes = append(p.changes, minuteCount{minute, 1})
}

// idle reports whether nobody has held the prefix since from.
func (p *watched) idle(from stamp) bool {
	return !slices.ContainsFunc(p.holds.list, func(h hold) bool { return h.path != 0 || h.lostAt >= from })
}

// pathTable holds the full paths of watched routes, each once. Identifier 0 is
// no route; impliedPath is a route whose path was never seen.
type pathTable struct {
	ids   map[string]uint32
	paths []checks.Path
	raw   []string
	limit int // of len(paths), from which unused ones are dropped
}

const (
	impliedPath = 1
	// fewPaths is how many paths a table holds before it is worth sweeping.
	fewPaths = 1 << 14
)

func newPathTable() pathTable {
	return pathTable{ids: map[string]uint32{}, paths: make([]checks.Path, 2), raw: make([]string, 2), limit: fewPaths}
}

func (t *pathTable) id(raw bgp.RawPath) uint32 {
	id, ok := t.ids[string(raw)]
	if !ok {
		id = uint32(len(t.paths))
		key := string(raw)
		t.paths, t.raw = append(t.paths, raw.Path()), append(t.raw, key)
		t.ids[key] = id
	}
	return id
}

// sweep drops the paths that nothing refers to any more, once they may be the
// most: routes that search their way pass through very many.
func (w *Watch) sweep() {
	if len(w.paths.paths) < w.paths.limit {
		return
	}
	kept := newPathTable()
	keep := func(id uint32) uint32 {
		if id <= impliedPath {
			return id
		}
		key := w.paths.raw[id]
		now, ok := kept.ids[key]
		if !ok {
			now = uint32(len(kept.paths))
			kept.paths, kept.raw = append(kept.paths, w.paths.paths[id]), append(kept.raw, key)
			kept.ids[key] = now
		}
		return now
	}
	for _, p := range w.sorted {
		for _, h := range p.holds.all() {
			h.path, h.lostPath = keep(h.path), keep(h.lostPath)
			for j := range h.past {
				h.past[j].path = keep(h.past[j].path)
			}
		}
	}
	kept.limit = max(fewPaths, 2*len(kept.paths))
	w.paths = kept
}

// dayPeak is the highest value of the present and the last day.
type dayPeak struct {
	day           int64
	today, before int
}

func (d *dayPeak) note(now stamp, n int) int {
	day := int64(now) / int64(24*time.Hour)
	if day != d.day {
		if day == d.day+1 {
			d.before = d.today
		} else {
			d.before = 0
		}
		d.day, d.today = day, 0
	}
	d.today = max(d.today, n)
	return max(d.today, d.before)
}
