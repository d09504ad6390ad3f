package bot

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Each trouble of the first calls, and what the channel has seen in the end.
func TestOutboxTrouble(t *testing.T) {
	thread := []Delivery{
		told(newsroom, "KP-1", 1, Root, "DOWN"), told(newsroom, "KP-1", 2, Reply, "news"), told(newsroom, "KP-1", 2, Edit, "DOWN 2"),
		told(newsroom, "KP-1", 3, Announce, "BACK"),
	}
	whole := []string{"C1 new 1: DOWN", "C1 in 1: news", "C1 edit 1: DOWN 2", "C1 announced in 1: BACK"}
	tests := []struct {
		name   string
		answer func(n int, o chat.Outgoing) (error, bool)
		want   []string
	}{
		{"not sent", nth(refuse(chat.NotSent), 1, 2, 3, 5, 7), whole},
		{"rate limited", nth(&chat.Refusal{Trouble: chat.RateLimited, RetryAfter: 20 * time.Second}, 1, 3), whole},
		{
			"unclear and not shown", nth(refuse(chat.Unclear), 2, 4),
			[]string{"C1 new 1: DOWN", "C1 in 1: news (repeat)", "C1 edit 1: DOWN 2", "C1 announced in 1: BACK"},
		},
		{
			"unclear but shown",
			func(n int, _ chat.Outgoing) (error, bool) {
				if n == 1 || n == 2 {
					return errors.New("EOF"), true
				}
				return nil, true
			},
			[]string{"C1 new 1: DOWN", "C1 new 2: DOWN (repeat)", "C1 new 3: DOWN (repeat)", "C1 in 3: news", "C1 edit 3: DOWN 2", "C1 announced in 3: BACK"},
		},
		{
			"too long", nth(refuse(chat.TooLong), 2),
			[]string{"C1 new 1: DOWN", "C1 in 1: news (short)", "C1 edit 1: DOWN 2", "C1 announced in 1: BACK"},
		},
		{
			"root lost before a reply", nth(refuse(chat.RootLost), 2),
			[]string{"C1 new 1: DOWN", "C1 new 2: DOWN 2", "C1 in 2: news", "C1 edit 2: DOWN 2", "C1 announced in 2: BACK"},
		},
		{
			"root lost before an edit", nth(refuse(chat.RootLost), 3),
			[]string{"C1 new 1: DOWN", "C1 in 1: news", "C1 new 3: DOWN 2", "C1 announced in 3: BACK"},
		},
		{
			"root lost, and its heir unclear",
			func(n int, _ chat.Outgoing) (error, bool) {
				switch n {
				case 2:
					return refuse(chat.RootLost), false
				case 3:
					return refuse(chat.Unclear), true
				}
				return nil, true
			},
			[]string{
				"C1 new 1: DOWN", "C1 new 2: DOWN 2", "C1 new 3: DOWN 2 (repeat)", "C1 in 3: news", "C1 edit 3: DOWN 2",
				"C1 announced in 3: BACK",
			},
		},
		{
			"edits spent, a reply tells the same", nth(refuse(chat.EditsSpent), 3),
			[]string{"C1 new 1: DOWN", "C1 in 1: news", "C1 announced in 1: BACK"},
		},
		{"root parked", func(n int, o chat.Outgoing) (error, bool) {
			if o.Thread == "" && o.Edit == "" && o.Message.Headline == "DOWN" {
				return refuse(chat.Unclear), false
			}
			return nil, true
		}, []string{"C1 new 1: DOWN 2", "C1 in 1: news", "C1 edit 1: DOWN 2", "C1 announced in 1: BACK"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				b := outboxOn(t, s, &platform{answer: tt.answer}, OutboxSettings{Doubts: 4})
				b.queue(t, thread...)
				rest(4 * time.Minute) // not late yet
				b.stop()
				if diff := cmp.Diff(tt.want, b.shown); diff != "" {
					t.Errorf("shown (-want +got):\n%s", diff)
				}
				stats, err := b.Stats()
				if err != nil || stats.Depth > 0 {
					t.Errorf("%d deliveries are left, error %v", stats.Depth, err)
				}
			})
		})
	}
}

// Facts that only an edit tells are not dropped with it.
func TestOutboxEditsSpentAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := outboxOn(t, s, &platform{answer: nth(refuse(chat.EditsSpent), 2)}, OutboxSettings{})
		b.queue(t, told(newsroom, "KP-1", 1, Root, "DOWN"), told(newsroom, "KP-1", 2, Edit, "quiet news"))
		rest(time.Minute)
		b.stop()
		if diff := cmp.Diff([]string{"C1 new 1: DOWN", "C1 in 1: quiet news"}, b.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		if d := state(t, s, told(newsroom, "KP-1", 2, Edit, "")); d.State != Skipped || !strings.Contains(d.Problem, "sent as a reply") {
			t.Errorf("the edit is %v (%s), want skipped", d.State, d.Problem)
		}
	})
}

