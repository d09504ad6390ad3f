package rislive

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/rislivetest"
)

// wholeOnly sees that a connection has subscribed to everything once, and to nothing else
// but what is always there.
func wholeOnly(t *testing.T, server *rislivetest.Server) {
	t.Helper()
	sessions := server.Sessions()
	if len(sessions) != 1 {
		t.Fatalf("got %d connections, want one", len(sessions))
	}
	var kinds []string
	for _, s := range sessions[0].Subscriptions() {
		kinds = append(kinds, s.Type)
		if s.Prefix != "" || s.Path != "" {
			t.Errorf("subscribed to %+v beside the whole stream", s)
		}
	}
	slices.Sort(kinds)
	if want := []string{"KEEPALIVE", "RIS_PEER_STATE", "STATE", "UPDATE"}; !slices.Equal(kinds, want) {
		t.Errorf("subscribed to %v, want %v", kinds, want)
	}
}

// One connection has the whole stream, and with it all that is watched, before and after a
// hole and whatever is watched later.
func TestWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{Collectors: []string{"rrc00.ripe.net"}}
		f := followWith(t, server, Options{Whole: true})
		defer f.stop()
		after(3 * time.Second)
		wholeOnly(t, server)
		f.serves(t, 0)
		other := netip.MustParsePrefix("203.0.113.0/24")
		server.Deliver(keepalive("rrc00"), announce("rrc00", other, false))
		after(2 * time.Second)
		if got := f.take(route.Routes); len(got) != 1 || got[0].Announced[0].Prefix != other {
			t.Errorf("got %v of what nobody watches, want one route to %v", got, other)
		}

		f.Watch([]Filter{{Prefix: prefix}, {Origin: 64500}})
		after(2 * time.Second)
		f.serves(t, 2)
		wholeOnly(t, server)

		server.CutAll()
		after(time.Second)
		if got := f.take(route.Lost); len(got) != 1 || got[0].Peer.Collector != "rrc00" || !got[0].Refresh {
			t.Errorf("got %v of a connection that was cut, want one hole of rrc00", got)
		}
		after(5 * time.Second)
		wholeOnly(t, server)
		f.serves(t, 2)

		f.Watch(nil)
		after(2 * time.Second)
		wholeOnly(t, server)
		f.serves(t, 0)
	})
}

// To cover what is watched costs no subscription where the whole stream is there, however
// much it is.
func TestWholeCovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &rislivetest.Server{}
		f := followWith(t, server, Options{Whole: true})
		defer f.stop()
		var filters []Filter
		for i := range 3 * maxFilters {
			filters = append(filters, Filter{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i)}), 24)})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := f.Cover(ctx, filters); err != nil {
			t.Error(err)
		}
		wholeOnly(t, server)
		f.serves(t, len(filters))
	})
}
