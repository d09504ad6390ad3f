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
	s := openBench(b, path)
	defer s.Close()
	for b.Loop() {
		for range 5 {
			for _, writers := range []int{1, 16, 256} {
				for _, way := range ways {
					name := fmt.Sprint(way.name, "-", writers, "/s")
					rates[name] = append(rates[name], writesASecond(b, writers, func(n int) error {
						return way.run(s, func(tx *Tx) error { return benchWrite(tx, n) })
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

// benchWrite changes a subscription of a channel.
func benchWrite(tx *Tx, channel int) error {
	c := benchChannel(channel % benchChannels)
	t := benchTargets(channel % benchChannels)[1+channel%(benchPerChannel-1)]
	s, _, err := tx.Subscription(c, t)
	if err != nil {
		return err
	}
	s.Channel, s.Target, s.MutedUntil = c, t, time.Now()
	return tx.PutSubscription(s)
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
