package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// What people say and what they hear, in order.
func TestCommands(t *testing.T) {
	type exchange struct {
		wait    time.Duration
		set     string // "KP down": what can be seen from then on
		line    string
		want    []string // parts of the answer
		private bool
	}
	for _, tt := range []struct {
		name string
		says []exchange
	}{
		{"subscriptions", []exchange{
			{line: "outages list", want: []string{"0 targets", "Begin with: /outages subscribe KP"}, private: true},
			{line: "outages now", want: []string{"NOW  nothing is watched yet"}, private: true},
			{
				line: "outages subscribe north korea level:down quiet:22-07 tz:Asia/Seoul",
				want: []string{"Subscribed to KP", "down · quiet 22-07 Asia/Seoul", "up, no incident open", "watched from now on", "This is a test."},
			},
			{line: "outages subscribe KP level:down quiet:22-07", want: []string{"Already subscribed to KP: nothing has changed", "Asia/Seoul"}},
			{line: "outages subscribe KP level:any", want: []string{"Subscription changed: KP", "changes of upstream"}},
			{line: "outages subscribe AS4837", want: []string{"Subscribed to AS4837", "Asia/Seoul"}},
			{line: "outages list", want: []string{"2 targets, no incident open", "AS4837", "by Ana"}, private: true},
			{wait: time.Minute, line: "outages now", want: []string{"NOW  no incident open", "2 targets are watched"}, private: true},
			{line: "outages unsubscribe AS4837", want: []string{"Unsubscribed from AS4837, by Ana", "Nothing more is posted about it here."}},
			{line: "outages unsubscribe AS4837", want: []string{"not subscribed to AS4837", "outages list"}, private: true},
			{line: "outages subscribe", want: []string{"outages subscribe KP"}, private: true},
			{line: "outages subscribe no such place", want: []string{"no such place", "give a country, a network"}, private: true},
			{line: "help", want: []string{"/outages subscribe TARGET"}, private: true},
			{line: "what is up", want: []string{"no command"}, private: true},
		}},
		{"questions", []exchange{
			{line: "isitdown KP", want: []string{"UP  North Korea (KP)", "This is a test."}},
			{line: "isitdown KP at 1999-12-31T10:00Z", want: []string{"UP  North Korea (KP)", "31 Dec 1999 10:00"}},
			{line: "isitdown KP at 2040-01-01", want: []string{"2040"}, private: true},
		}},
		{"an incident", []exchange{
			{line: "outages subscribe KP"},
			{wait: time.Hour, set: "KP down"},
			{wait: 10 * time.Minute, line: "outages now", want: []string{"NOW  1 incident open", "KP-20000101-1 · DOWN KP: 0 of 4 IPv4 prefixes visible", "10 min so far"}, private: true},
			{line: "isitdown KP", want: []string{"DOWN  North Korea (KP)", "KP-20000101-1 is open", "/outages details KP-20000101-1"}},
			{line: "outages ack kp-20000101-1 on it", want: []string{"KP-20000101-1 acknowledged by Ana", "Ana (acknowledged): on it"}, private: true},
			{line: "outages note KP-20000101-1 the carrier says *fibre* <!channel>", want: []string{"Note on KP-20000101-1 by Ana", "*fibre* <!channel>"}, private: true},
			{line: "outages now", want: []string{"acknowledged by Ana"}, private: true},
			{line: "outages why KP-20000101-1", want: []string{"WHY KP-20000101-1", "this is a test", "An outage opens when a loss has lasted 3 min", "2 route collectors"}, private: true},
			{line: "outages details KP-20000101-1", want: []string{"DETAILS KP-20000101-1", "4 of 4", "on it"}, private: true},
			{line: "outages timeline KP-20000101-1", want: []string{"TIMELINE KP-20000101-1", "opened (outage)", "fibre"}, private: true},
			{line: "outages mute KP-20000101-1 6h quarterly *test*", want: []string{"Muted KP until 1 Jan 2000 07:10 UTC, by Ana", "quarterly *test*", "closing notice"}},
			{line: "outages list", want: []string{"muted until 07:10 UTC", "1 incident open"}, private: true},
			{line: "outages unmute", want: []string{"Unmuted KP, by Ana"}},
			{line: "outages unmute KP", want: []string{"Nothing of that is muted"}, private: true},
			{line: "outages why KP-20000101-2", want: []string{"There is no incident KP-20000101-2"}, private: true},
			{line: "outages unsubscribe KP-20000101-1", want: []string{"Unsubscribed from KP", "not even the end"}},
		}},
		{"digests", []exchange{
			{line: "outages digest daily 08:00 Asia/Seoul", want: []string{"Digest daily at 08:00 Asia/Seoul, by Ana", "1 Jan 2000 23:00 UTC"}},
			{line: "outages list", want: []string{"daily at 08:00 Asia/Seoul · next 23:00 UTC · by Ana"}, private: true},
			{line: "outages digest weekly 09:30 fri", want: []string{"Digest weekly on Friday at 09:30 UTC"}},
			{line: "outages digest off", want: []string{"No more digests here, by Ana"}},
			{line: "outages digest off", want: []string{"This channel has no digest"}, private: true},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				see := newSky()
				b := botOn(t, s, see)
				run(t, b)
				for _, e := range tt.says {
					if place, word, ok := strings.Cut(e.set, " "); ok {
						after(e.wait)
						see.set(t, place, word, time.Now())
						continue
					}
					after(e.wait)
					r := say(t, b, newsroom, e.line)
					text := strings.ReplaceAll(r.Message.Text(2000), "\u00a0", " ")
					for _, want := range e.want {
						if !strings.Contains(text, strings.ReplaceAll(want, "\u00a0", " ")) {
							t.Errorf("%s: the answer does not say %q:\n%s", e.line, want, text)
						}
					}
					if r.Private != e.private {
						t.Errorf("%s: private %v, want %v", e.line, r.Private, e.private)
					}
				}
			})
		})
	}
}

