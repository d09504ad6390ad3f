package live

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// router is an operator's own router: a collector that delivers its whole table.
func router(n int) route.Peer {
	return route.Peer{Collector: "core1", Addr: netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), AS: checks.ASN(64500 + n)}
}

// filler is a table besides what tests are about.
func filler(n int) (list []route.NLRI) {
	for i := range n {
		list = append(list, route.NLRI{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 0}), 24)})
	}
	return list
}

// sends has a router's session say something.
func (w *world) sends(p route.Peer, kind route.Kind, withdraw bool, routes ...route.NLRI) {
	u := route.Update{Kind: kind, At: time.Now(), Peer: p}
	switch {
	case withdraw:
		u.Withdrawn = routes
	case len(routes) > 0:
		u.Announced, u.Path = routes, w.path(p)
	}
	w.hub.ApplyWhole(&u)
}

// comesUp has a router's session send a whole table.
func (w *world) comesUp(p route.Peer) { w.comesUpWith(p, 200) }

// comesUpWith has it send so many routes besides those of the tests.
func (w *world) comesUpWith(p route.Peer, others int) {
	w.sends(p, route.PeerUp, false)
	other := route.Update{Kind: route.Routes, At: time.Now(), Peer: p, Announced: filler(others), Path: w.path(p, 64496)}
	w.hub.ApplyWhole(&other)
	w.sends(p, route.Routes, false, nlri(kp())...)
	w.sends(p, route.EndOfRIB, false)
}

func nlri(list []netip.Prefix) (routes []route.NLRI) {
	for _, p := range list {
		routes = append(routes, route.NLRI{Prefix: p})
	}
	return routes
}

// own are the rules of an operator who vouches for his routers.
var own = checks.Rules{MinVoting: 1, MaxAge: 15 * time.Minute}

func ownVerdict(k *Target) checks.Verdict {
	v := k.Observe(time.Now())
	return checks.Assess(v.Step(time.Now(), own))
}

// Own routers need nobody else: a target takes what they hold, early or late, and what
// they say from then on. Their sessions count with the size of their whole table.
func TestOwnRoutersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0, 0)
		defer w.start(func(o *Options) { o.Lookup, o.Streamed = Lookup{}, false })()
		early := w.hub.Follow(country())
		<-early.Ready()
		w.comesUp(router(1))
		w.comesUp(router(2))
		w.comesUpWith(router(3), 50) // a partial feed, by what no target sees of it
		wait(5 * time.Second)
		late := w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
		<-late.Ready()
		for _, k := range []*Target{early, late} {
			if v := ownVerdict(k); v.State != checks.Up || v.IPv4.Prefixes.Seen != 4 || v.Vantage.FullFeed != 2 || v.Vantage.Partial != 1 || len(v.Gaps) != 0 {
				t.Errorf("%s is %v, %v, %+v, %q %q", k.name(), v.State, v.IPv4.Prefixes, v.Vantage, v.Reasons, v.Gaps)
			}
		}
		wait(2 * time.Hour)
		w.hub.ApplyWhole(&route.Update{Kind: route.Alive, At: time.Now(), Peer: route.Peer{Collector: "core1"}})
		lost := time.Now()
		for n := 1; n <= 2; n++ {
			w.sends(router(n), route.Routes, true, nlri(kp())...)
		}
		wait(time.Minute)
		for _, k := range []*Target{early, late} {
			if v := ownVerdict(k); v.State != checks.Down || !v.Onset.Half.Equal(lost) {
				t.Errorf("%s is %v since %s, %q", k.name(), v.State, v.Onset.Half, v.Reasons)
			}
		}
	})
}

// A router's connection that ends, and a session of it that does, are no loss.
func TestARouterReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0, 0)
		defer w.start(func(o *Options) { o.Lookup, o.Streamed = Lookup{}, false })()
		w.comesUp(router(1))
		k := w.hub.Follow(country())
		wait(2 * time.Hour)
		w.sends(router(1), route.PeerDown, false)
		if v := ownVerdict(k); v.State != checks.Unknown {
			t.Errorf("after the session's end: %v", v.State)
		}
		w.comesUp(router(1))
		if v := ownVerdict(k); v.State != checks.Up {
			t.Errorf("after its return: %v, %q", v.State, v.Reasons)
		}
		wait(time.Hour)
		w.hub.ApplyWhole(&route.Update{Kind: route.Lost, At: time.Now(), Peer: route.Peer{Collector: "core1"}, Refresh: true})
		if v := ownVerdict(k); v.State != checks.Unknown {
			t.Errorf("in the hole: %v", v.State)
		}
		wait(time.Minute)
		w.comesUp(router(1))
		if v := ownVerdict(k); v.State != checks.Up {
			t.Errorf("after the hole: %v, %q", v.State, v.Reasons)
		}
	})
}

