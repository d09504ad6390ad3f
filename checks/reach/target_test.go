package reach

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

// The way to a host that falls silent is traced once in each silence, and forgotten when
// it answers again.
func TestTraceOfASilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		o := w.options()
		traced, named := 0, 0
		o.Trace = func(_ context.Context, to netip.Addr) ([]checks.Router, error) {
			traced++
			time.Sleep(5 * time.Second)
			return []checks.Router{
				{Addr: netip.MustParseAddr("20.0.0.1"), Number: 1, Toward: to},
				{Addr: netip.MustParseAddr("20.0.0.2"), Number: 3, Toward: to},
			}, errors.New("nobody answered beyond")
		}
		o.Origin = func(_ context.Context, a netip.Addr) (checks.ASN, string, error) {
			named++
			return 4837, "China Unicom", nil
		}
		m := New(o)
		defer running(m)()
		f := m.Follow(footprint(t, addr))
		for silence := 1; silence <= 2; silence++ {
			time.Sleep(20 * time.Minute)
			if last := f.Reach(time.Now()).Last; last != (checks.Router{}) || traced != silence-1 {
				t.Errorf("before it is silent %d were traced, and the last router is %+v", traced, last)
			}
			w.kill(true, addr)
			time.Sleep(20 * time.Minute)
			last := f.Reach(time.Now()).Last
			if last.Addr.String() != "20.0.0.2" || last.Number != 3 || last.Origin != 4837 || last.Toward.String() != addr || traced != silence || named != silence {
				t.Errorf("in silence %d: %d traced, %d named, %+v; want each once, and the third router", silence, traced, named, last)
			}
			w.kill(false, addr)
		}
	})
}

// An IPv6 host is not called silent where only IPv4 is guarded; an IPv4 one beside it is.
func TestGuardOfEachFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		o := w.options()
		o.Controls = Controls()[:8]
		m := New(o)
		defer running(m)()
		four, six := m.Follow(footprint(t, "192.0.2.1")), m.Follow(footprint(t, "2a00::1"))
		time.Sleep(20 * time.Minute)
		w.kill(true, "192.0.2.1", "2a00::1")
		for range 20 * 60 {
			time.Sleep(time.Second)
			for _, h := range six.Reach(time.Now()).Hosts {
				if h.Silence.Proven() || h.Newest.Missed() {
					t.Fatalf("an IPv6 host is silent without a guard: %+v", h)
				}
			}
		}
		if silents(four.Reach(time.Now())) != 2 {
			t.Errorf("the IPv4 host: %+v, want it silent", four.Reach(time.Now()))
		}
		if gaps := six.Gaps(); len(gaps) != 1 || six.Reach(time.Now()).Guard.Holds() {
			t.Errorf("gaps %v of the IPv6 host, want why its silence says nothing", gaps)
		}
	})
}

// Who follows the same target shares its rounds, and they end with the last of them.
func TestFollowersShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		m := New(w.options())
		defer running(m)()
		a, b := m.Follow(footprint(t, addr)), m.Follow(footprint(t, addr))
		time.Sleep(time.Hour)
		if n := len(w.probes(addr)); n > 40 {
			t.Errorf("%d probes in an hour for two that follow, want those of one", n)
		}
		a.Close()
		time.Sleep(10 * time.Minute)
		if r := b.Reach(time.Now()); time.Since(r.At) > 3*time.Minute {
			t.Errorf("the rounds ended with the first of two: %v ago", time.Since(r.At))
		}
		b.Close()
		sent := len(w.probes(addr))
		time.Sleep(time.Hour)
		if n := len(w.probes(addr)); n != sent || m.State().Targets != 0 {
			t.Errorf("%d probes when nobody follows", n-sent)
		}
	})
}

