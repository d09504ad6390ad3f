package bot

import (
	"testing"
	"time"

	"isitdown/checks"
)

// What a change leads to shows when it has settled, which may be soon: whoever looks in
// longer steps must look once more after it, or he sees nothing for minutes.
func TestWatchLooksWhenSettled(t *testing.T) {
	for _, tt := range []struct {
		settle, beat time.Duration
		want         int // looks after the change
	}{
		{time.Second, 5 * time.Second, 2},
		{3 * time.Second, 5 * time.Second, 2},
		{30 * time.Second, 5 * time.Second, 10}, // each beat up to half as much again
		{30 * time.Second, 10 * time.Second, 5},
		{30 * time.Second, time.Minute, 2},
	} {
		revision, changed := 1, time.Time{}
		var looks []time.Time
		seen := checks.Unknown
		w := &Watch{
			Settle: tt.settle, Revision: func() int { return revision }, Freeze: func(bool, time.Time) {},
			Assess: func(now time.Time) checks.Verdict {
				looks = append(looks, now)
				seen = checks.Up
				if !changed.IsZero() && now.Sub(changed) >= tt.settle {
					seen = checks.Degraded
				}
				return checks.Verdict{Target: checks.Country("KP"), At: now, State: seen}
			},
			Policy: Policy{Suspect: time.Hour, Open: time.Hour},
		}
		start := time.Date(2014, 12, 22, 16, 1, 0, 0, time.UTC) // no idle target has its turn for three minutes
		now := start
		step := func(d time.Duration) {
			for end := now.Add(d); now.Before(end); now = now.Add(tt.beat) {
				w.Step(now)
			}
		}
		step(time.Minute)
		looks = nil
		changed, revision = now.Add(-time.Millisecond), 2
		step(2 * time.Minute)
		if len(looks) != tt.want || seen != checks.Degraded {
			t.Errorf("settle %s, looked at every %s: %d looks, %s at last; want %d, degraded: %v", tt.settle, tt.beat, len(looks), seen, tt.want, looks)
		}
	}
}
