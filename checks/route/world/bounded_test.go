package world

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
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

// Sessions that are made up without end fill neither the inbox nor the table, and every
// answer says that they are left out.
func TestMadeUpSessionsAreLeftOut(t *testing.T) {
	if testing.Short() {
		t.Skip("makes up 140,000 sessions")
	}
	w := newSmall(t, 14)
	w.dump(rooted(plot()))
	w.pass(2 * time.Hour)
	b := NewInbox(InboxOptions{})
	const more = 10_000
	for i := range mostPeers + more {
		addr := netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)})
		b.Put(&route.Update{Kind: route.PeerUp, At: w.now, Peer: route.Peer{Collector: "rrc00", Addr: addr, AS: 700}})
	}
	w.drainInbox(b)
	if got := len(b.peers.list); got != mostPeers || b.Stats().LeftOut != more {
		t.Errorf("%d sessions are known, and %d messages left out, want %d and %d", got, b.Stats().LeftOut, mostPeers, more)
	}
	w.pass(time.Minute)
	v := w.verdict(net30)
	if !slices.ContainsFunc(v.Gaps, func(g checks.Gap) bool { return strings.Contains(g.Reason, "65,535") }) {
		t.Errorf("nothing is said of what was left out: %v", v.Gaps)
	}
	if v.State != checks.Up {
		t.Errorf("%v, and nothing has happened to it", v.State)
	}
}

// drainInbox applies all that waits.
func (w *small) drainInbox(b *Inbox) {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	b.Run(ctx, func(list []route.Update) {
		w.state.ApplyAll(list)
		if st := b.Stats(); st.Applied+uint64(len(list)) == st.Put {
			cancel()
		}
	})
}
