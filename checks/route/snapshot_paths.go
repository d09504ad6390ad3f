package route

import (
	"isitdown/checks"
)

// save writes the nodes and the sets.
func (t *pathTree) save() []byte {
	w := pencil{b: make([]byte, 0, 8*len(t.nodes)+64)}
	w.int(len(t.nodes))
	for _, n := range t.nodes {
		w.word(n.head)
		w.word(n.rest)
	}
	w.int(len(t.sets))
	for _, set := range t.sets {
		w.int(len(set))
		for _, as := range set {
			w.word(uint32(as))
		}
	}
	return w.b
}

// load reads what save wrote into an empty tree, and gives the highest value.
func (t *pathTree) load(p *reading, get func(string) ([]byte, bool)) (values int) {
	p.open(get, "paths")
	t.nodes = make([]pathNode, p.count(len(p.b)/8))
	for k := range t.nodes {
		t.nodes[k] = pathNode{p.word(), p.word()}
	}
	for id := range p.count(len(p.b)) {
		set := make(checks.Hop, p.count(len(p.b)/4))
		for k := range set {
			set[k] = checks.ASN(p.word())
		}
		t.sets = append(t.sets, set)
		if len(set) == 0 {
			t.bare = append(t.bare, uint32(id))
		} else {
			t.setID[setKey(set)] = uint32(id)
		}
	}
	p.close()
	if t.astray() {
		p.fail("a path leads nowhere, or round in a circle")
	}
	if p.err != nil {
		return 0
	}
	size := len(t.index)
	for size*3 < (len(t.nodes)+1)*4 {
		size *= 2
	}
	t.reindex(size)
	for k, n := range t.nodes {
		if n == (pathNode{}) {
			t.spare = append(t.spare, uint32(k+1))
		}
	}
	t.limit = max(t.limit, 2*(len(t.nodes)-len(t.spare)))
	return len(t.nodes)
}

// astray reports whether any path has no end, or a set that is not there.
func (t *pathTree) astray() bool {
	const passing, ends = 1, 2
	seen := make([]uint8, len(t.nodes)+1)
	seen[0] = ends
	var way []uint32
	for first := range t.nodes {
		way = way[:0]
		for v := uint32(first + 1); seen[v] != ends; {
			n := t.nodes[v-1]
			if seen[v] == passing || n.rest != ownRoute && n.rest&setHead != 0 && (int(n.head) >= len(t.sets) || len(t.sets[n.head]) == 0) {
				return true
			}
			seen[v] = passing
			way = append(way, v)
			next := n.rest &^ setHead
			if n.rest == ownRoute {
				next = 0
			}
			if int(next) > len(t.nodes) {
				return true
			}
			v = next
		}
		for _, v := range way {
			seen[v] = ends
		}
	}
	return false
}
