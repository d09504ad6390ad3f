package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// globe is a sky that is watched as a whole.
type globe struct {
	*sky
	// Why nothing can be said, and how far a start is.
	missing, starting string

	asked int // for a verdict on one target
}

// elsewhere is a channel of another tenant.
var elsewhere = chat.Channel{Platform: "slack", Tenant: "T9", ID: "C9"}

func newGlobe() *globe { return &globe{sky: newSky()} }

func (g *globe) world(now time.Time) checks.World {
	g.mu.Lock()
	missing, starting := g.missing, g.starting
	g.mu.Unlock()
	w := checks.World{At: now, Missing: missing, Starting: starting, Vantage: checks.Vantage{Voting: 40, Voting6: 40, Collectors: 3}, MinAddresses: 4096, MinPrefixes6: 16}
	g.mu.Lock()
	targets := make([]checks.Target, 0, len(g.patches))
	for t := range g.patches {
		targets = append(targets, t)
	}
	g.mu.Unlock()
	slices.SortFunc(targets, func(a, b checks.Target) int { return cmp.Compare(a.String(), b.String()) })
	for _, t := range targets {
		v := g.verdict(t, now)
		if missing != "" {
			v.State = checks.Unknown
		}
		if t.Kind() == checks.KindCountry {
			w.Countries.Add(v.State)
		} else {
			w.Networks.Add(v.State)
		}
		if v.State > checks.Up {
			v.Prefixes = nil
			w.Outages = append(w.Outages, v)
		}
	}
	return w
}

func (g *globe) worldVerdict(t checks.Target, now time.Time) (checks.Verdict, bool) {
	g.mu.Lock()
	_, ok := g.patches[t]
	g.asked++
	g.mu.Unlock()
	return g.verdict(t, now), ok
}

// watched gives the configuration of a bot that watches it.
func (g *globe) watched(c *Config) { c.World, c.WorldVerdict = g.world, g.worldVerdict }

// silent sets why nothing can be said of it.
func (g *globe) silent(why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.missing = why
}

// networks sets so many networks to a state, from AS65000 on.
func (g *globe) networks(t *testing.T, n int, word string, at time.Time) {
	t.Helper()
	for i := range n {
		g.set(t, fmt.Sprintf("AS%d", 65000+i), word, at)
	}
}

// calls gives what a channel sees: "root DOWN: ...", with the edits and the replies.
func (p *platform) told(c chat.Channel) (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.calls {
		word := "root "
		switch {
		case o.Channel != c, o.Picture != nil && o.Thread != "" && !o.Announce:
			continue
		case o.Edit != "":
			word = "edit "
		case o.Announce:
			word = "end "
		case o.Thread != "":
			word = "reply "
		}
		list = append(list, word+o.Message.Headline)
	}
	return list
}

