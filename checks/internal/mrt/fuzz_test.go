package mrt

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// FuzzMRT reads anything. It must end, in an error of the documented kind or
// none; the elements must hold together; and reading byte by byte must give the
// same as reading at once.
func FuzzMRT(f *testing.F) {
	whole := sample(f)
	bounds := starts(f, whole)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	for i := range len(bounds) - 1 {
		rec := whole[bounds[i]:bounds[i+1]]
		if i > 0 && i < 5 { // a RIB record needs its table
			rec = append(bytes.Clone(whole[:bounds[1]]), rec...)
		}
		f.Add(rec)
	}
	f.Add(record(f, 12, 1, "0000 0000 c6336400 18 01 00000000 c0000201 0d1c 0014 400101 00 400206 0202 0d1c 316e 400304 c0000201"))
	f.Add(record(f, 16, 1, "0d1c 316e "+marker+"001d 01 04 0d1c 00b4 0a000001 00"))
	f.Add(record(f, 16, 0, "0d1c 316e 0003 0004"))
	f.Add(gzipped(f, whole[:bounds[2]]))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newReader(bytes.NewReader(data), 4096)
		elements := 0
		var d Dump
		keep := func(e *Element) bool {
			elements++
			if e.Kind != State && (!e.Prefix.IsValid() || e.Prefix != e.Prefix.Masked()) {
				t.Fatalf("prefix %v", e.Prefix)
			}
			return true
		}
		text := d.Work(keep)(r, nil)
		_, err := r.Next()
		if err == io.EOF {
			err = nil
		}
		checkEnd(t, r, data, err)
		if elements > 2*len(data) { // the shortest withdrawal takes one byte
			t.Fatalf("%d elements out of %d bytes", elements, len(data))
		}
		again, err2 := dump(newReader(iotest.OneByteReader(bytes.NewReader(data)), headerLen))
		if again != string(text) || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("byte by byte: %v\n%s\nat once: %v\n%s", err2, again, err, text)
		}
		if s, err := Decompress(bytes.NewReader(data)); err == nil {
			if s.Format != Plain {
				_, _ = dump(newReader(io.LimitReader(s, 1<<20), 4096))
			}
			s.Close()
		}
	})
}

// checkEnd looks at the error that ended the reading.
func checkEnd(t *testing.T, r *Reader, data []byte, err error) {
	t.Helper()
	d, damaged := errors.AsType[*DamageError](err)
	switch {
	case len(data) == 0:
		if err != ErrEmpty {
			t.Fatalf("nothing at all: %v", err)
		}
	case err == nil:
		if r.Offset() != int64(len(data)) {
			t.Fatalf("ends at byte %d of %d", r.Offset(), len(data))
		}
	case !damaged || d.Offset != r.Offset() || d.Offset >= int64(len(data)) || d.Reason == "":
		t.Fatalf("%v at byte %d of %d", err, r.Offset(), len(data))
	}
	n, first := r.Problems()
	if (n > 0) != (first != nil) {
		t.Fatalf("%d problems, the first %v", n, first)
	}
}
