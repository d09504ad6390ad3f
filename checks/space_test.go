package checks

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func TestMeasureIPv4(t *testing.T) {
	tests := []struct {
		name string
		list []netip.Prefix
		want Space
	}{
		{"nothing", nil, Space{}},
		{"four neighbours", prefixes("175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"), Space{4, 1024}},
		{"one inside another counts once", prefixes("196.1.120.0/23", "196.1.121.0/24"), Space{2, 512}},
		{"smaller than a /24", prefixes("192.0.2.0/25", "192.0.2.128/26"), Space{1, 192}},
		{"the end of the space", prefixes("255.255.255.0/24", "2001:db8::/32"), Space{1, 256}},
		{"all of it", prefixes("0.0.0.0/0"), Space{1 << 24, 1 << 32}},
	}
	for _, tt := range tests {
		if got := MeasureIPv4(tt.list); got != tt.want {
			t.Errorf("%s: MeasureIPv4 = %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestFills(t *testing.T) {
	tests := []struct {
		parts []netip.Prefix
		whole string
		want  bool
	}{
		{prefixes("192.0.2.0/25", "192.0.2.128/25"), "192.0.2.0/24", true},
		{prefixes("192.0.2.128/25", "192.0.2.0/26", "192.0.2.64/26", "192.0.2.0/27"), "192.0.2.0/24", true},
		{prefixes("192.0.2.0/25", "192.0.2.192/26"), "192.0.2.0/24", false},
		{prefixes("192.0.2.0/25"), "192.0.2.0/24", false},
		{nil, "192.0.2.0/24", false},
		{prefixes("2001:db8::/33", "2001:db8:8000::/33"), "2001:db8::/32", true},
		{prefixes("255.255.255.0/25", "255.255.255.128/25"), "255.255.255.0/24", true},
	}
	for _, tt := range tests {
		if got := Fills(tt.parts, netip.MustParsePrefix(tt.whole)); got != tt.want {
			t.Errorf("Fills(%v, %s) = %v, want %v", tt.parts, tt.whole, got, tt.want)
		}
	}
}

// Random prefixes of one /16, measured address by address.
func TestSpaceAgreesWithCounting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	whole := netip.MustParsePrefix("198.18.0.0/16")
	for range 300 {
		var list []netip.Prefix
		var held [1 << 16]bool
		for range rng.IntN(40) {
			bits := 16 + rng.IntN(17)
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(rng.IntN(256)), byte(rng.IntN(256))}), bits).Masked()
			list = append(list, p)
			first := p.Addr().As4()
			for i := range 1 << (32 - bits) {
				held[int(first[2])<<8+int(first[3])+i] = true
			}
		}
		var want Space
		for block := range 256 {
			n := want.Addresses
			for i := range 256 {
				if held[block<<8+i] {
					want.Addresses++
				}
			}
			if want.Addresses > n {
				want.Slash24s++
			}
		}
		if got := MeasureIPv4(list); got != want {
			t.Fatalf("MeasureIPv4(%v) = %+v, want %+v", list, got, want)
		}
		if got := Fills(list, whole); got != (want.Addresses == 1<<16) {
			t.Fatalf("Fills(%v, %v) = %v with %d addresses", list, whole, got, want.Addresses)
		}
	}
}

func TestMeasureIPv6(t *testing.T) {
	tests := []struct {
		list []netip.Prefix
		want float64
	}{
		{nil, 0},
		{prefixes("2001:db8::/32", "192.0.2.0/24"), 1 << 32},
		{prefixes("2001:db8:1::/48", "2001:db8::/32", "2001:db9::/48", "2001:db9::/64"), 1<<32 + 1<<16},
		{prefixes("2001:db8::1/128"), 1.0 / (1 << 32) / (1 << 32)},
	}
	for _, tt := range tests {
		if got := measureIPv6(tt.list); got != tt.want {
			t.Errorf("measureIPv6(%v) = %v, want %v", tt.list, got, tt.want)
		}
	}
}
