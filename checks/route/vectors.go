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

	// The vector at hand: its values, 0 first and then ascending, and for each
	// session the place of its value.
	ids   []uint32
	codes []uint16
	dense []uint32 // scratch
	used  []uint16 // scratch
	buf   []byte   // scratch
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
// value, 0 to take its route away, and what it held before. The caller's use of
// ref passes on to the result.
func (v *vectors) set(ref uint32, i int, value uint32) (next, before uint32) {
	if before = v.at(ref, i); before == value {
		return ref, before
	}
	v.unpack(ref)
	if n := i + 1 - len(v.codes); n > 0 {
		v.codes = append(v.codes, make([]uint16, n)...)
	}
	code, found := slices.BinarySearch(v.ids, value)
	if !found {
		v.ids = slices.Insert(v.ids, code, value)
		for j, c := range v.codes {
			if int(c) >= code {
				v.codes[j]++
			}
		}
	}
	v.codes[i] = uint16(code)
	next = v.intern()
	v.release(ref)
	return next, before
}

// make gives a reference to the vector of the given values, one a session.
func (v *vectors) make(dense []uint32) uint32 {
	v.ids = append(append(v.ids[:0], 0), dense...)
	slices.Sort(v.ids)
	v.ids = slices.Compact(v.ids)
	v.codes = v.codes[:0]
	last, code := uint32(0), 0
	for _, id := range dense {
		if id != last { // neighbours often agree
			last = id
			code, _ = slices.BinarySearch(v.ids, id)
		}
		v.codes = append(v.codes, uint16(code))
	}
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

// eachValue calls f with each value of a vector, once.
func (v *vectors) eachValue(ref uint32, f func(value uint32)) {
	b, _, ids := v.head(ref)
	id := uint64(0)
	for range ids {
		d, n := binary.Uvarint(b)
		b = b[n:]
		id += d
		f(uint32(id))
	}
}

// visible counts the sessions with a route.
func (v *vectors) visible(ref uint32) int { return int(v.entries[ref].visible) }

// decode gives the values of a vector, one a session up to the last that has a
// route; valid until the next call.
func (v *vectors) decode(ref uint32) []uint32 {
	v.unpack(ref)
	v.dense = v.dense[:0]
	for _, c := range v.codes {
		v.dense = append(v.dense, v.ids[c])
	}
	return v.dense
}

// unpack makes a vector the one at hand.
func (v *vectors) unpack(ref uint32) {
	v.ids, v.codes = append(v.ids[:0], 0), v.codes[:0]
	if ref == emptyVector {
		return
	}
	b, sessions, ids := v.head(ref)
	id := uint64(0)
	for range ids {
		d, n := binary.Uvarint(b)
		b = b[n:]
		id += d
		v.ids = append(v.ids, uint32(id))
	}
	width := codeWidth(ids)
	if width >= 8 {
		for i := range sessions {
			v.codes = append(v.codes, uint16(readCode(b, width, i)))
		}
		return
	}
	mask := uint16(1)<<width - 1
	for _, packed := range b {
		for shift := 0; shift < 8; shift += width {
			v.codes = append(v.codes, uint16(packed>>shift)&mask)
		}
	}
	v.codes = v.codes[:sessions]
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

// intern gives the reference of the vector at hand, counting one more use.
func (v *vectors) intern() uint32 {
	for len(v.codes) > 0 && v.codes[len(v.codes)-1] == 0 {
		v.codes = v.codes[:len(v.codes)-1]
	}
	if len(v.codes) == 0 {
		return emptyVector
	}
	visible := v.pack()
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

// pack writes the vector at hand to v.buf, without the values that no session
// has, and counts the sessions with a route.
func (v *vectors) pack() (visible int) {
	v.used = append(v.used[:0], make([]uint16, len(v.ids))...)
	for _, c := range v.codes {
		v.used[c] = 1
		if c != 0 {
			visible++
		}
	}
	ids := uint16(0)
	v.used[0] = 0
	for c, n := range v.used { // from now on the place among those in use
		ids += n
		v.used[c] = ids * n
	}
	b := binary.AppendUvarint(v.buf[:0], uint64(len(v.codes)))
	b = binary.AppendUvarint(b, uint64(ids))
	last := uint32(0)
	for c, id := range v.ids {
		if v.used[c] != 0 {
			b = binary.AppendUvarint(b, uint64(id-last))
			last = id
		}
	}
	v.buf = v.packCodes(b, codeWidth(int(ids)))
	return visible
}

// packCodes appends the codes of the vector at hand.
func (v *vectors) packCodes(b []byte, width int) []byte {
	switch width {
	case 16:
		for _, c := range v.codes {
			b = binary.LittleEndian.AppendUint16(b, v.used[c])
		}
	case 8:
		for _, c := range v.codes {
			b = append(b, byte(v.used[c]))
		}
	default:
		for codes := v.codes; len(codes) > 0; {
			packed, n := byte(0), min(8/width, len(codes))
			for i, c := range codes[:n] {
				packed |= byte(v.used[c]) << (i * width)
			}
			b = append(b, packed)
			codes = codes[n:]
		}
	}
	return b
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
