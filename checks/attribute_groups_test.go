package checks

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// groupsText writes one line for each attribution: how many prefixes, of whom, the rule
// and the set.
func groupsText(list []Attribution) string {
	lines := make([]string, len(list))
	for i, at := range list {
		lines[i] = fmt.Sprintf("%d of %v: %s {%s}", len(at.Prefixes), at.Origins, at.Rule, setText(at.Set))
	}
	return strings.Join(lines, "\n")
}

func TestAttributionGroups(t *testing.T) {
	incumbent := []string{"3356 9121 29256", "174 6762 29256", "1239 3491 29256", "2914 6453 29256"}
	tests := []struct {
		name string
		make func(*lossWorld)
		want string
	}{
		{
			// After Syria, 29 November 2012 (Renesys, BGPmon): the incumbent by four
			// upstreams at once, five prefixes originated abroad later.
			"four upstreams at once, and another origin later",
			func(w *lossWorld) {
				for i := range 8 {
					w.prefix(fmt.Sprintf("31.9.%d.0/24", i), 0, never, incumbent...)
				}
				for i := range 5 {
					w.prefix(fmt.Sprintf("31.10.%d.0/24", i), 40, never, "3356 6453", "1299 6453", "174 6453")
				}
				w.others("9121 50 400 400", "6762 50 400 400", "3491 50 400 400", "6453 50 400 400", "3356 900 4000 4000", "1299 900 4000 4000", "174 900 4000 4000")
			},
			"8 of [AS29256]: several upstreams {origin AS29256, adjacency AS3491-AS29256, adjacency AS6453-AS29256, adjacency AS6762-AS29256, adjacency AS9121-AS29256}\n" +
				"5 of [AS6453]: several upstreams {origin AS6453, adjacency AS3356-AS6453, adjacency AS174-AS6453, adjacency AS1299-AS6453}",
		},
		{
			// After North Korea, June 2025: three prefixes by one upstream, one by the other.
			"two upstreams, each with prefixes of its own",
			func(w *lossWorld) {
				for i := range 3 {
					w.prefix(fmt.Sprintf("175.45.%d.0/24", 177+i), i, never, "3356 4837 131279")
				}
				w.prefix("175.45.176.0/24", 3, never, "1299 20485 131279")
				w.others("4837 61 400 400", "20485 61 400 400", "3356 900 900 900", "1299 900 900 900")
			},
			"4 of [AS131279]: several upstreams {origin AS131279, adjacency AS4837-AS131279, adjacency AS20485-AS131279}",
		},
		{
			"the same an hour apart",
			func(w *lossWorld) {
				w.prefix("175.45.177.0/24", 0, never, "3356 4837 131279")
				w.prefix("175.45.176.0/24", 50, never, "1299 20485 131279")
				w.others("4837 61 400 400", "20485 61 400 400")
			},
			"1 of [AS131279]: last hop {origin AS131279, adjacency AS20485-AS131279}\n1 of [AS131279]: last hop {origin AS131279, adjacency AS4837-AS131279}",
		},
		{
			"several origins behind a way out that carries nobody else",
			func(w *lossWorld) {
				for i := range 6 {
					w.prefix(fmt.Sprintf("175.45.%d.0/24", 176+i), 0, never, fmt.Sprintf("3356 9121 %d", 29256+i), fmt.Sprintf("1299 9121 %d", 29256+i))
				}
				w.others("9121 1 40 4", "3356 900 9000 8800", "1299 900 9000 8800")
			},
			"6 of [AS29256 AS29257 AS29258 AS29259 AS29260 AS29261]: untold {origin AS29256, origin AS29257, origin AS29258, origin AS29259, " +
				"origin AS29260, origin AS29261, adjacency AS9121-AS29256, adjacency AS9121-AS29257, adjacency AS9121-AS29258, adjacency AS9121-AS29259, " +
				"adjacency AS9121-AS29260, adjacency AS9121-AS29261, network AS9121}",
		},
		{
			"two origins behind a way out that carries nobody else",
			func(w *lossWorld) {
				for i := range 2 {
					w.prefix(fmt.Sprintf("175.45.%d.0/24", 176+i), 0, never, fmt.Sprintf("3356 9121 %d", 29256+i))
				}
				w.others("9121 1 40 4", "3356 900 9000 8800", "1299 900 9000 8800")
			},
			"1 of [AS29256]: untold {origin AS29256, adjacency AS9121-AS29256, adjacency AS3356-AS9121, network AS9121}\n" +
				"1 of [AS29257]: untold {origin AS29257, adjacency AS9121-AS29257, adjacency AS3356-AS9121, network AS9121}",
		},
		{
			"one element under several origins",
			func(w *lossWorld) {
				for i := range 6 {
					w.prefix(fmt.Sprintf("175.45.%d.0/24", 176+i), 0, never, fmt.Sprintf("3356 9121 %d", 29256+i), fmt.Sprintf("1299 9121 %d", 29256+i))
				}
				w.others("9121 50 400 4", "3356 900 9000 8800", "1299 900 9000 8800")
			},
			"6 of [AS29256 AS29257 AS29258 AS29259 AS29260 AS29261]: separator {network AS9121}",
		},
		{
			"as many origins as each has a reason: five are told",
			func(w *lossWorld) {
				for i := range 7 {
					w.prefix(fmt.Sprintf("175.%d.0.0/%d", 45+i, 16+i), 0, never, fmt.Sprintf("3356 %d %d", 9121+i, 29256+i))
					w.others(fmt.Sprintf("%d 50 400 400", 9121+i))
				}
				w.others("3356 900 9000 8800")
			},
			"1 of [AS29256]: last hop {origin AS29256, adjacency AS9121-AS29256}\n" +
				"1 of [AS29257]: last hop {origin AS29257, adjacency AS9122-AS29257}\n" +
				"1 of [AS29258]: last hop {origin AS29258, adjacency AS9123-AS29258}\n" +
				"1 of [AS29259]: last hop {origin AS29259, adjacency AS9124-AS29259}\n" +
				"1 of [AS29260]: last hop {origin AS29260, adjacency AS9125-AS29260}",
		},
		{
			"one upstream failed, and prefixes by the other went as well",
			func(w *lossWorld) {
				w.prefix("175.45.176.0/23", 0, never, "3356 4837 131279")
				w.prefix("175.45.178.0/24", 0, never, "1299 20485 131279")
				w.others("4837 61 400 4", "20485 61 400 400", "3356 900 9000 8800", "1299 900 9000 8800")
			},
			"1 of [AS131279]: separator {network AS4837}\n1 of [AS131279]: last hop {origin AS131279, adjacency AS20485-AS131279}",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newLossWorld()
			tt.make(w)
			v := Assess(w.Case)
			if got := groupsText(v.Disappeared); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// A group that others' routes took the place of is no withdrawal.
func TestTakenOverIsApart(t *testing.T) {
	w := newLossWorld()
	w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279")
	w.prefix("175.45.177.0/24", 0, never, "3356 4837 131279")
	o := &w.Observations[0]
	o.Covers = []Cover{{Prefix: o.Prefix, Origin: 17557, Upstream: 3491, Peers: 40}}
	o.Foreign = []Foreign{{Kind: ForeignOrigin, Prefix: o.Prefix, Origin: 17557, Upstream: 3491, Peers: 40, Of: 40, Concerns: o.Prefix, Since: noon}}
	w.others("4837 61 400 400")
	v := Assess(w.Case)
	want := "1 of [AS131279]: taken over {}\n1 of [AS131279]: last hop {origin AS131279, adjacency AS4837-AS131279}"
	if got := groupsText(v.Disappeared); got != want || len(v.Disappeared[0].Foreign) != 1 {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSingleHomed(t *testing.T) {
	carriers := func(list ...PastCarrier) Past { return Past{Since: noon.AddDate(0, 0, -30), Carriers: list} }
	u, other := PastCarrier{4837, 700 * time.Hour, noon}, PastCarrier{20485, 2 * time.Hour, noon.AddDate(0, 0, -20)}
	tests := []struct {
		name  string
		paths []string
		past  Past
		want  bool
	}{
		{"nothing known of the past", []string{"3356 4837 131279"}, Past{}, false},
		{"no other", []string{"3356 4837 131279"}, carriers(u), true},
		{"another for two hours", []string{"3356 4837 131279"}, carriers(u, other), false},
		{"another for half an hour", []string{"3356 4837 131279"}, carriers(u, PastCarrier{20485, 30 * time.Minute, noon}), true},
		{"another two months ago", []string{"3356 4837 131279"}, carriers(u, PastCarrier{20485, 99 * time.Hour, noon.AddDate(0, -2, 0)}), true},
		{"a past of others' routes", []string{"3356 4837 131279"}, Past{Since: noon.AddDate(0, 0, -30), Origins: []ASN{64500}}, false},
		{"two now", []string{"3356 4837 131279", "1299 20485 131279"}, carriers(u), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newLossWorld()
			w.prefix("175.45.176.0/24", 0, never, tt.paths...)
			w.Past = tt.past
			if got := Assess(w.Case).Disappeared[0].SingleHomed; got != tt.want {
				t.Errorf("single-homed %t, want %t", got, tt.want)
			}
		})
	}
}

// What others behind the same upstream did is told with what is usual, where that is known.
func TestSharedFate(t *testing.T) {
	tests := []struct {
		siblings Siblings
		fated    bool
		text     string
	}{
		{Siblings{Upstream: 4837, Networks: 61}, false, "of 61 other networks reached through AS4837 before, 0 lost visibility within 5 minutes (how many usually do is not known)"},
		{Siblings{Upstream: 4837, Networks: 61, Lost: 61}, false, "61 lost visibility within 5 minutes (how many usually do is not known)"},
		{Siblings{Upstream: 4837, Networks: 61, Lost: 1, Usual: .004, History: 7 * 24 * time.Hour}, false, "1 lost visibility within 5 minutes (usual: 0.4 %)"},
		{Siblings{Upstream: 4837, Networks: 61, Lost: 5, Usual: .004, History: 7 * 24 * time.Hour}, true, "more than chance would have (p < 0.001)"},
		// In an hour twelve windows of 61 networks without a loss allow for one in 244.
		{Siblings{Upstream: 4837, Networks: 61, Lost: 1, History: time.Hour}, false, "(usual: 0.41 % at most)"},
		{Siblings{Upstream: 4837, Networks: 60000, Lost: 60000, Usual: 1, History: time.Hour}, false, "(usual: 100 %)"},
	}
	for _, tt := range tests {
		if got := tt.siblings.fated(); got != tt.fated || !strings.Contains(tt.siblings.fateText(), tt.text) {
			t.Errorf("%+v: fated %t, %q", tt.siblings, got, tt.siblings.fateText())
		}
	}
}

// The tail is that of the binomial distribution: against sums by hand.
func TestBinomialTail(t *testing.T) {
	tests := []struct {
		n, k int
		p    float64
		want float64
	}{
		{1, 1, .25, .25},
		{10, 10, .5, 1.0 / 1024},
		{4, 3, .5, 5.0 / 16},
		{20, 0, .1, 1},
		{20, 21, .1, 0},
		{20, 1, 0, 0},
		{2, 1, .1, .19},
		{100000, 99000, .5, 0},
		{100000, 1, 1e-5, .632122},
	}
	for _, tt := range tests {
		if got := binomialTail(tt.n, tt.k, tt.p); got < tt.want-1e-6 || got > tt.want+1e-6 {
			t.Errorf("P(X >= %d), X ~ B(%d, %g) = %g, want %g", tt.k, tt.n, tt.p, got, tt.want)
		}
	}
}

// Who moved to another upstream after the first failed has lost that other.
func TestLostAfterAMove(t *testing.T) {
	w := newLossWorld()
	w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279")
	w.Observations[0].Before = []PathSeen{{Path: testPath("1299 20485 131279"), Peers: peerASNs(39)}}
	w.others("4837 61 400 0", "20485 61 400 400", "3356 900 900 900")
	w.Past = Past{Since: noon.AddDate(0, 0, -30)}
	at := Assess(w.Case).Disappeared[0]
	if want := "origin AS131279, adjacency AS20485-AS131279"; at.Rule != RuleLastHop || setText(at.Set) != want || at.SingleHomed {
		t.Errorf("%s {%s}, single-homed %t, want {%s}", at.Rule, setText(at.Set), at.SingleHomed, want)
	}
	if !slices.ContainsFunc(at.Reasons, func(r string) bool { return strings.HasPrefix(r, "39 of the lost routes had left") }) {
		t.Errorf("%q", at.Reasons)
	}
}

// The routes of a sole vantage point all pass it: that is nothing that failed.
func TestOwnRouterIsNoCandidate(t *testing.T) {
	w := newLossWorld()
	w.Rules.MinVoting, w.Vantage.Voting, w.Vantage.Usual = 1, 1, 1
	w.prefix("175.45.176.0/24", 0, never, "15169 3356 4837 131279")
	o, b := &w.Observations[0], &w.Baseline.Prefixes[0]
	o.Asked, o.Missing, b.Paths[0].Peers = 1, []ASN{15169}, []ASN{15169}
	w.others("15169 5 5 0", "3356 5 5 0", "4837 5 5 0")
	at := Assess(w.Case).Disappeared[0]
	if slices.ContainsFunc(at.Scores, func(s Score) bool { return s.Element == Element{AS: 15169} }) || at.Grade > EvidenceWeak {
		t.Errorf("%s {%s} %s", at.Rule, setText(at.Set), at.Grade)
	}
	if want := netip.MustParsePrefix("175.45.176.0/24"); at.Prefixes[0] != want {
		t.Errorf("of %v", at.Prefixes)
	}
}
