package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// Where the archives are.
const (
	RISArchive        = "https://data.ris.ripe.net"
	RouteViewsArchive = "https://archive.routeviews.org"
)

// FetchOptions say how files of the public archives are fetched and kept.
type FetchOptions struct {
	// Dir is the folder that they are kept in. It is made where it is not there.
	Dir string
	// MaxCache bounds what is kept, in bytes: what was not used for longest is
	// removed. What one call of Cover needs stays in any case. Zero is 20 GiB.
	MaxCache int64
	// MaxFile bounds each file; zero is 2 GiB. Tables have some 400 MB.
	MaxFile int64
	// RIS and RouteViews are the addresses of the archives, in the place of
	// [RISArchive] and [RouteViewsArchive].
	RIS, RouteViews string
	// HTTP lends its transport; nil stands for http.DefaultTransport.
	HTTP      *http.Client
	UserAgent string
	// Timeout is how long a server may be silent; zero is 30 s. Attempts is how
	// often it is asked, and Backoff how long after a failure; zero is web's default.
	Timeout  time.Duration
	Attempts int
	Backoff  time.Duration
	// Progress, when set, is told how far fetching is. Calls do not overlap.
	Progress func(FetchProgress)
	// Observe, when set, is told how each request ended.
	Observe func(service, result string, took time.Duration)
}

// FetchProgress says how far fetching has come.
type FetchProgress struct {
	Collector   string
	File        string // being fetched
	Got, Size   int64  // of it, in bytes; Size is -1 where it is not known
	Done, Files int    // of the collector; Files is not known while its table is fetched, and then 0
}

// Fetcher fetches files of the public archives, and keeps them. It may be used by
// several goroutines, and its folder by several processes.
type Fetcher struct {
	o       FetchOptions
	sites   [2]site // RIPE RIS, RouteViews
	clients map[string]*web.Client
	report  sync.Mutex // of progress
}

// abreast is how many files are fetched from one archive at a time.
const abreast = 2

// NewFetcher makes a Fetcher.
func NewFetcher(o FetchOptions) *Fetcher {
	o.MaxCache = cmp.Or(o.MaxCache, 20<<30)
	o.MaxFile = cmp.Or(o.MaxFile, 2<<30)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	f := &Fetcher{o: o, clients: map[string]*web.Client{}}
	f.sites = [2]site{
		ris(strings.TrimSuffix(cmp.Or(o.RIS, RISArchive), "/")),
		routeViews(strings.TrimSuffix(cmp.Or(o.RouteViews, RouteViewsArchive), "/")),
	}
	for _, s := range f.sites {
		f.clients[s.service] = web.New(web.Options{
			Service: "the archive of " + s.service, HTTP: o.HTTP, UserAgent: o.UserAgent, Parallel: abreast,
			Timeout: o.Timeout, Attempts: o.Attempts, Backoff: o.Backoff, Observe: o.Observe,
		})
	}
	return f
}

// Covered is what could be had of a collector's recordings.
type Covered struct {
	// Files are in the order of time, each as COLLECTOR=FILE.
	Files []string
	// Holes are the times of which the updates are missing.
	Holes []Hole
	// Gaps say what is missing, and why.
	Gaps []checks.Gap
	// Until is up to when updates of all the collectors are there, holes aside; zero
	// where one has none.
	Until time.Time

	collectors []string
}

// Open opens what was fetched to be played.
func (c Covered) Open() (*Recording, error) {
	rec, err := Open(c.Files)
	if err != nil {
		return nil, err
	}
	rec.holes, rec.gapless = slices.Clone(c.Holes), c.collectors
	rec.known = append(rec.known, c.Gaps...)
	return rec, nil
}

