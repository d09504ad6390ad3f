package ripestat

import (
	"net/netip"
	"testing"

	"isitdown/checks"
)

func TestValidityReason(t *testing.T) {
	roa := func(prefix string, longest int, origin checks.ASN) ROA {
		return ROA{Origin: origin, Prefix: netip.MustParsePrefix(prefix), MaxLength: longest}
	}
	tests := []struct {
		state string
		roas  []ROA
		want  string
	}{
		{"valid", []ROA{roa("175.45.176.0/22", 24, 131279)}, "the ROA for 175.45.176.0/22 of AS131279 allows it"},
		{"invalid", []ROA{roa("175.45.176.0/22", 22, 131279)}, "the ROA for 175.45.176.0/22 of AS131279 allows no longer prefix than /22"},
		{"invalid", []ROA{roa("175.45.0.0/16", 24, 1), roa("175.45.176.0/22", 22, 131279), roa("175.45.176.0/22", 23, 131279)}, "the ROA for 175.45.176.0/22 of AS131279 allows no longer prefix than /23"},
		{"invalid", []ROA{roa("175.45.176.0/22", 22, 4837)}, "the ROA for 175.45.176.0/22 is of AS4837, not of AS131279"},
		{"invalid", []ROA{roa("175.45.176.0/22", 22, 0)}, "the ROA for 175.45.176.0/22 is of AS0: no network may announce it"},
		{"invalid", nil, ""},
	}
	for _, tt := range tests {
		v := Validity{State: tt.state, ROAs: tt.roas}
		if got := v.reason(131279); got != tt.want {
			t.Errorf("%s of %v: got %q, want %q", tt.state, tt.roas, got, tt.want)
		}
	}
}
