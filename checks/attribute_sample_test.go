package checks

import (
	"slices"
	"strings"
	"testing"
)

// That an upstream failed is not read from the few networks of a look-up alone: whoever
// holds these could have their routes go. That it is healthy is.
func TestSampleGrade(t *testing.T) {
	for _, tt := range []struct {
		others string
		sample bool
		rule   AttributionRule
		grade  Evidence
	}{
		{"4837 8 80 0", true, RuleSeparator, EvidenceWeak},
		{"4837 8 80 0", false, RuleSeparator, EvidenceModerate},
		{"4837 8 80 80", true, RuleLastHop, EvidenceModerate},
	} {
		w := newLossWorld()
		w.prefix("175.45.176.0/24", 0, never, "3356 4837 131279", "1299 4837 131279")
		w.others(tt.others, "3356 900 9000 8990", "1299 900 9000 8990")
		w.Elsewhere.Sample = tt.sample
		at := Assess(w.Case).Disappeared[0]
		if at.Rule != tt.rule || at.Grade != tt.grade {
			t.Errorf("%s, a sample %t: got %s %s, want %s %s", tt.others, tt.sample, at.Rule, at.Grade, tt.rule, tt.grade)
		}
		asked := slices.ContainsFunc(at.Raise, func(s string) bool { return strings.Contains(s, "whole tables") })
		if asked != (tt.sample && tt.rule == RuleSeparator) {
			t.Errorf("%s, a sample %t: to raise it: %q", tt.others, tt.sample, at.Raise)
		}
	}
}
