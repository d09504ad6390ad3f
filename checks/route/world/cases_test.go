package world

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// lose withdraws all that AS30 announces.
func (w *small) lose(peers ...route.Peer) {
	for p, origin := range four() {
		if origin == 30 {
			w.withdraw(p, peers...)
		}
	}
}

func (w *small) end(peers ...route.Peer) {
	for _, p := range peers {
		w.apply(route.Update{Kind: route.PeerDown, Peer: p})
	}
}

func of(peers []route.Peer, collector int) (list []route.Peer) {
	for i, p := range peers {
		if i%3 == collector {
			list = append(list, p)
		}
	}
	return list
}

// TestWhatIsALossOfTheWorld goes through what may happen to AS30, which has two IPv4 prefixes
// of 256 addresses and one of IPv6, seen by 24 vantage points at three collectors.
func TestWhatIsALossOfTheWorld(t *testing.T) {
	first := "30.0.0.0/24"
	tests := map[string]struct {
		vantage int
		happens func(w *small)
		state   checks.State
		seen    uint64 // IPv4 prefixes
	}{
		"nothing":           {24, func(*small) {}, checks.Up, 2},
		"all withdrawn":     {24, func(w *small) { w.lose(w.peers...) }, checks.Down, 0},
		"withdrawn by half": {24, func(w *small) { w.lose(w.peers[:12]...) }, checks.Up, 2},
		"a session ends":    {24, func(w *small) { w.end(w.peers[0]) }, checks.Up, 2},
		"a collector ends":  {24, func(w *small) { w.end(of(w.peers, 0)...) }, checks.Up, 2},
		"withdrawn, and then the session ends": {24, func(w *small) {
			w.lose(w.peers[:14]...)
			w.pass(5 * time.Second)
			w.end(w.peers[:14]...)
		}, checks.Up, 2}, // as far as anybody sees, with weak evidence
		"withdrawn at a collector, which then ends": {30, func(w *small) {
			w.lose(of(w.peers, 0)...)
			w.pass(5 * time.Second)
			w.end(of(w.peers, 0)...)
		}, checks.Up, 2},
		"few vantage points": {9, func(w *small) { w.lose(w.peers...) }, checks.Unknown, 0},
		"less than half of the usual ones": {24, func(w *small) {
			w.end(w.peers[:13]...)
			w.pass(time.Minute)
			w.lose(w.peers[13:]...)
		}, checks.Unknown, 0},
		"one AS with twenty sessions": {24, func(w *small) { w.lose(w.peers[:20]...) }, checks.Up, 2},
		"covered": {24, func(w *small) {
			w.announce("30.0.0.0/16", 900, 30, w.peers...)
			w.pass(time.Minute)
			w.withdraw(first, w.peers...)
		}, checks.Up, 2},
		"replaced by halves": {24, func(w *small) {
			w.announce("30.0.0.0/25", 900, 30, w.peers...)
			w.announce("30.0.0.128/25", 900, 30, w.peers...)
			w.withdraw(first, w.peers...)
		}, checks.Up, 2},
		"replaced by one half": {24, func(w *small) {
			w.announce("30.0.0.0/25", 900, 30, w.peers...)
			w.withdraw(first, w.peers...)
		}, checks.Degraded, 1},
		"another origin's": {24, func(w *small) { w.announce(first, 900, 32, w.peers...) }, checks.Degraded, 1},
		"covered by another origin's": {24, func(w *small) {
			w.announce("30.0.0.0/16", 900, 32, w.peers...)
			w.withdraw(first, w.peers...)
		}, checks.Degraded, 1},
		"back": {24, func(w *small) {
			w.lose(w.peers...)
			w.pass(10 * time.Minute)
			for p, origin := range four() {
				w.announce(p, 900+origin%2, origin, w.peers...)
			}
		}, checks.Up, 2},
		"everybody ends": {24, func(w *small) { w.end(w.peers...) }, checks.Unknown, 0},
		"everybody comes back": {24, func(w *small) {
			w.end(w.peers...)
			w.pass(2 * time.Minute)
			for _, peer := range w.peers {
				w.apply(route.Update{Kind: route.PeerUp, Peer: peer})
				for p, origin := range rooted(four()) {
					if p != first {
						w.announce(p, 900+origin%2, origin, peer)
					}
				}
				w.apply(route.Update{Kind: route.EndOfRIB, Peer: peer})
			}
		}, checks.Up, 1},
		"IPv6 alone": {24, func(w *small) { w.withdraw("2001:1e::/48", w.peers...) }, checks.Degraded, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newSmall(t, test.vantage)
			if name == "one AS with twenty sessions" {
				for i := range w.peers[:20] {
					w.peers[i].AS = w.peers[0].AS
				}
				w.peers = append(w.peers, newSmall(t, 34).peers[24:]...)
			}
			w.dump(rooted(four()))
			w.pass(2 * time.Hour)
			test.happens(w)
			w.pass(time.Minute)
			for _, most := range []int{maxDetailed, 0} {
				w.state.most = most
				v := w.verdict(net30)
				if v.State != test.state || v.IPv4.Prefixes.Seen != test.seen {
					t.Errorf("%d one by one: %v with %d of %d prefixes, want %v with %d", most, v.State, v.IPv4.Prefixes.Seen, v.IPv4.Prefixes.Of, test.state, test.seen)
				}
			}
		})
	}
}

