package live

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// A hole makes unknown, not lost; a lookup later than the hole makes whole again.
func TestHole(t *testing.T) {
	for _, lag := range []time.Duration{0, time.Minute, 7 * time.Minute} {
		t.Run(lag.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 15, lag)
				defer w.start()()
				k := w.hub.Follow(country())
				settled(t, k)
				w.silence(w.names()...)
				wait(30 * time.Second)
				w.notice(w.names()...)
				expect(t, k, checks.Unknown)
				wait(10 * time.Minute)
				if v := expect(t, k, checks.Unknown); len(v.Gaps) == 0 || !strings.Contains(v.Reasons[0], "no live stream carries on") {
					t.Errorf("in the hole the gaps are %q, the reasons %q", v.Gaps, v.Reasons)
				}
				w.reconnect(w.names()...)
				for range 100 {
					wait(10 * time.Second)
					if v := verdict(k); v.State > checks.Up {
						t.Fatalf("%v after the hole, reasons %q", v.State, v.Reasons)
					}
				}
				if v := expect(t, k, checks.Up); v.Vantage.Voting != 15 || len(v.Gaps) != 0 {
					t.Errorf("%d vote, gaps %q", v.Vantage.Voting, v.Gaps)
				}
			})
		})
	}
}

// A route that went in a hole is lost at some time in it, and that is what is said.
func TestALossInAHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start()()
		k := w.hub.Follow(country())
		settled(t, k)
		wait(2 * time.Hour)
		began := time.Now()
		w.beat()
		w.silence(w.names()...)
		wait(2 * time.Minute)
		w.notice(w.names()...)
		w.withdraw(w.peers, kp()...)
		wait(2 * time.Minute)
		w.reconnect(w.names()...)
		ended := time.Now()
		settled(t, k)
		wait(time.Minute)
		v := expect(t, k, checks.Down)
		if !v.Onset.After.Equal(began) || v.Onset.By.Before(ended) || time.Since(v.Onset.By) > 5*time.Minute {
			t.Errorf("lost between %s and %s, want %s and soon after %s", v.Onset.After, v.Onset.By, began, ended)
		}
	})
}

// The streams of some collectors go on while others have a hole.
func TestAHoleAtOneCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 18, 3*time.Minute)
		defer w.start()()
		k := w.hub.Follow(country())
		settled(t, k)
		w.silence("rrc00")
		wait(30 * time.Second)
		w.notice("rrc00")
		if v := expect(t, k, checks.Up); v.Vantage.Voting != 12 {
			t.Errorf("%d vote, want 12", v.Vantage.Voting)
		}
		one := kp()[:1]
		w.withdraw(w.peers, one...)
		wait(time.Minute)
		if v := expect(t, k, checks.Degraded); v.Prefixes[0].Of != 12 {
			t.Errorf("the loss: %+v", v.Prefixes[0])
		}
		wait(5 * time.Minute) // rrc00 reconnects while others say more than a lookup knows
		w.reconnect("rrc00")
		w.announce(w.peers, one...)
		settled(t, k)
		wait(time.Minute)
		if v := expect(t, k, checks.Up); v.Vantage.Voting != 18 {
			t.Errorf("%d vote, want 18", v.Vantage.Voting)
		}
	})
}

// A session that ends and returns is no loss, nor is one that ends for good.
func TestPeerReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start()()
		k := w.hub.Follow(country())
		settled(t, k)
		for round := range 4 {
			for i, p := range w.peers {
				w.hub.Apply(&route.Update{Kind: route.PeerDown, At: time.Now(), Peer: p})
				if round == 3 && i%5 == 0 {
					continue // for good
				}
				w.hub.Apply(&route.Update{Kind: route.PeerUp, At: time.Now().Add(time.Second), Peer: p})
				wait(5 * time.Second)
				if v := verdict(k); v.State > checks.Up {
					t.Fatalf("%v after a reset, reasons %q", v.State, v.Reasons)
				}
				u := route.Update{Kind: route.Routes, At: time.Now(), Peer: p, Path: w.path(p)}
				for _, prefix := range kp() {
					u.Announced = append(u.Announced, route.NLRI{Prefix: prefix})
				}
				w.hub.Apply(&u)
			}
			wait(time.Hour)
			expect(t, k, checks.Up)
		}
	})
}

// A stream that says nothing more, and whose feed does not notice, is too old to rest on.
func TestASilentFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start()()
		k := w.hub.Follow(country())
		settled(t, k)
		wait(3 * time.Hour) // quiet, and alive
		expect(t, k, checks.Up)
		w.silence(w.names()...)
		wait(16 * time.Minute)
		expect(t, k, checks.Unknown)
	})
}