func TestWhoMayChange(t *testing.T) {
	guest := chat.Person{ID: "U2", Name: "Guest", Guest: true, Admin: true}
	boss := chat.Person{ID: "U3", Name: "Boss", Admin: true}
	for _, tt := range []struct {
		name   string
		admins bool
		by     chat.Person
		line   string
		want   string
	}{
		{"a member", false, ana, "outages subscribe AS4837", "Subscribed to AS4837"},
		{"a guest", false, guest, "outages subscribe AS4837", "Guests can ask, but cannot change"},
		{"a guest who notes", false, guest, "outages note KP-1-1 x", "Guests can ask"},
		{"a guest who asks", false, guest, "isitdown KP", "UP: North Korea"},
		{"a member where admins decide", true, ana, "outages mute KP 1h", "Only those who may manage this channel"},
		{"a member who notes where admins decide", true, ana, "outages ack KP-20000101-7", "There is no incident"},
		{"an admin", true, boss, "outages subscribe AS4837", "Subscribed to AS4837"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := botOn(t, newStore(t), newSky(), func(c *Config) { c.AdminsOnly = tt.admins })
			line := tt.line
			if strings.Contains(line, "KP-1-1") {
				line = "outages note KP-20000101-1 x"
			}
			got := sayAs(t, b, chat.Request{Channel: newsroom, Person: tt.by, Line: line}).Message.Headline
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s hears %q, want %q", tt.by.Name, got, tt.want)
			}
		})
	}
}

// A person hears what they have to do, word for word, and nothing is promised that
// cannot be kept.
func TestNotReady(t *testing.T) {
	invite := &chat.Refusal{Trouble: chat.Forbidden, Say: "/invite @isitdown and run this again", Err: errors.New("not_in_channel")}
	s := newStore(t)
	b := botOn(t, s, newSky())
	for _, line := range []string{"outages subscribe KP", "outages digest daily 08:00"} {
		r := sayAs(t, b, chat.Request{
			Channel: newsroom, Person: ana, Line: line,
			Ready: func(context.Context) error { return fmt.Errorf("asking Slack: %w", invite) },
		})
		if !strings.HasPrefix(r.Message.Headline, invite.Say) || !r.Private {
			t.Errorf("%s: %q, want %q", line, r.Message.Headline, invite.Say)
		}
	}
	if n := len(s.Targets()); n != 0 {
		t.Errorf("%d targets are subscribed to", n)
	}
}

