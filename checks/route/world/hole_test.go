package world

import (
	"fmt"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// A loss is not over because nobody could be asked for some time: when the vantage points are
// back and still lack it, it is the same loss, and at no moment is anything up.
func TestLossOutlivesTheVantagePoints(t *testing.T) {
	tests := map[string]func(w *small){
		"the feeds have a hole": func(w *small) {
			for i := range 3 {
				w.apply(route.Update{Kind: route.Lost, Peer: route.Peer{Collector: fmt.Sprintf("rrc%02d", i)}})
			}
		},
		"all sessions end and send their tables": func(w *small) {
			w.end(w.peers...)
			for _, p := range w.peers {
				w.apply(route.Update{Kind: route.PeerUp, Peer: p})
			}
			for p, origin := range four() {
				if origin != 30 {
					w.announce(p, 901, origin, w.peers...)
				}
			}
		},
		"one still has it": func(w *small) {
			w.announce("30.0.0.0/24", 900, 30, w.peers[0])
			w.pass(time.Minute)
			for i := range 3 {
				w.apply(route.Update{Kind: route.Lost, Peer: route.Peer{Collector: fmt.Sprintf("rrc%02d", i)}})
			}
		},
	}
	for name, happens := range tests {
		t.Run(name, func(t *testing.T) {
			w := newSmall(t, 24)
			w.dump(four())
			w.pass(2 * time.Hour)
			lost := w.now
			w.lose(w.peers...)
			w.pass(5 * time.Minute)
			happens(w)
			unknown := 0
			var v checks.Verdict
			for range 14 * 60 {
				w.pass(time.Second)
				switch v = w.verdict(net30); v.State {
				case checks.Unknown:
					unknown++
				case checks.Up:
					t.Fatalf("up at %v, %d of %d vantage points vote", w.now, v.Vantage.Voting, len(w.peers))
				}
			}
			if unknown < 60 || v.State == checks.Unknown || !v.Onset.Half.Equal(lost) {
				t.Errorf("after %d s of not knowing it is %v since %v, want a loss since %v", unknown, v.State, v.Onset.Half, lost)
			}
			if v := w.verdict(checks.Network(33)); v.State != checks.Up {
				t.Errorf("AS33, of which nothing was lost, is %v", v.State)
			}
		})
	}
}
