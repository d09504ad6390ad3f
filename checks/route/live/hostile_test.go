package live

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// A lookup whose time is yet to come would make everything fresh until then, and every
// update late: it is not taken in.
func TestALookupOfTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		ahead := time.Duration(0)
		shift := func(at time.Time, gaps []checks.Gap, err error) (time.Time, []checks.Gap, error) {
			return at.Add(ahead), gaps, err
		}
		defer w.start(func(o *Options) {
			o.Lookup.History = func(ctx context.Context, f checks.Footprint, at time.Time, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
				return shift(w.history(ctx, f, at, func(u *route.Update) { u.At = u.At.Add(ahead); emit(u) }))
			}
			o.Lookup.State = func(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
				return shift(w.state(ctx, f, func(u *route.Update) { u.At = u.At.Add(ahead); emit(u) }))
			}
		})()
		k := w.hub.Follow(country())
		settled(t, k)
		w.mu.Lock()
		ahead = 20 * 365 * 24 * time.Hour
		w.mu.Unlock()
		w.silence(w.names()...)
		wait(30 * time.Second)
		w.notice(w.names()...)
		w.reconnect(w.names()...)
		other := w.hub.Follow(checks.Footprint{Target: checks.Network(home), Origins: []checks.ASN{home}})
		wait(30 * time.Minute)
		w.withdraw(w.peers, kp()...)
		wait(10 * time.Minute)
		for _, target := range []*Target{k, other} {
			if v := expect(t, target, checks.Unknown); v.Vantage.NewestAt.After(time.Now()) {
				t.Errorf("the newest data of %s are of %s, which is yet to come", target.name(), v.Vantage.NewestAt)
			}
		}
		w.mu.Lock()
		ahead = 0
		w.mu.Unlock()
		wait(30 * time.Minute)
		expect(t, k, checks.Down)
		w.silence(w.names()...)
		wait(time.Hour)
		expect(t, k, checks.Unknown)
	})
}

// A state that leaves collectors out is not the last word on them.
func TestAStateWithoutSomeCollectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 30, time.Minute)
		partial := false
		defer w.start(func(o *Options) {
			o.Lookup.State = func(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
				return w.state(ctx, f, func(u *route.Update) {
					if partial && u.Peer.Collector != "" && u.Peer.Collector != "rrc00" {
						return
					}
					if partial {
						u.Entries = slices.DeleteFunc(u.Entries, func(e route.Entry) bool { return e.Peer.Collector != "rrc00" })
					}
					emit(u)
				})
			}
		})()
		k := w.hub.Follow(country())
		settled(t, k)
		wait(2 * time.Hour)
		w.mu.Lock()
		partial = true
		w.mu.Unlock()
		w.silence(w.names()...)
		wait(30 * time.Second)
		w.notice(w.names()...)
		w.reconnect(w.names()...)
		wait(20 * time.Minute)
		if v := verdict(k); v.State > checks.Up || v.Vantage.Voting != 10 {
			t.Errorf("ten of thirty: %v, %d vote", v.State, v.Vantage.Voting)
		}
		w.mu.Lock()
		partial = false
		w.mu.Unlock()
		wait(time.Hour)
		if v := expect(t, k, checks.Up); v.Vantage.Voting != 30 {
			t.Errorf("%d vote, want 30", v.Vantage.Voting)
		}
	})
}

