package main

import (
	"fmt"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// inventedWorld says of the samples of the world that nothing in them is real.
const inventedWorld = "Ruritania (XX) does not exist, nor does Graustark (XY); every network, count and time here is invented, as an example."

// worldAt is the moment of the samples of the world.
var worldAt = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// carrier carried most of the networks that do not exist.
var carrier = checks.Upstream{ASN: 1000201, Name: "Ruritania Transit", ShareBefore: .92}

// worldNetwork is a network of 16 prefixes of 1,024 addresses each, of which so many are
// left.
func worldNetwork(n int, left uint64) checks.Verdict {
	v := checks.Verdict{
		Target: checks.Network(checks.ASN(1000301 + n)), Name: fmt.Sprintf("Ruritania Net %d", n+1), At: worldAt,
		State: checks.Down, Announced: checks.ExtentNone, Evidence: checks.EvidenceModerate,
		Onset:    checks.Interval{Half: worldAt.Add(-24 * time.Minute)},
		LastHops: []checks.Upstream{carrier, {ASN: 1000202, ShareBefore: .08}},
	}
	if left > 0 {
		v.State, v.Announced = checks.Degraded, checks.ExtentPart
	}
	v.IPv4.Prefixes = checks.Count{Seen: left, Of: 16}
	v.IPv4.Addresses = checks.Count{Seen: left * 1024, Of: 16 * 1024}
	return v
}

// inventWorld is a world in which two countries and so many networks have lost routes.
func inventWorld(networks int) checks.World {
	w := checks.World{
		At: worldAt.Add(-4 * time.Second), Vantage: checks.Vantage{Source: "RIPE RIS", Voting: 312, Voting6: 298, Usual: 318, Collectors: 3},
		Countries:    checks.Census{Watched: 247, Up: 240, Degraded: 1, Down: 1, Unknown: 5},
		Networks:     checks.Census{Watched: 3120, Up: 3120 - networks - 9, Degraded: 2, Down: networks - 2, Unknown: 9},
		MinAddresses: 4096, MinPrefixes6: 16, Registered: "RIR delegated statistics, invented as well",
		Gaps: []checks.Gap{{Check: "route", Reason: "5 sessions of rrc03 still send their tables"}},
	}
	xx := checks.Verdict{
		Target: checks.Country("XX"), Name: "Ruritania", State: checks.Down, Evidence: checks.EvidenceStrong,
		Onset: checks.Interval{Half: worldAt.Add(-31 * time.Minute)}, Borders: []checks.Upstream{carrier},
	}
	xx.IPv4.Prefixes, xx.IPv4.Addresses = checks.Count{Of: 42}, checks.Count{Of: 61_440}
	xy := checks.Verdict{
		Target: checks.Country("XY"), Name: "Graustark", State: checks.Degraded, Evidence: checks.EvidenceModerate,
		Onset: checks.Interval{Half: worldAt.Add(-7 * time.Hour)},
	}
	xy.IPv4.Prefixes, xy.IPv4.Addresses, xy.IPv6.Prefixes = checks.Count{Seen: 60, Of: 92}, checks.Count{Seen: 300_032, Of: 600_064}, checks.Count{Seen: 2, Of: 3}
	w.Outages = []checks.Verdict{xx, xy}
	for i := range networks {
		left := uint64(0)
		if i >= networks-2 {
			left = 5
		}
		w.Outages = append(w.Outages, worldNetwork(i, left))
	}
	return w
}

// worldEpisodes are the outages of so many networks, the first of which are over.
func worldEpisodes(n, over int) []chat.Episode {
	var list []chat.Episode
	for i := range n {
		v := worldNetwork(i, 0)
		e := chat.Episode{
			Subject: chat.Subject(v.Target, v.Name), State: v.State, IPv4: v.IPv4.Prefixes,
			Incident: chat.Incident{ID: v.Target.String() + "-20260302-1", Onset: v.Onset, Worst: checks.Down, Changes: 1, IPv4: v.IPv4},
		}
		if i < over {
			e.State, e.Incident.End = checks.Up, checks.Interval{Half: worldAt.Add(time.Duration(20+i) * time.Minute)}
		}
		list = append(list, e)
	}
	return list
}

// worldGroup is what a channel gets that asks about the world, or is subscribed to it.
func worldGroup() []sample {
	caveats := []string{inventedWorld}
	full := chat.World{At: worldAt, World: inventWorld(41), Caveats: caveats, Incidents: map[checks.Target]string{checks.Country("XX"): "XX-20260302-1"}}
	starting, behind := full, full
	starting.World = checks.World{
		At: full.World.At, Starting: "1 of 3 collectors read", Vantage: checks.Vantage{Source: "RIPE RIS", Voting: 41, Voting6: 38, Collectors: 1},
		Countries: checks.Census{Watched: 247, Up: 201, Unknown: 46}, Networks: checks.Census{Watched: 3120, Up: 2204, Unknown: 916},
		MinAddresses: 4096, MinPrefixes6: 16,
	}
	behind.World = checks.World{
		At: worldAt.Add(-14 * time.Minute), Missing: "the table of the world is behind the stream by 14 min, and 48,210 messages wait to be worked off",
		Vantage:   checks.Vantage{Source: "RIPE RIS", Collectors: 3},
		Countries: checks.Census{Watched: 247, Unknown: 247}, Networks: checks.Census{Watched: 3120, Unknown: 3120}, MinAddresses: 4096, MinPrefixes6: 16,
	}
	sub := subscribed(checks.Worldwide(), "", chat.LevelDown, worldAt)
	sub.Subject, sub.At = "the world", worldAt
	together := chat.Together{
		ID: "world-20260302-1", Revision: 1, At: worldAt, Onset: worldAt.Add(-24 * time.Minute), Networks: 39, Lasting: worldEpisodes(39, 0),
		Upstreams: []chat.Shared{{Upstream: carrier, Of: 39}}, Hourly: 12, Caveats: caveats,
	}
	over := together
	over.Revision, over.Lasting, over.End = 5, nil, worldAt.Add(time.Hour)
	day := chat.Digest{
		Channel: "#newsroom-asia", From: worldAt.Add(-90*time.Minute).AddDate(0, 0, -1), To: worldAt.Add(90 * time.Minute), Caveats: caveats,
		World: &chat.DigestWorld{Networks: 39, Unstable: 1, Outages: worldEpisodes(39, 36), Unknown: 10 * time.Minute},
	}
	return []sample{
		{name: "world-now", title: "/isitdown world", message: full.Message()},
		{name: "world-now-beside", title: "/outages now, in a channel that is subscribed to the world alone", message: chat.Current{At: worldAt, Worldwide: true, World: &full, Caveats: caveats}.Message()},
		{name: "world-starting", title: "While the tables are still being read", message: starting.Message()},
		{name: "world-behind", title: "When the stream is behind", message: behind.Message()},
		{name: "world-off", title: "Where nobody keeps the whole table", message: chat.World{At: worldAt, Off: "the table of the whole world is not kept by this isitdown; for that, set world.on in its settings, or start it with --world"}.Message()},
		{name: "world-subscribe", title: "/outages subscribe world level:down", message: chat.Confirmation{Subscription: sub, At: worldAt, World: &full, Caveats: caveats}.Message()},
		{name: "world-together", title: "Many networks at once are one message", op: bot.Root, message: together.Message()},
		{name: "world-together-over", title: "When all of them are back, in the thread and in the channel", op: bot.Announce, message: over.Message()},
		{name: "world-details", title: "/outages details world-20260302-1", message: chat.Gathered{ID: together.ID, At: worldAt, Episodes: worldEpisodes(39, 36), Caveats: caveats}.Message()},
		{name: "world-digest", title: "A digest of the world", op: bot.Plain, message: day.Message()},
	}
}
