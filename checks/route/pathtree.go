package route

import (
	"encoding/binary"
	"hash/maphash"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// pathTree keeps whole paths, each as a node: its first hop, and the path behind that.
// All paths with the same end share the nodes of it, so that one more path mostly costs
// one more node. Confederation segments are not kept, prepends are.
type pathTree struct {
	nodes []pathNode // by value - 1
	index []uint32   // values by the hash of their nodes, 0 for none; open addressing
	mult  uint64     // of the hash, other in every process
	spare []uint32   // values that no route has
	limit int        // of len(nodes), from which unused ones are looked for
	sets  []checks.Hop
	setID map[string]uint32 // place in sets
	bare  []uint32          // places in sets that no path has
	heads []pathNode        // scratch: the hops of a path, rest 0 or setHead
	last  []lastPath        // by session
}

// pathNode is a path. The zero value is no path, and free.
type pathNode struct {
	head uint32 // an AS, or with setHead the place of an AS_SET
	rest uint32 // value of the path behind it, 0 for none, or ownRoute
}

const (
	setHead = 1 << 31 // a flag in rest
	// ownRoute stands behind a head that no path has: the path is empty, and the head is
	// the peer, which originates the route.
	ownRoute = setHead - 1
)

// lastPath is what a session said last: its next route often has the same path.
type lastPath struct {
	raw   []byte
	value uint32
}

// fewNodes is how many nodes are kept before it is worth looking for those that no path
// has any more.
const fewNodes = 1 << 20

func newPathTree() *pathTree {
	return &pathTree{
		index: make([]uint32, 1<<10), limit: fewNodes, setID: map[string]uint32{},
		mult: maphash.Comparable(maphash.MakeSeed(), 0) | 1,
	}
}

// id gives the value that stands for a path of session i, whose peer is as; never 0.
func (t *pathTree) id(i int, as checks.ASN, path bgp.RawPath) uint32 {
	if n := i + 1 - len(t.last); n > 0 {
		t.last = append(t.last, make([]lastPath, n)...)
	}
	last := &t.last[i]
	if last.value != 0 && string(last.raw) == string(path) {
		return last.value
	}
	t.heads = t.heads[:0]
	for hop := range path.Hops() {
		t.heads = append(t.heads, t.headOf(hop))
	}
	value := uint32(0)
	for k := len(t.heads) - 1; k >= 0; k-- {
		value = t.intern(pathNode{t.heads[k].head, t.heads[k].rest | value})
	}
	if value == 0 {
		value = t.intern(pathNode{uint32(as), ownRoute})
	}
	last.raw, last.value = append(last.raw[:0], path...), value
	return value
}

// headOf gives the node of a hop alone.
func (t *pathTree) headOf(hop bgp.Hop) pathNode {
	if hop.Len() == 1 {
		return pathNode{head: uint32(hop.ASN(0))}
	}
	set := make(checks.Hop, hop.Len())
	for k := range set {
		set[k] = hop.ASN(k)
	}
	key := setKey(set)
	id, ok := t.setID[key]
	if !ok {
		if n := len(t.bare); n > 0 {
			id, t.bare = t.bare[n-1], t.bare[:n-1]
			t.sets[id] = set
		} else {
			id = uint32(len(t.sets))
			t.sets = append(t.sets, set)
		}
		t.setID[key] = id
	}
	return pathNode{id, setHead}
}

// setKey gives what a set is found by.
func setKey(set checks.Hop) string {
	key := make([]byte, 0, 4*len(set))
	for _, as := range set {
		key = binary.BigEndian.AppendUint32(key, uint32(as))
	}
	return string(key)
}

// intern gives the value of a node.
func (t *pathTree) intern(n pathNode) uint32 {
	slot := t.slot(n)
	if v := t.index[slot]; v != 0 {
		return v
	}
	var v uint32
	if k := len(t.spare); k > 0 {
		v, t.spare = t.spare[k-1], t.spare[:k-1]
		t.nodes[v-1] = n
	} else {
		t.nodes = append(t.nodes, n)
		v = uint32(len(t.nodes))
	}
	t.index[slot] = v
	if (len(t.nodes)-len(t.spare))*4 > len(t.index)*3 {
		t.reindex(2 * len(t.index))
	}
	return v
}

// slot finds where the index has a node, or has room for it.
func (t *pathTree) slot(n pathNode) uint64 {
	h := (uint64(n.head)<<32 | uint64(n.rest)) * t.mult
	h = (h ^ h>>32) * 0x9e3779b97f4a7c15
	mask := uint64(len(t.index) - 1)
	for slot := h >> 32 & mask; ; slot = (slot + 1) & mask {
		if v := t.index[slot]; v == 0 || t.nodes[v-1] == n {
			return slot
		}
	}
}

// reindex makes the index anew, with so many places, a power of two.
func (t *pathTree) reindex(size int) {
	t.index = make([]uint32, size)
	for k, n := range t.nodes {
		if n != (pathNode{}) {
			t.index[t.slot(n)] = uint32(k + 1)
		}
	}
}

// tail gives the end of a path, as [tailOf] does.
func (t *pathTree) tail(value uint32) (end tail) {
	for value != 0 {
		n := t.nodes[value-1]
		if n.rest == ownRoute {
			return tail{origin: checks.ASN(n.head)}
		}
		a := checks.ASN(n.head)
		if n.rest&setHead != 0 {
			a = 0
		}
		if a != end.origin || a == 0 { // else a prepend
			end.origin, end.upstream = a, end.origin
		}
		value = n.rest &^ setHead
	}
	return end
}

// appendPath appends the hops of a path to path. Their members are in asns, which grows
// too, or belong to the tree: both are good until the next sweep.
func (t *pathTree) appendPath(path checks.Path, asns []checks.ASN, value uint32) (checks.Path, []checks.ASN) {
	for value != 0 {
		n := t.nodes[value-1]
		switch {
		case n.rest == ownRoute:
			return path, asns
		case n.rest&setHead != 0:
			path = append(path, t.sets[n.head])
		default:
			asns = append(asns, checks.ASN(n.head))
			path = append(path, asns[len(asns)-1:len(asns):len(asns)])
		}
		value = n.rest &^ setHead
	}
	return path, asns
}

// path gives a path.
func (t *pathTree) path(value uint32) checks.Path {
	path, _ := t.appendPath(nil, nil, value)
	for k, hop := range path {
		if len(hop) > 1 {
			path[k] = append(checks.Hop(nil), hop...)
		}
	}
	return path
}

// full reports whether it is time to look for paths that nobody has.
func (t *pathTree) full() bool { return len(t.nodes) >= t.limit && len(t.spare) == 0 }

// sweep frees the nodes that no path rests on, given which values are in use; used, by
// value, is made to hold all that stay.
func (t *pathTree) sweep(used []bool) {
	sets := make([]bool, len(t.sets))
	for value := range used {
		for v := uint32(value); used[value] && v != 0; {
			used[v] = true
			n := t.nodes[v-1]
			if n.rest == ownRoute {
				break
			}
			if n.rest&setHead != 0 {
				sets[n.head] = true
			}
			v = n.rest &^ setHead
		}
	}
	for k, n := range t.nodes {
		if n != (pathNode{}) && !used[k+1] {
			t.nodes[k] = pathNode{}
			t.spare = append(t.spare, uint32(k+1))
		}
	}
	for key, id := range t.setID {
		if !sets[id] {
			delete(t.setID, key)
			t.sets[id], t.bare = nil, append(t.bare, id)
		}
	}
	t.reindex(len(t.index))
	t.limit = max(t.limit, 2*(len(t.nodes)-len(t.spare)))
	clear(t.last)
}
