package bot

import (
	"fmt"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// One incident of a country that a thousand channels follow: from the verdict to
// the deliveries in the store.
func BenchmarkIncidentInManyChannels(b *testing.B) {
	for _, channels := range []int{1000, 10000} {
		b.Run(fmt.Sprint(channels), func(b *testing.B) {
			s, see := newStore(b), newSky()
			if err := s.Update(func(tx *Tx) error {
				for i := range channels {
					c := chat.Channel{Platform: "slack", Tenant: fmt.Sprint("T", i/50), ID: fmt.Sprint("C", i)}
					for _, t := range []checks.Target{checks.Country("KP"), checks.Network(checks.ASN(1 + i%500))} {
						if err := tx.PutSubscription(Subscription{Channel: c, Target: t, At: day0}); err != nil {
							return err
						}
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
			bot, err := New(Config{Store: s, Resolve: checks.ParseTarget, Assess: see.assess, Follow: see.follow, Within: holders})
			if err != nil {
				b.Fatal(err)
			}
			now := day0
			step := func(wait time.Duration) {
				if err := bot.Step(now); err != nil {
					b.Fatal(err)
				}
				now = now.Add(wait)
			}
			step(time.Minute)
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				see.patch(checks.Country("KP")).set(checks.Down, now)
				step(time.Second)
				now = now.Add(3 * time.Minute)
				b.StartTimer()
				step(0) // it opens
				b.StopTimer()
				see.patch(checks.Country("KP")).set(checks.Up, now)
				for range 30 {
					step(time.Minute)
				}
				now = now.Add(24 * time.Hour)
				step(time.Minute)
				b.StartTimer()
			}
		})
	}
}
