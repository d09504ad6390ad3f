package world

import (
	"fmt"
	"net/netip"
	"slices"
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

// Prefixes and sessions beyond the most that are kept are left out, and every answer says so.
func TestMadeUpPrefixesAreLeftOut(t *testing.T) {
	w := newSmall(t, 14)
	rules := route.DefaultRules()
	rules.MaxPrefixes = 120
	w.state = New(Options{Rules: rules, Assess: checks.DefaultRules(), Locate: locate, MinAddresses: 256, MinPrefixes6: 1})
	w.dump(rooted(plot()))
	w.pass(2 * time.Hour)
	for i := range 200 {
		w.state.Apply(&route.Update{
			Kind: route.Routes, At: w.now, Peer: w.peers[0], Path: path(w.peers[0], 900, 30),
			Announced: []route.NLRI{{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{60, 0, 0, byte(i)}), 32)}},
		})
	}
	w.pass(time.Minute)
	want := checks.Gap{Check: "route", Reason: fmt.Sprintf("%d routes to prefixes beyond the 120 that are kept were left out since the start", 200+96-120)}
	world, v := w.state.World(w.now), w.verdict(net30)
	if st := w.state.Stats(); st.Prefixes != 120 || st.LeftOut != 176 || !slices.Contains(world.Gaps, want) || !slices.Contains(v.Gaps, want) {
		t.Errorf("%d prefixes, %d routes left out; gaps %v and %v, want %v", st.Prefixes, st.LeftOut, world.Gaps, v.Gaps, want)
	}
	if v.State != checks.Up || world.Countries.Up != 3 {
		t.Errorf("%v, and %+v, for what is there is well", v.State, world.Countries)
	}
}