// Cover fetches what collectors recorded from one moment to another: of each the last
// table before, and the updates since that table.
//
// What cannot be had is a gap: the files around it are given all the same, and
// what the sessions hold is not known from there on. Without a table only updates
// come, and a gap says so. The error is of the question, of the folder, or the
// context's.
func (f *Fetcher) Cover(ctx context.Context, from, to time.Time, collectors ...string) (Covered, error) {
	now := time.Now()
	if from.After(now) || to.Before(from) {
		return Covered{}, fmt.Errorf("there is no time between %v and %v to fetch recordings of", from.UTC(), to.UTC())
	}
	sites := make([]site, len(collectors))
	for i, name := range collectors {
		var err error
		if sites[i], err = f.site(name); err != nil {
			return Covered{}, err
		}
		if n := int64(earlier(to, now).Sub(from) / sites[i].every); n > mostFiles {
			return Covered{}, fmt.Errorf("from %v to %v %s has %d files, and at most %d are fetched at once: ask for less time", from.UTC(), to.UTC(), name, n, mostFiles)
		}
	}
	all := Covered{collectors: slices.Clone(collectors)}
	var used []string
	for i, name := range collectors {
		c := f.cover(sites[i], name, now)
		if err := c.run(ctx, from, to); err != nil {
			return Covered{}, err
		}
		all.Files = append(all.Files, c.got.Files...)
		all.Holes = append(all.Holes, c.got.Holes...)
		all.Gaps = append(all.Gaps, c.got.Gaps...)
		if i == 0 || c.got.Until.Before(all.Until) {
			all.Until = c.got.Until
		}
		used = append(used, c.paths...)
	}
	if err := f.evict(used, now); err != nil {
		return Covered{}, fmt.Errorf("removing old recordings: %w", err)
	}
	return all, nil
}

func (f *Fetcher) cover(s site, collector string, now time.Time) *cover {
	return &cover{f: f, s: s, collector: collector, client: f.clients[s.service], now: now, told: f.o.Progress}
}

// folder makes the place where the files of the collector are kept.
func (c *cover) folder() error {
	if err := os.MkdirAll(filepath.Join(c.f.o.Dir, c.collector), 0o700); err != nil {
		return fmt.Errorf("making the folder for recordings: %w", err)
	}
	return nil
}

// run fetches what one collector recorded.
func (c *cover) run(ctx context.Context, from, to time.Time) error {
	if err := c.folder(); err != nil {
		return err
	}
	since := from
	table, err := c.table(ctx, from)
	if err != nil {
		return fmt.Errorf("fetching the table of %s: %w", c.collector, err)
	}
	if table != nil {
		since = table.start
		c.got.Files = append(c.got.Files, c.file(*table))
	}
	if err := c.changes(ctx, since, to); err != nil {
		return fmt.Errorf("fetching updates of %s: %w", c.collector, err)
	}
	c.unpublished(to)
	return nil
}

// cover is what a call of Cover does for one collector.
type cover struct {
	f         *Fetcher
	s         site
	collector string
	client    *web.Client
	now       time.Time
	done, all int // files
	skew      time.Duration
	told      func(FetchProgress) // may be nil

	got   Covered
	paths []string // of the files, and of those that are empty
}

func (c *cover) file(w wanted) string {
	p := c.f.local(w)
	c.paths = append(c.paths, p)
	return c.collector + "=" + p
}

func (c *cover) gap(format string, args ...any) {
	c.got.Gaps = append(c.got.Gaps, routeGap(format, args...))
}

// table fetches the last table before a moment, or the one before that.
func (c *cover) table(ctx context.Context, at time.Time) (*wanted, error) {
	var why string
	young := true // all that are missing will come
	for _, w := range c.s.table(c.collector, at) {
		err := c.fetch(ctx, w)
		if err == nil {
			if why != "" && !young {
				c.gap("a later table of %s than that of %s could not be had: %s", c.collector, w.start.Format(gapClock), why)
			}
			c.done++
			return &w, nil
		}
		var local bool
		if why, local = c.reason(ctx, err); local {
			return nil, err
		}
		young = young && missing(err) && c.now.Sub(w.start) < published
		// A server that does not answer has no older table either.
		if e, ok := errors.AsType[*web.Error](err); ok && e.Kind != web.Refusal {
			break
		}
	}
	c.gap("there is no table of %s to begin with (%s): only what changed is known", c.collector, why)
	return nil, nil
}

