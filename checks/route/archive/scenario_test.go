package archive

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/mrt"
)

// heard is a route that a vantage point announced, or lost where path is empty.
type heard struct {
	at   time.Time
	as   checks.ASN
	path string
}

// hear reads the streams of a scenario with the decoder of every recording, and
// gives what each session said about a prefix, the table at the start first.
func hear(t *testing.T, streams []Stream, prefix string) []heard {
	t.Helper()
	want := netip.MustParsePrefix(prefix)
	var out []heard
	for _, st := range streams {
		r := mrt.NewReader(bytes.NewReader(st.Data))
		last := time.Time{}
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", st.Collector, err)
			}
			if rec.Time.Before(last) {
				t.Fatalf("%s: a record of %v comes after one of %v", st.Collector, rec.Time, last)
			}
			last = rec.Time
			for e := range rec.Elements() {
				switch {
				case e.Prefix != want:
				case e.Kind == mrt.Withdraw:
					out = append(out, heard{e.Time, e.PeerAS, ""})
				default:
					out = append(out, heard{e.Time, e.PeerAS, e.Attributes.Path.String()})
				}
			}
		}
		if n, first := r.Problems(); n > 0 {
			t.Fatalf("%s: %d problems, the first %v", st.Collector, n, first)
		}
		if skipped := r.Skipped(); len(skipped) > 0 {
			t.Fatalf("%s: records that are not read: %v", st.Collector, skipped)
		}
	}
	slices.SortStableFunc(out, func(a, b heard) int { return a.at.Compare(b.at) })
	return out
}

// swing is one loss or return of a prefix as a whole.
type swing struct {
	lost              bool
	first, half, last time.Time
	ninety            time.Time
}

// swings follows how many vantage points have the prefix and gives each time at
// which this passed half of them.
func swings(list []heard, voters int) []swing {
	has := map[checks.ASN]bool{}
	var out []swing
	var times []time.Time
	lost := false
	for _, h := range list {
		if had := has[h.as]; had == (h.path != "") {
			continue
		}
		has[h.as] = h.path != ""
		if len(times) > 0 && lost != (h.path == "") {
			times = nil
		}
		lost = h.path == ""
		if times = append(times, h.at); len(times) == voters {
			out = append(out, swing{lost, times[0], times[(voters+1)/2-1], times[voters-1], times[(voters*9+9)/10-1]})
		}
	}
	return out
}

func mustParse(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := ParseScenario("test", bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustStreams(t *testing.T, s *Scenario) []Stream {
	t.Helper()
	streams, err := s.Streams()
	if err != nil {
		t.Fatal(err)
	}
	return streams
}
