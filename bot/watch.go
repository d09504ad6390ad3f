package bot

import (
	"time"

	"isitdown/checks"
)

// Watch follows one target: it has it assessed when something may have changed,
// hands the verdicts to its [Life] and keeps the baseline frozen while an
// incident is open. It is not safe for use by several goroutines.
type Watch struct {
	// Assess makes the verdict of a moment.
	Assess func(now time.Time) checks.Verdict
	// Revision grows when there is something new to assess.
	Revision func() int
	// Freeze holds or releases the baseline.
	Freeze func(hold bool, now time.Time)
	Policy Policy
	// Settle is how long the effect of a change may be delayed.
	Settle time.Duration
	// Phase shifts when the target is looked at although nothing moved, so that
	// not all targets are looked at at once.
	Phase time.Duration

	life     Life
	verdict  checks.Verdict
	revision int
	changed  time.Time // when the revision last grew
	assessed time.Time
	frozen   bool
}

// idleEvery is how often a target is assessed though nothing moved: sessions
// grow silent and data grows old without saying so.
const idleEvery = 5 * time.Minute

// Life gives the life of the target so far.
func (w *Watch) Life() Life { return w.life }

// Verdict gives what the last look at the target found.
func (w *Watch) Verdict() checks.Verdict { return w.verdict }

// Resume goes on with a life that was kept, at now. The baseline is held at once if
// an incident is open in it.
func (w *Watch) Resume(l Life, now time.Time) {
	w.life = l
	w.hold(now)
}

// hold freezes the baseline while an incident is open.
func (w *Watch) hold(now time.Time) {
	if hold := w.life.Outage.Live() || w.life.Unstable.Live(); hold != w.frozen {
		w.frozen = hold
		w.Freeze(hold, now)
	}
}

// slot numbers the looks at an idle target.
func (w *Watch) slot(t time.Time) int64 {
	return t.Add(w.Phase).UnixNano() / int64(idleEvery)
}

// Step looks at the target at now, if there is reason to, and gives what there
// is to tell.
func (w *Watch) Step(now time.Time) []Change {
	if r := w.Revision(); r != w.revision || w.changed.IsZero() {
		w.revision, w.changed = r, now
	}
	deadline := w.life.Deadline(w.Policy)
	due := now.Sub(w.changed) <= w.Settle+w.Settle/2 ||
		w.assessed.Before(w.changed.Add(w.Settle)) || // whoever steps in longer times has not seen the effect
		!deadline.IsZero() && !now.Before(deadline) ||
		w.slot(now) != w.slot(w.assessed)
	if !due {
		return nil
	}
	w.assessed = now
	w.verdict = w.life.heed(w.Assess(now))
	var changes []Change
	w.life, changes = w.life.Apply(w.verdict, w.Policy)
	w.hold(now)
	return changes
}
