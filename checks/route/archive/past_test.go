package archive

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks/internal/webtest"
	"isitdown/checks/route"
)

// A table alone is that table, of the number that was asked for, and nothing else.
func TestPlayTable(t *testing.T) {
	shelf := risShelf(t)
	f := testFetcher(t, webtest.Start(t, webtest.Fault{}, shelf), t.TempDir())
	var got []string
	fetched := false
	taken, gaps, err := f.PlayTable(t.Context(), "rrc23", noon, 7, func(u *route.Update) error {
		if u.Kind != route.Table || u.Dump != 7 {
			t.Errorf("got an update of kind %d of dump %d", u.Kind, u.Dump)
		}
		got = append(got, u.Prefix.String())
		return nil
	}, func(what string, fetching bool, done, size int64) {
		fetched = fetched || fetching
		if want := "bview.20141222.0800.gz"; !strings.Contains(what, want) || done > size && size >= 0 {
			t.Errorf("got %d of %d bytes of %q", done, size, what)
		}
	})
	if err != nil || len(gaps) > 0 || !taken.Equal(noon.Add(-4*time.Hour)) {
		t.Errorf("got a table of %v, gaps %v, %v", taken, gaps, err)
	}
	if diff := cmp.Diff([]string{"175.45.176.0/24"}, got); diff != "" {
		t.Errorf("prefixes differ (-want +got):\n%s", diff)
	}
	if !fetched {
		t.Error("nobody was told of the fetching")
	}
	if len(shelf.asked) != 1 {
		t.Errorf("asked for %q, want the table alone", shelf.asked)
	}
	clear(shelf.files)
	taken, gaps, err = f.PlayTable(t.Context(), "rrc23", noon.Add(-24*time.Hour), 8, func(*route.Update) error { return nil }, nil)
	if err != nil || len(gaps) != 1 || !taken.IsZero() {
		t.Errorf("where there is no table: got one of %v, gaps %v, %v", taken, gaps, err)
	}
}

// Collectors each come from a moment of their own, in one order of time, and what is not
// published yet is no gap.
func TestPlayChanges(t *testing.T) {
	shelf := risShelf(t)
	for name, data := range shelf.files {
		if other := strings.Replace(name, "rrc23", "rrc24", 1); !strings.Contains(name, "1200") {
			shelf.files[other] = data
		}
	}
	f := testFetcher(t, webtest.Start(t, webtest.Fault{}, shelf), t.TempDir())
	since := map[string]time.Time{"rrc23": noon.Add(7 * time.Minute), "rrc24": noon.Add(-2 * time.Minute)}
	var got []string
	known, gaps, err := f.PlayChanges(t.Context(), since, noon.Add(20*time.Minute), func(u *route.Update) error {
		got = append(got, u.At.Format("15:04 ")+u.Peer.Collector+map[route.Kind]string{route.Routes: " routes", route.Lost: " lost"}[u.Kind])
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"11:56 rrc24 routes", "11:59 rrc24 routes", "12:00 rrc24 lost", "12:05 rrc24 lost", "12:06 rrc23 routes", "12:06 rrc24 routes",
		"12:09 rrc23 routes", "12:09 rrc24 routes", "12:11 rrc23 routes", "12:11 rrc24 routes", "12:14 rrc23 routes", "12:14 rrc24 routes",
		"12:15 rrc23 lost", "12:15 rrc24 lost", "12:25 rrc23 lost", "12:25 rrc24 lost",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("updates differ (-want +got):\n%s", diff)
	}
	if until := noon.Add(25 * time.Minute); !known["rrc23"].Equal(until) || !known["rrc24"].Equal(until) {
		t.Errorf("known up to %v, want %v: what is missing for years will not come", known, until)
	}
	if len(gaps) != 3 {
		t.Errorf("got gaps %q", gapTexts(gaps))
	}
}

// What is young and not there is waited for by whoever asks: nothing is said of it.
func TestPlayChangesYoung(t *testing.T) {
	first := time.Now().UTC().Add(-time.Hour).Truncate(5 * time.Minute)
	shelf := &shelf{files: map[string][]byte{}}
	for i := range 6 { // the last half hour is not there
		start := first.Add(time.Duration(i) * 5 * time.Minute)
		shelf.files["/rrc23"+start.Format("/2006.01/updates.20060102.1504.gz")] = zipped(t, newRecorder(t).announce(start.Sub(noon)+time.Second, peerA, "175.45.177.0/24").buf.Bytes())
	}
	f := testFetcher(t, webtest.Start(t, webtest.Fault{}, shelf), t.TempDir())
	since := map[string]time.Time{"rrc23": first, "rrc00": first}
	known, gaps, err := f.PlayChanges(t.Context(), since, time.Now(), func(*route.Update) error { return nil }, nil)
	if err != nil || len(gaps) > 0 {
		t.Errorf("got gaps %q, %v", gapTexts(gaps), err)
	}
	want := map[string]time.Time{"rrc23": first.Add(30 * time.Minute), "rrc00": first}
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("what is known differs (-want +got):\n%s", diff)
	}
}

// What the caller cannot take ends it, and a name that is none is the caller's.
func TestPlayEnds(t *testing.T) {
	f := testFetcher(t, webtest.Start(t, webtest.Fault{}, risShelf(t)), t.TempDir())
	stop := errors.New("enough")
	fail := func(*route.Update) error { return stop }
	if _, _, err := f.PlayTable(t.Context(), "rrc23", noon, 1, fail, nil); !errors.Is(err, stop) {
		t.Errorf("a table: got %v, want emit's error", err)
	}
	if _, _, err := f.PlayChanges(t.Context(), map[string]time.Time{"rrc23": noon}, noon.Add(time.Minute), fail, nil); !errors.Is(err, stop) {
		t.Errorf("updates: got %v, want emit's error", err)
	}
	if _, _, err := f.PlayTable(t.Context(), "my router", noon, 1, fail, nil); err == nil || f.Knows("my router") {
		t.Error("there is a collector named my router")
	}
	if !slices.ContainsFunc([]string{"rrc00", "route-views2"}, f.Knows) {
		t.Error("rrc00 is not known")
	}
}
