package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// targets reads what was asked about. A target that nobody knows is wrong usage.
func targets(args []string) ([]checks.Target, error) {
	list := make([]checks.Target, 0, len(args))
	for _, arg := range args {
		t, err := registry.Parse(arg)
		if err != nil {
			return nil, &failure{exitUsage, err}
		}
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list, nil
}

// loadRegistry reads the lists that were given, or those of the configuration.
func (a *app) loadRegistry(files []string) (*registry.Registry, error) {
	if len(files) == 0 {
		files = a.config.Registry
	}
	files = slices.Clone(files)
	for _, extra := range []string{a.config.ASNames, a.config.Overrides} {
		if extra != "" {
			files = append(files, extra)
		}
	}
	r, err := registry.Load(files...)
	if err != nil {
		return nil, inputFailure(err)
	}
	for _, choice := range r.Choices() {
		if a.log != nil {
			a.log.Info("choosing between registry lists", "choice", choice)
		} else {
			fmt.Fprintln(a.err, "isitdown: "+printable(choice))
		}
	}
	return r, nil
}

// inputFailure gives the exit code for a file that could not be used.
func inputFailure(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, archive.ErrNoFile) {
		return &failure{exitNoInput, err}
	}
	return &failure{exitData, err}
}

// desk is where an answer is put together: what is registered, what is recorded,
// and one watch for each target.
type desk struct {
	app      *app
	registry *registry.Registry
	rec      *archive.Recording
	rib      *route.RIB
	watches  []*route.Watch
	lacking  map[*route.Watch][]checks.Gap // of what is registered to a target
	caveats  []string
	progress *progress     // of what is being played
	fetched  *fetchedWorld // where the recordings were fetched; nil for files
}

func (a *app) newDesk(reg *registry.Registry, rec *archive.Recording, list []checks.Target) (*desk, error) {
	footprints := make([]checks.Footprint, len(list))
	for i, t := range list {
		var err error
		if footprints[i], err = reg.Footprint(t); err != nil {
			return nil, &failure{exitData, err}
		}
	}
	return a.deskOf(reg, rec, footprints), nil
}

// deskOf makes a desk for what is registered to its targets.
func (a *app) deskOf(reg *registry.Registry, rec *archive.Recording, footprints []checks.Footprint) *desk {
	d := &desk{app: a, registry: reg, rec: rec, rib: route.NewRIB(a.config.recordedRules())}
	for _, f := range footprints {
		d.watches = append(d.watches, d.rib.Watch(f))
	}
	return d
}

// survey gives the watches what a recording of updates alone implies.
func (d *desk) survey(ctx context.Context) error {
	return survey(d.rec, d.watches, func(emit func(*route.Update) error) error {
		return d.play(ctx, "looking through", time.Time{}, emit)
	})
}

// survey does it with whatever plays the recording.
func survey(rec *archive.Recording, watches []*route.Watch, play func(emit func(*route.Update) error) error) error {
	if rec.HasTable() {
		return nil
	}
	surveys := make([]*route.Survey, len(watches))
	for i, w := range watches {
		surveys[i] = w.NewSurvey()
	}
	err := play(func(u *route.Update) error {
		for _, s := range surveys {
			s.Add(u)
		}
		return nil
	})
	for _, s := range surveys {
		s.Imply(rec.Start())
	}
	return err
}

// play plays the recording with progress on standard error.
func (d *desk) play(ctx context.Context, what string, until time.Time, emit func(*route.Update) error) error {
	d.progress = newProgress(&d.app.console, what)
	defer d.progress.clear()
	d.rec.OnProgress = d.progress.show
	if err := d.rec.Play(ctx, until, emit); err != nil {
		return fmt.Errorf("%s the recording: %w", what, err)
	}
	return nil
}

// assess makes the verdict about one target.
func (d *desk) assess(w *route.Watch, now time.Time) checks.Verdict {
	return d.app.verdict(observed(w, now, d.app.config.assessRules()), d.registry, d.gaps(w), unprobed(probesOfRecording))
}

// gaps are those of everything that is said of one target.
func (d *desk) gaps(w *route.Watch) []checks.Gap {
	return slices.Concat(d.rec.Gaps(), refused(d.rib), d.lacking[w])
}

// observed gives the case of a target whose routes are in a whole table.
func observed(w *route.Watch, now time.Time, rules checks.Rules) checks.Case {
	c := checks.Case{Footprint: w.Target(), Now: now, Rules: rules}
	c.Baseline, c.Vantage, c.Observations = w.Observe(now)
	c.Elsewhere = w.ElsewhereLately(now)
	return c
}

