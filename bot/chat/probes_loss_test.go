package chat

import (
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// Lost pings are told with both figures, now and from a record.
func TestLossText(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	target, err := checks.ParseTarget("KP")
	if err != nil {
		t.Fatal(err)
	}
	v := checks.Verdict{
		Target: target, At: at, State: checks.Up, Announced: checks.ExtentAll, Answering: checks.ExtentAll,
		Probing: checks.Probing{At: at, Answering: 4, Usable: 4, Guard: checks.Guard{At: at, Answered: 6, Controls: 6, Networks: 3}, Pings: 64, PingsLost: 26},
	}
	const want = "degraded reachability: 26 of 64 pings lost in half an hour"
	r := VerdictJSON(v)
	for name, said := range map[string]string{"now": probesText(&v), "from a record": probesText(verdictOf(&r))} {
		if said = strings.ReplaceAll(said, nbsp, " "); !strings.Contains(said, want) {
			t.Errorf("%s: got %q, want %q", name, said, want)
		}
	}
	v.Probing.Pings, v.Probing.PingsLost = 0, 0
	if said := probesText(&v); strings.Contains(said, "degraded") {
		t.Errorf("without losses: %q", said)
	}
}
