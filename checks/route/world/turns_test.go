package world

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Updates of two collectors, time and questions come at once, and have to give each other their
// turn in the midst of long lists; what is there in the end is as if they had come one by one.
func TestAnswersWhileMuchChanges(t *testing.T) {
	w := newSmall(t, 24)
	prefixes := rooted(plot())
	for n := range 200 {
		prefixes[fmt.Sprintf("34.%d.0.0/16", n)] = 36
	}
	w.dump(prefixes)
	w.pass(2 * time.Hour)
	lists := [2][]route.Update{}
	for round := range 4 {
		for n := range 200 {
			list := []route.NLRI{{Prefix: netip.MustParsePrefix(fmt.Sprintf("34.%d.0.0/16", n))}}
			for i, peer := range w.peers {
				u := route.Update{Kind: route.Routes, At: w.now.Add(time.Duration(round) * time.Second), Peer: peer, Withdrawn: list}
				if round%2 == 1 && n > 0 { // all but one are back in the end
					u.Withdrawn, u.Announced, u.Path = nil, list, path(peer, 900, 36)
				}
				lists[i%2] = append(lists[i%2], u)
			}
		}
	}
	done := make(chan struct{})
	var feeds, others sync.WaitGroup
	for _, list := range lists {
		feeds.Go(func() { w.state.ApplyAll(list) })
	}
	for _, f := range []func(){
		func() { w.state.Tick(w.now) },
		func() { w.state.Verdict(checks.Network(36), w.now) },
		func() { w.state.World(w.now) },
		func() { w.state.Countries(w.now) },
	} {
		others.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					f()
				}
			}
		})
	}
	feeds.Wait()
	close(done)
	others.Wait()
	w.now = w.now.Add(4 * time.Second)
	w.pass(time.Minute)
	v := w.verdict(checks.Network(36))
	if want := (checks.Count{Seen: 199, Of: 200}); v.IPv4.Prefixes != want || v.State != checks.Up {
		t.Errorf("in the end: %v of %v, want up of %v", v.State, v.IPv4.Prefixes, want)
	}
}
