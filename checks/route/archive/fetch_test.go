package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

// published files by path.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
	asked []string
	busy  int // requests under way
	most  int
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	data, ok := s.files[r.URL.Path]
	s.asked = append(s.asked, r.URL.Path)
	s.busy++
	s.most = max(s.most, s.busy)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
	}()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, len(data)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func zipped(t *testing.T, plain []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// risShelf holds a table of noon less four hours (08:00), and updates for every
// five minutes from then to 12:15.
func risShelf(t *testing.T) *shelf {
	t.Helper()
	eight := -4 * time.Hour
	s := &shelf{files: map[string][]byte{
		"/rrc23/2014.12/bview.20141222.0800.gz": zipped(t, newRecorder(t).table(eight, "175.45.176.0/24", peerA, peerB).buf.Bytes()),
	}}
	for after := eight; after < 15*time.Minute; after += 5 * time.Minute {
		name := "/rrc23" + noon.Add(after).Format("/2006.01/updates.20060102.1504.gz")
		s.files[name] = zipped(t, newRecorder(t).announce(after+time.Minute, peerA, "175.45.177.0/24").announce(after+4*time.Minute, peerB, "175.45.178.0/24").buf.Bytes())
	}
	return s
}

func testFetcher(t *testing.T, s *webtest.Server, dir string) *Fetcher {
	t.Helper()
	return NewFetcher(FetchOptions{
		Dir: dir, RIS: s.URL, RouteViews: s.URL + "/", HTTP: s.Client, UserAgent: "isitdown/test",
		Timeout: 700 * time.Millisecond, Attempts: 2, Backoff: time.Millisecond, MaxFile: 1 << 22,
	})
}

func gapTexts(gaps []checks.Gap) []string {
	var out []string
	for _, g := range gaps {
		out = append(out, g.Check+": "+g.Reason)
	}
	return out
}

func TestCover(t *testing.T) {
	webtest.NoLeaks(t)
	shelf := risShelf(t)
	s := webtest.Start(t, webtest.Fault{}, shelf)
	dir := t.TempDir()
	f := testFetcher(t, s, dir)
	got, err := f.Cover(t.Context(), noon, noon.Add(10*time.Minute), "rrc23")
	if err != nil || len(got.Gaps) > 0 {
		t.Fatalf("got gaps %q and error %v, want neither", gapTexts(got.Gaps), err)
	}
	if want := noon.Add(15 * time.Minute); !got.Until.Equal(want) {
		t.Errorf("reaches %v, want %v", got.Until, want)
	}
	if want := 1 + 4*12 + 3; len(got.Files) != want {
		t.Fatalf("got %d files, want %d: a table, the updates of four hours, and of ten minutes and the moment that ends them", len(got.Files), want)
	}
	if want := "rrc23=" + filepath.Join(dir, "rrc23", "bview.20141222.0800.gz"); got.Files[0] != want {
		t.Errorf("got %s first, want %s", got.Files[0], want)
	}
	rec := open(t, got.Files...)
	if updates := played(t, rec, noon.Add(-234*time.Minute)); len(rec.Gaps()) > 0 || !slices.Equal(updates, []string{
		"08:00:00 rrc23 table 175.45.176.0/24 AS3356 [3356 131279] AS1299 [1299 131279]",
		"08:01:00 rrc23 AS3356 announces 175.45.177.0/24", "08:04:00 rrc23 AS1299 announces 175.45.178.0/24", "08:06:00 rrc23 AS3356 announces 175.45.177.0/24",
	}) {
		t.Errorf("got %q with gaps %q", updates, gapTexts(rec.Gaps()))
	}
	if shelf.most > abreast {
		t.Errorf("got %d requests at a time, want at most %d", shelf.most, abreast)
	}
	// A second time nothing is asked for.
	before := s.Requests.Load()
	again, err := f.Cover(t.Context(), noon, noon.Add(10*time.Minute), "rrc23")
	if err != nil || !slices.Equal(got.Files, again.Files) || s.Requests.Load() != before {
		t.Errorf("got %d files, %v and %d requests, want the same files and no request", len(again.Files), err, s.Requests.Load()-before)
	}
}

// What is missing or is not what it should be is said, as one gap where it is one.
func TestCoverGaps(t *testing.T) {
	at := func(clock string) string { return "/rrc23/2014.12/updates.20141222." + clock + ".gz" }
	const missing = "route: the updates of rrc23 from %s UTC on 22 December 2014 to %s UTC on 22 December 2014 are missing (%s): what changed then is not known"
	tests := []struct {
		name   string
		change func(map[string][]byte)
		files  int
		want   []string
	}{
		{"a hole", func(m map[string][]byte) { delete(m, at("1000")); delete(m, at("1005")) }, 50, []string{
			fmt.Sprintf(missing, "10:00:00", "10:10:00", "the archive of RIPE RIS does not have it"),
		}},
		{"the end", func(m map[string][]byte) { delete(m, at("1210")) }, 51, []string{
			fmt.Sprintf(missing, "12:10:00", "12:15:00", "the archive of RIPE RIS does not have it"),
		}},
		{"no table", func(m map[string][]byte) { delete(m, "/rrc23/2014.12/bview.20141222.0800.gz") }, 3, []string{
			"route: there is no table of rrc23 to begin with (the archive of RIPE RIS does not have it): only what changed is known",
		}},
		{"a page", func(m map[string][]byte) { m[at("1000")] = []byte("<html>maintenance</html>") }, 51, []string{
			fmt.Sprintf(missing, "10:00:00", "10:05:00", "what came is not a recording, or damaged from its beginning"),
		}},
		{"an older table", func(m map[string][]byte) {
			m["/rrc23/2014.12/bview.20141222.0000.gz"] = zipped(t, newRecorder(t).table(-12*time.Hour, "175.45.176.0/24", peerA).buf.Bytes())
			delete(m, "/rrc23/2014.12/bview.20141222.0800.gz")
		}, 52, []string{
			"route: a later table of rrc23 than that of 00:00:00 UTC on 22 December 2014 could not be had: the archive of RIPE RIS does not have it",
			fmt.Sprintf(missing, "00:00:00", "08:00:00", "the archive of RIPE RIS does not have it"),
		}},
		{"updates for a table", func(m map[string][]byte) {
			m["/rrc23/2014.12/bview.20141222.0800.gz"] = m[at("0800")]
		}, 3, []string{"route: there is no table of rrc23 to begin with (the archive of RIPE RIS does not have it): only what changed is known"}},
		{"of another day", func(m map[string][]byte) {
			m[at("1000")] = zipped(t, newRecorder(t).announce(-30*time.Hour, peerA, "175.45.177.0/24").buf.Bytes())
		}, 51, []string{
			fmt.Sprintf(missing, "10:00:00", "10:05:00", "what came begins at 06:00:00 UTC on 21 December 2014"),
		}},
		{"nothing in it", func(m map[string][]byte) { m[at("1000")], m[at("1005")] = zipped(t, nil), zipped(t, nil) }, 50, []string{
			fmt.Sprintf(missing, "10:00:00", "10:10:00", "the files are empty"),
		}},
		{"damaged in the archive", func(m map[string][]byte) { m[at("1000")] = m[at("1000")][:len(m[at("1000")])-12] }, 52, nil},
		{"too large", func(m map[string][]byte) { m[at("1000")] = make([]byte, 5<<20) }, 51, []string{
			fmt.Sprintf(missing, "10:00:00", "10:05:00", "the answer of the archive of RIPE RIS is larger than 4 MiB, the most that is read"),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shelf := risShelf(t)
			tt.change(shelf.files)
			dir := t.TempDir()
			got, err := testFetcher(t, webtest.Start(t, webtest.Fault{}, shelf), dir).Cover(t.Context(), noon, noon.Add(10*time.Minute), "rrc23")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, gapTexts(got.Gaps)); diff != "" {
				t.Errorf("gaps differ (-want +got):\n%s", diff)
			}
			if len(got.Files) != tt.files {
				t.Errorf("got %d files, want %d", len(got.Files), tt.files)
			}
			if _, err := Open(got.Files); err != nil {
				t.Errorf("the files cannot be opened: %v", err)
			}
			if parts, _ := filepath.Glob(filepath.Join(dir, "*", "*.part*")); len(parts) > 0 {
				t.Errorf("left behind: %d parts, as %q", len(parts), parts[0])
			}
		})
	}
}

