package reach

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

// limited asks in the world through an asker, with manners that keep the share of controls.
func limited(w *world) Options {
	o := w.options()
	var controls []netip.Addr
	for _, c := range o.Controls {
		controls = append(controls, c.Addr)
	}
	o.Ask = NewAsker(AskerOptions{Methods: all(w.ask), Shield: o.Shield, Manners: NewManners(MannersOptions{Controls: controls})}).Ask
	return o
}

// Who has the well-known hosts watched that are controls does not take the guard's sight:
// what the guard finds of them is shared, and the rest of what may be sent there is its own.
func TestControlsThatPeopleAskAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		m := New(limited(w))
		defer running(m)()
		var watched []*Followed
		for _, c := range Controls() {
			watched = append(watched, m.Follow(footprint(t, c.Addr.String())))
		}
		time.Sleep(5 * time.Minute)
		for i := range 3600 {
			time.Sleep(time.Second)
			r := watched[0].Reach(time.Now())
			if !r.Guard.Holds() {
				t.Fatalf("after %d s the guard: %+v", i, r.Guard)
			}
			if i%300 == 0 {
				m.Once(t.Context(), footprint(t, "192.0.2.1"))
			}
			for _, f := range watched {
				v := checks.Assess(checks.Case{Footprint: f.t.f, Now: time.Now(), Reach: f.Reach(time.Now())})
				if v.State != checks.Up {
					t.Fatalf("after %d s %s is %v: %v", i, f.t.f.Target, v.State, v.Reasons)
				}
			}
		}
		for a, sent := range w.log() {
			for i := range sent {
				if i >= 15 && sent[i].Sub(sent[i-15]) < 10*time.Minute {
					t.Fatalf("%v was asked more than 15 times in 10 minutes", a)
				}
			}
		}
	})
}

// A guard whose controls answer the DNS alone says nothing of pings: something on our
// side may swallow them all.
func TestPingsThatOurSideSwallows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		for _, c := range Controls() {
			w.only[c.Addr] = checks.MethodDNS
		}
		w.only[netip.MustParseAddr(addr)] = checks.MethodTCP // which it stops to answer as well
		w.kill(true, addr)
		o := w.options()
		target := footprint(t, "192.0.2.0/24")
		o.Listed = func(checks.Target) []Listed { return []Listed{{Host: addr, Method: checks.MethodICMP}} }
		p := Probe{Host: addr, Addr: netip.MustParseAddr(addr), Method: checks.MethodICMP}
		o.Load = func(target checks.Target) ([]HostRate, error) { return usually(target, p, 0), nil }
		m := New(o)
		defer running(m)()
		f := m.Follow(target)
		time.Sleep(tick + time.Millisecond) // between two steps, after the first that knew the target
		for range 1800 {
			time.Sleep(time.Second)
			r := f.Reach(time.Now())
			if len(r.Hosts) != 1 || r.Hosts[0].Silence.Proven() {
				t.Fatalf("guard %+v: %+v", r.Guard, r.Hosts)
			}
		}
		r := f.Reach(time.Now())
		if !r.Guard.Holds() || r.Hosts[0].Newest.Detail != "does not count: "+noPings {
			t.Errorf("guard %+v, host %+v", r.Guard, r.Hosts[0].Newest)
		}
	})
}

// Many targets may be one host: the way to it is traced once in ten minutes all the same.
func TestTracesOfManyTargetsOfOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		o := w.options()
		traced := 0
		o.Trace = func(context.Context, netip.Addr) ([]checks.Router, error) {
			traced++
			return nil, nil
		}
		m := New(o)
		stop := running(m)
		for i := range 20 {
			m.Follow(footprint(t, fmt.Sprintf("http://192.0.2.1/%d", i)))
			m.Follow(footprint(t, fmt.Sprintf("192.0.2.%d", 10+i)))
		}
		time.Sleep(10 * time.Minute)
		for i := range 40 {
			w.kill(true, fmt.Sprintf("192.0.2.%d", i))
		}
		time.Sleep(9 * time.Minute)
		stop()
		if traced != 1 {
			t.Errorf("%d traces into one block", traced)
		}
	})
}

