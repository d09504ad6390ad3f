package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"isitdown/bot/chattest"
	"isitdown/checks/lab"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// Three scenarios of the lab through the whole program, in real time: it reads a file of
// settings, opens its sources itself, and what people see on a platform is judged.
func TestLabServe(t *testing.T) {
	for _, tt := range []struct {
		name string
		play func(t *testing.T)
	}{
		{"bgp-slack", serveCut},
		{"bmp-discord", serveCarrierLost},
		{"ris-live-both", servePart},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && tt.name != "bgp-slack" {
				t.Skip("one of them is enough")
			}
			t.Parallel()
			chattest.Node(t)
			if !netlab.Alone(t) {
				return
			}
			t.Cleanup(func() { nobodyElse(t) })
			tt.play(t)
		})
	}
}

// The link of the country to its only carrier is cut (E1). The program has a BGP session
// with each vantage point, and Slack at its end; its probes are real.
func serveCut(t *testing.T) {
	i := lab.Build(t)
	p := newSlackStand(t)
	s := serveInLab(t, serveSettings(t, noSources+probes()+p.settings()+bgpRouters(i)), p.client, p.api.URL)
	here := p.places()[0]
	answer := isUp(t, p, here)
	wants(t, "the answer when all is well", answer, "4 of 4 networks announced", "upstream AS4837", "4 of 4 usual hosts answer", "6 of 6 controls answer")
	subscribes(t, p, here, "KP level:down")
	settled(t, p, here)

	began := time.Now()
	cut := i.Cut(i.Access)
	i.Hold("the link of North Korea is cut")
	first, seen := root(t, p, here, "DOWN: North Korea (KP): 4 of 4 networks withdrawn")
	took(t, "BGP sessions and Slack", began, seen)
	wants(t, "the opening", first.text, "0 of 1,024 addresses", "AS4837 China Unicom carried 100 % of observed paths", "withdrawn at 2 of 2 vantage points",
		"cannot tell from outside whether AS131279 withdrew its routes, the link to AS4837 failed", "who carried the routes, not who caused")
	cut.Heal()
	last, _ := root(t, p, here, "BACK: North Korea (KP): all 4 networks visible again after ")
	wants(t, "the end", last.text, "same upstream as before")
	s.quiet(t)
	wants(t, "the thread", texts(p.thread(t, here, first.id)), "BACK: North Korea (KP): all 4 networks visible again after ", " · resolved")
	fit(t, p, here)
}

// The carrier loses both of its transits (E14). GoBGP reports by BMP what the vantage points
// tell it, to the program's own station; Discord is at its end.
func serveCarrierLost(t *testing.T) {
	i := lab.Build(t)
	d := chattest.Twin(t)
	p := &discordStand{d: d}
	station := labtest.AddrPort(t)
	s := serveInLab(t, serveSettings(t, noSources+noProbes+listening(t)+discordApp(d)+fmt.Sprintf(
		"[[router]]\nname = \"edge1\"\nkind = \"bmp\"\nlisten = \"%v\"\naddress = \"127.0.0.1\"\nview = \"pre-policy\"\nfull = true\n", station)), d.Client(), "")
	i.Monitored(20, station).GoBGP(t, "pre-policy")
	here, there := p.places()[0], p.places()[1]
	isUp(t, p, here)
	subscribes(t, p, here, "KP level:down")
	subscribes(t, p, there, "AS4837 level:down")
	settled(t, p, here)
	settled(t, p, there)

	began := time.Now()
	cut := i.Cut(i.CarrierLeft, i.CarrierRight)
	i.Hold("AS4837 has lost both transits")
	first, seen := root(t, p, here, "DOWN: North Korea (KP): 4 of 4 networks withdrawn")
	took(t, "BMP of GoBGP and Discord", began, seen)
	wants(t, "the opening", first.text, "0 of 1,024 addresses", "AS4837 China Unicom carried 100 % of observed paths", "AS4837 itself") // alone, or as one of a set: the two links go some milliseconds apart
	carrier, _ := root(t, p, there, "DOWN: AS4837 (China Unicom): 1 of 1 IPv4 prefix and 1 of 1 IPv6 prefix withdrawn")
	wants(t, "the opening for the carrier", carrier.text, "AS1299 Arelion 50 %, AS3356 Level 3 50 %", "cannot tell from outside whether AS4837 withdrew its routes")
	cut.Heal()
	root(t, p, here, "BACK: North Korea (KP): all 4 networks visible again after ")
	root(t, p, there, "BACK: AS4837 (China Unicom)")
	s.quiet(t)
	fit(t, p, here)
	fit(t, p, there)
}

// The sessions of the collector are reset (E9) and it loses a link (E10), of which nothing is
// said; then one of four networks is withdrawn (E13). The program listens to RIS Live, looks
// up at RIPEstat what was before, and tells it on both platforms.
func servePart(t *testing.T) {
	i := lab.Build(t)
	slack, d := newSlackStand(t), chattest.Twin(t)
	discord := &discordStand{d: d}
	sources, collector := risSources(t, i)
	client := &http.Client{Transport: byService{"discord.com": d.Client().Transport, slack.host(): slack.client.Transport}, Timeout: slack.client.Timeout}
	s := serveInLab(t, serveSettings(t, sources+probes()+slack.settings()+discordApp(d)), client, slack.api.URL)
	stands := []stand{slack, discord}
	for _, p := range stands {
		here := p.places()[0]
		isUp(t, p, here)
		subscribes(t, p, here, "KP level:degraded")
	}
	for _, p := range stands {
		settled(t, p, p.places()[0])
	}

	ownTroubles(t, i, s, collector)
	for _, p := range stands {
		settled(t, p, p.places()[0])
		if said := roots(t, p, p.places()[0]); len(said) > 0 {
			t.Errorf("of a collector's own troubles it was said:\n%s", texts(said))
		}
	}

	began := time.Now()
	i.Home.Withdraw(lab.HomePrefixes()[2])
	i.Hold("one of four networks is withdrawn")
	for _, p := range stands {
		here := p.places()[0]
		first, seen := root(t, p, here, "DEGRADED: North Korea (KP): 1 of 4 networks")
		took(t, "RIS Live and "+here.Platform, began, seen)
		wants(t, "the opening", first.text, "256 of 1,024 addresses", "175.45.178.0/24")
	}
	i.Home.Announce(lab.HomePrefixes()[2])
	for _, p := range stands {
		root(t, p, p.places()[0], "BACK: North Korea (KP)")
	}
	s.quiet(t)
	for _, p := range stands {
		fit(t, p, p.places()[0])
	}
}

// ownTroubles are a collector's: its sessions are reset, and then its links are lost for a
// while. It returns when the bot has looked at each and after it.
func ownTroubles(t *testing.T, i *lab.Internet, s *show, collector *lab.Feed) {
	t.Helper()
	collector.Reset()
	i.Await("the collector's sessions are back", func() bool { return collector.Up() == 2 })
	looks(t, s, 1)
	links := i.Cut(i.CollectLeft, i.CollectRight)
	i.Await("the collector has lost both", func() bool { return collector.Up() == 0 })
	looks(t, s, 2)
	links.Heal()
	i.Await("the collector has both again", func() bool { return collector.Up() == 2 })
	looks(t, s, 1)
}
