package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
)

// What is queued for a platform that is not set up is parked after a day: what was
// there at the start at once, what comes later in its time.
func TestOutboxHomeless(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		room := func(n int) chat.Channel { return chat.Channel{Platform: "irc", Tenant: "net", ID: fmt.Sprint(n)} }
		const old = homelessBatch + 200
		update(t, s, func(tx *Tx) error {
			for n := range old {
				d := told(room(n%50), fmt.Sprint("KP-", n), 1, Root, "DOWN")
				d.Queued = time.Now().AddDate(-1, 0, 0)
				if _, err := tx.Enqueue(d); err != nil {
					return err
				}
			}
			_, err := tx.Enqueue(told(room(0), "RU-1", 1, Root, "DOWN"))
			return err
		})
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		count := func(parked, depth int) {
			t.Helper()
			if stats, err := b.Stats(); err != nil || stats.Parked != parked || stats.Depth != depth {
				t.Errorf("parked %d, waiting %d, error %v; want %d and %d", stats.Parked, stats.Depth, err, parked, depth)
			}
		}
		rest(time.Minute)
		count(old, 1)
		if n := strings.Count(b.log.String(), noPlatform); n != 1 {
			t.Errorf("the log says %d times that deliveries are parked, want once:\n%s", n, b.log)
		}
		d := state(t, s, told(room(0), "KP-0", 1, Root, ""))
		if d.State != Parked || d.Problem != "no such platform is set up" || d.SentAt.IsZero() {
			t.Errorf("the old delivery is kept as %v (%q), at %v", d.State, d.Problem, d.SentAt)
		}

		for n := range 48 {
			b.queue(t, told(room(n), fmt.Sprint("CN-", n), 1, Root, "DOWN"))
			rest(time.Hour)
		}
		// The 23 that are younger than a day wait; RU-1 and the others do not.
		count(old+1+25, 23)
		if n := strings.Count(b.log.String(), noPlatform); n != 2 && n != 3 {
			t.Errorf("the log says %d times in two days that deliveries are parked, want once a day:\n%s", n, b.log)
		}
		b.queue(t, told(newsroom, "KP-1", 1, Root, "DOWN"))
		rest(time.Minute)
		b.stop()
		if got := b.in(newsroom); len(got) != 1 || len(b.calls) != 1 {
			t.Errorf("shown %q, %d calls; want one, of the platform that is set up", b.shown, len(b.calls))
		}

		// The platform is back: what is a day old at most is posted, nothing else.
		back := &platform{}
		o := NewOutbox(s, map[string]chat.Send{"irc": back.send}, OutboxSettings{}, outboxLog(t))
		if err := o.load(); err != nil {
			t.Fatal(err)
		}
		if n := o.due.Len(); n != 23 {
			t.Errorf("%d channels have something to send, want the 23 that are younger than a day", n)
		}
	})
}
