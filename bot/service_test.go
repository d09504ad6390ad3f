package bot

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// sky is what can be seen of targets, as a test sets it.
type sky struct {
	mu       sync.Mutex
	patches  map[checks.Target]*patch
	followed int // at present
	slow     time.Duration
	fail     error
}

// patch is one target of a sky.
type patch struct {
	state      checks.State
	seen       uint64
	revision   int
	onset, end checks.Interval
	via        checks.ASN
	share      float64 // of via; zero for all or nothing
	held       bool
}

func newSky() *sky { return &sky{patches: map[checks.Target]*patch{}} }

// set changes what can be seen of a target from at on.
func (s *sky) set(t *testing.T, text, word string, at time.Time) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	state, _ := stateOf(word)
	s.patch(target(t, text)).set(state, at)
}

func (p *patch) set(state checks.State, at time.Time) {
	if state > checks.Up && p.state <= checks.Up {
		p.onset = checks.Interval{Half: at}
	}
	if state == checks.Up && p.state > checks.Up {
		p.end = checks.Interval{Half: at}
	}
	p.state, p.seen = state, map[checks.State]uint64{checks.Up: 4, checks.Degraded: 3}[state]
	p.revision++
}

func (s *sky) patch(t checks.Target) *patch {
	p := s.patches[t]
	if p == nil {
		p = &patch{state: checks.Up, seen: 4, via: 4837}
		s.patches[t] = p
	}
	return p
}

// verdict says what is seen of a target at now.
func (s *sky) verdict(t checks.Target, now time.Time) checks.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.patch(t)
	v := checks.Verdict{Target: t, At: now, State: p.state, Onset: p.onset, End: p.end, Frozen: p.held, Evidence: checks.EvidenceStrong}
	if t == checks.Country("KP") {
		v.Name = "North Korea"
	}
	v.Reasons = []string{"this is a test"}
	v.IPv4.Prefixes = checks.Count{Seen: p.seen, Of: 4}
	v.IPv4.Addresses = checks.Count{Seen: 256 * p.seen, Of: 1024}
	u := checks.Upstream{ASN: p.via, ShareBefore: 1}
	if p.seen > 0 {
		u.Share = 1
	}
	if p.share != 0 {
		u.Share = p.share
	}
	v.Borders, v.LastHops = []checks.Upstream{u}, []checks.Upstream{u}
	return v
}

func (s *sky) follow(t checks.Target) (Followed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return Followed{}, s.fail
	}
	s.followed++
	return Followed{
		Assess: func(now time.Time) checks.Verdict { return s.verdict(t, now) },
		Revision: func() int {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.patch(t).revision
		},
		Freeze: func(hold bool, _ time.Time) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.patch(t).held = hold
		},
		Baseline: func(now time.Time) checks.Baseline { return checks.Baseline{AsOf: now, Window: 24 * time.Hour} },
		Close: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.followed--
		},
	}, nil
}

// assess is the answer to a question.
func (s *sky) assess(ctx context.Context, t checks.Target, at time.Time) (chat.Notice, error) {
	if s.slow > 0 {
		select {
		case <-time.After(s.slow):
		case <-ctx.Done():
			return chat.Notice{}, ctx.Err()
		}
	}
	if s.fail != nil {
		return chat.Notice{}, s.fail
	}
	if at.IsZero() {
		at = time.Now()
	}
	return chat.Notice{Verdict: s.verdict(t, at), Caveats: []string{"This is a test."}}, nil
}

