package world

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// begin is when the tests' time begins.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// compareUpdates compares what updates say.
var compareUpdates = cmp.Options{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func drawPrefix(t *rapid.T) netip.Prefix {
	if rapid.Bool().Draw(t, "ipv6") {
		var a [16]byte
		copy(a[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))
		return netip.PrefixFrom(netip.AddrFrom16(a), rapid.IntRange(0, 128).Draw(t, "bits")).Masked()
	}
	var a [4]byte
	copy(a[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
	return netip.PrefixFrom(netip.AddrFrom4(a), rapid.IntRange(0, 32).Draw(t, "bits")).Masked()
}

func drawPeer(t *rapid.T) route.Peer {
	return route.Peer{
		Collector: rapid.SampledFrom([]string{"rrc00", "rrc01", "edge 1"}).Draw(t, "collector"),
		Addr:      drawPrefix(t).Addr(), AS: checks.ASN(rapid.Uint32().Draw(t, "as")),
	}
}

func drawRoutes(t *rapid.T) (list []route.NLRI) {
	for range rapid.IntRange(0, 5).Draw(t, "routes") {
		list = append(list, route.NLRI{Prefix: drawPrefix(t), PathID: rapid.SampledFrom([]uint32{0, 0, 1, 1 << 31}).Draw(t, "path id")})
	}
	return list
}

func drawPath(t *rapid.T) bgp.RawPath { return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "path") }

func drawUpdate(t *rapid.T) route.Update {
	u := route.Update{
		Kind: route.Kind(rapid.IntRange(int(route.Routes), int(route.Alive)).Draw(t, "kind")), Peer: drawPeer(t),
		Announced: drawRoutes(t), Withdrawn: drawRoutes(t), Path: drawPath(t),
	}
	if rapid.Bool().Draw(t, "timed") {
		u.At = begin.Add(time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, "at")))
	}
	if u.Kind == route.Routes {
		return u
	}
	u.Family = rapid.SampledFrom([]bgp.Family{{}, bgp.IPv4Unicast, bgp.IPv6Unicast}).Draw(t, "family")
	u.Dump = rapid.IntRange(0, 1<<31).Draw(t, "dump")
	u.Size = [2]int{rapid.IntRange(0, 1<<40).Draw(t, "ipv4"), rapid.IntRange(0, 1<<20).Draw(t, "ipv6")}
	u.Refresh, u.NotInside, u.NotOver = rapid.Bool().Draw(t, "refresh"), rapid.Bool().Draw(t, "inside"), rapid.Bool().Draw(t, "over")
	if u.Kind == route.Table {
		u.Prefix = drawPrefix(t)
		for range rapid.IntRange(0, 4).Draw(t, "entries") {
			u.Entries = append(u.Entries, route.Entry{Peer: drawPeer(t), Path: drawPath(t), PathID: rapid.Uint32().Draw(t, "path id")})
		}
	}
	return u
}

// What waits is what came.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var peers peerBook
		var r records
		var want []route.Update
		for range rapid.IntRange(1, 8).Draw(t, "updates") {
			u := drawUpdate(t)
			before := len(r.b)
			r.b = appendRecord(r.b, &u, &peers)
			if got, most := len(r.b)-before, recordSize(&u); got > most {
				t.Fatalf("an update takes %d bytes, at most %d were announced", got, most)
			}
			want = append(want, u)
		}
		r.peers = peers.list
		if diff := cmp.Diff(want, r.next(), compareUpdates); diff != "" {
			t.Errorf("what waited is not what came (-came +read):\n%s", diff)
		}
		if list := r.next(); len(list) > 0 {
			t.Errorf("got %d updates more", len(list))
		}
	})
}

// message is a made-up update: n tells it from others.
func message(collector string, n int, at time.Time) *route.Update {
	return &route.Update{
		Kind: route.Routes, At: at, Peer: route.Peer{Collector: collector, Addr: netip.MustParseAddr("192.0.2.1"), AS: 64500},
		Announced: []route.NLRI{{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 32)}},
		Path:      []byte{2, 1, 0, 0, 0xfb, 0xf4},
	}
}

// number is what message was given.
func number(u *route.Update) int {
	a := u.Announced[0].Prefix.Addr().As4()
	return int(a[1])<<16 | int(a[2])<<8 | int(a[3])
}

// Sessions have one number each, however they share places.
func TestPeerBook(t *testing.T) {
	var book peerBook
	numbers := map[uint32]route.Peer{}
	for round := range 2 {
		for i := range 20_000 {
			p := route.Peer{
				Collector: fmt.Sprintf("rrc%02d", i%23), AS: checks.ASN(64500 + i%1000),
				Addr: netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}),
			}
			n := book.number(&p)
			if have, ok := numbers[n]; ok != (round == 1) || ok && have != p {
				t.Fatalf("%v has number %d, which is that of %v", p, n, have)
			}
			numbers[n] = p
			if book.list[n] != p {
				t.Fatalf("number %d is %v, want %v", n, book.list[n], p)
			}
		}
	}
}

// An update costs no memory once there is room.
func TestInboxAllocates(t *testing.T) {
	b := NewInbox(InboxOptions{})
	var r records
	u := message("rrc00", 1, begin)
	round := func() {
		for range 1000 {
			b.Put(u)
		}
		for c := b.take(&r); c != nil; c = b.take(&r) {
			for list := r.next(); len(list) > 0; list = r.next() {
				b.applied(list)
			}
			b.done(c)
		}
	}
	round()
	if n := testing.AllocsPerRun(20, round); n > 4 {
		t.Errorf("a thousand updates cost %v allocations, want next to none", n)
	}
}
