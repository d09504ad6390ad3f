package world

import (
	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// What is kept of a row beside its routes: 11 bytes.
type rows struct {
	marks   []mark
	country []uint16 // in State.countries
	network []uint32 // in State.networks
	weight  []uint32 // IPv4 addresses that lie in no usual prefix inside it; of IPv6 one
}

// mark is what a row is.
type mark uint8

const (
	placed   mark = 1 << iota // something of it is usual, and it is counted
	apart                     // what is usual is another vector than what the row holds: see apart.go
	queued                    // it is to be counted again
	stirred                   // it has changed since it was counted
	arriving                  // it is to be placed
	empty                     // all who had it are gone, and it is in no count
)

// reach makes room for a row.
func (r *rows) reach(row table.Row) {
	for n := int(row) + 1 - len(r.marks); n > 0; n-- {
		r.marks = append(r.marks, 0)
		r.country, r.network, r.weight = append(r.country, 0), append(r.network, 0), append(r.weight, 0)
	}
}

// is reports whether a row has any of the marks.
func (r *rows) is(row table.Row, m mark) bool { return int(row) < len(r.marks) && r.marks[row]&m != 0 }

func (r *rows) set(row table.Row, m mark)   { r.marks[row] |= m }
func (r *rows) unset(row table.Row, m mark) { r.marks[row] &^= m }

// group is a country or a network: what is usual of it, and since when it stands badly.
type group struct {
	asn       checks.ASN // of a network
	code      string     // of a country
	prefixes  int32      // usual ones, IPv4
	prefixes6 int32
	addresses uint64
	bad       int64 // since when it is Down or Degraded, in seconds; 0 for not
	back      int64 // when the last loss was over
	watched   bool
	// least is the smallest share of the vantage points that have one of its prefixes, among
	// those prefixes that are there; coming is that of a round that is not yet over: see thin.go.
	least, coming float32
	doubts        *doubts // its suspects; nil for none
}

// add counts a usual prefix, n times.
func (g *group) add(ipv6 bool, weight uint32, n int32) {
	g.doubts.stale()
	if ipv6 {
		g.prefixes6 += n
		return
	}
	g.prefixes += n
	g.addresses += uint64(int64(n) * int64(weight))
}

// groups are countries or networks by number, from 1; 0 is none of them.
type groups[K comparable] struct {
	list     []group
	by       map[K]uint32
	doubtful map[uint32]bool // those that have suspects
}

func makeGroups[K comparable]() groups[K] {
	return groups[K]{list: []group{{least: 1, coming: 1}}, by: map[K]uint32{}, doubtful: map[uint32]bool{}}
}

// of gives the number of a group; made is true where it is new.
func (g *groups[K]) of(key, none K) (n uint32, made bool) {
	if key == none {
		return 0, false
	}
	n, ok := g.by[key]
	if !ok {
		n = uint32(len(g.list))
		g.list = append(g.list, group{least: 1, coming: 1})
		g.by[key] = n
	}
	return n, !ok
}
