package world

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestFirstOfManyAreThoseOfASortedList(t *testing.T) {
	compare := func(a, b *int) int { return cmp.Compare(*a, *b) }
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SliceOfN(rapid.IntRange(0, 50), 0, 60).Draw(rt, "list")
		n := rapid.IntRange(1, 20).Draw(rt, "n")
		want := slices.Sorted(slices.Values(list))
		got := first(slices.Clone(list), n, compare)
		if !slices.Equal(got, want[:min(n, len(want))]) {
			rt.Fatalf("the first %d of %v: %v", n, list, got)
		}
	})
}
