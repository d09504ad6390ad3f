package reach

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// A host notes when its service last worked, since when it does not, and when that ended,
// whatever silence lies between.
func TestHostServes(t *testing.T) {
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	type state struct {
		Served, Faulty time.Time
		Mended         checks.Spell
	}
	mended := checks.Spell{First: at(4), Last: at(8), Back: at(10)}
	steps := []struct {
		outcome checks.Outcome
		want    state
	}{
		{checks.Answered, state{Served: at(0)}},
		{checks.Answered, state{Served: at(2)}},
		{checks.Failing, state{Served: at(2), Faulty: at(4)}},
		{checks.Silent, state{Served: at(2), Faulty: at(4)}},
		{checks.Refused, state{Served: at(2), Faulty: at(4)}},
		{checks.Answered, state{Served: at(10), Mended: mended}},
		{checks.Silent, state{Served: at(10), Mended: mended}},
		{checks.Refused, state{Served: at(10), Faulty: at(14), Mended: mended}},
	}
	h := host{rates: &rates{}}
	for i, step := range steps {
		h.take(checks.Answer{At: at(2 * i), Outcome: step.outcome})
		x := h.show(at(2*i), checks.Guard{})
		if diff := cmp.Diff(step.want, state{x.Served, x.Faulty, x.Mended}); diff != "" {
			t.Errorf("after step %d, %s (-want +got):\n%s", i, step.outcome, diff)
		}
	}
}

// A question missed just before the host answered, and before the guard looked, is loss
// that its rate learns; one within a proven silence is not, nor one that our own network
// lost.
func TestLossBeforeTheGuardLooks(t *testing.T) {
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }
	for _, tt := range []struct {
		name    string
		silence checks.Silence
		holds   bool
		asked   int // answered twice
	}{
		{"the guard holds", checks.Silence{}, true, 3},
		{"our own network failed", checks.Silence{}, false, 2},
		{"a proven silence", checks.Silence{Evidence: 8, Probes: 2, Rounds: 2, First: noon, Last: noon}, true, 2},
	} {
		h := host{rates: &rates{}}
		h.take(checks.Answer{At: at(0), Outcome: checks.Answered})
		h.silence = tt.silence
		h.take(checks.Answer{At: at(10), Outcome: checks.Silent})
		h.take(checks.Answer{At: at(30), Outcome: checks.Answered})
		h.settle(at(40), tt.holds)
		if _, asked, _ := h.rates.at(at(50)); asked != tt.asked {
			t.Errorf("%s: %d questions count, want %d", tt.name, asked, tt.asked)
		}
		if !h.missing.IsZero() || len(h.pending) != 0 {
			t.Errorf("%s: missing since %v, %d pending; it answers", tt.name, h.missing, len(h.pending))
		}
	}
}
