package main

import (
	"slices"
	"strings"
	"testing"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// What is said of the losses in real recordings. They are of updates alone: of networks
// that did not move nothing is known, so that no upstream can be called healthy, nor failed.

// lostIn gives all attributions of a replay, and holds what goes for each of them.
func lostIn(t *testing.T, lines []line) (all []chat.AttributionRecord) {
	t.Helper()
	for _, l := range lines {
		for _, a := range l.Verdict.Attribution {
			all = append(all, a)
			if a.Rule == checks.RuleTakenOver.String() || a.Rule == checks.RuleSeparator.String() || len(a.Foreign) > 0 {
				t.Errorf("%s: rule %q with foreign routes %v: nobody else announces it, and of others nothing is known", l.At, a.Rule, a.Foreign)
			}
			if a.Grade != "none" {
				t.Errorf("%s: grade %s of updates alone, want none", l.At, a.Grade)
			}
			if slices.ContainsFunc(a.Set, func(c chat.CandidateRecord) bool { return c.Kind == checks.NetworkFailed.String() && c.Element != "" }) && a.Rule != checks.RuleUntold.String() {
				t.Errorf("%s: a network is said to have failed: %+v", l.At, a.Set)
			}
		}
		if words := lintWords(l.Text); len(words) > 0 || tooSure.MatchString(l.Text) || strings.Contains(l.Text, "DDoS") {
			t.Errorf("%s: says %q:\n%s", l.At, words, l.Text)
		}
	}
	return all
}

// carried gives the share of an upstream before, in one attribution.
func carried(a chat.AttributionRecord, asn string) float64 {
	for _, c := range a.Carriers {
		if c.ASN == asn {
			return c.ShareBefore
		}
	}
	return 0
}
