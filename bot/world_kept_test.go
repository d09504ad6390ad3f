package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
)

// A restart goes on with what is open; without the world nothing more is known of it, which
// is said, and with it again the end comes.
func TestWorldBetweenRestarts(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		stop := run(t, b)
		g.set(t, "KP", "up", time.Now())
		g.networks(t, 5, "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		after(time.Hour)
		g.set(t, "KP", "down", time.Now())
		g.networks(t, 5, "down", time.Now())
		after(10 * time.Minute)
		stop()
		b = botOn(t, s, g.sky, g.watched)
		stop = run(t, b)
		after(10 * time.Minute)
		if got := p.seen(newsroom); len(got) != 2 {
			t.Errorf("after a restart the channel sees %q", got)
		}
		stop()
		b = botOn(t, s, g.sky, func(c *Config) { c.NoWorld = "set world.enabled" })
		stop = run(t, b)
		after(10 * time.Minute)
		expect(t, say(t, b, elsewhere, "outages subscribe world").Message.Text(300), "set world.enabled")
		expect(t, say(t, b, elsewhere, "isitdown world").Message.Text(300), "not watched here", "set world.enabled")
		told := p.told(newsroom)
		if last := told[len(told)-1]; !strings.Contains(last, "UNKNOWN: ") {
			t.Errorf("without the world the channel sees\n%s", strings.Join(told, "\n"))
		}
		stop()
		g.set(t, "KP", "up", time.Now())
		g.networks(t, 5, "up", time.Now())
		b = botOn(t, s, g.sky, g.watched)
		stop = run(t, b)
		after(3 * time.Hour)
		if got := p.seen(newsroom); len(got) != 4 {
			t.Errorf("when all is well the channel sees %q", got)
		}
		stop()
	})
}

// Who is subscribed to a target hears of it by that; the world tells of it once.
// What is read at a start is of the past: nothing is down or back because it was then.
func TestWorldIsStarting(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		start := func(how string) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.starting = how
		}
		g.set(t, "KP", "up", time.Now())
		g.set(t, "SY", "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		after(10 * time.Minute)
		g.set(t, "KP", "down", time.Now())
		after(10 * time.Minute)
		want := []string{"DOWN: North Korea"}
		if got := p.seen(newsroom); len(got) != 1 || !strings.HasPrefix(got[0], "root DOWN: ") {
			t.Fatalf("the channel sees %q", got)
		}
		start("301 vantage points; known as of 23:00:00 UTC on 31 December 1999; reading updates")
		g.set(t, "KP", "up", time.Now())
		g.set(t, "SY", "down", time.Now())
		after(20 * time.Minute)
		for _, line := range p.told(newsroom)[1:] {
			if !strings.Contains(line, "UNKNOWN") {
				t.Errorf("while the table is of an hour ago the channel sees %q", line)
			}
		}
		g.set(t, "KP", "down", time.Now())
		g.set(t, "SY", "up", time.Now())
		start("")
		after(20 * time.Minute)
		if got := p.seen(newsroom); len(got) != 1 {
			t.Errorf("after the start the channel sees %q, want %q alone", got, want)
		}
	})
}

func TestWorldBesideASubscription(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.set(t, "KP", "up", time.Now())
		say(t, b, newsroom, "outages subscribe KP")
		say(t, b, newsroom, "outages subscribe world")
		say(t, b, elsewhere, "outages subscribe world")
		after(time.Hour)
		g.set(t, "KP", "down", time.Now())
		after(10 * time.Minute)
		expect(t, say(t, b, newsroom, "outages unsubscribe KP").Message.Text(300), "told to its end")
		after(5 * time.Minute)
		say(t, b, elsewhere, "outages mute world 1h")
		g.set(t, "KP", "up", time.Now())
		after(time.Hour)
		for _, c := range []chat.Channel{newsroom, elsewhere} {
			if got := p.seen(c); fmt.Sprint(got) != "[root DOWN: North Ko end BACK: North Ko]" {
				t.Errorf("%s sees %q", c, got)
			}
		}
		g.set(t, "KP", "down", time.Now())
		after(10 * time.Minute)
		expect(t, say(t, b, newsroom, "outages unsubscribe world").Message.Text(300), "not even the end")
		g.set(t, "KP", "up", time.Now())
		after(time.Hour)
		if got := p.seen(newsroom); len(got) > 3 {
			t.Errorf("who unsubscribed sees %q", got)
		}
	})
}

func TestWorldIsSuggested(t *testing.T) {
	g := newGlobe()
	b := botOn(t, newStore(t), g.sky, g.watched)
	got := b.Complete(t.Context(), newsroom, string(chat.SourceTarget), "wor")
	if len(got) != 1 || got[0].Value != "world" {
		t.Errorf("got %v", got)
	}
	if got := b.Complete(t.Context(), newsroom, string(chat.SourceTarget), "kp"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
