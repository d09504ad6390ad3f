package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"isitdown/checks/route"
)

// speed is how many seconds of a recording pass in one second; infinite for as fast
// as it goes.
type speed float64

// UnmarshalText reads "60" and "max".
func (s *speed) UnmarshalText(text []byte) error {
	if string(text) == "max" {
		*s = speed(math.Inf(1))
		return nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return fmt.Errorf("%q is no speed: write 60 for an hour a minute, 1 for the pace of the clock, or max", text)
	}
	*s = speed(v)
	return nil
}

func (s speed) unbounded() bool { return math.IsInf(float64(s), 1) }

// rehearsal plays a recording through the whole bot with the recording's clock. It
// waits until somebody has subscribed to anything: before that nobody would
// notice it.
type rehearsal struct {
	watchroom *watchroom
	step      func(now time.Time) error // of the bot
	speed     speed
	from      time.Time // before it nothing is told
	until     time.Time // zero for the end

	once  sync.Once
	begun chan struct{} // closed when it may begin
	ended chan struct{}

	first time.Time // of the recording, from where the pace counts
	wall  time.Time // when that was
}

func newRehearsal(w *watchroom, s speed, from, until time.Time) *rehearsal {
	if s.unbounded() {
		w.patience = time.Hour // the recording waits as well
	}
	w.lack(notBegun)
	return &rehearsal{watchroom: w, speed: s, from: from, until: until, begun: make(chan struct{}), ended: make(chan struct{})}
}

// notBegun is what is said to whoever asks too early.
const notBegun = "the rehearsal begins with the first subscription"

// begin lets it begin; more than once is fine.
func (r *rehearsal) begin() { r.once.Do(func() { close(r.begun) }) }

// run waits for the beginning and plays the recording to its end.
func (r *rehearsal) run(ctx context.Context) error {
	defer close(r.ended)
	select {
	case <-r.begun:
	case <-ctx.Done():
		return nil
	}
	r.watchroom.lack("")
	look := ticks{step: func(now time.Time) error { return r.tick(ctx, now) }}
	err := r.watchroom.rec.Play(ctx, r.until, func(u *route.Update) error {
		if err := look.before(u); err != nil {
			return err
		}
		r.watchroom.apply(u)
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("playing the recording: %w", err)
	}
	end := r.until
	if end.IsZero() {
		r.watchroom.mu.Lock()
		end = r.watchroom.rib.Newest()
		r.watchroom.mu.Unlock()
	}
	if end.IsZero() {
		return fail(exitData, "the recording holds no routing data")
	}
	if end.Before(look.next) { // its last tick is later than its last update
		end = look.next.Add(-tick)
	}
	return r.tick(ctx, end)
}

// tick waits until the wall has come as far as the recording, and has the bot do
// what is due.
func (r *rehearsal) tick(ctx context.Context, now time.Time) error {
	r.watchroom.tell(now, r.watchroom.rec.Gaps())
	if now.Before(r.from) {
		return nil
	}
	if r.wall.IsZero() {
		r.first, r.wall = now, time.Now()
	}
	if !r.speed.unbounded() {
		due := r.wall.Add(time.Duration(float64(now.Sub(r.first)) / float64(r.speed)))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := r.step(now); err != nil {
		return fmt.Errorf("at %s of the recording: %w", clock(now), err)
	}
	return nil
}