func TestSubscribeToTheWorld(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.set(t, "KP", "up", time.Now())
		g.set(t, "AS65000", "up", time.Now())
		expect(t, say(t, b, newsroom, "outages subscribe World level:down").Message.Text(300), "Subscribed to the world", "no country or network seen down")
		expect(t, say(t, b, newsroom, "outages subscribe world level:down").Message.Text(300), "nothing has changed")
		expect(t, say(t, b, newsroom, "outages subscribe world level:any").Message.Text(300), "level:down or level:degraded")
		after(time.Hour)
		g.set(t, "KP", "down", time.Now())
		g.set(t, "AS65000", "degraded", time.Now())
		after(10 * time.Minute)
		expect(t, say(t, b, newsroom, "outages list").Message.Text(300), "the world", "1 other incident open in the world")
		now := say(t, b, newsroom, "outages now").Message.Text(300)
		expect(t, now, "1 country down", "1 network degraded", "KP-20000101-1", "This channel is subscribed to the world", "DEGRADED AS65000")
		expect(t, say(t, b, newsroom, "isitdown world").Message.Text(300), "WORLD  1 country down, 1 network degraded", "1 country: 0 up, 0 degraded, 1 down, 0 unknown")
		expect(t, say(t, b, newsroom, "isitdown world at 1999-12-31").Message.Text(300), "present alone")
		expect(t, say(t, b, newsroom, "outages why KP-20000101-1").Message.Text(300), "at most 12 new messages an hour")
		expect(t, say(t, b, newsroom, "outages mute KP 1h").Message.Text(300), "say world instead")
		g.set(t, "KP", "up", time.Now())
		g.set(t, "AS65000", "up", time.Now())
		after(3 * time.Hour)
		want := []string{
			"root DOWN: North Korea (KP): 4 of 4 networks withdrawn since 1 Jan 2000 01:00 UTC",
			"reply BACK: North Korea (KP): all 4 networks visible again after 10 min",
			"edit BACK: North Korea (KP): all 4 networks visible again after 10 min",
			"end BACK: North Korea (KP): all 4 networks visible again after 10 min",
			"edit BACK: North Korea (KP): all 4 networks visible again after 10 min",
		}
		if got := p.told(newsroom); !slices.Equal(got, want) {
			t.Errorf("the channel sees\n%s", strings.Join(got, "\n"))
		}
		if n := b.Stats(); n.Open != 0 || b.surveyed != 0 {
			t.Errorf("%d are open and %d followed when all is well", n.Open, b.surveyed)
		}
		asked := func() int {
			g.mu.Lock()
			defer g.mu.Unlock()
			return g.asked
		}
		before := asked()
		after(time.Hour)
		if n := asked() - before; n != 0 {
			t.Errorf("targets that are well were assessed %d times", n)
		}
		for _, b := range p.calls[0].Message.Buttons {
			if strings.Contains(b.Line, "mute KP") || strings.Contains(b.Line, "unsubscribe KP") {
				t.Errorf("a button of what the channel did not subscribe to: %q", b.Line)
			}
		}
	})
}

// Hundreds of networks that go at once are one message, which says when they are back.
func TestManyNetworksAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.networks(t, 300, "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		after(time.Hour)
		g.networks(t, 300, "down", time.Now())
		after(20 * time.Minute)
		got := p.told(newsroom)
		if len(got) != 1 || got[0] != "root DOWN: 300 networks told together: 300 down, the first since 1 Jan 2000 01:00 UTC" {
			t.Fatalf("the channel sees\n%s", strings.Join(got, "\n"))
		}
		first := p.calls[0].Message.Text(300)
		expect(t, first, "AS4837 carried more than half of the observed paths of 300 of them", "and 280 more", "world-20000101-1", "AS65000")
		expect(t, say(t, b, newsroom, "outages details world-20000101-1").Message.Text(300), "300 outages", "AS65000-20000101-1")
		expect(t, say(t, b, newsroom, "outages why AS65007-20000101-1").Message.Text(300), "AS65007")
		expect(t, say(t, b, elsewhere, "outages details world-20000101-1").Message.Text(300), "no incident")
		g.networks(t, 200, "up", time.Now())
		after(40 * time.Minute)
		if last := p.told(newsroom); last[len(last)-1] != "edit DOWN: 300 networks told together: 100 down, 200 back, the first since 1 Jan 2000 01:00 UTC" {
			t.Errorf("when 200 are back it says\n%s", strings.Join(last[1:], "\n"))
		}
		g.networks(t, 300, "up", time.Now())
		after(3 * time.Hour)
		var shown []string
		for _, line := range p.told(newsroom) {
			if !strings.HasPrefix(line, "edit ") {
				shown = append(shown, line)
			}
		}
		if len(shown) != 2 || !strings.HasPrefix(shown[1], "end BACK: 300 networks told together: all visible again") {
			t.Errorf("the channel sees\n%s", strings.Join(shown, "\n"))
		}
		if len(b.threads[newsroom]) != 0 || b.surveyed != 0 {
			t.Errorf("%d threads are open, %d targets followed when all is well", len(b.threads[newsroom]), b.surveyed)
		}
	})
}

// Networks that go one after the other have messages of their own, so many an hour and no
// more; nothing is left out.
func TestWorldIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("hours of forty networks that come and go")
	}
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.networks(t, 40, "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		after(time.Hour)
		for i := range 40 {
			g.set(t, fmt.Sprintf("AS%d", 65000+i), "down", time.Now())
			after(70 * time.Second)
		}
		after(10 * time.Minute)
		roots, lost := 0, map[string]bool{}
		for _, o := range p.calls {
			if o.Edit == "" && o.Thread == "" {
				roots++
			}
			for i := range 40 {
				if name := fmt.Sprintf("AS%d", 65000+i); strings.Contains(o.Message.Text(300), name+"-2000") {
					lost[name] = true
				}
			}
		}
		if roots != worldRoots+1 {
			t.Errorf("%d new messages in an hour, want %d\n%s", roots, worldRoots+1, strings.Join(p.told(newsroom), "\n"))
		}
		for i := range 40 {
			if name := fmt.Sprintf("AS%d", 65000+i); !lost[name] && i < worldRoots+maxTogetherShown {
				t.Errorf("%s is told of nowhere", name)
			}
		}
	})
}

