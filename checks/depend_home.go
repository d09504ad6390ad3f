package checks

import (
	"cmp"
	"slices"
	"time"
)

// homes says how each origin of the visible prefixes is connected.
func (f *family) homes() []Homing {
	byOrigin := map[ASN]*homeCount{}
	of := func(origin ASN) *homeCount {
		if byOrigin[origin] == nil {
			byOrigin[origin] = &homeCount{hops: map[ASN]int{}, earlier: map[ASN]bool{}}
		}
		return byOrigin[origin]
	}
	for _, o := range f.seen {
		counted := map[ASN]bool{}
		for _, s := range o.Paths {
			origin, hop, ok := lastHopOf(s)
			if !ok {
				continue
			}
			h := of(origin)
			if !counted[origin] {
				counted[origin] = true
				h.prefixes++
			}
			if hop == 0 {
				h.unclear = true
				continue
			}
			h.hops[hop] += len(s.Peers)
		}
	}
	f.before(byOrigin)
	list := make([]Homing, 0, len(byOrigin))
	for origin, h := range byOrigin {
		list = append(list, h.homing(origin))
	}
	slices.SortFunc(list, func(a, b Homing) int {
		return cmp.Or(cmp.Compare(b.Prefixes, a.Prefixes), cmp.Compare(a.Origin, b.Origin))
	})
	f.dateHomes(list)
	return list
}

// before adds to origins that are there now who stood next to them before.
func (f *family) before(byOrigin map[ASN]*homeCount) {
	for _, b := range f.a.in.Baseline.Prefixes {
		if b.Prefix.Addr().Is6() != f.ipv6 {
			continue
		}
		for _, s := range b.Paths {
			if origin, hop, ok := lastHopOf(s); ok && hop != 0 && byOrigin[origin] != nil {
				byOrigin[origin].earlier[hop] = true
			}
		}
	}
	if len(byOrigin) != 1 { // the past does not say of whose routes it speaks
		return
	}
	for origin, h := range byOrigin {
		if !f.a.in.Past.covers(origin) {
			continue
		}
		for _, p := range f.a.in.Past.Carriers {
			if p.Held >= pastHeld {
				h.earlier[p.ASN] = true
			}
		}
	}
}

// dateHomes says how far back it is known who stood next to the origins.
func (f *family) dateHomes(list []Homing) {
	base := &f.a.in.Baseline
	var since time.Time
	if !base.Since.IsZero() && !base.MovedOnly {
		since = base.AsOf.Add(-base.known())
	}
	if past := f.a.in.Past.Since; len(list) == 1 && f.a.in.Past.covers(list[0].Origin) && (since.IsZero() || past.Before(since)) {
		since = past
	}
	if f.a.in.Now.Sub(since) < pastHeld { // a table of one moment has no history
		since = time.Time{}
	}
	for i := range list {
		list[i].Since = since
	}
}

// homeCount counts who stands next to one origin.
type homeCount struct {
	prefixes int
	hops     map[ASN]int // on present paths, one a vantage point and prefix
	earlier  map[ASN]bool
	unclear  bool // on some path it cannot be told
}

func (h *homeCount) homing(origin ASN) Homing {
	out := Homing{Origin: origin, Prefixes: h.prefixes}
	for a := range h.hops {
		out.Hops = append(out.Hops, a)
	}
	slices.SortFunc(out.Hops, func(a, b ASN) int { return cmp.Or(cmp.Compare(h.hops[b], h.hops[a]), cmp.Compare(a, b)) })
	for a := range h.earlier {
		if h.hops[a] == 0 {
			out.Earlier = append(out.Earlier, a)
		}
	}
	slices.Sort(out.Earlier)
	out.Single = len(out.Hops) == 1 && len(out.Earlier) == 0 && !h.unclear
	return out
}

// lastHopOf gives the origin of a path and the AS next to it, zero where that cannot be
// told. A path that shows the origin's own table says nothing of who is next to it.
func lastHopOf(s PathSeen) (origin, hop ASN, ok bool) {
	w := s.Path.Way()
	origin = w.Origin()
	return origin, w.LastHop(), origin != 0 && len(w) > 1
}
