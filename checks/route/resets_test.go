package route

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// What becomes of sessions hours after a loss, or between two, casts no doubt on it; and
// what did at the time does so for good, however often they flap since.
func TestResetsLongAfterTheLoss(t *testing.T) {
	flaps := func(from, n int) string {
		var b strings.Builder
		for k := range n {
			fmt.Fprintf(&b, "%dm down 7\n%dm up 7\n%dm resend 7 10.99.0.0/24\n", from+10*k, from+10*k+1, from+10*k+1)
		}
		return b.String()
	}
	for name, tt := range map[string]struct {
		script string
		want   int
	}{
		"long after":               {"4h withdraw 1-20 k1 k2 k3 k4\n5h down 1-3\n5h2m up 1-3\n", 0},
		"soon after":               {"4h withdraw 1-20 k1 k2 k3 k4\n4h14m down 1-3\n", 3},
		"at the time and later":    {"4h withdraw 1-20 k1 k2 k3 k4\n4h2m down 7\n4h3m up 7\n4h3m resend 7 10.99.0.0/24\n5h down 7\n5h1m up 7\n5h1m resend 7 10.99.0.0/24\n", 1},
		"at the time, often since": {"4h withdraw 1-20 k1 k2 k3 k4\n4h2m down 7\n4h3m up 7\n4h3m resend 7 10.99.0.0/24\n" + flaps(5*60, 9), 1},
		"at the first of two":      {"3h20m withdraw 1-20 k1\n3h21m down 7\n3h22m up 7\n3h22m resend 7 10.99.0.0/24\n4h30m withdraw 1-20 k2 k3 k4\n", 1},
		"between two":              {"3h20m withdraw 1-20 k1\n3h50m down 7\n3h51m up 7\n3h51m resend 7 10.99.0.0/24\n4h30m withdraw 1-20 k2 k3 k4\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := watching(t).play(steadyOthers).play(tt.script + "6h59m beat 1-20\n")
			_, vantage, list := d.watch.Observe(began.Add(7 * time.Hour))
			if vantage.Resets != tt.want {
				t.Errorf("got %d resets, want %d (%s)", vantage.Resets, tt.want, crossed(list[0].Lost))
			}
		})
	}
}

// A loss that is complete, of a session that never said when, gives no time.
func TestLossPeriods(t *testing.T) {
	at := func(minute int) time.Time { return began.Add(time.Duration(minute) * time.Minute) }
	lost := func(first, half, ninety int) checks.Observation {
		return checks.Observation{Asked: 10, Seen: 1, Lost: checks.Crossing{First: at(first), Half: at(half), Ninety: at(ninety)}}
	}
	back := lost(500, 501, 502)
	back.Seen = 10
	got := lossPeriods([]checks.Observation{lost(100, 101, 110), {Asked: 10}, lost(0, 1, 2), lost(20, 21, 22), back})
	want := []period{{stampOf(at(-15)), stampOf(at(37))}, {stampOf(at(85)), stampOf(at(125))}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}
