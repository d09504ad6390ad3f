package bot

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Requests a second of 64 people at a time, each of which is written down so that it is not
// handled twice; and digests of 1,000 channels that are due at the same minute, in seconds.
// Medians of five; the time of the benchmark says nothing.
//
//	go test ./bot -run xxx -bench RequestsAndDigests -benchtime 1x
func BenchmarkRequestsAndDigests(b *testing.B) {
	s, see := newStore(b), newSky()
	const channels = 1000
	update(b, s, func(tx *Tx) error {
		for i := range channels {
			c := chat.Channel{Platform: "slack", Tenant: fmt.Sprint("T", i/50), ID: fmt.Sprint("C", i)}
			if err := tx.PutSubscription(Subscription{Channel: c, Target: checks.Country("KP"), At: day0}); err != nil {
				return err
			}
			if err := tx.PutDigestPlan(DigestPlan{Channel: c, Hour: 8, At: day0}); err != nil {
				return err
			}
		}
		return nil
	})
	bot, err := New(Config{Store: s, Resolve: checks.ParseTarget, Assess: see.assess, Follow: see.follow, Within: holders})
	if err != nil {
		b.Fatal(err)
	}
	defer bot.Close()
	now := day0
	step := func() time.Duration {
		start := time.Now()
		if err := bot.Step(now); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	step()
	var rates, digests []float64
	for b.Loop() {
		for round := range 5 {
			rates = append(rates, requestsASecond(b, bot, round))
			now = now.Add(24 * time.Hour).Truncate(24 * time.Hour).Add(7*time.Hour + 59*time.Minute)
			step()
			now = now.Add(time.Minute)
			digests = append(digests, step().Seconds())
			delivered(b, s, channels*(round+1))
		}
	}
	slices.Sort(rates)
	slices.Sort(digests)
	b.ReportMetric(rates[len(rates)/2], "requests/s")
	b.ReportMetric(digests[len(digests)/2], "s/1000-digests")
}

// delivered notes all digests as sent, of which there are so many by now.
func delivered(b *testing.B, s *Store, want int) {
	b.Helper()
	n := 0
	update(b, s, func(tx *Tx) error {
		var list []Delivery
		for d, err := range tx.Deliveries() {
			if err != nil {
				return err
			}
			if n++; d.State == Pending {
				list = append(list, d)
			}
		}
		for _, d := range list {
			p, _, err := tx.DigestPlan(d.Channel)
			if err != nil {
				return err
			}
			d.State, d.SentAt, p.Delivered = Sent, time.Now(), d.Digest
			if err := errors.Join(tx.finish(d), tx.PutDigestPlan(p)); err != nil {
				return err
			}
		}
		return nil
	})
	if n != want {
		b.Fatalf("%d digests, want %d", n, want)
	}
}

// requestsASecond has people ask for a second.
func requestsASecond(b *testing.B, bot *Bot, round int) float64 {
	b.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for who := range 64 {
		wg.Go(func() {
			for n := 0; time.Since(start) < time.Second; n++ {
				r := chat.Request{
					ID: fmt.Sprint(round, ".", who, ".", n), Line: "outages list",
					Channel: chat.Channel{Platform: "slack", Tenant: "T1", ID: fmt.Sprint("C", 50+n%50)},
					Person:  chat.Person{ID: fmt.Sprint("U", round, ".", who, ".", n/20)},
				}
				if err := bot.Handle(b.Context(), r, func(chat.Reply) error { return nil }); err != nil {
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
