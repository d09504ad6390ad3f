package bmp

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/route"
)

// edgeAS is the AS of the router that is monitored.
const edgeAS checks.ASN = 65001

// held is how many prefixes of AS131279 there are, one of them IPv6.
const held = 5

// upstream is BIRD as AS4837, which carries the prefixes of AS131279 to the router at
// the given address, those of IPv6 on the same session.
func upstream(t testing.TB, at, to netip.AddrPort) *labtest.Daemon {
	return labtest.BIRD(t, fmt.Sprintf(`
router id 192.0.2.1;
protocol device {}
protocol static kp {
  ipv4;
  route 175.45.176.0/24 blackhole;
  route 175.45.177.0/24 blackhole;
  route 175.45.178.0/24 blackhole;
  route 175.45.179.0/24 blackhole;
}
protocol static kp6 {
  ipv6;
  route 2001:db8:64::/48 blackhole;
}
protocol bgp edge {
  local %s port %d as %d;
  neighbor %s port %d as %d;
  multihop 2; strict bind; connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 { import none; next hop address 192.0.2.1; export filter { bgp_path.prepend(%[7]d); accept; }; };
  ipv6 { import none; next hop address 2001:db8::1; export filter { bgp_path.prepend(%[7]d); accept; }; };
}
`, at.Addr(), at.Port(), uint32(carrier), to.Addr(), to.Port(), uint32(edgeAS), uint32(home)))
}

// edge is the router, with its one peer.
func edge(at, peer, station netip.AddrPort) labtest.Monitored {
	return labtest.Monitored{
		AS: uint32(edgeAS), ID: netip.MustParseAddr("192.0.2.2"), Listen: at, Station: station,
		Peers: []labtest.MonitoredPeer{{AS: uint32(carrier), At: peer, Local: at.Addr()}},
	}
}

// gobgp is GoBGP as the router.
func gobgp(policy string) startRouter {
	return func(t testing.TB, at, peer, station netip.AddrPort) *labtest.Daemon {
		return edge(at, peer, station).GoBGP(t, policy)
	}
}

// frr is FRR as the router. Views are those that it reports, neighbor is said of its peer.
func frr(neighbor string, views ...string) startRouter {
	return func(t testing.TB, at, peer, station netip.AddrPort) *labtest.Daemon {
		return edge(at, peer, station).FRR(t, neighbor, views...)
	}
}

type startRouter func(t testing.TB, at, peer, station netip.AddrPort) *labtest.Daemon

// lab is one router, its upstream and the station that it reports to.
type lab struct {
	*desk
	name                        string
	start                       startRouter
	stationAt, routerAt, peerAt netip.AddrPort
	bird, edge                  *labtest.Daemon
	station                     *Station
	stop                        func()
	mark                        int  // updates before the resets
	slow                        bool // it takes its time to accept a session again
}

func newLab(t testing.TB, name string, start startRouter) *lab {
	l := &lab{
		desk: &desk{t: t}, name: name, start: start, slow: strings.HasPrefix(name, "GoBGP"),
		stationAt: labtest.AddrPort(t), routerAt: labtest.AddrPort(t), peerAt: labtest.AddrPort(t),
	}
	l.listenAgain()
	l.bird = upstream(t, l.peerAt, l.routerAt)
	l.startAgain()
	return l
}

func (l *lab) startAgain() { l.edge = l.start(l.t, l.routerAt, l.peerAt, l.stationAt) }

func (l *lab) listenAgain() {
	l.station, l.stop = l.listen(listener(l.t, l.stationAt), Router{Name: "edge1", Prefix: netip.PrefixFrom(netip.MustParseAddr("127.0.0.1"), 32)})
}

// await waits until n prefixes are held.
func (l *lab) await(n int) {
	l.t.Helper()
	labtest.Await(l.t, fmt.Sprintf("%s: %d prefixes are held", l.name, n), func() bool { return l.holds() == n }, func() string {
		return fmt.Sprintf("%s\n%+v\n%s", l.story(), l.station.Status(), l.edge.State())
	})
}

func (l *lab) expect(when string, want checks.State, after time.Duration) {
	l.t.Helper()
	l.desk.expect(l.name+": "+when, want, after)
}

