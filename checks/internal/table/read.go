package table

import "iter"

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
	return heldBy(t.vectors.block(ref))
}

// Values appends what the columns hold, up to the last that holds something.
func (t *Table) Values(ref Ref, dst []uint32) []uint32 {
	if ref == 0 {
		return dst
	}
	codes, width, columns, l := open(t.vectors.block(ref))
	var few [16]uint32
	ids := l.appendTo(few[:0])
	lane := &lanes[width]
	mask := uint64(1)<<width - 1
	for i := 0; i < columns; i += lane.n {
		bit := i * width
		w := word(codes, bit/8) >> (bit % 8)
		for range min(lane.n, columns-i) {
			dst = append(dst, ids[w&mask])
			w >>= width
		}
	}
	return dst
}

// Each calls f with each distinct value of a vector, in ascending order, and how many
// columns hold it. The table must not change before it ends.
func (t *Table) Each(ref Ref, f func(value uint32, columns int)) {
	if ref == 0 {
		return
	}
	b := t.vectors.block(ref)
	codes, width, columns, l := open(b)
	if l.n == 1 {
		f(l.at(1), heldBy(b))
		return
	}
	var few [64]uint32
	of := few[:min(l.n+1, len(few))]
	if l.n >= len(few) {
		of = make([]uint32, l.n+1)
	}
	countCodes(of, codes, width, columns)
	for c, n := range of[1:] {
		f(l.at(c+1), int(n))
	}
}

// Distinct gives each distinct value of a vector, in ascending order.
func (t *Table) Distinct(ref Ref) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if ref == 0 {
			return
		}
		_, _, _, l := open(t.vectors.block(ref))
		for code := 1; code <= l.n; code++ {
			if !yield(l.at(code)) {
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
		t.finish()
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
		t.finish()
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

// Size says what the table takes, with what is still to be cleared.
func (t *Table) Size() Size {
	v := &t.vectors
	bytes := 16*cap(v.entries) + 4*cap(v.slots) + 4*cap(v.free) + 8*cap(t.addrs) + cap(t.kinds) + 4*cap(t.refs) + cap(t.pins) + 4*cap(t.spare)
	for i := range v.slab.segments {
		bytes += cap(v.slab.segments[i].b)
	}
	return Size{Prefixes: t.held, Rows: len(t.refs) - 1 - len(t.spare), Vectors: v.used, Bytes: bytes, Unused: v.slab.dead}
}
