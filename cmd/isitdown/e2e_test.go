package main

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// stand is a platform that we did not write, with one workspace or guild, seen as its
// people see it.
type stand interface {
	// places are two channels that the bot is in.
	places() [2]chat.Channel
	// ask gives a command and waits for the whole answer. Everything that the person saw
	// on the way is in acknowledged.
	ask(t *testing.T, in chat.Channel, line string) (answer, acknowledged string)
	// press presses the button of a message whose line begins so.
	press(t *testing.T, in chat.Channel, message, line string)
	// channel lists what stands in a channel, oldest first; thread what stands under
	// a root, the root left out.
	channel(t *testing.T, in chat.Channel) []message
	thread(t *testing.T, in chat.Channel, root string) []message
	remove(t *testing.T, in chat.Channel, message string)
	forbid(on bool) // posting, for want of a permission
	lose(t *testing.T, in chat.Channel)
	uninstall(t *testing.T)
}

// message is a message as a person sees it.
type message struct {
	id, text string
	files    int
}

// gate holds a rehearsal up, so that people can do something in the middle of it.
type gate struct {
	mu    sync.Mutex
	moved *sync.Cond
	until time.Time
	at    time.Time // where the rehearsal waits
	gone  bool
}

func newGate() *gate {
	g := &gate{}
	g.moved = sync.NewCond(&g.mu)
	return g
}

func (g *gate) wait(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for now.After(g.until) && !g.gone {
		g.at = now
		g.moved.Broadcast()
		g.moved.Wait()
	}
}

// open lets it go on to a moment and waits until it is there.
func (g *gate) open(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until, g.at = until, time.Time{}
	g.moved.Broadcast()
	for g.at.IsZero() && !g.gone {
		g.moved.Wait()
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = true
	g.moved.Broadcast()
}

// show is a rehearsal that is going on.
type show struct {
	*server
	gate *gate
	log  *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rehearse starts a rehearsal of a scenario on what the app has set up, as serve does, and ends
// it with the test: the secrets are not in the log then, and the end is a good one.
func rehearse(t *testing.T, a *app, scenario string) *show {
	t.Helper()
	s := &show{gate: newGate(), log: &lockedBuffer{}}
	a.config.Outbox.ChannelEvery, a.config.Outbox.ChannelBurst = duration{time.Millisecond}, 100
	a.config.Limits.RequestsPerMinute = 1000
	a.err = s.log
	c := serveCommand{Rehearse: []string{scenario}, DB: filepath.Join(t.TempDir(), "e2e.db")}
	if err := c.Speed.UnmarshalText([]byte("max")); err != nil {
		t.Fatal(err)
	}
	s.begin(t, a, &c, func() {
		s.rehearsal.step = func(now time.Time) error { s.gate.wait(now); return s.bot.Step(now) }
	})
	return s
}

// begin makes the bot of the settings, lets the test change it once it is built, and runs it
// to the test's end, which has to be a good one.
func (s *show) begin(t *testing.T, a *app, c *serveCommand, built func()) {
	t.Helper()
	if err := c.settings(a); err != nil {
		t.Fatal(err)
	}
	a.log = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.server = &server{app: a}
	if _, err := c.open(s.server); err != nil {
		t.Fatal(err)
	}
	if err := c.build(t.Context(), s.server); err != nil {
		t.Fatal(err)
	}
	built()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if s.gate != nil {
			s.gate.leave()
		}
		if _, err := stopped(ctx, <-ended); err != nil {
			t.Errorf("serve ended with %v", err)
		}
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
		for _, secret := range a.config.secrets() {
			if strings.Contains(s.log.String(), secret.reveal()) {
				t.Errorf("a secret stands in the log")
			}
		}
		if t.Failed() {
			t.Log(s.log)
		}
	})
}

// advance plays the recording up to a moment and waits until everything is said.
func (s *show) advance(t *testing.T, until string) {
	t.Helper()
	at, err := parseTime(until)
	if err != nil {
		t.Fatal(err)
	}
	s.gate.open(at)
	s.quiet(t)
}

// quiet waits until the outbox has nothing more to do.
func (s *show) quiet(t *testing.T) {
	t.Helper()
	eventually(t, "everything is said", func() bool {
		stats, err := s.outbox.Stats()
		return err == nil && stats.Depth == 0
	})
}

// eventually waits for what takes a while.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not come to pass that %s", what)
		}
	}
}

