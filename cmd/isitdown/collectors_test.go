package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route/archive"
)

// withdrawnScenario is nine hours with North Korea gone from 16:15 on, as two collectors saw it.
const withdrawnScenario = `title "A withdrawal"
start 2014-12-22T08:00Z
end   2014-12-22T17:20Z
watch KP
registered apnic KP AS131279        2009-12-21
registered apnic KP 175.45.176.0/22 2009-12-21
as 131279 "Star-KP"
collector rrc00 286 680 1103 3333 3549 6881 9304 12859 13030 25091 29608 34854 50304
collector route-views2 293 701
network kp origin 131279 via 4837 : 175.45.176.0/24 175.45.177.0/24 175.45.178.0/24 175.45.179.0/24
background 40 via 4837
2014-12-22T16:15Z withdraw kp over 90s
`

// archiveStand stands in for both archives: it has the scenario's data in files as they
// are published, and counts what it is asked for.
type archiveStand struct {
	files map[string][]byte

	mu    sync.Mutex
	asked int
}

func (s *archiveStand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	data, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// requests gives how often it was asked since the last time.
func (s *archiveStand) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.asked
	s.asked = 0
	return n
}

// newArchiveStand cuts what the scenario's collectors recorded into files of a day.
func newArchiveStand(t *testing.T, day string) (*archiveStand, *archive.Scenario) {
	t.Helper()
	scenario, err := archive.ParseScenario("withdrawn.scenario", strings.NewReader(strings.ReplaceAll(withdrawnScenario, "2014-12-22", day)))
	if err != nil {
		t.Fatal(err)
	}
	streams, err := scenario.Streams()
	if err != nil {
		t.Fatal(err)
	}
	layouts := map[string]struct {
		table, updates string
		every          time.Duration
	}{
		"rrc00":        {"/rrc00/2006.01/bview.20060102.1504.gz", "/rrc00/2006.01/updates.20060102.1504.gz", 5 * time.Minute},
		"route-views2": {"/bgpdata/2006.01/RIBS/rib.20060102.1504", "/bgpdata/2006.01/UPDATES/updates.20060102.1504", 15 * time.Minute},
	}
	plain := map[string][]byte{}
	for _, stream := range streams {
		l := layouts[stream.Collector]
		for rest := stream.Data; len(rest) > 0; {
			end := 12 + binary.BigEndian.Uint32(rest[8:]) // RFC 6396, section 2
			at := time.Unix(int64(binary.BigEndian.Uint32(rest)), 0).UTC()
			name := at.Truncate(l.every).Format(l.updates)
			if binary.BigEndian.Uint16(rest[4:]) == 13 { // TABLE_DUMP_V2
				name = at.Format(l.table)
			}
			if !strings.HasSuffix(name, ".gz") {
				name += ".bz2" // whose 2 would be a day to package time
			}
			plain[name] = append(plain[name], rest[:end]...)
			rest = rest[end:]
		}
	}
	stand := &archiveStand{files: map[string][]byte{}}
	for name, data := range plain {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		stand.files[name] = buf.Bytes()
	}
	return stand, scenario
}

// archiveRig is a stand-in, the settings that lead to it, and the scenario's lists.
type archiveRig struct {
	*archiveStand
	config, cache, lists string
}

