package bot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// digests gives those that a platform has shown, as one line each.
func (p *platform) digests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, o := range p.calls {
		if strings.HasPrefix(o.Message.Headline, "DIGEST") {
			list = append(list, strings.ReplaceAll(o.Message.Text(5000), "\u00a0", " "))
		}
	}
	return list
}

// expect checks that a text says all of it.
func expect(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

// A channel's digests over some days: what happened, what did not, what people
// said, and when nothing could be seen.
func TestDigests(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		stop := run(t, b)
		say(t, b, newsroom, "outages subscribe KP tz:Asia/Seoul")
		say(t, b, newsroom, "outages subscribe AS4837")
		say(t, b, newsroom, "outages digest daily 09:00")
		after(2 * time.Hour) // midnight to two o'clock UTC, eleven in Seoul
		see.set(t, "KP", "down", time.Now())
		after(10 * time.Minute)
		say(t, b, newsroom, "outages note KP-20000101-1 we saw it as well")
		after(50 * time.Minute)
		see.set(t, "KP", "up", time.Now())
		after(time.Hour)
		for _, x := range []string{"KP", "AS4837"} {
			see.set(t, x, "unknown", time.Now())
		}
		after(time.Hour)
		for _, x := range []string{"KP", "AS4837"} {
			see.set(t, x, "up", time.Now())
		}
		after(19*time.Hour + 30*time.Minute)
		got := p.digests()
		if len(got) != 1 {
			t.Fatalf("%d digests on the first morning, want 1", len(got))
		}
		expect(t, got[0], "Sun 2 Jan 2000 09:00 Asia/Seoul", "covers 24 h", "1 outage", "KP-20000101-1", "1 h", "resolved",
			"we saw it as well", "Notes by people, not by isitdown", "No outage seen: AS4837", "(coverage 95.8 %)",
			"04:00 UTC - 05:00 UTC (1 h): no routing data that says enough", "This is a test.")

		after(24 * time.Hour)
		if got = p.digests(); len(got) != 2 {
			t.Fatalf("%d digests on the second morning, want 2", len(got))
		}
		expect(t, got[1], "Mon 3 Jan 2000 09:00 Asia/Seoul", "covers 24 h (coverage 100 %): no outage seen", "No outage seen: AS4837 and KP")

		stop() // and three mornings pass
		after(72 * time.Hour)
		b = botOn(t, s, see)
		run(t, b)
		after(time.Hour)
		if got = p.digests(); len(got) != 3 {
			t.Fatalf("%d digests after three mornings away, want one more", len(got))
		}
		expect(t, got[2], "Thu 6 Jan 2000 09:00 Asia/Seoul", "covers 3 days", "The 2 digests before this one could not be delivered",
			"not watched", "No outage seen as far as could be told")
		after(24 * time.Hour)
		if got = p.digests(); len(got) != 4 {
			t.Fatalf("%d digests a day later, want 4", len(got))
		}
		expect(t, got[3], "Fri 7 Jan 2000 09:00", "covers 24 h")
	})
}

// The window of a digest begins where the last one that was delivered ended: what
// a platform refuses for days is told when it takes it.
func TestDigestAfterOneThatWasNotDelivered(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		run(t, b)
		say(t, b, newsroom, "outages subscribe KP")
		say(t, b, newsroom, "outages digest daily 09:00")
		after(10 * time.Hour)
		down := true
		p.mu.Lock()
		p.answer = func(int, chat.Outgoing) (error, bool) {
			if down {
				return &chat.Refusal{Trouble: chat.NotSent, Err: errors.New("no_connection")}, false
			}
			return nil, true
		}
		p.calls = nil
		p.mu.Unlock()
		after(3 * 24 * time.Hour)
		p.mu.Lock()
		down, p.calls = false, nil
		p.mu.Unlock()
		after(24 * time.Hour)
		var windows []string
		view(t, s, func(tx *Tx) error {
			plan, _, err := tx.DigestPlan(newsroom)
			if want := time.Date(2000, 1, 5, 9, 0, 0, 0, time.UTC); !plan.Delivered.Equal(want) {
				t.Errorf("the last window that was delivered ends at %v, want %v", plan.Delivered, want)
			}
			return err
		})
		for _, text := range p.digests() {
			_, window, _ := strings.Cut(text, "Window")
			line, _, _ := strings.Cut(strings.TrimSpace(window), "\n")
			windows = append(windows, line)
		}
		// One of each day was given up after a day; whichever was under way when the
		// platform was back covers all since the first morning.
		if n := len(windows); n == 0 || !strings.HasPrefix(windows[0], "Sat 1 Jan 2000 09:00 UTC - ") {
			t.Fatalf("windows: %q", windows)
		}
		for i := 1; i < len(windows); i++ {
			_, end, _ := strings.Cut(windows[i-1], " - ")
			if start, _, _ := strings.Cut(windows[i], " - "); start != end {
				t.Errorf("a window begins at %s, and the one before it ended at %s", start, end)
			}
		}
	})
}

func TestUnseen(t *testing.T) {
	at := func(h int) time.Time { return day0.Add(time.Duration(h) * time.Hour) }
	moments := func(states ...any) []chat.Moment {
		var list []chat.Moment
		for i := 0; i < len(states); i += 2 {
			list = append(list, chat.Moment{At: at(states[i].(int)), State: states[i+1].(checks.State)})
		}
		return list
	}
	span := func(from, to int, why string) chat.Blind { return chat.Blind{From: at(from), To: at(to), Why: why} }
	const blind = "no routing data that says enough"
	for _, tt := range []struct {
		name string
		life Life
		now  int
		want []chat.Blind
	}{
		{"never looked at", Life{}, 24, []chat.Blind{span(0, 24, "not watched")}},
		{"all of the time", Life{At: at(24), Timeline: moments(-5, checks.Up)}, 24, nil},
		{"a part", Life{At: at(24), Timeline: moments(-5, checks.Up, 3, checks.Unknown, 5, checks.Up)}, 24, []chat.Blind{span(3, 5, blind)}},
		{"into the window", Life{At: at(24), Timeline: moments(-5, checks.Unknown, 5, checks.Up)}, 24, []chat.Blind{span(0, 5, blind)}},
		{"still", Life{At: at(24), Timeline: moments(-5, checks.Up, 20, checks.Unknown)}, 24, []chat.Blind{span(20, 24, blind)}},
		{"from then on", Life{At: at(24), Timeline: moments(6, checks.Up)}, 24, []chat.Blind{span(0, 6, "not watched yet")}},
		{"forgotten", Life{At: at(24), Dropped: 9, Timeline: moments(6, checks.Up)}, 24, nil},
		{"nobody looks any more", Life{At: at(12), Timeline: moments(-5, checks.Up)}, 24, []chat.Blind{span(12, 24, "not watched")}},
		{"after the window", Life{At: at(30), Timeline: moments(-5, checks.Up, 25, checks.Unknown)}, 30, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(unseenIn(&tt.life, at(0), at(24), at(tt.now)), tt.want); diff != "" {
				t.Errorf("(-got +want)\n%s", diff)
			}
		})
	}
	lists := [][]chat.Blind{{span(1, 5, "a"), span(8, 9, "a")}, {span(0, 2, "b"), span(4, 9, "b")}}
	want := []chat.Blind{span(1, 2, "a"), span(4, 5, "a"), span(8, 9, "a")}
	if diff := cmp.Diff(common(lists), want); diff != "" {
		t.Errorf("common (-got +want)\n%s", diff)
	}
}
