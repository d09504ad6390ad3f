package route

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/table"
)

// maxOthers bounds the routes in, of and over a target's space whose coming and going is
// kept, about 120 bytes each. What comes beyond it is never called new.
const maxOthers = 1 << 17

// others keeps who announces what in, of and over the space of a target, and since when:
// a route can be called new only against that.
type others struct {
	space  *table.Space // what is registered, or of a network what it originates
	routes map[otherKey]*presence
	last   netip.Prefix // asked about last, and whether it concerns the target
	lastIn bool
}

// otherKey is a route as far as its path does not matter.
type otherKey struct {
	prefix netip.Prefix
	origin checks.ASN
}

// presence is since when a route is held by anyone.
type presence struct {
	holders  int   // sessions
	from     stamp // since when there are holders, or were until left
	came     stamp // from, where nobody held it before as far as could be seen
	left     stamp // when the last holder lost it
	stood    stamp // until when it stood, before from, for as long as a baseline asks for
	standing bool  // it may have been there before from
}

// arrival is how long a new route may take from the first session, of which it cannot be
// seen whether the route is new to it, to one of which that can be seen.
const arrival = time.Minute

func newOthers(f *checks.Footprint) others {
	o := others{space: &table.Space{}, routes: map[otherKey]*presence{}}
	switch f.Target.Kind() {
	case checks.KindPrefix, checks.KindAddress:
		o.space.Insert(f.Target.Prefix().Masked())
	}
	for _, p := range f.Prefixes {
		o.space.Insert(p)
	}
	return o
}

// grow adds a prefix to the space of a network, shrink takes it away.
func (o *others) grow(p netip.Prefix)   { o.space.Insert(p); o.last = netip.Prefix{} }
func (o *others) shrink(p netip.Prefix) { o.space.Delete(p); o.last = netip.Prefix{} }

// concerns reports whether a prefix lies in or over the space.
func (o *others) concerns(p netip.Prefix) bool {
	if p != o.last { // a table dump asks about one prefix for each session
		o.last, o.lastIn = p, p.Bits() >= checks.MinCoverBits && o.space.Overlaps(p)
	}
	return o.lastIn
}

// asHeld stands for the value that the table has.
const asHeld = ^uint32(0)

// shift tells the watches what session i is about to hold for a prefix instead of the
// value before: a path, or nothing.
func (r *RIB) shift(i int, prefix netip.Prefix, value uint32, path bgp.RawPath, held bool, at stamp) {
	var before, after checks.ASN
	known := false
	for _, w := range r.watches {
		if w.between != nil && !w.between.carries {
			value = r.asIs(i, prefix, value)
			w.between.shift(w, i, prefix, value, path, at)
		}
		if !w.others.concerns(prefix) {
			continue
		}
		if !known {
			known = true
			value = r.asIs(i, prefix, value)
			before = r.originOf(value)
			switch {
			case held && len(path) == 0:
				after = r.sessions[i].peer.AS
			case held:
				after = tailOf(path).origin
			}
		}
		if before != after {
			w.leaves(otherKey{prefix, before}, i, at)
			w.comes(otherKey{prefix, after}, i, at)
		}
	}
}

// asIs gives a value, where it is asHeld that which the table has for session i.
func (r *RIB) asIs(i int, prefix netip.Prefix, value uint32) uint32 {
	if value != asHeld {
		return value
	}
	return r.holds(i, prefix)
}

// originOf gives the origin of the route that a value of a vector stands for.
func (r *RIB) originOf(value uint32) checks.ASN {
	if value == 0 {
		return 0
	}
	return r.endOf(value).origin
}

// comes notes that session i holds a route that it did not hold. What happens at one
// moment may come in any order.
func (w *Watch) comes(key otherKey, i int, at stamp) {
	if key.origin == 0 {
		return
	}
	p := w.others.routes[key]
	if p == nil {
		if len(w.others.routes) == maxOthers {
			return
		}
		n := w.rib.holding(key, i)
		p = &presence{holders: n, from: at, left: at, standing: n > 0}
		w.others.routes[key] = p
	}
	p.come(w.sees(i, key.prefix, at), at, &w.rib.rules)
}

// come counts one more session, of which it is seen, or not, whether the route is new to
// it.
func (p *presence) come(sees bool, at stamp, rules *Rules) {
	if p.holders == 0 && p.left != at {
		if p.came == 0 || p.left.since(p.came) >= rules.BaselineStable {
			p.stood = p.left
		}
		p.from, p.came, p.standing = at, 0, false
	}
	p.holders++
	if p.came != 0 || p.standing {
		return
	}
	familiar := p.stood != 0 && at.since(p.stood) <= rules.BaselineWindow
	late := at.since(p.from) > arrival
	switch {
	case sees && !familiar && !late:
		p.came = p.from
	case sees || late:
		p.standing = true
	}
}

