package labtest

import (
	"fmt"
	"testing"
)

// OpenBGPD learns the routes of a BIRD.
func TestOpenBGPD(t *testing.T) {
	bird, open := AddrPort(t), AddrPort(t)
	BIRD(t, fmt.Sprintf(`
router id 10.0.0.1;
protocol device {}
protocol static { ipv4; route 192.0.2.0/24 blackhole; }
protocol bgp {
  local %s port %d as 64501;
  neighbor %s port %d as 64502;
  multihop 2; strict bind; connect delay time 1; connect retry time 1;
  ipv4 { import none; export all; };
}
`, bird.Addr(), bird.Port(), open.Addr(), open.Port()))
	o := OpenBGPD(t, fmt.Sprintf(`AS 64502
router-id 10.0.0.2
listen on %s port %d
neighbor %s {
 remote-as 64501
 local-address %[1]s
 port %[4]d
 multihop 2
}
allow from any
`, open.Addr(), open.Port(), bird.Addr(), bird.Port()))
	o.AwaitControl([]string{"show", "rib"}, "192.0.2.0/24")
}
