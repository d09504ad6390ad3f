package bot

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot/chat"
)

// A workspace of Slack has one message under way at a time, however many of its
// channels have something to say; workspaces and Discord do not wait for it.
func TestTurnsOfATenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		under, most, sent := map[string]int{}, map[string]int{}, 0
		send := func(_ context.Context, o chat.Outgoing) (chat.Posted, error) {
			tenant := tenantOf(o.Channel)
			mu.Lock()
			under[tenant]++
			most[tenant] = max(most[tenant], under[tenant])
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			under[tenant]--
			sent++
			if sent%7 == 0 { // who fails must not keep the turn
				return chat.Posted{}, &chat.Refusal{Trouble: chat.NotSent}
			}
			return chat.Posted{Channel: o.Channel, ID: fmt.Sprint(sent)}, nil
		}
		s := newStore(t)
		fast := SendRate{PerSecond: 1e6, Burst: 1e6}
		o := NewOutbox(s, map[string]chat.Send{"slack": send, "discord": send}, OutboxSettings{Channel: fast, Tenant: fast}, outboxLog(t))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var run sync.WaitGroup
		run.Go(func() {
			if err := o.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		const channels = 6
		var list []Delivery
		for n := range channels {
			for _, c := range []chat.Channel{
				{Platform: "slack", Tenant: "T1", ID: fmt.Sprint("A", n)},
				{Platform: "slack", Tenant: "T2", ID: fmt.Sprint("B", n)},
				{Platform: "discord", Tenant: "G", ID: fmt.Sprint(n)},
			} {
				list = append(list, told(c, "KP-1", 1, Root, "DOWN"), told(c, "KP-1", 2, Reply, "UP"))
			}
		}
		update(t, s, func(tx *Tx) error {
			for _, d := range list {
				if _, err := tx.Enqueue(d); err != nil {
					return err
				}
			}
			return nil
		})
		rest(time.Minute)
		stats, err := o.Stats()
		if err != nil || stats.Depth != 0 {
			t.Errorf("%d deliveries wait after a minute (%v), want none", stats.Depth, err)
		}
		for tenant, want := range map[string]int{"slack/T1": 1, "slack/T2": 1, "discord/G": channels} {
			if most[tenant] != want {
				t.Errorf("%s had %d calls under way, want %d", tenant, most[tenant], want)
			}
		}
		cancel()
		run.Wait()
	})
}

// A lane that has nothing left to say when its turn comes passes it on.
func TestTurnsAreNotKeptByTheEmpty(t *testing.T) {
	x := newTurns(map[string]bool{"slack": true})
	lanes := make([]*lane, 3)
	for n := range lanes {
		lanes[n] = &lane{channel: chat.Channel{Platform: "slack", Tenant: "T1", ID: fmt.Sprint(n)}, index: -1}
	}
	if !x.take(lanes[0]) || x.take(lanes[1]) || x.take(lanes[2]) {
		t.Fatal("want the turn for the first alone")
	}
	o := &Outbox{turns: x, send: map[string]chat.Send{"slack": nil}}
	o.send["slack"] = func(context.Context, chat.Outgoing) (chat.Posted, error) { return chat.Posted{}, nil }
	lanes[2].waiting = []route{{seq: 1}}
	o.yield(lanes[0])
	if lanes[1].index >= 0 || lanes[2].index < 0 {
		t.Errorf("got places %d and %d, want the third lane in the queue and the second, which is empty, not", lanes[1].index, lanes[2].index)
	}
}
