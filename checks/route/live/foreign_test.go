package live

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// What others announce inside a network's prefixes, and over them, is delivered to who
// follows the network, and told.
func TestOthersInsideANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start()()
		n := w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
		settled(t, n)
		if v := expect(t, n, checks.Up); len(v.Foreign) > 0 {
			t.Errorf("foreign routes before there are any: %+v", v.Foreign)
		}
		came := time.Now()
		inside, over := netip.MustParsePrefix("175.45.176.0/25"), netip.MustParsePrefix("175.45.176.0/22")
		w.set(func(p route.Peer) bgp.RawPath { return w.path(p, 3491, 17557) }, w.peers, inside, over)
		wait(time.Minute)
		v := expect(t, n, checks.Up)
		if len(v.Foreign) != 1 || v.Foreign[0].Prefix != inside || v.Foreign[0].Origin != 17557 || v.Foreign[0].Peers != 15 || !v.Foreign[0].Since.Equal(came) {
			t.Errorf("%+v, want %s of AS17557 since %s", v.Foreign, inside, came)
		}
		w.withdraw(w.peers, kp()[3])
		wait(time.Minute)
		v = expect(t, n, checks.Degraded)
		if len(v.Disappeared) != 1 || v.Disappeared[0].Rule != checks.RuleTakenOver || len(v.Disappeared[0].Foreign) != 1 || v.Disappeared[0].Foreign[0].Prefix != over {
			t.Errorf("%+v, want %s in the place of %s", v.Disappeared, over, kp()[3])
		}
	})
}
