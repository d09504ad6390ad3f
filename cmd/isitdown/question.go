package main

import (
	"context"
	"fmt"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// question is what commands that answer once are asked: about what, of what moment, and
// from which data.
type question struct {
	Target []string `arg:"" help:"KP, \"north korea\", AS131279, 175.45.176.0/22, 8.8.8.8, example.org, https://example.org."`
	At     string   `placeholder:"TIME" help:"The moment to answer for, as in 2014-12-22T17:00Z. Default: the end of the data, or now."`
	dataFlags
}

// wanted is a question that was read.
type wanted struct {
	targets    []checks.Target
	at         time.Time // zero for the end of the data, or now
	collectors []string  // whose recordings are to be fetched
	recorded   bool      // recordings are given, or to be fetched
}

// parse reads the question, and opens what else it names.
func (q *question) parse(a *app) (w wanted, err error) {
	if w.targets, err = targets(q.Target); err != nil {
		return w, err
	}
	if w.at, err = parseTime(q.At); err != nil {
		return w, err
	}
	if err := a.openVRPs(q.RPKI); err != nil {
		return w, err
	}
	w.collectors, err = q.collectors(a, len(a.config.Routes))
	w.recorded = len(w.collectors)+len(q.Routes)+len(a.config.Routes) > 0
	return w, err
}

// desk gives the desk that recordings are read at: those of files, or those of public
// collectors.
func (q *question) desk(ctx context.Context, a *app, w wanted) (*desk, error) {
	if len(w.collectors) > 0 {
		return q.fetched(ctx, a, w)
	}
	return q.load(a, w.targets)
}

func (q *question) load(a *app, list []checks.Target) (*desk, error) {
	routes := q.Routes
	if len(routes) == 0 {
		routes = a.config.Routes
	}
	if len(routes) == 0 {
		if len(a.config.Routers) > 0 {
			return nil, fail(exitUsage, "no routing data: own routers are heard by serve alone, and no other source is switched on; name MRT files with --routes FILE, or ask in serve")
		}
		return nil, fail(exitUsage, "no routing data: name MRT files with --routes FILE (a table dump, updates, or both); docs/testdata.md says where to get some")
	}
	reg, err := a.loadRegistry(q.Registry)
	if err != nil {
		return nil, err
	}
	rec, err := archive.Open(routes)
	if err != nil {
		return nil, inputFailure(err)
	}
	return a.newDesk(reg, rec, list)
}

// cases plays the recording up to the moment that is asked about, and gives the case of
// each target.
func (d *desk) cases(ctx context.Context, w wanted, each func(checks.Case, answered) error) error {
	at := w.at
	if start := d.rec.Start(); !at.IsZero() && at.Before(start) {
		return fail(exitData, "no routing data for %s: the files begin at %s; give a table dump or updates from before", clock(at), clock(start))
	}
	if err := d.survey(ctx); err != nil {
		return err
	}
	err := d.play(ctx, "reading", at, func(u *route.Update) error { d.rib.Apply(u); return nil })
	if err != nil {
		return err
	}
	switch {
	case !at.IsZero():
	case d.rec.Start().IsZero(): // there is nothing, which the gaps say
		at = time.Now()
	default:
		at = d.rib.Newest()
	}
	for _, watch := range d.watches {
		in := d.app.withGaps(observed(watch, at, d.app.config.assessRules()), d.registry, d.gaps(watch))
		if err := each(in, answered{d.registry, d.fetched, w.at.IsZero(), at}); err != nil {
			return err
		}
	}
	return nil
}

// answered is what an answer from a recording is finished with.
type answered struct {
	registry *registry.Registry
	fetched  *fetchedWorld // nil for files
	present  bool          // it was asked about now
	at       time.Time
}

// finish gives networks their names, and says how old the newest recording was that could
// be fetched.
func (l *answered) finish(ctx context.Context, gaps *[]checks.Gap, name func(func(checks.ASN) string)) {
	if l.fetched == nil {
		name(l.registry.ASName)
		return
	}
	if age := l.fetched.asked.Sub(l.at); l.present && age > l.fetched.app.config.Assess.MaxFeedAge.Duration {
		*gaps = append(*gaps, checks.Gap{Check: "route", Reason: fmt.Sprintf("the newest routes that were published are of %s, %s before they were asked for: nothing is known of what came after", clock(l.at), age.Round(time.Minute))})
	}
	l.fetched.name(ctx, name)
}

// parseTime reads a moment as chats write it. Empty text is the zero time.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := chat.ParseTime(text)
	if err != nil {
		return time.Time{}, fail(exitUsage, "%w", err)
	}
	return t, nil
}
