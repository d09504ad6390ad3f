package route

import (
	"net/netip"
	"slices"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// bystanders looks, for one observation of a target, at what others announce in, of and
// over its prefixes.
type bystanders struct {
	watch   *Watch
	now     stamp
	ballots [2]ballot
	owners  table.Space // the baseline's prefixes
	tallies map[tallyKey][]tally
}

// ballot numbers the vantage points that vote on a family, from 1, by session.
type ballot struct {
	number []int
	n      int
}

// tallyKey is a vector, and who is asked about it.
type tallyKey struct {
	ref    table.Ref
	family int
}

// tally is how many vantage points hold a route of an origin, and through whom: zero
// where they differ.
type tally struct {
	tail
	peers int
	last  []bool // by number of the vantage point
}

func (w *Watch) bystanders(base *checks.Baseline, voters [2]electorate, now stamp) *bystanders {
	b := &bystanders{watch: w, now: now, tallies: map[tallyKey][]tally{}}
	for f := range voters {
		t := &b.ballots[f]
		t.number = make([]int, len(w.rib.sessions))
		for _, sessions := range voters[f].sessions {
			t.n++
			for _, i := range sessions {
				t.number[i] = t.n
			}
		}
	}
	for i := range base.Prefixes {
		b.owners.Insert(base.Prefixes[i].Prefix)
	}
	return b
}

// tally counts the origins that the voting vantage points have in a vector. Very many
// prefixes share theirs.
func (b *bystanders) tally(ref table.Ref, family int) []tally {
	key := tallyKey{ref, family}
	list, ok := b.tallies[key]
	if ok {
		return list
	}
	r, votes := b.watch.rib, &b.ballots[family]
	for i, value := range r.decode(ref) {
		if value == 0 || votes.number[i] == 0 || r.endOf(value).origin == 0 {
			continue
		}
		t := r.endOf(value)
		k := slices.IndexFunc(list, func(have tally) bool { return have.origin == t.origin })
		if k < 0 {
			k = len(list)
			list = append(list, tally{tail: t, last: make([]bool, votes.n+1)})
		}
		have := &list[k]
		if have.upstream != t.upstream {
			have.upstream = 0
		}
		if n := votes.number[i]; !have.last[n] {
			have.last[n] = true
			have.peers++
		}
	}
	b.tallies[key] = list
	return list
}

// foreign gives others' routes that concern a prefix of the baseline.
func (b *bystanders) foreign(v *view) []checks.Foreign {
	bp := v.base
	found := gathering{}
	own := b.ownOrigins(bp)
	all := b.watch.rib.table
	for _, t := range b.tally(all.Ref(all.Row(bp.Prefix)), v.family) {
		if !own(t.origin) {
			found.add(b.route(checks.ForeignOrigin, bp.Prefix, bp.Prefix, t, v.family))
		}
	}
	for prefix, row := range all.Subnets(bp.Prefix) {
		if prefix == bp.Prefix || !b.closest(bp.Prefix, prefix) {
			continue
		}
		for _, t := range b.tally(all.Ref(row), v.family) {
			kind := checks.ForeignSpecific
			if own(t.origin) {
				kind = checks.NewSpecific
			}
			if found.sated(kind, t.origin, t.peers) {
				continue
			}
			if f := b.route(kind, prefix, bp.Prefix, t, v.family); kind == checks.ForeignSpecific || !f.Since.IsZero() {
				found.add(f)
			}
		}
	}
	b.covers(v, own, &found)
	return found.list()
}

// route makes the public form of what a tally says.
func (b *bystanders) route(kind checks.ForeignKind, prefix, concerns netip.Prefix, t tally, family int) checks.Foreign {
	return checks.Foreign{
		Kind: kind, Prefix: prefix, Origin: t.origin, Upstream: t.upstream, Peers: t.peers, Of: b.ballots[family].n,
		Concerns: concerns, Since: b.watch.cameLately(otherKey{prefix, t.origin}, b.now).time(),
	}
}

// covers adds the routes over a prefix that vantage points without it are left with.
// Where most have it, only a new one is worth telling.
func (b *bystanders) covers(v *view, own func(checks.ASN) bool, found *gathering) {
	for key, c := range v.covers {
		if key.accepted || key.origin == 0 || key.prefix == v.base.Prefix || own(key.origin) {
			continue
		}
		since := b.watch.cameLately(otherKey{key.prefix, key.origin}, b.now)
		if since == 0 && v.seen*2 >= v.asked {
			continue
		}
		found.add(checks.Foreign{
			Kind: checks.ForeignCover, Prefix: key.prefix, Origin: key.origin, Upstream: c.upstream,
			Peers: c.peers, Of: v.asked, Concerns: v.base.Prefix, Since: since.time(),
		})
	}
}

// ownOrigins tells whose routes for a prefix of the baseline, or inside it, are the
// target's: those registered to it, and those that the baseline knows. One that came
// lately beside an older one may be in the baseline already, and is foreign all the same.
func (b *bystanders) ownOrigins(bp *checks.BaselinePrefix) func(checks.ASN) bool {
	old := slices.DeleteFunc(slices.Clone(bp.Origins), func(o checks.ASN) bool {
		return b.watch.cameLately(otherKey{bp.Prefix, o}, b.now) != 0
	})
	if len(old) == 0 {
		old = bp.Origins
	}
	return func(a checks.ASN) bool { return b.watch.own(a) || slices.Contains(old, a) }
}

// closest reports whether a prefix inside another concerns that one, and no longer one of
// the baseline; and the target, where that is narrower.
func (b *bystanders) closest(over, prefix netip.Prefix) bool {
	if t := b.watch.target.Target; t.Kind() == checks.KindPrefix || t.Kind() == checks.KindAddress {
		if !prefix.Overlaps(t.Prefix()) {
			return false
		}
	}
	owner, ok := b.owners.Longest(prefix)
	return ok && owner == over
}

// gathering keeps the foreign routes that are worth listing, however many come.
type gathering struct {
	all    []checks.Foreign
	enough map[source]int // new ones, of at least so many vantage points, fill the list
	of     map[source][]int
}

// source is what a flood comes from.
type source struct {
	kind   checks.ForeignKind
	origin checks.ASN
}

// mostGathered is from how many on those that will not be listed are dropped.
const mostGathered = 1 << 10

// sated reports whether one more of so many vantage points will not be listed: as many as
// a list holds are new, and of as many.
func (g *gathering) sated(kind checks.ForeignKind, origin checks.ASN, peers int) bool {
	least, ok := g.enough[source{kind, origin}]
	return ok && peers <= least
}

func (g *gathering) add(f checks.Foreign) {
	if f.Peers == 0 {
		return
	}
	if len(g.all) == mostGathered {
		g.all = checks.MergeForeign(g.all)
	}
	g.all = append(g.all, f)
	if !f.Since.IsZero() {
		g.sate(source{f.Kind, f.Origin}, f.Peers)
	}
}

// sate notes a new route of a source.
func (g *gathering) sate(s source, peers int) {
	if g.of == nil {
		g.of, g.enough = map[source][]int{}, map[source]int{}
	}
	list := g.of[s]
	at, _ := slices.BinarySearchFunc(list, peers, func(a, b int) int { return b - a }) // the most first
	list = slices.Insert(list, at, peers)
	if len(list) >= checks.MaxForeign {
		list = list[:checks.MaxForeign]
		g.enough[s] = list[len(list)-1]
	}
	g.of[s] = list
}

func (g *gathering) list() []checks.Foreign {
	if len(g.all) == 0 {
		return nil
	}
	return checks.MergeForeign(g.all)
}
