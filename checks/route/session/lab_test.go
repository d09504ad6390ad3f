package session

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/labtest"
	"isitdown/checks/route"
)

// The reference case: four networks of AS131279 behind AS4837, which is the router;
// one IPv6 prefix besides.
var kpPrefixes = []string{"175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"}

const (
	kpIPv6      = "2001:db8:64::/48"
	kpPath      = "4837 131279"
	routerAS    = checks.ASN(4837)
	collectorAS = checks.ASN(12654)
)

// lab is a collector at work, with what it has emitted applied to a RIB.
type lab struct {
	t *testing.T
	c *Collector

	mu        sync.Mutex
	rib       *route.RIB
	watch     *route.Watch
	log       []string
	kinds     map[route.Kind]int
	held      map[netip.Prefix]string
	announced int
	withdrawn int
	downs     int // times that the verdict was Down
	sent      []bgp.MessageType
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
	return checks.Footprint{
		Target: target, Name: "North Korea", Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")},
		Origins: []checks.ASN{131279}, Home: []checks.ASN{131279},
	}
}

func collect(t *testing.T, neighbors ...Neighbor) *lab {
	t.Helper()
	rules := route.DefaultRules()
	rules.Declared = []checks.ASN{routerAS}
	rules.Settle = time.Millisecond // nobody waits half a minute here
	l := &lab{t: t, rib: route.NewRIB(rules), kinds: map[route.Kind]int{}, held: map[netip.Prefix]string{}}
	l.watch = l.rib.Watch(footprint(t))
	var err error
	l.c, err = New(Options{
		Neighbors: neighbors, Retry: 100 * time.Millisecond, RetryMax: 500 * time.Millisecond, DialTimeout: time.Second,
		Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		Dial: func(ctx context.Context, n *Neighbor) (net.Conn, error) {
			conn, err := dialTCP(ctx, n)
			if err != nil {
				return nil, err
			}
			return &recorder{conn.(*net.TCPConn), l}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := l.c.Run(ctx, l.take); err != nil {
			t.Errorf("the collector ended with %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return l
}

// recorder notes the type of every message that leaves.
type recorder struct {
	*net.TCPConn
	l *lab
}

func (r *recorder) Write(b []byte) (int, error) {
	r.l.record(b)
	return r.TCPConn.Write(b)
}

// record cuts into messages what was sent in one piece.
func (l *lab) record(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(b) > 0 {
		n, kind, err := bgp.ParseHeader(b)
		if err != nil {
			l.t.Errorf("what was sent is not BGP: %v", err)
			return
		}
		l.sent = append(l.sent, kind)
		b = b[n:]
	}
}

func (l *lab) take(u *route.Update) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rib.Apply(u)
	l.kinds[u.Kind]++
	l.announced += len(u.Announced)
	l.withdrawn += len(u.Withdrawn)
	for _, n := range u.Withdrawn {
		delete(l.held, n.Prefix)
	}
	for _, n := range u.Announced {
		l.held[n.Prefix] = u.Path.String()
	}
	if u.Kind == route.PeerDown {
		clear(l.held)
	}
	if u.Kind != route.Alive {
		l.log = append(l.log, fmt.Sprint(u.Kind, " ", u.Peer, " ", u.Announced, u.Withdrawn, " ", u.Path, " ", u.Family))
	}
	l.assess()
}

// assess is what the pipeline says of the reference case now.
func (l *lab) assess() checks.State {
	now := time.Now()
	baseline, vantage, observations := l.watch.Observe(now)
	v := checks.Assess(checks.Case{
		Footprint: footprint(l.t), Baseline: baseline, Vantage: vantage, Observations: observations,
		Now: now, Rules: checks.Rules{MinVoting: 1, MaxAge: time.Minute},
	})
	if v.State == checks.Down {
		l.downs++
	}
	return v.State
}

// get reads something under the lock.
func get[T any](l *lab, f func() T) T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return f()
}

func (l *lab) count(k route.Kind) int { return get(l, func() int { return l.kinds[k] }) }

func (l *lab) await(what string, ready func() bool) {
	l.t.Helper()
	labtest.Await(l.t, what, ready, func() string {
		return fmt.Sprintf("%+v\n%s", l.c.Status(), get(l, func() string { return strings.Join(l.log, "\n") }))
	})
}

func (l *lab) awaitState(want checks.State) {
	l.t.Helper()
	l.await(fmt.Sprintf("the verdict is %v", want), func() bool { return get(l, l.assess) == want })
}

// awaitStatus waits for a sentence, and gives the status that holds it.
func (l *lab) awaitStatus(part string) (s Status) {
	l.t.Helper()
	l.await("a status says "+part, func() bool {
		for _, s = range l.c.Status() {
			if strings.Contains(s.Sentence, part) {
				return true
			}
		}
		return false
	})
	return s
}

// awaitTable waits for the routes of both families, each with its path.
func (l *lab) awaitTable() {
	l.t.Helper()
	l.await("all routes are there", func() bool {
		return get(l, func() bool {
			for _, p := range append(kpPrefixes[:4:4], kpIPv6) {
				if l.held[netip.MustParsePrefix(p)] != kpPath {
					return false
				}
			}
			return len(l.held) == 5
		})
	})
}

// kpRouter is a router of some make that originates the reference case.
type kpRouter struct {
	d                         *labtest.Daemon
	withdraw, announce, reset func()
	// deaf says that it does not send its table again though it offers to, and why.
	deaf string
}

// story is the whole life of a session: routes come, go, come back; the session is
// reset, which is no loss; and the table is sent again when it is asked for.
func story(t *testing.T, l *lab, r kpRouter) {
	t.Helper()
	l.awaitTable()
	l.await("End-of-RIB of both families", func() bool { return l.count(route.EndOfRIB) >= 2 })
	l.awaitState(checks.Up)
	r.withdraw()
	l.awaitState(checks.Down)
	r.announce()
	l.awaitState(checks.Up)

	if r.reset != nil {
		l.reset(r)
	}
	if r.deaf != "" {
		t.Logf("it is not asked for its table: %s", r.deaf)
		l.silent(t)
		return
	}
	before := get(l, func() int { return l.announced })
	if n := l.c.Refresh(Both); n != 1 {
		t.Errorf("got %d sessions asked for their table, want 1", n)
	}
	l.await("the table is sent again", func() bool { return get(l, func() int { return l.announced }) >= before+5 })
	l.silent(t)
}

// reset has the router reset the session, and waits until all is as before.
func (l *lab) reset(r kpRouter) {
	l.t.Helper()
	ups, downs, withdrawn := l.count(route.PeerUp), get(l, func() int { return l.downs }), get(l, func() int { return l.withdrawn })
	r.reset()
	l.await("the session is reset", func() bool { return l.count(route.PeerDown) > 0 })
	l.await("the session comes back", func() bool { return l.count(route.PeerUp) > ups })
	l.awaitTable()
	l.awaitState(checks.Up)
	if got := get(l, func() int { return l.downs }); got != downs {
		l.t.Errorf("a session that was reset made the verdict Down %d times", got-downs)
	}
	if got := get(l, func() int { return l.withdrawn }); got != withdrawn {
		l.t.Errorf("%d withdrawals came with the reset, want none", got-withdrawn)
	}
}

// silent fails where anything left but what opens, keeps, refreshes and ends.
func (l *lab) silent(t *testing.T) {
	t.Helper()
	for _, kind := range get(l, func() []bgp.MessageType { return append([]bgp.MessageType(nil), l.sent...) }) {
		switch kind {
		case bgp.MessageOpen, bgp.MessageKeepalive, bgp.MessageNotification, bgp.MessageRouteRefresh:
		default:
			t.Errorf("a message of type %d left", kind)
		}
	}
}

// neighbor is the router as it is called, or waited for.
func neighbor(router, us netip.AddrPort, passive bool) Neighbor {
	n := Neighbor{
		Name: "edge1", Address: netip.PrefixFrom(router.Addr(), 32), Port: router.Port(), Local: us.Addr(),
		AS: routerAS, LocalAS: collectorAS, HoldTime: 9 * time.Second,
	}
	if passive {
		n.Passive, n.Listen, n.RouterID = true, us.String(), netip.MustParseAddr("10.0.0.9")
	}
	return n
}