// botOn makes a bot that sees a sky. Funcs may change its configuration.
func botOn(t *testing.T, s *Store, see *sky, change ...func(*Config)) *Bot {
	t.Helper()
	c := Config{
		Store: s, Resolve: func(text string) (checks.Target, error) {
			if strings.EqualFold(text, "north korea") {
				return checks.Country("KP"), nil
			}
			return checks.ParseTarget(text)
		},
		Assess: see.assess, Follow: see.follow, Within: holders,
		Finish: func(n chat.Notice, zone *time.Location) chat.Notice {
			n.Caveats, n.ChannelZone = []string{"This is a test."}, zone
			return n
		},
	}
	for _, f := range change {
		f(&c)
	}
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var ana = chat.Person{ID: "U1", Name: "Ana"}

// say has Ana give a command, and gives the last reply.
func say(t *testing.T, b *Bot, c chat.Channel, line string) chat.Reply {
	t.Helper()
	return sayAs(t, b, chat.Request{Channel: c, Person: ana, Line: line})
}

func sayAs(t *testing.T, b *Bot, r chat.Request) chat.Reply {
	t.Helper()
	var got []chat.Reply
	if err := b.Handle(t.Context(), r, func(r chat.Reply) error {
		got = append(got, r)
		return nil
	}); err != nil {
		t.Errorf("%s: %v", r.Line, err)
	}
	if len(got) == 0 || got[len(got)-1].Partial {
		t.Fatalf("%s: %d replies, and the last is not whole", r.Line, len(got))
	}
	return got[len(got)-1]
}

// run runs a bot in a bubble until the test ends, or stop is called.
func run(t *testing.T, b *Bot) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// after lets time pass in a bubble.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// posts are the calls that were no edits.
func (p *platform) posts() (channel, thread []chat.Outgoing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.calls {
		switch {
		case o.Edit != "":
		case o.Thread != "" && !o.Announce:
			thread = append(thread, o)
		default:
			channel = append(channel, o)
		}
	}
	return channel, thread
}

// A day of one flap every five minutes is a handful of messages, in one thread,
// however much of the five minutes the target is gone.
func TestDayOfFlapsInAChannel(t *testing.T) {
	if testing.Short() {
		t.Skip("days of a channel, in a bubble")
	}
	for _, down := range []time.Duration{40 * time.Second, 200 * time.Second, 280 * time.Second} {
		t.Run(down.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) { dayOfFlaps(t, s, down) })
		})
	}
}

func dayOfFlaps(t *testing.T, s *Store, down time.Duration) {
	see, p := newSky(), new(platform)
	outboxOn(t, s, p, OutboxSettings{})
	b := botOn(t, s, see)
	run(t, b)
	say(t, b, newsroom, "outages subscribe KP")
	after(time.Hour)
	for range 24 * 12 {
		see.set(t, "KP", "down", time.Now())
		after(down)
		see.set(t, "KP", "up", time.Now())
		after(5*time.Minute - down)
	}
	after(6 * time.Hour)
	channel, thread := p.posts()
	roots := map[string]bool{}
	for _, o := range slices.Concat(channel, thread) {
		t.Logf("thread %q: %s", o.Thread, o.Message.Headline)
		if o.Thread != "" {
			roots[o.Thread] = true
		}
	}
	if n := len(channel); n > 6 || n < 2 {
		t.Errorf("%d messages in the channel, want the opening, the end, and at most 6", n)
	}
	if len(roots) != 1 {
		t.Errorf("%d threads, want 1", len(roots))
	}
	if last := channel[len(channel)-1]; !last.Announce || last.Message.Tone != chat.ToneUp {
		t.Errorf("the last message is not the end: %q", last.Message.Headline)
	}
}

// An incident as a channel sees it: one root, its thread, charts where they
// belong, and the evidence of each change in the store.
func TestIncidentInAChannel(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		run(t, b)
		say(t, b, newsroom, "outages subscribe north korea tz:Asia/Seoul")
		after(time.Hour)
		see.set(t, "KP", "down", time.Now())
		after(10 * time.Minute)
		if !see.verdict(checks.Country("KP"), time.Now()).Frozen {
			t.Error("the baseline is not held while the incident is open")
		}
		see.set(t, "KP", "up", time.Now())
		after(time.Hour)
		var got []string
		for _, o := range p.calls {
			where := "root"
			switch {
			case o.Edit != "":
				where = "edit"
			case o.Announce:
				where = "announce"
			case o.Thread != "":
				where = "reply"
			}
			if o.Picture != nil {
				where += " with a picture"
			}
			got = append(got, where+": "+o.Message.Headline)
		}
		want := []string{
			"root: DOWN: North Korea (KP): 4 of 4 networks withdrawn since 1 Jan 2000 01:00 UTC",
			"reply with a picture: North Korea (KP): visible IPv4 prefixes",
			"reply: BACK: North Korea (KP): all 4 networks visible again after 10 min",
			"edit: BACK: North Korea (KP): all 4 networks visible again after 10 min",
			"announce with a picture: BACK: North Korea (KP): all 4 networks visible again after 10 min",
			"edit: BACK: North Korea (KP): all 4 networks visible again after 10 min",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %s", strings.Join(got, "\n    "))
		}
		if text := p.calls[0].Message.Text(0); !strings.Contains(text, "Asia/Seoul") || !strings.Contains(text, "This is a test.") {
			t.Errorf("the channel's zone or the caveat is missing:\n%s", text)
		}
		view(t, s, func(tx *Tx) error {
			told, err := tx.Evidence("KP-20000101-1")
			if len(told) != 3 || told[0].Kind != chat.Opened || told[2].Kind != chat.Resolved || told[2].Facts == nil {
				t.Errorf("evidence of %d changes: %+v", len(told), told)
			}
			if i, ok, _ := tx.Incident("KP-20000101-1"); !ok || i.Stage != Resolved {
				t.Errorf("the incident is kept as %v", i.Stage)
			}
			if base, ok, _ := tx.Baseline(checks.Country("KP")); !ok || base.Window != 24*time.Hour {
				t.Error("the baseline of the opening is not kept")
			}
			return err
		})
	})
}

