package main

import (
	"context"
	"fmt"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/live"
	"isitdown/checks/route/rislive"
)

// stream is RIS Live.
type stream struct {
	client *rislive.Client
	whole  bool // everything is asked for, whatever the hub wishes
}

// risLive makes the stream, nil where there is to be none. For the world it brings everything
// that there is. Nothing is connected yet.
func (a *app) risLive(s *sources, forWorld bool) *stream {
	c := &a.config.Sources
	if c.Offline || c.RISLive == risOff {
		return nil
	}
	r := &stream{whole: c.RISLive == risAll}
	r.client = rislive.New(rislive.Options{
		URL: a.config.URLs.RISLive, App: "isitdown", UserAgent: a.agent(), HTTP: s.app.http, Whole: forWorld,
		Log: detailed(a.log),
	})
	if r.whole {
		r.client.Watch([]rislive.Filter{{}})
	}
	return r
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
		filters := make([]rislive.Filter, len(wishes))
		for i, w := range wishes {
			filters[i] = rislive.Filter(w)
		}
		ctx, cancel := context.WithTimeout(ctx, coverWithin)
		defer cancel()
		return r.client.Cover(ctx, filters)
	}
}

// feed is the stream as one of the feeds, with what takes its updates.
func (r *stream) feed(take func(*route.Update)) *feed {
	return &feed{
		name: "RIS Live",
		run: func(ctx context.Context) error {
			return r.client.Run(ctx, until(ctx, take))
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