// Rounds are spread: of a hundred targets no second has more than a few.
func TestRoundsAreStaggered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		m := New(w.options())
		defer running(m)()
		for i := range 100 {
			m.Follow(footprint(t, netip.AddrFrom4([4]byte{20, 0, byte(i), 1}).String()))
		}
		time.Sleep(5 * time.Minute)
		from, busiest := time.Now(), map[int64]int{}
		time.Sleep(10 * time.Minute)
		probes := 0
		for a, times := range w.log() {
			for _, at := range times {
				if netip.MustParsePrefix("20.0.0.0/8").Contains(a) && at.After(from) {
					busiest[at.Unix()]++
					probes++
				}
			}
		}
		for second, n := range busiest {
			if n > 8 {
				t.Errorf("%d probes in second %d", n, second)
			}
		}
		if probes < 480 || probes > 620 {
			t.Errorf("%d probes in 10 minutes, want five to each of a hundred targets", probes)
		}
	})
}

// The end of the context ends Run at once, whatever is under way.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		w.cut(true)
		m := New(w.options())
		stop := running(m)
		for i := range 100 {
			m.Follow(footprint(t, netip.AddrFrom4([4]byte{20, 0, byte(i), 1}).String()))
		}
		time.Sleep(2500 * time.Millisecond)
		if w.probes("20.0.7.1") == nil {
			t.Fatal("nothing is under way")
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("ended after %v", took)
		}
	})
}

// The way of asking that rests while another one is answered is asked when that one is
// not, so that both are silent soon.
func TestRestingWayIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		m := New(w.options())
		defer running(m)()
		f := m.Follow(footprint(t, addr))
		time.Sleep(2 * time.Hour)
		if n := len(w.probes(addr)); n > 75 {
			t.Errorf("%d probes in two hours, want one a round and few pings besides", n)
		}
		time.Sleep(7 * time.Minute) // between two pings
		w.kill(true, addr)
		until(t, "silent in both ways", 4*time.Minute, func() bool { return notAnswering(f.Reach(time.Now())) })
	})
}

// A round is dated where questions follow each other without an end.
func TestRoundWithoutEnd(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	x := newTarget(footprint(t, "192.0.2.1"))
	x.history = map[key]*rates{}
	var list []choice
	for _, a := range []string{"192.0.2.1", "192.0.2.2"} {
		list = append(list, choice{probe: Probe{Host: a, Addr: netip.MustParseAddr(a), Method: checks.MethodICMP}, home: true})
	}
	x.adopt(list, nil, now)
	for i := range 100 { // one of them is always under way
		at := now.Add(time.Duration(i) * 10 * time.Second)
		started := x.start(at)
		if x.under != 2 || len(started) == 0 {
			t.Fatalf("%d under way at %v", x.under, at)
		}
		h := x.hosts[i%2]
		x.answer(h, checks.Answer{At: at, Outcome: checks.Answered}, at, at, 2*time.Minute, false)
		if i > 0 && at.Sub(x.at) > 3*time.Minute {
			t.Fatalf("the newest round is of %v at %v", x.at, at)
		}
	}
}

// Where manners keep a host from being asked for long, what is said of it says so.
func TestHeldBackIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		o := w.options()
		ask := o.Ask
		var often atomic.Bool
		o.Ask = func(ctx context.Context, p Probe) checks.Answer {
			if often.Load() && p.Addr.String() == addr {
				return unsent(p, HeldBack+"its network was asked as often as we allow ourselves")
			}
			return ask(ctx, p)
		}
		m := New(o)
		defer running(m)()
		f := footprint(t, addr)
		defer m.Follow(f).Close()
		said := func(when string, want bool) {
			_, gaps := m.Once(t.Context(), f)
			if got := len(gaps) > 0 && strings.Contains(gaps[0].Reason, "min ago"); got != want {
				t.Errorf("%s: gaps %q, want one of what is held back: %t", when, gaps, want)
			}
		}
		time.Sleep(10 * time.Minute)
		said("asked", false)
		often.Store(true)
		time.Sleep(time.Minute)
		said("held back for a moment", false)
		time.Sleep(6 * time.Minute)
		said("held back", true)
		often.Store(false)
		time.Sleep(4 * time.Minute)
		said("asked again", false)
	})
}