// usualOf gives how many sessions usually have a prefix.
func (w *small) usualOf(p string) int {
	row := w.state.tab.Row(netip.MustParsePrefix(p))
	if row == 0 {
		return 0
	}
	return w.state.tab.Count(w.state.usual(row))
}

func TestWhatIsUsual(t *testing.T) {
	const p, late = "30.0.0.0/24", "30.9.0.0/24"
	start := func(t *testing.T) *small {
		w := newSmall(t, 12)
		w.dump(rooted(four()))
		w.pass(2 * time.Hour)
		return w
	}
	t.Run("what is new has to stand", func(t *testing.T) {
		w := start(t)
		w.announce(late, 900, 30, w.peers...)
		w.pass(50 * time.Minute)
		if n := w.usualOf(late); n != 0 {
			t.Errorf("usual at %d sessions after 50 minutes", n)
		}
		w.pass(30 * time.Minute)
		if n := w.usualOf(late); n != 12 {
			t.Errorf("usual at %d sessions after 80 minutes, want 12", n)
		}
		if v := w.verdict(net30); v.IPv4.Prefixes.Of != 3 {
			t.Errorf("%d prefixes are usual, want 3", v.IPv4.Prefixes.Of)
		}
	})
	t.Run("an outage never becomes usual", func(t *testing.T) {
		w := start(t)
		w.lose(w.peers...)
		w.pass(5 * 24 * time.Hour)
		if v := w.verdict(net30); v.State != checks.Down || w.usualOf(p) != 12 {
			t.Errorf("after five days: %v, usual at %d sessions", v.State, w.usualOf(p))
		}
		w.pass(3 * 24 * time.Hour)
		if n := w.usualOf(p); n != 0 {
			t.Errorf("after eight days it is usual at %d sessions", n)
		}
	})
	t.Run("nor does what an outage brought", func(t *testing.T) {
		w := start(t)
		w.withdraw(p, w.peers...)
		w.announce("30.0.1.0/24", 999, 30, w.peers...)
		w.pass(4 * time.Hour)
		v := w.verdict(net30)
		for _, u := range v.LastHops {
			if u.ASN == 999 && u.ShareBefore != 0 {
				t.Errorf("AS999 carried %.2f before", u.ShareBefore)
			}
		}
	})
	t.Run("a day of flapping does not erase it", func(t *testing.T) {
		w := start(t)
		for i := range 24 * 12 {
			if i%2 == 0 {
				w.withdraw(p, w.peers...)
			} else {
				w.announce(p, 900, 30, w.peers...)
			}
			w.pass(5 * time.Minute)
		}
		if n := w.usualOf(p); n != 12 {
			t.Errorf("usual at %d sessions, want 12", n)
		}
	})
	t.Run("one that lost it for good is forgotten after a day", func(t *testing.T) {
		w := start(t)
		w.withdraw(p, w.peers[:2]...)
		w.pass(20 * time.Hour)
		if n := w.usualOf(p); n != 12 {
			t.Errorf("after 20 hours usual at %d sessions, want 12", n)
		}
		w.pass(7 * time.Hour)
		if n := w.usualOf(p); n != 10 {
			t.Errorf("after 27 hours usual at %d sessions, want 10", n)
		}
	})
	t.Run("a session that comes back brings nothing new, another's route does", func(t *testing.T) {
		w := start(t)
		w.end(w.peers[0])
		w.apply(route.Update{Kind: route.PeerUp, Peer: w.peers[0]})
		w.announce(p, 900, 30, w.peers[0])
		w.announce("30.0.1.0/24", 900, 32, w.peers[0])
		if a, b := w.usualOf(p), w.usualOf("30.0.1.0/24"); a != 12 || b != 11 {
			t.Errorf("usual at %d and %d sessions, want 12 and 11", a, b)
		}
	})
}

