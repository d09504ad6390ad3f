package mrt

import (
	"bytes"
	"io"
	"testing"
)

// TestNoAllocations reads a file a hundred times as long with no more
// allocations: they belong to the reader, none to a record or an element.
func TestNoAllocations(t *testing.T) {
	data := sample(t)
	table := starts(t, data)[1] // is kept by its readers, so it is made anew
	line := make([]byte, 0, 4096)
	count := func(data []byte) (allocs float64, elements int) {
		allocs = testing.AllocsPerRun(10, func() {
			r := NewReader(bytes.NewReader(data))
			var d Dump
			rec, err := r.Next()
			for ; err == nil; rec, err = r.Next() {
				line = d.Append(line[:0], rec, nil)
			}
			if err != io.EOF {
				t.Fatal(err)
			}
			elements = d.Elements
		})
		return allocs, elements
	}
	short, n := count(data)
	long, m := count(append(bytes.Clone(data), bytes.Repeat(data[table:], 100)...))
	if m != 101*n {
		t.Fatalf("%d elements, want %d", m, 101*n)
	}
	if long != short {
		t.Errorf("%v allocations for %d elements, %v for %d", short, n, long, m)
	}
}
