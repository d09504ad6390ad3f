package chat

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"isitdown/checks"
)

var (
	withdrew       = regexp.MustCompile(`(?i)\bwithdr(ew|awn|awal|awing|aws?)\b`)
	upstreamFailed = regexp.MustCompile(`(?i)\bupstreams? (has |have |had )?(failed|is down|are down|went down)\b`)
	tooSure        = regexp.MustCompile(`(?i)\b(very|extremely|almost certainly|highly|most) likely\b|\bcertain(ly)?\b|\bproven?\b|\bno doubt\b|\bmust have\b`)
)

// everything gives all that is made of a notice: what is sent, what is printed, what is
// kept, and what why and details make of that.
func everything(t *testing.T, n Notice) map[string]string {
	t.Helper()
	all := rendered(t, n)
	a := Account{ID: "KP-20141222-1", Tellings: []Telling{told(n)}}
	for name, m := range map[string]Message{"message": Compose(n), "why": a.Why(), "details": a.Details()} {
		var parts []string
		for _, p := range texts(m) {
			parts = append(parts, strings.Join(strings.Fields(p), " "))
		}
		slices.Sort(parts)
		all[name] = strings.Join(parts, ". ")
	}
	return all
}

// rulesOf gives the rules that a verdict's attributions name.
func rulesOf(v *checks.Verdict) (rules []checks.AttributionRule) {
	for _, a := range v.Disappeared {
		rules = append(rules, a.Rule)
	}
	return rules
}

// What is taken over, leaked or rejected was not withdrawn; no upstream failed as far as
// anybody outside can tell; and nothing is said to be more than likely.
func TestWordsOfAttribution(t *testing.T) {
	seen := map[checks.AttributionRule]bool{}
	for _, s := range samples(t) {
		v := &s.notice.Verdict
		rules := rulesOf(v)
		foreign := len(v.Foreign) > 0 && len(rules) == 0
		for _, r := range rules {
			seen[r] = true
			foreign = foreign || r == checks.RuleTakenOver
		}
		for what, text := range everything(t, s.notice) {
			headed := what == "headline" || what == "quote"
			if m := withdrew.FindString(text); m != "" && (foreign || headed && slices.Contains(rules, checks.RuleRejected)) {
				t.Errorf("%s: the %s says %q", s.name, what, m)
			}
			for _, re := range []*regexp.Regexp{upstreamFailed, tooSure} {
				if m := re.FindString(text); m != "" {
					t.Errorf("%s: the %s says %q", s.name, what, m)
				}
			}
			for sentence := range strings.SplitSeq(text, ". ") {
				if likelihood.MatchString(sentence) && grade.MatchString(sentence) {
					t.Errorf("%s: the %s mixes likelihood and evidence: %q", s.name, what, sentence)
				}
			}
		}
	}
	for r := checks.RuleNone; r <= checks.RuleDivide; r++ {
		if !seen[r] {
			t.Errorf("no sample of the rule %q", r)
		}
	}
}

// The lint must find what it looks for.
func TestAttributionLintFinds(t *testing.T) {
	for bad, re := range map[string]*regexp.Regexp{
		"3 of 4 networks withdrawn": withdrew, "AS1 withdrew it": withdrew, "the withdrawal of": withdrew,
		"its upstream failed": upstreamFailed, "both upstreams have failed": upstreamFailed,
		"very likely AS1": tooSure, "certainly AS1": tooSure, "AS1 must have": tooSure,
	} {
		if !re.MatchString(bad) {
			t.Errorf("%q passes", bad)
		}
	}
}

// A grade of what disappeared is never strong, whatever a caller hands over.
func TestNeverStrongOnWhatDisappeared(t *testing.T) {
	v := lostSeparator(checks.EvidenceStrong)
	for what, text := range everything(t, Notice{Verdict: v}) {
		if strings.Contains(text, "strong on what disappeared") || strings.Contains(text, `"grade":"strong"`) {
			t.Errorf("the %s says strong: %s", what, text)
		}
	}
	if got := VerdictJSON(v).Attribution[0].Grade; got != "moderate" {
		t.Errorf("the record has the grade %q, want moderate", got)
	}
}

// Names, reasons and sources are foreign: whatever they hold, nothing of it does
// anything, and nothing grows without bound.
func TestHostileAttribution(t *testing.T) {
	for _, s := range lostSamples() {
		n := s.notice
		n.Verdict.Disappeared = spoil(n.Verdict.Disappeared)
		n.Verdict.Past = spoil(n.Verdict.Past)
		harmlessText(t, s.name, Compose(n))
		a := Account{ID: "KP-20141222-1", Tellings: []Telling{told(n)}}
		harmlessText(t, s.name+", why", a.Why())
		harmlessText(t, s.name+", details", a.Details())
		record, err := json.Marshal(VerdictJSON(n.Verdict))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(record), `\u001b`) {
			t.Errorf("%s: an escape sequence in the record", s.name)
		}
	}
}
