package session

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"isitdown/checks/labtest"
)

// bird is a BIRD with the reference case; extra goes into its BGP protocol.
func bird(t *testing.T, router, us netip.AddrPort, extra string) kpRouter {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "router id 10.0.0.1;\nprotocol device {}\nprotocol static kp { ipv4;\n")
	for _, p := range kpPrefixes {
		fmt.Fprintf(&b, " route %s blackhole;\n", p)
	}
	fmt.Fprintf(&b, "}\nprotocol static six { ipv6; route %s blackhole; }\n", kpIPv6)
	fmt.Fprintf(&b, `protocol bgp up {
  local %s port %d as %d;
  neighbor %s port %d as %d;
  multihop 2; strict bind;
  hold time 9; keepalive time 3; connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 { import all; export filter { bgp_path.prepend(131279); accept; }; };
  ipv6 { import all; export filter { bgp_path.prepend(131279); accept; }; next hop address 2001:db8::1; };
  %s
}
`, router.Addr(), router.Port(), routerAS, us.Addr(), us.Port(), collectorAS, extra)
	d := labtest.BIRD(t, b.String())
	return kpRouter{
		d:        d,
		withdraw: func() { d.Control("disable", "kp") },
		announce: func() { d.Control("enable", "kp") },
		reset:    func() { d.Control("restart", "up") },
	}
}

func frr(t *testing.T, router, us netip.AddrPort, extra string) kpRouter {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `router bgp %[1]d
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor %[2]s remote-as %[3]d
 neighbor %[2]s port %[4]d
 neighbor %[2]s update-source %[5]s
 neighbor %[2]s ebgp-multihop 2
 neighbor %[2]s timers 3 9
 neighbor %[2]s timers connect 1
 neighbor %[2]s advertisement-interval 0
 coalesce-time 10
 %[6]s
 address-family ipv4 unicast
`, routerAS, us.Addr(), collectorAS, us.Port(), router.Addr(), extra)
	lines := []string{"configure terminal", fmt.Sprintf("router bgp %d", routerAS), "address-family ipv4 unicast"}
	withdraw, announce := lines, lines
	for _, p := range kpPrefixes {
		fmt.Fprintf(&b, "  network %s route-map kp\n", p)
		withdraw = append(withdraw[:len(withdraw):len(withdraw)], "no network "+p)
		announce = append(announce[:len(announce):len(announce)], "network "+p+" route-map kp")
	}
	fmt.Fprintf(&b, ` exit-address-family
 address-family ipv6 unicast
  network %s route-map kp
  neighbor %[2]s activate
  neighbor %[2]s route-map hop out
 exit-address-family
route-map kp permit 10
 set as-path prepend 131279
route-map hop permit 10
 set ipv6 next-hop global 2001:db8::1
`, kpIPv6, us.Addr())
	d := labtest.FRR(t, router, b.String())
	// Called before it has looked at its own networks, it sends End-of-RIB first.
	d.AwaitControl([]string{"show bgp ipv4 unicast"}, "*> "+kpPrefixes[0], "*> "+kpPrefixes[3])
	d.AwaitControl([]string{"show bgp ipv6 unicast"}, "*> "+kpIPv6)
	return kpRouter{
		d:        d,
		withdraw: func() { d.Control(withdraw...) },
		announce: func() { d.Control(announce...) },
		reset:    func() { d.Control("clear bgp " + us.Addr().String()) },
	}
}

func gobgp(t *testing.T, router, us netip.AddrPort, extra string) kpRouter {
	t.Helper()
	d := labtest.GoBGP(t, fmt.Sprintf(`
[global.config]
  as = %d
  router-id = "10.0.0.1"
  port = %d
  local-address-list = ["%s"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "%s"
    peer-as = %d
  [neighbors.transport.config]
    local-address = "%[3]s"
    remote-port = %[6]d
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 2
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 9
    keepalive-interval = 3
    idle-hold-time-after-reset = 1
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 20
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-unicast"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
%[7]s
`, routerAS, router.Port(), router.Addr(), us.Addr(), collectorAS, us.Port(), extra))
	r := kpRouter{
		d: d,
		withdraw: func() {
			for _, p := range kpPrefixes {
				d.Control("global", "rib", "del", p)
			}
		},
		announce: func() {
			for _, p := range kpPrefixes {
				d.Control("global", "rib", "add", p, "aspath", "131279")
			}
		},
		reset: func() { // its own "reset" stays idle for 30 s
			d.Control("neighbor", us.Addr().String(), "disable")
			d.Control("neighbor", us.Addr().String(), "enable")
		},
	}
	r.announce()
	d.Control("global", "rib", "-a", "ipv6", "add", kpIPv6, "nexthop", "2001:db8::1", "aspath", "131279")
	return r
}

// The same story with routers of three makes, called and waited for.
func TestRouters(t *testing.T) {
	t.Parallel()
	makes := map[string]func(*testing.T, netip.AddrPort, netip.AddrPort, string) kpRouter{"BIRD": bird, "FRR": frr, "GoBGP": gobgp, "OpenBGPD": openbgpd, "ExaBGP": exabgp}
	for name, start := range makes {
		for _, passive := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s passive=%v", name, passive), func(t *testing.T) {
				t.Parallel()
				router, us := labtest.AddrPort(t), labtest.AddrPort(t)
				r := start(t, router, us, "")
				if passive && name == "GoBGP" {
					r.reset = nil // it calls once in 10 s at most
				}
				story(t, collect(t, neighbor(router, us, passive)), r)
			})
		}
	}
}
