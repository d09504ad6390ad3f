package archive

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
)

// What is followed is told as soon as its record is whole, and as it is when the file is
// played; an end inside a record is an error.
func TestFollow(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	peer := mrt.Peer{AS: 4837, Addr: netip.MustParseAddr("192.0.2.7")}
	local := mrt.Peer{AS: 12654, Addr: netip.MustParseAddr("192.0.2.1")}
	routes := []bgp.NLRI{{Prefix: netip.MustParsePrefix("175.45.176.0/24")}}
	message := func(d bgp.Draft) []byte {
		b, err := d.Append(nil, bgp.Options{AS4: true})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	announced := message(bgp.Draft{Path: checks.MakePath(4837, 131279), NextHop: peer.Addr, Announce: routes})
	withdrawn := message(bgp.Draft{Withdraw: routes})
	var buf bytes.Buffer
	w := mrt.NewWriter(&buf)
	w.Microseconds = true
	steps := []struct {
		write func() error
		want  string
	}{
		{func() error { return w.StateChange(at, peer, local, mrt.StateIdle, mrt.StateConnect) }, ""},
		{func() error { return w.StateChange(at, peer, local, mrt.StateOpenConfirm, mrt.StateEstablished) }, "up AS4837"},
		{func() error { return w.Message(at, peer, local, announced) }, "175.45.176.0/24 by 4837 131279"},
		{func() error { return w.Message(at, peer, local, bgp.AppendEndOfRIB(nil, bgp.IPv4Unicast)) }, "whole"},
		{func() error { return w.Message(at, peer, local, bgp.AppendKeepalive(nil)) }, "alive"},
		{func() error { return w.Message(at, peer, local, withdrawn) }, "175.45.176.0/24 gone"},
		{func() error { return w.StateChange(at, peer, local, mrt.StateEstablished, mrt.StateIdle) }, "down AS4837"},
	}
	r, feed := io.Pipe()
	told := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- Follow(r, "rrc00", func(u *route.Update) {
			if u.Peer.Collector != "rrc00" || !u.At.Equal(at) {
				t.Errorf("got an update of %q at %v", u.Peer.Collector, u.At)
			}
			told <- brief(u)
		})
	}()
	for i, s := range steps {
		buf.Reset()
		if err := s.write(); err != nil {
			t.Fatal(err)
		}
		for _, b := range buf.Bytes() {
			if _, err := feed.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if s.want == "" {
			continue
		}
		if diff := cmp.Diff(<-told, s.want); diff != "" {
			t.Errorf("step %d (-got +want):\n%s", i, diff)
		}
	}
	if _, err := feed.Write(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	feed.Close()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "ends inside the header of a record") {
		t.Errorf("got %v, want an error about the end", err)
	}
	if err := Follow(strings.NewReader(""), "rrc00", nil); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}

func brief(u *route.Update) string {
	switch u.Kind {
	case route.PeerUp:
		return "up " + u.Peer.AS.String()
	case route.PeerDown:
		return "down " + u.Peer.AS.String()
	case route.EndOfRIB:
		return "whole"
	case route.Alive:
		return "alive"
	}
	if len(u.Withdrawn) > 0 {
		return fmt.Sprint(u.Withdrawn[0].Prefix, " gone")
	}
	return fmt.Sprint(u.Announced[0].Prefix, " by ", u.Path)
}
