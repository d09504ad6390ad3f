package world

import (
	"net/netip"
	"testing"
	"time"

	"isitdown/checks/route"
)

// Sessions of a feed with a hole are not believed before they have had time to say again what they hold,
// and that begins where the feed goes on, however long it was silent.
func TestBrokenFeed(t *testing.T) {
	zero := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := New(snapshotOptions(false))
	says := func(minute int, collector string, kind route.Kind) {
		s.Apply(&route.Update{
			Kind: kind, At: zero.Add(time.Duration(minute) * time.Minute), Peer: testPeer(collector, 1), Path: path(testPeer(collector, 1), 900, 30),
			Announced: []route.NLRI{{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(minute), 0, 0}), 16)}},
		})
	}
	state := func() (state route.PeerState) {
		s.Do(func(r *route.RIB) {
			for i := range r.Sessions() {
				if at := r.Session(i); at.Peer.Collector == "rrc00" {
					state = at.State
				}
			}
		})
		return state
	}
	for minute := range 200 {
		want := route.Established
		switch {
		case minute < 30:
			says(minute, "rrc00", route.Routes)
		case minute == 30:
			says(minute, "rrc00", route.Lost)
			want = route.Syncing
		case minute < 130: // nothing
			want = route.Syncing
		case minute == 130:
			says(minute, "rrc00", route.Alive)
			want = route.Syncing
		case minute < 140:
			want = route.Syncing
			fallthrough
		default:
			says(minute, "rrc00", route.Routes)
		}
		says(minute, "rrc01", route.Routes)
		s.Tick(zero.Add(time.Duration(minute) * time.Minute))
		if got := state(); got != want {
			t.Errorf("after %d minutes the session is %v, want %v", minute, got, want)
		}
	}
}
