package route

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks"
)

// A watch that comes late, from another table brought to the same moment, says
// what one says that was there from the beginning, then and later.
func TestAdopt(t *testing.T) {
	const before = `
		0s dump 1-15 k1 k2 k3 k4
		2h beat 1-15
		3h withdraw 1-12 k1 k2
		3h01m down 13
		3h02m announce 2-4 k1 via 64999
		3h04m up 13
		3h04m announce 13 k1 k2 k3 k4
		3h05m withdraw 14 k3`
	const after = `
		3h20m withdraw 15 k1 k2
		3h21m down 3
		3h30m announce 1-12 k1 k2
		3h40m beat 1-15`
	tests := []struct {
		name string
		ask  []string // both, before
		more []string // the one that was there, besides
	}{
		{"at once", nil, nil},
		{"after both were asked", []string{"2h", "3h06m"}, nil},
		{"after one was asked in vain", []string{"2h"}, []string{"3h03m", "3h15m"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			early, late := watching(t), watching(t)
			early.playAsking(before, tt.ask, tt.more)
			late.playAsking(before, tt.ask)
			if err := early.rib.Adopt(late.watch); err != nil {
				t.Fatal(err)
			}
			now := &desk{t: t, rib: early.rib, watch: late.watch, rules: late.rules}
			early.play(after) // feeds both
			for _, at := range []string{"3h21m", "3h22m", "3h31m", "3h41m"} {
				if diff := cmp.Diff(early.at(at), now.at(at), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, checks.Target{})); diff != "" {
					t.Errorf("at %s (-there from the beginning +adopted):\n%s", at, diff)
				}
			}
			if len(late.rib.watches) != 0 {
				t.Error("the table that it came from still feeds it")
			}
			revision := now.watch.Revision()
			early.rib.Forget(now.watch)
			early.play("4h withdraw 1-15 k1")
			if now.watch.Revision() != revision {
				t.Error("a watch that was forgotten is still fed")
			}
			if got := early.prefix("4h1m", "k1"); got.Seen != 0 {
				t.Errorf("the one that stays: got seen by %d, want 0", got.Seen)
			}
		})
	}
}

// playAsking plays a script and asks for a verdict whenever its time has come.
func (d *desk) playAsking(script string, asked ...[]string) {
	at := slices.Sorted(slices.Values(slices.Concat(asked...)))
	for _, u := range d.updates(script) {
		for len(at) > 0 && began.Add(duration(d.t, at[0])).Before(u.At) {
			d.at(at[0])
			at = at[1:]
		}
		d.apply(u)
	}
}

func TestAdoptRefuses(t *testing.T) {
	d := watching(t).play("0s dump 1-15 k1 k2")
	if err := d.rib.Adopt(d.watch); err == nil {
		t.Error("its own watch: got no error")
	}
	for _, script := range []string{
		"0s dump 1-14 k1 k2", "0s dump 1-15 k1", "0s dump 1-15 k1 k2\n1m beat 1", "",
	} {
		other := watching(t).play(script)
		if err := d.rib.Adopt(other.watch); err == nil {
			t.Errorf("a table given %q: got no error", script)
		}
		if len(d.rib.watches) != 1 || len(other.rib.watches) != 1 {
			t.Errorf("a table given %q: the watch has moved all the same", script)
		}
	}
}
