package main

import (
	"os"
	"path/filepath"
	"testing"

	"isitdown/bot/chattest"
)

// worldScenario is a small world, synthetic but for the names of North Korea's prefixes and
// networks: a country that is gone for half an hour, and later six networks of one upstream.
const worldScenario = `title "A small world"
note "Synthetic: an example, nothing that happened."
start 2024-05-01T00:00Z
end   2024-05-01T06:00Z
watch KP
registered apnic KP AS131279        2009-12-21
registered apnic KP 175.45.176.0/22 2009-12-21
collector rrc00 1103 3333 13030 3356 1299 2914
collector rrc01 174 3257 6939 8426 9002 13237
transit 4837 behind 174 1299 2914 3257 3356 6939
transit 1000009 behind 174 1299 2914 3257 3356 6939
network kp origin 131279 via 4837 : 175.45.176.0/24 175.45.177.0/24 175.45.178.0/24 175.45.179.0/24
network n1 origin 1000011 via 1000009 : 203.0.96.0/23
network n2 origin 1000012 via 1000009 : 203.0.98.0/23
network n3 origin 1000013 via 1000009 : 203.0.100.0/23
network n4 origin 1000014 via 1000009 : 203.0.102.0/23
network n5 origin 1000015 via 1000009 : 203.0.104.0/23
network n6 origin 1000016 via 1000009 : 203.0.106.0/23
background 60 via 3356
2024-05-01T02:00Z withdraw kp over 60s
2024-05-01T02:30Z announce kp
2024-05-01T04:00Z withdraw n1 over 60s
2024-05-01T04:00Z withdraw n2 over 60s
2024-05-01T04:00Z withdraw n3 over 60s
2024-05-01T04:00Z withdraw n4 over 60s
2024-05-01T04:00Z withdraw n5 over 60s
2024-05-01T04:00Z withdraw n6 over 60s
2024-05-01T04:40Z announce n1
2024-05-01T04:40Z announce n2
2024-05-01T04:40Z announce n3
2024-05-01T04:40Z announce n4
2024-05-01T04:40Z announce n5
2024-05-01T04:40Z announce n6
`

// rehearseWorld rehearses it with the table of the whole world.
func rehearseWorld(t *testing.T, a *app) *show {
	t.Helper()
	file := filepath.Join(t.TempDir(), "small-world.scenario")
	if err := os.WriteFile(file, []byte(worldScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	a.config.World.On, a.config.World.MinAddresses = true, 512
	return rehearse(t, a, file)
}

// The whole bot tells a workspace of the whole world.
func TestWorldOnSlack(t *testing.T) {
	t.Parallel()
	p := newSlackStand(t)
	s := rehearseWorld(t, p.app())
	p.listens(t)
	theWorldsStory(t, s, p)
}

// And a guild.
func TestWorldOnDiscord(t *testing.T) {
	t.Parallel()
	p := &discordStand{d: chattest.Twin(t)}
	s := rehearseWorld(t, p.app())
	eventually(t, "the gateway is connected", func() bool { return s.platforms[0].finding().OK })
	theWorldsStory(t, s, p)
}

// theWorldsStory is a channel that is subscribed to the world, and one that is subscribed to the
// country that is lost and its prefix as well, and is told once.
func theWorldsStory(t *testing.T, s *show, p stand) {
	t.Helper()
	here, there := p.places()[0], p.places()[1]
	answer, _ := p.ask(t, here, "outages digest daily 03:30")
	wants(t, "the plan of a digest", answer, "Digest daily at 03:30")
	answer, _ = p.ask(t, here, "outages subscribe world level:down")
	wants(t, "the subscription", answer, "Subscribed to the world")
	p.ask(t, there, "outages subscribe KP level:down")
	p.ask(t, there, "outages subscribe 175.45.176.0/22 level:down")
	p.ask(t, there, "outages subscribe world level:down")

	s.advance(t, "2024-05-01T01:30Z")
	answer, _ = p.ask(t, here, "outages now")
	wants(t, "how it is before", answer, "no country or network seen down or degraded", "2024 01:30 UTC")

	s.advance(t, "2024-05-01T02:15Z")
	for _, in := range p.places() {
		root := find(t, p.channel(t, in), "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 1 May 2024 02:00 UTC", "KP-20240501-1")
		wants(t, "the opening", root.text, "0 of 1,024 addresses", "AS4837", "Synthetic: an example", "Rehearsal: ")
		find(t, p.channel(t, in), "DOWN: ", "") // and nothing else, as of its network
	}
	answer, _ = p.ask(t, here, "outages now")
	wants(t, "how it is meanwhile", answer, "in the world 1 country and 1 network down", "DOWN North Korea (KP): 0 of 4 prefixes, 0 of 1,024 addresses visible", "KP-20240501-1")

	s.advance(t, "2024-05-01T03:20Z")
	for _, in := range p.places() {
		root := find(t, p.channel(t, in), "BACK: North Korea (KP): all 4 networks visible again after 30 min", "11:00 - 11:30 in Pyongyang")
		wants(t, "the thread at its end", texts(p.thread(t, in, root.id)), "Watching for relapse", "KP-20240501-1 · resolved", "No relapse by")
	}
	answer, _ = p.ask(t, here, "isitdown world")
	wants(t, "how it is after it", answer, "no country or network seen down or degraded")
	s.advance(t, "2024-05-01T03:40Z")
	digest := find(t, p.channel(t, here), "DIGEST Wed 1 May 2024 03:30 UTC", "")
	wants(t, "the digest", digest.text, "1 country", "KP-20240501-1", "30 min")

	s.advance(t, "2024-05-01T04:20Z")
	many := find(t, p.channel(t, here), "DOWN: 6", "told together")
	wants(t, "six networks at once", many.text, "world-20240501-", "AS1000009", "AS1000011", "AS1000016", "Synthetic: an example")
	s.advance(t, "2024-05-01T05:30Z")
	many = find(t, p.channel(t, here), "BACK: 6", "are told in one message")
	wants(t, "when they are back", many.text, "all visible again", "world-20240501-", "update 1")
}
