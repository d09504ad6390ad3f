package checks

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAttribution goes through the rules of docs/attribution.md with single prefixes of
// one origin.
func TestAttribution(t *testing.T) {
	const p = "175.45.176.0/24"
	single := []string{"3356 4837 131279", "1299 4837 131279"}
	healthy := []string{"4837 61 400 396", "3356-4837 50 200 198", "1299-4837 50 200 198", "3356 900 9000 8990", "1299 900 9000 8990"}
	tests := []struct {
		name  string
		paths []string
		kept  func(ASN) bool
		other []string
		rule  AttributionRule
		set   string
		grade Evidence
	}{
		{"the last link of one upstream", single, never, healthy, RuleLastHop, "origin AS131279, adjacency AS4837-AS131279", EvidenceModerate},
		{"one stuck vantage point is none", single, first(1), healthy, RuleLastHop, "origin AS131279, adjacency AS4837-AS131279", EvidenceModerate},
		{"stuck routes", single, first(4), healthy, RuleStuck, "origin AS131279, adjacency AS4837-AS131279, stuck, filtered", EvidenceWeak},
		{"half is enough to look", single, first(20), healthy, RulePartial, "", EvidenceNone},
		{
			"two upstreams at once",
			[]string{"3356 4837 131279", "1299 20485 131279"},
			never, append(healthy, "20485 300 900 890"),
			RuleSeveral, "origin AS131279, adjacency AS4837-AS131279, adjacency AS20485-AS131279", EvidenceModerate,
		},
		{
			"a vantage point with a path of its own is no upstream",
			append(slices.Repeat(single, 19), "6939 131279"), never, healthy,
			RuleLastHop, "origin AS131279, adjacency AS4837-AS131279", EvidenceModerate,
		},
		{
			"the upstream failed", single, never,
			[]string{"4837 61 400 0", "3356-4837 50 200 0", "1299-4837 50 200 0", "3356 900 9000 8800", "1299 900 9000 8800"},
			RuleSeparator, "network AS4837", EvidenceModerate,
		},
		{
			"the upstream failed, or the only link over it",
			[]string{"1 3356 4837 131279", "2 3356 4837 131279"},
			never,
			[]string{"4837 61 400 0", "3356-4837 61 400 0", "3356 900 9000 8600"},
			RuleSeparator, "adjacency AS3356-AS4837, network AS4837", EvidenceModerate,
		},
		{
			"the only link over an upstream of three, one of which is not seen across it",
			[]string{"1 3356 4837 131279", "2 3356 4837 131279"},
			never,
			[]string{"4837 3 27 3", "3356-4837 2 24 0", "3356 900 9000 8990"},
			RuleSeparator, "network AS4837, adjacency AS3356-AS4837", EvidenceWeak,
		},
		{
			"the link over the upstream, which some reach otherwise",
			[]string{"1 3356 4837 131279", "2 3356 4837 131279", "3 3356 4837 131279", "6939 4837 131279"},
			func(a ASN) bool { return a%4 == 0 },
			[]string{"4837 61 400 100", "3356-4837 61 300 0", "3356 900 9000 8700", "6939-4837 61 100 100"},
			RuleSeparator, "adjacency AS3356-AS4837", EvidenceWeak, // 75 % agree
		},
		{
			"the link over an upstream with nobody else behind it, which some reach otherwise",
			[]string{"1 3356 4837 131279", "2 3356 4837 131279", "3 3356 4837 131279", "6939 4837 131279"},
			func(a ASN) bool { return a%4 == 0 },
			[]string{"4837 2 80 20", "3356-4837 1 30 0", "3356 900 9000 8990"},
			RuleDivide, "adjacency AS3356-AS4837", EvidenceWeak,
		},
		{
			"all is lost, and what failed elsewhere at the same time carried most of it",
			[]string{"1 3356 4837 131279", "2 3356 4837 131279", "3 3356 4837 131279", "4 3356 4837 131279", "5 3356 4837 131279", "6 3356 4837 131279", "7 3356 4837 131279", "1299 20485 131279"},
			never,
			[]string{"4837 2 80 20", "20485 61 400 400", "3356 900 9000 100", "1299 900 9000 9000"},
			RuleLastHop, "origin AS131279, adjacency AS4837-AS131279, adjacency AS20485-AS131279, network AS3356", EvidenceNone,
		},
		{
			"what is kept leads through all that was lost",
			single, first(20),
			[]string{"4837 2 80 40", "3356 900 9000 8990", "1299 900 9000 8990"},
			RulePartial, "", EvidenceNone,
		},
		{"few networks behind it", single, never, []string{"4837 2 80 80", "3356 900 9000 8990"}, RuleUntold, "origin AS131279, adjacency AS4837-AS131279, network AS4837", EvidenceWeak},
		{"nothing known of others", single, never, nil, RuleUntold, "origin AS131279, adjacency AS4837-AS131279, network AS4837", EvidenceNone},
		{
			"few behind it, and one link over it",
			[]string{"1299 3356 4837 131279"},
			never,
			[]string{"4837 1 40 40", "3356-4837 1 40 40", "3356 900 9000 8990", "1299 800 8000 8000", "1299-3356 800 8000 8000"},
			RuleUntold, "origin AS131279, adjacency AS4837-AS131279, adjacency AS3356-AS4837, network AS4837", EvidenceNone,
		},
		{
			"few behind it, and what lies over it failed",
			[]string{"1299 3356 4837 131279", "6939 3356 4837 131279"},
			never,
			[]string{"4837 1 40 0", "3356 900 9000 90"},
			RuleSeparator, "network AS3356", EvidenceModerate,
		},
		{
			"a part of what others had went too", single, never,
			[]string{"4837 61 400 140", "3356 900 9000 8990"},
			RuleMixed, "origin AS131279, adjacency AS4837-AS131279, network AS4837", EvidenceWeak,
		},
		{
			"a small upstream that failed explains nothing",
			[]string{"1 4837 131279", "2 4837 131279", "3 4837 131279", "4 20485 131279"},
			never, append(healthy, "20485 30 400 4"),
			RuleLastHop, "origin AS131279, adjacency AS4837-AS131279, adjacency AS20485-AS131279", EvidenceWeak,
		},
		{
			"one of two upstreams, seen by most",
			[]string{"1 4837 131279", "2 4837 131279", "3 20485 131279"},
			func(a ASN) bool { return a%3 == 0 }, append(healthy, "20485 30 400 400"),
			RuleLastHop, "origin AS131279, adjacency AS4837-AS131279", EvidenceWeak,
		},
		{"an unreadable path before", []string{""}, never, healthy, RuleNone, "", EvidenceNone},
		{"no upstream in the paths", []string{"131279"}, never, nil, RuleUntold, "origin AS131279", EvidenceNone},
		{"a private AS before the origin", []string{"3356 4837 64512 131279"}, never, healthy, RuleLastHop, "origin AS131279", EvidenceModerate},
		{"a route server before the origin", []string{"3356 4837 6777 131279"}, never, healthy, RuleLastHop, "origin AS131279, adjacency AS4837-AS131279", EvidenceModerate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newLossWorld()
			w.prefix(p, 0, tt.kept, tt.paths...)
			w.others(tt.other...)
			v := Assess(w.Case)
			if len(v.Disappeared) != 1 {
				t.Fatalf("%d attributions, want 1", len(v.Disappeared))
			}
			at := v.Disappeared[0]
			if at.Rule != tt.rule || setText(at.Set) != tt.set || at.Grade != tt.grade {
				t.Errorf("%s {%s} %s, want %s {%s} %s\n%s\nraise: %s", at.Rule, setText(at.Set), at.Grade, tt.rule, tt.set, tt.grade,
					strings.Join(at.Reasons, "\n"), strings.Join(at.Raise, "; "))
			}
			if at.Lost != len(w.Observations[0].Missing) || at.Kept != w.Observations[0].Seen {
				t.Errorf("lost %d, kept %d", at.Lost, at.Kept)
			}
		})
	}
}

