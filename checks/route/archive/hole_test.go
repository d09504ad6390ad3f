package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// chatter announces a route every few seconds.
func (r *recorder) chatter(from, to, every time.Duration) *recorder {
	for at := from; at <= to; at += every {
		r.announce(at, peerA, "192.0.2.0/24")
	}
	return r
}

// reasons gives what a recording says could not be used, after it was played.
func reasons(rec *Recording) string {
	var out []string
	for _, g := range rec.Gaps() {
		out = append(out, g.Reason)
	}
	return strings.Join(out, "\n")
}

func lostAt(t *testing.T, rec *Recording) (times []string) {
	for _, line := range played(t, rec, time.Time{}) {
		if at, ok := strings.CutSuffix(line, " rrc00 lost"); ok {
			times = append(times, at)
		}
	}
	return times
}

// TestMissingFile: what happened in a file that was not given is not known, so
// what its sessions held before must not stand as if nothing had been missed.
func TestMissingFile(t *testing.T) {
	minute := time.Minute
	tests := []struct {
		name     string
		from, to time.Duration // of the second file
		every    time.Duration
		want     string
	}{
		{"one after the other", 5 * minute, 10 * minute, 10 * time.Second, ""},
		{"a file between them is missing", 10 * minute, 15 * minute, 10 * time.Second, "12:04:50 12:10:00"},
		{"a quiet router", 10 * minute, 20 * minute, 2 * minute, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := newRecorder(t).chatter(0, 5*minute-tt.every/2, tt.every).file("rrc00.first", 0)
			second := newRecorder(t).chatter(tt.from, tt.to, tt.every).file("rrc00.second", 0)
			rec := open(t, first, second)
			got := strings.Join(lostAt(t, rec), " ")
			if got != tt.want {
				t.Errorf("lost at %q, want %q", got, tt.want)
			}
			if told := strings.Contains(reasons(rec), "seems to be missing"); told != (tt.want != "") {
				t.Errorf("the gaps are %q", reasons(rec))
			}
		})
	}
}

// TestStrayTimes: one damaged time must not make everything else look silent for
// decades, or begin an outage in 1970.
func TestStrayTimes(t *testing.T) {
	decades := 80 * 366 * 24 * time.Hour
	r := newRecorder(t).announce(0, peerA, "192.0.2.0/24").announce(decades, peerA, "192.0.2.0/24").
		announce(time.Minute, peerB, "192.0.2.0/24")
	r.check(r.w.StateChange(time.Unix(0, 0), peerB, local, 6, 1))
	rec := open(t, r.file("rrc00.mrt", 0))
	compare(t, played(t, rec, time.Time{}),
		"12:00:00 rrc00 AS3356 announces 192.0.2.0/24", "12:01:00 rrc00 AS1299 announces 192.0.2.0/24")
	if got, want := reasons(rec), "rrc00.mrt: 2 records were left out because of their time, which is before 1980 or more than a year from the first record's"; got != want {
		t.Errorf("gaps: %q, want %q", got, want)
	}
}

func TestClockNeverSet(t *testing.T) {
	r := newRecorder(t)
	r.check(r.w.StateChange(time.Unix(0, 0), peerB, local, 6, 1))
	_, err := Open([]string{r.file("rrc00.mrt", 0)})
	if err == nil || !strings.Contains(err.Error(), "clock") {
		t.Errorf("opening a file of 1970: %v, want an error that speaks of the clock", err)
	}
}

func TestFileGivenTwice(t *testing.T) {
	file := newRecorder(t).announce(0, peerA, "192.0.2.0/24").file("rrc00.mrt", 0)
	link := filepath.Join(t.TempDir(), "rrc00.link")
	if err := os.Symlink(file, link); err != nil {
		t.Skip("set up a file system with symbolic links to run this test")
	}
	rec := open(t, file, link, file)
	compare(t, played(t, rec, time.Time{}), "12:00:00 rrc00 AS3356 announces 192.0.2.0/24")
	if got, want := reasons(rec), "rrc00.link was given twice and is read once\nrrc00.mrt was given twice and is read once"; got != want {
		t.Errorf("gaps: %q, want %q", got, want)
	}
}
