package bot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
)

// died leaves deliveries as a program does that dies while it sends them.
func died(t *testing.T, s *Store, list ...Delivery) {
	t.Helper()
	update(t, s, func(tx *Tx) error {
		for _, d := range list {
			if _, err := tx.Enqueue(d); err != nil {
				return err
			}
			d, _, err := tx.Delivery(DeliveryKey(d.Channel, d.Incident, d.Revision, d.Op))
			if err != nil {
				return err
			}
			d.State, d.Attempts, d.Tried = Sending, 1, time.Now()
			if err := tx.putProgress(d); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOutboxAfterCrash(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		update(t, s, func(tx *Tx) error {
			return tx.putThread(Thread{Channel: noc, Incident: "KP-1", Root: "77"})
		})
		died(t, s, told(newsroom, "KP-1", 1, Root, "DOWN"), told(noc, "KP-1", 2, Edit, "DOWN 2"), told(guild, "KP-1", 2, Edit, "no root"))
		when := time.Now()
		rest(time.Minute)
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		rest(time.Minute)
		b.stop()
		for c, want := range map[chat.Channel]string{
			newsroom: "DOWN (repeat)", noc: "C2 edit 77: DOWN 2", guild: "no root (repeat)",
		} {
			if got := b.in(c); len(got) != 1 || !strings.HasSuffix(got[0], want) {
				t.Errorf("%v: shown %q, want one %q", c, got, want)
			}
		}
		for _, o := range b.calls {
			if want := o.Edit == ""; o.Repeat != want || o.Tried.Equal(when) != want {
				t.Errorf("%v: repeat %v, first tried %v; want %v, %v", o.Channel, o.Repeat, o.Tried, want, when)
			}
		}
	})
}

// A message on which the program dies each time does not keep it from living.
func TestOutboxPoison(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		died(t, s, told(newsroom, "KP-1", 1, Root, "DOWN"))
		tries := 0
		for range 10 {
			o := NewOutbox(s, map[string]chat.Send{"slack": nil}, OutboxSettings{}, outboxLog(t))
			o.send["slack"] = func(context.Context, chat.Outgoing) (chat.Posted, error) { return chat.Posted{}, nil }
			if err := o.load(); err != nil {
				t.Fatal(err)
			}
			jobs, err := o.turn(time.Now(), 1)
			if err != nil {
				t.Fatal(err)
			}
			tries += len(jobs)
		}
		if d := state(t, s, told(newsroom, "KP-1", 1, Root, "")); d.State != Parked || tries != 7 {
			t.Errorf("after %d crashes it is %v, want 7 and parked", tries, d.State)
		}
	})
}

// Calls under way at the end of the program are given the grace to end, and are
// not lost if they do not.
func TestOutboxGrace(t *testing.T) {
	for _, takes := range []time.Duration{5 * time.Second, time.Minute} {
		t.Run(takes.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				send := func(ctx context.Context, o chat.Outgoing) (chat.Posted, error) {
					select {
					case <-time.After(takes):
						return chat.Posted{Channel: o.Channel, ID: "1"}, nil
					case <-ctx.Done():
						return chat.Posted{}, &chat.Refusal{Trouble: chat.Unclear, Err: ctx.Err()}
					}
				}
				o := NewOutbox(s, map[string]chat.Send{"slack": send}, OutboxSettings{Timeout: 2 * time.Minute}, outboxLog(t))
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- o.Run(ctx) }()
				update(t, s, func(tx *Tx) error {
					_, err := tx.Enqueue(told(newsroom, "KP-1", 1, Root, "DOWN"))
					if err == nil {
						_, err = tx.Enqueue(told(newsroom, "KP-1", 2, Reply, "more"))
					}
					return err
				})
				rest(time.Second)
				start := time.Now()
				cancel()
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				took := time.Since(start)
				d := state(t, s, told(newsroom, "KP-1", 1, Root, ""))
				switch {
				case takes < 10*time.Second && (d.State != Sent || took != 4*time.Second):
					t.Errorf("ended after %v with the delivery %v, want 4s and sent", took, d.State)
				case takes > 10*time.Second && (d.State != Pending || !d.Unsure || took != 10*time.Second):
					t.Errorf("ended after %v with the delivery %v (unsure %v), want 10s, pending and unsure", took, d.State, d.Unsure)
				}
				if d := state(t, s, told(newsroom, "KP-1", 2, Reply, "")); d.State != Pending || d.Attempts != 0 {
					t.Errorf("the next is %v after %d attempts, want untouched", d.State, d.Attempts)
				}
			})
		})
	}
}

func TestOutboxLate(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		when := time.Now()
		fresh, old := told(newsroom, "KP-1", 1, Root, "A"), told(newsroom, "KP-1", 2, Reply, "B")
		fresh.Observed, old.Observed = when.Add(-2*time.Minute), when.AddDate(-10, 0, 0)
		b := outboxOn(t, s, &platform{answer: nth(&chat.Refusal{Trouble: chat.NotSent, RetryAfter: 27 * time.Minute}, 1)}, OutboxSettings{})
		b.queue(t, fresh, old)
		rest(time.Hour)
		b.stop()
		want := []string{
			"C1 new 1: A | Late observed 31 Dec 23:58 UTC, delivered 1 Jan 00:27 UTC: Slack was unavailable",
			"C1 in 1: B | Late queued 00:00 UTC, delivered 00:27 UTC: isitdown was not running, or had much to send",
		}
		if diff := cmp.Diff(want, b.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
	})
}

