package world

import (
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// losses of AS30 are dated by what the sessions say, however late that comes, and whatever the
// clock of another collector shows.
func TestOnsetIsThatOfTheWithdrawals(t *testing.T) {
	tests := map[string]struct {
		late  time.Duration // the stream
		ahead time.Duration // the clock of a collector of its own
	}{
		"at once":                   {0, 0},
		"a stream that is late":     {45 * time.Second, 0},
		"a collector that is ahead": {0, 110 * time.Second},
		"both":                      {20 * time.Second, 110 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newSmall(t, 24)
			w.dump(four())
			w.pass(2 * time.Hour)
			onset := w.now
			ahead := func(at time.Time) {
				w.state.Apply(&route.Update{Kind: route.Alive, At: at.Add(tt.ahead), Peer: route.Peer{Collector: "ahead"}})
			}
			ahead(onset)
			w.lose(w.peers...)
			clock := onset
			for range 400 { // 40 s
				clock = clock.Add(100 * time.Millisecond)
				w.state.Tick(clock.Add(tt.late))
				ahead(clock)
			}
			v, _ := w.state.Verdict(net30, clock.Add(tt.late))
			if v.State != checks.Down || !v.Onset.Half.Equal(onset) {
				t.Errorf("%s: %v since %v, want down since %v", v.Target, v.State, v.Onset.Half, onset)
			}
		})
	}
}
