package live

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// behind gives the prefixes of n networks that are reached through AS4837, and announces
// them at a session of an own router, or withdraws them.
func (w *world) behind(p route.Peer, n int, withdraw bool) {
	for i := range n {
		u := route.Update{Kind: route.Routes, At: time.Now(), Peer: p}
		routes := []route.NLRI{{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{23, 0, byte(i), 0}), 24)}}
		if u.Withdrawn = routes; !withdraw {
			u.Announced, u.Withdrawn, u.Path = routes, nil, w.path(p, 3356, 4837, checks.ASN(3001+i))
		}
		w.hub.ApplyWhole(&u)
	}
}

// passage4837 gives what a view says of the routes through AS4837.
func passage4837(v *View) checks.Passage {
	for _, p := range v.Elsewhere.Passages {
		if p.Element == (checks.Element{AS: 4837}) {
			return p
		}
	}
	return checks.Passage{}
}

// What others' routes did is told from own routers' tables where their paths are kept,
// whether the target was followed before they came up or later; where they are not, it
// is said that it is not known.
func TestElsewhereFromOwnRouters(t *testing.T) {
	for _, tt := range []struct {
		name          string
		late, without bool
		gone          int // of six networks behind AS4837
		still         int // pairs
	}{
		{"nothing else is lost", false, false, 0, 72},
		{"followed when the routers were there", true, false, 0, 72},
		{"all of the others go with it", false, false, 6, 0},
		{"all of them, followed late", true, false, 6, 0},
		{"paths are not kept", false, true, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 0, 0)
				defer w.start(func(o *Options) { o.Lookup, o.Streamed, o.WholePaths = Lookup{}, false, !tt.without })()
				var k *Target
				if !tt.late {
					k = w.hub.Follow(country())
				}
				const routers = 12
				for n := 1; n <= routers; n++ {
					w.comesUp(publicRouter(n))
					w.behind(publicRouter(n), 6, false)
				}
				wait(time.Minute)
				if tt.late {
					k = w.hub.Follow(country())
				}
				beat := func(d time.Duration) {
					for range int(d / time.Minute) {
						wait(time.Minute)
						w.hub.ApplyWhole(&route.Update{Kind: route.Alive, At: time.Now(), Peer: route.Peer{Collector: "core1"}})
						k.Observe(time.Now())
					}
				}
				beat(2 * time.Hour)
				for n := 1; n <= routers; n++ {
					w.sends(publicRouter(n), route.Routes, true, nlri(kp())...)
					w.behind(publicRouter(n), tt.gone, true)
				}
				beat(3 * time.Minute)
				v := k.Observe(time.Now())
				got := passage4837(&v)
				switch {
				case tt.without:
					if len(v.Elsewhere.Passages) > 0 || v.Elsewhere.Missing == "" {
						t.Errorf("got %+v, want that it is not known", v.Elsewhere)
					}
				case got.Origins != 6 || got.Before != 72 || got.Still != tt.still || v.Elsewhere.Sample:
					t.Errorf("AS4837: got %+v, want %d of 72; missing %q", got, tt.still, v.Elsewhere.Missing)
				}
				for n := 1; n <= routers; n++ {
					w.sends(publicRouter(n), route.Routes, false, nlri(kp())...)
				}
				beat(3 * time.Minute)
				if v := k.Observe(time.Now()); len(v.Elsewhere.Passages) > 0 || v.Elsewhere.Missing != "" {
					t.Errorf("when it is back: %+v", v.Elsewhere)
				}
				k.Close()
				if k.apart.watch != nil {
					t.Error("a target that is closed is still watched")
				}
			})
		})
	}
}

// publicRouter is a session whose AS may stand in a path.
func publicRouter(n int) route.Peer {
	p := router(n)
	p.AS = checks.ASN(1000 + n)
	return p
}

// A table that knows enough goes before a lookup, and a lookup before one that does not.
func TestWhoIsBelieved(t *testing.T) {
	knows := checks.Elsewhere{Passages: []checks.Passage{{Origins: 9, Before: 9, Still: 9}}}
	few := checks.Elsewhere{Passages: []checks.Passage{{Origins: 2, Before: 9, Still: 9}}}
	asked := checks.Elsewhere{Source: "RIPEstat", Sample: true}
	for _, tt := range []struct {
		name         string
		table, asked checks.Elsewhere
		sample       bool
	}{
		{"both", knows, asked, false},
		{"too few in the table", few, asked, true},
		{"the table alone", few, checks.Elsewhere{}, false},
		{"the lookup alone", checks.Elsewhere{Missing: "no"}, asked, true},
	} {
		a := apart{losing: true, got: tt.table}
		if got := a.of(true, false, tt.asked); got.Sample != tt.sample {
			t.Errorf("%s: got %+v", tt.name, got)
		}
		if got := a.of(false, false, tt.asked); len(got.Passages) > 0 || a.losing || !a.at.IsZero() {
			t.Errorf("%s, when it is back: got %+v", tt.name, got)
		}
	}
}
