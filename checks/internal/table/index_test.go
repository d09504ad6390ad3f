package table

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"isitdown/checks"
)

// The index finds the same as a look at everything.
func TestIndexFindsWhomARouteConcerns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	random := func() netip.Prefix {
		a := netip.AddrFrom4([4]byte{10, byte(rng.IntN(4)), byte(rng.IntN(8) << 5), 0})
		p, err := a.Prefix(rng.IntN(33))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	type wish struct {
		prefix netip.Prefix
		who    int
	}
	for range 200 {
		var x Index[int]
		wishes := []wish{}
		for range 30 {
			w := wish{random(), rng.IntN(10)}
			x.Add(w.prefix, w.who)
			if !slices.Contains(wishes, w) {
				wishes = append(wishes, w)
			}
		}
		for range 10 {
			i := rng.IntN(len(wishes))
			x.Remove(wishes[i].prefix, wishes[i].who)
			wishes = slices.Delete(wishes, i, i+1)
		}
		for range 20 {
			p := random()
			var got, want []int
			x.Concerned(p, func(who int) { got = append(got, who) })
			for _, w := range wishes {
				if p.Bits() >= checks.MinCoverBits && w.prefix.Overlaps(p) {
					want = append(want, w.who)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("%s concerns %v, want %v of %v", p, got, want, wishes)
			}
		}
	}
}

func TestIndexOfNobodyIsEmpty(t *testing.T) {
	var x Index[string]
	p := netip.MustParsePrefix("192.0.2.0/24")
	x.Add(p, "a")
	x.Add(p, "a")
	x.Remove(p, "a")
	x.Remove(p, "b")
	if n := x.table.Size(); n != 0 {
		t.Errorf("%d prefixes are left in the index", n)
	}
}
