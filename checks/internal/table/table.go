package table

import (
	"cmp"
	"encoding/binary"
	"iter"
	"net/netip"

	"github.com/gaissmai/bart"
)

// Row is the place of a prefix, 0 for none. It is the prefix's while any column holds
// something for it, or it is pinned; after that it may be another's.
type Row uint32

// Table holds a number for each prefix and column.
type Table struct {
	places  bart.Table[Row]
	addrs   []uint64 // by row: an IPv4 address, or the upper half of an IPv6 one
	kinds   []uint8  // by row: the length of an IPv4 prefix, that of an IPv6 one plus kind6, or noPrefix
	lower   map[Row]uint64
	refs    []Ref
	pins    []uint8
	spare   []Row
	held    int // rows for which a column holds something
	asked   netip.Prefix
	answer  Row
	vectors vectors
	orphans []Ref // loaded vectors that no row has
}

const (
	kind6    = 33 // and the length
	noPrefix = 255
)

// New makes an empty table.
func New() *Table {
	t := &Table{lower: map[Row]uint64{}, vectors: newVectors()}
	t.extend(netip.Prefix{})
	return t
}

// Row gives the row of exactly this prefix, 0 where it has none.
func (t *Table) Row(p netip.Prefix) Row {
	if p != t.asked { // most ask twice
		t.asked = p
		t.answer, _ = t.places.Get(p)
	}
	return t.answer
}

// Add gives the row of a prefix, one without values where it had none. Such a row is to be
// set or pinned: nothing else gives it back. The row of an invalid prefix is 0.
func (t *Table) Add(p netip.Prefix) Row {
	row := t.Row(p)
	if row != 0 || !p.IsValid() {
		return row
	}
	p = p.Masked()
	if n := len(t.spare); n > 0 {
		row, t.spare = t.spare[n-1], t.spare[:n-1]
		t.name(row, p)
	} else {
		row = t.extend(p)
	}
	t.places.Insert(p, row)
	t.answer = row
	return row
}

// extend makes room for one more row.
func (t *Table) extend(p netip.Prefix) (row Row) {
	row = Row(len(t.refs))
	t.addrs, t.kinds = append(t.addrs, 0), append(t.kinds, noPrefix)
	t.refs, t.pins = append(t.refs, 0), append(t.pins, 0)
	if p.IsValid() {
		t.name(row, p)
	}
	return row
}

// name notes whose a row is.
func (t *Table) name(row Row, p netip.Prefix) {
	if addr := p.Addr(); addr.Is4() {
		four := addr.As4()
		t.addrs[row], t.kinds[row] = uint64(binary.BigEndian.Uint32(four[:])), uint8(p.Bits())
		return
	}
	all := p.Addr().As16()
	t.addrs[row], t.kinds[row] = binary.BigEndian.Uint64(all[:]), uint8(kind6+p.Bits())
	if low := binary.BigEndian.Uint64(all[8:]); low != 0 {
		t.lower[row] = low
	}
}

// Prefix gives the prefix of a row, the zero one where it is nobody's.
func (t *Table) Prefix(row Row) netip.Prefix {
	switch kind := int(t.kinds[row]); {
	case kind == noPrefix:
		return netip.Prefix{}
	case kind < kind6:
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], uint32(t.addrs[row]))
		return netip.PrefixFrom(netip.AddrFrom4(four), kind)
	default:
		var all [16]byte
		binary.BigEndian.PutUint64(all[:], t.addrs[row])
		if kind > kind6+64 {
			binary.BigEndian.PutUint64(all[8:], t.lower[row])
		}
		return netip.PrefixFrom(netip.AddrFrom16(all), kind-kind6)
	}
}

