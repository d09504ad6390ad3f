package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

// published makes the list of a registry with n records for one day.
func published(registry string, day time.Time, n int) string {
	var b strings.Builder
	date := day.Format("20060102")
	fmt.Fprintf(&b, "# a banner\n2.3|%s|%s|%d|19700101|%s|+0000\n", registry, date, n, date)
	fmt.Fprintf(&b, "%s|*|asn|*|1|summary\n%s|*|ipv4|*|%d|summary\n%s|*|ipv6|*|1|summary\n", registry, registry, n-2, registry)
	fmt.Fprintf(&b, "%s|TO|asn|64500|1|20200101|allocated|id\n%s|TO|ipv6|2001:db8::|32|20200101|allocated|id\n", registry, registry)
	for i := range n - 2 {
		status := "allocated"
		if i%10 == 9 {
			status = "available"
		}
		fmt.Fprintf(&b, "%s|TO|ipv4|10.%d.%d.0|256|20200101|%s|id\n", registry, i>>8, i&255, status)
	}
	return b.String()
}

// publisher serves lists that can be changed.
type publisher struct {
	mu    sync.Mutex
	lists map[string]string // by path
}

func (p *publisher) set(path, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lists[path] = text
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	text, ok := p.lists[r.URL.Path]
	p.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, crc32.ChecksumIEEE([]byte(text))))
	http.ServeContent(w, r, "list.txt", time.Time{}, strings.NewReader(text))
}

func refreshOptions(s *webtest.Server, sources ...Source) RefreshOptions {
	for i := range sources {
		sources[i].URL = s.URL + "/" + sources[i].Name
	}
	return RefreshOptions{
		HTTP: s.Client, UserAgent: "isitdown/test", Sources: sources, Every: time.Nanosecond,
		Timeout: time.Second, Attempts: 2, Backoff: time.Millisecond, MaxBytes: 4 << 20,
	}
}

var today = time.Now().UTC().Truncate(24 * time.Hour)

const hundredLeast = 100

func outcomes(r Report) string {
	var out []string
	for _, l := range r.Lists {
		out = append(out, l.Source.Name+" "+string(l.Outcome))
	}
	return strings.Join(out, ", ")
}

func TestRefresh(t *testing.T) {
	webtest.NoLeaks(t)
	p := &publisher{lists: map[string]string{
		"/apnic":   published("apnic", today.AddDate(0, 0, -1), 1000),
		"/asnames": strings.Repeat("64500 TONGA-AS, TO\n", 1) + "64501 FIJI-AS Fiji, FJ\n",
	}}
	s := webtest.Start(t, webtest.Fault{}, p)
	dir := filepath.Join(t.TempDir(), "cache", "lists")
	o := refreshOptions(s, Source{Name: "apnic", Least: hundredLeast}, Source{Name: "asnames", Names: true, Least: 2}, Source{Name: "arin", Least: hundredLeast})
	refresh := func(want string) Report {
		t.Helper()
		report, err := Refresh(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := outcomes(report); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		return report
	}
	report := refresh("apnic updated, asnames updated, arin failed")
	want := []checks.Gap{{Check: "registry", Reason: "the registry list of arin could not be refreshed (the server of the registry arin has nothing of that name (HTTP status 404), saying \"404 page not found\"): there is no earlier one, so what stands in it is not known"}}
	if diff := cmp.Diff(want, said(report)); diff != "" {
		t.Errorf("gaps differ (-want +got):\n%s", diff)
	}
	files, err := Kept(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("got files %q, %v, want two", files, err)
	}
	r, err := Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.ASName(64500); got != "TONGA-AS" || len(r.Problems()) > 0 || len(footprint(t, r, "TO").Prefixes) == 0 {
		t.Errorf("got name %q, problems %q", got, reasons(r))
	}
	private(t, dir)

	p.set("/arin", published("arin", today, 500))
	refresh("apnic unchanged, asnames unchanged, arin updated")
	p.set("/apnic", published("apnic", today, 1001))
	report = refresh("apnic updated, asnames unchanged, arin unchanged")
	if l := report.Lists[0]; !l.Date.Equal(today) || l.Records != 902 || l.Transferred == 0 {
		t.Errorf("got %+v, want the list of %v", l, today)
	}
	if report.Lists[1].Transferred != 0 {
		t.Errorf("got %d bytes of a list that has not changed, want none", report.Lists[1].Transferred)
	}
	o.Every = time.Hour
	before := s.Requests.Load()
	refresh("apnic not due, asnames not due, arin not due")
	if n := s.Requests.Load() - before; n != 0 {
		t.Errorf("got %d requests for lists that are not due, want none", n)
	}
	// What is damaged on disk is fetched anew.
	if files, err = Kept(dir); err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	if err := os.Truncate(files[0], 100); err != nil {
		t.Fatal(err)
	}
	refresh("apnic updated, asnames not due, arin not due")
}

// private fails the test where others may look into the folder.
func private(t *testing.T, dir string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, name := range append(all, dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, want it for its owner alone", name, info.Mode())
		}
	}
}

