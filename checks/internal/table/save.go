package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Save gives copies of all that a table holds as sections of a file, by their names, in the
// way in which it holds them: nothing is worked out for a vector. What others pinned and
// retained is among it, that they did is not.
//
// "rows" is the number of rows (4 bytes), then for all of them, row 0 first, their addresses (8 each),
// kinds (1), vectors (4), and for IPv6 prefixes longer than /64 that have any their number and the lower half of their
// address (4 and 8). "vectors" is the number of references, of segments, and the segment that grows
// (4 each); a segment is a section of its own, as package slab has it. All is little endian.
func (t *Table) Save(put func(name string, parts ...[]byte)) {
	t.finish()
	rows := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+13*len(t.refs)+12*len(t.lower)), uint32(len(t.refs)))
	for _, a := range t.addrs {
		rows = binary.LittleEndian.AppendUint64(rows, a)
	}
	rows = append(rows, t.kinds...)
	for _, ref := range t.refs {
		rows = binary.LittleEndian.AppendUint32(rows, uint32(ref))
	}
	for row, low := range t.lower {
		rows = binary.LittleEndian.AppendUint32(rows, uint32(row))
		rows = binary.LittleEndian.AppendUint64(rows, low)
	}
	put("rows", rows)
	v := &t.vectors
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(v.entries)))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(v.slab.segments)))
	put("vectors", binary.LittleEndian.AppendUint32(head, uint32(v.slab.current)))
	for k := range v.slab.segments {
		put(segmentName(k), bytes.Clone(v.slab.segments[k].b))
	}
}

func segmentName(k int) string { return fmt.Sprintf("seg%05d", k) }

// Sweep gives back rows and vectors that nobody keeps. It follows [Table.Load], once all who
// had pinned or retained something have done so again.
func (t *Table) Sweep() {
	for row := range t.refs {
		t.settle(Row(row))
	}
	v := &t.vectors
	for _, ref := range t.orphans {
		if v.entries[ref].uses == 0 {
			v.entries[ref].uses = 1
			v.release(ref)
		}
	}
	t.orphans = nil
}