func TestLimits(t *testing.T) {
	b := botOn(t, newStore(t), newSky(), func(c *Config) { c.Limits = Limits{Subscriptions: 2, Note: 20, PerMinute: 1000} })
	say(t, b, newsroom, "outages subscribe KP")
	say(t, b, newsroom, "outages subscribe AS1")
	for _, tt := range []struct{ line, want string }{
		{"outages subscribe AS2", "This channel has 2 subscriptions, and more are not allowed"},
		{"outages subscribe KP level:down", "Subscription changed"},
		{"outages note KP-20000101-1 " + strings.Repeat("x", 21), "The note has 21 characters, and 20 is the most"},
		{"outages mute KP 1h " + strings.Repeat("x", 201), "The reason has 201 characters"},
		{"outages mute KP 40d", ""},
	} {
		if got := say(t, b, newsroom, tt.line).Message.Headline; !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
	if got := say(t, b, noc, "outages subscribe AS2").Message.Headline; !strings.HasPrefix(got, "Subscribed") {
		t.Errorf("the limit is a channel's: %q", got)
	}
	b.c.Limits.Tenant = 3
	for c, want := range map[chat.Channel]string{
		noc: "The channels here have 3 subscriptions altogether", guild: "Subscribed",
	} {
		if got := say(t, b, c, "outages subscribe AS4").Message.Headline; !strings.HasPrefix(got, want) {
			t.Errorf("in %s: %q, want %q", c, got, want)
		}
	}
}

func TestRequestsPerMinute(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := botOn(t, s, newSky(), func(c *Config) { c.Limits.PerMinute = 3 })
		for n := range 5 {
			got := say(t, b, newsroom, "outages help").Message.Headline
			if refused := strings.Contains(got, "more than 3 requests in a minute"); refused != (n >= 3) {
				t.Errorf("request %d: %q", n+1, got)
			}
		}
		other := chat.Request{Channel: newsroom, Person: chat.Person{ID: "U9"}, Line: "outages help"}
		if got := sayAs(t, b, other).Message.Headline; strings.Contains(got, "more than") {
			t.Errorf("another person is held up: %q", got)
		}
		time.Sleep(time.Minute)
		if got := say(t, b, newsroom, "outages help").Message.Headline; strings.Contains(got, "more than") {
			t.Errorf("a minute later: %q", got)
		}
	})
}

