package session

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	oracle "github.com/osrg/gobgp/v4/pkg/packet/bgp"

	"isitdown/checks/internal/bgp"
)

// What we write says the same to a decoder that we did not write.
func TestOracle(t *testing.T) {
	o := bgp.Open{
		AS: 4200000001, HoldTime: 90 * time.Second, ID: netip.MustParseAddr("192.0.2.1"),
		Families: Both.list(), AS4: true, RouteRefresh: true, EnhancedRefresh: true, ExtendedMessage: true,
		GracefulRestart: &bgp.GracefulRestart{Restarting: true},
		AddPath:         []bgp.AddPath{{Family: bgp.IPv4Unicast, Receive: true}, {Family: bgp.IPv6Unicast, Receive: true}},
	}
	msg, err := oracle.ParseBGPMessage(o.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	body := msg.Body.(*oracle.BGPOpen)
	if body.Version != 4 || body.MyAS != 23456 || body.HoldTime != 90 || body.ID != o.ID {
		t.Errorf("got %+v", body)
	}
	seen := map[string]int{}
	for _, p := range body.OptParams {
		for _, c := range p.(*oracle.OptionParameterCapability).Capability {
			seen[c.Code().String()]++
			switch c := c.(type) {
			case *oracle.CapFourOctetASNumber:
				if c.CapValue != uint32(o.AS) {
					t.Errorf("got AS %d, want %d", c.CapValue, o.AS)
				}
			case *oracle.CapGracefulRestart:
				if c.Flags != 8 || c.Time != 0 || len(c.Tuples) != 0 {
					t.Errorf("got graceful restart %+v, want that we have just restarted", c)
				}
			case *oracle.CapAddPath:
				if len(c.Tuples) != 2 || c.Tuples[0].Mode != oracle.BGP_ADD_PATH_RECEIVE {
					t.Errorf("got add-path %v, want two families that are received", c.Tuples)
				}
			}
		}
	}
	want := map[string]int{
		"multiprotocol": 2, "route-refresh": 1, "extended-message": 1, "graceful-restart": 1,
		"4-octet-as": 1, "add-path": 1, "enhanced-route-refresh": 1,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("capabilities (-want +got):\n%s", diff)
	}
}

func TestOracleReadsTheRest(t *testing.T) {
	n := bgp.Notification{Code: bgp.Cease, Subcode: bgp.AdministrativeStop, Data: bgp.ShutdownData("bye")}
	msg, err := oracle.ParseBGPMessage(n.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := msg.Body.(*oracle.BGPNotification); got.ErrorCode != 6 || got.ErrorSubcode != 2 || string(got.Data) != "\x03bye" {
		t.Errorf("got %+v", got)
	}
	msg, err = oracle.ParseBGPMessage(bgp.AppendRefresh(nil, bgp.IPv6Unicast, bgp.RefreshEnd))
	if err != nil {
		t.Fatal(err)
	}
	if got := msg.Body.(*oracle.BGPRouteRefresh); got.AFI != 2 || got.SAFI != 1 || got.Demarcation != 2 {
		t.Errorf("got %+v", got)
	}
	if _, err := oracle.ParseBGPMessage(bgp.AppendKeepalive(nil)); err != nil {
		t.Error(err)
	}
}
