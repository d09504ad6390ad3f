package live

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// Whatever holes, delays and failures there are: the verdict is never worse than Unknown
// while all is announced, and in the end every vantage point has what is true.
func TestHolesMakeNoLoss(t *testing.T) {
	inTrouble(t, 1, false)
}

// The same with losses, of which the end shows whether any was missed or made up.
func TestTheEndIsTheTruth(t *testing.T) {
	inTrouble(t, 2, true)
}

func inTrouble(t *testing.T, kind uint64, losses bool) {
	whole := 0
	courses := uint64(25)
	if testing.Short() {
		courses = 5
	}
	for seed := range courses {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { whole += troubles(t, rand.New(rand.NewPCG(seed, kind)), losses) })
		})
	}
	if whole < 3*int(courses) {
		t.Errorf("the streams carried a target on at %d moments only, which shows little", whole)
	}
}

// troubles has two hours of them, heals everything and looks at the end. It gives how
// often all streams carried a target on, and it was compared with the truth.
func troubles(t *testing.T, rng *rand.Rand, losses bool) (whole int) {
	w := newWorld(t, 18, time.Duration(rng.IntN(6))*time.Minute)
	w.delay = time.Duration(rng.IntN(4)) * time.Second
	defer w.start(func(o *Options) {
		if rng.IntN(3) == 0 {
			o.holdUpdates = 30
		}
	})()
	wait(time.Duration(rng.IntN(60)) * time.Second)
	targets := []*Target{w.hub.Follow(country()), w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})}
	var course strings.Builder
	for range 150 {
		wait(time.Duration(rng.IntN(90)) * time.Second)
		trouble := w.trouble(rng, losses)
		fmt.Fprintln(&course, time.Now().Format(time.TimeOnly), trouble)
		for _, k := range targets {
			if v := verdict(k); v.State > checks.Up && !losses {
				t.Fatalf("%s is %v at %s while all is announced: %q\n%s", k.name(), v.State, time.Now().Format(time.TimeOnly), v.Reasons, &course)
			}
		}
		if rng.IntN(3) == 0 {
			wait(time.Minute) // what is lost has settled
			for _, k := range targets {
				if k.carriedOn(w) {
					compare(t, w, k, course.String())
					whole++
				}
			}
		}
	}
	w.mu.Lock()
	w.broken, w.slow = nil, 0
	w.mu.Unlock()
	w.repair()
	for _, k := range targets {
		settled(t, k)
	}
	wait(10 * time.Minute)
	for _, k := range targets {
		compare(t, w, k, course.String())
	}
	return whole
}

// compare fails where what a target holds is not the truth.
func compare(t *testing.T, w *world, k *Target, course string) {
	t.Helper()
	if diff := cmp.Diff(w.seen(k.footprint), seenBy(k)); diff != "" {
		t.Fatalf("what %s holds at %s differs from the truth (-true +held):\n%s\n%s", k.name(), time.Now().Format(time.TimeOnly), diff, course)
	}
}

// carriedOn reports whether all streams are there and carry the target on.
func (t *Target) carriedOn(w *world) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	t.qmu.Lock()
	defer t.qmu.Unlock()
	for _, l := range t.links {
		if !l.current || !l.on || w.cut[l.name] {
			return false
		}
	}
	return len(t.links) > 0
}

// repair has the feeds notice what is cut, and brings it back.
func (w *world) repair() {
	for _, c := range w.names() {
		w.mu.Lock()
		cut := w.cut[c]
		w.mu.Unlock()
		if cut {
			w.notice(c)
		}
	}
	w.reconnect(w.names()...)
}

// trouble makes one, and says which.
func (w *world) trouble(rng *rand.Rand, losses bool) string {
	some := w.peers[rng.IntN(14):][:4] // too few for a loss
	prefix := kp()[rng.IntN(4)]
	one := w.names()[rng.IntN(3)]
	switch n := rng.IntN(13); {
	case n < 3:
		via := checks.ASN(4837 + rng.IntN(3))
		w.set(func(p route.Peer) bgp.RawPath { return w.path(p, via, home) }, some, prefix)
		return fmt.Sprintf("%s via %d from %d on", prefix, via, some[0].AS)
	case n < 5 && losses:
		w.withdraw(w.peers[:rng.IntN(19)], prefix)
		return fmt.Sprintf("%s withdrawn", prefix)
	case n < 6:
		w.announce(w.peers, prefix)
		return fmt.Sprintf("%s announced by all", prefix)
	case n < 7:
		w.silence(one)
		return one + " falls silent"
	case n < 8:
		w.silence(w.names()...)
		time.Sleep(time.Duration(rng.IntN(45)) * time.Second)
		w.notice(w.names()...)
		return "all streams end"
	case n < 10:
		w.repair()
		return "the streams are back"
	case n < 11:
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.broken = nil; rng.IntN(2) == 0 {
			w.broken = errBroken
		}
		return fmt.Sprintf("lookups fail: %v", w.broken)
	case n < 12:
		w.reset(some)
		return fmt.Sprintf("reset from %d on", some[0].AS)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lag, w.slow = time.Duration(rng.IntN(400))*time.Second, time.Duration(rng.IntN(100))*time.Second
	return fmt.Sprintf("lookups lag %s and take %s", w.lag, w.slow)
}

// reset ends sessions, which return at once and say again what they hold.
func (w *world) reset(peers []route.Peer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := country()
	now := time.Now()
	for _, p := range peers {
		w.send(&route.Update{Kind: route.PeerDown, At: now, Peer: p})
		w.send(&route.Update{Kind: route.PeerUp, At: now, Peer: p})
		for prefix, routes := range w.holds(&f, now) {
			if path := routes[p]; path != nil {
				w.send(&route.Update{Kind: route.Routes, At: now, Peer: p, Announced: []route.NLRI{{Prefix: prefix}}, Path: path})
			}
		}
		w.send(&route.Update{Kind: route.EndOfRIB, At: now, Peer: p})
	}
}

// seen is the truth, by prefix: each path and its vantage points.
func (w *world) seen(f checks.Footprint) map[string]map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]map[string]string{}
	for prefix, routes := range w.holds(&f, time.Now()) {
		for p, path := range routes {
			note(all, prefix.String(), p.AS, path.Path().String())
		}
	}
	return all
}

// seenBy is what a target holds, in the same form.
func seenBy(k *Target) map[string]map[string]string {
	all := map[string]map[string]string{}
	v := k.Observe(time.Now())
	for _, o := range v.Observations {
		for _, s := range o.Paths {
			for _, p := range s.Peers {
				note(all, o.Prefix.String(), p, s.Path.String())
			}
		}
	}
	return all
}

func note(all map[string]map[string]string, prefix string, peer checks.ASN, path string) {
	if all[prefix] == nil {
		all[prefix] = map[string]string{}
	}
	all[prefix][peer.String()] = path
}