// leave counts one session less.
func (p *presence) leave(at stamp) {
	if p == nil || p.holders == 0 {
		return
	}
	if p.holders--; p.holders == 0 {
		p.left = at
	}
}

// sees reports whether a route that session i gets now is new to it: its table was whole
// before, and what is known of that has the prefix if it was there.
func (w *Watch) sees(i int, prefix netip.Prefix, at stamp) bool {
	s := &w.rib.sessions[i]
	if s.state != Established || !s.table || s.loading || s.refresh || w.start == 0 || at <= w.start {
		return false
	}
	if s.unasked == [2]bool{} || w.prefixes[prefix] != nil {
		return true
	}
	inside := w.others.space.Covers(prefix)
	return inside && !s.unasked[0] || !inside && !s.unasked[1]
}

// holding counts the sessions but one that hold a route.
func (r *RIB) holding(key otherKey, but int) (n int) {
	for i, value := range r.held(key.prefix) {
		if i != but && r.originOf(value) == key.origin {
			n++
		}
	}
	return n
}

// leaves notes that session i no longer holds a route. Who held it before it concerned
// the target may not be counted: the last one is the last by the table.
func (w *Watch) leaves(key otherKey, i int, at stamp) {
	p := w.others.routes[key]
	if key.origin == 0 || p == nil || p.holders == 0 {
		return
	}
	if p.holders == 1 {
		p.holders += w.rib.holding(key, i)
	}
	p.leave(at)
}

// endedOthers takes the routes of a session that ends away, before they are cleared.
func (w *Watch) endedOthers(i int, at stamp) {
	for key := range w.others.routes {
		if w.rib.originOf(w.rib.holds(i, key.prefix)) == key.origin {
			w.leaves(key, i, at)
		}
	}
	if w.between != nil {
		w.between.ended(w.rib, i, at)
	}
}

// forgetOthers drops what went so long ago that it says nothing about what is new.
func (w *Watch) forgetOthers(from stamp) {
	maps.DeleteFunc(w.others.routes, func(_ otherKey, p *presence) bool { return p.holders == 0 && p.left < from })
	if w.between != nil {
		w.between.forget(from)
	}
}

// cameLately gives when a route came that is new; zero for any other.
func (w *Watch) cameLately(key otherKey, now stamp) stamp {
	return w.lately(w.others.routes[key], now)
}

// lately gives when something came that came within the baseline's window, or, where the
// baseline is held, not longer before that; zero for any other.
func (w *Watch) lately(p *presence, now stamp) stamp {
	if p == nil || p.came == 0 {
		return 0
	}
	if w.frozen != 0 {
		now = w.frozen
	}
	if p.came < now.add(-w.rib.rules.BaselineWindow) {
		return 0
	}
	return p.came
}

// withoutNewcomers leaves out of a baseline what another network has announced lately
// inside a prefix of it: for a day that is something that happens to the target and no
// part of what is normal for it.
func (w *Watch) withoutNewcomers(list []checks.BaselinePrefix, now stamp) []checks.BaselinePrefix {
	at := make(map[netip.Prefix]*checks.BaselinePrefix, len(list))
	for i := range list {
		at[list[i].Prefix] = &list[i]
	}
	return slices.DeleteFunc(slices.Clone(list), func(b checks.BaselinePrefix) bool {
		if len(b.Origins) == 0 || slices.ContainsFunc(b.Origins, func(o checks.ASN) bool {
			return w.own(o) || w.cameLately(otherKey{b.Prefix, o}, now) == 0
		}) {
			return false
		}
		for bits := b.Prefix.Bits() - 1; bits >= checks.MinCoverBits; bits-- {
			over := at[netip.PrefixFrom(b.Prefix.Addr(), bits).Masked()]
			if over == nil {
				continue
			}
			return !slices.ContainsFunc(b.Origins, func(o checks.ASN) bool { return slices.Contains(over.Origins, o) })
		}
		return false
	})
}

// own reports whether an AS is registered to the target, or in its country.
func (w *Watch) own(a checks.ASN) bool {
	_, origin := slices.BinarySearch(w.target.Origins, a)
	return origin || w.target.Target.Kind() == checks.KindCountry && w.target.Domestic(a)
}
