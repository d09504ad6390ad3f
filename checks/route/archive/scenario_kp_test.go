package archive

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func kp2014(t *testing.T) *Scenario {
	t.Helper()
	s, err := EmbeddedScenario("kp-2014")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// minute drops what the scenario chose itself.
func minute(t time.Time) string { return t.Format("2 Jan 15:04") }

func TestKP2014Outages(t *testing.T) {
	s := kp2014(t)
	if got := s.VantagePoints(); got != 40 {
		t.Fatalf("%d vantage points, want 40", got)
	}
	streams := mustStreams(t, s)
	want := []string{
		"gone 22 Dec 16:15 for 9h31m0s", // Dyn Research, Reuters
		"gone 23 Dec 07:57 for 45s",     // ZDNet: just before 08:00
		"gone 23 Dec 15:41 for 31m0s",   // Dyn Research, USA Today
	}
	for _, prefix := range []string{"175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"} {
		list := swings(hear(t, streams, prefix), 40)
		if list[0].lost || !list[0].last.Equal(s.Start) {
			t.Fatalf("%s: not in all tables at the start: %+v", prefix, list[0])
		}
		var got []string
		for i := len(list) - 6; i < len(list); i += 2 {
			lost, back := list[i], list[i+1]
			got = append(got, "gone "+minute(lost.half)+" for "+back.half.Sub(lost.half).String())
			if d := lost.half.Sub(lost.first); d > 45*time.Second {
				t.Errorf("%s: the first vantage point lost it %v before half of them", prefix, d)
			}
			if d := lost.ninety.Sub(lost.half); d > time.Minute {
				t.Errorf("%s: nine in ten lost it %v after half of them", prefix, d)
			}
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (got, want):\n%s", prefix, diff)
		}
	}
}
