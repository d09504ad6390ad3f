package bot

import (
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// A country, its network and one of its prefixes are lost together: lists and the
// digest count one outage, as the channel was told of one. What outlasts the country
// is an outage of its own.
func TestListsAreRolledUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		see, p := newSky(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, see)
		run(t, b)
		all := []string{"175.45.176.0/24", "AS131279", "KP"}
		for _, x := range all {
			say(t, b, newsroom, "outages subscribe "+x)
		}
		say(t, b, newsroom, "outages digest daily 09:00")
		after(2 * time.Hour)
		for _, x := range all {
			see.set(t, x, "down", time.Now())
		}
		after(10 * time.Minute)
		for _, line := range []string{"outages now", "outages list"} {
			text := plainText(say(t, b, newsroom, line).Message.Text(5000))
			expect(t, text, "1 incident open", "KP-20000101-1 · DOWN KP", "part of it: AS131279 and 175.45.176.0/24")
			if strings.Contains(text, "AS131279-20000101-1") {
				t.Errorf("%s names an incident that this channel was never told of:\n%s", line, text)
			}
		}
		see.set(t, "KP", "up", time.Now())
		see.set(t, "175.45.176.0/24", "up", time.Now())
		after(2 * time.Hour)
		expect(t, plainText(say(t, b, newsroom, "outages now").Message.Text(5000)), "1 incident open", "AS131279-20000101-1 · DOWN")
		after(6 * time.Hour)
		got := p.digests()
		if len(got) != 1 {
			t.Fatalf("%d digests, want 1", len(got))
		}
		expect(t, got[0], "2 outages", "KP-20000101-1 · KP: 10 min", "part of it: 175.45.176.0/24", "AS131279-20000101-1 · DOWN")
	})
}

func TestSpeaksFor(t *testing.T) {
	b := botOn(t, newStore(t), newSky())
	at := func(minutes int) checks.Interval {
		if minutes < 0 {
			return checks.Interval{}
		}
		return checks.Interval{Half: time.Date(2000, 1, 1, 0, minutes, 0, 0, time.UTC)}
	}
	type span struct{ from, to int }
	for _, tt := range []struct {
		name         string
		worst        checks.State
		wide, narrow span
		want         bool
	}{
		{"together", checks.Degraded, span{0, 90}, span{5, 95}, true},
		{"both last", checks.Degraded, span{0, -1}, span{5, -1}, true},
		{"the narrow one lasts", checks.Down, span{0, 90}, span{5, -1}, false},
		{"it ends much later", checks.Down, span{0, 90}, span{5, 400}, false},
		{"it begins much later, in all of it", checks.Down, span{0, 300}, span{200, 290}, true},
		{"it begins much later, in a part", checks.Degraded, span{0, 300}, span{200, 290}, false},
		{"it comes soon after it", checks.Down, span{0, 30}, span{40, 50}, false},
		{"it began before it", checks.Down, span{120, 200}, span{0, 199}, false},
	} {
		wide := &Incident{Worst: tt.worst, Onset: at(tt.wide.from), End: at(tt.wide.to)}
		narrow := &Incident{Worst: checks.Down, Onset: at(tt.narrow.from), End: at(tt.narrow.to)}
		if got := b.speaksFor(wide, narrow); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func plainText(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

// Whoever subscribes and asks at once how things stand hears it: the next beat is not
// waited for. Before anybody has looked, that is what is said.
func TestNowAfterSubscribing(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		b := botOn(t, s, newSky())
		say(t, b, newsroom, "outages subscribe KP")
		expect(t, plainText(say(t, b, newsroom, "outages now").Message.Text(5000)), "no target has been looked at yet", "not looked at yet: KP")
		run(t, b)
		after(0)
		say(t, b, newsroom, "outages subscribe AS1")
		after(0)
		text := plainText(say(t, b, newsroom, "outages now").Message.Text(5000))
		expect(t, text, "no incident open", "2 targets are watched")
		if strings.Contains(text, "not looked at") {
			t.Errorf("AS1 was not looked at:\n%s", text)
		}
	})
}
