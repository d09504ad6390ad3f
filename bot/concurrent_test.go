package bot

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Steps, commands, events, suggestions and figures at the same time: for the race
// detector, and for a store that waits for a reader that waits for the bot.
func TestEverythingAtOnce(t *testing.T) {
	see, p := newSky(), new(platform)
	s := newStore(t)
	bench := outboxOn(t, s, p, OutboxSettings{Channel: SendRate{10000, 10000}, Tenant: SendRate{10000, 10000}})
	defer bench.stop()
	b := botOn(t, s, see, func(c *Config) { c.Limits.PerMinute = 1 << 20 })
	defer b.Close()
	lines := []string{
		"outages subscribe KP", "outages subscribe AS131279 level:any", "outages unsubscribe AS131279", "outages list", "outages now",
		"isitdown KP", "outages mute KP 1h", "outages unmute", "outages digest daily 08:00", "outages digest off",
		"outages note KP-20141222-1 x", "outages why KP-20141222-1", "outages timeline KP-20141222-1",
	}
	channels := []chat.Channel{newsroom, noc, guild}
	var wg sync.WaitGroup
	for worker := range 4 {
		r := rand.New(rand.NewPCG(uint64(worker), 0))
		wg.Go(func() {
			for range 60 {
				c := channels[r.IntN(len(channels))]
				line := lines[r.IntN(len(lines))]
				err := b.Handle(t.Context(), chat.Request{Channel: c, Person: ana, Line: line}, func(chat.Reply) error { return nil })
				if err != nil {
					t.Errorf("%s: %v", line, err)
				}
				b.Complete(t.Context(), c, string(chat.SourceOwn), "")
				b.Stats()
				if r.IntN(10) == 0 {
					if err := b.Event(t.Context(), chat.Event{Kind: chat.EventKind(r.IntN(4)), Channel: c}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	now := day0
	for i := range 300 {
		now = now.Add(time.Minute)
		if i%20 == 0 {
			state := []checks.State{checks.Down, checks.Up}[i/20%2]
			see.mu.Lock()
			see.patch(checks.Country("KP")).set(state, now)
			see.patch(checks.Network(131279)).set(state, now)
			see.mu.Unlock()
		}
		if err := b.Step(now); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	keys := map[string]bool{}
	for _, d := range deliveries(t, s) {
		if keys[d.Key] {
			t.Errorf("key %s twice", d.Key)
		}
		keys[d.Key] = true
	}
	t.Log(fmt.Sprint(len(keys), " deliveries"))
}
