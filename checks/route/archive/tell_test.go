package archive

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
)

// A session is the same one in messages and in changes of state, also in files of OpenBGPD,
// which has peer and collector the wrong way round in the latter. Where nothing tells which
// of them is the collector, the record is believed.
func TestReversedState(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	peer := mrt.Peer{AS: 3356, Addr: netip.MustParseAddr("192.0.2.7")}
	us := mrt.Peer{AS: 12654, Addr: netip.MustParseAddr("192.0.2.1")}
	open := (&bgp.Open{AS: 3356, HoldTime: 90 * time.Second, ID: peer.Addr}).Append(nil)
	routes, err := (&bgp.Draft{
		Path: checks.MakePath(3356, 131279), NextHop: peer.Addr, Announce: []bgp.NLRI{{Prefix: netip.MustParsePrefix("175.45.176.0/24")}},
	}).Append(nil, bgp.Options{AS4: true})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name             string
		messages, states [2]mrt.Peer // whom they name as the peer, and as the collector
		before           []byte      // a message, before the session came up
		want             checks.ASN  // whose session it is that goes up and down
	}{
		{"as they should be", [2]mrt.Peer{peer, us}, [2]mrt.Peer{peer, us}, open, 3356},
		{"reversed", [2]mrt.Peer{peer, us}, [2]mrt.Peer{us, peer}, open, 3356},
		{"reversed, of a session that was there before", [2]mrt.Peer{peer, us}, [2]mrt.Peer{us, peer}, bgp.AppendKeepalive(nil), 3356},
		{"what was sent, all of it reversed", [2]mrt.Peer{us, peer}, [2]mrt.Peer{us, peer}, open, 12654},
		{"no other message", [2]mrt.Peer{peer, us}, [2]mrt.Peer{peer, us}, nil, 3356},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var file bytes.Buffer
			w := mrt.NewWriter(&file)
			must := func(err error) {
				if err != nil {
					t.Fatal(err)
				}
			}
			if tt.before != nil {
				must(w.Message(at, tt.messages[0], tt.messages[1], tt.before))
			}
			must(w.StateChange(at, tt.states[0], tt.states[1], mrt.StateOpenConfirm, mrt.StateEstablished))
			must(w.Message(at, tt.messages[0], tt.messages[1], routes))
			must(w.StateChange(at, tt.states[0], tt.states[1], mrt.StateEstablished, mrt.StateIdle))
			var got []checks.ASN
			must(Follow(&file, "rrc00", func(u *route.Update) {
				if u.Kind == route.PeerUp || u.Kind == route.PeerDown {
					got = append(got, u.Peer.AS)
				}
			}))
			if diff := cmp.Diff(got, slices.Repeat([]checks.ASN{tt.want}, 2)); diff != "" {
				t.Errorf("whose session went up and down (-got +want):\n%s", diff)
			}
		})
	}
}

// A collector that writes down what it sends, as a message of its own, does not have the
// end of a peer's session taken for the end of its own.
func TestSentAndReceived(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	peer := mrt.Peer{AS: 3356, Addr: netip.MustParseAddr("192.0.2.7")}
	us := mrt.Peer{AS: 12654, Addr: netip.MustParseAddr("192.0.2.1")}
	routes, err := (&bgp.Draft{
		Path: checks.MakePath(3356, 131279), NextHop: peer.Addr, Announce: []bgp.NLRI{{Prefix: netip.MustParsePrefix("175.45.176.0/24")}},
	}).Append(nil, bgp.Options{AS4: true})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := mrt.NewWriter(&file)
	var down []checks.ASN
	for _, err := range []error{
		w.Message(at, us, peer, bgp.AppendKeepalive(nil)),
		w.Message(at, peer, us, routes),
		w.StateChange(at, peer, us, mrt.StateEstablished, mrt.StateIdle),
		Follow(&file, "rrc00", func(u *route.Update) {
			if u.Kind == route.PeerDown {
				down = append(down, u.Peer.AS)
			}
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(down, []checks.ASN{peer.AS}); diff != "" {
		t.Errorf("whose session went down (-got +want):\n%s", diff)
	}
}
