package session

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// A whole table of a million prefixes, two to a message, over TCP on loopback: read,
// decoded, counted and emitted. B/route is what counting keeps.
func BenchmarkTable(b *testing.B) {
	const prefixes = 1 << 20
	var table []byte
	for i := range prefixes / 2 {
		d := bgp.Draft{Path: kpTestPath, NextHop: theirID}
		for j := range 2 {
			var a [4]byte
			binary.BigEndian.PutUint32(a[:], uint32(1<<24+(2*i+j)<<8))
			d.Announce = append(d.Announce, bgp.NLRI{Prefix: netip.PrefixFrom(netip.AddrFrom4(a), 24)})
		}
		var err error
		if table, err = d.Append(table, bgp.Options{AS4: true}); err != nil {
			b.Fatal(err)
		}
	}
	table = bgp.AppendEndOfRIB(table, bgp.IPv4Unicast)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, err := New(Options{
			Neighbors: []Neighbor{{Name: "edge1", Address: netip.MustParsePrefix("127.0.0.1/32"), LocalAS: collectorAS, RouterID: ourID, Families: IPv4}},
			Dial: func(context.Context, *Neighbor) (net.Conn, error) {
				return net.Dial("tcp", listener.Addr().String())
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		whole, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			c.Run(ctx, func(u *route.Update) {
				if u.Kind == route.EndOfRIB {
					close(whole)
				}
			})
		}()
		conn, err := listener.Accept()
		if err != nil {
			b.Fatal(err)
		}
		in := newReader(conn)
		in.next()
		o := bgp.Open{AS: routerAS, ID: theirID, HoldTime: 90 * time.Second, AS4: true}
		conn.Write(bgp.AppendKeepalive(o.Append(nil)))
		in.next()
		b.StartTimer()
		conn.Write(table)
		<-whole
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/prefixes, "B/route")
		cancel()
		<-done
		conn.Close()
		b.StartTimer()
	}
	b.ReportMetric(prefixes*float64(b.N)/b.Elapsed().Seconds(), "prefixes/s")
}
