package reach

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

func TestGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		word := func(o checks.Outcome) func(context.Context) checks.Outcome {
			return func(context.Context) checks.Outcome { return o }
		}
		for _, tt := range []struct {
			name              string
			controls          []Control
			dead              []string // from the start
			dies              []string // after the first look
			gateway, resolver []checks.Outcome
			want              string // the clause; "" where it holds
			ran               bool
		}{
			{name: "all answer", controls: Controls()[:8], ran: true},
			{name: "three of eight fail", controls: Controls()[:8], dies: []string{"1.1.1.1", "8.8.8.8", "9.9.9.9"}, ran: true},
			{
				name: "four of eight fail", controls: Controls()[:8], dies: []string{"1.1.1.1", "8.8.8.8", "9.9.9.9", "4.2.2.1"},
				want: "our own network: 4 of 8 control targets do not answer", ran: true,
			},
			{name: "two that never answered are not counted", controls: Controls()[:8], dead: []string{"1.1.1.1", "8.8.8.8"}, ran: true},
			{
				name: "three never answered", controls: Controls()[:8], dead: []string{"1.1.1.1", "8.8.8.8", "9.9.9.9"},
				want: "the own-network guard cannot run: of 8 control targets 5 can be used, in 5 networks; it takes 6 in 3",
			},
			{name: "too few", controls: Controls()[:5], want: "the own-network guard cannot run: of 5 control targets 5 can be used, in 5 networks; it takes 6 in 3"},
			{
				name: "two networks", controls: slices.Repeat([]Control{{netip.MustParseAddr("20.0.0.1"), 1}, {netip.MustParseAddr("20.0.0.2"), 2}}, 4),
				want: "the own-network guard cannot run: of 8 control targets 8 can be used, in 2 networks; it takes 6 in 3",
			},
			{name: "none", want: "the own-network guard cannot run: of 0 control targets 0 can be used, in 0 networks; it takes 6 in 3"},
			{
				name: "gateway and resolver", controls: Controls()[:8], gateway: []checks.Outcome{checks.Answered, checks.Silent}, resolver: []checks.Outcome{checks.Answered, checks.Silent},
				want: "our own network: neither the gateway nor the resolver answers", ran: true,
			},
			{name: "the gateway alone", controls: Controls()[:8], gateway: []checks.Outcome{checks.Answered, checks.Silent}, resolver: []checks.Outcome{checks.Answered, checks.Answered}, ran: true},
			{name: "a gateway that never answers pings", controls: Controls()[:8], gateway: []checks.Outcome{checks.Silent, checks.Silent}, resolver: []checks.Outcome{checks.Answered, checks.Silent}, ran: true},
		} {
			w := newWorld(0)
			w.kill(true, tt.dead...)
			o := w.options()
			o.Controls = tt.controls
			if tt.gateway != nil {
				o.Gateway, o.Resolver = word(tt.gateway[0]), word(tt.resolver[0])
			}
			g := newGuard(&o)
			g.look(t.Context(), 0)
			if tt.gateway != nil {
				g.gateway.ask, g.resolver.ask = word(tt.gateway[1]), word(tt.resolver[1])
			}
			w.kill(true, tt.dies...)
			_, got, looked := g.look(t.Context(), 0)
			if !looked || got.four.Void != tt.want || got.four.Holds() != (tt.want == "") || got.four.At.IsZero() == tt.ran {
				t.Errorf("%s: %+v, want %q", tt.name, got.four, tt.want)
			}
		}
	})
}

// A control that answers DNS alone is asked by DNS from then on; one that dies is left
// out after some looks, and counts again when it is back.
func TestControlsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		w.only[netip.MustParseAddr("8.8.8.8")] = checks.MethodDNS
		o := w.options()
		g := newGuard(&o)
		look := func() checks.Guard {
			time.Sleep(guardEvery)
			_, now, _ := g.look(t.Context(), 0)
			return now.four
		}
		if got := look(); got.Answered != 8 {
			t.Errorf("one answers DNS alone: %+v", got)
		}
		sent := len(w.probes("8.8.8.8"))
		if look(); len(w.probes("8.8.8.8")) != sent+1 {
			t.Error("it is asked by the method that does not work, too")
		}
		w.kill(true, "1.1.1.1")
		for range 11 {
			look()
		}
		if got := look(); got.Controls != 7 || got.Answered != 7 {
			t.Errorf("after a dozen looks a dead control still counts: %+v", got)
		}
		w.kill(false, "1.1.1.1")
		for range 3 {
			look()
		}
		if got := look(); got.Controls != 8 || got.Answered != 8 {
			t.Errorf("it is back: %+v", got)
		}
		w.cut(true)
		for range 100 {
			if got := look(); got.Holds() || got.Controls != 8 {
				t.Fatalf("our own network is down: %+v", got)
			}
		}
		w.cut(false)
		if got := look(); !got.Holds() || got.Answered != 8 {
			t.Errorf("our own network is back: %+v", got)
		}
	})
}