// Own routers answer at once, and count beside what is looked up later.
func TestOwnRoutersBesideLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		w.broken = errBroken
		defer w.start()()
		w.comesUp(router(1))
		k := w.hub.Follow(country())
		wait(time.Minute)
		v := ownVerdict(k)
		if v.State != checks.Up || v.Vantage.Voting != 1 || len(v.Gaps) == 0 || !strings.Contains(v.Gaps[0].Reason, "could not be looked up") {
			t.Errorf("with the router alone: %v, %d vote, %q", v.State, v.Vantage.Voting, v.Gaps)
		}
		w.mu.Lock()
		w.broken = nil
		w.mu.Unlock()
		settled(t, k)
		wait(10 * time.Minute)
		w.sends(router(1), route.Alive, false)
		if v := ownVerdict(k); v.State != checks.Up || v.Vantage.Voting < 15 {
			t.Errorf("with both: %v, %d vote, %q %+v", v.State, v.Vantage.Voting, v.Reasons, v.Vantage)
		}
		w.withdraw(w.peers, kp()[0]) // only they, not the router
		wait(time.Minute)
		if v := ownVerdict(k); v.State != checks.Degraded {
			t.Errorf("lost at the public collectors: %v", v.State)
		}
	})
}

// What a lookup said does not count with the clock of a router that is heard live.
func TestALookupGrowsOldBesideARouter(t *testing.T) {
	for _, streamed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 15, 5*time.Minute)
			w.silence(w.names()...) // there is no stream, be it expected or not
			defer w.start(func(o *Options) { o.Streamed, o.Rules.Declared = streamed, []checks.ASN{router(1).AS} })()
			k := w.hub.Follow(country())
			<-k.Ready()
			wait(time.Second)
			if v := answer(k); v.State != checks.Up || v.Vantage.Voting != 15 {
				t.Errorf("streamed %t: as of the lookup %v, %d vote", streamed, v.State, v.Vantage.Voting)
			}
			w.comesUp(router(1))
			voting := 15 + 1
			if streamed {
				voting = 1
			}
			if v := answer(k); v.Vantage.Voting != voting {
				t.Errorf("streamed %t: %d vote beside a router, want %d", streamed, v.Vantage.Voting, voting)
			}
			w.mu.Lock()
			w.broken = errBroken
			w.mu.Unlock()
			wait(30 * time.Minute)
			w.sends(router(1), route.Alive, false)
			if v := ownVerdict(k); v.State != checks.Up || v.Vantage.Voting != 1 {
				t.Errorf("streamed %t: half an hour later %v, %d vote", streamed, v.State, v.Vantage.Voting)
			}
		})
	}
}

// A dump that a feed loads into the whole table reaches the targets that are there.
func TestADumpOfAWholeTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0, 0)
		defer w.start(func(o *Options) { o.Lookup, o.Streamed = Lookup{}, false })()
		list := []*Target{
			w.hub.Follow(country()),
			w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}}),
			w.hub.Follow(checks.Footprint{Target: checks.Country("SY"), Prefixes: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}),
		}
		for _, n := range append(nlri(kp()), filler(100)...) {
			u := route.Update{Kind: route.Table, At: time.Now(), Prefix: n.Prefix, Dump: 1}
			var path bgp.RawPath
			for i := range 3 {
				if path = w.path(router(i), 64496); n.Prefix.Overlaps(netip.MustParsePrefix("175.45.176.0/22")) {
					path = w.path(router(i))
				}
				u.Entries = append(u.Entries, route.Entry{Peer: router(i), Path: path})
			}
			w.hub.ApplyWhole(&u)
		}
		w.hub.ApplyWhole(&route.Update{Kind: route.Refreshed, At: time.Now(), Dump: 1})
		wait(time.Minute)
		for i, want := range []checks.State{checks.Up, checks.Up, checks.Unknown} {
			if v := ownVerdict(list[i]); v.State != want {
				t.Errorf("%s is %v, want %v: %q %+v", list[i].name(), v.State, want, v.Reasons, v.Vantage)
			}
		}
	})
}
