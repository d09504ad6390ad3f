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

	"isitdown/bot/chart"
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
	calls  []chat.Outgoing
	at     []time.Time
	shown  []string // "C1 root 1: text", "C1 in 1: text", "C1 edit 1: text"
	n      int
}

func (p *platform) send(ctx context.Context, o chat.Outgoing) (chat.Posted, error) {
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
		text := o.Message.Headline
		for _, part := range o.Message.Parts {
			text += " | " + part.Label + " " + part.Text
		}
		if o.Repeat {
			text += " (repeat)"
		}
		if o.Short {
			text += " (short)"
		}
		p.shown = append(p.shown, o.Channel.ID+" "+where+": "+text)
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

func TestOutboxThread(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		b.queue(t,
			told(newsroom, "KP-1", 1, Root, "DOWN"),
			told(newsroom, "KP-1", 2, Reply, "DOWN still"), told(newsroom, "KP-1", 2, Edit, "DOWN, update 2"),
			told(newsroom, "KP-1", 3, Announce, "BACK"), told(newsroom, "KP-1", 3, Edit, "BACK, root"),
			told(noc, "KP-1", 1, Root, "DOWN"),
		)
		time.Sleep(time.Minute)
		b.stop()
		want := []string{
			"C1 new 1: DOWN", "C2 new 2: DOWN", "C1 in 1: DOWN still",
			"C1 announced in 1: BACK", "C1 edit 1: BACK, root",
		}
		if diff := cmp.Diff(want, b.shown); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
	})
}

var errDraw = errors.New("no font")

func noPicture(chart.Data) ([]byte, error) { return nil, errDraw }
