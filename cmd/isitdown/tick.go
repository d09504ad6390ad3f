package main

import (
	"cmp"
	"time"

	"isitdown/checks/route"
)

// tick is how often, in the recording's time, whoever plays one looks whether
// something is due.
const tick = 10 * time.Second

// A hole in a recording that is longer than longHole is not looked through tick by
// tick: nothing has been claimed for days by then. It is again from wakeUp
// before the data goes on.
const (
	longHole = 14 * 24 * time.Hour
	wakeUp   = time.Hour
)

// ticks calls step for every tick of a recording.
type ticks struct {
	every time.Duration // zero stands for tick
	step  func(now time.Time) error
	next  time.Time
}

// before calls step for what is due before an update.
func (t *ticks) before(u *route.Update) error {
	if u.Kind == route.Table {
		return nil
	}
	every := cmp.Or(t.every, tick)
	if t.next.IsZero() {
		t.next = u.At.Truncate(every).Add(every)
	}
	hole := u.At.Sub(t.next) > longHole+2*wakeUp // or waking up would go back in time
	from := t.next.Add(longHole)
	for ; t.next.Before(u.At); t.next = t.next.Add(every) {
		if hole && t.next.After(from) {
			t.next, hole = u.At.Add(-wakeUp).Truncate(every), false
		}
		if err := t.step(t.next); err != nil {
			return err
		}
	}
	return nil
}