// What is not a whole list, or not the next one, does not take the place of one.
func TestRefreshRefuses(t *testing.T) {
	good := published("apnic", today.AddDate(0, 0, -1), 1000)
	tests := []struct{ name, list, say string }{
		{"cut off", good[:len(good)/2], "its summary counts"},
		{"header that counts otherwise", strings.Replace(good, "|1000|1970", "|2000|1970", 1), "its header counts 2000"},
		{"another registry's", published("arin", today, 1000), `it is the list of "arin", not of apnic`},
		{"two lists", good + good, "it holds 2 lists"},
		{"much smaller", published("apnic", today, 700), "more than 20 % are gone at once"},
		{"older", published("apnic", today.AddDate(0, 0, -2), 1000), "older than the one that is kept"},
		{"of the future", published("apnic", today.AddDate(0, 0, 4), 1000), "yet to come"},
		{"too small to be one", published("apnic", today, 90), "should be at least 100"},
		{"unreadable", strings.ReplaceAll(good, "|ipv4|10.1", "|ipv4|x"), "its summary counts"},
		{"no header", strings.SplitN(good, "\n", 3)[2], `it is the list of ""`},
		{"no summary", strings.ReplaceAll(good, "summary", "sum"), "it has no summary"},
		{"a page", "<html>login</html>", "no record of delegated statistics"},
		{"nothing", "", "empty"},
		{"names", "1 LVLT, US\n", "no record of delegated statistics"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &publisher{lists: map[string]string{"/apnic": good}}
			s := webtest.Start(t, webtest.Fault{}, p)
			dir := t.TempDir()
			o := refreshOptions(s, Source{Name: "apnic", Least: hundredLeast})
			if _, err := Refresh(t.Context(), dir, o); err != nil {
				t.Fatal(err)
			}
			p.set("/apnic", tt.list)
			report, err := Refresh(t.Context(), dir, o)
			if err != nil {
				t.Fatal(err)
			}
			l := report.Lists[0]
			if l.Outcome != Failed || l.Err == nil || !strings.Contains(l.Err.Error(), tt.say) {
				t.Fatalf("got %q, error %v, want one that says %q", l.Outcome, l.Err, tt.say)
			}
			webtest.Said(t, said(report))
			if !strings.Contains(l.Gap.Reason, "one day old, is used instead") {
				t.Errorf("got gap %q, want what is used instead", l.Gap.Reason)
			}
			files, err := Kept(dir)
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if data, err := os.ReadFile(files[0]); err != nil || string(data) != good {
				t.Errorf("the list that was there is not there any more (%v)", err)
			}
		})
	}
}

// Every fault of a server leaves the list that was there, and is said.
func TestRefreshFaults(t *testing.T) {
	good := published("apnic", today, 1000)
	dir := t.TempDir()
	first := webtest.Start(t, webtest.Fault{}, &publisher{lists: map[string]string{"/apnic": good}})
	if _, err := Refresh(t.Context(), dir, refreshOptions(first, Source{Name: "apnic", Least: hundredLeast})); err != nil {
		t.Fatal(err)
	}
	next := &publisher{lists: map[string]string{"/apnic": published("apnic", today, 1100)}}
	webtest.Each(t, next, func(ctx context.Context, t *testing.T, s *webtest.Server, f webtest.Fault) []checks.Gap {
		dir := clone(t, dir)
		report, err := Refresh(ctx, dir, refreshOptions(s, Source{Name: "apnic", Least: hundredLeast}))
		if err != nil {
			t.Fatal(err)
		}
		// A comment behind a whole list is one line that is none.
		if want := map[bool]Outcome{false: Failed, true: Updated}[f.Answers || f.Name == "bytes after the JSON"]; report.Lists[0].Outcome != want {
			t.Errorf("got %q (%v), want %q", report.Lists[0].Outcome, report.Lists[0].Err, want)
		}
		if files, err := Kept(dir); err != nil || len(files) != 1 {
			t.Errorf("got files %q and error %v, want one list", files, err)
		}
		return said(report)
	})
}

