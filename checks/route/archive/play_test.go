package archive

import (
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
)

// endOfRIB writes the marker that ends a family's table.
func (r *recorder) endOfRIB(after time.Duration, peer mrt.Peer, f bgp.Family) *recorder {
	r.check(r.w.Message(noon.Add(after), peer, local, bgp.AppendEndOfRIB(nil, f)))
	return r
}

// TestEndOfRIBFamily: the end of one family's table must not pass for that of
// another, whose routes would then be missed before they were sent.
func TestEndOfRIBFamily(t *testing.T) {
	vpn := bgp.Family{AFI: 1, SAFI: 128}
	r := newRecorder(t).announce(0, peerA, "175.45.176.0/24").
		endOfRIB(time.Second, peerA, bgp.IPv4Unicast).
		endOfRIB(2*time.Second, peerA, vpn).
		endOfRIB(3*time.Second, peerA, bgp.IPv6Unicast)
	var got []bgp.Family
	err := open(t, r.file("rrc00.mrt", 0)).Play(t.Context(), time.Time{}, func(u *route.Update) error {
		if u.Kind == route.EndOfRIB {
			got = append(got, u.Family)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0] != bgp.IPv4Unicast || got[1] != bgp.IPv6Unicast {
		t.Errorf("the families of the ends of tables are %v, want IPv4 and IPv6 unicast", got)
	}
}

// TestTablePathIDs: of a session that sends several paths for a prefix, losing
// one is no loss of the prefix, so a dump's path identifiers must not get lost.
func TestTablePathIDs(t *testing.T) {
	prefix := netip.MustParsePrefix("175.45.176.0/24")
	r := newRecorder(t)
	r.check(r.w.PeerIndexTable(noon, local.Addr, "", []mrt.Peer{peerA}))
	draft := bgp.Draft{Path: checks.MakePath(peerA.AS, 131279), NextHop: peerA.Addr}
	r.check(r.w.RIB(noon, 0, prefix, true, []mrt.RIBEntry{{PathID: 1, Draft: draft}, {PathID: 7, Draft: draft}}))
	var ids []uint32
	err := open(t, r.file("rrc00.mrt", 0)).Play(t.Context(), time.Time{}, func(u *route.Update) error {
		for _, e := range u.Entries {
			ids = append(ids, e.PathID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) != 2 || ids[0] != 1 || ids[1] != 7 {
		t.Errorf("the path identifiers of the dump are %v, want [1 7]", ids)
	}
}
