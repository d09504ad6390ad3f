package session

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/route"
)

// Settings that both sides must agree on, each right and wrong.
func TestSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		extra  string // of BIRD
		change func(*Neighbor)
		say    string // what Status says; empty where the session stands
	}{
		{"password", `password "swordfish";`, func(n *Neighbor) { n.Password = "swordfish" }, ""},
		{"wrong password", `password "swordfish";`, func(n *Neighbor) { n.Password = "sailfish" }, "is the password the same on both sides"},
		{"password missing here", `password "swordfish";`, func(*Neighbor) {}, "does it want a password"},
		{"TTL security", `ttl security yes;`, func(n *Neighbor) { n.TTLSecurity = 2 }, ""},
		{"TTL security missing there", ``, func(n *Neighbor) { n.TTLSecurity, n.HoldTime = 2, 3*time.Second }, "is TTL security on there too"},
		{"another AS there", ``, func(n *Neighbor) { n.LocalAS = 64999 }, "it expects another AS number than AS64999"},
		{"another AS here", ``, func(n *Neighbor) { n.AS = 64999 }, "it says that it is AS4837, and AS64999 is configured"},
		{"any AS", ``, func(n *Neighbor) { n.AS = 0 }, ""},
		{"nobody there", ``, func(n *Neighbor) { n.Port = 1 }, "it refuses connections"},
		{"IPv4 alone", ``, func(n *Neighbor) { n.Families = IPv4 }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			router, us := labtest.AddrPort(t), labtest.AddrPort(t)
			// It waits, so that what is seen is how our call fares.
			bird(t, router, us, "passive yes; "+tt.extra)
			n := neighbor(router, us, false)
			tt.change(&n)
			l := collect(t, n)
			if tt.say != "" {
				s := l.awaitStatus(tt.say)
				if gap, ok := s.Gap(); !ok || s.State == Established {
					t.Errorf("got %v, gap %q", s.State, gap.Reason)
				}
				return
			}
			l.await("the routes come", func() bool { return get(l, func() int { return len(l.held) }) >= 4 })
			if s := l.c.Status()[0]; s.State != Established || s.AS != routerAS || s.HoldTime != 9*time.Second {
				t.Errorf("got %+v, want an established session", s)
			}
		})
	}
}

// Routers behind a prefix come when they like, with a password on the listening side.
func TestPrefixNeighbor(t *testing.T) {
	t.Parallel()
	us := labtest.AddrPort(t)
	routers := []netip.AddrPort{labtest.AddrPort(t), labtest.AddrPort(t)}
	n := neighbor(routers[0], us, true)
	n.Address, n.Password, n.AS = netip.MustParsePrefix("127.0.0.0/8"), "swordfish", 0
	l := collect(t, n)
	if s := l.c.Status(); len(s) != 1 || s[0].State == Established {
		t.Errorf("got %+v, want one neighbour that has not come", s)
	}
	for _, r := range routers {
		bird(t, r, us, `password "swordfish";`)
	}
	l.await("both sessions stand", func() bool {
		s := l.c.Status()
		return len(s) == 2 && s[0].State == Established && s[1].State == Established
	})
	for _, s := range l.c.Status() {
		if s.Addr != routers[0].Addr() && s.Addr != routers[1].Addr() {
			t.Errorf("got a session with %v, want those of %v", s.Addr, routers)
		}
	}
}

// A router that dies takes its routes out of the count, not out of the world; when it
// is back all is as before.
func TestRouterDies(t *testing.T) {
	t.Parallel()
	router, us := labtest.AddrPort(t), labtest.AddrPort(t)
	first := bird(t, router, us, "graceful restart yes;")
	l := collect(t, neighbor(router, us, false))
	l.awaitTable()
	l.awaitState(checks.Up)
	first.d.Kill()
	l.await("the session ends", func() bool { return l.count(route.PeerDown) == 1 })
	l.awaitState(checks.Unknown)
	l.awaitStatus("it refuses connections")
	bird(t, router, us, "graceful restart yes;")
	l.awaitTable()
	l.awaitState(checks.Up)
	if n := get(l, func() int { return l.downs }); n > 0 {
		t.Errorf("the verdict was Down %d times, want never", n)
	}
}

// Several paths for a prefix, where the router sends them.
func TestAddPath(t *testing.T) {
	t.Parallel()
	router, us := labtest.AddrPort(t), labtest.AddrPort(t)
	labtest.BIRD(t, fmt.Sprintf(`router id 10.0.0.1;
protocol device {}
protocol static a { ipv4 { preference 200; }; route 192.0.2.0/24 blackhole; }
protocol static b { ipv4 { preference 100; }; route 192.0.2.0/24 unreachable; }
protocol bgp up {
  local %s port %d as %d; neighbor %s port %d as %d;
  multihop 2; strict bind; passive yes;
  ipv4 { add paths tx; export all; import all; };
  ipv6 { export all; import all; };
}
`, router.Addr(), router.Port(), routerAS, us.Addr(), us.Port(), collectorAS))
	n := neighbor(router, us, false)
	n.AddPath = true
	l := collect(t, n)
	l.await("two paths are held", func() bool { return l.c.Status()[0].Prefixes == 2 })
	if s := l.c.Status()[0]; !s.Paths {
		t.Errorf("got %+v, want a session that sends several paths", s)
	}
}
