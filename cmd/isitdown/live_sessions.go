package main

import (
	"context"
	"fmt"
	"net/netip"

	"isitdown/checks/route"
	"isitdown/checks/route/session"
)

// directly is how many hops a router with ttl_security may be away: it is a neighbour.
const directly = 1

// sessions makes the BGP sessions with routers; one collector has them all.
func (a *app) sessions(take taker) ([]*feed, error) {
	var list []session.Neighbor
	for _, r := range a.config.Routers {
		if r.Kind != kindBGP {
			continue
		}
		n, err := r.neighbor()
		if err != nil {
			return nil, fail(exitUsage, "router %s: %w", r.Name, err)
		}
		list = append(list, n)
	}
	if len(list) == 0 {
		return nil, nil
	}
	c, err := session.New(session.Options{Neighbors: list, Log: a.log})
	if err != nil {
		return nil, fail(exitUsage, "setting up BGP sessions: %w", err)
	}
	return []*feed{sessionFeed(c, take)}, nil
}

// neighbor is a router as the collector knows it.
func (c *routerConfig) neighbor() (session.Neighbor, error) {
	from, err := c.place()
	if err != nil {
		return session.Neighbor{}, err
	}
	n := session.Neighbor{
		Name: c.Name, Address: from, Listen: c.Listen, Passive: c.Listen != "",
		AS: c.AS.ASN, LocalAS: c.LocalAS.ASN, Password: session.Secret(c.Password.reveal()),
	}
	if c.TTLSecurity {
		n.TTLSecurity = directly
	}
	if c.RouterID != "" {
		n.RouterID, err = netip.ParseAddr(c.RouterID)
	}
	return n, err
}

// sessionFeed is all BGP sessions as one of the feeds.
func sessionFeed(c *session.Collector, take taker) *feed {
	return &feed{
		name: "BGP",
		run: func(ctx context.Context) error {
			err := c.Run(ctx, until(ctx, func(u *route.Update) { take(ctx, u) }))
			if ctx.Err() != nil {
				return nil
			}
			return err
		},
		state: func() feedState { return sessionsState(c.Status()) },
	}
}

// sessionsState says how the sessions do: up where any is established.
func sessionsState(list []session.Status) feedState {
	f := feedState{detail: "no session is established"}
	established, updates := 0, int64(0)
	for _, s := range list {
		updates += s.Updates
		if gap, missing := s.Gap(); missing {
			f.gaps = append(f.gaps, gap)
			f.detail = s.Name + ": " + s.Sentence
			continue
		}
		established++
		if s.Heard.After(f.heard) {
			f.heard = s.Heard
		}
	}
	if f.up = established > 0; f.up {
		f.detail = fmt.Sprintf("%d of %d sessions established", established, len(list))
	}
	f.counts = []count{
		{"bgp_sessions", "BGP sessions with routers that are established.", float64(established), false},
		{"bgp_session_updates", "BGP updates of routers since their sessions were established.", float64(updates), false},
	}
	return f
}
