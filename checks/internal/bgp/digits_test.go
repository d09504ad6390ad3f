package bgp

import (
	"strconv"
	"testing"
)

func TestAppendUint(t *testing.T) {
	var values []uint32
	for v := uint64(1); v < 1<<33; v *= 10 {
		for d := range uint64(3) {
			values = append(values, uint32(v+d-1))
		}
	}
	for v := range uint32(1100) {
		values = append(values, v, ^v)
	}
	for _, v := range values {
		for room := range 12 {
			dst := append(make([]byte, 0, 1+room), 'x')
			if got, want := string(AppendUint(dst, v)), "x"+strconv.FormatUint(uint64(v), 10); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	}
}