// changes fetches the updates from one moment to another.
func (c *cover) changes(ctx context.Context, from, to time.Time) error {
	list := c.s.changes(c.collector, from, earlier(to, c.now))
	// What is still being written is not there yet.
	for len(list) > 0 && list[len(list)-1].end.After(c.now) {
		list = list[:len(list)-1]
	}
	c.all = c.done + len(list)
	errs := make([]error, len(list))
	next := make(chan int)
	var group sync.WaitGroup
	for range abreast {
		group.Go(func() {
			for i := range next {
				errs[i] = c.fetch(ctx, list[i])
				c.finished()
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	group.Wait()
	return c.collect(ctx, list, errs, to)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// collect takes the files that came, and says what is between them.
func (c *cover) collect(ctx context.Context, list []wanted, errs []error, to time.Time) error {
	until := time.Time{} // of what is known
	for i := 0; i < len(list); {
		first := list[i]
		if errs[i] == nil {
			c.got.Files = append(c.got.Files, c.file(first))
			until = first.end
			i++
			continue
		}
		why, local := c.reason(ctx, errs[i])
		if local {
			return errs[i]
		}
		// Files that lack for the same reason are one gap.
		for last := errs[i]; i < len(list) && errs[i] != nil; i++ {
			if next, local := c.reason(ctx, errs[i]); local || next != why {
				break
			}
			if errors.Is(last, errQuiet) {
				c.file(list[i])
			}
		}
		end := list[i-1]
		// At the end, and young: it will come.
		if i == len(list) && missing(errs[i-1]) && c.now.Sub(first.end) < published {
			break
		}
		c.gap("the updates of %s from %s to %s are missing (%s): what changed then is not known",
			c.collector, first.start.Format(gapClock), end.end.Format(gapClock), why)
		c.got.Holes = append(c.got.Holes, Hole{c.collector, first.start, end.end})
		until = end.end
	}
	c.got.Until = until
	if e := c.client.Skewed(web.Reply{Skew: c.skew}); e != nil {
		c.got.Gaps = append(c.got.Gaps, web.Gap(e, "route", "", ""))
	}
	return nil
}

// unpublished says what is still to come of the updates up to a moment.
func (c *cover) unpublished(to time.Time) {
	switch until := c.got.Until; {
	case !until.Before(to):
	case until.IsZero():
		c.gap("no updates of %s up to %s are published yet", c.collector, to.UTC().Format(gapClock))
	default:
		c.gap("the updates of %s from %s on are not published yet", c.collector, until.Format(gapClock))
	}
}

// published is how long after its end a file may take to appear.
const published = time.Hour

func missing(err error) bool {
	e, ok := errors.AsType[*web.Error](err)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// reason says for a person why a file could not be had. local is true for what is
// wrong here, with the folder or the caller's time.
func (c *cover) reason(ctx context.Context, err error) (why string, local bool) {
	if ctx.Err() != nil {
		return "", true
	}
	if e, ok := errors.AsType[*unfit](err); ok {
		return e.Error(), false
	}
	if errors.Is(err, errQuiet) {
		return "the files are empty", false
	}
	e, ok := errors.AsType[*web.Error](err)
	switch {
	case !ok:
		return "", true
	case missing(err):
		return e.Service + " does not have it", false
	}
	return e.Sentence(), false
}

// finished counts a file of updates that is done.
func (c *cover) finished() {
	c.f.report.Lock()
	defer c.f.report.Unlock()
	c.done++
}

// progress passes on how far a file is.
func (c *cover) progress(w wanted) func(got, size int64) {
	if c.told == nil {
		return nil
	}
	return func(got, size int64) {
		c.f.report.Lock()
		defer c.f.report.Unlock()
		c.told(FetchProgress{Collector: c.collector, File: w.name(), Got: got, Size: size, Done: c.done, Files: c.all})
	}
}

// fetch sees that a file is in the folder, and whole.
func (c *cover) fetch(ctx context.Context, w wanted) error {
	path := c.f.local(w)
	got, err := c.client.Download(ctx, web.Download{
		URL: w.url, Path: path, MaxBytes: c.f.o.MaxFile, Progress: c.progress(w),
		Commit: func(part string, d web.Downloaded) error { return w.inspect(part, d.Sized) },
	})
	if err != nil {
		return err
	}
	if got.Skew.Abs() > web.MaxSkew {
		c.f.report.Lock()
		c.skew = got.Skew
		c.f.report.Unlock()
	}
	if got.Bytes <= quietSize && w.quiet(path) {
		return errQuiet
	}
	return nil
}
