package world

import (
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Whoever announces a route over and over by other neighbours does not fill the memory: what
// counts nothing any more is forgotten, and what counts is counted as before.
func TestMadeUpNeighboursAreForgotten(t *testing.T) {
	w := newSmall(t, 14)
	w.dump(rooted(plot()))
	w.pass(2 * time.Hour)
	before := w.verdict(checks.Network(30)).LastHops
	prefix := netip.MustParsePrefix("30.0.0.0/24")
	const perSecond = 100
	for i := range fewPairs * 3 / 2 {
		w.state.Apply(&route.Update{
			Kind: route.Routes, At: w.now, Peer: w.peers[0],
			Announced: []route.NLRI{{Prefix: prefix}}, Path: path(w.peers[0], 100_000+i, 30),
		})
		if i%perSecond == 0 {
			w.now = w.now.Add(time.Second)
			w.state.Tick(w.now)
		}
	}
	w.state.Tick(w.now)
	if n, most := w.state.pairs.list.n, 2*w.state.pairs.sound+fewPairs+perSecond; n > most {
		t.Errorf("%d pairs are kept, want %d at most", n, most)
	}
	after := w.verdict(checks.Network(30)).LastHops
	if len(after) != len(before)+1 || after[0].ASN != before[0].ASN || after[0].ShareBefore != before[0].ShareBefore {
		t.Errorf("who carries it: %v, want %v and one more", after, before)
	}
}
