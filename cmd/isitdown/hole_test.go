package main

import (
	"testing"
	"time"

	"isitdown/checks/route"
)

// A replay looks at its target in the order of time, and not for every ten seconds
// of years without data.
func TestReplaySkipsLongHoles(t *testing.T) {
	start := time.Date(2016, 8, 11, 16, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		hole time.Duration
		most int
	}{
		{time.Hour, 360},
		{longHole - time.Hour, 122_000},
		{longHole + tick, 122_000},
		{longHole + wakeUp, 122_000},
		{longHole + 2*wakeUp + tick, 122_000},
		{10 * 365 * 24 * time.Hour, 122_000},
	} {
		t.Run(tc.hole.String(), func(t *testing.T) {
			var looks []time.Time
			r := ticks{step: func(now time.Time) error { looks = append(looks, now); return nil }}
			end := start.Add(tc.hole)
			for _, at := range []time.Time{start, end} {
				if err := r.before(&route.Update{Kind: route.PeerUp, At: at}); err != nil {
					t.Fatal(err)
				}
			}
			for i := 1; i < len(looks); i++ {
				if !looks[i].After(looks[i-1]) {
					t.Fatalf("looked at %v after %v", looks[i], looks[i-1])
				}
			}
			if n := len(looks); n == 0 || n > tc.most {
				t.Errorf("looked %d times, want at most %d", n, tc.most)
			}
			if last := looks[len(looks)-1]; !last.Before(end) || end.Sub(last) > tick {
				t.Errorf("looked last at %v, want shortly before %v", last, end)
			}
		})
	}
}
