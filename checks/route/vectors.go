package route

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// vectors stores, once each, what all sessions hold for a prefix: a vector with
// one number a session, 0 where the session has no route. Prefixes of one
// network nearly always share their vector, so a prefix costs a 4-byte
// reference and the vectors stay few.
//
// On the slab a vector is: the number of sessions, the number of distinct
// values, the values in ascending order (as differences), then one code a
// session of 1, 2, 4, 8 or 16 bits, 0 for "no route" and otherwise the value's
// place in the list plus one. The slab and the entries hold no pointers.
type vectors struct {
	seed    maphash.Seed
	slab    []byte
	garbage int
	entries []vectorEntry
	free    []uint32
	index   map[uint64]uint32 // hash -> first entry, chained by next
	dense   []uint32          // scratch
	ids     []uint32          // scratch
	buf     []byte            // scratch
}

type vectorEntry struct {
	hash     uint64
	off, len uint32
	uses     uint32
	next     uint32 // entry with the same hash, 0 for none
	visible  uint16
}

// emptyVector is the reference of the vector without a route.
const emptyVector = 0

func newVectors() *vectors {
	return &vectors{seed: maphash.MakeSeed(), entries: make([]vectorEntry, 1), index: map[uint64]uint32{}}
}

// compactAbove is the garbage, in bytes, from which the slab is rewritten when
// half of it is garbage.
const compactAbove = 1 << 20

// set gives the reference of the vector that is ref with session i holding
// value, 0 to take its route away. The caller's use of ref passes on to the
// result.
func (v *vectors) set(ref uint32, i int, value uint32) uint32 {
	if v.at(ref, i) == value {
		return ref
	}
	v.decode(ref)
	if i >= len(v.dense) {
		v.dense = append(v.dense, make([]uint32, i+1-len(v.dense))...)
	}
	v.dense[i] = value
	next := v.intern()
	v.release(ref)
	return next
}

// make gives a reference to the vector of the given values, one a session.
func (v *vectors) make(dense []uint32) uint32 {
	v.dense = append(v.dense[:0], dense...)
	return v.intern()
}

// at gives the value of session i.
func (v *vectors) at(ref uint32, i int) uint32 {
	if ref == emptyVector {
		return 0
	}
	b, sessions, ids := v.head(ref)
	if i >= sessions {
		return 0
	}
	width := codeWidth(ids)
	code := readCode(b[skipIDs(b, ids):], width, i)
	if code == 0 {
		return 0
	}
	id := uint64(0)
	for range code {
		d, n := binary.Uvarint(b)
		b = b[n:]
		id += d
	}
	return uint32(id)
}

// visible counts the sessions with a route.
func (v *vectors) visible(ref uint32) int { return int(v.entries[ref].visible) }

// decode leaves the vector in v.dense and returns it; valid until the next call.
func (v *vectors) decode(ref uint32) []uint32 {
	v.dense = v.dense[:0]
	if ref == emptyVector {
		return v.dense
	}
	b, sessions, ids := v.head(ref)
	v.ids = append(v.ids[:0], 0)
	id := uint64(0)
	for range ids {
		d, n := binary.Uvarint(b)
		b = b[n:]
		id += d
		v.ids = append(v.ids, uint32(id))
	}
	width := codeWidth(ids)
	for i := range sessions {
		v.dense = append(v.dense, v.ids[readCode(b, width, i)])
	}
	return v.dense
}

// head gives the bytes after the two counts of a vector, and the counts.
func (v *vectors) head(ref uint32) (rest []byte, sessions, ids int) {
	e := &v.entries[ref]
	b := v.slab[e.off : e.off+e.len]
	s, n := binary.Uvarint(b)
	d, m := binary.Uvarint(b[n:])
	return b[n+m:], int(s), int(d)
}

func skipIDs(b []byte, ids int) int {
	at := 0
	for range ids {
		for b[at] >= 0x80 {
			at++
		}
		at++
	}
	return at
}