// maxTogetherShown is how many a message about several lists.
const maxTogetherShown = 20

// A country speaks for its networks, whether they are many or not.
func TestWorldRollsUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		kp := checks.Country("KP")
		b := botOn(t, s, g.sky, g.watched, func(c *Config) {
			c.Within = func(t checks.Target) []checks.Target {
				if t.Kind() == checks.KindASN {
					return []checks.Target{kp}
				}
				return nil
			}
		})
		run(t, b)
		g.set(t, "KP", "up", time.Now())
		g.networks(t, 50, "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		after(time.Hour)
		g.networks(t, 50, "down", time.Now())
		after(20 * time.Second) // the networks are seen before the country is
		g.set(t, "KP", "down", time.Now())
		after(20 * time.Minute)
		if got := p.seen(newsroom); len(got) != 1 || got[0] != "root DOWN: North Ko" {
			t.Errorf("the channel sees %q", got)
		}
		g.networks(t, 50, "up", time.Now())
		g.set(t, "KP", "up", time.Now())
		after(2 * time.Hour)
		if got := p.seen(newsroom); len(got) != 2 {
			t.Errorf("the channel sees %q", got)
		}
	})
}

// What is not known opens nothing and resolves nothing, and is said once.
func TestUnknownWorld(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.set(t, "KP", "up", time.Now())
		g.set(t, "SY", "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		say(t, b, newsroom, "outages digest daily 06:00")
		after(time.Hour)
		g.silent("the stream has been silent for 14 min")
		g.set(t, "SY", "down", time.Now())
		after(time.Hour)
		if got := p.told(newsroom); len(got) != 0 {
			t.Errorf("while nothing is known the channel sees %q", got)
		}
		expect(t, say(t, b, newsroom, "outages now").Message.Text(300), "nothing can be said at present: the stream has been silent")
		g.set(t, "SY", "up", time.Now())
		g.silent("")
		after(10 * time.Minute)
		g.set(t, "KP", "down", time.Now())
		after(10 * time.Minute)
		g.silent("the stream has been silent for 14 min")
		g.set(t, "KP", "up", time.Now())
		after(time.Hour)
		want := []string{
			"root DOWN: North Korea (KP): 4 of 4 networks withdrawn since 1 Jan 2000 02:10 UTC",
			"reply UNKNOWN: ", "edit UNKNOWN: ",
		}
		got := p.told(newsroom)
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("the channel sees\n%s", strings.Join(got, "\n"))
		}
		g.silent("")
		after(4 * time.Hour)
		if got := p.seen(newsroom); len(got) < 2 || got[1] != "end BACK: North Ko" {
			t.Errorf("when it is known again the channel sees %q", got)
		}
		digests := p.digests()
		if len(digests) != 1 {
			t.Fatalf("%d digests", len(digests))
		}
		expect(t, digests[0], "outages of 1 country", "KP-20000101-1", "Blind")
	})
}

// A flapping network is a handful of messages.
func TestWorldFlaps(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		g, p := newGlobe(), new(platform)
		outboxOn(t, s, p, OutboxSettings{})
		b := botOn(t, s, g.sky, g.watched)
		run(t, b)
		g.set(t, "AS65000", "up", time.Now())
		say(t, b, newsroom, "outages subscribe world")
		after(time.Hour)
		for range 24 * 12 {
			g.set(t, "AS65000", "down", time.Now())
			after(40 * time.Second)
			g.set(t, "AS65000", "up", time.Now())
			after(260 * time.Second)
		}
		after(6 * time.Hour)
		if got := p.seen(newsroom); len(got) > 6 || len(got) < 2 {
			t.Errorf("the channel sees %d messages: %q", len(got), got)
		}
	})
}
