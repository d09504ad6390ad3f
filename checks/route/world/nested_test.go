package world

import (
	"testing"
	"time"
)

// Each address counts once, also where the prefix over others comes after them.
func TestPrefixOverOthersComesLater(t *testing.T) {
	over := "30.0.0.0/16"
	tests := map[string]func(w *small){
		"it is announced, and stands": func(w *small) {
			w.pass(2 * time.Hour)
			w.announce(over, 900, 30, w.peers...)
			w.pass(3 * time.Hour)
		},
		"another table has it": func(w *small) {
			w.dump(map[string]int{over: 30})
			w.pass(2 * time.Hour)
		},
	}
	for name, comes := range tests {
		t.Run(name, func(t *testing.T) {
			w := newSmall(t, 14)
			w.dump(rooted(four()))
			comes(w)
			w.state.most = 0 // by numbers alone, as a large target
			// Two /24 inside are another network's, of the same country.
			if v := w.verdict(land); v.IPv4.Addresses.Of != 1<<16 || v.IPv4.Prefixes.Of != 5 {
				t.Errorf("the country: %+v, want 65,536 addresses in 5 prefixes", v.IPv4)
			}
			if v := w.verdict(net30); v.IPv4.Addresses.Of != 1<<16-512 || v.IPv4.Addresses.Seen != v.IPv4.Addresses.Of {
				t.Errorf("the network: %+v, want 65,024 addresses", v.IPv4)
			}
		})
	}
}

// What nobody has had for a day is forgotten, and its addresses are those of the prefix over it.
func TestPrefixInsideIsForgotten(t *testing.T) {
	w := newSmall(t, 14)
	prefixes := rooted(four())
	prefixes["30.0.0.0/16"] = 30
	w.dump(prefixes)
	w.pass(2 * time.Hour)
	w.withdraw("30.0.0.0/24", w.peers...)
	w.pass(40 * time.Hour)
	w.state.most = 0
	if v := w.verdict(land); v.IPv4.Addresses.Of != 1<<16 || v.IPv4.Prefixes.Of != 4 {
		t.Errorf("got %+v, want 65,536 addresses in 4 prefixes", v.IPv4)
	}
}
