package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"isitdown/checks"
)

// What is asked about the RPKI where there is no file of VRPs: so many routes of one
// target, so many of them at once, and in the background so many targets that wait; how
// long an answer is taken as present, and when one that failed is asked for again.
const (
	mostValidated  = 16
	validatedBy    = 4
	mostToValidate = 64
	validFor       = time.Hour
	invalidAgain   = 5 * time.Minute
	mostKept       = 20_000
)

// validities look up whether RPKI allows routes that are lost now, and keep the answers.
// nil stands for nobody to ask.
//
// Its methods may be called from several goroutines.
type validities struct {
	ask    func(ctx context.Context, r checks.RouteOrigin) (checks.OriginValidity, error)
	budget func(ctx context.Context) context.Context
	wait   time.Duration // for the routes of one target
	queue  chan validating

	mu   sync.Mutex
	kept map[checks.RouteOrigin]validated
	busy map[checks.RouteOrigin]bool // asked for in the background
}

// validated is what was said of a route, or why nothing was.
type validated struct {
	checks.OriginValidity
	err error
	at  time.Time
}

func (v *validated) present() bool {
	age := time.Since(v.at)
	return v.err == nil && age < validFor || v.err != nil && age < invalidAgain
}

// validating are routes of a target that are to be asked about.
type validating struct {
	routes []checks.RouteOrigin
	then   func()
}

// newValidities gives nil where nobody may be asked, or a file answers.
func (s *sources) newValidities() *validities {
	if s.validity == nil || s.app.vrps != nil {
		return nil
	}
	budget := s.budget
	if budget == nil {
		budget = func(ctx context.Context) context.Context { return ctx }
	}
	return &validities{
		ask: s.validity, budget: budget, wait: s.app.config.Sources.Wait.Duration,
		queue: make(chan validating, mostToValidate),
		kept:  map[checks.RouteOrigin]validated{}, busy: map[checks.RouteOrigin]bool{},
	}
}

// look asks about the routes of a case that are lost and gives it the answers.
func (v *validities) look(ctx context.Context, c *checks.Case) []checks.Gap {
	if v == nil {
		return nil
	}
	routes := inQuestion(c)
	v.fetch(ctx, routes[:min(len(routes), mostValidated)])
	gaps, _ := v.tell(c, routes)
	return gaps
}

// known gives a case what was answered so far, and has the rest asked about in the
// background; then is called when there is more.
func (v *validities) known(c *checks.Case, then func()) []checks.Gap {
	if v == nil {
		return nil
	}
	gaps, missing := v.tell(c, inQuestion(c))
	v.mu.Lock()
	defer v.mu.Unlock()
	var ask []checks.RouteOrigin
	for _, r := range missing {
		if !v.busy[r] {
			ask = append(ask, r)
		}
	}
	if len(ask) == 0 {
		return gaps
	}
	select {
	case v.queue <- validating{ask, then}:
		for _, r := range ask {
			v.busy[r] = true
		}
	default: // the next look comes soon
	}
	return gaps
}

// run asks in the background until the context ends.
func (v *validities) run(ctx context.Context) {
	for {
		select {
		case q := <-v.queue:
			asking, stop := context.WithTimeout(v.budget(ctx), v.wait)
			v.fetch(asking, q.routes)
			stop()
			v.mu.Lock()
			for _, r := range q.routes {
				delete(v.busy, r)
			}
			v.mu.Unlock()
			q.then()
		case <-ctx.Done():
			return
		}
	}
}

// fetch asks about those routes of which nothing present is known.
func (v *validities) fetch(ctx context.Context, routes []checks.RouteOrigin) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, validatedBy)
	for _, r := range routes {
		if v.has(r) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			said, err := v.ask(ctx, r)
			v.keep(r, validated{said, err, time.Now()})
			<-slots
		})
	}
	wg.Wait()
}

func (v *validities) has(r checks.RouteOrigin) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	said, ok := v.kept[r]
	return ok && said.present()
}

func (v *validities) keep(r checks.RouteOrigin, said validated) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.kept) >= mostKept {
		clear(v.kept)
	}
	v.kept[r] = said
}

// tell adds to a case what is known of the first of its routes, and gives those of which
// nothing present is.
func (v *validities) tell(c *checks.Case, routes []checks.RouteOrigin) (gaps []checks.Gap, missing []checks.RouteOrigin) {
	n := min(len(routes), mostValidated)
	v.mu.Lock()
	defer v.mu.Unlock()
	var failed error
	for _, r := range routes[:n] {
		said, ok := v.kept[r]
		switch {
		case !ok || !said.present():
			missing = append(missing, r)
		case said.err != nil:
			failed = said.err
		default:
			c.RPKI = append(c.RPKI, said.OriginValidity)
		}
	}
	if failed != nil {
		gaps = append(gaps, gapOf(failed, "rpki", "RIPEstat", "whether RPKI allows the routes is not known"))
	}
	if len(routes) > n {
		gaps = append(gaps, checks.Gap{Check: "rpki", Reason: fmt.Sprintf("whether RPKI allows the routes was looked up for %d of %d; a file of VRPs has them all (docs/rpki.md)", n, len(routes))})
	}
	return gaps, missing
}
