package table

import (
	"encoding/binary"
	"iter"
)

// Make gives the vector that holds these values, one a column, with one use: see Release.
func (t *Table) Make(values []uint32) Ref {
	t.vectors.fill(values)
	ref := t.vectors.intern()
	if ref != 0 {
		t.vectors.entries[ref].kept++
	}
	return ref
}

// Retain counts one more use of a vector by somebody other than a row: until Release it
// stays what it is, whatever becomes of the rows.
func (t *Table) Retain(ref Ref) {
	if ref != 0 {
		e := &t.vectors.entries[ref]
		e.uses, e.kept = e.uses+1, e.kept+1
	}
}

// Release takes back what Retain or Make did.
func (t *Table) Release(ref Ref) {
	if ref == 0 {
		return
	}
	t.vectors.entries[ref].kept--
	t.vectors.release(ref)
}

// At gives what a column holds, 0 for nothing.
func (t *Table) At(ref Ref, column int) uint32 { return t.vectors.at(ref, column) }

// Count gives how many columns hold something.
func (t *Table) Count(ref Ref) int {
	if ref == 0 {
		return 0
	}
	return blockHeld(t.vectors.block(ref))
}

// Values appends what the columns hold, up to the last that holds something.
func (t *Table) Values(ref Ref, dst []uint32) []uint32 {
	if ref == 0 {
		return dst
	}
	b := t.vectors.block(ref)
	columns, values := blockCounts(b)
	width := codeWidth(values)
	codes := b[headSize : headSize+codesSize(columns, width)]
	ids := b[headSize+len(codes):]
	switch width {
	case 16:
		for i := range columns {
			dst = append(dst, valueOf(ids, int(binary.LittleEndian.Uint16(codes[2*i:]))))
		}
		return dst
	case 8:
		for _, c := range codes {
			dst = append(dst, valueOf(ids, int(c)))
		}
		return dst
	}
	var list [16]uint32
	for c := range values {
		list[c+1] = binary.LittleEndian.Uint32(ids[4*c:])
	}
	end, mask := len(dst)+columns, byte(1)<<width-1
	for _, packed := range codes {
		for shift := 0; shift < 8; shift += width {
			dst = append(dst, list[packed>>shift&mask])
		}
	}
	return dst[:end]
}

func valueOf(ids []byte, code int) uint32 {
	if code == 0 {
		return 0
	}
	return binary.LittleEndian.Uint32(ids[4*(code-1):])
}

// Each calls f with each distinct value of a vector, in ascending order, and how many
// columns hold it. The table must not change before it ends.
func (t *Table) Each(ref Ref, f func(value uint32, columns int)) {
	if ref == 0 {
		return
	}
	b := t.vectors.block(ref)
	columns, values := blockCounts(b)
	width := codeWidth(values)
	ids := b[headSize+codesSize(columns, width):]
	if values == 1 {
		f(binary.LittleEndian.Uint32(ids), blockHeld(b))
		return
	}
	var few [256]uint32
	counts := few[:min(values+1, len(few))]
	if values >= len(few) {
		counts = make([]uint32, values+1)
	}
	countCodes(counts, b[headSize:], width, columns)
	for c, n := range counts[1:] {
		f(binary.LittleEndian.Uint32(ids[4*c:]), int(n))
	}
}

// Distinct gives each distinct value of a vector, in ascending order.
func (t *Table) Distinct(ref Ref) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if ref == 0 {
			return
		}
		b := t.vectors.block(ref)
		columns, values := blockCounts(b)
		ids := b[headSize+codesSize(columns, codeWidth(values)):]
		for c := range values {
			if !yield(binary.LittleEndian.Uint32(ids[4*c:])) {
				return
			}
		}
	}
}

// Refs is the number above the highest reference, for arrays by vector.
func (t *Table) Refs() int { return len(t.vectors.entries) }

// Vectors gives every vector that a row or anybody else uses, but the empty one.
func (t *Table) Vectors() iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		for ref := range t.vectors.entries {
			if t.vectors.entries[ref].uses > 0 && !yield(Ref(ref)) {
				return
			}
		}
	}
}

// Held gives every vector that a row has, but the empty one.
func (t *Table) Held() iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		seen := make([]bool, len(t.vectors.entries))
		seen[0] = true
		for _, ref := range t.refs {
			if !seen[ref] {
				seen[ref] = true
				if !yield(ref) {
					return
				}
			}
		}
	}
}

// Size is what a table takes.
type Size struct {
	Prefixes int // that hold something
	Rows     int
	Vectors  int
	// Bytes are those of vectors, of their list and of the rows; Unused is the part of them
	// of vectors that nobody uses any more. The index of the prefixes is not counted.
	Bytes, Unused int
}

// Size says what the table takes.
func (t *Table) Size() Size {
	v := &t.vectors
	bytes := 16*cap(v.entries) + 4*cap(v.slots) + 4*cap(v.free) + 8*cap(t.addrs) + cap(t.kinds) + 4*cap(t.refs) + cap(t.pins) + 4*cap(t.spare)
	for i := range v.slab.segments {
		bytes += cap(v.slab.segments[i].b)
	}
	return Size{Prefixes: t.held, Rows: len(t.refs) - 1 - len(t.spare), Vectors: v.used, Bytes: bytes, Unused: v.slab.dead}
}
