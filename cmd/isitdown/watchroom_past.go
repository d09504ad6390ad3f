package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// errCaughtUp ends the playing of a recording where the table is.
var errCaughtUp = errors.New("caught up with the table")

// serveTargets catches up with targets that are asked about until the context ends.
func (w *watchroom) serveTargets(ctx context.Context) {
	var starts sync.WaitGroup
	defer starts.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.waiting:
		}
		w.mu.Lock()
		batch := w.pending
		w.pending = nil
		w.mu.Unlock()
		if len(batch) == 0 {
			continue
		}
		if w.live != nil {
			for _, e := range batch {
				starts.Go(func() { w.start(ctx, e) })
			}
			continue
		}
		if err := w.catchUp(ctx, batch); err != nil && ctx.Err() == nil {
			w.app.log.Error("reading the recording once more", "targets", len(batch), "err", err)
			w.giveUp(batch)
		}
	}
}

// giveUp leaves targets without a history.
func (w *watchroom) giveUp(batch []*watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range batch {
		if e.watch == nil {
			e.failure = "the recorded data could not be read once more for this target; the operator's log says why"
			close(e.ready)
		}
	}
}

// catchUp plays the recording for a batch of targets to where the table is, and
// moves their watches there.
func (w *watchroom) catchUp(ctx context.Context, batch []*watched) error {
	rib := route.NewRIB(w.app.config.recordedRules())
	watches := make([]*route.Watch, len(batch))
	for i, e := range batch {
		watches[i] = rib.Watch(e.footprint)
	}
	rec := w.again
	err := survey(&rec, watches, func(emit func(*route.Update) error) error { return rec.Play(ctx, time.Time{}, emit) })
	if err != nil {
		return err
	}
	k := w.app.keep(w.lists(), &rec, rib, watches)
	n := int64(0)
	err = rec.Play(ctx, time.Time{}, func(u *route.Update) error {
		if done, err := w.adopt(n, k, watches, batch); done || err != nil {
			return cmp.Or(err, errCaughtUp)
		}
		if err := k.ticks.before(u); err != nil {
			return err
		}
		rib.Apply(u)
		n++
		return nil
	})
	switch {
	case errors.Is(err, errCaughtUp):
		return nil
	case err != nil:
		return err
	}
	if done, err := w.adopt(n, k, watches, batch); err != nil || !done {
		return cmp.Or(err, fmt.Errorf("the recording ended after %d updates, and the table has had %d", n, w.position.Load()))
	}
	return nil
}

// adopt moves watches to the table where both have had n updates.
func (w *watchroom) adopt(n int64, k *keeper, watches []*route.Watch, batch []*watched) (done bool, err error) {
	if n < w.position.Load() {
		return false, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n < w.position.Load() {
		return false, nil
	}
	lives := k.lives()
	for i, e := range batch {
		if err := w.rib.Adopt(watches[i]); err != nil {
			return false, err
		}
		e.watch, e.life, e.used = watches[i], lives[i], time.Now()
		e.settle(w.nowLocked())
		close(e.ready)
	}
	return true, nil
}

// past keeps answers about past moments for a while. One is worked on at a time: each
// takes a table of its own.
type past struct {
	turn chan struct{}
	mu   sync.Mutex
	kept map[pastKey]pastAnswer
}

type pastKey struct {
	target checks.Target
	at     time.Time
}

type pastAnswer struct {
	verdict checks.Verdict
	made    time.Time
}

func (p *past) find(k pastKey) (checks.Verdict, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.kept[k]
	return a.verdict, ok && time.Since(a.made) < pastFor
}

func (p *past) keep(k pastKey, v checks.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil || len(p.kept) >= maxPast {
		p.kept = map[pastKey]pastAnswer{}
	}
	p.kept[k] = pastAnswer{v, time.Now()}
}

// before answers for a moment that is not the data's now.
func (w *watchroom) before(ctx context.Context, e *watched, at, now time.Time) (checks.Verdict, error) {
	unknown := func(format string, args ...any) (checks.Verdict, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.unknown(e.footprint, at, fmt.Sprintf(format, args...), probesOfThePast), nil
	}
	switch {
	case w.live != nil && at.After(now):
		return unknown("%s is yet to come", clock(at))
	case w.live != nil:
	case w.rec == nil:
		return unknown("%s", noData)
	case e.refusal != "":
		return unknown("%s", e.refusal)
	case at.Before(w.rec.Start()):
		return unknown("the routing data begins at %s", clock(w.rec.Start()))
	case at.After(now):
		return unknown("the routing data ends at %s, and nothing is known of later", clock(now))
	}
	key := pastKey{e.footprint.Target, at.UTC()}
	if v, ok := w.asked.find(key); ok {
		return v, nil
	}
	select {
	case w.asked.turn <- struct{}{}:
		defer func() { <-w.asked.turn }()
	case <-ctx.Done():
		return checks.Verdict{}, ctx.Err()
	}
	if v, ok := w.asked.find(key); ok {
		return v, nil
	}
	if w.live != nil {
		v := w.live.sources.once(ctx, w.lists(), e.footprint.Target, at, &probing{why: w.app.config.withoutProbes(at)})
		w.asked.keep(key, v)
		return v, ctx.Err()
	}
	v, err := w.replayed(ctx, e.footprint, at)
	if err != nil {
		return checks.Verdict{}, fmt.Errorf("answering about %s at %s: %w", e.footprint.Target, clock(at), err)
	}
	w.asked.keep(key, v)
	return v, nil
}

// replayed makes the verdict of a past moment from the recording.
func (w *watchroom) replayed(ctx context.Context, f checks.Footprint, at time.Time) (checks.Verdict, error) {
	rec := w.again
	d := &desk{app: w.app, registry: w.lists(), rec: &rec, rib: route.NewRIB(w.app.config.recordedRules())}
	d.watches = []*route.Watch{d.rib.Watch(f)}
	err := survey(&rec, d.watches, func(emit func(*route.Update) error) error { return rec.Play(ctx, time.Time{}, emit) })
	if err != nil {
		return checks.Verdict{}, err
	}
	k := w.app.keep(w.lists(), &rec, d.rib, d.watches)
	err = rec.Play(ctx, at, func(u *route.Update) error {
		if err := k.ticks.before(u); err != nil {
			return err
		}
		d.rib.Apply(u)
		return nil
	})
	if err != nil {
		return checks.Verdict{}, err
	}
	return d.assess(d.watches[0], at), nil
}
