package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/live"
)

// sources are the outside services that the settings allow to be asked. A func that
// is nil stands for one that is not.
//
// Its methods may be called from several goroutines.
type sources struct {
	app       *app
	ledger    *ledger
	witnesses []witness

	// resources gives what is registered to a country at a moment, the present where
	// that is zero, and as of when.
	resources func(ctx context.Context, country string, at time.Time) ([]checks.ASN, []netip.Prefix, time.Time, error)
	// asName gives the name of a network.
	asName func(ctx context.Context, a checks.ASN) (string, error)
	// history and state are the lookups of routes, as live.Lookup has them.
	history func(ctx context.Context, f checks.Footprint, at time.Time, emit func(*route.Update)) (time.Time, []checks.Gap, error)
	state   func(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (time.Time, []checks.Gap, error)
	// elsewhere and past are those of other networks' routes, and of the time before.
	elsewhere func(ctx context.Context, in checks.Case) (checks.Elsewhere, []checks.Gap, error)
	past      func(ctx context.Context, origins []checks.ASN, until time.Time) (checks.Past, []checks.Gap, error)
	// origin gives the route that holds an address, and who announces it; zero for nobody.
	origin func(ctx context.Context, a netip.Addr) (netip.Prefix, checks.ASN, error)
	// validity says whether RPKI allows a route, now.
	validity func(ctx context.Context, r checks.RouteOrigin) (checks.OriginValidity, error)
	// budget bounds what one answer may ask.
	budget func(ctx context.Context) context.Context

	// asked counts the requests to RIPEstat of today.
	asked func() int

	given bool // the operator named lists, which are taken whatever their age
	names nameBook
}

// lookup is what a hub asks.
func (s *sources) lookup() live.Lookup {
	l := live.Lookup{History: s.history, State: s.state, Past: s.past}
	if s.elsewhere != nil {
		l.Elsewhere = func(ctx context.Context, in checks.Case) (checks.Elsewhere, []checks.Gap, error) {
			in.Rules = s.app.config.assessRules() // of whose route servers no path is made
			return s.elsewhere(ctx, in)
		}
	}
	return l
}

// described names those that are asked, for whoever waits for them.
func (s *sources) described() string {
	var list []string
	if s.history != nil {
		list = append(list, "RIPEstat")
	}
	for _, w := range s.witnesses {
		list = append(list, w.service)
	}
	return strings.Join(list, ", ")
}

// transport is what requests go out with: one for all, so that connections are shared.
// It follows the proxy of the environment, as everything on the machine does.
func transport() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 8
	t.ResponseHeaderTimeout = time.Minute
	return &http.Client{Transport: t}
}

// knownLists gives what is registered, without asking anybody: the lists that were named,
// or else those in the cache; none is no failure.
func (a *app) knownLists(files []string) (*registry.Registry, error) {
	if len(files) > 0 || len(a.config.Registry) > 0 || !a.config.Sources.RegistryRefresh {
		return a.loadRegistry(files)
	}
	cached, err := a.cachedLists()
	if err != nil {
		a.log.Warn("the registry lists in the cache cannot be used", "err", err)
		cached = nil
	}
	return a.loadRegistry(cached)
}

// footprint finds out what belongs to a target at a moment, the present where that is
// zero: from the lists, or for a country that they do not know, from a lookup.
func (s *sources) footprint(ctx context.Context, reg *registry.Registry, t checks.Target, at time.Time) (checks.Footprint, []checks.Gap, error) {
	f, err := reg.Footprint(t)
	if t.Kind() != checks.KindCountry {
		if err == nil && len(reg.Lists()) == 0 && s.asName != nil {
			f.Notes = nil // that no list was given is nothing a reader has to know here
			if t.Kind() == checks.KindASN && f.Name == "" {
				f.Name = s.nameOf(ctx, t.ASN())
			}
		}
		return f, stale(&f, cmp.Or(at, time.Now())), err
	}
	when := cmp.Or(at, time.Now())
	fresh := s.given || when.Sub(f.AsOf).Abs() < registry.StaleAfter
	if s.resources == nil || err == nil && fresh {
		return f, stale(&f, when), err
	}
	found, failed := s.lookedUp(ctx, t, at)
	switch {
	case failed == nil:
		return found, nil, nil
	case err == nil: // better than nothing
		gap := gapOf(failed, "registry", "RIPEstat", "what is registered is taken from older lists")
		return f, append(stale(&f, when), gap), nil
	}
	return checks.Footprint{}, nil, failed
}

