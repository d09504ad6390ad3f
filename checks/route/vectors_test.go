package route

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A model of plain slices and the compact store must agree after any series of
// changes, and a store whose vectors are all released must be empty again.
func TestVectorsAgreeWithPlainSlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	v := newVectors()
	const prefixes, sessions, values = 50, 300, 400
	model := make([][]uint32, prefixes)
	refs := make([]uint32, prefixes)
	for i := range model {
		model[i] = make([]uint32, sessions)
	}
	for step := range 60_000 {
		p, s := rng.IntN(prefixes), rng.IntN(sessions)
		value := uint32(0)
		if rng.IntN(3) > 0 {
			value = 1 + uint32(rng.IntN(1+step%values))
		}
		model[p][s] = value
		refs[p], _ = v.set(refs[p], s, value)
		if got := v.at(refs[p], s); got != value {
			t.Fatalf("step %d: at(%d) = %d, want %d", step, s, got, value)
		}
	}
	for p := range model {
		got := slices.Clone(v.decode(refs[p]))
		got = append(got, make([]uint32, sessions-len(got))...)
		if !slices.Equal(got, model[p]) {
			t.Errorf("prefix %d: decoded vector differs from the model", p)
		}
		visible := 0
		for _, id := range model[p] {
			if id != 0 {
				visible++
			}
		}
		if got := v.visible(refs[p]); got != visible {
			t.Errorf("prefix %d: visible = %d, want %d", p, got, visible)
		}
	}
	if len(v.slab) > 4*compactAbove {
		t.Errorf("slab grew to %d bytes: garbage is not collected", len(v.slab))
	}
	for _, ref := range refs {
		v.release(ref)
	}
	if len(v.index) != 0 {
		t.Errorf("%d vectors left in the index after all were released", len(v.index))
	}
}

func TestVectorsShareEqualContent(t *testing.T) {
	v := newVectors()
	a := v.make([]uint32{7, 0, 9})
	b, _ := v.set(emptyVector, 2, 9)
	b, before := v.set(b, 0, 7)
	if a != b {
		t.Errorf("equal vectors have references %d and %d, want one", a, b)
	}
	if before != 0 {
		t.Errorf("session 0 held %d before it held anything", before)
	}
	b, before = v.set(b, 0, 0)
	if before != 7 {
		t.Errorf("session 0 held %d, want 7", before)
	}
	if got, _ := v.set(b, 2, 0); got != emptyVector {
		t.Errorf("vector without routes has reference %d, want the empty one", got)
	}
	if got := v.at(a, 2); got != 9 {
		t.Errorf("the other use of the vector changed: at(2) = %d, want 9", got)
	}
}
