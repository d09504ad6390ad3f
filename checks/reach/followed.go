package reach

import (
	"sync"
	"time"

	"isitdown/checks"
)

// Followed is a target that a monitor keeps current. Its methods may be called from any
// goroutine.
type Followed struct {
	m     *Monitor
	t     *target
	close sync.Once
}

// Follow begins to keep a target current; [Monitor.Run] asks. It is closed by its Close.
// Who follows the same target shares its rounds.
func (m *Monitor) Follow(f checks.Footprint) *Followed {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.targets[f.Target]
	if t == nil {
		if q := m.asked[f.Target]; q != nil && q.over() { // somebody asked before: its hosts are known
			t = q.t
			delete(m.asked, f.Target)
		} else {
			t = newTarget(f)
		}
		m.targets[f.Target] = t
	}
	t.uses++
	t.f, t.choose, t.due = f, time.Now(), time.Time{} // its space may be another one by now
	return &Followed{m: m, t: t}
}

// Close ends the following. It may be called more than once.
func (f *Followed) Close() {
	f.close.Do(func() {
		f.m.mu.Lock()
		defer f.m.mu.Unlock()
		if f.t.uses--; f.t.uses == 0 && f.m.targets[f.t.f.Target] == f.t && time.Now().After(f.t.linger) {
			delete(f.m.targets, f.t.f.Target)
			f.m.gather(f.t)
		}
	})
}

// Reach gives what is known at now: a copy. It is "not probed" before the first round.
func (f *Followed) Reach(now time.Time) checks.Reach {
	c := f.m.guard.recent()
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return f.t.reach(now, c)
}

// Gaps says what is missing from the rounds of the target, and what to do.
func (f *Followed) Gaps() []checks.Gap {
	c := f.m.guard.recent()
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return f.t.missing(c)
}

// Revision grows whenever Reach has something that may change a verdict.
func (f *Followed) Revision() int {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return f.t.revision
}

// Again has the hosts that miss answers asked at once, and not in the next round: routes
// have come back, and that they were silent before says nothing of now.
func (f *Followed) Again() {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.t.hurry(time.Now())
}

// Ready is closed when the first round has ended, well or not.
func (f *Followed) Ready() <-chan struct{} { return f.t.ready }
