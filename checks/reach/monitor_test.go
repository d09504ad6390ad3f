package reach

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"isitdown/checks"
)

// usually gives a history of a host that leaves the share of probes unanswered.
func usually(target checks.Target, p Probe, lost float64) []HostRate {
	return []HostRate{{Target: target, Host: keyOf(p).String(), Day: dayOf(time.Now()), Asked: 1000, Answered: 1000 - int(lost*1000)}}
}

func until(t *testing.T, what string, within time.Duration, f func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !f() {
		if time.Since(began) > within {
			t.Fatalf("%s: not within %v", what, within)
		}
		time.Sleep(time.Second)
	}
	return time.Since(began)
}

// A host that dies is silent after as many questions as its own no-answer rate asks for,
// and they take a minute at least.
func TestDeadHost(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	for _, tt := range []struct {
		lost   float64
		probes int
	}{{0, 4}, {.1, 4}, {.2, 5}, {.3, 6}, {.49, 10}} {
		t.Run(fmt.Sprint(tt.lost), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const addr = "192.0.2.1"
				w, f := newWorld(0), footprint(t, addr)
				w.only[netip.MustParseAddr(addr)] = checks.MethodICMP
				o := w.options()
				o.Load = func(target checks.Target) ([]HostRate, error) {
					return usually(target, Probe{Host: addr, Addr: netip.MustParseAddr(addr), Method: checks.MethodICMP}, tt.lost), nil
				}
				m := New(o)
				defer running(m)()
				followed := m.Follow(f)
				defer followed.Close()
				<-followed.Ready()
				time.Sleep(30 * time.Minute)
				revision := followed.Revision()
				w.kill(true, addr)
				until(t, "silent", 10*time.Minute, func() bool { return silents(followed.Reach(time.Now())) == 1 })
				h := followed.Reach(time.Now()).Hosts[0]
				usual := h.Rate
				if h.Silence.Probes != tt.probes || h.Silence.Last.Sub(h.Silence.First) < time.Minute {
					t.Errorf("silent after %d questions in %v, want %d in a minute at least", h.Silence.Probes, h.Silence.Last.Sub(h.Silence.First), tt.probes)
				}
				if !h.Missing.After(h.Heard) || h.Missing.Sub(h.Heard) > 2*time.Minute+5*time.Second {
					t.Errorf("heard %v, missing since %v, want at most a round between them", h.Heard, h.Missing)
				}
				if followed.Revision() == revision {
					t.Error("the revision did not grow")
				}
				time.Sleep(3 * time.Hour)
				w.kill(false, addr)
				until(t, "back", 3*time.Minute, func() bool { return followed.Reach(time.Now()).Hosts[0].Newest.There() })
				if h := followed.Reach(time.Now()).Hosts[0]; h.Silence.Proven() || h.Silence.Ended.Back.IsZero() || !h.Missing.IsZero() {
					t.Errorf("after one answer %+v, want no silence, and the last one kept", h)
				} else if h.Rate > usual {
					t.Errorf("the outage was learned: no-answer rate %v, before %v", h.Rate, usual)
				}
			})
		})
	}
}

func TestOwnNetworkFails(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		m := New(w.options())
		defer running(m)()
		var all []*Followed
		for i := range 50 {
			all = append(all, m.Follow(footprint(t, netip.AddrFrom4([4]byte{192, 0, byte(i), 1}).String())))
		}
		time.Sleep(20 * time.Minute)
		nobody := func(seconds int) {
			t.Helper()
			for range seconds {
				time.Sleep(time.Second)
				for _, f := range all {
					if r := f.Reach(time.Now()); silents(r) > 0 {
						t.Fatalf("%s is called silent: guard %+v", f.t.f.Target, r.Guard)
					}
				}
			}
		}
		w.cut(true)
		nobody(30 * 60)
		r := all[0].Reach(time.Now())
		if want := "our own network: 8 of 8 control targets do not answer"; r.Guard.Void != want {
			t.Errorf("void because %q, want %q", r.Guard.Void, want)
		}
		w.cut(false)
		nobody(5 * 60)
		for _, f := range all {
			r := f.Reach(time.Now())
			if !r.Guard.Holds() || !slices.ContainsFunc(r.Hosts, func(h checks.Host) bool { return h.Newest.There() && h.Rate == 0 }) {
				t.Fatalf("%s after our own network is back: %+v, want answers, and no loss learned", f.t.f.Target, r)
			}
		}
	})
}

// A host that flaps is silent only while it is, and its losses are learned where they
// were no proven silence.
func TestFlapping(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		w.only[netip.MustParseAddr(addr)] = checks.MethodICMP
		m := New(w.options())
		defer running(m)()
		f := m.Follow(footprint(t, addr))
		time.Sleep(10 * time.Minute)
		for range 100 {
			w.kill(true, addr)
			for range 45 {
				time.Sleep(time.Second)
				if silents(f.Reach(time.Now())) > 0 {
					t.Fatal("silent, though it was never down for a minute")
				}
			}
			w.kill(false, addr)
			time.Sleep(75 * time.Second)
		}
		if h := f.Reach(time.Now()).Hosts[0]; h.Rate < .2 || h.Rate > .7 {
			t.Errorf("no-answer rate %v of %d after it flapped for hours, want one that shows it", h.Rate, h.Asked)
		}
	})
}

func TestClockJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		m := New(w.options())
		jump := time.Duration(0)
		steady := m.guard.clock
		m.guard.clock = func() (time.Duration, time.Duration) {
			wall, mono := steady()
			return wall + jump, mono
		}
		ctx := t.Context()
		if _, first, ok := m.guard.look(ctx, 0); !ok || !first.four.Holds() || !first.six.Holds() {
			t.Fatalf("the first look: %+v", first)
		}
		jump = time.Hour
		if _, second, _ := m.guard.look(ctx, 0); second.four.Holds() || second.four.Void != "the clock jumped by 1h0m0s" {
			t.Errorf("after a jump of the clock: %+v", second.four)
		}
		time.Sleep(time.Minute)
		if _, third, _ := m.guard.look(ctx, 0); !third.four.Holds() {
			t.Errorf("the look after the one that found the jump: %+v", third.four)
		}
	})
}

// A thousand hosts that lose one packet in twenty are asked for hours, in which our own
// network fails again and again. Half of them answer pings alone. ISITDOWN_HOURS is for how
// many: by default 6, where docs/performance.md has 24.
func TestThousandTargets(t *testing.T) {
	if testing.Short() {
		t.Skip("hours of a thousand hosts take some seconds")
	}
	hours, err := strconv.Atoi(cmp.Or(os.Getenv("ISITDOWN_HOURS"), "6"))
	if err != nil || hours < 1 {
		t.Fatalf("ISITDOWN_HOURS is %q, want a number of hours", os.Getenv("ISITDOWN_HOURS"))
	}
	t.Parallel() // with the lab, which mostly waits
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(.05)
		m := New(w.options())
		defer running(m)()
		var all []*Followed
		for i := range 1000 {
			addr := netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1})
			if i%2 == 0 {
				w.only[addr] = checks.MethodICMP
			}
			all = append(all, m.Follow(footprint(t, addr.String())))
		}
		dice := rand.New(rand.NewPCG(7, 7))
		wrong, ways, revisions := 0, 0, make([]int, len(all))
		for fails, minute := 0, 0; minute < hours*60; minute++ {
			if fails--; fails < 0 && dice.IntN(60) == 0 {
				fails = 5 // minutes
			}
			w.cut(fails > 0)
			time.Sleep(time.Minute)
			for i, f := range all {
				rev := f.Revision()
				if rev == revisions[i] {
					continue
				}
				revisions[i] = rev
				r := f.Reach(time.Now())
				ways += silents(r)
				if notAnswering(r) {
					wrong++
					t.Errorf("minute %d: %s is said not to answer: %+v", minute, f.t.f.Target, r)
				}
			}
		}
		s := m.State()
		t.Logf("%d false in %d hours; %d times one of two ways of asking was silent; the guard looked %d times, %d void", wrong, hours, ways, s.Rounds, s.Void)
		if s.Void < uint64(2*hours) || s.Hosts != 2000 || s.Unsure == 0 {
			t.Errorf("%+v: the test does not test", s)
		}
	})
}

// notAnswering reports whether all ways of asking that a target is known to answer are
// silent while the guard holds.
func notAnswering(r checks.Reach) bool {
	known, quiet := 0, 0
	for _, h := range r.Hosts {
		if h.Before {
			known++
			if h.Silence.Proven() {
				quiet++
			}
		}
	}
	return r.Guard.Holds() && known > 0 && known == quiet
}

// While the newest answer of a host is younger than a minute it is never silent, whatever
// it and our own network do.
func TestNeverSilentAfterAnAnswer(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	rapid.Check(t, func(rt *rapid.T) {
		type spell struct {
			seconds    int
			dead, down bool
		}
		plan := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) spell {
			return spell{rapid.IntRange(1, 400).Draw(rt, "seconds"), rapid.Bool().Draw(rt, "dead"), rapid.IntRange(0, 3).Draw(rt, "down") == 0}
		}), 1, 12).Draw(rt, "plan")
		loss := rapid.Float64Range(0, .6).Draw(rt, "loss")
		wrong := ""
		synctest.Test(t, func(t *testing.T) {
			const addr = "192.0.2.1"
			w := newWorld(loss)
			m := New(w.options())
			defer running(m)()
			f := m.Follow(footprint(t, addr))
			for _, s := range plan {
				w.kill(s.dead, addr)
				w.cut(s.down)
				for range s.seconds {
					time.Sleep(time.Second)
					now := time.Now()
					r := f.Reach(now)
					for _, h := range r.Hosts {
						if h.Silence.Proven() && now.Sub(h.Heard) < time.Minute {
							wrong = fmt.Sprintf("silent %v after an answer: %+v", now.Sub(h.Heard), h)
						}
						if h.Silence.Proven() && !h.Before {
							wrong = fmt.Sprintf("silent, and never heard: %+v", h)
						}
					}
				}
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// Where routes come back, a silent host is asked as soon as that counts, not in the next round.
func TestSilentHostIsAskedAgain(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		w.only[netip.MustParseAddr(addr)] = checks.MethodICMP
		o := w.options()
		o.Every = 10 * time.Minute
		m := New(o)
		defer running(m)()
		followed := m.Follow(footprint(t, addr))
		defer followed.Close()
		<-followed.Ready()
		time.Sleep(2 * time.Hour)
		w.kill(true, addr)
		until(t, "silent", 2*time.Hour, func() bool { return silents(followed.Reach(time.Now())) == 1 })
		w.kill(false, addr)
		time.Sleep(2 * time.Minute)
		if n := silents(followed.Reach(time.Now())); n != 1 {
			t.Fatalf("%d hosts are silent before they were asked again, want 1", n)
		}
		followed.Again()
		took := until(t, "answering", time.Hour, func() bool { return silents(followed.Reach(time.Now())) == 0 })
		if took > 5*time.Second {
			t.Errorf("asked again after %v", took)
		}
	})
}
