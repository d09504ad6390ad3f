package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// asks has somebody give a command, and gives the last reply and the error.
func asks(t *testing.T, b *Bot, c chat.Channel, person, line string) (last chat.Reply, err error) {
	t.Helper()
	err = b.Handle(t.Context(), chat.Request{Channel: c, Person: chat.Person{ID: person}, Line: line}, func(r chat.Reply) error {
		last = r
		return nil
	})
	return last, err
}

// Nobody fills all places with questions that take long: not one person, and not
// one workspace. Whoever is refused is told so, and the places come back.
func TestSlowQuestionsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see := newSky()
		see.slow = time.Minute
		b := botOn(t, s, see)
		var mu sync.Mutex
		answered := map[string]int{}
		var wg sync.WaitGroup
		ask := func(c chat.Channel, person string) {
			wg.Go(func() {
				r, err := asks(t, b, c, person, "isitdown KP at 1999-01-01T00:00Z")
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				switch head := r.Message.Headline; {
				case strings.Contains(head, "of your questions are still"):
					answered["person"]++
				case strings.HasPrefix(head, "Too many questions"):
					answered["tenant"]++
				default:
					answered["answer"]++
				}
			})
		}
		for range 20 {
			ask(newsroom, "U1")
		}
		synctest.Wait()
		for n := range 20 {
			ask(noc, fmt.Sprint("V", n))
		}
		synctest.Wait()
		ask(guild, "U1") // another tenant has its own
		wg.Wait()
		if answered["answer"] != maxAskingTenant+1 || answered["person"] != 20-maxAskingPerson || answered["tenant"] != 20-(maxAskingTenant-maxAskingPerson) {
			t.Errorf("got %v", answered)
		}
		if r, err := asks(t, b, newsroom, "U1", "isitdown KP"); err != nil || !strings.HasPrefix(r.Message.Headline, "UP") {
			t.Errorf("afterwards: %q, %v", r.Message.Headline, err)
		}
		if n := len(b.asking.count); n != 0 {
			t.Errorf("%d counts are left: %v", n, b.asking.count)
		}
	})
}

// A question that makes the program panic gets an answer, and the others theirs.
func TestQuestionThatPanics(t *testing.T) {
	see := newSky()
	b := botOn(t, newStore(t), see, func(c *Config) {
		c.Assess = func(context.Context, checks.Target, time.Time) (chat.Notice, error) { panic("index out of range") }
	})
	r, err := asks(t, b, newsroom, "U1", "isitdown KP")
	if err == nil || !strings.Contains(err.Error(), "index out of range") || !strings.Contains(r.Message.Headline, "an error here") {
		t.Errorf("got %q, %v", r.Message.Headline, err)
	}
	if n := len(b.asking.count); n != 0 {
		t.Errorf("%d counts are left", n)
	}
}

// Who asks while the store cannot be written hears that there is an error here.
func TestStoreFailsBeforeARequest(t *testing.T) {
	s := newStore(t)
	b := botOn(t, s, newSky())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var last chat.Reply
	err := b.Handle(t.Context(), chat.Request{ID: "1", Channel: newsroom, Person: ana, Line: "isitdown KP"}, func(r chat.Reply) error {
		last = r
		return errors.New("gone")
	})
	if err == nil || !strings.Contains(err.Error(), "gone") || !strings.Contains(last.Message.Headline, "an error here") || !last.Private {
		t.Errorf("got %q, %v", last.Message.Headline, err)
	}
}

// A thread that takes no replies although its root is posted does not fill the channel
// with roots, and does not keep what comes behind it for ever.
func TestThreadThatIsLostForEver(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := outboxOn(t, s, &platform{answer: func(_ int, o chat.Outgoing) (error, bool) {
			if o.Thread != "" {
				return refuse(chat.RootLost), false
			}
			return nil, true
		}}, OutboxSettings{})
		b.queue(t, told(newsroom, "KP-1", 1, Root, "DOWN"), told(newsroom, "KP-1", 2, Reply, "news"), told(newsroom, "KP-2", 1, Root, "another"))
		rest(48 * time.Hour)
		b.stop()
		t.Logf("%d messages: %q", len(b.shown), b.shown[:min(len(b.shown), 10)])
		if n := len(b.shown); n != 1+maxHeirs+2 {
			t.Errorf("%d messages in the channel", n)
		}
		if d := state(t, s, told(newsroom, "KP-2", 1, Root, "")); d.State != Sent {
			t.Errorf("what came behind it is %v", d.State)
		}
	})
}