// TestLargeCountry: of sixty thousand prefixes some may go without its being more than that.
func TestLargeCountry(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a table")
	}
	w := newSmall(t, 12)
	prefixes := map[string]int{}
	for n := range 60_000 {
		prefixes[fmt.Sprintf("30.%d.%d.%d/30", n>>14, n>>6&0xff, n&63<<2)] = 30 + n%10*3
	}
	w.dump(prefixes)
	w.pass(2 * time.Hour)
	lose := func(n int) checks.Verdict {
		for p := range prefixes {
			if n--; n < 0 {
				break
			}
			w.withdraw(p, w.peers...)
			delete(prefixes, p)
		}
		w.pass(time.Minute)
		return w.verdict(land)
	}
	if v := lose(5000); v.State != checks.Up || v.IPv4.Prefixes != (checks.Count{Seen: 55_000, Of: 60_000}) {
		t.Errorf("without 5,000 of its prefixes: %v %+v", v.State, v.IPv4.Prefixes)
	}
	v := lose(2000)
	if v.State != checks.Degraded || v.IPv4.Addresses != (checks.Count{Seen: 53_000 * 4, Of: 60_000 * 4}) || v.Onset.Half.IsZero() {
		t.Errorf("without 7,000: %v since %v, %+v", v.State, v.Onset, v.IPv4.Addresses)
	}
	if len(v.Prefixes) > maxDetailed {
		t.Errorf("%d prefixes are listed", len(v.Prefixes))
	}
}

// TestWorldOfUpdatesAlone plays what comes and goes without a table before it: nobody can say
// what else is there, so nothing is said of anything.
func TestWorldOfUpdatesAlone(t *testing.T) {
	w := newSmall(t, 24)
	for p, origin := range four() {
		w.announce(p, 900, origin, w.peers...)
	}
	w.pass(time.Hour)
	w.lose(w.peers...)
	w.pass(time.Minute)
	world := w.state.World(w.now)
	if world.Missing == "" || len(world.Outages) > 0 || world.Countries.Unknown != world.Countries.Watched || world.Countries.Watched == 0 {
		t.Errorf("got %q, %+v and %d outages, want that nothing is known", world.Missing, world.Countries, len(world.Outages))
	}
	if v := w.verdict(net30); v.State != checks.Unknown || len(v.Reasons) == 0 {
		t.Errorf("AS30 is %v (%v), want unknown with the reason", v.State, v.Reasons)
	}
}

// TestGoneForLong is what is said of a network that is gone for longer than an outage is held
// for: not that it is down for ever, and not that it was never there. When it is announced
// again it is up.
func TestGoneForLong(t *testing.T) {
	w := newSmall(t, 12)
	w.dump(four())
	w.pass(2 * time.Hour)
	w.lose(w.peers...)
	hours := func(n int) {
		for k := range n {
			w.announce("31.0.0.0/16", 900+k%2, 31, w.peers...)
			w.pass(time.Hour)
		}
	}
	hours(6 * 24)
	if v := w.verdict(net30); v.State != checks.Down {
		t.Errorf("after six days: %v (%v), want down", v.State, v.Reasons)
	}
	hours(2 * 24)
	v := w.verdict(net30)
	if v.State != checks.Unknown || len(v.Reasons) != 1 || v.Reasons[0] != unusual {
		t.Errorf("after eight days: %v (%v), want unknown because %s", v.State, v.Reasons, unusual)
	}
	if world := w.state.World(w.now); world.Networks.Watched != 2 || world.Networks.Down != 0 {
		t.Errorf("after eight days: %+v, want two networks and none down", world.Networks)
	}
	for p, origin := range four() {
		if origin == 30 {
			w.announce(p, 900, origin, w.peers...)
		}
	}
	hours(3)
	if v := w.verdict(net30); v.State != checks.Up {
		t.Errorf("announced again: %v (%v), want up", v.State, v.Reasons)
	}
}
