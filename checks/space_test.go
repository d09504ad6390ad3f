package checks

import (
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
