package lab

import (
	"net/netip"
	"testing"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// What a feed delivered is told in full, and signs of life are not.
func TestSaid(t *testing.T) {
	peer := route.Peer{Collector: "frr", Addr: netip.MustParseAddr("4.69.12.1"), AS: Left}
	began := time.Unix(0, 0)
	two := []route.NLRI{{Prefix: netip.MustParsePrefix("175.45.176.0/24")}, {Prefix: netip.MustParsePrefix("175.45.177.0/24")}}
	m := Moment{Began: began, Heard: map[string][]Heard{"bmp-frr": {
		{route.Update{Kind: route.PeerUp, Peer: peer}, began},
		{route.Update{Kind: route.Routes, Peer: peer, Withdrawn: two}, began.Add(4600 * time.Microsecond)},
		{route.Update{Kind: route.Alive, Peer: route.Peer{Collector: "frr"}}, began.Add(time.Second)},
		{route.Update{Kind: route.Lost, Peer: route.Peer{Collector: "frr"}}, began.Add(2 * time.Second)},
	}}}
	want := "      0 ms  frr AS3356: session up\n" +
		"      5 ms  frr AS3356: withdrawn 175.45.176.0/24 175.45.177.0/24\n" +
		"   2000 ms  frr: feed lost\n"
	if got := m.Said("bmp-frr"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := m.Said("bgp"), "           nothing\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	h := Heard{Update: route.Update{Kind: route.Routes, Peer: peer, Announced: two[:1], Path: bgp.RawPath{2, 1, 0, 0, 13, 28}}}
	if got, want := h.line(), "frr AS3356: announced 175.45.176.0/24 by 3356"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
