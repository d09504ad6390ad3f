package live

import (
	"context"
	"slices"
	"time"

	"isitdown/checks"
)

// keepAfar asks what other networks' routes did where targets have lost theirs, and who
// carried targets before, one question after the other, until the context ends.
func (h *Hub) keepAfar(ctx context.Context) {
	if h.o.Lookup.Elsewhere == nil && h.o.Lookup.Past == nil {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-h.asks:
		}
		t, past, wait := h.nextAfar(time.Now())
		if t == nil {
			timer.Reset(wait)
			continue
		}
		if past {
			h.askPast(ctx, t)
		} else {
			h.askElsewhere(ctx, t)
		}
		timer.Reset(0)
	}
}

// afarEvery is how often it is looked for questions that nobody announced.
const afarEvery = time.Minute

// nextAfar gives the target whose question is due longest, those about a loss first.
func (h *Hub) nextAfar(now time.Time) (next *Target, past bool, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait = afarEvery
	var first time.Time
	for t := range h.targets {
		t.qmu.Lock()
		due, isPast := t.far.next(&h.o, now)
		t.qmu.Unlock()
		switch {
		case due.IsZero():
		case due.After(now):
			wait = min(wait, due.Sub(now))
		case next == nil, past && !isPast, past == isPast && due.Before(first):
			next, past, first = t, isPast, due
		}
	}
	return next, past, wait
}

// next gives when the next question is due, zero for never, and whether it is the one
// about the past. qmu is held.
func (a *afar) next(o *Options, now time.Time) (due time.Time, past bool) {
	due = a.due
	if o.Lookup.Elsewhere == nil || a.lost == 0 {
		due = time.Time{}
	}
	if o.Lookup.Past != nil && len(a.origins) > 0 && (due.IsZero() || due.After(now) && a.pastDue.Before(due)) {
		return a.pastDue, true
	}
	return due, false
}

// askElsewhere asks what other networks' routes did since the target lost its own.
func (h *Hub) askElsewhere(ctx context.Context, t *Target) {
	t.qmu.Lock()
	in, loss := t.far.in, t.far.loss
	t.qmu.Unlock()
	ask, cancel := context.WithTimeout(ctx, h.o.Timeout)
	got, gaps, err := h.o.Lookup.Elsewhere(ask, in)
	cancel()
	if ctx.Err() != nil || t.closed.Load() {
		return
	}
	if err != nil {
		h.o.Log.Info("looking up other networks' routes", "target", t.footprint.Target.String(), "err", err)
	}
	t.qmu.Lock()
	t.far.answered(loss, got, gaps)
	t.qmu.Unlock()
	t.renew()
}

// answered takes in an answer about a loss, where that is still the present one, and
// says when to ask again. An answer that knows nothing takes the place of none. qmu is held.
func (a *afar) answered(loss time.Time, got checks.Elsewhere, gaps []checks.Gap) {
	now := time.Now()
	a.asked = now
	if a.lost == 0 || !a.loss.Equal(loss) {
		return
	}
	if len(got.Passages) > 0 || len(a.got.Passages) == 0 {
		a.got = got
	}
	a.gaps = slices.Clone(gaps)
	a.due = time.Time{}
	if again := askAgain(); a.tries < len(again) {
		a.due = latest(a.noticed.Add(again[a.tries]), now.Add(askPause))
	}
	a.tries++
	a.open()
}

// askPast asks who carried the target's origins in the time before.
func (h *Hub) askPast(ctx context.Context, t *Target) {
	t.qmu.Lock()
	origins := t.far.origins
	t.qmu.Unlock()
	ask, cancel := context.WithTimeout(ctx, h.o.Timeout)
	got, gaps, err := h.o.Lookup.Past(ask, origins, time.Now())
	cancel()
	if ctx.Err() != nil || t.closed.Load() {
		return
	}
	t.qmu.Lock()
	a := &t.far
	a.pastDue = time.Now().Add(pastEvery)
	if err != nil {
		a.pastDue = time.Now().Add(pastRetry)
		h.o.Log.Info("looking up who carried a target before", "target", t.footprint.Target.String(), "err", err)
	}
	if err == nil || a.past.Since.IsZero() { // what is a day old is better than nothing
		a.past, a.pastGaps = got, slices.Clone(gaps)
	}
	t.qmu.Unlock()
	t.renew()
}

// renew says that there is something new to be assessed.
func (t *Target) renew() {
	t.mu.Lock()
	t.bumps++
	t.note()
	t.unlock()
}