func newArchiveRig(t *testing.T, more string) *archiveRig {
	t.Helper()
	stand, scenario := newArchiveStand(t, "2014-12-22")
	r := &archiveRig{archiveStand: stand, cache: t.TempDir(), lists: filepath.Join(t.TempDir(), "delegated-apnic-20141222.txt")}
	if err := os.WriteFile(r.lists, scenario.Delegated(), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveStand(t, stand)
	r.config = settings(t, fmt.Sprintf("[route]\nbaseline_window = \"8h\"\n[sources]\nripestat = false\nris_live = \"off\"\nioda = false\nglobalping = false\ncache = %q\n%s\n[urls]\nris_archive = %q\nrouteviews = %q\n", r.cache, more, url, url))
	return r
}

// files gives what was kept, each as COLLECTOR=FILE, in the order in which it is fetched.
func (r *archiveRig) kept(t *testing.T) (list []string) {
	t.Helper()
	for _, collector := range []string{"route-views2", "rrc00"} {
		files, err := filepath.Glob(filepath.Join(r.cache, "recordings", collector, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			list = append(list, collector+"="+f)
		}
	}
	return list
}

// What is fetched gives the answer that the same files give, and is fetched once.
func TestCheckCollector(t *testing.T) {
	r := newArchiveRig(t, "")
	question := []string{"check", "KP", "--json", "--registry", r.lists, "--at", "2014-12-22T17:00Z"}
	fetched, stderr, code := online(t, r.config, append(question, "--collector", "rrc00", "--collector", "route-views2")...)
	if code != exitDown || !strings.Contains(fetched, `"state":"down"`) || !strings.Contains(fetched, "2014-12-22T16:1") {
		t.Fatalf("exit code %d, want %d\n%s%s", code, exitDown, fetched, stderr)
	}
	if !strings.Contains(stderr, "recordings are here") || !strings.Contains(stderr, `collectors="rrc00 route-views2" files=148 size=`) {
		t.Errorf("the log does not say what came:\n%s", stderr)
	}
	// 8 hours and the moment itself in files of 5 and of 15 minutes from 08:00 on, and two tables.
	files := r.kept(t)
	if want := 2 + 109 + 37; len(files) != want || r.requests() != want {
		t.Errorf("%d files are kept, want %d, each asked for once", len(files), want)
	}
	for _, f := range files {
		question = append(question, "--routes", f)
	}
	recorded, stderr, _ := isitdown(t, append([]string{"--config", r.config}, question...)...)
	if fetched != recorded {
		t.Errorf("the answers differ; fetched\n%s\nrecorded\n%s%s", fetched, recorded, stderr)
	}
	again, _, _ := online(t, r.config, "check", "KP", "--json", "--registry", r.lists, "--at", "2014-12-22T17:00Z", "--collector", "route-views2,rrc00")
	if n := r.requests(); n != 0 || again != fetched {
		t.Errorf("the second time %d requests were made, want none; it says\n%s", n, again)
	}
}

// The settings name collectors where the flags name nothing; files that are missing are
// gaps, and an archive without anything leaves the answer unknown.
func TestCheckCollectorGaps(t *testing.T) {
	r := newArchiveRig(t, "collectors = [\"rrc00\", \"route-views2\"]")
	delete(r.files, "/rrc00/2014.12/updates.20141222.1200.gz")
	question := []string{"check", "KP", "--json", "--registry", r.lists, "--at", "2014-12-22T17:00Z"}
	stdout, stderr, _ := online(t, r.config, question...)
	if !strings.Contains(stdout, "the updates of rrc00 from 12:00:00 UTC on 22 December 2014 to 12:05:00 UTC") {
		t.Errorf("the hole is not told:\n%s%s", stdout, stderr)
	}
	nothing := newArchiveRig(t, "")
	nothing.files = nil
	for _, at := range [][]string{{"--at", "2014-12-22T17:00Z"}, nil} {
		args := append([]string{"check", "KP", "--registry", nothing.lists, "--collector", "route-views2"}, at...)
		stdout, stderr, code := online(t, nothing.config, args...)
		if code != exitUnknown || !strings.Contains(strings.Join(strings.Fields(stdout), " "), "here is no table of route-views2 to begin with (the archive of RouteViews does not have it)") {
			t.Errorf("%q: exit code %d, want %d\n%s%s", at, code, exitUnknown, stdout, stderr)
		}
	}
}

func TestReplayCollector(t *testing.T) {
	r := newArchiveRig(t, "")
	end := []string{"--json", "--watch", "KP", "--registry", r.lists, "--at", "2014-12-22T17:00Z"}
	stdout, stderr, code := online(t, r.config, slices.Concat([]string{"replay", "--collector", "rrc00", "--collector", "route-views2", "--from", "2014-12-22T15:30Z"}, end)...)
	if code != exitUp || !strings.Contains(stdout, `"change":"opened"`) {
		t.Errorf("exit code %d, without an incident\n%s%s", code, stdout, stderr)
	}
	files := r.kept(t)
	recorded, stderr, _ := isitdown(t, slices.Concat([]string{"--config", r.config, "replay"}, files, end)...)
	// The tables before 15:30 are those of 08:00; the later ones that are not there are a gap.
	const gap = `{"check":"route","reason":"a later table of `
	if !strings.Contains(stdout, gap) || len(files) != 2+109+37 || strings.Count(stdout, "\n") != strings.Count(recorded, "\n") {
		t.Errorf("%d files; fetched\n%s\nrecorded\n%s%s", len(files), stdout, recorded, stderr)
	}
}

func TestCollectorsRefused(t *testing.T) {
	config := settings(t, checkSettings)
	tests := []struct {
		name, say string
		args      []string
	}{
		{"unknown", `"amsterdam" is no collector: those of RIPE RIS are rrc00 to rrc26`, []string{"check", "KP", "--collector", "amsterdam"}},
		{"a path", `"../rrc00" is no collector`, []string{"replay", "--watch", "KP", "--collector", "../rrc00"}},
		{"the future", "is yet to come", []string{"check", "KP", "--collector", "rrc00", "--at", "2100-01-01T00:00Z"}},
		{"the future, replayed", "is yet to come", []string{"replay", "--watch", "KP", "--collector", "rrc00", "--at", "2100-01-01T00:00Z"}},
		{"offline", "told to ask nobody", []string{"--offline", "check", "KP", "--collector", "rrc00"}},
		{"too long", "ask for less time", []string{"replay", "--watch", "8.8.8.0/24", "--collector", "rrc00", "--from", "2014-12-01T00:00Z", "--at", "2014-12-22T17:00Z"}},
		{"backwards", "write an earlier --from", []string{"replay", "--watch", "KP", "--collector", "rrc00", "--from", "2014-12-23T00:00Z", "--at", "2014-12-22T17:00Z"}},
		{"a scenario besides", "kp-2014 is replayed without --collector", []string{"replay", "kp-2014", "--collector", "rrc00"}},
		{"nothing to watch", "name a target with --watch", []string{"replay", "--collector", "rrc00"}},
		{"a beginning of nothing", "name a collector", []string{"replay", "kp-2014", "--from", "2014-12-22T17:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := online(t, config, tt.args...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, tt.say) {
				t.Errorf("exit code %d, want %d with %q\n%s%s", code, exitUsage, tt.say, stdout, stderr)
			}
		})
	}
}

func TestFetchLine(t *testing.T) {
	for _, tt := range []struct {
		progress archive.FetchProgress
		want     string
	}{
		{archive.FetchProgress{Collector: "rrc00", File: "bview.20141222.0800.gz", Got: 1_500_000, Size: 400_000_000}, "fetching rrc00: bview.20141222.0800.gz 1.5 MB of 400.0 MB"},
		{archive.FetchProgress{Collector: "rrc00", File: "updates.20141222.0805.gz", Got: 1_500_000, Size: -1, Done: 3, Files: 40}, "fetching rrc00: 3 of 40 files, updates.20141222.0805.gz 1.5 MB"},
	} {
		if got := fetchLine(tt.progress); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// The bot follows the whole table of a collector: from its archive to the stream, and,
// where the stream has a hole, through the archive again. What is still loading is unknown.
func TestLiveCollector(t *testing.T) {
	stand, _ := newArchiveStand(t, "2026-11-22")
	cache := t.TempDir()
	with := func(a *app, services byHost) {
		services["data.ris.ripe.net"] = handled{stand}
		a.config.Sources.Cache, a.config.Sources.RISLive, a.config.Sources.Collectors = cache, risAll, []string{"rrc00"}
	}
	showLiveWith(t, with, func(t *testing.T, s *liveShow) {
		s.pass(2 * time.Minute)
		s.is("before the files reach the stream", checks.Unknown)
		if gaps := fmt.Sprint(s.watch.Verdict().Gaps); !strings.Contains(gaps, "the whole table of rrc00 is not there yet") {
			t.Errorf("it is not said why: %s", gaps)
		}
		s.pass(10 * time.Minute)
		s.is("when they do", checks.Up)
		if n := s.ripe.calls["bgp-state"]; n > 0 {
			t.Errorf("RIPEstat was asked for routes %d times", n)
		}
		s.pass(time.Until(time.Date(2026, 11, 22, 16, 10, 0, 0, time.UTC)))
		s.is("for hours", checks.Up)
		s.dumb.Store(true)
		s.pass(10 * time.Minute)
		s.is("when the stream has a hole", checks.Unknown)
		s.nothing("in the hole")
		s.dumb.Store(false)
		s.pass(20 * time.Minute)
		s.is("when it went in the hole", checks.Down)
	})
}

// Collectors that no stream goes on from are refused for the bot, and only there.
func TestWholeCollectors(t *testing.T) {
	c := defaultConfig()
	c.Sources.Collectors = []string{"rrc00", "route-views2"}
	if names, err := c.wholeCollectors(); err != nil || names != nil {
		t.Errorf("with a stream of what is followed: %q, %v, want none", names, err)
	}
	c.Sources.RISLive = risAll
	if _, err := c.wholeCollectors(); err == nil || !strings.Contains(err.Error(), "route-views2, whose files are up to half an hour old") {
		t.Errorf("got %v, want a refusal of route-views2", err)
	}
	c.Sources.Collectors = c.Sources.Collectors[:1]
	if names, err := c.wholeCollectors(); err != nil || len(names) != 1 {
		t.Errorf("got %q, %v, want rrc00", names, err)
	}
}
