package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Documented losses of other places, as small reconstructions.

// blocksOf lists n /24s from an address on.
func blocksOf(t testing.TB, first string, n int) (list []netip.Prefix) {
	t.Helper()
	a := netip.MustParseAddr(first).As4()
	for i := range n {
		list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte{a[0], a[1], a[2] + byte(i), 0}), 24))
	}
	return list
}

// BGPmon, "Syria shuts down the Internet" (2012): of 62 prefixes the 56 of AS29256, with
// its four upstreams, were gone at 10:26 UTC; the 5 that AS6453 originated stayed until
// 23:45. That the one of 62 that is left is AS29386's is made up.
func TestCaseSyria2012(t *testing.T) {
	notShort(t)
	t.Parallel()
	f := published{start: "2012-11-29T10:26Z", end: "2012-12-01T14:32:10Z", upstreams: []string{"9121", "6762", "3491", "6453"}}.check(t, "sy-2012-11-29")
	gone := moment(t, f.start)
	later := time.Date(2012, 11, 29, 23, 45, 0, 0, time.UTC)
	upstreams := []checks.ASN{9121, 6762, 3491, 6453}
	incumbent, second, abroad := blocksOf(t, "31.9.0.0", 56), blocksOf(t, "31.9.100.0", 1), blocksOf(t, "5.0.0.0", 5)
	build := func() *caseWorld {
		w := newCaseWorld(t, gone.Add(-4*time.Hour), upstreams...)
		for i := range casePoints {
			w.tableAt([]int{i}, incumbent, upstreams[i%4], 29256)
			w.tableAt([]int{i}, second, upstreams[i%4], 29386)
		}
		w.table(abroad, 6453)
		for k := range upstreams {
			w.withdraw(gone.Add(time.Duration(k)*20*time.Second), pointsOf(k, 4), slices.Concat(incumbent, second))
		}
		w.withdraw(later, everyPoint(), abroad)
		return w
	}
	country := checks.Footprint{
		Target: checks.Country("SY"), Name: "Syria", Country: "SY", Origins: []checks.ASN{29256, 29386}, Home: []checks.ASN{29256, 29386},
		Prefixes: prefixesOf(t, "5.0.0.0/21", "31.9.0.0/16"),
	}
	all := "adjacency AS3491-AS29256, adjacency AS6453-AS29256, adjacency AS6762-AS29256, adjacency AS9121-AS29256, origin AS29256"

	p := build().play(country, "", gone.Add(34*time.Minute), later.Add(15*time.Minute))
	p.state(0, checks.Degraded)
	if v := p.at(0); v.IPv4.Prefixes != (checks.Count{Seen: 5, Of: 62}) {
		t.Errorf("got %+v, want the 5 of 62 that are originated abroad", v.IPv4.Prefixes)
	}
	for _, u := range upstreams {
		if u != 6453 { // which originates five itself
			p.upstream(0, u, 0, 9*57/(36*62.0))
		}
	}
	a := p.attributed(0, "31.9.0.0/24", checks.RuleSeveral, all)
	if len(a.Prefixes) != len(incumbent) {
		t.Errorf("%d prefixes are said to have gone together, want the %d of AS29256", len(a.Prefixes), len(incumbent))
	}
	if text := oneLine(chat.Text(p.asked[0], 0)); !strings.Contains(text, "more consistent with") {
		t.Errorf("what it is more consistent with is not said: %s", text)
	}
	p.state(1, checks.Down)
	if a := p.attributed(1, "5.0.0.0/24", checks.RuleSeveral, offshore); len(a.Prefixes) != len(abroad) {
		t.Errorf("%d prefixes are said to have gone with the five, want these alone", len(a.Prefixes))
	}
	p.mustNotSay()

	p = build().play(checks.Footprint{Target: checks.Network(29256), Origins: []checks.ASN{29256}}, "", gone.Add(34*time.Minute))
	p.state(0, checks.Down)
	p.attributed(0, "31.9.55.0/24", checks.RuleSeveral, all)
	p.mustNotSay()
}

// offshore is what may have become of prefixes whose origin the large networks reach
// directly.
const offshore = "adjacency AS1299-AS6453, adjacency AS174-AS6453, adjacency AS2914-AS6453, adjacency AS6939-AS6453, origin AS6453"

// Cloudflare and D. Madory (2021): from 15:50 UTC the prefixes with AS32934's name servers
// were gone, others of it stayed. Of its hundreds of prefixes 16 stand here for those:
// the footprint is small enough that one missing prefix counts.
func TestCaseFacebook2021(t *testing.T) {
	notShort(t)
	t.Parallel()
	f := published{start: "2021-10-04T15:39Z"}.check(t, "fb-2021-10-04")
	gone := moment(t, f.start).Add(11 * time.Minute)
	servers := prefixesOf(t, "129.134.30.0/24", "129.134.31.0/24", "185.89.218.0/23")
	build := func() *caseWorld {
		w := newCaseWorld(t, gone.Add(-4*time.Hour), 3356, 7018)
		for i := range casePoints {
			u := []checks.ASN{3356, 7018}[i%2]
			w.tableAt([]int{i}, slices.Concat(servers, blocksOf(t, "157.240.0.0", 16)), u, 32934)
		}
		w.withdraw(gone, everyPoint(), servers)
		w.announce(gone.Add(5*time.Hour), everyPoint(), servers, 3356, 32934)
		return w
	}
	set := "adjacency AS3356-AS32934, adjacency AS7018-AS32934, origin AS32934"
	p := build().play(checks.Footprint{Target: checks.Network(32934), Origins: []checks.ASN{32934}}, "", gone.Add(30*time.Minute), gone.Add(5*time.Hour+25*time.Minute))
	p.state(0, checks.Degraded)
	if v := p.at(0); v.IPv4.Prefixes != (checks.Count{Seen: 16, Of: 19}) || len(v.Disappeared) != 1 || fmt.Sprint(v.Disappeared[0].Prefixes) != fmt.Sprint(servers) {
		t.Errorf("got %+v and %+v, want the three with name servers", v.IPv4.Prefixes, v.Disappeared)
	}
	p.attributed(0, "185.89.218.0/23", checks.RuleSeveral, set)
	p.state(1, checks.Up)
	p.mustNotSay()

	p = build().play(ofPrefix(t, servers[0]), "", gone.Add(30*time.Minute))
	p.state(0, checks.Down)
	p.attributed(0, "129.134.30.0/24", checks.RuleSeveral, set)
	p.mustNotSay()
}
