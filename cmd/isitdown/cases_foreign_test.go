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

// Six documented events that are no outage by withdrawal, as small reconstructions.

// ofNetwork is what is followed of a network.
func ofNetwork(a checks.ASN) checks.Footprint {
	return checks.Footprint{Target: checks.Network(a), Origins: []checks.ASN{a}}
}

// ofPrefix is what is followed of a prefix.
func ofPrefix(t testing.TB, p netip.Prefix) checks.Footprint {
	t.Helper()
	target, err := checks.ParseTarget(p.String())
	if err != nil {
		t.Fatal(err)
	}
	return checks.Footprint{Target: target, Prefixes: []netip.Prefix{p}}
}

// stays holds that nothing is said to have been lost at a moment.
func (p *casePlay) stays(i int, prefixes uint64) {
	p.t.Helper()
	p.state(i, checks.Up)
	if v := p.at(i); v.IPv4.Prefixes.Seen < prefixes || v.IPv4.Prefixes.Seen != v.IPv4.Prefixes.Of || len(v.Disappeared) > 0 {
		p.t.Errorf("at %s: %+v and %d attributions, want all of at least %d prefixes and none", clock(v.At), v.IPv4.Prefixes, len(v.Disappeared), prefixes)
	}
}

// foreign holds that others' routes of a kind are told at a moment, with their origin, at
// all vantage points, in the verdict and in words.
func (p *casePlay) foreign(i int, kind checks.ForeignKind, prefix string, origin checks.ASN) {
	p.t.Helper()
	want := prefixesOf(p.t, prefix)[0]
	k := slices.IndexFunc(p.at(i).Foreign, func(f checks.Foreign) bool {
		return f.Kind == kind && f.Prefix == want && f.Origin == origin && f.Peers == casePoints
	})
	if k < 0 {
		p.t.Errorf("at %s: %s %s of %s is not told: %+v", clock(p.at(i).At), kind, prefix, origin, p.at(i).Foreign)
	}
	if text := chat.Text(p.asked[i], 0); !strings.Contains(text, prefix) || !strings.Contains(text, origin.String()) {
		p.t.Errorf("at %s: %s of %s does not stand in the answer:\n%s", clock(p.at(i).At), prefix, origin, text)
	}
}

// RIPE NCC, "YouTube Hijacking: A RIPE NCC RIS case study" (2008).
func TestCaseYouTube2008(t *testing.T) {
	notShort(t)
	t.Parallel()
	f := published{
		events:     []string{"2008-02-24T18:47Z", "20:07Z", "20:18Z", "20:51Z", "21:01Z"},
		mustNotSay: []string{"withdrawn"},
	}.check(t, "neg-youtube-2008")
	at := func(i int) time.Time {
		return moment(t, "2008-02-24T"+strings.TrimPrefix(f.events[i], "2008-02-24T"))
	}
	whole, part, halves := prefixesOf(t, "208.65.152.0/22"), prefixesOf(t, "208.65.153.0/24"), prefixesOf(t, "208.65.153.0/25", "208.65.153.128/25")
	for name, target := range map[string]checks.Footprint{
		"the network": ofNetwork(36561),
		"the prefix":  ofPrefix(t, whole[0]),
	} {
		t.Run(name, func(t *testing.T) {
			w := newCaseWorld(t, at(0).Add(-4*time.Hour), 3549, 3491)
			w.table(whole, 3549, 36561)
			w.announce(at(0), everyPoint(), part, 3491, 17557)
			w.announce(at(1), points(0, 18), part, 3549, 36561)
			w.announce(at(2), everyPoint(), halves, 3549, 36561)
			w.announce(at(3), points(18, 36), part, 3491, 17557, 17557)
			w.withdraw(at(4), points(18, 36), part)
			w.announce(at(4).Add(time.Minute), points(18, 36), part, 3549, 36561)
			p := w.play(target, "", at(0).Add(-10*time.Minute), at(0).Add(30*time.Minute), at(2).Add(10*time.Minute), at(4).Add(20*time.Minute))
			p.t = t
			p.stays(0, 1)
			p.stays(1, 1)
			p.foreign(1, checks.ForeignSpecific, "208.65.153.0/24", 17557)
			for i := 2; i <= 3; i++ {
				if s := p.at(i).State; s == checks.Down || s == checks.Unknown || len(p.at(i).Disappeared) > 0 {
					t.Errorf("at %s: %v with %d attributions, and nothing was lost", clock(p.at(i).At), s, len(p.at(i).Disappeared))
				}
			}
			p.mustNotSay(append(f.mustNotSay, "withdrew")...)
		})
	}
}