// A message that the platform refuses, nobody knows why, holds up its channel for a
// while and not for a day.
func TestOddRefusal(t *testing.T) {
	odd := &chat.Refusal{Trouble: chat.NotSent, Odd: true, RetryAfter: 5 * time.Minute, Err: errors.New("a_new_code")}
	for _, tt := range []struct {
		name  string
		short bool // the short form is taken
		want  DeliveryState
	}{{"the short form helps", true, Sent}, {"nothing helps", false, Parked}} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				b := outboxOn(t, s, &platform{answer: func(_ int, o chat.Outgoing) (error, bool) {
					if o.Message.Headline == "poison" && !(o.Short && tt.short) {
						return odd, false
					}
					return nil, true
				}}, OutboxSettings{})
				b.queue(t, told(newsroom, "KP-1", 1, Root, "poison"), told(newsroom, "KP-2", 1, Root, "another"))
				rest(time.Hour)
				b.stop()
				if d := state(t, s, told(newsroom, "KP-1", 1, Root, "")); d.State != tt.want || !d.Short {
					t.Errorf("the poison is %v after %d attempts", d.State, d.Attempts)
				}
				if d := state(t, s, told(newsroom, "KP-2", 1, Root, "")); d.State != Sent {
					t.Errorf("what came behind it is %v", d.State)
				}
			})
		})
	}
}

// A panic in a transaction, which the client of a platform survives, leaves the store as it
// was, and open to others.
func TestPanicInATransaction(t *testing.T) {
	s := newStore(t)
	func() {
		defer func() { _ = recover() }()
		_ = s.Update(func(tx *Tx) error {
			if err := tx.PutSubscription(Subscription{Channel: newsroom, Target: checks.Country("KP")}); err != nil {
				return err
			}
			panic("a bug")
		})
	}()
	done := make(chan error, 1)
	go func() { done <- s.Update(func(*Tx) error { return nil }) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody can write any more")
	}
	if n := len(s.Targets()); n != 0 {
		t.Errorf("%d targets are left of it", n)
	}
}

// What was put off while the clock was a year ahead does not wait for a year.
func TestClockThatWasAhead(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		year := 365 * 24 * time.Hour
		d := told(newsroom, "KP-1", 1, Root, "DOWN")
		update(t, s, func(tx *Tx) error {
			if _, err := tx.Enqueue(d); err != nil {
				return err
			}
			got, _, err := tx.Delivery(DeliveryKey(newsroom, "KP-1", 1, Root))
			if err != nil {
				return err
			}
			got.NotBefore, got.Attempts = time.Now().Add(year), 1
			return errors.Join(tx.putProgress(got), tx.putPause(tenantOf(newsroom), time.Now().Add(year)))
		})
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		rest(time.Minute)
		b.stop()
		if got := state(t, s, d); got.State != Sent {
			t.Errorf("it is %v", got.State)
		}
	})
}

// That somebody follows a prefix is not for other tenants to learn, whatever they ask; an
// incident of a country is.
func TestIncidentsOfOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see := newSky()
		b := botOn(t, s, see)
		run(t, b)
		say(t, b, newsroom, "outages subscribe 175.45.176.0/22")
		say(t, b, newsroom, "outages subscribe SY")
		after(time.Minute)
		see.set(t, "175.45.176.0/22", "down", time.Now())
		see.set(t, "SY", "down", time.Now())
		after(10 * time.Minute)
		var id string
		view(t, s, func(tx *Tx) error {
			list, err := tx.IncidentsOf(target(t, "175.45.176.0/22"))
			if len(list) != 1 {
				t.Fatalf("%d incidents", len(list))
			}
			id = list[0].ID
			return err
		})
		const never = "175.45.176.0_22-19990101-1"
		for _, line := range []string{
			"outages why ID", "outages details ID", "outages timeline ID", "outages ack ID", "outages note ID hello",
			"outages mute ID 6h", "outages unmute ID", "outages unsubscribe ID",
		} {
			got := say(t, b, guild, strings.ReplaceAll(line, "ID", id)).Message.Text(200)
			want := say(t, b, guild, strings.ReplaceAll(line, "ID", never)).Message.Text(200)
			if got = strings.ReplaceAll(got, id, never); got != want {
				t.Errorf("%s: of another's\n%s\nof none\n%s", line, got, want)
			}
			if own := say(t, b, noc, strings.ReplaceAll(line, "ID", id)).Message.Headline; strings.Contains(own, "There is no incident") {
				t.Errorf("%s, in the own tenant: %s", line, own)
			}
		}
		if got := say(t, b, guild, "isitdown 175.45.176.0/22").Message.Text(200); strings.Contains(got, id) {
			t.Errorf("an answer to others names it:\n%s", got)
		}
		if got := say(t, b, newsroom, "isitdown 175.45.176.0/22").Message.Text(200); !strings.Contains(got, id) {
			t.Errorf("an answer in its own channel does not:\n%s", got)
		}
		if got := say(t, b, guild, "outages why SY-20000101-1").Message.Headline; strings.Contains(got, "There is no incident") {
			t.Errorf("a country's: %s", got)
		}
	})
}
