package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/archive"
	"isitdown/checks/route/live"
)

// wholeCollectors names the public collectors whose whole tables are followed. They
// stand in the place of lookups of what RIPE RIS sees, and want its whole stream.
func (c *config) wholeCollectors() ([]string, error) {
	if c.Sources.Offline || c.Sources.RISLive != risAll {
		return nil, nil // they are for check and replay alone
	}
	for _, name := range c.Sources.Collectors {
		if !strings.HasPrefix(name, "rrc") {
			return nil, fail(exitUsage, "sources.collectors names %s, whose files are up to half an hour old, and no stream goes on from them: with sources.ris_live = \"all\" name collectors of RIPE RIS alone; check and replay take others with --collector", name)
		}
	}
	return c.Sources.Collectors, nil
}

// wholePaths reports whether the whole tables that are followed keep whole paths.
func (c *config) wholePaths(collectors []string) bool {
	return c.Route.FullPaths == pathsAll || c.Route.FullPaths == pathsRouters && len(collectors) == 0 && len(c.Routers) > 0
}

// followCollectors makes a feed for each collector's whole table, and gives what its
// stream is passed to: what comes of other collectors is left out.
func (a *app) followCollectors(h *live.Hub, names []string) (feeds []*feed, take func(*route.Update), err error) {
	fetcher, err := a.fetcher(a.http, nil)
	if err != nil {
		return nil, nil, err
	}
	feeds, take = a.followTables(h, names, func(ctx context.Context, name string) (player, time.Time, error) {
		return recordedSince(ctx, fetcher, name)
	})
	return feeds, take, nil
}

// recordings brings what was recorded of a collector since its last table, and says up to when.
type recordings func(ctx context.Context, name string) (player, time.Time, error)

// followTables does it with whatever brings the recordings.
func (a *app) followTables(h *live.Hub, names []string, recorded recordings) (feeds []*feed, take func(*route.Update)) {
	rules := a.config.routeRules()
	rules.FullPaths = a.config.wholePaths(names) // what is handed on is what was read
	turn := make(chan struct{}, 1)
	byName := map[string]*follower{}
	for _, name := range names {
		if byName[name] != nil {
			continue
		}
		f := newFollower(name, rules, turn, h.ApplyWhole, func(ctx context.Context) (player, time.Time, error) {
			return recorded(ctx, name)
		})
		byName[name] = f
		feeds = append(feeds, &feed{name: "the whole table of " + name, run: f.run, state: f.state})
	}
	return feeds, func(u *route.Update) {
		if f := byName[u.Peer.Collector]; f != nil {
			f.take(u)
		}
	}
}

// recordedSince fetches the last table of a collector and all that its archive has since.
func recordedSince(ctx context.Context, f *archive.Fetcher, name string) (player, time.Time, error) {
	now := time.Now()
	got, err := f.Cover(ctx, now, now, name)
	if err != nil {
		return nil, time.Time{}, err
	}
	rec, err := got.Open()
	if err != nil {
		return nil, time.Time{}, err
	}
	if len(got.Gaps) > 0 && (len(got.Holes) > 0 || !rec.HasTable()) {
		return nil, time.Time{}, errors.New(got.Gaps[0].Reason)
	}
	return func(ctx context.Context, emit func(*route.Update) error) error {
		return rec.Play(ctx, time.Time{}, emit)
	}, got.Until, nil
}
