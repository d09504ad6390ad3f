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
