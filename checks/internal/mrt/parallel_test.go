package mrt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
)

// TestParallel: several workers give to the byte what one reader gives, and the
// same end, problems and skipped records.
func TestParallel(t *testing.T) {
	whole := sample(t)
	table := starts(t, whole)[1]
	noise := record(t, 16, 1, "0d1c 316e 0000 0003 c0000201")
	inputs := map[string][]byte{
		"empty":       nil,
		"no MRT":      []byte("<html>not found</html>"),
		"sample":      whole,
		"long":        append(bytes.Clone(whole), bytes.Repeat(whole[table:], 3000)...),
		"two tables":  bytes.Repeat(whole, 1000),
		"no table":    whole[table:],
		"problems":    bytes.Repeat(append(bytes.Clone(whole), noise...), 2000),
		"skipped":     bytes.Repeat(append(record(t, 33, 7, "00"), record(t, 5, 1, "00")...), 9000),
		"damaged":     append(bytes.Repeat(whole, 700), "this is no header"...),
		"ends inside": bytes.Repeat(whole, 800)[:700*len(whole)+11],
	}
	for name, data := range inputs {
		t.Run(name, func(t *testing.T) { sameInParallel(t, data, 0, 3) })
	}
}

func sameInParallel(t *testing.T, data []byte, workers ...int) {
	t.Helper()
	r := NewReader(bytes.NewReader(data))
	want, wantErr := dump(r)
	for _, workers := range workers {
		p := Parallel{Workers: workers, Work: func() Work { return new(Dump).Work(nil) }}
		var got strings.Builder
		sum, err := p.Run(t.Context(), bytes.NewReader(data), &got)
		if got.String() != want || !reflect.DeepEqual(err, wantErr) {
			t.Errorf("%d workers: %d bytes of text and %v, one reader gives %d and %v", workers, got.Len(), err, len(want), wantErr)
		}
		n, first := r.Problems()
		if sum.Problems != n || !reflect.DeepEqual(sum.First, first) || !reflect.DeepEqual(sum.Skipped, r.Skipped()) || sum.Bytes != r.Offset() {
			t.Errorf("%d workers: %+v; one reader has %d problems, the first %v, skipped %v, used %d bytes", workers, sum, n, first, r.Skipped(), r.Offset())
		}
	}
}

// TestParallelRealFiles is the same over all real files.
func TestParallelRealFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("two million lines, twice")
	}
	for _, path := range realFiles(t, ".") {
		t.Run(filepath.Base(path), func(t *testing.T) { sameInParallel(t, plainBytes(t, path), 3) })
	}
}

// TestParallelStops: where nobody reads, or the context ends, all goroutines end.
func TestParallelStops(t *testing.T) {
	data := bytes.Repeat(sample(t), 5000)
	synctest.Test(t, func(t *testing.T) {
		p := Parallel{Workers: 3, Work: func() Work { return new(Dump).Work(nil) }}
		if _, err := p.Run(t.Context(), bytes.NewReader(data), refusing{}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("a writer that refuses: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Run(ctx, bytes.NewReader(data), io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
