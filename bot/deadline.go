package bot

import (
	"time"

	"isitdown/checks"
)

// Deadline gives when Apply must be called again, with the same facts and that
// time, although nothing was observed; the zero time means never. It is always
// after At, so that a replay which is driven by events and deadlines gives the
// same changes as one that asks every second.
func (l Life) Deadline(p Policy) time.Time {
	p = p.orDefault()
	var next time.Time
	at := func(t time.Time) {
		if t.After(l.At) {
			next = sooner(next, t)
		}
	}
	known := l.UnknownSince.IsZero()
	switch {
	case !known || l.State == checks.Unknown:
	case l.bad() && !l.Outage.Live():
		at(l.Since.Add(p.Suspect))
		at(l.Since.Add(p.Open))
	case !l.bad() && l.Outage.Live():
		at(l.Since.Add(p.Recover))
		at(l.Since.Add(p.Recover + p.Resolve))
	}
	if l.Unstable.Live() && known {
		at(l.calmAt(p))
	}
	for _, i := range []*Incident{&l.Outage, &l.Unstable} {
		if i.Live() {
			at(i.told.next(p))
		}
	}
	if known && l.candidate.set != nil {
		at(l.candidate.due(p))
	}
	return next
}

// sooner gives the earlier of two times, where zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