// What is known to be missing makes the sessions unknown, from then on.
func TestCoverHoles(t *testing.T) {
	tests := []struct {
		name    string
		missing []string
		from    time.Duration // after noon
		want    []string
	}{
		{"between", []string{"1150", "1155"}, -14 * time.Minute, []string{
			"11:46:00 rrc23 AS3356 announces 175.45.177.0/24", "11:49:00 rrc23 AS1299 announces 175.45.178.0/24",
			"11:50:00 rrc23 lost", "12:00:00 rrc23 lost", "12:01:00 rrc23 AS3356 announces 175.45.177.0/24",
		}},
		{"at the end", []string{"1155", "1200", "1205", "1210"}, -9 * time.Minute, []string{"11:51:00 rrc23 AS3356 announces 175.45.177.0/24", "11:54:00 rrc23 AS1299 announces 175.45.178.0/24", "11:55:00 rrc23 lost"}},
		{"behind the table", []string{"0800", "0805"}, -4 * time.Hour, []string{
			"08:00:00 rrc23 table 175.45.176.0/24 AS3356 [3356 131279] AS1299 [1299 131279]", "08:00:00 rrc23 lost", "08:10:00 rrc23 lost",
			"08:11:00 rrc23 AS3356 announces 175.45.177.0/24",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shelf := risShelf(t)
			for _, clock := range tt.missing {
				delete(shelf.files, "/rrc23/2014.12/updates.20141222."+clock+".gz")
			}
			f := testFetcher(t, webtest.Start(t, webtest.Fault{}, shelf), t.TempDir())
			got, err := f.Cover(t.Context(), noon, noon.Add(10*time.Minute), "rrc23")
			if err != nil {
				t.Fatal(err)
			}
			rec, err := got.Open()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // it can be played again
				all := played(t, rec, noon.Add(2*time.Minute))
				first := slices.IndexFunc(all, func(s string) bool { return s >= noon.Add(tt.from).Format(time.TimeOnly) })
				if end := min(first+len(tt.want), len(all)); first < 0 || !slices.Equal(all[first:end], tt.want) {
					t.Errorf("got %q, want %q", all[max(first, 0):], tt.want)
				}
			}
			if gaps := gapTexts(rec.Gaps()); len(gaps) != 1 || !strings.Contains(gaps[0], "does not have it") {
				t.Errorf("got gaps %q, want what is missing once", gaps)
			}
		})
	}
}