// A bot that ends in the midst of an incident goes on with it: same incident, same
// thread, and the time in which nobody looked is in the timeline.
func TestRestartInAnIncident(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		stop := run(t, b)
		say(t, b, newsroom, "outages subscribe KP")
		after(time.Hour)
		see.set(t, "KP", "down", time.Now())
		after(20 * time.Minute)
		stop()
		if see.followed != 0 {
			t.Errorf("%d targets are still followed", see.followed)
		}
		after(2 * time.Hour)
		see.patches[checks.Country("KP")].held = false // another process
		b = botOn(t, s, see)
		run(t, b)
		after(time.Minute)
		if !see.verdict(checks.Country("KP"), time.Now()).Frozen {
			t.Error("the baseline is not held again")
		}
		see.set(t, "KP", "up", time.Now())
		after(time.Hour)
		channel, _ := p.posts()
		if len(channel) != 2 || channel[1].Thread != "1" || !channel[1].Announce {
			t.Fatalf("%d messages in the channel, want the opening and the end in its thread", len(channel))
		}
		if want := "after 2 h 21 min"; !strings.Contains(channel[1].Message.Headline, want) {
			t.Errorf("the end says %q, not %q", channel[1].Message.Headline, want)
		}
		text := say(t, b, newsroom, "outages timeline KP-20000101-1").Message.Text(0)
		if !strings.Contains(text, pausedNote) {
			t.Errorf("the timeline does not say that nobody looked:\n%s", text)
		}
	})
}

// What a step cannot write it tells the next time: nothing is lost, and nothing is
// told twice.
func TestStepThatFails(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see := newSky()
		b := botOn(t, s, see)
		defer b.Close()
		say(t, b, newsroom, "outages subscribe KP")
		step := func(wait time.Duration) error {
			time.Sleep(wait)
			return b.Step(time.Now())
		}
		if err := errors.Join(step(0), step(time.Minute)); err != nil {
			t.Fatal(err)
		}
		see.set(t, "KP", "down", time.Now())
		see.patches[checks.Country("KP")].share = math.NaN() // which no JSON can hold
		if err := errors.Join(step(time.Second), step(time.Minute)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := step(3 * time.Minute); err == nil {
				t.Fatal("a verdict that cannot be kept was kept")
			}
			if n := len(deliveries(t, s)); n != 0 {
				t.Fatalf("%d deliveries of a step that failed", n)
			}
		}
		see.patches[checks.Country("KP")].share = 0
		for range 3 {
			if err := step(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		list := deliveries(t, s)
		if len(list) != 2 || list[0].Op != Root || list[1].Op != Reply {
			t.Errorf("%d deliveries, want the root and its picture: %+v", len(list), list)
		}
	})
}

// deliveries gives all that was ever queued, in order.
func deliveries(t *testing.T, s *Store) []Delivery {
	t.Helper()
	var list []Delivery
	view(t, s, func(tx *Tx) error {
		for d, err := range tx.Deliveries() {
			if err != nil {
				return err
			}
			list = append(list, d)
		}
		return nil
	})
	slices.Reverse(list)
	return list
}
