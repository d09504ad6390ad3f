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

// A clock that was set a year ahead and put right again is no reason to overlook a loss, nor to
// forget one.
func TestClockIsPutRight(t *testing.T) {
	w := newSmall(t, 24)
	w.dump(four())
	w.pass(2 * time.Hour)
	lost := w.now
	w.lose(w.peers...)
	w.pass(time.Minute)
	w.state.Tick(w.now.AddDate(1, 0, 0))
	w.state.Tick(w.now)
	w.announce("31.0.0.0/16", 901, 31, w.peers...) // a sign of life of each session
	w.pass(5 * time.Second)
	if v := w.verdict(net30); v.State != checks.Down || !v.Onset.Half.Equal(lost) {
		t.Errorf("what was lost before is %v since %v, want down since %v", v.State, v.Onset.Half, lost)
	}
	lost = w.now
	for _, p := range []string{"30.0.2.0/24", "30.0.3.0/24"} {
		w.withdraw(p, w.peers...)
	}
	w.pass(time.Minute)
	if v := w.verdict(checks.Network(33)); v.State != checks.Down || !v.Onset.Half.Equal(lost) {
		t.Errorf("what was lost after is %v since %v, want down since %v", v.State, v.Onset.Half, lost)
	}
	w.end(w.peers[:20]...)
	w.pass(time.Minute)
	if v := w.verdict(net30); v.State != checks.Unknown {
		t.Errorf("%v with four vantage points, for nobody looked who votes", v.State)
	}
}