// A request that a platform delivers twice is handled once.
func TestRequestTwice(t *testing.T) {
	s := newStore(t)
	b := botOn(t, s, newSky())
	replies := 0
	for range 3 {
		r := chat.Request{ID: "T1.trigger\x00\n", Channel: newsroom, Person: ana, Line: "outages subscribe KP"}
		if err := b.Handle(t.Context(), r, func(chat.Reply) error { replies++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if replies != 1 {
		t.Errorf("%d replies, want 1", replies)
	}
	view(t, s, func(tx *Tx) error {
		lines, err := tx.Audit(newsroom, 0)
		if len(lines) != 1 || lines[0].By != ana || !strings.Contains(lines[0].What, "subscribed to KP") {
			t.Errorf("audit log: %+v", lines)
		}
		return err
	})
}

// Who waits hears that work goes on, then the whole.
func TestSlowAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see := newSky()
		b := botOn(t, s, see)
		for _, slow := range []time.Duration{time.Second, 10 * time.Second} {
			see.slow = slow
			start := time.Now()
			var got []string
			err := b.Handle(t.Context(), chat.Request{Channel: newsroom, Person: ana, Line: "isitdown KP"}, func(r chat.Reply) error {
				got = append(got, fmt.Sprintf("%v %v %s", time.Since(start), r.Partial, r.Message.Headline))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			want := 1
			if slow > patience {
				want = 2
				if got[0] != "1.5s true Checking KP …" {
					t.Errorf("the first word is %q", got[0])
				}
			}
			if len(got) != want || !strings.Contains(got[len(got)-1], slow.String()+" false UP: North Korea (KP)") {
				t.Errorf("%v: %q", slow, got)
			}
		}
	})
}

// An answer that the platform takes no more goes to the channel, if it knows the
// bot and the answer is for all.
func TestLateAnswer(t *testing.T) {
	expired := &chat.Refusal{Trouble: chat.NotSent, Err: errors.New("expired_url")}
	unclear := &chat.Refusal{Trouble: chat.Unclear, Err: errors.New("timeout")}
	for _, tt := range []struct {
		name    string
		before  string
		request chat.Request
		refusal error
		want    bool
	}{
		{"subscribed", "outages subscribe KP", chat.Request{ID: "1", Line: "isitdown KP"}, expired, true},
		{"not subscribed", "", chat.Request{ID: "1", Line: "isitdown KP"}, expired, false},
		{"for one person", "outages subscribe KP", chat.Request{ID: "1", Line: "outages list"}, expired, false},
		{"in private", "outages subscribe KP", chat.Request{ID: "1", Line: "isitdown KP", Private: true}, expired, false},
		{"it may have been shown", "outages subscribe KP", chat.Request{ID: "1", Line: "isitdown KP"}, unclear, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			b := botOn(t, s, newSky())
			if tt.before != "" {
				say(t, b, newsroom, tt.before)
			}
			tt.request.Channel, tt.request.Person = newsroom, ana
			err := b.Handle(t.Context(), tt.request, func(chat.Reply) error { return tt.refusal })
			list := deliveries(t, s)
			if (len(list) == 1) != tt.want || (err == nil) != tt.want {
				t.Fatalf("%d deliveries, error %v", len(list), err)
			}
			if tt.want && (list[0].Op != Plain || !strings.Contains(list[0].Message.Text(200), "given earlier: /isitdown KP")) {
				t.Errorf("%s", list[0].Message.Text(200))
			}
		})
	}
}

// The operator hears of an error, the person that there was one; neither is told
// to the channel.
func TestErrorHere(t *testing.T) {
	see := newSky()
	b := botOn(t, newStore(t), see)
	see.fail = errors.New("the table is broken")
	var got chat.Reply
	err := b.Handle(t.Context(), chat.Request{Channel: newsroom, Person: ana, Line: "isitdown KP"}, func(r chat.Reply) error {
		got = r
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "the table is broken") {
		t.Errorf("the operator hears %v", err)
	}
	if text := got.Message.Text(200); !got.Private || strings.Contains(text, "table") || !strings.Contains(text, "Try again") {
		t.Errorf("the person hears: %s", text)
	}
}

// Notes are for their own tenant: another one that follows the same incident sees
// its facts and none of its notes.
func TestNotesStayInTheirTenant(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		run(t, b)
		for _, c := range []chat.Channel{newsroom, noc, guild} {
			say(t, b, c, "outages subscribe KP")
		}
		after(time.Minute)
		see.set(t, "KP", "down", time.Now())
		after(10 * time.Minute)
		before := len(p.calls)
		say(t, b, newsroom, "outages note KP-20000101-1 a secret of ours")
		after(time.Minute)
		var got []string
		for _, o := range p.calls[before:] {
			got = append(got, o.Channel.String()+" "+o.Thread)
			if o.Thread == "" || !strings.Contains(o.Message.Text(200), "Ana: a secret of ours") {
				t.Errorf("in %s: %s", o.Channel, o.Message.Text(200))
			}
		}
		if len(got) != 2 {
			t.Errorf("the note went to %v, want the two channels of the tenant", got)
		}
		for _, verb := range []string{"details", "why", "timeline"} {
			line := "outages " + verb + " KP-20000101-1"
			own, other := say(t, b, noc, line), say(t, b, guild, line)
			if !strings.Contains(own.Message.Text(200), "a secret of ours") {
				t.Errorf("%s in the own tenant lacks the note", verb)
			}
			if strings.Contains(other.Message.Text(200), "secret") {
				t.Errorf("%s in another tenant shows the note", verb)
			}
		}
		stranger := chat.Channel{Platform: "slack", Tenant: "T9", ID: "C9"}
		if got := say(t, b, stranger, "outages note KP-20000101-1 hello").Message.Headline; !strings.Contains(got, "No channel here is subscribed") {
			t.Errorf("a stranger's note: %q", got)
		}
	})
}