// withGaps gives a case the gaps that every case has, and those given.
func (a *app) withGaps(c checks.Case, reg *registry.Registry, gaps ...[]checks.Gap) checks.Case {
	c.Gaps = slices.Concat(slices.Concat(gaps...), reg.Problems(), farOff(c.Footprint.AsOf, c.Now), a.vrps.apply(&c))
	return c
}

// verdict assesses a case with the gaps that every case has, and those given.
func (a *app) verdict(c checks.Case, reg *registry.Registry, gaps ...[]checks.Gap) checks.Verdict {
	v := checks.Assess(a.withGaps(c, reg, gaps...))
	v.NameASes(reg.ASName)
	return v
}

// refused is the gap where there are more sessions than are kept.
func refused(r *route.RIB) []checks.Gap {
	n := r.Refused()
	if n == 0 {
		return nil
	}
	return []checks.Gap{{Check: "route", Reason: fmt.Sprintf("the data has more sessions than the %d that are kept, and %d of the others' messages were left out", r.Sessions(), n)}}
}

// farOff is the gap where the registry's lists are of another time than the
// moment that is asked about: space changes hands.
func farOff(lists, now time.Time) []checks.Gap {
	apart, which := now.Sub(lists), "older"
	if apart < 0 {
		apart, which = -apart, "newer"
	}
	months := int(apart.Hours() / (24 * 30.4375))
	if lists.IsZero() || months < 12 {
		return nil
	}
	return []checks.Gap{{Check: "registry", Reason: fmt.Sprintf("the registry's list of %s is %d months %s than the data; give one of the time", lists.UTC().Format(time.DateOnly), months, which)}}
}

// finish adds to a notice what the reader's surroundings know.
func (d *desk) finish(n chat.Notice) chat.Notice { return d.app.finish(n, d.caveats) }

func (a *app) finish(n chat.Notice, caveats []string) chat.Notice {
	n.Caveats = caveats
	n.Place = place(n.Verdict.Registered.Country)
	if z := a.config.Output.TimeZone.Location; z != time.UTC {
		n.ChannelZone = z
	}
	return n
}

// place gives the zone and the city that a country's local time is told for.
func place(country string) chat.Place {
	name, city := registry.TimeZone(country)
	if name == "" {
		return chat.Place{}
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return chat.Place{}
	}
	return chat.Place{Zone: zone, City: city}
}

// recordedRules are those for recordings, of which the whole table is kept with all paths:
// what became of other networks' routes is told from it.
func (c *config) recordedRules() route.Rules {
	r := c.routeRules()
	r.FullPaths = true
	return r
}

func (c *config) routeRules() route.Rules {
	usual := route.DefaultRules()
	r := route.Rules{
		JournalFor: usual.JournalFor, JournalSize: usual.JournalSize, MaxWitnesses: usual.MaxWitnesses,
		Settle:         c.Route.Settle.Duration,
		BaselineWindow: c.Route.BaselineWindow.Duration,
		BaselineStable: c.Route.BaselineStable.Duration,
		FullFeedShare:  c.Route.FullFeedShare,
		StaleAfter:     c.Route.StaleAfter.Duration,
		SyncAfter:      c.Route.SyncAfter.Duration,
		SyncShare:      c.Route.SyncShare,
	}
	r.Declared, r.DeclaredAt = c.Assess.declared(), c.vouched()
	r.RouteServers = numbersOf(c.Route.RouteServers)
	return r
}

func (c *config) assessRules() checks.Rules {
	return checks.Rules{
		MinVoting: c.Assess.MinFullFeedPeers, MaxAge: c.Assess.MaxFeedAge.Duration,
		RouteServers: numbersOf(c.Route.RouteServers),
	}
}

func (c *config) policy() bot.Policy {
	i := &c.Incident
	return bot.Policy{
		Suspect: i.Suspect.Duration, Open: i.Open.Duration,
		Recover: i.Recover.Duration, Resolve: i.Resolve.Duration, Reopen: i.Reopen.Duration,
		MinCollectors: i.MinCollectors,
		Penalty:       i.UnstablePenalty, Cap: i.UnstableCap, Enter: i.UnstableEnter, Leave: i.UnstableLeave,
		HalfLife: i.UnstableHalfLife.Duration,
		Burst:    i.UpdateBurst, Settle: i.UpdateSettle.Duration, EditEvery: i.EditEvery.Duration,
		UpstreamEnter: i.UpstreamEnter, UpstreamLeave: i.UpstreamLeave,
	}
}