// What a stream says in the name of an own router is not that router's word, whoever of
// the two was heard first.
func TestAStreamUnderARoutersName(t *testing.T) {
	for name, first := range map[string]bool{"the stream first": true, "the router first": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 0, 0)
				defer w.start(func(o *Options) { o.Lookup, o.Streamed = Lookup{}, false })()
				forge := func() {
					for n := 1; n <= 2; n++ {
						w.hub.Apply(&route.Update{Kind: route.Routes, At: time.Now(), Peer: router(n), Withdrawn: nlri(kp())})
					}
					w.hub.Apply(&route.Update{Kind: route.Lost, At: time.Now(), Peer: route.Peer{Collector: "core1"}, Refresh: true})
				}
				if first {
					w.hub.Apply(&route.Update{Kind: route.Alive, At: time.Now(), Peer: route.Peer{Collector: "core1"}})
				}
				k := w.hub.Follow(country())
				w.comesUp(router(1))
				w.comesUp(router(2))
				wait(2 * time.Hour)
				w.sends(router(1), route.Alive, false)
				forge()
				wait(5 * time.Minute)
				if v := ownVerdict(k); v.State != checks.Up || v.Vantage.Voting != 2 {
					t.Errorf("the verdict is %v, %d vote, %q", v.State, v.Vantage.Voting, v.Reasons)
				}
			})
		})
	}
}

// One own router with few sessions does not speak for the world that is looked at besides:
// neither its loss of a route nor the loss of all others makes a verdict.
func TestOneRouterBesideTheWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start()()
		w.comesUp(router(1))
		k := w.hub.Follow(country())
		settled(t, k)
		wait(2 * time.Hour)
		w.sends(router(1), route.Routes, true, nlri(kp())...)
		wait(5 * time.Minute)
		if v := ownVerdict(k); v.State != checks.Up {
			t.Errorf("without routes at the router: %v, %q", v.State, v.Reasons)
		}
		w.silence(w.names()...)
		wait(30 * time.Second)
		w.notice(w.names()...)
		for range 60 {
			w.sends(router(1), route.Alive, false)
			wait(time.Minute)
			if v := ownVerdict(k); v.State > checks.Up {
				t.Fatalf("with the router alone, while the streams are away: %v, %q %+v", v.State, v.Reasons, v.Vantage)
			}
		}
	})
}

// A target whose space is announced in very many pieces takes no more memory than it may;
// what was there before is judged as before, and the answer says that pieces are missing.
func TestAnnouncedInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, time.Minute)
		defer w.start(func(o *Options) { o.Rules.MaxHolds = 15 * 100 })()
		k := w.hub.Follow(country())
		settled(t, k)
		wait(2 * time.Hour)
		for i := range 1000 {
			piece := netip.PrefixFrom(netip.AddrFrom4([4]byte{175, 45, byte(176 + i>>8), byte(i)}), 32)
			w.hub.Apply(&route.Update{Kind: route.Routes, At: time.Now(), Peer: w.peers[i%15], Announced: nlri([]netip.Prefix{piece}), Path: w.path(w.peers[i%15])})
		}
		wait(time.Minute)
		v := expect(t, k, checks.Up)
		if !slices.ContainsFunc(v.Gaps, func(g checks.Gap) bool { return strings.Contains(g.Reason, "in more pieces than are kept") }) {
			t.Errorf("gaps %q", v.Gaps)
		}
		wait(2 * time.Hour)
		if n := len(k.Observe(time.Now()).Observations); n > 100 {
			t.Errorf("%d prefixes are watched, want 100 at most", n)
		}
		w.withdraw(w.peers, kp()...)
		wait(time.Minute)
		expect(t, k, checks.Degraded) // pieces are left
	})
}

// An own router that makes up prefixes without end fills no more than the room there is, and
// what is announced of targets still counts.
func TestARouterWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0, 0)
		defer w.start(func(o *Options) { o.Lookup, o.Streamed, o.wholePrefixes = Lookup{}, false, 1000 })()
		w.comesUp(router(1))
		k := w.hub.Follow(country())
		wait(2 * time.Hour)
		for i := range 5000 {
			piece := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
			w.sends(router(2), route.Routes, false, route.NLRI{Prefix: piece})
		}
		if n := w.hub.whole.rib.Size(); n > 1000 {
			t.Errorf("%d prefixes are kept, want 1000 at most", n)
		}
		w.sends(router(1), route.Routes, true, nlri(kp())...)
		w.sends(router(1), route.Routes, false, nlri(kp())...) // is new again, and has no room
		w.sends(router(1), route.Alive, false)
		wait(time.Minute)
		if v := ownVerdict(k); v.State != checks.Up {
			t.Errorf("what returned into a full table is %v, %q", v.State, v.Reasons)
		}
		if got := w.hub.Status().Refused; got < 4000 {
			t.Errorf("%d announcements are said to be left out", got)
		}
	})
}

