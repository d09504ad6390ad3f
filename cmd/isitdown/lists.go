package main

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
)

// againAfter is how long after a failure the lists are tried again.
const againAfter = 15 * time.Minute

// refreshLists keeps the lists in the cache up to date until the context ends, and has
// what changes in them adopted.
func (a *app) refreshLists(ctx context.Context, l *ledger, adopt func(*registry.Registry)) {
	c := &a.config
	if !c.Sources.RegistryRefresh || len(c.Registry) > 0 {
		return
	}
	for {
		wait := c.Sources.RegistryEvery.Duration
		changed, err := a.refresh(ctx, l)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.note(sourceRegistries, err.Error())
			wait = min(wait, againAfter)
		default:
			l.note(sourceRegistries, "")
		}
		if changed {
			a.reload(adopt)
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

// reload reads the lists anew and has them adopted.
func (a *app) reload(adopt func(*registry.Registry)) {
	reg, err := a.knownLists(nil)
	if err != nil {
		a.log.Error("reading the registry lists anew; those read before are used further", "err", err)
		return
	}
	adopt(reg)
}

// adoptLists takes over lists. A target whose footprint is another now is followed
// anew, unless an incident is open: what it is measured by does not change under it.
func (w *watchroom) adoptLists(reg *registry.Registry) {
	w.registry.Store(reg)
	w.globe.adopt(reg)
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

// listsDir is the folder of the lists that are kept.
func (a *app) listsDir() (string, error) {
	dir, err := a.cacheDir()
	return filepath.Join(dir, "registry"), err
}

// cachedLists gives the files of the lists that are kept.
func (a *app) cachedLists() ([]string, error) {
	dir, err := a.listsDir()
	if err != nil {
		return nil, err
	}
	return registry.Kept(dir)
}

// listSources gives where the lists come from: each registry, or one mirror of all.
func (a *app) listSources() []registry.Source {
	list := registry.Sources()
	if mirror := a.config.URLs.Registries; mirror != "" {
		for i := range list {
			list[i].URL = strings.TrimSuffix(mirror, "/") + "/" + path.Base(list[i].URL)
		}
	}
	return list
}

// refresh downloads the lists that have changed, and reports whether any has. The error
// is that of the first list that could not be had; the one that was there is kept.
func (a *app) refresh(ctx context.Context, l *ledger) (bool, error) {
	dir, err := a.listsDir()
	if err != nil {
		return false, err
	}
	client := a.http
	if client == nil {
		client = transport()
	}
	report, err := registry.Refresh(ctx, dir, registry.RefreshOptions{
		HTTP: client, UserAgent: a.agent(), Sources: a.listSources(),
		Every: min(a.config.Sources.RegistryEvery.Duration, mostOften), Observe: l.count,
	})
	if err != nil {
		return false, err
	}
	for _, list := range report.Lists {
		switch {
		case list.Err != nil:
			err = cmp.Or(err, list.Err)
		case list.Gap != nil: // it is used all the same
			a.log.Warn("a registry list is odd", "list", list.Source.Name, "what", list.Gap.Reason)
		}
	}
	return report.Updated(), err
}

// mostOften is how old the last look at a registry has to be for another, whoever did it:
// the lists change once a day.
const mostOften = 6 * time.Hour
