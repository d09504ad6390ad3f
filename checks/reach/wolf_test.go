package reach

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

// What is lost on our side, in bursts or at random, and what a host loses by itself, makes
// no outage of it: through limits, rounds and verdict, second by second, for two hours.
func TestLossIsNoOutage(t *testing.T) {
	var mu sync.Mutex // over what follows
	dice := rand.New(rand.NewPCG(7, 9))
	pings := 0
	for _, tt := range []struct {
		name, target string
		lost         func(p Probe, at time.Duration) bool
		up           bool // all the time
	}{
		{"a host loses 40 %", "192.0.2.1", func(p Probe, _ time.Duration) bool { return !p.Control && dice.Float64() < .4 }, false},
		{"each fourth ping is answered", "192.0.2.1", func(p Probe, _ time.Duration) bool {
			if !p.Control {
				pings++
			}
			return !p.Control && (p.Method != checks.MethodICMP || pings%4 != 0)
		}, false},
		{"a filter begins to drop pings", "192.0.2.1", func(p Probe, at time.Duration) bool {
			return !p.Control && p.Method == checks.MethodICMP && at > 30*time.Minute
		}, true},
		{"we lose 35 %", "192.0.2.1", func(_ Probe, at time.Duration) bool { return at > 30*time.Minute && dice.Float64() < .35 }, false},
		{"we lose 60 %", "192.0.2.1", func(_ Probe, at time.Duration) bool { return at > 30*time.Minute && dice.Float64() < .6 }, false},
		{"we are gone each other half minute", "192.0.2.1", func(_ Probe, at time.Duration) bool {
			return at > 30*time.Minute && at%time.Minute < 30*time.Second
		}, false},
		{"we are gone between two looks of the guard", "192.0.2.1", func(_ Probe, at time.Duration) bool {
			return at > 30*time.Minute && at%guardEvery > 20*time.Second
		}, false},
		{"our IPv6 is gone", "2001:4:112::1", func(p Probe, at time.Duration) bool { return at > 30*time.Minute && p.Addr.Is6() }, false},
		{"our IPv6 is gone, of a host of IPv4", "192.0.2.1", func(p Probe, at time.Duration) bool { return at > 30*time.Minute && p.Addr.Is6() }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				w := newWorld(0)
				o := limited(w)
				within := o.Ask
				o.Ask = func(ctx context.Context, p Probe) checks.Answer {
					a := within(ctx, p)
					mu.Lock()
					lost := a.There() && tt.lost(p, a.At.Sub(began))
					mu.Unlock()
					if lost && pause(ctx, defaultTimeout) {
						a.Outcome = checks.Silent
					}
					return a
				}
				m := New(o)
				defer running(m)()
				f := m.Follow(footprint(t, tt.target))
				<-f.Ready()
				for range 2 * 3600 {
					time.Sleep(time.Second)
					switch s := stateOf(f); {
					case s == checks.Down, s == checks.Degraded, tt.up && s != checks.Up:
						t.Fatalf("after %v: %v, guard %+v", time.Since(began).Round(time.Second), s, f.Reach(time.Now()).Guard)
					}
				}
			})
		})
	}
}
