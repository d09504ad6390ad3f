package session

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"isitdown/checks"
	"isitdown/checks/labtest"
)

// exabgp is an ExaBGP with the reference case, every path of which is made up: it routes
// nothing. Extra goes into its neighbor.
func exabgp(t *testing.T, router, us netip.AddrPort, extra string) kpRouter {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `neighbor %s {
 router-id 10.0.0.1;
 local-address %s;
 local-as %d;
 peer-as %d;
 hold-time 9;
 connect %d;
 adj-rib-out true;
 family { ipv4 unicast; ipv6 unicast; }
 api { processes [ control ]; }
 %s
 static {
  route %s next-hop 2001:db8::1 as-path [ %s ];
`, us.Addr(), router.Addr(), routerAS, collectorAS, us.Port(), extra, kpIPv6, kpPath)
	for _, p := range kpPrefixes {
		fmt.Fprintf(&b, "  route %s next-hop 10.0.0.1 as-path [ %s ];\n", p, kpPath)
	}
	b.WriteString(" }\n}\n")
	d := labtest.ExaBGP(t, router, b.String())
	each := func(what string) {
		for _, p := range kpPrefixes {
			d.Control(fmt.Sprintf("neighbor %s %s route %s next-hop 10.0.0.1 as-path [ %s ]", us.Addr(), what, p, kpPath))
		}
	}
	return kpRouter{
		d:        d,
		withdraw: func() { each("withdraw") },
		announce: func() { each("announce") },
		reset:    func() { d.Control(fmt.Sprintf("neighbor %s teardown 4", us.Addr())) },
		deaf:     "4.2 fails over a ROUTE-REFRESH ('RouteRefresh' object is not iterable) and drops the session",
	}
}

// openbgpd is an OpenBGPD that carries the reference case, which a BIRD behind it has: it
// can announce networks of its own, and nobody else's. Extra goes into its neighbor.
func openbgpd(t *testing.T, router, us netip.AddrPort, extra string) kpRouter {
	t.Helper()
	home := labtest.AddrPort(t)
	var b strings.Builder
	fmt.Fprintf(&b, "router id 10.0.0.2;\nprotocol device {}\nprotocol static kp { ipv4;\n")
	for _, p := range kpPrefixes {
		fmt.Fprintf(&b, " route %s blackhole;\n", p)
	}
	fmt.Fprintf(&b, `}
protocol static six { ipv6; route %s blackhole; }
protocol bgp up {
  local %s port %d as 131279;
  neighbor %s port %d as %d;
  multihop 2; strict bind; connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 { import none; export all; };
  ipv6 { import none; export all; next hop address 2001:db8::1; };
}
`, kpIPv6, home.Addr(), home.Port(), router.Addr(), router.Port(), routerAS)
	origin := labtest.BIRD(t, b.String())
	d := labtest.OpenBGPD(t, fmt.Sprintf(`AS %d
router-id 10.0.0.1
listen on %[2]s port %[3]d
connect-retry 1
neighbor %[4]s {
 remote-as 131279
 local-address %[2]s
 port %[5]d
 multihop 2
 passive
 announce IPv4 unicast
 announce IPv6 unicast
}
neighbor %[6]s {
 remote-as %[7]d
 local-address %[2]s
 port %[8]d
 multihop 2
 holdtime 9
 announce IPv4 unicast
 announce IPv6 unicast
 %[9]s
}
allow from any
allow to any
match to %[6]s inet6 set nexthop 2001:db8::1
`, routerAS, router.Addr(), router.Port(), home.Addr(), home.Port(), us.Addr(), collectorAS, us.Port(), extra))
	// Called before it has heard the routes, it would say End-of-RIB first.
	d.AwaitControl([]string{"show", "rib"}, append(kpPrefixes[:4:4], kpIPv6)...)
	return kpRouter{
		d:        d,
		withdraw: func() { origin.Control("disable", "kp") },
		announce: func() { origin.Control("enable", "kp") },
		reset:    func() { d.Control("neighbor", us.Addr().String(), "clear") },
		deaf:     "up to 7.7 it ignores a ROUTE-REFRESH for what was negotiated (mended in January 2023)",
	}
}

// A router that sends every path it has loses a prefix with the last of them.
func TestEveryPath(t *testing.T) {
	t.Parallel()
	router, us := labtest.AddrPort(t), labtest.AddrPort(t)
	r := exabgp(t, router, us, "capability { add-path send; }")
	n := neighbor(router, us, false)
	n.AddPath = true
	l := collect(t, n)
	l.awaitTable()
	l.awaitState(checks.Up)
	tell := func(what string, path int) {
		for _, p := range kpPrefixes {
			r.d.Control(fmt.Sprintf("neighbor %s %s route %s next-hop 10.0.0.1 path-information 0.0.0.%d as-path [ 4837 131279 ]", us.Addr(), what, p, path))
		}
	}
	heard := func(announced, withdrawn int) {
		t.Helper()
		l.await(fmt.Sprintf("%d paths announced, %d withdrawn", announced, withdrawn), func() bool {
			return get(l, func() bool { return l.announced == announced && l.withdrawn == withdrawn })
		})
	}
	tell("announce", 7)
	heard(9, 0)
	tell("withdraw", 0) // of the table it began with
	heard(9, 4)
	tell("announce", 8) // long after a withdrawal settles here
	heard(13, 4)
	tell("withdraw", 7)
	heard(13, 8)
	if downs := get(l, func() int { return l.downs }); downs != 0 || get(l, l.assess) != checks.Up {
		t.Errorf("with a path left for each prefix the verdict is %v, and was Down %d times", get(l, l.assess), downs)
	}
	tell("withdraw", 8)
	l.awaitState(checks.Down)
	l.silent(t)
}
