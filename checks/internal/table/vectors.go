package table

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// Ref is the reference of a vector: what all columns hold for a prefix. Equal vectors
// have equal references. 0 is the vector in which no column holds anything.
type Ref uint32

// vectors stores each vector once, and counts its uses.
type vectors struct {
	slab    slab
	seed    maphash.Seed
	entries []entry // by reference
	free    []Ref
	slots   []Ref // by hash, 0 for none; open addressing, a power of two
	used    int   // vectors

	buf   []byte // the vector at hand: a block without the zeros behind it
	ids   []uint32
	codes []uint16
	to    []uint16 // scratch
	order []uint64 // scratch
	finds finder

	clearing *clearing // nil for none
}

// entry is a vector. It is free where uses is 0.
type entry struct {
	place uint32
	hash  uint32
	uses  uint32 // by rows and by others
	kept  uint32 // by others
}

func newVectors() vectors {
	return vectors{seed: maphash.MakeSeed(), entries: make([]entry, 1), slots: make([]Ref, 16)}
}

// block gives a vector, and what is behind it in its segment.
func (v *vectors) block(ref Ref) []byte { return v.slab.at(v.entries[ref].place) }

// at gives the value of a column.
func (v *vectors) at(ref Ref, column int) uint32 {
	if ref == 0 {
		return 0
	}
	codes, width, columns, l := open(v.block(ref))
	if column >= columns {
		return 0
	}
	code := readCode(codes, width, column)
	if code == 0 {
		return 0
	}
	return l.at(code)
}

// take makes a vector the one at hand.
func (v *vectors) take(ref Ref) {
	if ref == 0 {
		v.buf = append(v.buf[:0], make([]byte, headSize)...)
		return
	}
	b := v.block(ref)
	v.buf = append(v.buf[:0], b[:bareSize(b)]...)
}

// edit makes a column of the vector at hand hold a value, 0 for nothing. Most often
// another column has that value, and another one that which was there before: then
// only one code changes.
func (v *vectors) edit(column int, value uint32) {
	codes, width, columns, l := open(v.buf)
	old := 0
	if column < columns {
		old = readCode(codes, width, column)
		writeCode(codes, width, column, 0)
	}
	code, found := l.find(value)
	if !found || old != 0 && old != code && !holdsCode(codes, width, columns, old) {
		v.remake(column, value)
		return
	}
	held := heldBy(v.buf)
	if old != 0 {
		held--
	}
	switch {
	case code != 0:
		held++
		if column >= columns {
			v.resize(column+1, width)
		}
		writeCode(v.buf[headSize:], width, column, code)
	case column == columns-1:
		for columns > 0 && readCode(codes, width, columns-1) == 0 {
			columns--
		}
		v.resize(columns, width)
	}
	binary.LittleEndian.PutUint16(v.buf[8:], uint16(held))
}

// resize gives the vector at hand another number of columns; those that go hold nothing.
func (v *vectors) resize(columns, width int) {
	before, _ := counts(v.buf)
	from, to := headSize+codesSize(before, width), headSize+codesSize(columns, width)
	end := len(v.buf)
	if n := to - from; n > 0 {
		v.buf = append(v.buf, make([]byte, n)...)
	}
	copy(v.buf[to:], v.buf[from:end])
	if to > from {
		clear(v.buf[from:to])
	}
	v.buf = v.buf[:end+to-from]
	binary.LittleEndian.PutUint16(v.buf[4:], uint16(columns))
}

// remake makes a column of the vector at hand hold a value, and the list of values anew.
func (v *vectors) remake(column int, value uint32) {
	codes, width, columns, l := open(v.buf)
	v.codes = unpackCodes(v.codes[:0], codes, width, columns)
	v.ids = l.appendTo(v.ids[:0])
	if n := column + 1 - columns; n > 0 {
		v.codes = append(v.codes, make([]uint16, n)...)
	}
	code := slices.Index(v.ids, value)
	if code < 0 {
		code = len(v.ids)
		v.ids = append(v.ids, value)
	}
	v.codes[column] = uint16(code)
	v.pack()
}

// fill makes the vector at hand hold the given values, one a column.
func (v *vectors) fill(values []uint32) {
	v.ids, v.codes = append(v.ids[:0], 0), v.codes[:0]
	last, code := uint32(0), uint16(0)
	v.finds.begin()
	for _, value := range values {
		if value != last { // neighbours often agree
			last, code = value, 0
			if value != 0 {
				code = v.finds.code(&v.ids, value)
			}
		}
		v.codes = append(v.codes, code)
	}
	v.pack()
}

// pack makes the vector at hand of v.codes and of the values that these stand for, in
// v.ids, in any order; values that no column has are left out.
func (v *vectors) pack() {
	for n := len(v.codes); n > 0 && v.codes[n-1] == 0; n-- {
		v.codes = v.codes[:n-1]
	}
	v.to = append(v.to[:0], make([]uint16, len(v.ids))...)
	held := 0
	for _, c := range v.codes {
		v.to[c] = 1
		if c != 0 {
			held++
		}
	}
	v.order = v.order[:0]
	for c := 1; c < len(v.ids); c++ {
		if v.to[c] != 0 {
			v.order = append(v.order, uint64(v.ids[c])<<16|uint64(c))
		}
	}
	slices.Sort(v.order)
	v.to[0] = 0
	for k, o := range v.order {
		v.to[uint16(o)] = uint16(k + 1)
	}
	n := len(v.order)
	b := append(v.buf[:0], make([]byte, headSize)...)
	binary.LittleEndian.PutUint16(b[4:], uint16(len(v.codes)))
	binary.LittleEndian.PutUint16(b[6:], uint16(n))
	binary.LittleEndian.PutUint16(b[8:], uint16(held))
	b = packCodes(b, v.codes, v.to, codeWidth(n))
	if n > 0 {
		low := uint32(v.order[0] >> 16)
		step := stepOf(uint32(v.order[n-1]>>16) - low)
		b[10] = byte(step)
		b = binary.LittleEndian.AppendUint32(b, low)
		for _, o := range v.order[1:] {
			more := uint32(o>>16) - low
			for k := range step {
				b = append(b, byte(more>>(8*k)))
			}
		}
	}
	v.buf = b
}
