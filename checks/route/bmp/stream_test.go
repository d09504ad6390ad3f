package bmp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

// stream is a connection that has bytes to read and nothing else.
type stream struct {
	net.Conn
	*bytes.Reader
}

// Read reads the bytes.
func (s stream) Read(b []byte) (int, error) { return s.Reader.Read(b) }

// SetReadDeadline does nothing.
func (s stream) SetReadDeadline(time.Time) error { return nil }

// Close does nothing.
func (s stream) Close() error { return nil }

// replay lets a station read a stream to its end.
func replay(tb testing.TB, b []byte, emit func(*route.Update)) *Station {
	tb.Helper()
	s, err := New(Options{Listener: newPipes(), Routers: []Router{{Name: "edge1", Prefix: netip.MustParsePrefix(edgeAddr + "/32")}}, MaxPeers: 16})
	if err != nil {
		tb.Fatal(err)
	}
	s.emit = emit
	c := newConnection(stream{Reader: bytes.NewReader(b)}, s.routers["edge1"])
	s.open[c] = true
	s.serve(c)
	return s
}

// FuzzStation reads anything. What it passes on must make sense to whom it goes:
// routes only of sessions that are up, and all unknown at the end.
func FuzzStation(f *testing.F) {
	a, loc := newSession(1), locRIB()
	a.sent.AddPath = []bgp.AddPath{{Family: bgp.IPv6Unicast, Receive: true}}
	a.received.AddPath = []bgp.AddPath{{Family: bgp.IPv6Unicast, Send: true}}
	for _, list := range [][]wire.Message{
		{a.up(), a.announce(k1), a.end(bgp.IPv4Unicast), a.post().announce(k1), a.withdraw(k1), a.announce(k6), a.down()},
		{loc.announce(k1), a.up(), a.announce(k1, edgeAS, carrier, home), loc.withdraw(k1), a.up(), a.withdraw(k1)},
		{{Type: wire.Initiation, Info: []wire.TLV{{Type: wire.InfoSysName, Value: []byte("edge1")}}}, {Type: wire.Termination}},
	} {
		var b []byte
		for i := range list {
			b = list[i].Append(b)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		up := map[route.Peer]bool{}
		told := false
		rib := route.NewRIB(route.DefaultRules())
		s := replay(t, b, func(u *route.Update) {
			rib.Apply(u)
			switch u.Kind {
			case route.PeerUp:
				up[u.Peer], told = true, true
			case route.PeerDown:
				if !up[u.Peer] {
					t.Fatalf("%v ends and was not up", u.Peer)
				}
				delete(up, u.Peer)
			case route.Routes, route.EndOfRIB:
				if !up[u.Peer] {
					t.Fatalf("routes of %v, which is not up", u.Peer)
				}
			case route.Lost:
				clear(up)
			}
			if u.Peer.Collector != "edge1" || u.At.IsZero() {
				t.Fatalf("update of %v at %v", u.Peer, u.At)
			}
		})
		if len(up) > 0 {
			t.Fatalf("%d sessions count after the end of %v", len(up), told)
		}
		st := s.Status()
		if gaps := st.Gaps(); len(gaps) == 0 || st.Routers[0].Connected {
			t.Fatal("a router that is not connected is no gap")
		}
	})
}

// BenchmarkStation is a whole table of one session and then changes of it, read from
// memory, decoded and put into a table that one country is watched in. An operation
// is a Route Monitoring message.
func BenchmarkStation(b *testing.B) {
	const prefixes, batch = 200_000, 100_000
	rng := rand.New(rand.NewPCG(1, 2))
	s := newSession(1)
	one := func(dst []byte, i int) []byte {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(1 + i>>16), byte(i >> 8), byte(i), 0}), 24)
		d := bgp.Draft{
			Announce: []bgp.NLRI{{Prefix: p}}, NextHop: netip.MustParseAddr("192.0.2.1"), Communities: []uint32{1, 2, 3, 4},
			Path: checks.MakePath(carrier, checks.ASN(1+rng.IntN(8000)), checks.ASN(1+rng.IntN(60_000)), checks.ASN(100_000+i/8)),
		}
		if rng.IntN(10) == 0 {
			d = bgp.Draft{Withdraw: d.Announce}
		}
		m := s.update(d)
		return m.Append(dst)
	}
	up := s.up()
	table := up.Append(nil)
	for i := range prefixes {
		table = one(table, i)
	}
	var changes []byte
	for range batch {
		changes = one(changes, rng.IntN(prefixes))
	}
	rib := route.NewRIB(route.DefaultRules())
	rib.Watch(country())
	st := replay(b, nil, rib.Apply)
	c := newConnection(stream{Reader: bytes.NewReader(table)}, st.routers["edge1"])
	st.begin(c)
	st.read(c)
	b.ReportAllocs()
	b.SetBytes(int64(len(changes) / batch))
	b.ResetTimer()
	for n := b.N; n > 0; n -= batch {
		part := changes
		if n < batch {
			part = first(changes, n)
		}
		c.conn, c.reader = stream{Reader: bytes.NewReader(part)}, wire.NewReader(c)
		st.read(c)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	if got := st.Status().Routers[0]; got.Unreadable > 0 || got.Routes != uint64(prefixes+b.N) {
		b.Fatalf("status %+v", got)
	}
}

// first gives the bytes of the first n messages.
func first(b []byte, n int) []byte {
	i := 0
	for range n {
		i += int(binary.BigEndian.Uint32(b[i+1:]))
	}
	return b[:i]
}
