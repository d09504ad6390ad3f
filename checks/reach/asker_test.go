package reach

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
)

func all(ask Ask) map[checks.Method]Ask {
	return map[checks.Method]Ask{checks.MethodICMP: ask, checks.MethodTCP: ask, checks.MethodHTTP: ask, checks.MethodDNS: ask}
}

func TestAskerKeepsTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var starts []time.Time
		under, most := 0, 0
		ask := func(ctx context.Context, p Probe) checks.Answer {
			mu.Lock()
			starts = append(starts, time.Now())
			under++
			most = max(most, under)
			mu.Unlock()
			pause(ctx, time.Second)
			mu.Lock()
			under--
			mu.Unlock()
			return checks.Answer{Outcome: checks.Answered}
		}
		a := NewAsker(AskerOptions{Methods: all(ask), Shield: everything(), Manners: NewManners(MannersOptions{})})
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				got := a.Ask(t.Context(), Probe{Addr: netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1}), Method: checks.MethodICMP})
				if got.Outcome != checks.Answered || got.At.IsZero() {
					t.Errorf("probe %d: %+v", i, got)
				}
			})
		}
		wg.Wait()
		slices.SortFunc(starts, time.Time.Compare)
		for i := range starts {
			if i >= 200 && starts[i].Sub(starts[i-200]) < time.Second-5*time.Millisecond {
				t.Fatalf("201 probes within %v", starts[i].Sub(starts[i-200]))
			}
		}
		if len(starts) != 1000 || most > 100 || most < 90 {
			t.Errorf("%d probes, %d at once; want 1000, at most 100 at once", len(starts), most)
		}
		if c := a.Counts(); c.Probes[checks.MethodICMP][checks.Answered] != 1000 || c.InFlight != 0 {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestAskerRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		ask := func(context.Context, Probe) checks.Answer {
			sent++
			return checks.Answer{Outcome: checks.Answered}
		}
		mannered := NewManners(MannersOptions{})
		shield := NewShield(ShieldOptions{Own: func() []netip.Addr { return []netip.Addr{} }})
		good := netip.MustParseAddr("20.0.0.1")
		for _, tt := range []struct {
			name string
			o    AskerOptions
			p    Probe
			want string
		}{
			{"no shield", AskerOptions{Methods: all(ask), Manners: mannered}, Probe{Addr: good, Method: checks.MethodICMP}, "no list of what may be probed"},
			{"no manners", AskerOptions{Methods: all(ask), Shield: shield}, Probe{Addr: good, Method: checks.MethodICMP}, HeldBack},
			{"no such method", AskerOptions{Shield: shield, Manners: mannered}, Probe{Addr: good, Method: checks.MethodICMP}, "no probe by icmp"},
			{"loopback", AskerOptions{Methods: all(ask), Shield: shield, Manners: mannered}, Probe{Addr: netip.MustParseAddr("127.0.0.1"), Method: checks.MethodICMP}, "loopback"},
			{"mapped loopback", AskerOptions{Methods: all(ask), Shield: shield, Manners: mannered}, Probe{Addr: netip.MustParseAddr("::ffff:127.0.0.1"), Method: checks.MethodICMP}, "loopback"},
			{"no address", AskerOptions{Methods: all(ask), Shield: shield, Manners: mannered}, Probe{Method: checks.MethodICMP}, "not probed"},
			{"a port of no web", AskerOptions{Methods: all(ask), Shield: shield, Manners: mannered}, Probe{Addr: good, Port: 22, Method: checks.MethodTCP}, "port 22"},
			{"DNS at another port", AskerOptions{Methods: all(ask), Shield: shield, Manners: mannered}, Probe{Addr: good, Port: 5353, Method: checks.MethodDNS}, "port 5353"},
		} {
			got := NewAsker(tt.o).Ask(t.Context(), tt.p)
			if got.Outcome != checks.Unmeasured || !strings.Contains(got.Detail, tt.want) || sent > 0 {
				t.Errorf("%s: %v %q, %d sent; want nothing sent, and %q", tt.name, got.Outcome, got.Detail, sent, tt.want)
			}
		}
		a := NewAsker(AskerOptions{Methods: all(ask), Shield: shield, Manners: mannered})
		for range 20 {
			a.Ask(t.Context(), Probe{Addr: good, Port: 53, Method: checks.MethodDNS})
		}
		if c := a.Counts(); sent != 15 || c.HeldBack != 5 {
			t.Errorf("20 probes to a block: %d sent, %d held back; want 15 and 5", sent, c.HeldBack)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := a.Ask(ctx, Probe{Addr: netip.MustParseAddr("20.0.1.1"), Method: checks.MethodICMP}); got.Outcome != checks.Unmeasured || sent != 15 {
			t.Errorf("after its end: %+v", got)
		}
	})
}

// What the end of a context cut short says nothing of a host; its own time limit does.
func TestAskerTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, p Probe) checks.Answer {
			<-ctx.Done()
			return checks.Answer{Outcome: checks.Silent}
		}
		a := NewAsker(AskerOptions{Methods: all(hang), Shield: everything(), Manners: NewManners(MannersOptions{})})
		for _, tt := range []struct {
			limit, took time.Duration
			method      checks.Method
			want        checks.Outcome
		}{
			{time.Minute, 3 * time.Second, checks.MethodICMP, checks.Silent},
			{time.Minute, 9 * time.Second, checks.MethodHTTP, checks.Silent},
			{200 * time.Millisecond, 200 * time.Millisecond, checks.MethodICMP, checks.Unmeasured},
		} {
			time.Sleep(time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
			began := time.Now()
			got := a.Ask(ctx, Probe{Addr: netip.MustParseAddr("20.0.0.1"), Port: 80, Method: tt.method})
			cancel()
			if took := time.Since(began); got.Outcome != tt.want || took != tt.took {
				t.Errorf("%v, %v: %v after %v, want %v after %v", tt.method, tt.limit, got.Outcome, took, tt.want, tt.took)
			}
		}
	})
}
