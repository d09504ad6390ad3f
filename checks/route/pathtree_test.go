package route

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// somePath makes a path with what paths have: prepends, loops, sets, nothing at all.
func somePath(rng *rand.Rand) checks.Path {
	path := checks.Path{}
	for range rng.IntN(7) {
		hop := checks.Hop{checks.ASN(1 + rng.IntN(9))}
		if rng.IntN(8) == 0 {
			hop = append(hop, checks.ASN(20+rng.IntN(5)))
		}
		for range 1 + rng.IntN(3)*rng.IntN(2) {
			path = append(path, hop)
		}
	}
	return path
}

// Whatever is put in comes out again, its end is the one that tables without whole
// paths keep, equal paths have one value, and what is in use survives a sweep.
func TestPathTree(t *testing.T) {
	for seed := range seeds(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		tree := newPathTree()
		values, paths := map[string]uint32{}, map[uint32]checks.Path{}
		for range 3000 {
			path, as := somePath(rng), checks.ASN(1+rng.IntN(3))
			raw, err := bgp.MakeRawPath(path)
			if err != nil {
				t.Fatal(err)
			}
			value := tree.id(rng.IntN(4)+4*int(as), as, raw)
			key := path.String()
			if len(path) == 0 {
				key = "of " + as.String()
			}
			if before, ok := values[key]; ok && before != value {
				t.Fatalf("%q has the values %d and %d", key, before, value)
			}
			values[key], paths[value] = value, path
			if got := tree.path(value); !got.Equal(path) {
				t.Fatalf("got %q, want %q", got, path)
			}
			want := tailOf(raw)
			if len(path) == 0 {
				want.origin = as
			}
			if got := tree.tail(value); got != want {
				t.Fatalf("the end of %q: got %v, want %v", key, got, want)
			}
			if rng.IntN(1000) == 0 {
				used := make([]bool, len(tree.nodes)+1)
				for key, value := range values {
					if used[value] = rng.IntN(3) > 0; !used[value] {
						delete(values, key)
						delete(paths, value)
					}
				}
				tree.sweep(used)
			}
		}
		for value, path := range paths {
			if got := tree.path(value); !got.Equal(path) {
				t.Fatalf("value %d: got %q, want %q", value, got, path)
			}
		}
	}
}

// Who announces a route over and over with other paths does not take all memory.
func TestPathTreeIsBounded(t *testing.T) {
	rules := DefaultRules()
	rules.FullPaths, rules.JournalSize = true, 100
	r := NewRIB(rules)
	r.tree.limit = 2000
	still, moving := netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24")
	announce := func(i int, prefix netip.Prefix, path ...checks.ASN) {
		raw, err := bgp.MakeRawPath(checks.MakePath(path...))
		if err != nil {
			t.Fatal(err)
		}
		at := began.Add(time.Duration(i) * time.Millisecond)
		r.Apply(&Update{Kind: Routes, At: at, Peer: Peer{Collector: "c1", AS: 1}, Announced: []NLRI{{Prefix: prefix}}, Path: raw})
	}
	announce(0, still, 1, 2, 3)
	for i := range 50_000 {
		announce(i, moving, 1, checks.ASN(1000+i), checks.ASN(9000+i%7))
		if n := len(r.tree.nodes); n > 4000 {
			t.Fatalf("after %d announcements %d nodes are kept", i, n)
		}
	}
	ref := r.refOf(still)
	if got, _ := r.pathAt(ref, 0); got.String() != "1 2 3" {
		t.Errorf("the route that stood: got %q", got)
	}
	if r.journal.n > 100 || len(r.journal.ring) > 100 {
		t.Errorf("the journal has %d changes, want 100 at most", r.journal.n)
	}
}