// Who subscribes in the midst of an incident gets it, and its end, once.
func TestSubscribeInAnIncident(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		run(t, b)
		say(t, b, noc, "outages subscribe KP")
		after(time.Hour)
		see.set(t, "KP", "down", time.Now())
		after(time.Hour)
		text := say(t, b, newsroom, "outages subscribe KP").Message.Text(200)
		for _, want := range []string{"1 incident open", "KP-20000101-1", "it would have told of 1 outage"} {
			if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), want) {
				t.Errorf("the answer does not say %q:\n%s", want, text)
			}
		}
		say(t, b, newsroom, "outages subscribe KP")
		after(time.Minute)
		see.set(t, "KP", "up", time.Now())
		after(time.Hour)
		var got []string
		for _, o := range p.calls {
			if o.Channel == newsroom && o.Edit == "" && (o.Thread == "" || o.Announce) {
				got = append(got, o.Message.Headline[:4])
			}
		}
		if fmt.Sprint(got) != "[DOWN BACK]" {
			t.Errorf("the channel sees %v", got)
		}
	})
}

func TestComplete(t *testing.T) {
	b := botOn(t, newStore(t), newSky(), func(c *Config) {
		c.Name = func(t checks.Target) string { return "the " + t.String() }
		c.Targets = func(typed string) []chat.Choice { return make([]chat.Choice, 30) }
	})
	say(t, b, newsroom, "outages subscribe KP")
	say(t, b, newsroom, "outages subscribe AS4837")
	for _, tt := range []struct {
		source chat.Source
		typed  string
		want   string
	}{
		{chat.SourceOwn, "", "[{the AS4837 AS4837} {the KP KP}]"},
		{chat.SourceOwn, "kp", "[{the KP KP}]"},
		{chat.SourceIncident, "", "[]"},
		{chat.SourceZone, "seo", "[{Asia/Seoul Asia/Seoul}]"},
		{chat.SourceZone, "new york", "[{America/New_York America/New_York}]"},
		{chat.SourceNone, "x", "[]"},
	} {
		if got := fmt.Sprint(b.Complete(t.Context(), newsroom, string(tt.source), tt.typed)); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.source, tt.typed, got, tt.want)
		}
	}
	if n := len(b.Complete(t.Context(), newsroom, string(chat.SourceTarget), "")); n != 25 {
		t.Errorf("%d suggestions, want 25", n)
	}
	for _, z := range zoneChoices("") {
		if _, err := time.LoadLocation(z.Value); err != nil {
			t.Errorf("suggested zone: %v", err)
		}
	}
}

// No line, however odd, makes the bot panic or stay silent.
func FuzzHandle(f *testing.F) {
	for _, s := range chat.Commands() {
		for _, e := range s.Examples {
			f.Add(e, "U1", "C1")
		}
	}
	f.Add("outages note KP-20000101-1 \u202e\x00", "", "a/b")
	s, see := newStore(f), newSky()
	b, err := New(Config{
		Store: s, Resolve: checks.ParseTarget, Assess: see.assess, Follow: see.follow, Within: holders,
		Limits: Limits{PerMinute: 1 << 30},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line, person, id string) {
		replies := 0
		r := chat.Request{Channel: chat.Channel{Platform: "slack", Tenant: "T1", ID: id}, Person: chat.Person{ID: person, Name: line}, Line: line}
		err := b.Handle(t.Context(), r, func(chat.Reply) error { replies++; return nil })
		if replies == 0 {
			t.Errorf("no word on %q: %v", line, err)
		}
	})
}