// intern gives the reference of the vector in v.dense, counting one more use.
func (v *vectors) intern() uint32 {
	for len(v.dense) > 0 && v.dense[len(v.dense)-1] == 0 {
		v.dense = v.dense[:len(v.dense)-1]
	}
	if len(v.dense) == 0 {
		return emptyVector
	}
	visible := v.encode()
	h := maphash.Bytes(v.seed, v.buf)
	for ref := v.index[h]; ref != 0; ref = v.entries[ref].next {
		e := &v.entries[ref]
		if string(v.slab[e.off:e.off+e.len]) == string(v.buf) {
			e.uses++
			return ref
		}
	}
	var ref uint32
	if n := len(v.free); n > 0 {
		ref, v.free = v.free[n-1], v.free[:n-1]
	} else {
		ref = uint32(len(v.entries))
		v.entries = append(v.entries, vectorEntry{})
	}
	v.entries[ref] = vectorEntry{
		hash: h, off: uint32(len(v.slab)), len: uint32(len(v.buf)),
		uses: 1, next: v.index[h], visible: uint16(visible),
	}
	v.index[h] = ref
	v.slab = append(v.slab, v.buf...)
	return ref
}

// encode writes v.dense to v.buf and counts the sessions with a route.
func (v *vectors) encode() (visible int) {
	v.ids = v.ids[:0]
	for _, id := range v.dense {
		if id != 0 {
			visible++
			v.ids = append(v.ids, id)
		}
	}
	slices.Sort(v.ids)
	v.ids = slices.Compact(v.ids)
	b := binary.AppendUvarint(v.buf[:0], uint64(len(v.dense)))
	b = binary.AppendUvarint(b, uint64(len(v.ids)))
	last := uint32(0)
	for _, id := range v.ids {
		b = binary.AppendUvarint(b, uint64(id-last))
		last = id
	}
	width := codeWidth(len(v.ids))
	at := len(b)
	b = append(b, make([]byte, (len(v.dense)*width+7)/8)...)
	for i, id := range v.dense {
		if id != 0 {
			code, _ := slices.BinarySearch(v.ids, id)
			writeCode(b[at:], width, i, code+1)
		}
	}
	v.buf = b
	return visible
}

// release takes one use away; a vector without uses leaves the index.
func (v *vectors) release(ref uint32) {
	if ref == emptyVector {
		return
	}
	e := &v.entries[ref]
	if e.uses--; e.uses > 0 {
		return
	}
	if first := v.index[e.hash]; first == ref {
		if e.next == 0 {
			delete(v.index, e.hash)
		} else {
			v.index[e.hash] = e.next
		}
	} else {
		for first != 0 && v.entries[first].next != ref {
			first = v.entries[first].next
		}
		v.entries[first].next = e.next
	}
	v.garbage += int(e.len)
	*e = vectorEntry{}
	v.free = append(v.free, ref)
	if v.garbage > compactAbove && v.garbage > len(v.slab)/2 {
		v.compact()
	}
}

// compact rewrites the slab without the vectors that nobody uses.
func (v *vectors) compact() {
	slab := make([]byte, 0, len(v.slab)-v.garbage+compactAbove)
	for i := range v.entries {
		if e := &v.entries[i]; e.uses > 0 {
			b := v.slab[e.off : e.off+e.len]
			e.off = uint32(len(slab))
			slab = append(slab, b...)
		}
	}
	v.slab, v.garbage = slab, 0
}

// codeWidth is the number of bits that a code of n values and "none" takes, a
// power of two so that no code straddles a byte.
func codeWidth(n int) int {
	switch {
	case n < 1<<1:
		return 1
	case n < 1<<2:
		return 2
	case n < 1<<4:
		return 4
	case n < 1<<8:
		return 8
	}
	return 16
}

func readCode(b []byte, width, i int) int {
	switch width {
	case 16:
		return int(binary.LittleEndian.Uint16(b[2*i:]))
	case 8:
		return int(b[i])
	}
	bit := i * width
	return int(b[bit/8]>>(bit%8)) & (1<<width - 1)
}

func writeCode(b []byte, width, i, code int) {
	switch width {
	case 16:
		binary.LittleEndian.PutUint16(b[2*i:], uint16(code))
	case 8:
		b[i] = byte(code)
	default:
		bit := i * width
		b[bit/8] |= byte(code << (bit % 8))
	}
}
