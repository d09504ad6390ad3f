package registry

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// universe is how many numbers the brute-force tests of spans cover.
const universe = 96

func randomRun(rnd *rand.Rand) run[uint32] {
	first := rnd.Uint32N(universe)
	return run[uint32]{first, first + rnd.Uint32N(min(universe-first, 24))}
}

// Number by number, disjoint gives whom the rule gives: newest list, smallest span.
func TestDisjoint(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	ccs := []code{{'K', 'P'}, {'K', 'R'}, {'C', 'N'}}
	for range 3000 {
		var spans []span[uint32]
		for range rnd.IntN(12) {
			spans = append(spans, span[uint32]{randomRun(rnd), ccs[rnd.IntN(3)], uint8(rnd.IntN(3))})
		}
		in := slices.Clone(spans)
		flat, _ := disjoint(spans)
		for i := 1; i < len(flat); i++ {
			if flat[i].first <= flat[i-1].last {
				t.Fatalf("%v: pieces overlap: %v", in, flat)
			}
		}
		for at := range uint32(universe) {
			var want []span[uint32]
			for _, s := range in {
				if s.first <= at && at <= s.last {
					want = append(want, s)
				}
			}
			got := overlapping(flat, run[uint32]{at, at})
			if len(want) == 0 {
				if len(got) != 0 {
					t.Fatalf("%v: %d is held by %v, want nobody", in, at, got)
				}
				continue
			}
			slices.SortFunc(want, span[uint32].before)
			if len(got) != 1 || got[0].cc != want[0].cc || got[0].part != want[0].part {
				t.Fatalf("%v: %d is held by %v, want %v", in, at, got, want[0])
			}
		}
	}
}

func TestDisjointCountsConflicts(t *testing.T) {
	kp, kr := code{'K', 'P'}, code{'K', 'R'}
	end := uint32(math.MaxUint32)
	tests := []struct {
		name  string
		spans []span[uint32]
		want  []span[uint32]
		n     int
	}{
		{"apart", []span[uint32]{{run[uint32]{5, 9}, kp, 0}, {run[uint32]{10, 12}, kr, 0}}, []span[uint32]{{run[uint32]{5, 9}, kp, 0}, {run[uint32]{10, 12}, kr, 0}}, 0},
		{"twice the same", []span[uint32]{{run[uint32]{5, 9}, kp, 0}, {run[uint32]{5, 9}, kp, 0}}, []span[uint32]{{run[uint32]{5, 9}, kp, 0}}, 0},
		{
			"inside, to the end of the numbers",
			[]span[uint32]{{run[uint32]{0, end}, kp, 0}, {run[uint32]{end - 1, end}, kr, 0}},
			[]span[uint32]{{run[uint32]{0, end - 2}, kp, 0}, {run[uint32]{end - 1, end}, kr, 0}},
			1,
		},
		{
			"newer around older",
			[]span[uint32]{{run[uint32]{4, 5}, kr, 0}, {run[uint32]{1, 9}, kp, 1}},
			[]span[uint32]{{run[uint32]{1, 9}, kp, 1}},
			1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, n := disjoint(slices.Clone(tt.spans))
			if !slices.Equal(got, tt.want) || n != tt.n {
				t.Errorf("got %v with %d conflicts, want %v with %d", got, n, tt.want, tt.n)
			}
		})
	}
}

// merge and subtract agree with sets of numbers.
func TestMergeAndSubtract(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		var runs []run[uint32]
		var set [universe]bool
		for range rnd.IntN(8) {
			r := randomRun(rnd)
			runs = append(runs, r)
			for n := r.first; n <= r.last; n++ {
				set[n] = true
			}
		}
		merged := merge(runs)
		cut := randomRun(rnd)
		wantHit := false
		for n := cut.first; n <= cut.last; n++ {
			wantHit = wantHit || set[n]
			set[n] = false
		}
		got, hit := subtract(merged, cut)
		if hit != wantHit {
			t.Fatalf("cutting %v out of %v: hit is %v, want %v", cut, merged, hit, wantHit)
		}
		var want []run[uint32]
		for n := range uint32(universe) {
			switch {
			case !set[n]:
			case n > 0 && set[n-1]:
				want[len(want)-1].last = n
			default:
				want = append(want, run[uint32]{n, n})
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("cutting %v out of %v: got %v, want %v", cut, merged, got, want)
		}
	}
}

// The blocks of a run make it up without gap or overlap, and no two of them
// could be one: that is what fewest means.
func TestBlocks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	check := func(r run[uint32]) {
		at := uint64(r.first)
		var before netip.Prefix
		for _, p := range prefixes([]run[uint32]{r}, nil) {
			b := run4(p)
			if uint64(b.first) != at || p.Masked() != p {
				t.Fatalf("%v: block %v begins at %d, want %d", r, p, b.first, at)
			}
			at = uint64(b.last) + 1
			if before.IsValid() && before.Bits() == p.Bits() && netip.PrefixFrom(before.Addr(), p.Bits()-1).Masked().Contains(p.Addr()) &&
				netip.PrefixFrom(before.Addr(), p.Bits()-1).Masked().Addr() == before.Addr() {
				t.Fatalf("%v: %v and %v are one block", r, before, p)
			}
			before = p
		}
		if at != uint64(r.last)+1 {
			t.Fatalf("%v: the blocks end before %d", r, at)
		}
	}
	check(run[uint32]{0, math.MaxUint32})
	check(run[uint32]{1, math.MaxUint32})
	check(run[uint32]{0, math.MaxUint32 - 1})
	check(run[uint32]{math.MaxUint32, math.MaxUint32})
	for range 5000 {
		a, b := rnd.Uint32()>>rnd.IntN(32), rnd.Uint32()>>rnd.IntN(32)
		check(run[uint32]{min(a, b), max(a, b)})
	}
}

func TestBlocksIPv6(t *testing.T) {
	tests := []struct {
		run  run[uint64]
		want []string
	}{
		{run[uint64]{0, math.MaxUint64}, []string{"::/0"}},
		{run[uint64]{1, math.MaxUint64}, nil},
		{run[uint64]{0x20010db8_00000000, 0x20010db8_ffffffff}, []string{"2001:db8::/32"}},
		{run[uint64]{0x20010db8_00000000, 0x20010db9_00000000}, []string{"2001:db8::/32", "2001:db9::/64"}},
		{run[uint64]{math.MaxUint64, math.MaxUint64}, []string{"ffff:ffff:ffff:ffff::/64"}},
	}
	for _, tt := range tests {
		var got []string
		for _, p := range prefixes(nil, []run[uint64]{tt.run}) {
			got = append(got, p.String())
		}
		if tt.want == nil {
			if len(got) != 64 {
				t.Errorf("%x: got %d blocks, want 64", tt.run, len(got))
			}
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%x: (-want +got)\n%s", tt.run, d)
		}
	}
}
