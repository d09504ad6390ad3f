package session

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/labtest"
	"isitdown/checks/route"
)

// The reference case: four networks of AS131279 behind AS4837, which is the router;
// one IPv6 prefix besides.
var kpPrefixes = []string{"175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"}

const kpIPv6 = "2001:db8:64::/48"

const (
	routerAS    = checks.ASN(4837)
	collectorAS = checks.ASN(12654)
)

// lab is a collector at work, with what it has emitted applied to a RIB.
type lab struct {
	t *testing.T
	c *Collector

	mu    sync.Mutex
	rib   *route.RIB
	watch *route.Watch
	log   []string
	kinds map[route.Kind]int
	seen  map[netip.Prefix]string
}

// testLog shows a collector's log with the test's.
type testLog struct{ t testing.TB }

func (w testLog) Write(b []byte) (int, error) {
	w.t.Logf("%s", strings.TrimSpace(string(b)))
	return len(b), nil
}

func footprint(t testing.TB) checks.Footprint {
	t.Helper()
	target, err := checks.ParseTarget("KP")
	if err != nil {
		t.Fatal(err)
	}
	return checks.Footprint{Target: target, Name: "North Korea", Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")}, Origins: []checks.ASN{131279}, Home: []checks.ASN{131279}}
}

func collect(t *testing.T, neighbors ...Neighbor) *lab {
	t.Helper()
	rules := route.DefaultRules()
	rules.Declared = []checks.ASN{routerAS}
	rules.Settle, rules.BaselineStable = time.Millisecond, time.Millisecond
	c, err := New(Options{
		Neighbors: neighbors, Retry: 100 * time.Millisecond, RetryMax: 500 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(testLog{t}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, c: c, rib: route.NewRIB(rules), kinds: map[route.Kind]int{}, seen: map[netip.Prefix]string{}}
	l.watch = l.rib.Watch(footprint(t))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.Run(ctx, l.take); err != nil {
			t.Errorf("the collector ended with %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return l
}

func (l *lab) take(u *route.Update) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rib.Apply(u)
	l.kinds[u.Kind]++
	for _, n := range u.Withdrawn {
		delete(l.seen, n.Prefix)
	}
	for _, n := range u.Announced {
		l.seen[n.Prefix] = u.Path.String()
	}
	if u.Kind != route.Alive {
		l.log = append(l.log, fmt.Sprint(u.Kind, " ", u.Peer, " ", u.Announced, u.Withdrawn, " ", u.Path, " ", u.Family))
	}
}

func (l *lab) count(k route.Kind) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kinds[k]
}

// state is what the pipeline says of the reference case now.
func (l *lab) state() checks.State {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	baseline, vantage, observations := l.watch.Observe(now)
	return checks.Assess(checks.Case{Footprint: footprint(l.t), Baseline: baseline, Vantage: vantage, Observations: observations, Now: now, Rules: checks.Rules{MinVoting: 1, MaxAge: time.Minute}}).State
}

func TestBIRD(t *testing.T) {
	router, us := labtest.AddrPort(t), labtest.AddrPort(t)
	labtest.BIRD(t, birdConfig(router, us, ""))
	l := collect(t, Neighbor{
		Name: "edge1", Address: netip.PrefixFrom(router.Addr(), 32), Port: router.Port(), Local: us.Addr(),
		AS: routerAS, LocalAS: collectorAS, HoldTime: 9 * time.Second,
	})
	labtest.Await(t, "both End-of-RIB", func() bool { return l.count(route.EndOfRIB) >= 2 }, func() string { return fmt.Sprint(l.c.Status(), "\n", strings.Join(l.log, "\n")) })
	t.Log(strings.Join(l.log, "\n"))
	t.Logf("%+v", l.c.Status())
}

func birdConfig(router, us netip.AddrPort, extra string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "router id 10.0.0.1;\nprotocol device {}\nprotocol static kp { ipv4;\n")
	for _, p := range kpPrefixes {
		fmt.Fprintf(&b, " route %s blackhole;\n", p)
	}
	fmt.Fprintf(&b, "}\nprotocol static six { ipv6; route %s blackhole; }\n", kpIPv6)
	fmt.Fprintf(&b, `protocol bgp up {
  local %s port %d as %d;
  neighbor %s port %d as %d;
  multihop 2; strict bind;
  hold time 9; keepalive time 3; connect delay time 1; connect retry time 1; error wait time 1, 2;
  %s
  ipv4 { import all; export filter { bgp_path.prepend(131279); accept; }; };
  ipv6 { import all; export filter { bgp_path.prepend(131279); accept; }; next hop address 2001:db8::1; };
}
`, router.Addr(), router.Port(), routerAS, us.Addr(), us.Port(), collectorAS, extra)
	return b.String()
}
