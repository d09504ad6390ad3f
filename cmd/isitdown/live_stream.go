package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/live"
	"isitdown/checks/route/rislive"
)

// stream is RIS Live, and what of it is served.
type stream struct {
	client *rislive.Client
	whole  bool // everything is asked for, whatever the hub wishes

	mu     sync.Mutex
	served map[rislive.Filter]bool
	news   chan struct{} // something more is served
	hub    *live.Hub     // set before the stream runs
}

// risLive makes the stream, nil where there is to be none. Nothing is connected yet.
func (a *app) risLive(s *sources) *stream {
	c := &a.config.Sources
	if c.Offline || c.RISLive == risOff {
		return nil
	}
	r := &stream{whole: c.RISLive == risAll, served: map[rislive.Filter]bool{}, news: make(chan struct{}, 1)}
	r.client = rislive.New(rislive.Options{
		URL: a.config.URLs.RISLive, App: "isitdown", UserAgent: a.agent(), HTTP: streaming(s.app.http),
		Log: detailed(a.log), Covered: r.covered,
	})
	if r.whole {
		r.client.Watch([]rislive.Filter{{}})
	}
	return r
}

// covered takes in that filters are served.
func (r *stream) covered(filters []rislive.Filter, _ time.Time) {
	r.mu.Lock()
	again := false
	for _, f := range filters {
		again = again || r.served[f]
		r.served[f] = true
	}
	r.mu.Unlock()
	if again { // after a reconnection, whose first updates came before
		r.hub.Covered()
	}
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// coverWithin is how long RIS Live may take to serve what it was asked for.
const coverWithin = time.Minute

// cover asks for what the hub wishes, and waits until it is served. It is nil where
// there is nothing to ask, or no need.
func (r *stream) cover() func(context.Context, []live.Filter) error {
	if r == nil || r.whole {
		return nil
	}
	return func(ctx context.Context, wishes []live.Filter) error {
		wanted := make(map[rislive.Filter]bool, len(wishes))
		for _, w := range wishes {
			wanted[rislive.Filter{Prefix: w.Prefix, Origin: w.Origin}] = true
		}
		r.mu.Lock()
		maps.DeleteFunc(r.served, func(f rislive.Filter, _ bool) bool { return !wanted[f] })
		r.mu.Unlock()
		r.client.Watch(slices.Collect(maps.Keys(wanted)))
		limit := time.NewTimer(coverWithin)
		defer limit.Stop()
		for {
			left := r.missing(wanted)
			if left == 0 {
				return nil
			}
			select {
			case <-r.news:
			case <-limit.C:
				return fmt.Errorf("RIS Live has not confirmed %d of %d subscriptions within %s", left, len(wanted), coverWithin)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (r *stream) missing(wanted map[rislive.Filter]bool) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f := range wanted {
		if !r.served[f] {
			n++
		}
	}
	return n
}

// feed is the stream as one of the feeds.
func (r *stream) feed(h *live.Hub) *feed {
	r.hub = h
	return &feed{
		name: "RIS Live",
		run: func(ctx context.Context) error {
			return r.client.Run(ctx, until(ctx, h.Apply))
		},
		state: r.state,
	}
}

// until passes updates on until the context ends: that a feed is being stopped is no
// hole in it that anybody should hear of.
func until(ctx context.Context, emit func(*route.Update)) func(*route.Update) {
	return func(u *route.Update) {
		if ctx.Err() == nil {
			emit(u)
		}
	}
}

// provenAfter is how long a connection that follows a hole must have held to count: one
// that is accepted and stays dumb is given up sooner.
const provenAfter = time.Minute

// ignore is for whoever wants to know of a feed, and nothing from it.
func ignore(*route.Update) {}

// state says how the stream does.
func (r *stream) state() feedState {
	s := r.client.Status()
	f := feedState{up: !s.Connected.IsZero() && s.ClockOff == 0, heard: s.LastMessage, gaps: r.client.Gaps()}
	proven := s.Holes == 0 || time.Since(s.Connected) >= provenAfter
	switch {
	case f.up && !proven:
		f.up, f.detail = false, fmt.Sprintf("connected again at %s, and not proven yet", clock(s.Connected))
	case f.up:
		f.detail = fmt.Sprintf("connected since %s, %s behind, %d of %d filters served", clock(s.Connected), s.Lag.Round(time.Millisecond), s.Served, s.Wanted)
	case s.ClockOff != 0:
		f.detail = fmt.Sprintf("this machine's clock and its messages are %s apart", s.ClockOff.Abs().Round(time.Second))
	default:
		f.detail = s.Reason
	}
	add := func(name, help string, value float64, total bool) {
		f.counts = append(f.counts, count{name, help, value, total})
	}
	add("stream_frames_total", "Messages of a stream.", float64(s.Frames), true)
	add("stream_unreadable_total", "Messages of a stream that could not be read.", float64(s.Unreadable), true)
	add("stream_holes_total", "Times that a stream was interrupted.", float64(s.Holes), true)
	add("stream_lag_seconds", "How late the latest message of a stream came.", s.Lag.Seconds(), false)
	return f
}
