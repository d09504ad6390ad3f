package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// What many networks did in quiet hours is one message when they end: of what lasts, and
// of what came and went.
func TestWorldInQuietHours(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.networks(t, 100, "up", time.Now())
		say(t, b, newsroom, "outages subscribe world quiet:01-05") // it is midnight
		after(90 * time.Minute)
		g.networks(t, 100, "down", time.Now())
		after(time.Hour)
		g.networks(t, 50, "up", time.Now())
		after(2 * time.Hour)
		if got := p.told(newsroom); len(got) != 0 {
			t.Errorf("in quiet hours the channel sees %q", got)
		}
		after(time.Hour)
		got := p.told(newsroom)
		if len(got) != 2 || !strings.HasPrefix(got[0], "root 50 notices were held back") && !strings.HasPrefix(got[1], "root 50 notices were held back") {
			t.Errorf("after quiet hours the channel sees\n%s", strings.Join(got, "\n"))
		}
		if all := strings.Join(got, "\n"); !strings.Contains(all, "root DOWN: 50 networks told together: 50 down") {
			t.Errorf("after quiet hours the channel sees\n%s", all)
		}
		for _, o := range p.calls {
			if n := len(o.Message.Parts); n > maxMissedListed+1 {
				t.Errorf("a message has %d parts", n)
			}
		}
	})
}

// A channel that subscribes while much is down hears of it in one message.
func TestSubscribeToTheWorldLate(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.networks(t, 25, "up", time.Now())
		g.set(t, "KP", "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		after(time.Hour)
		g.networks(t, 25, "down", time.Now())
		g.set(t, "KP", "degraded", time.Now())
		after(20 * time.Minute)
		say(t, b, elsewhere, "outages subscribe world level:down")
		after(time.Minute)
		got := p.told(elsewhere)
		if len(got) != 1 || !strings.HasPrefix(got[0], "root DOWN: 25 networks told together") {
			t.Errorf("who came late sees %q", got)
		}
		say(t, b, newsroom, "outages unsubscribe world")
		g.networks(t, 25, "up", time.Now())
		after(3 * time.Hour)
		if got := p.seen(elsewhere); len(got) != 2 {
			t.Errorf("at the end who came late sees %q", got)
		}
		if got := p.told(newsroom); len(got) != 2 {
			t.Errorf("who unsubscribed sees %q", got)
		}
	})
}

// More than can be followed is not: what lost most is, and how much is left is known.
func TestWorldIsFollowedAsFarAsItGoes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g := newGlobe()
		b := botOn(t, s, g.sky, func(c *Config) {
			c.World = func(now time.Time) checks.World {
				w := checks.World{At: now}
				for i := range maxSurveyed + 7 {
					w.Outages = append(w.Outages, g.verdict(target(t, fmt.Sprintf("AS%d", 65000+i)), now))
				}
				return w
			}
			c.WorldVerdict = g.worldVerdict
		})
		g.networks(t, maxSurveyed+7, "down", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		if err := b.Step(time.Now()); err != nil {
			t.Fatal(err)
		}
		if b.surveyed != maxSurveyed || b.survey.left != 7 {
			t.Errorf("%d are followed, %d are left", b.surveyed, b.survey.left)
		}
		b.Close()
	})
}

// A digest says for how long nothing was known of the world where something was known of
// other targets, and lists what the channel subscribed to itself apart.
func TestDigestOfTheWorld(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.set(t, "KP", "up", time.Now())
		g.networks(t, 15, "up", time.Now())
		say(t, b, newsroom, "outages subscribe KP")
		say(t, b, newsroom, "outages subscribe world")
		say(t, b, newsroom, "outages digest daily 12:00")
		after(time.Hour)
		g.set(t, "KP", "down", time.Now())
		g.networks(t, 15, "down", time.Now())
		after(time.Hour)
		g.set(t, "KP", "up", time.Now())
		g.networks(t, 14, "up", time.Now())
		after(3 * time.Hour)
		g.silent("the stream has been silent for 14 min")
		after(time.Hour)
		g.silent("")
		after(6*time.Hour + time.Minute)
		digests := p.digests()
		if len(digests) != 1 {
			t.Fatalf("%d digests", len(digests))
		}
		text := strings.Join(strings.Fields(digests[0]), " ")
		expect(t, text, "1 outage; world: outages of 15 networks", "15 networks; 1 of them lasts", "and 5 more outages", "KP-20000101-1", "Nothing was known of the world for 1 h")
		if strings.Count(text, "KP-20000101-1") != 1 {
			t.Errorf("KP stands there twice:\n%s", text)
		}
	})
}

// What is open and old is kept for as long as somebody may wait for its end.
func TestOpenIncidentOfTheWorldIsKept(t *testing.T) {
	s := newStore(t)
	i := Incident{ID: "AS65000-20141222-1", Target: checks.Network(65000), Stage: Open, Kind: 0}
	keep := func() bool {
		t.Helper()
		if _, err := s.Retain(time.Now().Add(1000*24*time.Hour), Retention{}); err != nil {
			t.Fatal(err)
		}
		found := false
		view(t, s, func(tx *Tx) (err error) {
			_, found, err = tx.Incident(i.ID)
			return err
		})
		return found
	}
	err := s.Update(func(tx *Tx) error {
		if err := tx.PutSubscription(Subscription{Channel: newsroom, Target: checks.Worldwide()}); err != nil {
			return err
		}
		return tx.PutIncident(i)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !keep() {
		t.Error("it is gone while a channel is subscribed to the world")
	}
	if err := s.Update(func(tx *Tx) error { return tx.DeleteSubscription(newsroom, checks.Worldwide()) }); err != nil {
		t.Fatal(err)
	}
	if keep() {
		t.Error("it is kept when nobody is")
	}
}

// BenchmarkWorldStep is one look at a world in which so many networks are down, all of
// which are followed and told of: go test ./bot -run - -bench WorldStep -count 5
func BenchmarkWorldStep(b *testing.B) {
	for _, down := range []int{300, maxSurveyed} {
		b.Run(fmt.Sprint(down), func(b *testing.B) {
			g := newGlobe()
			now := day0
			for i := range down {
				g.patch(checks.Network(checks.ASN(65000+i))).set(checks.Down, now)
			}
			bot, err := New(Config{
				Store: newStore(b), Resolve: checks.ParseTarget, Assess: g.assess, Follow: g.follow,
				World: g.world, WorldVerdict: g.worldVerdict, Now: func() time.Time { return now },
			})
			if err != nil {
				b.Fatal(err)
			}
			err = bot.c.Store.Update(func(tx *Tx) error {
				return tx.PutSubscription(Subscription{Channel: newsroom, Target: checks.Worldwide()})
			})
			if err != nil {
				b.Fatal(err)
			}
			step := func() {
				now = now.Add(beat)
				if err := bot.Step(now); err != nil {
					b.Fatal(err)
				}
			}
			for range 120 { // until all of it is told
				step()
			}
			for b.Loop() {
				step()
			}
		})
	}
}
