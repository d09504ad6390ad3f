package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/web"
	"isitdown/checks/internal/webtest"
)

// files is a file server whose file can be changed, and which can break off.
type files struct {
	mu       sync.Mutex
	data     []byte
	etag     string
	modified time.Time
	limit    int // bytes of an answer, after which it breaks off; zero is all
	noRange  bool
	asked    []string // of each request: Range, If-Range, If-None-Match
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	data, etag, limit, noRange := f.data, f.etag, f.limit, f.noRange
	f.asked = append(f.asked, strings.TrimSpace(strings.Join([]string{r.Header.Get("Range"), r.Header.Get("If-Range"), r.Header.Get("If-None-Match")}, " ")))
	f.mu.Unlock()
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	if noRange {
		r.Header.Del("Range")
	}
	if limit > 0 {
		w = &breaking{w, limit}
	}
	http.ServeContent(w, r, "file", f.modified, bytes.NewReader(data))
}

// breaking hangs up after so many bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if len(p) >= b.left {
		b.ResponseWriter.Write(p[:b.left])
		http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	b.left -= len(p)
	return b.ResponseWriter.Write(p)
}

func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// same fails the test where the file is not what it should be, or something else
// lies beside it.
func same(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got a file of %d bytes and error %v, want the %d of the server", len(got), err, len(want))
	}
	rest, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(rest) != 1 {
		t.Errorf("got files %q, want one", rest)
	}
}

func TestDownloadResumes(t *testing.T) {
	for _, noRange := range []bool{false, true} {
		t.Run(fmt.Sprintf("noRange=%v", noRange), func(t *testing.T) {
			webtest.NoLeaks(t)
			f := &files{data: noise(1_000_000, 1), etag: `"one"`, limit: 300_000, noRange: noRange}
			s := webtest.Start(t, webtest.Fault{}, f)
			d := web.Download{URL: s.URL + "/file", Path: filepath.Join(t.TempDir(), "file"), MaxBytes: 1 << 20}
			got, err := web.New(impatient(s)).Download(t.Context(), d)
			if noRange {
				// It never gets farther than the first time.
				if kind(err) != web.Truncated {
					t.Fatalf("got error %v, want it cut off", err)
				}
				f.limit = 0
				got, err = web.New(impatient(s)).Download(t.Context(), d)
			}
			if err != nil || got.Bytes != 1_000_000 || got.ETag != `"one"` {
				t.Errorf("got %+v and error %v", got, err)
			}
			same(t, d.Path, f.data)
			if want := []string{"", `bytes=300000- "one"`, `bytes=600000- "one"`, `bytes=900000- "one"`}; !noRange && cmp.Diff(want, f.asked) != "" {
				t.Errorf("requests differ (-want +got):\n%s", cmp.Diff(want, f.asked))
			}
		})
	}
}

// What one program began another goes on with, unless the file is another by now.
func TestDownloadGoesOn(t *testing.T) {
	tests := []struct {
		name        string
		change      func(*files)
		transferred int64
	}{
		{"the same file", func(*files) {}, 600_000},
		{"another file of the same length", func(f *files) { f.data, f.etag = noise(1_000_000, 2), `"two"` }, 1_000_000},
		{"a shorter one", func(f *files) { f.data, f.etag = noise(100_000, 2), `"two"` }, 100_000},
		{"a server that knows no ranges any more", func(f *files) { f.noRange = true }, 1_000_000},
		{"no name for what it is", func(f *files) { f.etag = "" }, 1_000_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &files{data: noise(1_000_000, 1), etag: `"one"`, limit: 400_000}
			s := webtest.Start(t, webtest.Fault{}, f)
			d := web.Download{URL: s.URL + "/file", Path: filepath.Join(t.TempDir(), "file"), MaxBytes: 1 << 20}
			ctx, cancel := context.WithCancel(t.Context())
			d.Progress = func(got, size int64) {
				if got >= 400_000 {
					cancel()
				}
			}
			if _, err := web.New(impatient(s)).Download(ctx, d); err == nil {
				t.Fatal("got no error for a download that is given up")
			}
			d.Progress, f.limit = nil, 0
			tt.change(f)
			got, err := web.New(impatient(s)).Download(t.Context(), d)
			if err != nil || got.Transferred != tt.transferred || got.Bytes != int64(len(f.data)) {
				t.Errorf("got %+v and error %v, want %d bytes transferred", got, err, tt.transferred)
			}
			same(t, d.Path, f.data)
		})
	}
}