// The same faults through every router: what they say of the country must be the
// same. All routers go through each of them at once, since most of it is waiting.
func TestRouters(t *testing.T) {
	t.Parallel()
	labs := []*lab{
		newLab(t, "GoBGP before the policy", gobgp("pre-policy")),
		newLab(t, "GoBGP with every table", gobgp("all")),
		newLab(t, "GoBGP with its own choice", gobgp("local-rib")),
		newLab(t, "FRR before the policy", frr("soft-reconfiguration inbound", "pre-policy")),
		newLab(t, "FRR behind the policy", frr("", "post-policy")),
		newLab(t, "FRR with both, one of them broken", frr("", "pre-policy", "post-policy")),
	}
	all := func(steps ...func(*lab)) {
		t.Helper()
		for _, step := range steps {
			for _, l := range labs {
				step(l)
			}
		}
	}
	all(
		func(l *lab) { l.await(held) },
		func(l *lab) {
			l.expect("announced", checks.Up, young)
			l.age(young)
			l.bird.Control("disable", `"kp*"`)
		},
		func(l *lab) { l.await(0) },
		func(l *lab) { l.expect("withdrawn", checks.Down, settled); l.bird.Control("enable", `"kp*"`) },
		func(l *lab) { l.await(held) },
		func(l *lab) { l.expect("announced again", checks.Up, settled) },
	)
	all(
		func(l *lab) { l.mark = len(l.updates()); l.age(young); l.bird.Control("restart", "edge") },
		func(l *lab) { l.awaitDown() },
		func(l *lab) {
			if !l.slow {
				l.await(held)
				l.expect("the session was reset", checks.Up, young)
				l.age(young)
			}
			l.edge.Kill()
		},
		func(l *lab) {
			l.await(0)
			l.expect("the router is gone", checks.Unknown, young)
			l.age(young)
			l.startAgain()
		},
		func(l *lab) { l.await(held) },
		func(l *lab) { l.expect("the router is back", checks.Up, young); l.age(young); l.stop() },
		func(l *lab) { l.expect("the station is gone", checks.Unknown, young) },
		// GoBGP finds out when it has something to say.
		func(l *lab) { l.bird.Control("disable", `"kp*"`) },
		func(l *lab) { l.bird.Control("enable", `"kp*"`); l.listenAgain() },
		func(l *lab) { l.await(held) },
		func(l *lab) { l.expect("the station is back", checks.Up, young) },
		func(l *lab) { l.quiet(l.name, l.mark) },
	)
	for _, l := range labs {
		if r := l.station.Status().Routers[0]; len(r.Faults) > 0 || r.Unreadable > 0 {
			t.Errorf("%s: faults %q", l.name, r.Faults)
		}
		if v := verdict(l.updates(), young); v.IPv4.Prefixes.Seen != 4 || v.IPv6.Prefixes.Seen != 1 {
			t.Errorf("%s: %d IPv4 and %d IPv6 prefixes are seen, want 4 and 1", l.name, v.IPv4.Prefixes.Seen, v.IPv6.Prefixes.Seen)
		}
		for _, u := range l.updates() {
			if len(u.Announced) > 0 && u.Path.String() != "4837 131279" {
				t.Errorf("%s: the path of %v is %v, want 4837 131279", l.name, u.Announced, u.Path)
			}
		}
	}
}

// awaitDown waits for the end of the session, or, where the router reports its own
// choice alone, for that of its routes.
func (l *lab) awaitDown() {
	l.t.Helper()
	labtest.Await(l.t, l.name+": the session ends", func() bool {
		list := l.updates()[l.mark:]
		return slices.ContainsFunc(list, func(u route.Update) bool { return u.Kind == route.PeerDown || len(u.Withdrawn) > 0 })
	}, l.story)
}

// listener listens where a station is expected. Somebody else may have the port for
// a moment, as that of a call of his own.
func listener(t testing.TB, at netip.AddrPort) (l net.Listener) {
	t.Helper()
	var err error
	labtest.Await(t, fmt.Sprintf("%v can be listened at", at), func() bool {
		l, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		return err == nil
	}, func() string { return err.Error() })
	return l
}

// young is how long a session is in doubt whose router never says that its table is whole.
const young = 11 * time.Minute

// FRR 8.4 without its soft-reconfiguration reports withdrawals only. That is said,
// and is no outage. Where it is another version that does better, it must be up.
func TestRouterThatCannotSay(t *testing.T) {
	t.Parallel()
	l := newLab(t, "FRR before the policy, without soft-reconfiguration", frr("", "pre-policy"))
	edge := func() RouterStatus { return l.station.Status().Routers[0] }
	labtest.Await(t, "FRR reports four routes", func() bool { return edge().Routes >= 4 }, l.edge.State)
	if len(edge().Peers) == 1 && edge().Peers[0].Counts {
		l.await(held)
		t.Skip("this FRR reports routes without soft-reconfiguration inbound: it has not the fault that this test is about")
	}
	l.bird.Control("disable", `"kp*"`)
	labtest.Await(t, "FRR reports four more", func() bool { return edge().Routes >= 8 }, l.edge.State)
	if list := l.updates(); len(list) > 0 {
		t.Errorf("there is no route, and this was passed on:\n%s", l.story())
	}
	l.expect("nothing is known", checks.Unknown, young)
	l.station.mu.Lock()
	faults := l.station.routers["edge1"].faults(time.Now().Add(faultAfter))
	l.station.mu.Unlock()
	if len(faults) == 0 || !strings.Contains(faults[0], "soft-reconfiguration inbound") {
		t.Errorf("the faults are %q, want one that names soft-reconfiguration inbound", faults)
	}
}
