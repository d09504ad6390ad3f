package labtest

import (
	"fmt"
	"testing"
)

// ExaBGP tells a BIRD a route, as it is told to, and takes it back.
func TestExaBGP(t *testing.T) {
	bird, exa := AddrPort(t), AddrPort(t)
	b := BIRD(t, fmt.Sprintf(`
router id 10.0.0.1;
protocol device {}
protocol bgp {
  local %s port %d as 64501;
  neighbor %s port %d as 64502;
  multihop 2; strict bind; connect delay time 1; connect retry time 1;
  ipv4 { import all; export none; };
}
`, bird.Addr(), bird.Port(), exa.Addr(), exa.Port()))
	e := ExaBGP(t, exa, fmt.Sprintf(`neighbor %s {
 router-id 10.0.0.2;
 local-address %s;
 local-as 64502;
 peer-as 64501;
 passive true;
 api { processes [ control ]; }
}
`, bird.Addr(), exa.Addr()))
	b.AwaitControl([]string{"show", "protocols"}, "Established")
	route := fmt.Sprintf("neighbor %s %%s route 192.0.2.0/24 next-hop 10.0.0.2 as-path [ 64502 64503 ]", bird.Addr())
	e.Control(fmt.Sprintf(route, "announce"))
	b.AwaitControl([]string{"show", "route", "all"}, "192.0.2.0/24", "BGP.as_path: 64502 64503")
	e.Control(fmt.Sprintf(route, "withdraw"))
	b.AwaitControl([]string{"show", "route", "count"}, "0 of 0 routes")
}
