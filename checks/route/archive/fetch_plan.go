package archive

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"
)

// site is where a project publishes its collectors' files, and how it names them.
type site struct {
	service    string // as a reader would cite it
	base       string // without a slash at its end
	tables     string // layout of package time, below the collector's folder
	updates    string
	ext        string // behind either; the 2 of .bz2 would be a day to package time
	tableEvery time.Duration
	every      time.Duration // a file of updates is named after its beginning
}

// RIPE RIS writes tables every 8 hours and updates every 5 minutes:
// https://ris.ripe.net/docs/mrt/
func ris(base string) site {
	return site{
		service: "RIPE RIS", base: base, tableEvery: 8 * time.Hour, every: 5 * time.Minute,
		tables: "2006.01/bview.20060102.1504", updates: "2006.01/updates.20060102.1504", ext: ".gz",
	}
}

// RouteViews writes tables every 2 hours and updates every 15 minutes:
// https://archive.routeviews.org
func routeViews(base string) site {
	return site{
		service: "RouteViews", base: base, tableEvery: 2 * time.Hour, every: 15 * time.Minute,
		tables: "bgpdata/2006.01/RIBS/rib.20060102.1504", updates: "bgpdata/2006.01/UPDATES/updates.20060102.1504", ext: ".bz2",
	}
}

// The names of collectors. Those of RouteViews that are younger than 2023 or so are
// called after an exchange and its city: amsix.ams, pacwave.lax.
var (
	risCollector        = regexp.MustCompile(`^rrc\d\d$`)
	routeViewsCollector = regexp.MustCompile(`^(route-views\d{0,2}(\.[a-z0-9]+(-[a-z0-9]+)*)?|[a-z0-9]+(-[a-z0-9]+)*\.[a-z]{3})$`)
)

// wanted is one file of an archive.
type wanted struct {
	url        string
	path       string // below the folder of the cache, with slashes
	dump       bool
	start, end time.Time // of what it covers; a dump covers its start
}

func (w wanted) name() string { return path.Base(w.path) }

// mostTables is how many tables are tried, each older than the one before.
const mostTables = 4

// table gives the files that may hold the table as it was at a moment, the newest
// first.
func (s site) table(collector string, at time.Time) []wanted {
	var out []wanted
	start := at.UTC().Truncate(s.tableEvery)
	for range mostTables {
		out = append(out, s.file(collector, s.tables, start, 0, true))
		start = start.Add(-s.tableEvery)
	}
	return out
}

// changes gives the files with what changed from one moment to another.
func (s site) changes(collector string, from, to time.Time) []wanted {
	var out []wanted
	for start := from.UTC().Truncate(s.every); !start.After(to); start = start.Add(s.every) {
		out = append(out, s.file(collector, s.updates, start, s.every, false))
	}
	return out
}

func (s site) file(collector, layout string, start time.Time, covers time.Duration, dump bool) wanted {
	name := start.Format(layout) + s.ext
	folder := collector + "/"
	if collector == "route-views2" { // the first there was, at the root of the archive
		folder = ""
	}
	return wanted{
		url: s.base + "/" + folder + name, path: collector + "/" + path.Base(name),
		dump: dump, start: start, end: start.Add(covers),
	}
}

// mostFiles bounds the updates of one collector that a call asks for: two days of
// RIPE RIS. Those since the table come on top.
const mostFiles = 700

// site finds who publishes a collector's files.
func (f *Fetcher) site(collector string) (site, error) {
	if err := Known(collector); err != nil {
		return site{}, err
	}
	if risCollector.MatchString(collector) {
		return f.sites[0], nil
	}
	return f.sites[1], nil
}

// Known says what is wrong with the name of a collector that neither archive can
// have. A name that they could have and do not is found out by fetching.
func Known(collector string) error {
	if risCollector.MatchString(collector) || routeViewsCollector.MatchString(collector) {
		return nil
	}
	return fmt.Errorf("%q is no collector: those of RIPE RIS are rrc00 to rrc26, those of RouteViews route-views2 to route-views8, route-views.linx, route-views.sydney, amsix.ams and others (https://archive.routeviews.org)", shortName(collector))
}

func shortName(s string) string { return strings.ToValidUTF8(s[:min(len(s), 40)], "?") }
