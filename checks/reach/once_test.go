package reach

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

func TestOnceIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		m := New(w.options())
		f := footprint(t, addr)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				r, gaps := m.Once(t.Context(), f)
				if len(r.Hosts) != 2 || !r.Hosts[0].Newest.There() || !r.Guard.Holds() || len(gaps) > 0 || r.At.IsZero() {
					t.Errorf("got %+v, gaps %v; want two answers, and a guard that holds", r, gaps)
				}
				r.Hosts[0].Name = "mine" // a copy
			})
		}
		wg.Wait()
		if n := len(w.probes(addr)); n != 2 {
			t.Errorf("%d probes for 20 people, want one by ICMP and one by TCP", n)
		}
		time.Sleep(59 * time.Second)
		if r, _ := m.Once(t.Context(), f); r.Hosts[0].Name != addr {
			t.Errorf("what one was given another one changed: %q", r.Hosts[0].Name)
		}
		if n := len(w.probes(addr)); n != 2 {
			t.Errorf("%d probes within a minute, want 2", n)
		}
		time.Sleep(2 * time.Second)
		m.Once(t.Context(), f)
		if n := len(w.probes(addr)); n != 4 {
			t.Errorf("%d probes after a minute, want 4", n)
		}
	})
}

// A host that never answered is no witness; one that did is not silent after one round,
// and each question finds out more.
func TestOnceOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		var saved []HostRate
		o := w.options()
		o.Save = func(added []HostRate) error { saved = append(saved, added...); return nil }
		m := New(o)
		f := footprint(t, addr)
		w.kill(true, addr)
		began := time.Now()
		r, _ := m.Once(t.Context(), f)
		if took := time.Since(began); took > 9*time.Second || r.Hosts[0].Before || silents(r) > 0 || !r.Hosts[0].Newest.Missed() {
			t.Errorf("after %v: %+v, want a host that never answered, soon", took, r.Hosts)
		}
		if len(saved) > 0 {
			t.Errorf("saved %v of a host that never answered", saved)
		}
		w.kill(false, addr)
		time.Sleep(time.Hour)
		if m.Once(t.Context(), f); len(saved) != 2 {
			t.Errorf("saved %v, want two ways that were answered", saved)
		}
		w.kill(true, addr)
		for i := range 3 {
			time.Sleep(61 * time.Second)
			if r, _ := m.Once(t.Context(), f); r.Hosts[0].Silence.Probes != i+1 || !r.Hosts[0].Before {
				t.Errorf("question %d: %+v, want so many unanswered ones that count", i+1, r.Hosts[0])
			}
		}
		if r, _ := m.Once(t.Context(), f); silents(r) != 2 {
			t.Errorf("after three minutes of silence %+v, want it proven", r.Hosts)
		}
	})
}

// While the bot runs a target that falls silent is asked on, for the next question.
func TestOnceLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr = "192.0.2.1"
		w := newWorld(0)
		m := New(w.options())
		defer running(m)()
		f := footprint(t, addr)
		time.Sleep(time.Second)
		m.Once(t.Context(), f)
		w.kill(true, addr)
		time.Sleep(2 * time.Minute)
		if r, _ := m.Once(t.Context(), f); silents(r) > 0 {
			t.Errorf("silent after one round: %+v", r)
		}
		until(t, "silent", 4*time.Minute, func() bool {
			time.Sleep(10 * time.Second)
			r, _ := m.Once(t.Context(), f)
			return silents(r) == 2
		})
		time.Sleep(10 * time.Minute)
		sent := len(w.probes(addr))
		time.Sleep(time.Hour)
		if got := len(w.probes(addr)); got != sent || m.State().Targets != 0 {
			t.Errorf("%d probes in an hour in which nobody asked, %d targets", got-sent, m.State().Targets)
		}
	})
}

func TestOnceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		w.cut(true)
		m := New(w.options())
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		r, gaps := m.Once(ctx, footprint(t, "192.0.2.1"))
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("ended after %v, want 200 ms", took)
		}
		if len(gaps) == 0 || !strings.Contains(gaps[0].Reason, "192.0.2.1") || silents(r) > 0 || r.Guard.Holds() {
			t.Errorf("got %+v, gaps %v; want nothing but why", r, gaps)
		}
		w.cut(false)
		if r, _ := m.Once(t.Context(), footprint(t, "192.0.2.1")); !r.Hosts[0].Newest.There() {
			t.Errorf("the next one, who has time, is given %+v", r)
		}
	})
}

func TestOnceOfWhatMayNotBeProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		o := w.options()
		o.Shield = NewShield(ShieldOptions{Own: func() []netip.Addr { return []netip.Addr{} }})
		m := New(o)
		for _, text := range []string{"127.0.0.1", "10.1.2.3", "http://169.254.169.254/latest", "fd00::1", "KP"} {
			r, gaps := m.Once(t.Context(), footprint(t, text))
			if len(r.Hosts) != 0 || !r.At.IsZero() || len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "not probed") {
				t.Errorf("%s: %+v, gaps %v; want one sentence", text, r, gaps)
			}
		}
		for addr := range w.log() {
			if !addr.IsGlobalUnicast() || addr.IsPrivate() {
				t.Errorf("%v was asked", addr)
			}
		}
	})
}

// What people ask about is kept in mind for so many targets and no more.
func TestOnceIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		m := New(w.options())
		for i := range maxInquiries + 50 {
			m.Once(t.Context(), footprint(t, netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1}).String()))
		}
		if n := len(m.asked); n > maxInquiries {
			t.Errorf("%d targets are kept in mind, want at most %d", n, maxInquiries)
		}
	})
}

func TestNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		o := w.options()
		var addrs []netip.Addr
		var fails *ResolveError
		o.Resolve = func(_ context.Context, host string) (Resolution, error) {
			if fails != nil {
				return Resolution{}, fails
			}
			return Resolution{Name: host, Canonical: host, Addrs: addrs, At: time.Now()}, nil
		}
		o.Shield = NewShield(ShieldOptions{Own: func() []netip.Addr { return []netip.Addr{} }})
		m := New(o)
		ask := func(text string) (checks.Reach, []checks.Gap) {
			time.Sleep(2 * time.Minute)
			return m.Once(t.Context(), footprint(t, text))
		}
		addrs = []netip.Addr{netip.MustParseAddr("20.0.0.1"), netip.MustParseAddr("2a00::1"), netip.MustParseAddr("10.0.0.1")}
		if r, gaps := ask("example.org"); len(r.Hosts) != 4 || len(gaps) > 0 || r.Hosts[0].Name != "example.org" || r.Hosts[1].Method != checks.MethodHTTP || r.Hosts[1].Port != 443 || !r.Hosts[3].Newest.There() {
			t.Errorf("two public addresses: %+v, gaps %v; want ICMP and HTTPS to each", r.Hosts, gaps)
		}
		if r, _ := ask("https://example.org:8443/a?b"); len(r.Hosts) != 2 || r.Hosts[0].Method != checks.MethodHTTP || r.Hosts[0].Port != 8443 || r.Hosts[0].Name != "https://example.org:8443/a?b" {
			t.Errorf("a URL: %+v, want HTTP to each address", r.Hosts)
		}
		fails = &ResolveError{Name: "example.org", Kind: checks.Unresolved, Why: "its servers fail"}
		if r, _ := ask("example.org"); len(r.Hosts) != 4 || !r.Guard.Holds() || r.Hosts[0].Newest.Outcome != checks.Unresolved || r.Hosts[0].Silence.Probes != 1 {
			t.Errorf("a name that resolved before: %+v, want each address to have missed one", r.Hosts)
		}
		fails = &ResolveError{Name: "example.org", Kind: checks.Unmeasured, Why: "no server answers"}
		if r, _ := ask("example.org"); len(r.Hosts) != 4 || !r.Hosts[0].Newest.There() {
			t.Errorf("with no resolver: %+v, want the addresses asked that it had", r.Hosts)
		}
		if r, gaps := ask("other.example.org"); !r.At.IsZero() || len(gaps) != 1 {
			t.Errorf("with no resolver, a new name: %+v, gaps %v; want no round and one gap", r, gaps)
		}
		fails = &ResolveError{Name: "example.org", Kind: checks.Nonexistent, Why: "there is no such name"}
		if r, _ := ask("example.org"); len(r.Hosts) != 1 || r.Hosts[0].Newest.Outcome != checks.Nonexistent || r.At.IsZero() {
			t.Errorf("a name that is no more: %+v, want that said", r)
		}
		fails, addrs = nil, []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		if r, gaps := ask("inwards.example.org"); len(r.Hosts) != 0 || len(gaps) != 1 {
			t.Errorf("a name that leads to loopback: %+v, gaps %v", r, gaps)
		}
	})
}
