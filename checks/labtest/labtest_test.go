package labtest

import (
	"fmt"
	"strings"
	"testing"
)

// Three daemons of three makes learn each other's routes on one loopback, which is
// all that the other tests build on.
func TestDaemonsMeet(t *testing.T) {
	bird, frr, gobgp := AddrPort(t), AddrPort(t), AddrPort(t)
	b := BIRD(t, fmt.Sprintf(`
router id 10.0.0.1;
protocol device {}
protocol static { ipv4; route 192.0.2.0/24 blackhole; }
protocol bgp frr {
  local %s port %d as 64501;
  neighbor %s port %d as 64502;
  multihop 2; strict bind; connect delay time 1; connect retry time 1;
  ipv4 { import all; export all; };
}
`, bird.Addr(), bird.Port(), frr.Addr(), frr.Port()))
	f := FRR(t, frr, fmt.Sprintf(`
router bgp 64502
 bgp router-id 10.0.0.2
 bgp allow-martian-nexthop
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor %[1]s remote-as 64501
 neighbor %[1]s port %[2]d
 neighbor %[1]s update-source %[5]s
 neighbor %[1]s ebgp-multihop 2
 neighbor %[1]s timers connect 1
 neighbor %[3]s remote-as 64503
 neighbor %[3]s port %[4]d
 neighbor %[3]s update-source %[5]s
 neighbor %[3]s ebgp-multihop 2
 neighbor %[3]s timers connect 1
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor %[3]s route-map hop out
 exit-address-family
route-map hop permit 10
 set ip next-hop 10.0.0.2
`, bird.Addr(), bird.Port(), gobgp.Addr(), gobgp.Port(), frr.Addr()))
	g := GoBGP(t, fmt.Sprintf(`
[global.config]
  as = 64503
  router-id = "10.0.0.3"
  port = %d
  local-address-list = ["%s"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "%s"
    peer-as = 64502
  [neighbors.transport.config]
    local-address = "%s"
    remote-port = %d
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 2
  [neighbors.timers.config]
    connect-retry = 1
`, gobgp.Port(), gobgp.Addr(), frr.Addr(), gobgp.Addr(), frr.Port()))
	g.Control("global", "rib", "add", "203.0.113.0/24")

	b.AwaitControl([]string{"show", "route"}, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
	f.AwaitControl([]string{"show bgp ipv4 unicast"}, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
	g.AwaitControl([]string{"global", "rib"}, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
}

func TestAddr(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		a := Addr()
		if !a.IsLoopback() || strings.HasPrefix(a.String(), "127.0.") {
			t.Fatalf("got %v, want a loopback address beyond 127.0.0.0/16", a)
		}
		seen[a.String()] = true
	}
	if len(seen) < 990 {
		t.Errorf("got %d different addresses of 1000", len(seen))
	}
}