// Too few lost it, too few were asked, or only sessions ended: nothing disappeared.
func TestNothingDisappeared(t *testing.T) {
	tests := []struct {
		name string
		make func(*lossWorld)
	}{
		{"all there", func(w *lossWorld) { w.prefix("175.45.176.0/24", 0, first(40), "3356 4837 131279") }},
		{"less than half", func(w *lossWorld) { w.prefix("175.45.176.0/24", 0, first(21), "3356 4837 131279") }},
		{"too few vote", func(w *lossWorld) {
			w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279")
			w.Vantage.Voting = 9
		}},
		{"too few asked", func(w *lossWorld) {
			w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279")
			w.Observations[0].Asked, w.Observations[0].Missing = 9, peerASNs(9)
		}},
		{"sessions ended", func(w *lossWorld) {
			w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279")
			w.Observations[0].Asked, w.Observations[0].Seen, w.Observations[0].Missing = 12, 12, nil
		}},
		{"stale", func(w *lossWorld) {
			w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279")
			w.Vantage.NewestAt = noon.Add(-time.Hour)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newLossWorld()
			tt.make(w)
			if v := Assess(w.Case); len(v.Disappeared) > 0 {
				t.Errorf("%+v", v.Disappeared)
			}
		})
	}
}

// A recording of updates alone says nothing of those that did not move.
func TestAttributionOfUpdatesAlone(t *testing.T) {
	w := newLossWorld()
	w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279")
	w.others("4837 61 400 0", "3356 900 9000 0")
	w.Baseline.MovedOnly = true
	at := Assess(w.Case).Disappeared[0]
	if at.Rule != RuleUntold || at.Grade != EvidenceNone {
		t.Errorf("%s %s {%s}", at.Rule, at.Grade, setText(at.Set))
	}
}

func TestRejected(t *testing.T) {
	invalid := func(p string) OriginValidity {
		return OriginValidity{Route: RouteOrigin{netip.MustParsePrefix(p), 131279}, State: Invalid}
	}
	healthy := []string{"4837 61 400 396", "3356 900 9000 8990"}
	tests := []struct {
		name   string
		kept   ASN
		voting int // 40 had it
		rule   AttributionRule
		set    string
	}{
		{"kept by one in ten", 4, 40, RuleRejected, "rpki"},
		{"kept by two in five", 16, 40, RuleRejected, "rpki"},
		{"kept by nobody", 0, 40, RuleLastHop, "origin AS131279, adjacency AS4837-AS131279, rpki"},
		{"two in three had it before", 4, 60, RuleStuck, "origin AS131279, adjacency AS4837-AS131279, rpki, stuck, filtered"},
		{"few had it before", 4, 120, RuleStuck, "origin AS131279, adjacency AS4837-AS131279, rpki, stuck, filtered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newLossWorld()
			w.Vantage.Voting, w.Vantage.Usual = tt.voting, tt.voting
			w.prefix("175.45.176.0/24", 0, first(tt.kept), "3356 4837 131279")
			w.others(healthy...)
			w.RPKI = []OriginValidity{invalid("175.45.176.0/24"), invalid("175.45.177.0/24")}
			at := Assess(w.Case).Disappeared[0]
			if at.Rule != tt.rule || setText(at.Set) != tt.set || len(at.RPKI) != 1 {
				t.Errorf("%s {%s}, want %s {%s}; %d states", at.Rule, setText(at.Set), tt.rule, tt.set, len(at.RPKI))
			}
		})
	}
}
