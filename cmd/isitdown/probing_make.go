package main

import (
	"time"

	"isitdown/bot"
	"isitdown/checks/reach"
)

// newProbing makes what sends probes. Histories of hosts are kept in a store, nil for none.
func (a *app) newProbing(s *sources, store *bot.Store) (*probing, error) {
	o := reach.Options{Ask: a.ask, Every: a.config.Probe.Every.Duration, Log: a.log}
	if store != nil {
		o.Load, o.Save = loadRates(store), saveRates(store)
	}
	return &probing{monitor: reach.New(o)}, nil
}

// liveProbing makes what sends probes for a bot, or says why nothing does.
func (a *app) liveProbing(s *sources, store *bot.Store) (*probing, error) {
	if why := a.config.withoutProbes(time.Time{}); why != "" {
		return &probing{why: why}, nil
	}
	return a.newProbing(s, store)
}
