package checks

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLosses(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2014, 12, 22, 16, minute, 0, 0, time.UTC) }
	p := func(n byte) netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, n, 0}), 24) }
	for _, tt := range []struct {
		name  string
		list  []Observation
		lost  []netip.Prefix
		first time.Time
		by    time.Time
	}{
		{"nothing", nil, nil, time.Time{}, time.Time{}},
		{"nobody asked", []Observation{{Prefix: p(1)}}, nil, time.Time{}, time.Time{}},
		{"less than half", []Observation{{Prefix: p(1), Asked: 10, Seen: 6, Lost: Crossing{First: at(1)}}}, nil, time.Time{}, time.Time{}},
		{"half", []Observation{{Prefix: p(1), Asked: 10, Seen: 5, Lost: Crossing{First: at(1), Half: at(2)}}}, []netip.Prefix{p(1)}, at(1), at(2)},
		{
			"the first of two, the third is there",
			[]Observation{
				{Prefix: p(1), Asked: 10, Lost: Crossing{First: at(7), Half: at(8)}},
				{Prefix: p(2), Asked: 10, Seen: 1, Lost: Crossing{First: at(5), Half: at(6)}},
				{Prefix: p(3), Asked: 10, Seen: 10, Lost: Crossing{First: at(1), Half: at(2)}},
			},
			[]netip.Prefix{p(1), p(2)},
			at(5), at(8),
		},
		{"one lost it hours before", []Observation{{Prefix: p(1), Asked: 10, Lost: Crossing{First: at(-300), Half: at(31)}}}, []netip.Prefix{p(1)}, at(1), at(31)},
		{"in a hole", []Observation{{Prefix: p(1), Asked: 10, Lost: Crossing{First: at(20), Half: at(20), HalfAfter: at(10)}}}, []netip.Prefix{p(1)}, at(10), at(20)},
		{"not known when", []Observation{{Prefix: p(1), Asked: 10}}, []netip.Prefix{p(1)}, time.Time{}, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lost, first, by := Losses(tt.list)
			if diff := cmp.Diff(tt.lost, lost, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" || !first.Equal(tt.first) || !by.Equal(tt.by) {
				t.Errorf("got %v since %v by %v, want %v since %v by %v", lost, first, by, tt.lost, tt.first, tt.by)
			}
		})
	}
}
