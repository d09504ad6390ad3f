package chat

import (
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// Gaps of one source begin alike, and one of them can be the reason: no clause is said twice.
func TestGapsSayNothingTwice(t *testing.T) {
	const why = "RIPEstat cannot be reached from here: check this machine's connection"
	v := &checks.Verdict{
		Reasons: []string{why + "; the names are not known"},
		Gaps: []checks.Gap{
			{Check: "route", Reason: why + "; the names are not known"},
			{Check: "route", Reason: why + "; the routes are not known"},
			{Check: "ioda", Reason: "IODA gave an empty answer; the routes are not known"},
			{Check: "reach", Reason: "this version does not probe"},
		},
	}
	if got, want := gapsText(v), "the routes are not known; IODA gave an empty answer"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Claims of one service that have the same reason give it once.
func TestOthersSayAReasonOnce(t *testing.T) {
	text, _ := othersText([]checks.Claim{
		{Service: "IODA", Text: "no active probing signal: too few /24s"},
		{Service: "IODA", Text: "no network telescope signal: too few /24s"},
		{Service: "Radar", Text: "nothing: too few /24s"},
	}, "", time.Time{})
	want := "IODA: no active probing signal; no network telescope signal: too few /24s"
	if !strings.HasPrefix(text, want) || !strings.Contains(text, "Radar: nothing: too few /24s") {
		t.Errorf("got %q, want it to begin with %q, and Radar's reason", text, want)
	}
}
