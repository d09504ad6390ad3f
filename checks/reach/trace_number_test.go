package reach

import (
	"net/netip"
	"slices"
	"testing"

	"isitdown/checks/internal/errqueue"
)

// A router that goes no further says so to packets that might pass many, and not to each
// of them: it has the number that the one before it leaves, or none.
func TestTraceNumbers(t *testing.T) {
	to := netip.MustParseAddr("175.45.176.15")
	says := func(by string, k errqueue.Kind) hop {
		return hop{Report: errqueue.Report{Kind: k, By: netip.MustParseAddr(by)}}
	}
	const first, second = "62.115.12.1", "219.158.0.1"
	for _, tt := range []struct {
		name string
		hops []hop
		want []string
	}{
		{"the first has no route", []hop{says(first, errqueue.NetUnreachable), {}}, []string{"1 " + first}},
		{"it says so once, to another packet", []hop{{}, {}, says(first, errqueue.NetUnreachable)}, []string{"0 " + first}},
		{"the second one", []hop{says(first, errqueue.Expired), says(second, errqueue.Prohibited)}, []string{"1 " + first, "2 " + second}},
		{"one behind a silent one", []hop{says(first, errqueue.Expired), {}, says(second, errqueue.HostUnreachable)}, []string{"1 " + first, "0 " + second}},
		{"no hops left behind a silent one", []hop{{}, says(second, errqueue.Expired)}, []string{"2 " + second}},
		{"the host behind a silent one", []hop{says(first, errqueue.Expired), {}, says(to.String(), errqueue.Reply)}, []string{"1 " + first, "3 " + to.String() + " arrived"}},
	} {
		found, _, err := gather(to, nil, 1, tt.hops)
		if got := said(found); !slices.Equal(got, tt.want) || err != nil {
			t.Errorf("%s: got %v, error %v; want %v", tt.name, got, err, tt.want)
		}
	}
}
