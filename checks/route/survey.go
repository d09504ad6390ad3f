package route

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// Survey looks through a recording that holds updates alone, before it is
// replayed, for the routes that its updates imply: a withdrawal implies a route
// before it, an announcement makes one.
type Survey struct {
	watch  *Watch
	reset  map[int]bool // sessions that changed their state
	holds  map[surveyKey]*surveyed
	moved  map[netip.Prefix]bool // belong to the target
	tables map[int]int           // announcements by session
}

type surveyKey struct {
	prefix  netip.Prefix
	session int
}

type surveyed struct {
	first     uint32 // path of the first announcement, 0 for none
	last      uint32 // what the session holds at the end
	withdrawn bool   // the first thing said was a withdrawal
}

// resentTable is from how many announcements in one recording a session is
// taken to have sent its whole table again: what it says then is not a change.
const resentTable = 100_000

// NewSurvey begins a survey for a watch.
func (w *Watch) NewSurvey() *Survey {
	return &Survey{watch: w, reset: map[int]bool{}, holds: map[surveyKey]*surveyed{}, moved: map[netip.Prefix]bool{}, tables: map[int]int{}}
}

// Add takes in one update of the recording.
func (s *Survey) Add(u *Update) {
	w := s.watch
	switch u.Kind {
	case PeerUp, PeerDown, EndOfRIB:
		if i := w.rib.session(u.Peer); i >= 0 {
			s.reset[i] = true
		}
		return
	case Table, Lost:
		return
	}
	i := w.rib.session(u.Peer)
	if i < 0 {
		return
	}
	s.tables[i] += len(u.Announced)
	byASN := w.target.Target.Kind() == checks.KindASN
	for _, n := range u.Withdrawn {
		if !byASN && !w.tracks(n.Prefix, nil) {
			continue
		}
		h := s.hold(n.Prefix, i)
		h.withdrawn = h.withdrawn || h.first == 0
		h.last = 0
	}
	for _, n := range u.Announced {
		if !w.mayTrack(n.Prefix, u.Path) {
			continue
		}
		s.moved[n.Prefix] = true
		h := s.hold(n.Prefix, i)
		path := w.paths.id(u.Path)
		if h.first == 0 {
			h.first = path
		}
		h.last = path
	}
	if !byASN {
		for _, n := range u.Withdrawn {
			s.moved[n.Prefix] = s.moved[n.Prefix] || w.tracks(n.Prefix, nil)
		}
	}
}

func (s *Survey) hold(prefix netip.Prefix, i int) *surveyed {
	key := surveyKey{prefix, i}
	h := s.holds[key]
	if h == nil {
		h = &surveyed{}
		s.holds[key] = h
	}
	return h
}

// Imply gives the watch the routes that stood before the recording began. A
// path counts as the one before only where the recording shows it being left.
func (s *Survey) Imply(start time.Time) {
	w := s.watch
	at := stampOf(start)
	w.start = at
	s.enrol(at)
	keys := slices.SortedFunc(maps.Keys(s.holds), func(a, b surveyKey) int {
		return cmp.Or(checks.ComparePrefixes(a.prefix, b.prefix), cmp.Compare(a.session, b.session))
	})
	for _, key := range keys {
		if !s.moved[key.prefix] || w.rib.sessions[key.session].resent {
			continue
		}
		p := w.prefixes[key.prefix]
		if p == nil {
			p = w.add(key.prefix)
		}
		h := p.holds.of(key.session)
		path := uint32(impliedPath)
		v := s.holds[key]
		if v.first != 0 {
			p.implied = append(p.implied, w.paths.paths[v.first].Origins()...)
		}
		if !v.withdrawn && (v.last == 0 || w.lastHop(v.last) != w.lastHop(v.first)) {
			path = v.first
		}
		w.seed(h, path, at)
		p.have, p.most = p.have+1, p.most+1
		h.path, h.since = path, at
	}
}

// enrol takes the sessions of the recording as up from its start, for each of
// them speaks in it sooner or later, and notes whose word is not a change.
func (s *Survey) enrol(at stamp) {
	r := s.watch.rib
	for i, announced := range s.tables {
		n := &r.sessions[i]
		n.resent = n.resent || s.reset[i] || announced > resentTable
		if n.state == PeerUnknown && !n.resent {
			n.heard = at
			r.enter(i, Established, at)
		}
	}
}

// lastHop gives the AS next to the origin of a path.
func (w *Watch) lastHop(path uint32) checks.ASN {
	hops := w.paths.paths[path]
	for j := len(hops) - 2; j >= 0; j-- {
		if !slices.Equal(hops[j], hops[len(hops)-1]) {
			return hops[j][0]
		}
	}
	return 0
}
