package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
)

var (
	newsroom = chat.Channel{Platform: "slack", Tenant: "T1", ID: "C1"}
	noc      = chat.Channel{Platform: "slack", Tenant: "T1", ID: "C2"}
	guild    = chat.Channel{Platform: "discord", Tenant: "G1", ID: "7"}
)

// told is a delivery of an incident.
func told(c chat.Channel, incident string, revision int, op Op, text string) Delivery {
	return Delivery{Channel: c, Incident: incident, Revision: revision, Op: op, Message: chat.Message{Headline: text}}
}

// platform stands for Slack and Discord: it answers each call as the test says,
// and keeps what it has shown.
type platform struct {
	mu sync.Mutex
	// answer gives the error of a call, the n-th from 1 on, and whether the message
	// is shown all the same. nil shows everything.
	answer func(n int, o chat.Outgoing) (err error, shown bool)
	takes  func() time.Duration // before it is shown, and again after it; nil for no time
	calls  []chat.Outgoing
	at     []time.Time
	shown  []string // "C1 root 1: text", "C1 in 1: text", "C1 edit 1: text"
	n      int
}

func (p *platform) send(ctx context.Context, o chat.Outgoing) (chat.Posted, error) {
	if p.takes != nil {
		time.Sleep(p.takes())
		defer func() { time.Sleep(p.takes()) }()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.at = append(p.calls, o), append(p.at, time.Now())
	var err error
	shown := true
	if p.answer != nil {
		err, shown = p.answer(len(p.calls), o)
	}
	id := o.Edit
	if shown {
		if id == "" {
			p.n++
			id = fmt.Sprint(p.n)
		}
		where := "new " + id
		switch {
		case o.Edit != "":
			where = "edit " + o.Edit
		case o.Announce:
			where = "announced in " + o.Thread
		case o.Thread != "":
			where = "in " + o.Thread
		}
		var text strings.Builder
		text.WriteString(o.Message.Headline)
		for _, part := range o.Message.Parts {
			text.WriteString(" | " + part.Label + " " + part.Text)
		}
		if o.Repeat {
			text.WriteString(" (repeat)")
		}
		if o.Short {
			text.WriteString(" (short)")
		}
		p.shown = append(p.shown, o.Channel.ID+" "+where+": "+text.String())
	}
	return chat.Posted{Channel: o.Channel, ID: id}, err
}

// bench is an outbox at work in a bubble.
type bench struct {
	*Store
	*platform
	*Outbox
	log  *strings.Builder
	stop func() // ends Run and waits for it
}

// outboxOn starts an outbox on a store; both platforms are p.
func outboxOn(t *testing.T, s *Store, p *platform, set OutboxSettings) *bench {
	t.Helper()
	b := &bench{Store: s, platform: p, log: new(strings.Builder)}
	b.Outbox = NewOutbox(s, map[string]chat.Send{"slack": p.send, "discord": p.send}, set, slog.New(slog.NewTextHandler(b.log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Outbox.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(b.stop)
	return b
}

// rest lets time pass; what happened in it can be looked at then.
func rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// queue puts deliveries into the outbox, in one transaction.
func (b *bench) queue(t *testing.T, list ...Delivery) {
	t.Helper()
	update(t, b.Store, func(tx *Tx) error {
		for _, d := range list {
			if fresh, err := tx.Enqueue(d); err != nil || !fresh {
				return fmt.Errorf("delivery %q: queued %v, %w", d.Message.Headline, fresh, err)
			}
		}
		return nil
	})
}

// state reads a delivery of an incident back.
func state(t *testing.T, s *Store, d Delivery) Delivery {
	t.Helper()
	var got Delivery
	view(t, s, func(tx *Tx) (err error) {
		var ok bool
		if got, ok, err = tx.Delivery(DeliveryKey(d.Channel, d.Incident, d.Revision, d.Op)); !ok && err == nil {
			err = errors.New("there is no such delivery")
		}
		return err
	})
	return got
}

// inBubble runs a test in a bubble, with a store.
func inBubble(t *testing.T, f func(t *testing.T, s *Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := OpenStore(filepath.Join(t.TempDir(), "isitdown.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.db.NoSync = true // hours of writes are not to wait for a disk that nobody reads again
		f(t, s)
	})
}

func refuse(trouble chat.Trouble) *chat.Refusal {
	return &chat.Refusal{Trouble: trouble, Err: errors.New("the_platforms_word")}
}

// nth refuses the calls that it names and shows all others.
func nth(r *chat.Refusal, calls ...int) func(int, chat.Outgoing) (error, bool) {
	return func(n int, _ chat.Outgoing) (error, bool) {
		if slices.Contains(calls, n) {
			return r, false
		}
		return nil, true
	}
}

// in gives what a channel has been shown.
func (p *platform) in(c chat.Channel) []string {
	return slices.DeleteFunc(slices.Clone(p.shown), func(s string) bool { return !strings.HasPrefix(s, c.ID+" ") })
}

func TestOutboxThread(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		update(t, s, func(tx *Tx) error {
			return tx.PutThread(Thread{Channel: newsroom, Incident: "KP-1", Told: 3, Closed: true})
		})
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		b.queue(t,
			told(newsroom, "KP-1", 1, Root, "DOWN"),
			told(newsroom, "KP-1", 2, Reply, "DOWN still"),
			told(newsroom, "KP-1", 3, Announce, "BACK"), told(newsroom, "KP-1", 3, Edit, "BACK, root"),
		)
		time.Sleep(time.Minute)
		b.stop()
		want := []string{"C1 new 1: DOWN", "C1 in 1: DOWN still", "C1 announced in 1: BACK", "C1 edit 1: BACK, root"}
		if diff := cmp.Diff(want, b.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		view(t, s, func(tx *Tx) error {
			got, _, err := tx.Thread(newsroom, "KP-1")
			if want := (Thread{Channel: newsroom, Incident: "KP-1", Root: "1", Told: 3, Closed: true}); got != want {
				t.Errorf("the thread is %+v, want %+v", got, want)
			}
			return err
		})
		d := state(t, s, told(newsroom, "KP-1", 2, Reply, ""))
		if d.State != Sent || d.Posted != "2" || d.SentAt.IsZero() || d.Attempts != 1 {
			t.Errorf("the reply is kept as %+v", d)
		}
		if got := b.calls[1].Key; got != "slack/T1/C1/KP-1/2/reply" {
			t.Errorf("the reply was sent with the key %q", got)
		}
	})
}

// Channels do not wait for each other, and tokens are spent as the settings say.
func TestOutboxRates(t *testing.T) {
	tests := []struct {
		name     string
		set      OutboxSettings
		channels []chat.Channel
		each     int
		want     []time.Duration // when the calls are made
	}{
		{"a channel", OutboxSettings{}, []chat.Channel{newsroom}, 5, []time.Duration{0, 0, 0, time.Second, 2 * time.Second}},
		{
			"two channels",
			OutboxSettings{Channel: SendRate{0.1, 1}},
			[]chat.Channel{newsroom, noc},
			2,
			[]time.Duration{0, 0, 10 * time.Second, 10 * time.Second},
		},
		{
			"their tenant",
			OutboxSettings{Tenant: SendRate{0.5, 1}},
			[]chat.Channel{newsroom, noc},
			2,
			[]time.Duration{0, 2 * time.Second, 4 * time.Second, 6 * time.Second},
		},
		{
			"their platform",
			OutboxSettings{Platform: map[string]SendRate{"discord": {0.25, 1}}},
			[]chat.Channel{guild, {Platform: "discord", Tenant: "G2", ID: "8"}},
			1,
			[]time.Duration{0, 4 * time.Second},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				b := outboxOn(t, s, &platform{}, tt.set)
				start := time.Now()
				for _, c := range tt.channels {
					for i := range tt.each {
						b.queue(t, told(c, fmt.Sprint("KP-", i), 1, Root, "DOWN"))
					}
				}
				time.Sleep(time.Minute)
				b.stop()
				var got []time.Duration
				for _, at := range b.at {
					got = append(got, at.Sub(start))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("calls made at (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What a platform asks for is kept: of a channel, of a tenant, of a platform with one
// token for all, and over a restart.
func TestOutboxRetryAfter(t *testing.T) {
	other := chat.Channel{Platform: "discord", Tenant: "G2", ID: "8"}
	tests := []struct {
		name  string
		whole bool
		first chat.Channel
		want  map[chat.Channel]time.Duration
	}{
		{"a channel", false, newsroom, map[chat.Channel]time.Duration{newsroom: 100 * time.Second, noc: time.Second, guild: time.Second, other: time.Second}},
		{"a workspace", true, newsroom, map[chat.Channel]time.Duration{newsroom: 100 * time.Second, noc: 100 * time.Second, guild: time.Second, other: time.Second}},
		{"a bot's token", true, guild, map[chat.Channel]time.Duration{newsroom: time.Second, noc: time.Second, guild: 100 * time.Second, other: 100 * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				p := &platform{answer: nth(&chat.Refusal{Trouble: chat.RateLimited, RetryAfter: 100 * time.Second, Whole: tt.whole}, 1)}
				start := time.Now()
				b := outboxOn(t, s, p, OutboxSettings{})
				b.queue(t, told(tt.first, "KP-1", 1, Root, "DOWN"))
				time.Sleep(time.Second)
				b.stop()
				b = outboxOn(t, s, p, OutboxSettings{})
				for c := range tt.want {
					if c != tt.first {
						b.queue(t, told(c, "KP-1", 1, Root, "DOWN"))
					}
				}
				time.Sleep(time.Hour)
				b.stop()
				got := make(map[chat.Channel]time.Duration)
				for i, o := range p.calls[1:] {
					got[o.Channel] = p.at[i+1].Sub(start)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("calls made at (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Without a word from the platform, pauses double, with jitter, up to the most.
func TestOutboxBackOff(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		fail := make([]int, 12)
		for i := range fail {
			fail[i] = i + 1
		}
		b := outboxOn(t, s, &platform{answer: nth(refuse(chat.NotSent), fail...)}, OutboxSettings{})
		b.queue(t, told(newsroom, "KP-1", 1, Root, "DOWN"))
		time.Sleep(2 * time.Hour)
		b.stop()
		if len(b.at) != 13 {
			t.Fatalf("%d calls, want 13", len(b.at))
		}
		full := time.Second
		for i := range 12 {
			if got := b.at[i+1].Sub(b.at[i]); got < full/2 || got > full {
				t.Errorf("pause %d is %v, want %v to %v", i+1, got, full/2, full)
			}
			full = min(2*full, 5*time.Minute)
		}
	})
}

// outboxLog is for tests that do not look at the log.
func outboxLog(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }
