package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route/live"
)

// current is where a watchroom's routes come from where they are live: lookups and streams,
// which a hub joins for each target.
type current struct {
	sources *sources
	hub     *live.Hub
	feeds   []*feed
	said    *hearsay
	probing *probing
	rpki    *validities // nil for none
}

// feed is one stream of routes.
type feed struct {
	name string
	// run delivers until the context ends.
	run func(ctx context.Context) error
	// state says how it does.
	state func() feedState
}

// feedState is how a feed does.
type feedState struct {
	up     bool
	detail string    // one sentence for the operator
	heard  time.Time // when it was last known to be alive; zero for never
	gaps   []checks.Gap
	counts []count
}

// count is a figure of a feed, for the metrics.
type count struct {
	name, help string
	value      float64
	total      bool // it only grows
}

// gaps says what the feeds lack.
func (c *current) gaps() (list []checks.Gap) {
	for _, f := range c.feeds {
		list = append(list, f.state().gaps...)
	}
	return list
}

// failedFor is how long a target whose footprint could not be found out waits to be
// tried again.
const failedFor = time.Minute

// run serves until the context ends: the feeds, the hub, and the targets that are asked about.
func (w *watchroom) run(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(w.live.feeds))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	part := func(run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				errs <- err
				stop()
			}
		})
	}
	wg.Go(func() { w.live.hub.Run(ctx) })
	if w.globe != nil {
		wg.Go(func() {
			w.globe.run(ctx)
			w.globe.end()
		})
	}
	for _, f := range w.live.feeds {
		part(f.run)
	}
	wg.Go(func() { w.live.said.run(ctx) })
	if w.live.probing.monitor != nil {
		wg.Go(func() { w.live.probing.monitor.Run(ctx) })
	}
	wg.Go(func() { w.watchFeeds(ctx) })
	wg.Go(func() { w.serveTargets(ctx) })
	wg.Go(func() { w.app.refreshLists(ctx, w.live.sources.ledger, w.adoptLists) })
	if v := w.live.rpki; v != nil {
		wg.Go(func() { v.run(ctx) })
	}
	if v := w.app.vrps; v != nil {
		wg.Go(func() { v.follow(ctx, func(failing string) { w.live.sources.ledger.note(sourceVRPs, failing) }) })
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// start begins to follow a target with live sources, and waits until what was known
// before is there.
func (w *watchroom) start(ctx context.Context, e *watched) {
	f, gaps, err := w.live.sources.footprint(ctx, w.lists(), e.footprint.Target, time.Time{})
	w.mu.Lock()
	if err != nil {
		w.fail(e, err)
		w.mu.Unlock()
		return
	}
	e.footprint, e.refusal, e.failure, e.missing = f, "", "", gaps
	if len(f.Prefixes)+len(f.Origins) == 0 { // a host: there are no routes to look for
		e.watch = w.nobody
		w.attend(e)
		e.open()
		w.mu.Unlock()
		return
	}
	target := w.live.hub.Follow(f)
	e.watch, e.live = liveView{target}, target
	e.settle(time.Now())
	w.attend(e)
	w.mu.Unlock()
	select {
	case <-target.Ready():
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e.open()
}

// fail leaves a target without a footprint for a while.
func (w *watchroom) fail(e *watched, err error) {
	e.failure = unregistered(e.footprint.Target, err).Reason
	e.failed = time.Now()
	e.open()
}

// retry puts those back into the queue whose footprint could not be found out; w.mu is held.
func (w *watchroom) retry() {
	for _, e := range w.targets {
		if e.failure != "" && e.pins > 0 && time.Since(e.failed) >= failedFor {
			e.failed = time.Now()
			w.pending = append(w.pending, e)
		}
	}
}

// watchFeeds tells the ledger how the feeds do: the log hears of each change once.
func (w *watchroom) watchFeeds(ctx context.Context) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		for _, f := range w.live.feeds {
			switch s := f.state(); {
			case s.up:
				w.live.sources.ledger.note(f.name, "")
			case !s.heard.IsZero() || s.detail != "":
				w.live.sources.ledger.note(f.name, s.detail)
			}
		}
		w.mu.Lock()
		w.retry()
		w.mu.Unlock()
		w.nudge()
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// question gives the answer about the present, once the target was looked up, its hosts
// were asked and the witnesses were heard, or their time is over. Where nothing can be said of the present
// yet, it is the answer of the moment that a lookup speaks of.
func (w *watchroom) question(ctx context.Context, e *watched) (checks.Verdict, error) {
	ctx, stop := context.WithTimeout(ctx, w.app.config.Sources.Wait.Duration)
	defer stop()
	var probes sync.WaitGroup
	probes.Go(func() { w.probe(ctx, e) })
	for _, ready := range []<-chan struct{}{e.ready, w.ask(e, true)} {
		select {
		case <-ready:
		case <-ctx.Done():
		}
	}
	probes.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return checks.Verdict{}, err
	}
	now := time.Now()
	v := w.assess(e, now)
	switch {
	case e.live == nil:
		return v, nil
	case v.State == checks.Down || v.State == checks.Degraded:
		e.live.Heard(ctx) // what other networks' routes did is being asked
		return w.assess(e, time.Now()), nil
	case v.State != checks.Unknown:
		return v, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := e.live.Observe(now)
	if then := seen.AsOf; !seen.Current && !then.IsZero() && now.Sub(then) < longAgo {
		return w.liveVerdict(e, seen.Answer(then, w.app.config.assessRules()), probed{gaps: unprobed(probesOfThePast)}), nil
	}
	return v, nil
}

// longAgo is how old an answer may be that is given where there is none of the present.
const longAgo = 12 * time.Hour

// ask has the witnesses asked about a target, those that cost only for a person's
// question. The channel is closed when they were heard.
func (w *watchroom) ask(e *watched, costly bool) <-chan struct{} {
	w.mu.Lock()
	f := e.footprint
	w.mu.Unlock()
	return w.live.said.look(f, costly, func() { w.heard(e) })
}

// heard notes that the witnesses said something of a target.
func (w *watchroom) heard(e *watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.heard++
}
