package world

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks"
)

// Lists that come when all is read already, and in the middle of a loss, count as if they had
// been there from the start.
func TestRegroup(t *testing.T) {
	late, early := newSmall(t, 12), newSmall(t, 12)
	known := false
	late.state.opts.Locate = func(p netip.Prefix) string {
		if !known {
			return ""
		}
		return locate(p)
	}
	for _, w := range []*small{late, early} {
		w.dump(map[string]int{"10.0.0.0/16": 7, "10.1.0.0/16": 7, "11.0.0.0/16": 8, "10.0.1.0/24": 9, "2001:db8::/32": 8})
		w.pass(2 * time.Hour)
		w.withdraw("10.1.0.0/16", w.peers...)
		w.pass(2 * time.Minute)
	}
	if list := late.state.Countries(late.now); len(list) != 0 {
		t.Fatalf("before there are lists: %d countries", len(list))
	}
	known = true
	late.state.Regroup()
	late.pass(10 * time.Second)
	early.pass(10 * time.Second)
	want, got := early.state.World(early.now), late.state.World(late.now)
	if want.Countries.Degraded == 0 || want.Countries.Up == 0 {
		t.Fatalf("countries are %+v, want some that are degraded and some that are not", want.Countries)
	}
	same := cmp.Options{cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}, checks.Target{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-from the start +regrouped):\n%s", diff)
	}
	for _, v := range want.Outages {
		a, _ := early.state.Verdict(v.Target, early.now)
		b, _ := late.state.Verdict(v.Target, late.now)
		if diff := cmp.Diff(a, b, same); diff != "" {
			t.Errorf("%s (-from the start +regrouped):\n%s", v.Target, diff)
		}
	}
}