func TestOutboxChart(t *testing.T) {
	data := &chart.Data{Title: "North Korea", Unit: "IPv4 prefixes"}
	for name, tt := range map[string]struct {
		draw func(chart.Data) ([]byte, error)
		want string
	}{
		"drawn":  {func(d chart.Data) ([]byte, error) { return []byte(d.Title), nil }, "North Korea"},
		"failed": {func(chart.Data) ([]byte, error) { return nil, errors.New("no font") }, ""},
		"panics": {func(chart.Data) ([]byte, error) { panic("no font") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				b := outboxOn(t, s, &platform{answer: nth(refuse(chat.TooLong), 2)}, OutboxSettings{Draw: tt.draw})
				root, reply := told(newsroom, "KP-1", 1, Root, "DOWN"), told(newsroom, "KP-1", 1, Reply, "chart")
				reply.Chart = data
				b.queue(t, root, reply)
				rest(time.Minute)
				b.stop()
				if len(b.shown) != 2 {
					t.Fatalf("shown %q, want two messages", b.shown)
				}
				switch p := b.calls[1].Picture; {
				case tt.want == "" && p != nil, tt.want != "" && (p == nil || string(p.PNG) != tt.want || p.Alt == "" || p.Name != "KP-1.png"):
					t.Errorf("the picture is %+v, want %q", p, tt.want)
				}
				if b.calls[0].Picture != nil || b.calls[2].Picture != nil {
					t.Error("a picture goes with the root, or with the short form")
				}
			})
		})
	}
}

func TestOutboxDigest(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		end := time.Date(2014, 12, 23, 8, 0, 0, 0, time.UTC)
		update(t, s, func(tx *Tx) error {
			return tx.PutDigestPlan(DigestPlan{Channel: newsroom, Hour: 8, Delivered: end.AddDate(0, 0, -1)})
		})
		delivered := func() time.Time {
			var p DigestPlan
			view(t, s, func(tx *Tx) (err error) {
				p, _, err = tx.DigestPlan(newsroom)
				return err
			})
			return p.Delivered
		}
		b := outboxOn(t, s, &platform{answer: nth(refuse(chat.NotSent), 1, 2)}, OutboxSettings{Wait: time.Minute})
		b.queue(t, Delivery{Key: "digest/1", Channel: newsroom, Digest: end, Message: chat.Message{Headline: "DIGEST"}})
		rest(time.Second)
		if got := delivered(); got.Equal(end) {
			t.Error("a digest that was not sent counts as delivered")
		}
		rest(time.Hour)
		b.stop()
		if got := delivered(); !got.Equal(end) {
			t.Errorf("the next window begins at %v, want %v", got, end)
		}
	})
}

// What is queued for a platform that is not set up waits for it.
func TestOutboxWithoutPlatform(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		matrix := chat.Channel{Platform: "matrix", Tenant: "m", ID: "1"}
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		for i := range 3 {
			b.queue(t, told(matrix, fmt.Sprint("KP-", i), 1, Root, "DOWN"))
		}
		rest(2 * time.Minute)
		b.stop()
		stats, err := b.Stats()
		if err != nil || stats.Depth != 3 || time.Since(stats.Oldest) != 2*time.Minute || len(b.calls) > 0 {
			t.Errorf("%d wait since %v, error %v, %d calls; want 3 for two minutes and none", stats.Depth, stats.Oldest, err, len(b.calls))
		}
		if n := strings.Count(b.log.String(), "not set up"); n != 1 {
			t.Errorf("the operator is told %d times, want once", n)
		}
	})
}

// What the store could not take is written down when it can again: a message that
// was shown is not shown twice for it.
func TestOutboxStoreFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "isitdown.db")
	s, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error {
		_, err := tx.Enqueue(told(newsroom, "KP-1", 1, Root, "DOWN"))
		return err
	})
	p := &platform{}
	o := NewOutbox(s, map[string]chat.Send{"slack": p.send}, OutboxSettings{}, outboxLog(t))
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	jobs, err := o.turn(time.Now(), 1)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d calls, %v; want one", len(jobs), err)
	}
	o.flying++
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.landed(o.call(t.Context(), jobs[0]))
	if _, err := o.turn(time.Now(), 1); err == nil {
		t.Fatal("a store that is closed took what was sent")
	}
	again, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	s.db = again.db
	if jobs, err := o.turn(time.Now(), 1); err != nil || len(jobs) > 0 {
		t.Errorf("%d more calls, %v; want none", len(jobs), err)
	}
	if d := state(t, s, told(newsroom, "KP-1", 1, Root, "")); d.State != Sent || len(p.shown) != 1 {
		t.Errorf("the delivery is %v and was shown as %q", d.State, p.shown)
	}
}