// Compare compares the prefixes of two rows: IPv4 before IPv6, then by address, and of the same
// address that which others lie in first.
func (t *Table) Compare(a, b Row) int {
	if is4 := t.kinds[a] < kind6; is4 != (t.kinds[b] < kind6) {
		if is4 {
			return -1
		}
		return 1
	}
	if t.addrs[a] != t.addrs[b] {
		return cmp.Compare(t.addrs[a], t.addrs[b])
	}
	return cmp.Or(cmp.Compare(t.lower[a], t.lower[b]), cmp.Compare(t.kinds[a], t.kinds[b]))
}

// Len counts the prefixes for which any column holds something. While there is work left of
// Clear, those that have lost all by it may be among them.
func (t *Table) Len() int { return t.held }

// Taken counts the rows that are somebody's, be it that they are pinned only.
func (t *Table) Taken() int { return len(t.refs) - 1 - len(t.spare) }

// Rows is the number above the highest row.
func (t *Table) Rows() int { return len(t.refs) }

// Ref gives the vector of a row; of row 0 it is the empty one. It may become another one when
// anything is cleared, set or put.
func (t *Table) Ref(row Row) Ref { return t.clean(row) }

// Set makes a column hold a value for a row, 0 for nothing, and gives what it held before.
// The row is gone if that was all and nobody has pinned it.
func (t *Table) Set(row Row, column int, value uint32) (before uint32) {
	if value != 0 {
		t.returning(row, column)
	}
	ref := t.clean(row)
	if before = t.vectors.at(ref, column); before == value {
		t.settle(row)
		return before
	}
	t.vectors.take(ref)
	t.vectors.edit(column, value)
	t.place(row, t.vectors.change(ref))
	return before
}

// Put makes the columns hold these values for a row, and those behind them nothing.
func (t *Table) Put(row Row, values []uint32) {
	if c := t.vectors.clearing; c != nil {
		for _, column := range c.columns {
			if column < len(values) && values[column] != 0 {
				t.returning(row, column)
				break
			}
		}
	}
	t.vectors.fill(values)
	ref := t.vectors.intern()
	t.vectors.release(t.refs[row])
	t.place(row, ref)
}

// place gives a row a vector whose use is counted already, and the row back if that is
// empty.
func (t *Table) place(row Row, ref Ref) {
	t.replace(row, ref)
	t.settle(row)
}

// replace gives a row a vector.
func (t *Table) replace(row Row, ref Ref) {
	if had := t.refs[row] != 0; had != (ref != 0) {
		if had {
			t.held--
		} else {
			t.held++
		}
	}
	t.refs[row] = ref
}

// settle gives a row back that nothing keeps.
func (t *Table) settle(row Row) {
	if row == 0 || t.refs[row] != 0 || t.pins[row] != 0 || t.kinds[row] == noPrefix {
		return
	}
	t.places.Delete(t.Prefix(row))
	delete(t.lower, row)
	t.addrs[row], t.kinds[row] = 0, noPrefix
	t.spare = append(t.spare, row)
	t.asked, t.answer = netip.Prefix{}, 0
}

// Pin keeps a row although no column may hold anything for it, until Unpin has been called
// as often, at most 255 times.
func (t *Table) Pin(row Row) {
	if t.pins[row] == 255 {
		panic("table: a row is pinned too often")
	}
	t.pins[row]++
}

// Unpin takes back what one Pin did.
func (t *Table) Unpin(row Row) {
	if t.pins[row] == 0 {
		panic("table: a row is unpinned that is not pinned")
	}
	t.pins[row]--
	t.settle(row)
}

// All gives every prefix that has a row, be it without values and pinned, in no order. The
// table must not change before it ends, and so with the others.
func (t *Table) All() iter.Seq2[netip.Prefix, Row] { return t.places.All() }

// Supernets gives p and the prefixes over it that have a row, the longest first.
func (t *Table) Supernets(p netip.Prefix) iter.Seq2[netip.Prefix, Row] { return t.places.Supernets(p) }

// Subnets gives p and the prefixes inside it that have a row, in order.
func (t *Table) Subnets(p netip.Prefix) iter.Seq2[netip.Prefix, Row] { return t.places.Subnets(p) }