// Oracle, "Large BGP leak by Google disrupts Internet in Japan" (2017): at 03:22 UTC more
// specific routes of NTT OCN (AS4713) came by way of AS701 and AS15169.
func TestCaseGoogle2017(t *testing.T) {
	notShort(t)
	t.Parallel()
	f := published{start: "2017-08-25T03:22Z"}.check(t, "neg-google-leak-2017")
	at := moment(t, f.start)
	w := newCaseWorld(t, at.Add(-4*time.Hour), 2914, 701)
	w.table(prefixesOf(t, "153.128.0.0/10", "114.160.0.0/11"), 2914, 4713)
	leaked := blocksOf(t, "153.128.16.0", 8)
	w.announce(at, everyPoint(), leaked, 701, 15169, 4713)
	w.withdraw(at.Add(9*time.Minute), everyPoint(), leaked)
	p := w.play(ofNetwork(4713), "", at.Add(5*time.Minute), at.Add(30*time.Minute))
	p.stays(0, 2)
	p.foreign(0, checks.NewSpecific, "153.128.16.0/24", 4713)
	p.stays(1, 2)
	p.mustNotSay("withdrawn", "withdrew")
}

// NANOG, 24 June 2019: 701 396531 33154 in every leaked path. Networks whose space was cut
// into stay, and so does the one that stands in the middle.
func TestCaseVerizon2019(t *testing.T) {
	notShort(t)
	t.Parallel()
	f := published{start: "2019-06-24T10:34:21Z", end: "12:37Z"}.check(t, "neg-verizon-2019")
	at := moment(t, f.start)
	build := func() *caseWorld {
		w := newCaseWorld(t, at.Add(-4*time.Hour), 3356, 701)
		w.table(prefixesOf(t, "104.20.0.0/20"), 3356, 13335)
		w.table(prefixesOf(t, "64.57.0.0/20"), 3356, 33154)
		w.announce(at, everyPoint(), prefixesOf(t, "104.20.0.0/21", "104.20.8.0/21"), 701, 396531, 33154, 3356, 13335)
		w.withdraw(at.Add(2*time.Hour), everyPoint(), prefixesOf(t, "104.20.0.0/21", "104.20.8.0/21"))
		return w
	}
	p := build().play(ofNetwork(13335), "", at.Add(30*time.Minute), at.Add(3*time.Hour))
	p.stays(0, 1)
	p.foreign(0, checks.NewSpecific, "104.20.0.0/21", 13335)
	p.stays(1, 1)
	p.mustNotSay("withdrawn", "withdrew")

	p = build().play(ofNetwork(33154), "", at.Add(30*time.Minute), at.Add(3*time.Hour))
	p.stays(0, 1)
	p.upstream(0, 3356, 1, 1)
	p.foreign(0, checks.MidPath, "104.20.0.0/21", 13335)
	p.stays(1, 1)
	p.mustNotSay("withdrawn", "withdrew")
}

