package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route"
	"isitdown/checks/route/archive"
)

// collectors gives the public collectors whose recordings are to be fetched: those of
// the flags, or, where no recording is given, those of the settings.
func (f *dataFlags) collectors(a *app, recordings int) ([]string, error) {
	if len(f.Collector) == 0 {
		if len(f.Routes)+recordings > 0 || a.config.Sources.Offline {
			return nil, nil
		}
		return a.config.Sources.Collectors, nil
	}
	if a.config.Sources.Offline {
		return nil, fail(exitUsage, "--collector fetches recordings, and the program is told to ask nobody (--offline, sources.offline or ISITDOWN_OFFLINE)")
	}
	for _, name := range f.Collector {
		if err := archive.Known(name); err != nil {
			return nil, &failure{exitUsage, err}
		}
	}
	return f.Collector, nil
}

// fetched gives the desk for recordings of public collectors: of the baseline's window
// before the moment, and up to it.
func (q *question) fetched(ctx context.Context, a *app, w wanted) (*desk, error) {
	asked := time.Now()
	if w.at.After(asked) {
		return nil, fail(exitUsage, "%s is yet to come: leave --at out for now", clock(w.at))
	}
	f := &fetchedWorld{app: a, routes: q.Routes, lists: q.Registry, asked: asked}
	until := cmp.Or(w.at, asked)
	d, err := f.desk(ctx, w.collectors, w.targets, w.at, until.Add(-a.config.Route.BaselineWindow.Duration), until)
	if err != nil {
		return nil, err
	}
	d.fetched = f
	return d, nil
}

// desk gives what is replayed, which ends at a moment where that is not zero.
func (c *replayCommand) desk(ctx context.Context, a *app, until time.Time) (*desk, error) {
	collectors, err := c.collectors(a, len(c.Recording))
	switch {
	case err != nil:
		return nil, err
	case len(collectors) > 0:
		return c.fetched(ctx, a, collectors, until)
	case c.From != "":
		return nil, fail(exitUsage, "--from says from when on recordings are fetched: name a collector, as in --collector rrc00")
	}
	return c.load(a)
}

// fetched gives the desk for a replay of recordings of public collectors.
func (c *replayCommand) fetched(ctx context.Context, a *app, collectors []string, at time.Time) (*desk, error) {
	if len(c.Recording) > 0 {
		return nil, fail(exitUsage, "%s is replayed without --collector; files that are to be replayed together with a collector are named with --routes", c.Recording[0])
	}
	if len(c.Watch) == 0 {
		return nil, fail(exitUsage, "nothing to watch: name a target with --watch, for example --watch KP")
	}
	list, err := targets(c.Watch)
	if err != nil {
		return nil, err
	}
	from, err := parseTime(c.From)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	until := cmp.Or(at, now)
	from = cmp.Or(from, until.Add(-a.config.Route.BaselineWindow.Duration))
	switch {
	case until.After(now):
		return nil, fail(exitUsage, "%s is yet to come: leave --at out for now", clock(until))
	case !from.Before(until):
		return nil, fail(exitUsage, "the replay is to begin at %s and to end at %s: write an earlier --from", clock(from), clock(until))
	}
	w := &fetchedWorld{app: a, routes: c.Routes, lists: c.Registry}
	return w.desk(ctx, collectors, list, at, from, until)
}

// fetchedWorld is where answers from fetched recordings come from.
type fetchedWorld struct {
	app           *app
	routes, lists []string  // files besides
	asked         time.Time // when the question came

	registry *registry.Registry
	sources  *sources
}

// desk finds out what is registered to targets at a moment, the present where that is
// zero, which is quick, and then fetches the recordings from one time to another, which
// is not.
func (w *fetchedWorld) desk(ctx context.Context, collectors []string, list []checks.Target, at, from, to time.Time) (*desk, error) {
	a := w.app
	log := a.log
	if a.config.Serve.LogLevel == "auto" {
		a.log = slog.New(slog.DiscardHandler) // what fails stands in the answer
		if a.errColumns > 0 {
			log = a.log
		}
	}
	var err error
	if w.registry, err = a.knownLists(w.lists); err != nil {
		return nil, err
	}
	w.sources = a.newSources()
	w.sources.given = len(w.lists)+len(a.config.Registry) > 0
	footprints := make([]checks.Footprint, len(list))
	gaps := make([][]checks.Gap, len(list))
	for i, t := range list {
		asking, enough := w.asking(ctx)
		footprints[i], gaps[i], err = w.sources.footprint(asking, w.registry, t, at)
		enough()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, fail(exitData, "%s", unregistered(t, err).Reason)
		}
	}
	covered, err := a.fetch(ctx, log, collectors, from, to)
	if err != nil {
		return nil, err
	}
	covered.Files = append(covered.Files, w.routes...)
	rec, err := covered.Open()
	if err != nil {
		return nil, inputFailure(err)
	}
	d := a.deskOf(w.registry, rec, footprints)
	d.lacking = map[*route.Watch][]checks.Gap{}
	for i, watch := range d.watches {
		d.lacking[watch] = gaps[i]
	}
	return d, nil
}