func TestOutboxNewerEdit(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		b.queue(t,
			told(newsroom, "KP-1", 1, Root, "DOWN"), told(newsroom, "KP-1", 2, Edit, "two"), told(newsroom, "RU-1", 2, Edit, "other"),
			told(newsroom, "KP-1", 3, Reply, "three"), told(newsroom, "KP-1", 3, Edit, "three, root"),
		)
		rest(time.Minute)
		b.stop()
		want := []string{"C1 new 1: DOWN", "C1 new 2: other", "C1 in 1: three", "C1 edit 1: three, root"}
		if diff := cmp.Diff(want, b.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		if d := state(t, s, told(newsroom, "KP-1", 2, Edit, "")); d.State != Skipped || d.Problem == "" {
			t.Errorf("the older edit is %v (%q), want skipped with a reason", d.State, d.Problem)
		}
	})
}

// subscribe gives channels a subscription each.
func subscribe(t *testing.T, s *Store, list ...chat.Channel) {
	t.Helper()
	update(t, s, func(tx *Tx) error {
		for _, c := range list {
			if err := tx.PutSubscription(Subscription{Channel: c, Target: checks.Country("KP")}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOutboxChannelLost(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		subscribe(t, s, newsroom, noc)
		lost := true
		p := &platform{answer: func(_ int, o chat.Outgoing) (error, bool) {
			if lost && o.Channel == newsroom {
				return &chat.Refusal{Trouble: chat.Forbidden, Say: "/invite @isitdown and run this again", Err: errors.New("not_in_channel")}, false
			}
			return nil, true
		}}
		var parked []string
		b := outboxOn(t, s, p, OutboxSettings{Parked: func(d Delivery) { parked = append(parked, d.Message.Headline) }})
		b.queue(t, told(newsroom, "KP-1", 1, Root, "DOWN"), told(newsroom, "KP-1", 2, Reply, "news"), told(noc, "KP-1", 1, Root, "DOWN"))
		rest(time.Minute)
		b.queue(t, told(newsroom, "KP-1", 3, Announce, "BACK"))
		rest(time.Minute)

		if diff := cmp.Diff([]string{"DOWN", "news", "BACK"}, parked); diff != "" {
			t.Errorf("parked (-want +got):\n%s", diff)
		}
		want := []string{
			"C2 new 1: DOWN",
			"C2 new 2: Not delivered: a notice for another channel here |  Channel C1 did not get what it subscribed to. | To do there " +
				"/invite @isitdown and run this again |  What waits for it is kept. This is said at most once a day.",
		}
		if diff := cmp.Diff(want, b.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		if got := s.Subscribers(checks.Country("KP")); got[0].Suspended != "/invite @isitdown and run this again" || got[1].Suspended != "" {
			t.Errorf("suspended: %q and %q, want the first alone", got[0].Suspended, got[1].Suspended)
		}
		if log := b.log.String(); strings.Count(log, "deliveries are parked") != 2 || !strings.Contains(log, "not_in_channel") {
			t.Errorf("the operator reads\n%s", log)
		}

		lost = false
		rest(10 * time.Minute)
		b.shown = nil
		update(t, s, func(tx *Tx) error {
			if n, err := tx.ResumeChannel(newsroom, time.Now().Add(-time.Hour)); err != nil || n != 3 {
				return fmt.Errorf("taken up again: %d, %w", n, err)
			}
			return nil
		})
		rest(time.Minute)
		b.stop()
		want = []string{"C1 new 3: DOWN", "C1 in 3: news", "C1 announced in 3: BACK"}
		for i := range want {
			minute := "00:00"
			if i == 2 {
				minute = "00:01"
			}
			want[i] += " | Late queued " + minute + " UTC, delivered 00:12 UTC: isitdown could not post here"
		}
		if diff := cmp.Diff(want, b.shown); diff != "" {
			t.Errorf("shown after the channel is back (-want +got):\n%s", diff)
		}
		if got := s.Subscribers(checks.Country("KP")); got[0].Suspended != "" {
			t.Errorf("still suspended: %q", got[0].Suspended)
		}
	})
}

func TestOutboxTenantLost(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		elsewhere := chat.Channel{Platform: "slack", Tenant: "T2", ID: "C9"}
		subscribe(t, s, newsroom, noc, elsewhere)
		b := outboxOn(t, s, &platform{answer: nth(refuse(chat.TenantLost), 1)}, OutboxSettings{Workers: 1})
		b.queue(t,
			told(newsroom, "KP-1", 1, Root, "one"), told(newsroom, "KP-1", 2, Reply, "two"), told(noc, "KP-1", 1, Root, "three"),
			told(elsewhere, "KP-1", 1, Root, "four"),
		)
		rest(time.Minute)
		b.queue(t, told(noc, "KP-1", 2, Reply, "five"))
		rest(time.Minute)
		if diff := cmp.Diff([]string{"C9 new 1: four"}, b.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		stats, err := b.Stats()
		if err != nil || stats.Parked != 4 || stats.Depth != 0 {
			t.Errorf("parked %d, waiting %d, error %v; want 4 and 0", stats.Parked, stats.Depth, err)
		}
		view(t, s, func(tx *Tx) error {
			if got, ok, err := tx.Tenant("slack", "T1"); !ok || err != nil || !strings.Contains(got.Stopped, "the_platforms_word") {
				t.Errorf("the tenant is %+v, %v, %v; want it stopped", got, ok, err)
			}
			return nil
		})
		update(t, s, func(tx *Tx) error {
			_, err := tx.ResumeTenant("slack", "T1", time.Time{})
			return err
		})
		rest(time.Minute)
		if len(b.shown) != 5 {
			t.Errorf("after it is back %d messages are shown, want 5: %q", len(b.shown), b.shown)
		}
	})
}

func TestOutboxGivesUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		p := &platform{answer: func(_ int, o chat.Outgoing) (error, bool) {
			switch o.Message.Headline {
			case "never":
				return refuse(chat.NotSent), false
			case "doubtful":
				return refuse(chat.Unclear), false
			case "far too long":
				return refuse(chat.TooLong), false
			case "panics":
				panic("a client's bug")
			}
			return nil, true
		}}
		b := outboxOn(t, s, p, OutboxSettings{})
		b.queue(t,
			told(newsroom, "KP-1", 1, Root, "far too long"), told(newsroom, "KP-2", 1, Root, "doubtful"), told(newsroom, "KP-3", 1, Root, "panics"),
			told(newsroom, "KP-4", 1, Root, "never"), told(newsroom, "KP-5", 1, Root, "fine"),
		)
		rest(25 * time.Hour)
		b.stop()
		for i, want := range []struct {
			attempts int
			state    DeliveryState
		}{{2, Parked}, {8, Parked}, {8, Parked}, {0, Parked}, {1, Sent}} {
			d := state(t, s, told(newsroom, fmt.Sprint("KP-", i+1), 1, Root, ""))
			if d.State != want.state || want.attempts > 0 && d.Attempts != want.attempts {
				t.Errorf("%q is %v after %d attempts, want %v after %d", d.Message.Headline, d.State, d.Attempts, want.state, want.attempts)
			}
		}
		// A day at five minutes each is 288; jitter takes up to half of a pause.
		if d := state(t, s, told(newsroom, "KP-4", 1, Root, "")); d.Attempts < 280 || d.Attempts > 600 {
			t.Errorf("%d attempts in a day, want some 400", d.Attempts)
		}
	})
}