// said gives the gaps of a refresh.
func said(r Report) (gaps []checks.Gap) {
	for _, l := range r.Lists {
		if l.Gap != nil {
			gaps = append(gaps, *l.Gap)
		}
	}
	return gaps
}

func clone(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Several refresh and read one folder at once, while the list changes.
func TestRefreshTogether(t *testing.T) {
	p := &publisher{lists: map[string]string{"/apnic": published("apnic", today, 1000)}}
	s := webtest.Start(t, webtest.Fault{}, p)
	dir := t.TempDir()
	o := refreshOptions(s, Source{Name: "apnic", Least: hundredLeast})
	if _, err := Refresh(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := range 5 {
				p.set("/apnic", published("apnic", today, 1000+10*n+i))
				report, err := Refresh(t.Context(), dir, o)
				if err != nil || report.Lists[0].Outcome == Failed {
					t.Errorf("got %v, %+v", err, report.Lists[0])
				}
			}
		})
		group.Go(func() {
			for range 20 {
				files, err := Kept(dir)
				if err != nil || len(files) != 1 {
					t.Errorf("got files %q, %v, want one", files, err)
					return
				}
				r, err := Load(files...)
				if err != nil || len(r.Problems()) > 0 {
					t.Errorf("got %v, problems %q", err, reasons(r))
					return
				}
			}
		})
	}
	group.Wait()
}

func TestKeptOddities(t *testing.T) {
	if files, err := Kept(filepath.Join(t.TempDir(), "missing")); err != nil || len(files) > 0 {
		t.Errorf("got %q, %v for a folder that is not there, want nothing", files, err)
	}
	dir := t.TempDir()
	list := []byte(published("apnic", today, 200))
	k := kept{Version: keptVersion, Name: "apnic", File: "apnic-1.txt", Bytes: int64(len(list))}
	if err := os.WriteFile(filepath.Join(dir, k.File), list, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(*kept){
		"of a newer version": func(k *kept) { k.Version++ },
		"of another name":    func(k *kept) { k.Name = "arin" },
		"outside the folder": func(k *kept) { k.File = "../" + filepath.Base(dir) + "/apnic-1.txt" },
		"of another size":    func(k *kept) { k.Bytes-- },
		"a folder":           func(k *kept) { k.File = "." },
	} {
		odd := k
		alter(&odd)
		data, err := json.Marshal(odd)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "apnic.json"), data, 0o600)
		if files, err := Kept(dir); err != nil || len(files) > 0 {
			t.Errorf("%s: got %q, %v, want nothing", name, files, err)
		}
	}
	for _, name := range []string{"", "..", "a/b", "A", "apnic.json"} {
		if _, err := Refresh(t.Context(), dir, RefreshOptions{Sources: []Source{{Name: name}}}); err == nil {
			t.Errorf("got no error for a list called %q", name)
		}
	}
}

func TestStale(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	fp := checks.Footprint{Target: checks.Country("TO")}
	fp.AsOf = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	gap, ok := StaleFootprint(&fp, now)
	if want := "what is registered to TO is as of 1 February 2026, 28 days before: what was registered since is not known"; !ok || gap.Reason != want {
		t.Errorf("got %q, want %q", gap.Reason, want)
	}
	if _, ok := StaleFootprint(&fp, fp.AsOf.Add(StaleAfter)); ok {
		t.Error("a list of seven days is called old")
	}
}

// The real lists pass, one after the other, as they were published.
func TestRefreshRealLists(t *testing.T) {
	p := &publisher{lists: map[string]string{}}
	s := webtest.Start(t, webtest.Fault{}, p)
	dir := t.TempDir()
	for _, file := range realFiles(t, "delegated-*.txt.gz") { // by registry, the older first
		name := strings.Split(filepath.Base(file), "-")[1]
		p.set("/"+name, plainText(t, file))
		report, err := Refresh(t.Context(), dir, refreshOptions(s, Source{Name: name, Least: leastRecords}))
		if err != nil || report.Lists[0].Outcome != Updated {
			t.Errorf("%s: got %v, %+v", file, err, report.Lists[0])
		}
	}
	files, err := Kept(dir)
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	r, err := Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	if fp := footprint(t, r, "KP"); prefixStrings(fp) != "175.45.176.0/22" || fp.AsOf.Format(time.DateOnly) != "2026-02-14" {
		t.Errorf("got %v", fp)
	}
}

func plainText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