// subscription is a channel's subscription to KP, as it is stored.
func (s *show) subscription(t *testing.T, in chat.Channel) (sub bot.Subscription) {
	t.Helper()
	err := s.store.View(func(tx *bot.Tx) error {
		var err error
		sub, _, err = tx.Subscription(in, checks.Country("KP"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// find gives the one message of a list that begins so and has that in it.
func find(t *testing.T, list []message, begins, has string) message {
	t.Helper()
	var found []message
	for _, m := range list {
		if strings.HasPrefix(m.text, begins) && strings.Contains(m.text, has) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d messages that begin with %q and have %q, want one, of:\n%s", len(found), begins, has, texts(list))
	}
	return found[0]
}

func texts(list []message) string {
	var b strings.Builder
	for _, m := range list {
		b.WriteString("- " + m.id + ": " + m.text + "\n")
	}
	return b.String()
}

func wants(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}

// theStory is one life of the bot with a newsroom: two channels, three outages, and what
// people do meanwhile.
func theStory(t *testing.T, s *show, p stand) {
	t.Helper()
	here, there := p.places()[0], p.places()[1]

	answer, seen := p.ask(t, here, "isitdown KP")
	wants(t, "the answer before the beginning", answer, "UNKNOWN: North Korea (KP)", "Rehearsal: ")
	if seen == "" {
		t.Error("the command was not acknowledged")
	}
	answer, _ = p.ask(t, here, "outages digest daily 12:00")
	wants(t, "the plan of a digest", answer, "Digest daily at 12:00")
	answer, _ = p.ask(t, here, "outages subscribe KP level:down")
	wants(t, "the subscription", answer, "Subscribed to North Korea (KP)")
	answer, _ = p.ask(t, there, "outages subscribe KP level:down")
	wants(t, "the subscription of the other channel", answer, "Subscribed to North Korea (KP)")

	s.advance(t, "2014-12-22T17:00Z")
	root := find(t, p.channel(t, here), "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC", "· opened")
	wants(t, "the opening", root.text, "0 of 1,024 addresses", "KP-20141222-1 · opened", "Rehearsal: ")
	if under := p.thread(t, here, root.id); !slices.ContainsFunc(under, func(m message) bool { return m.files > 0 }) {
		t.Errorf("there is no chart in the thread:\n%s", texts(under))
	}
	answer, _ = p.ask(t, here, "isitdown KP")
	wants(t, "the answer in the middle", answer, "DOWN: North Korea (KP): 4 of 4 networks withdrawn", "45 min so far")

	p.ask(t, here, "outages ack KP-20141222-1 we are on it")
	s.quiet(t)
	for _, in := range p.places() {
		at := find(t, p.channel(t, in), "DOWN: North Korea (KP): 4 of 4", "· opened")
		wants(t, "the thread in "+in.ID, texts(p.thread(t, in, at.id)), "acknowledged", "we are on it")
	}
	p.press(t, here, root.id, "outages mute")
	eventually(t, "the button has muted it", func() bool { return !s.subscription(t, here).MutedUntil.IsZero() })
	answer, _ = p.ask(t, here, "outages mute KP 12h")
	wants(t, "the mute", answer, "Muted North Korea (KP) until 23 Dec 2014 05:00 UTC")

	// In the other channel somebody deletes the root: the end is told all the same.
	p.remove(t, there, find(t, p.channel(t, there), "DOWN: North Korea (KP): 4 of 4", "· opened").id)
	s.advance(t, "2014-12-23T12:30Z")
	root = find(t, p.channel(t, here), "BACK: North Korea (KP): all 4 networks visible again after 9 h 31 min", "16:15 UTC")
	under := p.thread(t, here, root.id)
	wants(t, "the thread at its end", texts(under), "KP-20141222-1 · resolved", "No relapse by 02:06 UTC")
	if last := under[len(under)-1]; !slices.ContainsFunc(under[1:], func(m message) bool { return m.files > 0 }) {
		t.Errorf("there is no chart with the end of it, which is\n%s", last.text)
	}
	if strings.Contains(texts(under), "Watching for relapse") {
		t.Errorf("an update was told though it is muted:\n%s", texts(under))
	}
	digest := find(t, p.channel(t, here), "DIGEST Tue 23 Dec 2014 12:00 UTC", "")
	wants(t, "the digest", digest.text, "KP-20141222-1", "9 h 31 min", "we are on it")
	anew := find(t, p.channel(t, there), "BACK: North Korea (KP)", "16:15 UTC")
	wants(t, "the root made anew", anew.text, "KP-20141222-1")

	// A permission is taken away, a channel goes, and at last the bot.
	p.lose(t, there)
	s.advance(t, "2014-12-23T15:50Z")
	second := find(t, p.channel(t, here), "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 23 Dec 2014 15:41 UTC", "KP-20141223-1")
	if sub := s.subscription(t, there); sub.Suspended == "" {
		t.Errorf("the subscription of a channel that is gone is not suspended: %+v", sub)
	}
	s.advance(t, "2014-12-23T16:20Z")
	wants(t, "the thread while it is watched", texts(p.thread(t, here, second.id)), "KP-20141223-1 · update 1", "Watching for relapse until 16:32 UTC")
	s.advance(t, "2014-12-23T16:40Z")
	wants(t, "the thread in the end", texts(p.thread(t, here, second.id)),
		"KP-20141223-1 · update 1", "KP-20141223-1 · resolved", "No relapse by 16:32 UTC", "after 31 min")
	answer, _ = p.ask(t, here, "outages digest daily 17:00")
	wants(t, "the other plan", answer, "23 Dec 2014 17:00 UTC")
	p.forbid(true)
	s.advance(t, "2014-12-23T17:10Z")
	if sub := s.subscription(t, here); sub.Suspended == "" {
		t.Errorf("the subscription of a channel that must not be posted to is not suspended: %+v", sub)
	}
	p.forbid(false)
	p.uninstall(t)
	eventually(t, "the tenant is known to be gone", func() bool { return s.gone(t, here) })
	before := len(p.channel(t, here))
	s.advance(t, "2014-12-23T23:00Z")
	if after := len(p.channel(t, here)); after != before {
		t.Errorf("%d messages were posted after the bot was removed", after-before)
	}
}

// gone reports whether the tenant of a channel is stopped.
func (s *show) gone(t *testing.T, in chat.Channel) bool {
	t.Helper()
	var tenant bot.Tenant
	err := s.store.View(func(tx *bot.Tx) error {
		var err error
		tenant, _, err = tx.Tenant(in.Platform, in.Tenant)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tenant.Stopped != ""
}
