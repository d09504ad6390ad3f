package route

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// Who announces one prefix with ever new networks in its path takes no more memory for
// it, and nobody else's routes change for that.
func TestEverNewPaths(t *testing.T) {
	r := NewRIB(DefaultRules())
	r.tailLimit = 1000
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	peer := func(n int) Peer {
		return Peer{Collector: "edge1", Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), AS: checks.ASN(64500 + n)}
	}
	announce := func(n int, prefix netip.Prefix, path ...checks.ASN) {
		raw, err := bgp.MakeRawPath(checks.MakePath(path...))
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Millisecond)
		r.Apply(&Update{Kind: Routes, At: at, Peer: peer(n), Announced: []NLRI{{Prefix: prefix}}, Path: raw})
	}
	still := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 0}), 24)
	}
	for i := range 700 {
		announce(1, still(i), 64501, checks.ASN(1000+i), checks.ASN(100_000+i))
	}
	moving := netip.MustParsePrefix("198.51.100.0/24")
	for i := range 100_000 {
		announce(2, moving, 64502, checks.ASN(200_000+i), checks.ASN(400_000+i))
		if n := len(r.tails); n > 3000 || len(r.tailIDs) > n {
			t.Fatalf("after %d announcements %d tails are kept, by %d names", i, n, len(r.tailIDs))
		}
	}
	held := func(prefix netip.Prefix, n int) tail {
		ref := r.refOf(prefix)
		got, _ := r.tailAt(ref, r.byPeer[peer(n)])
		return got
	}
	for i := range 700 {
		if got, want := held(still(i), 1), (tail{checks.ASN(100_000 + i), checks.ASN(1000 + i)}); got != want {
			t.Fatalf("%s ends in %+v, want %+v", still(i), got, want)
		}
	}
	if got, want := held(moving, 2), (tail{499_999, 299_999}); got != want {
		t.Errorf("%s ends in %+v, want %+v", moving, got, want)
	}
}

// The end of a path is that of its hops, whatever stands in it, in one segment or in several.
func TestTailOf(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	few := func() checks.ASN { return checks.ASN(rng.IntN(4)) } // so that many are prepends, and some 0
	for range 20_000 {
		var path checks.Path
		for range rng.IntN(7) {
			hop := checks.Hop{few()}
			if rng.IntN(8) == 0 {
				hop = append(hop, hop[0]+1)
			}
			path = append(path, hop)
		}
		raw, err := bgp.MakeRawPath(path)
		if err != nil {
			t.Fatal(err)
		}
		var want tail
		for _, hop := range path {
			as := hop[0]
			if len(hop) > 1 {
				as = 0
			}
			if as == 0 || as != want.origin {
				want = tail{as, want.origin}
			}
		}
		if got := tailOf(raw); got != want {
			t.Fatalf("%v ends in %+v, want %+v", path, got, want)
		}
	}
}
