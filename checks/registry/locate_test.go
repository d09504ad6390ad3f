package registry

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"isitdown/checks"
)

// Locate says of any prefix what its footprint says of its country, and asks for no memory.
func TestLocate(t *testing.T) {
	r := load(t, apnicList, ripeList, someNames, `# isitdown overrides
add KP 192.0.2.0/25 2014-01-01 "leased"
remove KP 175.45.177.0/24 2014-01-01 "given back"
add SY 175.45.177.128/25 2014-01-02 "leased"
add KP 2001:db8::/32 2014-01-01 "leased"
`)
	for prefix, want := range map[string]string{
		"175.45.176.0/24": "KP", "175.45.176.0/22": "KP", "175.45.177.0/24": "", "175.45.177.192/26": "SY",
		"5.0.0.0/15": "SY", "5.1.2.0/24": "SY", "192.0.2.0/24": "", "192.0.2.64/26": "KP",
		"8.8.8.0/24": "", "233.252.0.0/24": "", "2001:db8:1::/48": "KP", "2400:6400::/32": "TO", "::/0": "TO", "0.0.0.0/0": "",
	} {
		if got := r.Locate(netip.MustParsePrefix(prefix)); got != want {
			t.Errorf("%s: got %q, want %q", prefix, got, want)
		}
	}
	draw := rand.New(rand.NewPCG(1, 2))
	near := []string{"175.45.176.0", "5.0.0.0", "192.0.2.0", "198.51.100.0", "202.134.24.0", "203.0.113.0", "233.252.0.0"}
	seen := map[string]int{}
	for range 20_000 {
		at := netip.MustParseAddr(near[draw.IntN(len(near))]).As4()
		at[2] += byte(draw.IntN(5))
		at[3] = byte(draw.IntN(256))
		p := netip.PrefixFrom(netip.AddrFrom4(at), 8+draw.IntN(25)).Masked()
		target, err := checks.ParseTarget(p.String())
		if err != nil {
			t.Fatal(err)
		}
		f, err := r.Footprint(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Locate(p); got != f.Country {
			t.Fatalf("%s: got %q, its footprint says %q", p, got, f.Country)
		}
		seen[f.Country]++
	}
	if len(seen) < 4 {
		t.Errorf("the prefixes drawn are in %v, want more countries", fmt.Sprint(seen))
	}
	p := netip.MustParsePrefix("175.45.176.0/24")
	if n := testing.AllocsPerRun(100, func() { r.Locate(p) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}
