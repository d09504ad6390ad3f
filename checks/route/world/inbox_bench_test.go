package world

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"isitdown/checks"
	"isitdown/checks/route"
)

// BenchmarkInbox is what an update costs between a feed and the table: two routes of one of
// 1,500 sessions with a path of five hops, in and out.
func BenchmarkInbox(b *testing.B) {
	updates := make([]route.Update, 1500)
	for i := range updates {
		u := *message([]string{"rrc00", "rrc01", "rrc03", "rrc23"}[i%4], i, begin)
		u.Peer.Addr, u.Peer.AS = netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}), checks.ASN(64500+i%600)
		u.Announced = append(u.Announced, u.Announced[0])
		u.Path = append([]byte{2, 5}, make([]byte, 20)...)
		updates[i] = u
	}
	box := NewInbox(InboxOptions{})
	ctx, cancel := context.WithCancel(b.Context())
	var seen atomic.Int64
	var done sync.WaitGroup
	done.Go(func() {
		box.Run(ctx, func(list []route.Update) {
			if seen.Add(int64(len(list))) == int64(b.N) {
				cancel()
			}
		})
	})
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if box.Wait(ctx, &updates[i%len(updates)]) != nil {
			b.Fatal("it ended early")
		}
	}
	done.Wait()
	b.ReportMetric(float64(box.Stats().Deepest)/(1<<20), "MiB-deepest")
}