// Locations that cannot be read, or are too long to be, show no password either.
func TestLocationsThatAreNotReadHideWhoAsks(t *testing.T) {
	from := &url.URL{Scheme: "https", Host: "example.org", Path: "/"}
	for _, location := range []string{
		"https://user:secret@example.org/",
		"https://user:secret@example.org/" + strings.Repeat("a", maxLocation),
		"https://user:secret@example.org:bad/", "//user:secret@%zz/", "https://user:secret@ex ample.org/",
	} {
		if got := showURL(from, location); strings.Contains(got, "secret") {
			t.Errorf("%.60s is shown as %s", location, got)
		}
	}
}

// A name that leads elsewhere at each look fills no memory.
func TestHistoryIsBounded(t *testing.T) {
	target := newTarget(footprint(t, "example.org"))
	target.remember(nil)
	now := time.Now()
	for i := range 4 * maxHistory {
		p := Probe{Host: "example.org", Addr: netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}), Method: checks.MethodICMP}
		target.adopt([]choice{{probe: p}}, nil, now)
		target.hosts[0].take(checks.Answer{At: now, Outcome: checks.Answered})
		for k, r := range target.history {
			r.take(target.f.Target, k) // saved
		}
	}
	if n := len(target.history); n > maxHistory+1 {
		t.Errorf("%d histories are kept, want %d at most", n, maxHistory+1)
	}
}

// However many slow hosts are followed, the guard looks, and who dies is found out.
func TestTarpits(t *testing.T) {
	if testing.Short() {
		t.Skip("half an hour of three thousand targets takes some seconds")
	}
	t.Parallel() // in a bubble, beside the lab
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		o := w.options()
		methods := all(w.ask)
		methods[checks.MethodHTTP] = func(ctx context.Context, p Probe) checks.Answer {
			a := checks.Answer{Host: p.Host, Addr: p.Addr, Port: p.Port, Method: p.Method, At: time.Now(), Outcome: checks.Failing}
			pause(ctx, 9*time.Second)
			return a
		}
		o.Ask = NewAsker(AskerOptions{Methods: methods, Shield: o.Shield, Manners: NewManners(MannersOptions{})}).Ask
		m := New(o)
		defer running(m)()
		const honest = "192.0.2.1"
		f := m.Follow(footprint(t, honest))
		<-f.Ready()
		for i := range 3000 {
			m.Follow(footprint(t, fmt.Sprintf("http://100.%d.%d.1/", 64+i/256, i%256)))
		}
		time.Sleep(time.Minute)
		for i := range 1800 {
			time.Sleep(time.Second)
			if g := f.Reach(time.Now()).Guard; !g.Holds() {
				t.Fatalf("after %d s the guard: %+v", i, g)
			}
		}
		w.kill(true, honest)
		until(t, "down", 5*time.Minute, func() bool { return stateOf(f) == checks.Down })
	})
}

// A name that leads to other addresses at each look, all of which answer, is up all the time,
// and down when they die.
func TestAddressesThatChange(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		o := w.options()
		looks := 0
		o.Resolve = func(context.Context, string) (Resolution, error) {
			looks++
			found := Resolution{Name: "example.org", Canonical: "example.org"}
			for i := range 3 {
				found.Addrs = append(found.Addrs, netip.AddrFrom4([4]byte{198, 51, 100 + byte(looks%2), byte(1 + i + looks%40*3)}))
			}
			return found, nil
		}
		m := New(o)
		defer running(m)()
		f := m.Follow(footprint(t, "example.org"))
		<-f.Ready()
		for i := range 4 * 3600 {
			time.Sleep(time.Second)
			if s := stateOf(f); s != checks.Up {
				t.Fatalf("after %d s: %v", i, s)
			}
		}
		for i := range 256 {
			w.kill(true, fmt.Sprintf("198.51.100.%d", i), fmt.Sprintf("198.51.101.%d", i))
		}
		until(t, "down", 5*time.Minute, func() bool { return stateOf(f) == checks.Down })
	})
}

// stateOf is what a verdict on a target would be by its probes.
func stateOf(f *Followed) checks.State {
	return checks.Assess(checks.Case{Footprint: f.t.f, Now: time.Now(), Reach: f.Reach(time.Now())}).State
}
