package main

import (
	"context"

	"isitdown/bot"
	"isitdown/checks/route/live"
)

// goLive gives a watchroom live sources, and probes, whose history is kept in a store, nil for
// none. What others connect to is open when it returns.
func (w *watchroom) goLive(ctx context.Context, store *bot.Store) error {
	s := w.app.newSources()
	s.given = len(w.app.config.Registry) > 0
	c := &current{sources: s, said: newHearsay(s.witnesses, w.app.config.Sources.Wait.Duration), rpki: s.newValidities()}
	stream := w.app.risLive(s, w.globe != nil)
	collectors, err := w.app.config.wholeCollectors()
	if err != nil {
		return err
	}
	o := live.Options{
		Rules: w.app.config.routeRules(), Lookup: s.lookup(),
		Streamed: stream != nil, Cover: stream.cover(), Log: w.app.log,
		WholePaths: w.app.config.wholePaths(collectors),
	}
	if len(collectors) > 0 { // whole tables, and nothing to be looked up for a target
		o.Lookup, o.Streamed = live.Lookup{}, false
	}
	c.hub = live.New(o)
	switch {
	case len(collectors) > 0:
		feeds, take, err := w.app.followCollectors(c.hub, collectors)
		if err != nil {
			return err
		}
		c.feeds = append(append(c.feeds, stream.feed(w.globe.beside(take))), feeds...)
	case stream != nil:
		c.feeds = append(c.feeds, stream.feed(w.globe.beside(c.hub.Apply)))
	}
	own, err := w.app.ownRouters(ctx, c.hub, w.globe.takers()...)
	if err != nil {
		return err
	}
	c.feeds = append(c.feeds, own...)
	if c.probing, err = w.app.liveProbing(s, store); err != nil {
		return err
	}
	w.live, w.missing, w.patience = c, "", 0
	return nil
}
