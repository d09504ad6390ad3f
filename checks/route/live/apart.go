package live

import (
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// apartEvery is how often what others' routes do is told anew from the whole tables.
const apartEvery = time.Minute

// apart is what the whole tables say of other networks' routes, since a target lost its
// own. Its watch is kept in the table of the whole feeds, beside the target's own.
type apart struct {
	watch *route.Watch // guarded by whole.mu; nil where whole paths are not kept

	// Guarded by Target.qmu.
	losing bool // the last look found that routes are lost
	got    checks.Elsewhere
	at     time.Time // of got, by the look's clock; zero where it is to be told anew
}

// follow begins to keep a target's history in the whole tables, where their paths are
// kept; whole.mu is held.
func (w *whole) follow(t *Target) {
	if w.paths {
		t.apart.watch = w.rib.WatchHeld(t.footprint)
	}
}

// forget ends it.
func (w *whole) forget(t *Target) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.apart.watch != nil {
		w.rib.Forget(t.apart.watch)
		t.apart.watch = nil
	}
}

// hold freezes or thaws the baseline that the whole tables have of a target.
func (w *whole) hold(t *Target, change func(*route.Watch)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.apart.watch != nil {
		change(t.apart.watch)
	}
}

// compare has the whole tables tell what others' routes did, where the target was seen to
// have lost some. It comes before the target's own locks are taken.
func (w *whole) compare(t *Target, now time.Time) {
	t.qmu.Lock()
	due := t.apart.losing && (t.apart.at.IsZero() || now.Sub(t.apart.at) >= apartEvery)
	t.qmu.Unlock()
	if !due {
		return
	}
	w.mu.Lock()
	var got checks.Elsewhere
	if t.apart.watch != nil && w.rib.Sessions() > 0 {
		t.apart.watch.Observe(now)
		got = t.apart.watch.Elsewhere(now)
	}
	w.mu.Unlock()
	if !w.paths && t.hub.o.Lookup.Elsewhere == nil {
		got.Missing = "whole paths of other networks are not kept, and nobody is asked, so what became of their routes is not known"
	}
	t.qmu.Lock()
	t.apart.got, t.apart.at = got, now
	t.qmu.Unlock()
}

// of notes whether a look found losses, and chooses between what the whole tables and a
// lookup say of others' routes: the tables know all of them, where they know enough.
// qmu is held.
func (a *apart) of(losing, more bool, asked checks.Elsewhere) checks.Elsewhere {
	if !losing {
		a.losing, a.got, a.at = false, checks.Elsewhere{}, time.Time{}
		return checks.Elsewhere{}
	}
	if !a.losing || more {
		a.losing, a.at = true, time.Time{}
	}
	tells := false
	for _, p := range a.got.Passages {
		_, known := p.Survival()
		tells = tells || known
	}
	switch {
	case tells, len(asked.Passages) == 0 && asked.Source == "" && asked.Missing == "":
		return a.got
	}
	return asked
}
