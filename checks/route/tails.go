package route

import (
	"encoding/binary"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/table"
)

// tail is the end of a path that the whole world's table keeps: who originates
// the route, and who stands next to it. Zero stands for an empty path, an
// AS_SET of several, or no such AS.
type tail struct{ origin, upstream checks.ASN }

// valueOf gives the value that stands for a path of session i, or for its end; never 0.
func (r *RIB) valueOf(i int, path bgp.RawPath) uint32 {
	if r.tree != nil {
		return r.tree.id(i, r.sessions[i].peer.AS, path)
	}
	return r.tailID(i, path)
}

// endOf gives the end of the path that a value stands for.
func (r *RIB) endOf(value uint32) tail {
	if r.tree != nil {
		return r.tree.tail(value)
	}
	return r.tails[value-1]
}

// tailID gives the value that stands for the end of a path of session i; never
// 0. A path without an AS is a route that the peer itself originates.
func (r *RIB) tailID(i int, path bgp.RawPath) uint32 {
	t := tailOf(path)
	if len(path) == 0 {
		t.origin = r.sessions[i].peer.AS
	}
	recent := r.recent.of(t) // most peers have the same
	if recent.tail == t && recent.id != 0 {
		return recent.id
	}
	id, ok := r.tailIDs[t]
	if !ok {
		id = r.newTail(t)
	}
	*recent = recentTail{t, id}
	return id
}

// recentTails are some of those that were asked for last, by what they are.
type recentTails [64]recentTail

type recentTail struct {
	tail tail
	id   uint32 // 0 for none
}

// of gives the place of a tail.
func (r *recentTails) of(t tail) *recentTail {
	return &r[(uint32(t.origin)*0x9e3779b1^uint32(t.upstream)*0x85ebca6b)>>26]
}

// newTail numbers a tail that is not known.
func (r *RIB) newTail(t tail) (id uint32) {
	if n := len(r.spareTails); n > 0 {
		id, r.spareTails = r.spareTails[n-1], r.spareTails[:n-1]
		r.tails[id-1] = t
	} else {
		r.tails = append(r.tails, t)
		id = uint32(len(r.tails))
	}
	r.tailIDs[t] = id
	return id
}

// fewTails is how many tails are kept before it is worth looking for those that no route
// has any more. All routes of the world have some 300,000.
const fewTails = 1 << 19

// sweepTails makes room where there are very many tails: who announces a route over and
// over with other networks in its path makes up as many as he likes.
func (r *RIB) sweepTails() {
	if r.tree != nil && r.tree.full() {
		r.tree.sweep(r.usedValues(len(r.tree.nodes)))
	}
	if len(r.tails) < r.tailLimit || len(r.spareTails) > 0 {
		return
	}
	used := r.usedValues(len(r.tails))
	for i, t := range r.tails {
		if !used[i+1] {
			delete(r.tailIDs, t)
			r.spareTails = append(r.spareTails, uint32(i+1))
		}
	}
	r.recent = recentTails{}
	r.tailLimit = max(r.tailLimit, 2*(len(r.tails)-len(r.spareTails)))
}

// usedValues tells of each value from 1 to n whether a route has it, or had it as far as
// the journal goes back or witnesses remember.
func (r *RIB) usedValues(n int) []bool {
	used := make([]bool, n+1)
	for ref := range r.table.Vectors() {
		for value := range r.table.Distinct(ref) {
			used[value] = true
		}
	}
	r.journal.each(func(c *change) bool {
		used[c.before] = true
		return true
	})
	for _, w := range r.watches {
		for _, v := range w.waves {
			for k := range v.routes {
				used[v.routes[k].value] = true
			}
		}
	}
	used[0] = false
	return used
}

func tailOf(path bgp.RawPath) (t tail) {
	if asns, ok := path.Sequence(); ok {
		return lastTwo(asns)
	}
	for hop := range path.Hops() {
		var a checks.ASN
		if hop.Len() == 1 {
			a = hop.ASN(0)
		}
		if a == t.origin && a != 0 { // a prepend
			continue
		}
		t.origin, t.upstream = a, t.origin
	}
	return t
}

// lastTwo gives the end of a path of numbers of four bytes, prepends left out.
func lastTwo(asns []byte) (t tail) {
	at := len(asns) - 4
	t.origin = checks.ASN(binary.BigEndian.Uint32(asns[at:]))
	for at -= 4; at >= 0; at -= 4 {
		if a := checks.ASN(binary.BigEndian.Uint32(asns[at:])); a != t.origin || a == 0 {
			t.upstream = a
			break
		}
	}
	return t
}

func (r *RIB) tailAt(ref table.Ref, i int) (tail, bool) {
	value := r.table.At(ref, i)
	if value == 0 {
		return tail{}, false
	}
	return r.endOf(value), true
}

// pathAt gives the path that session i holds, or what is kept of it; ok is false where
// it holds none.
func (r *RIB) pathAt(ref table.Ref, i int) (path checks.Path, ok bool) {
	value := r.table.At(ref, i)
	switch {
	case value == 0:
		return nil, false
	case r.tree != nil:
		return r.tree.path(value), true
	}
	return r.tails[value-1].path(), true
}
