package labtest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Monitored is a router that tells a BMP station what its peers tell it. Each session is
// one of IPv4 addresses that carries IPv6 routes too.
type Monitored struct {
	AS      uint32
	ID      netip.Addr     // its BGP identifier
	Listen  netip.AddrPort // where its peers may call it, with GoBGP at their Local too
	Station netip.AddrPort
	Peers   []MonitoredPeer
}

// MonitoredPeer is a router that it has a session with.
type MonitoredPeer struct {
	AS    uint32
	At    netip.AddrPort // where it is called
	Local netip.Addr     // from where
	// Waits says that it is not called, it calls.
	Waits bool
	// Hold is the hold time, whole seconds; zero for the daemon's own.
	Hold time.Duration
}

// GoBGP starts it as a GoBGP with a route monitoring policy, like "pre-policy". It notices
// that its station is gone when it has something to say: it is sent no statistics here,
// which GoBGP has no sooner than every 15 s.
func (m Monitored) GoBGP(t testing.TB, policy string) *Daemon {
	t.Helper()
	var b strings.Builder
	listen := []string{m.Listen.Addr().String()}
	for _, p := range m.Peers {
		if p.Local != m.Listen.Addr() {
			listen = append(listen, p.Local.String())
		}
	}
	fmt.Fprintf(&b, `[global.config]
  as = %d
  router-id = "%s"
  port = %d
  local-address-list = ["%s"]
[[bmp-servers]]
  [bmp-servers.config]
    address = "%s"
    port = %d
    route-monitoring-policy = "%s"
`, m.AS, m.ID, m.Listen.Port(), strings.Join(listen, `", "`), m.Station.Addr(), m.Station.Port(), policy)
	for _, p := range m.Peers {
		fmt.Fprintf(&b, `[[neighbors]]
  [neighbors.config]
    neighbor-address = "%s"
    peer-as = %d
  [neighbors.transport.config]
    local-address = "%s"
    remote-port = %d
    passive-mode = %t
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 2
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-unicast"
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
`, p.At.Addr(), p.AS, p.Local, p.At.Port(), p.Waits)
		if p.Hold > 0 {
			fmt.Fprintf(&b, "    hold-time = %d\n    keepalive-interval = %d\n", p.Hold/time.Second, p.Hold/time.Second/3)
		}
	}
	return GoBGP(t, b.String())
}

// FRR starts it as an FRR that reports some views, like "pre-policy". Neighbor is said of
// each peer in both families; empty for nothing.
func (m Monitored) FRR(t testing.TB, neighbor string, views ...string) *Daemon {
	t.Helper()
	var b, v4, v6 strings.Builder
	fmt.Fprintf(&b, `router bgp %d
 bgp router-id %s
 bgp allow-martian-nexthop
 no bgp ebgp-requires-policy
 no bgp network import-check
`, m.AS, m.ID)
	for _, p := range m.Peers {
		a := p.At.Addr()
		fmt.Fprintf(&b, " neighbor %[1]s remote-as %[2]d\n neighbor %[1]s port %[3]d\n neighbor %[1]s update-source %[4]s\n neighbor %[1]s ebgp-multihop 2\n neighbor %[1]s timers connect 1\n",
			a, p.AS, p.At.Port(), p.Local)
		if p.Hold > 0 {
			fmt.Fprintf(&b, " neighbor %s timers %d %d\n", a, p.Hold/time.Second/3, p.Hold/time.Second)
		}
		if p.Waits {
			fmt.Fprintf(&b, " neighbor %s passive\n", a)
		}
		fmt.Fprintf(&v6, "  neighbor %s activate\n", a)
		if neighbor != "" {
			fmt.Fprintf(&v4, "  neighbor %s %s\n", a, neighbor)
			fmt.Fprintf(&v6, "  neighbor %s %s\n", a, neighbor)
		}
	}
	fmt.Fprintf(&b, " address-family ipv4 unicast\n%s exit-address-family\n address-family ipv6 unicast\n%s exit-address-family\n", v4.String(), v6.String())
	fmt.Fprintf(&b, " bmp targets station\n  bmp connect %s port %d min-retry 100 max-retry 1000\n", m.Station.Addr(), m.Station.Port())
	for _, v := range views {
		fmt.Fprintf(&b, "  bmp monitor ipv4 unicast %[1]s\n  bmp monitor ipv6 unicast %[1]s\n", v)
	}
	b.WriteString(" exit\n")
	return FRR(t, m.Listen, b.String(), "bmp")
}