// What is young is not missing.
func TestCoverNotYetPublished(t *testing.T) {
	now := time.Now().UTC()
	shelf := &shelf{files: map[string][]byte{}}
	first := now.Add(-time.Hour).Truncate(5 * time.Minute)
	for i := range 6 { // the last half hour is not there
		start := first.Add(time.Duration(i) * 5 * time.Minute)
		shelf.files["/rrc23"+start.Format("/2006.01/updates.20060102.1504.gz")] = zipped(t, newRecorder(t).announce(start.Sub(noon)+time.Second, peerA, "175.45.177.0/24").buf.Bytes())
	}
	s := webtest.Start(t, webtest.Fault{}, shelf)
	got, err := testFetcher(t, s, t.TempDir()).Cover(t.Context(), first, now, "rrc23")
	want := []string{
		"route: there is no table of rrc23 to begin with (the archive of RIPE RIS does not have it): only what changed is known",
		"route: the updates of rrc23 from " + first.Add(30*time.Minute).Format(gapClock) + " on are not published yet",
	}
	if diff := cmp.Diff(want, gapTexts(got.Gaps)); diff != "" || err != nil || len(got.Files) != 6 {
		t.Errorf("got %d files, error %v; gaps differ (-want +got):\n%s", len(got.Files), err, diff)
	}
	// What is not over cannot have been asked for.
	for _, path := range shelf.asked {
		if at, err := time.Parse("/2006.01/updates.20060102.1504.gz", strings.TrimPrefix(path, "/rrc23")); err == nil && at.Add(5*time.Minute).After(time.Now()) {
			t.Errorf("%s was asked for before its time", path)
		}
	}
}

// Whatever is wrong with an archive is said, and what is left can be played.
func TestCoverFaults(t *testing.T) {
	shelf := risShelf(t)
	webtest.Each(t, shelf, func(ctx context.Context, t *testing.T, s *webtest.Server, fault webtest.Fault) []checks.Gap {
		f := testFetcher(t, s, t.TempDir())
		got, err := f.Cover(ctx, noon.Add(-4*time.Hour), noon.Add(-236*time.Minute), "rrc23")
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case fault.Answers && len(got.Files) != 2, !fault.Answers && !fault.Data && len(got.Files) > 0:
			t.Errorf("got files %q", got.Files)
		case fault.Data && len(got.Files) > 0:
			// Of a length that the server stands by, but damaged: that is said when it is played.
			rec := open(t, got.Files...)
			played(t, rec, time.Time{})
			got.Gaps = append(got.Gaps, rec.Gaps()...)
		}
		return got.Gaps
	})
}

