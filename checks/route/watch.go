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
	sorted   []*watched // IPv4 before IPv6, ascending
	paths    pathTable
	start    stamp
	revision int // grows with every change that is noted

	kept    *checks.Baseline // computed at keptAt, or frozen
	keptAt  stamp
	keptRev int
	frozen  bool
	thawing stamp // unfrozen then, and the frozen baseline serves on for a while

	episodes []Episode
	open     *openEpisode
	usual    [2]dayPeak
}

// watched is one prefix of the target.
type watched struct {
	prefix netip.Prefix
	holds  []hold // one a session
}

// hold is what one session held for one prefix.
type hold struct {
	path     uint32 // 0 for none
	since    stamp  // of path, or of there being none
	lostPath uint32 // before the last loss
	lostAt   stamp  // of the last loss
	backAt   stamp  // of the last return
	cut      bool   // the loss is the session's, not a withdrawal
	first    uint32 // of the table that history began with, 0 for none
	past     []span
}

// span is a path that a session held for a time.
type span struct {
	path     uint32
	from, to stamp
}

// Watch begins to keep the history of a target. It sees only updates that are
// applied later.
func (r *RIB) Watch(target checks.Footprint) *Watch {
	w := &Watch{rib: r, target: target, prefixes: map[netip.Prefix]*watched{}, paths: newPathTable()}
	r.watches = append(r.watches, w)
	return w
}

// Target is what is watched.
func (w *Watch) Target() checks.Footprint { return w.target }

// Revision grows with every change of a watched route or of a session that
// holds one: where it stands still there is nothing to assess again.
func (w *Watch) Revision() int { return w.revision }

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

func (w *Watch) announced(prefix netip.Prefix, i int, raw bgp.RawPath, at stamp) {
	p := w.prefixes[prefix]
	if p == nil {
		if !w.mayTrack(prefix, raw) {
			return
		}
		p = w.add(prefix)
	}
	if w.start == 0 {
		w.start = at
	}
	h := p.hold(i)
	path := w.paths.id(raw)
	if h.path == path {
		return
	}
	w.revision++
	if s := &w.rib.sessions[i]; s.state == Syncing || s.loading {
		if h.first == 0 {
			h.first = path
		}
	} else {
		w.note(prefix, i, false, at)
	}
	switch {
	case h.path != 0:
		h.past = append(w.trim(h.past, at), span{h.path, h.since, at})
	case h.lostAt != 0 && !h.cut:
		h.backAt = at
	}
	h.path, h.since, h.cut = path, at, false
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
	h := p.hold(i)
	if h.path == 0 {
		return
	}
	w.revision++
	w.note(prefix, i, true, at)
	w.lose(h, at)
	h.cut = false
}

// lose ends what a session held.
func (w *Watch) lose(h *hold, at stamp) {
	h.past = append(w.trim(h.past, at), span{h.path, h.since, at})
	h.lostPath, h.lostAt = h.path, at
	h.path, h.since = 0, at
}

// ended notes the end of a session. Withdrawals that it sent just before count
// as part of the end, not as withdrawals.
func (w *Watch) ended(i int, at stamp) {
	for _, p := range w.sorted {
		if i >= len(p.holds) {
			continue
		}
		h := &p.holds[i]
		switch {
		case h.path != 0:
			w.revision++
			w.lose(h, at)
			h.cut = true
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
	at, _ := slices.BinarySearchFunc(w.sorted, prefix, func(p *watched, q netip.Prefix) int { return checks.ComparePrefixes(p.prefix, q) })
	w.sorted = slices.Insert(w.sorted, at, p)
	return p
}

func (p *watched) hold(i int) *hold {
	if i >= len(p.holds) {
		p.holds = append(p.holds, make([]hold, i+1-len(p.holds))...)
	}
	return &p.holds[i]
}

// trim drops what ended before the baseline's window. A span that began before
// it and reaches into it stays.
func (w *Watch) trim(past []span, now stamp) []span {
	from := now.add(-w.rib.rules.BaselineWindow)
	old := 0
	for old < len(past) && past[old].to < from {
		old++
	}
	if old > len(past)/2 {
		return slices.Delete(past, 0, old)
	}
	return past
}

// pathTable holds the full paths of watched routes, each once. Identifier 0 is
// no route; impliedPath is a route whose path was never seen.
type pathTable struct {
	ids   map[string]uint32
	paths []checks.Path
}

const impliedPath = 1

func newPathTable() pathTable {
	return pathTable{ids: map[string]uint32{}, paths: make([]checks.Path, 2)}
}

func (t *pathTable) id(raw bgp.RawPath) uint32 {
	id, ok := t.ids[string(raw)]
	if !ok {
		id = uint32(len(t.paths))
		t.paths = append(t.paths, raw.Path())
		t.ids[string(raw)] = id
	}
	return id
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
