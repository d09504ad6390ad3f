package main

import (
	"context"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
)

// againAfter is how long after a failure the lists are tried again.
const againAfter = 15 * time.Minute

// refreshLists keeps the lists in the cache up to date until the context ends, and
// takes over what changes in them.
func (w *world) refreshLists(ctx context.Context) {
	c := &w.app.config
	if !c.Sources.RegistryRefresh || len(c.Registry) > 0 {
		return
	}
	for {
		wait := c.Sources.RegistryEvery.Duration
		changed, err := w.app.refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.live.sources.ledger.note(sourceRegistries, err.Error())
			wait = min(wait, againAfter)
		default:
			w.live.sources.ledger.note(sourceRegistries, "")
		}
		if changed {
			w.reload()
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// sourceRegistries is what the ledger calls the registries.
const sourceRegistries = "registries"

// reload reads the lists anew and takes them over.
func (w *world) reload() {
	reg, err := w.app.knownLists(nil)
	if err != nil {
		w.app.log.Error("reading the registry lists anew; those read before are used further", "err", err)
		return
	}
	w.adoptLists(reg)
}

// adoptLists takes over lists. A target whose footprint is another now is followed
// anew, unless an incident is open: what it is measured by does not change under it.
func (w *world) adoptLists(reg *registry.Registry) {
	w.registry.Store(reg)
	w.mu.Lock()
	defer w.mu.Unlock()
	for t, e := range w.targets {
		f, err := reg.Footprint(t)
		if err != nil || e.live == nil || e.life.Outage.Live() || e.life.Unstable.Live() || sameSpace(&f, &e.footprint) {
			continue
		}
		w.app.log.Info("what is registered to a target has changed", "target", t.String(), "prefixes", len(f.Prefixes), "networks", len(f.Origins))
		e.live.Close()
		e.footprint = f
		target := w.live.hub.Follow(f)
		e.watch, e.live = liveView{target}, target
		e.settle(time.Now())
	}
}

// sameSpace reports whether two footprints look for the same routes.
func sameSpace(a, b *checks.Footprint) bool {
	return slices.Equal(a.Prefixes, b.Prefixes) && slices.Equal(a.Origins, b.Origins)
}

// refresh downloads the lists that have changed, and reports whether any has.
func (a *app) refresh(context.Context) (bool, error) { return false, nil }

// cachedLists gives the files of the cache.
func (a *app) cachedLists() ([]string, error) { return nil, nil }
