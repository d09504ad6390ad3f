package checks

import (
	"strings"
	"testing"
)

// Every rule says what it asks for, each something else, and numbers are those in force.
func TestRulesSayWhatTheyMean(t *testing.T) {
	said := map[string]AttributionRule{}
	for r := RuleNone; r <= RuleDivide; r++ {
		text := r.Means()
		if other, again := said[text]; again || text == "" {
			t.Errorf("%v means %q, as does %v", r, text, other)
		}
		said[text] = r
		if strings.Contains(text, "%!") {
			t.Errorf("%v: %q", r, text)
		}
	}
	for r, number := range map[AttributionRule]string{
		RuleLastHop: "less than 3 %", RuleSeveral: "5 minutes", RuleSeparator: "0.80", RuleStuck: "80 %", RuleUntold: "fewer than 3",
	} {
		if got := r.Means(); !strings.Contains(got, number) {
			t.Errorf("%v means %q, want %q in it", r, got, number)
		}
	}
}
