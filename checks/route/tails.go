package route

import (
	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// tail is the end of a path that the whole world's table keeps: who originates
// the route, and who stands next to it. Zero stands for an empty path, an
// AS_SET of several, or no such AS.
type tail struct{ origin, upstream checks.ASN }

// tailID gives the value that stands for the end of a path of session i; never
// 0. A path without an AS is a route that the peer itself originates.
func (r *RIB) tailID(i int, path bgp.RawPath) uint32 {
	t := tailOf(path)
	if len(path) == 0 {
		t.origin = r.sessions[i].peer.AS
	}
	if t == r.lastTail && r.lastTailID != 0 { // most peers have the same
		return r.lastTailID
	}
	id, ok := r.tailIDs[t]
	if !ok {
		id = r.newTail(t)
	}
	r.lastTail, r.lastTailID = t, id
	return id
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
	if len(r.tails) < r.tailLimit || len(r.spareTails) > 0 {
		return
	}
	used := make([]bool, len(r.tails))
	for ref := range r.vectors.entries {
		if r.vectors.entries[ref].uses > 0 {
			r.vectors.eachValue(uint32(ref), func(value uint32) { used[value-1] = true })
		}
	}
	for i, t := range r.tails {
		if !used[i] {
			delete(r.tailIDs, t)
			r.spareTails = append(r.spareTails, uint32(i+1))
		}
	}
	r.lastTail, r.lastTailID = tail{}, 0
	r.tailLimit = max(r.tailLimit, 2*(len(r.tails)-len(r.spareTails)))
}

func tailOf(path bgp.RawPath) (t tail) {
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

func (r *RIB) tailAt(ref uint32, i int) (tail, bool) {
	value := r.vectors.at(ref, i)
	if value == 0 {
		return tail{}, false
	}
	return r.tails[value-1], true
}