// The Internet Health Report's example of 6 November 2017: more specific routes of
// Comcast (AS33667) by way of AS3356 from 18:00 UTC, for some 90 minutes.
func TestCaseComcast2017(t *testing.T) {
	notShort(t)
	t.Parallel()
	f := published{start: "2017-11-06T18:00Z"}.check(t, "neg-comcast-2017")
	at := moment(t, f.start)
	w := newCaseWorld(t, at.Add(-4*time.Hour), 7922, 3356)
	w.table(prefixesOf(t, "96.112.0.0/13"), 7922, 33667)
	leaked := blocksOf(t, "96.112.0.0", 6)
	w.announce(at, everyPoint(), leaked, 3356, 33667)
	w.withdraw(at.Add(90*time.Minute), everyPoint(), leaked)
	p := w.play(ofNetwork(33667), "", at.Add(30*time.Minute), at.Add(2*time.Hour))
	p.stays(0, 1)
	p.foreign(0, checks.NewSpecific, "96.112.0.0/24", 33667)
	p.stays(1, 1)
	p.mustNotSay("withdrawn", "withdrew")
}

// In March 2013 paths with AS131279 in their middle were made up (the "Pirate Bay hoax").
// They change nothing of North Korea's prefixes, upstreams or customers.
func TestCasePirateBay2013(t *testing.T) {
	notShort(t)
	t.Parallel()
	f := published{start: "2013-03-04"}.check(t, "neg-piratebay-2013")
	at := moment(t, f.start+"T12:00Z")
	w := kpWorld(t, at.Add(-4*time.Hour), 4837)
	w.table(prefixesOf(t, "194.71.107.0/24"), 22351, 51040)
	w.announce(at, everyPoint(), prefixesOf(t, "194.71.107.0/24"), 4837, 131279, 51040)
	p := w.play(kpFootprint(), "", at.Add(-10*time.Minute), at.Add(30*time.Minute))
	for i := range 2 {
		p.stays(i, 4)
		p.upstream(i, 4837, 1, 1)
		if n := len(p.at(i).Upstreams()); n != 1 {
			t.Errorf("%d upstreams, want AS4837 alone: %+v", n, p.at(i).Upstreams())
		}
		if n := len(p.at(i).Prefixes); n != 4 {
			t.Errorf("%d prefixes, want four", n)
		}
	}
	p.foreign(1, checks.MidPath, "194.71.107.0/24", 51040)
	p.mustNotSay("withdrawn", "withdrew")
}

// A RIS beacon (AS12654) is announced and withdrawn every two hours: a self-test of known
// truth. Of 36 vantage points one never hears of a withdrawal, as 1.8 % do on average
// (R. Fontugne et al., PAM 2019).
func TestCaseBeacon(t *testing.T) {
	notShort(t)
	t.Parallel()
	published{}.check(t, "neg-beacon")
	beacon := netip.MustParsePrefix("84.205.67.0/24")
	start := time.Date(2019, 3, 1, 8, 0, 0, 0, time.UTC)
	w := newCaseWorld(t, start.Add(-2*time.Hour), 1103)
	var moments []time.Time
	for k := range 4 {
		turn := start.Add(time.Duration(k) * 2 * time.Hour)
		if k%2 == 0 {
			w.announce(turn, everyPoint(), []netip.Prefix{beacon}, 1103, 12654)
		} else {
			w.withdraw(turn, points(1, casePoints), []netip.Prefix{beacon})
		}
		moments = append(moments, turn.Add(4*time.Minute), turn.Add(100*time.Minute))
	}
	p := w.play(ofPrefix(t, beacon), "", moments...)
	for i := range moments {
		turn := start.Add(time.Duration(i/2) * 2 * time.Hour)
		if i/2%2 == 0 {
			if i > 0 || p.at(i).State != checks.Unknown { // it has no baseline yet
				p.state(i, checks.Up)
			}
			continue
		}
		p.state(i, checks.Down)
		nearTo(t, fmt.Sprintf("onset of turn %d", i/2), p.at(i).Onset.Half, turn, time.Minute)
		if n := p.at(i).Stuck; n != 1 {
			t.Errorf("turn %d: %d vantage points are said to be stuck, want one", i/2, n)
		}
	}
	p.mustNotSay()
}
