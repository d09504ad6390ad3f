package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"

	"isitdown/checks/route"
	"isitdown/checks/route/bmp"
	"isitdown/checks/route/live"
)

// routers makes feeds of whole tables for a hub.
type routers func(h *live.Hub) []*feed

// ownRouters makes the feeds of the operator's own routers, for a hub and for whoever else
// takes what they say, and opens what they connect to.
func (a *app) ownRouters(ctx context.Context, h *live.Hub, others ...taker) ([]*feed, error) {
	if a.config.Sources.Offline {
		return nil, nil
	}
	if a.routers != nil {
		return a.routers(h), nil
	}
	take := all(append([]taker{func(_ context.Context, u *route.Update) { h.ApplyWhole(u) }}, others...))
	stations, err := a.stations(ctx, take)
	if err != nil {
		return nil, err
	}
	sessions, err := a.sessions(take)
	return append(stations, sessions...), err
}

// taker takes in an update of an own router. It may wait until it has room: the router's TCP
// then holds it back, and nothing is left out. The context is that of the feed.
type taker func(ctx context.Context, u *route.Update)

// all passes updates to each of several.
func all(takers []taker) taker {
	return func(ctx context.Context, u *route.Update) {
		for _, take := range takers {
			take(ctx, u)
		}
	}
}

// stations makes one BMP station for each address that routers send BMP to.
func (a *app) stations(ctx context.Context, take taker) ([]*feed, error) {
	byAddress := map[string][]bmp.Router{}
	for _, r := range a.config.Routers {
		if r.Kind != kindBMP {
			continue
		}
		reporter, err := r.reporter()
		if err != nil {
			return nil, fail(exitUsage, "router %s: %w", r.Name, err)
		}
		byAddress[r.Listen] = append(byAddress[r.Listen], reporter)
	}
	var feeds []*feed
	var opened []net.Listener
	for _, address := range slices.Sorted(maps.Keys(byAddress)) {
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp", address)
		if err == nil {
			opened = append(opened, l)
		}
		var s *bmp.Station
		if err == nil {
			s, err = bmp.New(bmp.Options{Listener: l, Routers: byAddress[address], Log: a.log})
		}
		if err != nil {
			for _, l := range opened {
				l.Close()
			}
			return nil, fail(exitUsage, "listening for the BMP of routers on %s: %w", address, err)
		}
		feeds = append(feeds, stationFeed(s, take, byAddress[address]))
	}
	return feeds, nil
}

// reporter is a router as the station knows it.
func (c *routerConfig) reporter() (r bmp.Router, err error) {
	r.Name = c.Name
	if r.Prefix, err = c.place(); err != nil {
		return r, err
	}
	if r.View, err = bmp.ParseView(c.View); err != nil {
		return r, err
	}
	r.Instance, err = bmp.ParseInstance(c.Instance)
	return r, err
}

// stationFeed is a station as one of the feeds.
func stationFeed(s *bmp.Station, take taker, routers []bmp.Router) *feed {
	name := "BMP of " + routers[0].Name
	if n := len(routers); n > 1 {
		name += fmt.Sprintf(" and %d more", n-1)
	}
	return &feed{
		name: name,
		run: func(ctx context.Context) error {
			err := s.Run(ctx, until(ctx, func(u *route.Update) { take(ctx, u) }))
			if ctx.Err() != nil {
				return nil
			}
			return err
		},
		state: func() feedState { return stationState(s) },
	}
}

// stationState says how a station does: it is up where any router is connected.
func stationState(s *bmp.Station) feedState {
	st := s.Status()
	f := feedState{gaps: st.Gaps(), detail: "no router has connected yet"}
	connected, peers, messages := 0, 0, uint64(0)
	for _, r := range st.Routers {
		messages += r.Messages
		if !r.Connected {
			f.detail = cmp.Or(r.Ending, f.detail)
			continue
		}
		connected++
		peers += len(r.Peers)
		if r.LastMessage.After(f.heard) {
			f.heard = r.LastMessage
		}
	}
	if f.up = connected > 0; f.up {
		f.detail = fmt.Sprintf("%s connected, %s", counted(connected, "router"), counted(peers, "session"))
	}
	f.counts = []count{
		{"bmp_routers", "Routers whose BMP comes in.", float64(connected), false},
		{"bmp_sessions", "Sessions that routers report up by BMP.", float64(peers), false},
		{"bmp_messages_total", "BMP messages.", float64(messages), true},
	}
	return f
}