// Manners hold for controls too: no block is asked more than 15 times in 10 minutes,
// whether its control answers or never did.
func TestControlsAreAskedWithManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		w.kill(true, "1.1.1.1")
		o := w.options()
		asker := NewAsker(AskerOptions{
			Methods: map[checks.Method]Ask{checks.MethodICMP: w.ask, checks.MethodDNS: w.ask, checks.MethodTCP: w.ask},
			Shield:  everything(), Manners: NewManners(MannersOptions{}),
		})
		o.Ask = asker.Ask
		m := New(o)
		defer running(m)()
		m.Follow(footprint(t, "192.0.2.1"))
		time.Sleep(2 * time.Hour)
		w.mu.Lock()
		sent := maps.Clone(w.sent)
		w.mu.Unlock()
		for addr, times := range sent {
			for i := range times {
				if i >= 15 && times[i].Sub(times[i-15]) < 10*time.Minute {
					t.Fatalf("%v was asked 16 times in %v", addr, times[i].Sub(times[i-15]))
				}
			}
		}
		if s := m.State(); s.Void > 0 || s.Rounds < 150 || s.IPv4.Controls != 7 {
			t.Errorf("the guard looked %d times, %d void, with %d controls of IPv4; want 7 that hold", s.Rounds, s.Void, s.IPv4.Controls)
		}
	})
}

func TestGateways(t *testing.T) {
	const four = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	0	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	00000000	00000000	0001	0	0	0	00000000	0	0	0
eth1	00000000	xx	0003	0	0	0	00000000	0	0	0
eth1	00000000
`
	const six = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`
	// The kernel writes the bytes of this table as this machine orders them.
	want := []netip.Addr{netip.MustParseAddr("192.168.1.1")}
	if diff := cmp.Diff(gateways4(four), want, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" && littleEndian() {
		t.Errorf("IPv4 (-got +want):\n%s", diff)
	}
	if got := gateways6(six); len(got) != 1 || got[0] != netip.MustParseAddr("fe80::1%eth0") {
		t.Errorf("IPv6: %v, want fe80::1%%eth0", got)
	}
	find := func() []netip.Addr {
		return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1%eth0")}
	}
	ask := func(allow []netip.Prefix) Ask {
		return func(_ context.Context, p Probe) checks.Answer {
			s := NewShield(ShieldOptions{Allow: allow, Own: func() []netip.Addr { return []netip.Addr{} }})
			if err := s.Addr(p.Addr); err != nil {
				t.Errorf("the gateway's own exception refuses it: %v", err)
			}
			if err := s.Addr(netip.MustParseAddr("10.0.0.2")); err == nil {
				t.Error("the exception lets its neighbour through")
			}
			o := checks.Silent
			if p.Addr.Is4() {
				o = checks.Answered
			}
			return checks.Answer{Outcome: o}
		}
	}
	if got := gatewayOf(find, ask)(t.Context()); got != checks.Answered {
		t.Errorf("one of two gateways answers: %v", got)
	}
	if got := gatewayOf(func() []netip.Addr { return nil }, ask)(t.Context()); got != checks.Unmeasured {
		t.Errorf("no gateway: %v", got)
	}
}

func littleEndian() bool {
	got := gateways4("e\t00000000\t00000001\t3\t0\t0\t0\t00000000\t0\t0\t0")
	return len(got) == 1 && got[0] == netip.MustParseAddr("1.0.0.0")
}

func FuzzGateways(f *testing.F) {
	f.Add("eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0")
	f.Add("00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 0 0 0 0 eth0")
	f.Fuzz(func(t *testing.T, table string) {
		for _, a := range append(gateways4(table), gateways6(table)...) {
			if !a.IsValid() || a.IsUnspecified() {
				t.Errorf("%q gives %v", table, a)
			}
		}
	})
}

// Controls that wait because much else is sent are no sign of trouble.
func TestGuardWhileMuchIsSent(t *testing.T) {
	t.Parallel() // in a bubble, beside the lab
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		o := w.options()
		o.Ask = NewAsker(AskerOptions{Methods: all(w.ask), Shield: everything(), Manners: NewManners(MannersOptions{})}).Ask
		m := New(o)
		for i := range 2000 { // 4,000 probes at once, at 200 a second
			m.Follow(footprint(t, netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1}).String()))
		}
		defer running(m)()
		time.Sleep(10 * time.Minute)
		if s := m.State(); s.Void > 0 || s.Rounds < 10 || s.IPv4.Controls != 8 || s.IPv4.Answered != 8 {
			t.Errorf("%+v: want the guard to hold", s)
		}
	})
}