// asking bounds one lookup besides.
func (w *fetchedWorld) asking(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.sources.budget != nil {
		ctx = w.sources.budget(ctx)
	}
	return context.WithTimeout(ctx, w.app.config.Sources.Wait.Duration)
}

// name gives the networks of an answer their names.
func (w *fetchedWorld) name(ctx context.Context, name func(func(checks.ASN) string)) {
	asking, enough := w.asking(ctx)
	defer enough()
	w.sources.nameASes(asking, w.registry, name)
}

// fetch brings recordings of public collectors here. That there is none of some time,
// or none at all, is a gap.
func (a *app) fetch(ctx context.Context, log *slog.Logger, collectors []string, from, to time.Time) (archive.Covered, error) {
	p := &fetchProgress{progress: newProgress(&a.console, "fetching"), log: log, told: time.Now()}
	defer p.clear()
	f, err := a.fetcher(a.http, p.show)
	if err != nil {
		return archive.Covered{}, err
	}
	began := time.Now()
	got, err := f.Cover(ctx, from, to, slices.Compact(slices.Sorted(slices.Values(collectors)))...)
	switch {
	case ctx.Err() != nil:
		return got, ctx.Err()
	case err != nil:
		return got, &failure{exitUsage, err}
	}
	log.Info("recordings are here", "collectors", strings.Join(collectors, " "), "files", len(got.Files), "size", megabytes(sizeOf(got.Files)), "took", time.Since(began).Round(time.Millisecond))
	return got, nil
}

// fetcher makes what fetches from the archives, with a client of its own where none is given.
func (a *app) fetcher(client *http.Client, progress func(archive.FetchProgress)) (*archive.Fetcher, error) {
	dir, err := a.cacheDir()
	if err != nil {
		return nil, &failure{exitUsage, err}
	}
	if client == nil {
		client = transport()
	}
	return archive.NewFetcher(archive.FetchOptions{
		Dir: filepath.Join(dir, "recordings"), MaxCache: int64(a.config.Sources.CacheSize) << 20,
		RIS: a.config.URLs.RISArchive, RouteViews: a.config.URLs.RouteViews,
		HTTP: client, UserAgent: a.agent(), Progress: progress,
	}), nil
}

// sizeOf adds up the sizes of files, each given as COLLECTOR=FILE.
func sizeOf(files []string) (n int64) {
	for _, f := range files {
		_, name, _ := strings.Cut(f, "=")
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}

// fetchProgress tells how far fetching has come: in one line at a terminal, else in the
// log now and then.
type fetchProgress struct {
	*progress
	log  *slog.Logger
	told time.Time
}

// fetchLogEvery is the time between two lines of the log.
const fetchLogEvery = 10 * time.Second

func (p *fetchProgress) show(s archive.FetchProgress) {
	now := time.Now()
	switch {
	case p.w == nil && now.Sub(p.told) >= fetchLogEvery:
		p.told = now
		p.log.Info("fetching recordings", "collector", s.Collector, "file", s.File, "of_it", part(s.Got, s.Size), "files_done", s.Done, "files", s.Files)
	case p.w != nil && now.Sub(p.shown) >= progressEvery:
		p.put(fetchLine(s))
	}
}

// fetchLine words how far fetching has come.
func fetchLine(s archive.FetchProgress) string {
	line := "fetching " + s.Collector + ": "
	if s.Files > 0 {
		line += fmt.Sprintf("%d of %d files, ", s.Done, s.Files)
	}
	return line + s.File + " " + part(s.Got, s.Size)
}

// part writes how much of a file is there; its size is not always known.
func part(got, size int64) string {
	if size < 0 {
		return megabytes(got)
	}
	return megabytes(got) + " of " + megabytes(size)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