func TestCoverQuestions(t *testing.T) {
	f := NewFetcher(FetchOptions{Dir: t.TempDir(), RIS: "http://127.0.0.1:1", RouteViews: "http://127.0.0.1:1", Attempts: 1})
	for _, collector := range []string{"", "rrc1", "rrc001", "../rrc00", "route-views/..", "route-views2/x", "RRC00", "router1"} {
		if _, err := f.Cover(t.Context(), noon, noon, collector); err == nil {
			t.Errorf("got no error for a collector called %q", collector)
		}
	}
	for _, collector := range []string{"rrc26", "route-views", "route-views2", "route-views.sydney", "route-views.amsix-2", "iraq-ixp.bgw"} {
		if got, err := f.Cover(t.Context(), noon, noon, collector); err != nil || len(got.Files) > 0 || len(got.Gaps) != 2 {
			t.Errorf("%s: got %q, %q, %v, want two gaps", collector, got.Files, gapTexts(got.Gaps), err)
		}
	}
	if _, err := f.Cover(t.Context(), noon, noon.Add(-time.Second), "rrc00"); err == nil {
		t.Error("got no error for a time that ends before it begins")
	}
	if _, err := f.Cover(t.Context(), noon, noon.AddDate(0, 0, 4), "rrc00"); err == nil || !strings.Contains(err.Error(), "ask for less time") {
		t.Errorf("got error %v for four days", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Cover(ctx, noon, noon, "rrc00"); err == nil {
		t.Error("got no error with a context that has ended")
	}
}

// The folder does not grow without end; what is in use stays, and what is not ours.
func TestCacheBound(t *testing.T) {
	shelf := risShelf(t)
	s := webtest.Start(t, webtest.Fault{}, shelf)
	f := testFetcher(t, s, t.TempDir())
	mine := filepath.Join(f.o.Dir, "notes.txt")
	if err := os.WriteFile(mine, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		files, err := filepath.Glob(filepath.Join(f.o.Dir, "rrc23", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	cover := func(from time.Duration) {
		t.Helper()
		delete(shelf.files, "/rrc23/2014.12/bview.20141222.0800.gz")
		if _, err := f.Cover(t.Context(), noon.Add(-from), noon.Add(9*time.Minute-from), "rrc23"); err != nil {
			t.Fatal(err)
		}
	}
	cover(3 * time.Hour)
	cover(2 * time.Hour)
	if got := count(); got != 4 {
		t.Fatalf("got %d files, want 4", got)
	}
	f.o.MaxCache = 1
	cover(time.Hour)
	if got := count(); got != 2 {
		t.Errorf("got %d files in a folder that is too small, want the 2 that are in use", got)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Errorf("a file of somebody else's is gone: %v", err)
	}
}

// Files of several collectors come together, and none drives out another's.
func TestCoverSeveral(t *testing.T) {
	shelf := risShelf(t)
	shelf.files["/bgpdata/2014.12/RIBS/rib.20141222.1200.bz2"] = zipped(t, newRecorder(t).table(0, "175.45.176.0/24", peerA).buf.Bytes())
	shelf.files["/bgpdata/2014.12/UPDATES/updates.20141222.1200.bz2"] = zipped(t, newRecorder(t).announce(time.Minute, peerA, "175.45.177.0/24").buf.Bytes())
	f := testFetcher(t, webtest.Start(t, webtest.Fault{}, shelf), t.TempDir())
	f.o.MaxCache = 1
	got, err := f.Cover(t.Context(), noon, noon.Add(4*time.Minute), "route-views2", "rrc23")
	if err != nil || len(got.Gaps) > 0 || len(got.Files) != 2+1+4*12+1 {
		t.Fatalf("got %d files with gaps %q and error %v", len(got.Files), gapTexts(got.Gaps), err)
	}
	rec, err := got.Open()
	if err != nil {
		t.Fatal(err)
	}
	if updates := played(t, rec, noon.Add(time.Minute)); !slices.Contains(updates, "12:00:00 route-views2 table 175.45.176.0/24 AS3356 [3356 131279]") ||
		!slices.Contains(updates, "12:01:00 route-views2 AS3356 announces 175.45.177.0/24") || !slices.Contains(updates, "12:01:00 rrc23 AS3356 announces 175.45.177.0/24") {
		t.Errorf("got %q", updates)
	}
	if _, err := f.Cover(t.Context(), noon, noon, "rrc23", "router1"); err == nil || !strings.Contains(err.Error(), "rrc00 to rrc26") {
		t.Errorf("got error %v for a collector that is none, want one that names some", err)
	}
}

// Files that follow one another have nothing between them, however long it is silent there.
func TestCoverSilence(t *testing.T) {
	shelf := risShelf(t)
	for after := -4 * time.Hour; after < 15*time.Minute; after += 5 * time.Minute {
		quiet := newRecorder(t).announce(after+time.Second, peerA, "175.45.177.0/24").announce(after+2*time.Second, peerB, "175.45.178.0/24")
		shelf.files["/rrc23"+noon.Add(after).Format("/2006.01/updates.20060102.1504.gz")] = zipped(t, quiet.buf.Bytes())
	}
	got, err := testFetcher(t, webtest.Start(t, webtest.Fault{}, shelf), t.TempDir()).Cover(t.Context(), noon, noon.Add(4*time.Minute), "rrc23")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := got.Open()
	if err != nil {
		t.Fatal(err)
	}
	if updates := played(t, rec, time.Time{}); len(rec.Gaps()) > 0 {
		t.Errorf("got gaps %q in %d updates", gapTexts(rec.Gaps()), len(updates))
	}
}

// Real recordings come through as they are.
func TestCoverReal(t *testing.T) {
	root := os.Getenv("ISITDOWN_TESTDATA")
	if root == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	tests := []struct {
		file, url, collector string
		from                 time.Time
	}{
		{"rrc23.updates.20220421.0200.gz", "/rrc23/2022.04/updates.20220421.0200.gz", "rrc23", time.Date(2022, 4, 21, 2, 1, 0, 0, time.UTC)},
		{"updates.20260222.1530.bz2", "/route-views3/bgpdata/2026.02/UPDATES/updates.20260222.1530.bz2", "route-views3", time.Date(2026, 2, 22, 15, 31, 0, 0, time.UTC)},
	}
	shelf := &shelf{files: map[string][]byte{}}
	for _, tt := range tests {
		data, err := os.ReadFile(filepath.Join(root, "mrt", tt.file))
		if err != nil {
			t.Fatal(err)
		}
		shelf.files[tt.url] = data
	}
	s := webtest.Start(t, webtest.Fault{}, shelf)
	f := testFetcher(t, s, t.TempDir())
	for _, tt := range tests {
		got, err := f.Cover(t.Context(), tt.from, tt.from.Add(time.Minute), tt.collector)
		if err != nil || len(got.Files) != 1 || len(got.Gaps) != 1 { // there is no table
			t.Fatalf("%s: got %q, %q, %v", tt.file, got.Files, gapTexts(got.Gaps), err)
		}
		if data := shelf.files[tt.url]; !bytes.Equal(data, must(os.ReadFile(strings.TrimPrefix(got.Files[0], tt.collector+"=")))) {
			t.Errorf("%s: the file differs from the published one", tt.file)
		}
		rec := open(t, got.Files...)
		if rec.HasTable() || rec.Start().Before(tt.from.Add(-2*time.Minute)) {
			t.Errorf("%s: starts at %v", tt.file, rec.Start())
		}
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

// The layouts are those of the archives.
func TestArchiveNames(t *testing.T) {
	f := NewFetcher(FetchOptions{})
	at := time.Date(2026, 11, 22, 13, 7, 0, 0, time.UTC)
	got := map[string]string{}
	for _, collector := range []string{"rrc23", "route-views2"} {
		s, err := f.site(collector)
		if err != nil {
			t.Fatal(err)
		}
		got[s.table(collector, at)[0].url] = s.table(collector, at)[1].name()
		got[s.changes(collector, at, at)[0].url] = s.changes(collector, at, at)[0].path
	}
	want := map[string]string{
		"https://data.ris.ripe.net/rrc23/2026.11/bview.20261122.0800.gz":                   "bview.20261122.0000.gz",
		"https://data.ris.ripe.net/rrc23/2026.11/updates.20261122.1305.gz":                 "rrc23/updates.20261122.1305.gz",
		"https://archive.routeviews.org/bgpdata/2026.11/RIBS/rib.20261122.1200.bz2":        "rib.20261122.1000.bz2",
		"https://archive.routeviews.org/bgpdata/2026.11/UPDATES/updates.20261122.1300.bz2": "route-views2/updates.20261122.1300.bz2",
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("addresses differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
}