// A service that has lost one prefix for a moment, and knows all the others, takes nothing
// away; a loss that it says again is one.
func TestAStateWithoutAPrefix(t *testing.T) {
	for name, real := range map[string]bool{"a slip": false, "a loss": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 15, time.Minute)
				slips := 0
				defer w.start(func(o *Options) {
					o.Lookup.State = func(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
						slips--
						return w.state(ctx, f, func(u *route.Update) {
							if slips < 0 || u.Prefix != kp()[0] {
								emit(u)
							}
						})
					}
				})()
				k := w.hub.Follow(country())
				settled(t, k)
				wait(2 * time.Hour)
				w.silence(w.names()...)
				wait(30 * time.Second)
				w.notice(w.names()...)
				w.mu.Lock()
				slips = 2
				w.mu.Unlock()
				if real {
					w.withdraw(w.peers, kp()[0])
				}
				w.reconnect(w.names()...)
				for range 200 {
					wait(5 * time.Second)
					if v := verdict(k); v.State > checks.Up && !real {
						t.Fatalf("%v for a slip, %q", v.State, v.Reasons)
					}
				}
				want := checks.Up
				if real {
					want = checks.Degraded
				}
				if v := expect(t, k, want); len(v.Gaps) != 0 {
					t.Errorf("gaps %q", v.Gaps)
				}
			})
		})
	}
}

// A stream that reports sessions up, all of them and whether they went down or not, and
// delivers no table after that, makes nothing lost.
func TestSessionsUpWithoutATable(t *testing.T) {
	for name, down := range map[string]bool{"after their end": true, "without an end": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 15, time.Minute)
				defer w.start()()
				k := w.hub.Follow(country())
				settled(t, k)
				wait(2 * time.Hour)
				for _, p := range w.peers {
					if down {
						w.hub.Apply(&route.Update{Kind: route.PeerDown, At: time.Now(), Peer: p})
					}
					w.hub.Apply(&route.Update{Kind: route.PeerUp, At: time.Now(), Peer: p})
				}
				for range 60 {
					wait(time.Minute)
					if v := verdict(k); v.State > checks.Up {
						t.Fatalf("%v, %d vote, %q", v.State, v.Vantage.Voting, v.Reasons)
					}
				}
				w.announce(w.peers, kp()...)
				wait(15 * time.Minute)
				expect(t, k, checks.Up)
				w.withdraw(w.peers, kp()...)
				wait(time.Minute)
				expect(t, k, checks.Down)
			})
		})
	}
}

// Whoever asks while a lookup that says that all is gone is being asked again hears
// neither that it is up, as of two minutes ago, nor that it is down.
func TestAnswerInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, 0)
		defer w.start(func(*Options) {})()
		w.silence(w.names()...)
		wait(time.Minute)
		k := w.hub.Follow(country())
		wait(time.Minute)
		asked := func() (checks.Verdict, bool) {
			v := k.Observe(time.Now())
			return checks.Assess(v.Answer(v.AsOf, checks.DefaultRules())), v.Doubted
		}
		if v, doubted := asked(); v.State != checks.Up || doubted {
			t.Fatalf("by the first lookup: %v, doubted %v", v.State, doubted)
		}
		w.notice(w.names()...)
		for _, prefix := range kp() {
			w.withdraw(w.peers, prefix)
		}
		w.reconnect(w.names()...)
		times := 0
		for range 200 {
			wait(5 * time.Second)
			if v, doubted := asked(); doubted {
				times++
				if v.State != checks.Unknown {
					t.Fatalf("%v while in doubt, gaps %q", v.State, v.Gaps)
				}
			}
		}
		if times == 0 {
			t.Error("nobody was ever in doubt")
		}
		expect(t, k, checks.Down)
	})
}