// A part that is the whole file already is not fetched again; one that cannot be
// a part of it is.
func TestDownloadPartOddities(t *testing.T) {
	data := noise(50_000, 1)
	for name, part := range map[string][]byte{"whole": data, "longer": noise(60_000, 2), "empty": nil} {
		f := &files{data: data, etag: `"one"`}
		s := webtest.Start(t, webtest.Fault{}, f)
		d := web.Download{URL: s.URL + "/file", Path: filepath.Join(t.TempDir(), "file"), MaxBytes: 1 << 20}
		write(t, d.Path+".part", part)
		write(t, d.Path+".part.json", []byte(`{"url":`+strconv.Quote(d.URL)+`,"etag":"\"one\""}`))
		if _, err := web.New(impatient(s)).Download(t.Context(), d); err != nil {
			t.Errorf("%s: got error %v", name, err)
		}
		same(t, d.Path, data)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDownloadUnchanged(t *testing.T) {
	f := &files{data: noise(1000, 1), etag: `"one"`, modified: time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)}
	s := webtest.Start(t, webtest.Fault{}, f)
	c := web.New(impatient(s))
	d := web.Download{URL: s.URL + "/file", Path: filepath.Join(t.TempDir(), "file"), MaxBytes: 1 << 20}
	first, err := c.Download(t.Context(), d)
	if err != nil || first.LastModified != "Mon, 04 May 2026 00:00:00 GMT" {
		t.Fatalf("got %+v, %v", first, err)
	}
	again, err := c.Download(t.Context(), d)
	if err != nil || !again.Present || len(f.asked) != 1 {
		t.Errorf("got %+v, %v after %d requests, want nothing asked for a file that is there", again, err, len(f.asked))
	}
	d.Path, d.ETag, d.LastModified = d.Path+"2", first.ETag, first.LastModified
	third, err := c.Download(t.Context(), d)
	if err != nil || !third.NotModified || third.ETag != first.ETag {
		t.Errorf("got %+v, %v, want it not modified", third, err)
	}
	same(t, strings.TrimSuffix(d.Path, "2"), f.data)
}

// What is refused when it is whole leaves nothing behind, nor does what is too large.
func TestDownloadRefused(t *testing.T) {
	f := &files{data: noise(1000, 1), etag: `"one"`}
	s := webtest.Start(t, webtest.Fault{}, f)
	refuse := errors.New("this is no list")
	for name, d := range map[string]web.Download{
		"commit": {MaxBytes: 1000, Commit: func(part string, d web.Downloaded) error {
			if data, err := os.ReadFile(part); err != nil || len(data) != 1000 || d.ETag != f.etag {
				t.Errorf("got %d bytes, %+v, %v", len(data), d, err)
			}
			return refuse
		}},
		"size": {MaxBytes: 999},
	} {
		d.URL, d.Path = s.URL+"/file", filepath.Join(t.TempDir(), "file")
		_, err := web.New(impatient(s)).Download(t.Context(), d)
		if !errors.Is(err, refuse) && kind(err) != web.TooLarge {
			t.Errorf("%s: got error %v", name, err)
		}
		if rest, _ := filepath.Glob(filepath.Dir(d.Path) + "/*"); len(rest) > 0 {
			t.Errorf("%s: got files %q, want none", name, rest)
		}
	}
}

// Several who want the same file have it fetched once.
func TestDownloadTogether(t *testing.T) {
	f := &files{data: noise(2_000_000, 1), etag: `"one"`}
	s := webtest.Start(t, webtest.Fault{}, f)
	path := filepath.Join(t.TempDir(), "file")
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if _, err := web.New(impatient(s)).Download(t.Context(), web.Download{URL: s.URL, Path: path, MaxBytes: 1 << 22}); err != nil {
				t.Errorf("got error %v", err)
			}
		})
	}
	group.Wait()
	same(t, path, f.data)
	if n := s.Requests.Load(); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

// Files meet the same faults as answers do.
func TestDownloadFaults(t *testing.T) {
	f := &files{data: noise(100, 1), etag: `"one"`}
	webtest.Each(t, f, func(ctx context.Context, t *testing.T, s *webtest.Server, fault webtest.Fault) []checks.Gap {
		c := web.New(impatient(s))
		d := web.Download{URL: s.URL + "/file", Path: filepath.Join(t.TempDir(), "file"), MaxBytes: 1 << 20}
		d.Commit = func(part string, _ web.Downloaded) error {
			if data, err := os.ReadFile(part); err != nil || !bytes.Equal(data, f.data) {
				return errors.New("it is not the file")
			}
			return nil
		}
		got, err := c.Download(ctx, d)
		switch {
		case fault.Answers:
			same(t, d.Path, f.data)
			err = c.Skewed(web.Reply{Skew: got.Skew})
		case fault.Data:
			if kind(err) != "not an *Error: it is not the file" {
				t.Errorf("got error %v, want what Commit said", err)
			}
		case string(kind(err)) != fault.Kind:
			t.Errorf("got error %v, want kind %q", err, fault.Kind)
		}
		return []checks.Gap{web.Gap(err, "things", "Things", "its file is missing")}
	})
}