// stale is the gap where the lists were old at the moment that they are used for.
func stale(f *checks.Footprint, when time.Time) []checks.Gap {
	if gap, old := registry.StaleFootprint(f, when); old {
		return []checks.Gap{gap}
	}
	return nil
}

// lookedUp makes the footprint of a country from a lookup.
func (s *sources) lookedUp(ctx context.Context, t checks.Target, at time.Time) (checks.Footprint, error) {
	networks, prefixes, asOf, err := s.resources(ctx, t.Text(), at)
	if err != nil {
		return checks.Footprint{}, fmt.Errorf("looking up what is registered to %s: %w", t, err)
	}
	if len(networks)+len(prefixes) == 0 {
		return checks.Footprint{}, &registry.NotRegisteredError{Country: t.Text(), Lists: []string{"RIPEstat " + asOf.UTC().Format(time.DateOnly)}}
	}
	f := checks.Footprint{
		Target: t, Name: registry.CountryName(t.Text()), Country: t.Text(),
		Prefixes: prefixes, Origins: networks, Home: slices.Clone(networks),
		AsOf: asOf, Source: "RIPEstat country-resource-list: " + asOf.UTC().Format(time.DateOnly),
	}
	if len(prefixes) == 0 {
		f.Notes = []string{fmt.Sprintf("no address space is registered to %s, only AS numbers", t)}
	}
	return f, nil
}

// nameBook keeps names of networks that were looked up.
type nameBook struct {
	mu   sync.Mutex
	kept map[checks.ASN]string
}

// mostNames bounds the names that are kept; a name is some thirty bytes.
const mostNames = 100_000

func (b *nameBook) find(a checks.ASN) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, ok := b.kept[a]
	return name, ok
}

func (b *nameBook) keep(a checks.ASN, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil || len(b.kept) >= mostNames {
		b.kept = map[checks.ASN]string{}
	}
	b.kept[a] = name
}

// nameOf looks up the name of a network; "" where nobody knows it now.
func (s *sources) nameOf(ctx context.Context, a checks.ASN) string {
	if name, ok := s.names.find(a); ok || s.asName == nil {
		return name
	}
	name, err := s.asName(ctx, a)
	if err != nil {
		return "" // a number is a name too
	}
	s.names.keep(a, name)
	return name
}

// originOf finds out which network announces an address, and its name.
func (s *sources) originOf(ctx context.Context, a netip.Addr) (checks.ASN, string, error) {
	if s.origin == nil {
		return 0, "", errors.New("nobody may be asked who announces an address (sources.ripestat is false)")
	}
	_, asn, err := s.origin(ctx, a)
	if err != nil {
		return 0, "", fmt.Errorf("finding out who announces %v: %w", a, err)
	}
	name := ""
	if asn != 0 {
		name = s.nameOf(ctx, asn)
	}
	return asn, name, nil
}

// mostLookedUp is how many names one answer is worth asking for.
const mostLookedUp = 8

// nameASes gives names to the networks of an answer, which asks for them: those of the lists, and of the
// others those that were looked up, up to a few at once.
func (s *sources) nameASes(ctx context.Context, reg *registry.Registry, answer func(name func(checks.ASN) string)) {
	var unknown []checks.ASN
	answer(func(a checks.ASN) string {
		name := reg.ASName(a)
		if _, asked := s.names.find(a); name == "" && !asked && !slices.Contains(unknown, a) {
			unknown = append(unknown, a)
		}
		return name
	})
	var wg sync.WaitGroup
	for _, a := range unknown[:min(len(unknown), mostLookedUp)] {
		wg.Go(func() { s.nameOf(ctx, a) })
	}
	wg.Wait()
	answer(func(a checks.ASN) string {
		known, _ := s.names.find(a)
		return cmp.Or(reg.ASName(a), known)
	})
}