// After a restart a tenant that was stopped is tried again, for there may be a new
// token; one that has removed the bot is not.
func TestOutboxTriesTenants(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		gone := chat.Channel{Platform: "slack", Tenant: "T2", ID: "C9"}
		subscribe(t, s, newsroom, gone)
		p := &platform{answer: nth(refuse(chat.TenantLost), 1, 2)}
		b := outboxOn(t, s, p, OutboxSettings{})
		b.queue(t, told(newsroom, "KP-1", 1, Root, "one"), told(gone, "KP-1", 1, Root, "two"))
		rest(time.Minute)
		b.stop()
		update(t, s, func(tx *Tx) error { return tx.SuspendChannel(gone, "the app was removed") })
		b = outboxOn(t, s, p, OutboxSettings{})
		rest(time.Minute)
		b.stop()
		if diff := cmp.Diff([]string{"C1 new 1: one"}, p.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		view(t, s, func(tx *Tx) error {
			list, err := tx.Tenants()
			if len(list) != 2 || list[0].Stopped != "" || list[1].Stopped == "" {
				t.Errorf("the tenants are %+v, want the second stopped alone", list)
			}
			return err
		})
	})
}

// A bot's token that is refused stops no guild: they all wait for a new one.
func TestOutboxTokenRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := outboxOn(t, s, &platform{answer: nth(&chat.Refusal{Trouble: chat.TenantLost, Whole: true}, 1, 2)}, OutboxSettings{})
		b.queue(t, told(guild, "KP-1", 1, Root, "DOWN"))
		rest(time.Second)
		b.queue(t, told(chat.Channel{Platform: "discord", Tenant: "G2", ID: "8"}, "KP-1", 1, Root, "DOWN"))
		rest(time.Hour)
		b.stop()
		if len(b.calls) != 4 || len(b.shown) != 2 || b.at[1].Sub(b.at[0]) != 5*time.Minute {
			t.Errorf("%d calls at %v, shown %q; want two that wait five minutes each and two that are shown", len(b.calls), b.at, b.shown)
		}
		view(t, s, func(tx *Tx) error {
			list, err := tx.Tenants()
			if len(list) > 0 {
				t.Errorf("stopped: %v, want none", list)
			}
			return err
		})
	})
}
