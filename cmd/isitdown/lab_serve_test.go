package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chattest"
	"isitdown/checks"
	"isitdown/checks/lab"
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
// with each vantage point, and Slack at its end.
func serveCut(t *testing.T) {
	i := lab.Build(t)
	p := newSlackStand(t)
	s := serveInLab(t, serveSettings(t, noSources+p.settings()+bgpRouters(i)), p.client, p.api.URL)
	here := p.places()[0]
	answers(t, p, here, "UP: North Korea (KP)", "visible at 2 of 2 vantage points")
	answer, _ := p.ask(t, here, "outages subscribe KP level:down")
	wants(t, "the subscription", answer, "Subscribed to North Korea (KP)")
	settled(t, p, here)

	cut := time.Now()
	link := i.Access.Down(i.Home.Node)
	first, seen := root(t, p, here, "DOWN: North Korea (KP): 4 of 4 networks withdrawn")
	took(t, "a BGP session to Slack", cut, seen)
	wants(t, "the opening", first.text, "0 of 1,024 addresses", "AS4837 China Unicom carried", "2 of 2 vantage points")
	link.Heal()
	root(t, p, here, "BACK: North Korea (KP): all 4 networks visible again after ")
	s.quiet(t)
	under := texts(p.thread(t, here, first.id))
	wants(t, "the thread", under, " · resolved")
	why, _ := p.ask(t, here, "outages why "+incidentID(t, first.text))
	wants(t, "why", why, "AS131279", "AS4837")
	t.Logf("%s\n%s\n%s", first.text, under, why)
	fit(t, p, here)
}

// bgpRouters are the settings of a BGP session with each vantage point.
func bgpRouters(i *lab.Internet) string {
	var b strings.Builder
	for _, r := range []struct {
		name string
		as   checks.ASN
	}{{"left", lab.Left}, {"right", lab.Right}} {
		fmt.Fprintf(&b, "[[router]]\nname = %q\nkind = \"bgp\"\naddress = \"%v\"\nas = \"%v\"\nlocal_as = \"%v\"\nfull = true\n",
			r.name, i.VantageAddr(r.as), r.as, lab.Collectors)
	}
	return b.String()
}
