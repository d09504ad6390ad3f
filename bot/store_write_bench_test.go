package bot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"isitdown/bot/chat"
)

// Durable writes a second in a file of 100,000 subscriptions, each the change of one of
// them that is on the disk when it returns: with one transaction each, with bbolt's Batch,
// and with shared transactions, in turns in the same run, five rounds of a second each. It
// prints the medians; its own time says nothing.
//
//	go test ./bot -run xxx -bench Writers -benchtime 1x
func BenchmarkWriters(b *testing.B) {
	path := benchStore(b)
	ways := []struct {
		name string
		run  func(s *Store, f func(tx *Tx) error) error
	}{
		{"each", func(s *Store, f func(tx *Tx) error) error { return s.db.Update(bare(s, f)) }},
		{"batch", func(s *Store, f func(tx *Tx) error) error { return s.db.Batch(bare(s, f)) }},
		{"shared", func(s *Store, f func(tx *Tx) error) error { return s.Update(f) }},
	}
	rates := make(map[string][]float64)
	list := benchWrites()
	s := openBench(b, path)
	defer s.Close()
	for b.Loop() {
		for range 5 {
			for _, writers := range []int{1, 16, 256} {
				for _, way := range ways {
					name := fmt.Sprint(way.name, "-", writers, "/s")
					rates[name] = append(rates[name], writesASecond(b, writers, func(n int) error {
						return way.run(s, func(tx *Tx) error { return tx.PutSubscription(list[n%len(list)]) })
					}))
				}
			}
		}
	}
	for name, r := range rates {
		slices.Sort(r)
		b.ReportMetric(r[len(r)/2], name)
	}
}

// bare makes a function of ours one of bbolt's.
func bare(s *Store, f func(tx *Tx) error) func(*bbolt.Tx) error {
	return func(inner *bbolt.Tx) error { return f(&Tx{s: s, tx: inner, in: &batch{s: s}}) }
}

// benchWrites gives the changes: each mutes a subscription of the installation anew.
func benchWrites() []Subscription {
	list := make([]Subscription, 1<<14)
	for i := range list {
		n := rand.IntN(benchChannels)
		list[i] = Subscription{
			Channel: benchChannel(n), Target: benchTargets(n)[1+rand.IntN(benchPerChannel-1)],
			Quiet: chat.Hours{From: 22, To: 7}, Zone: "Asia/Seoul", By: chat.Person{ID: "U012AB3CD", Name: "Jo Doe"},
			At: time.Unix(1e9, 0), MutedUntil: time.Unix(2e9+int64(i), 0),
		}
	}
	return list
}

// writesASecond has writers write for a second.
func writesASecond(b *testing.B, writers int, write func(n int) error) float64 {
	b.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range writers {
		wg.Go(func() {
			for time.Since(start) < time.Second {
				if err := write(rand.IntN(1 << 30)); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}
