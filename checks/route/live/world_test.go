package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// home is the network whose prefixes most tests are about.
const home checks.ASN = 131279

// world is what is true: which session holds which route, and since when. It has a
// lookup service, which is behind by a lag, and collectors whose streams can be cut.
type world struct {
	t     testing.TB
	hub   *Hub
	peers []route.Peer

	mu     sync.Mutex
	truth  []change // in the order of time
	cut    map[string]bool
	proven map[string]time.Time // up to when a collector's feed was whole
	lag    time.Duration
	slow   time.Duration
	broken error
	empty  bool // the service knows of no route
	mute   bool // nor of a session
	asked  int
	delay  time.Duration // of the streams
	line   []route.Update
	late   sync.WaitGroup
}

// change is a route that a session has from a time on; none where path is nil.
type change struct {
	at     time.Time
	peer   route.Peer
	prefix netip.Prefix
	path   bgp.RawPath
}

// newWorld makes a world of n peers at three collectors, all of which have had the four
// prefixes of KP for two days.
func newWorld(t testing.TB, n int, lag time.Duration) *world {
	w := &world{t: t, lag: lag, cut: map[string]bool{}, proven: map[string]time.Time{}}
	for i := range n {
		w.peers = append(w.peers, route.Peer{
			Collector: fmt.Sprintf("rrc%02d", i%3), Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), AS: checks.ASN(i + 1),
		})
	}
	for _, p := range w.peers {
		for _, prefix := range kp() {
			w.truth = append(w.truth, change{time.Now().Add(-48 * time.Hour), p, prefix, w.path(p)})
		}
	}
	return w
}

func kp() (list []netip.Prefix) {
	for i := range 4 {
		list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte{175, 45, byte(176 + i), 0}), 24))
	}
	return list
}

func country() checks.Footprint {
	return checks.Footprint{
		Target: checks.Country("KP"), Name: "North Korea", Country: "KP", Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")},
		Origins: []checks.ASN{home}, Home: []checks.ASN{home},
	}
}

func (w *world) path(p route.Peer, via ...checks.ASN) bgp.RawPath {
	if len(via) == 0 {
		via = []checks.ASN{4837, home}
	}
	raw, err := bgp.MakeRawPath(checks.MakePath(append([]checks.ASN{p.AS}, via...)...))
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// start makes the hub and lets it run until stop. Tell's, once in 15 s, say that the
// streams are alive.
func (w *world) start(change ...func(*Options)) (stop func()) {
	o := Options{
		Rules: route.DefaultRules(), Streamed: true, Log: discard(),
		Lookup: Lookup{History: w.history, State: w.state},
	}
	for _, f := range change {
		f(&o)
	}
	w.hub = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { w.hub.Run(ctx) })
	wg.Go(func() {
		tick := time.NewTicker(15 * time.Second)
		defer tick.Stop()
		for {
			if o.Streamed {
				w.beat()
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
		w.late.Wait()
	}
}

// send has a stream deliver an update, later where there is a delay; w.mu is held.
func (w *world) send(u *route.Update) {
	if w.delay == 0 {
		w.arrive(u)
		return
	}
	w.line = append(w.line, *u)
	w.late.Go(func() {
		time.Sleep(w.delay)
		w.mu.Lock()
		defer w.mu.Unlock()
		next := w.line[0]
		w.line = w.line[1:]
		w.arrive(&next)
	})
}

func (w *world) arrive(u *route.Update) {
	c := u.Peer.Collector
	if w.cut[c] {
		return
	}
	w.proven[c] = u.At
	w.hub.Apply(u)
}

// beat has each stream that is not cut say that it is alive.
func (w *world) beat() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.names() {
		w.send(&route.Update{Kind: route.Alive, At: time.Now(), Peer: route.Peer{Collector: c}})
	}
}

func (w *world) names() []string {
	set := map[string]bool{}
	for _, p := range w.peers {
		set[p.Collector] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// set changes the truth at some peers, and streams it where the stream is not cut.
func (w *world) set(path func(route.Peer) bgp.RawPath, peers []route.Peer, prefixes ...netip.Prefix) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range peers {
		u := route.Update{Kind: route.Routes, At: time.Now(), Peer: p, Path: path(p)}
		for _, prefix := range prefixes {
			w.truth = append(w.truth, change{time.Now(), p, prefix, u.Path})
			if u.Path == nil {
				u.Withdrawn = append(u.Withdrawn, route.NLRI{Prefix: prefix})
			} else {
				u.Announced = append(u.Announced, route.NLRI{Prefix: prefix})
			}
		}
		w.send(&u)
	}
}

func (w *world) withdraw(peers []route.Peer, prefixes ...netip.Prefix) {
	w.set(func(route.Peer) bgp.RawPath { return nil }, peers, prefixes...)
}

func (w *world) announce(peers []route.Peer, prefixes ...netip.Prefix) {
	w.set(func(p route.Peer) bgp.RawPath { return w.path(p) }, peers, prefixes...)
}

// silence cuts the streams of collectors; nobody has noticed yet.
func (w *world) silence(names ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range names {
		w.cut[c] = true
	}
}

// notice has the feed notice that the streams of collectors are cut.
func (w *world) notice(names ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range names {
		w.hub.Apply(&route.Update{Kind: route.Lost, At: w.proven[c], Peer: route.Peer{Collector: c}, Refresh: true})
	}
}

// reconnect brings the streams of collectors back.
func (w *world) reconnect(names ...string) {
	w.mu.Lock()
	for _, c := range names {
		w.cut[c] = false
	}
	w.mu.Unlock()
	w.beat()
}

// holds gives what each session holds at a time, by prefix.
func (w *world) holds(f *checks.Footprint, at time.Time) map[netip.Prefix]map[route.Peer]bgp.RawPath {
	table := map[netip.Prefix]map[route.Peer]bgp.RawPath{}
	for _, c := range w.truth {
		if c.at.After(at) || !concerns(f, c) {
			continue
		}
		if table[c.prefix] == nil {
			table[c.prefix] = map[route.Peer]bgp.RawPath{}
		}
		if c.path == nil {
			delete(table[c.prefix], c.peer)
		} else {
			table[c.prefix][c.peer] = c.path
		}
	}
	return table
}

func concerns(f *checks.Footprint, c change) bool {
	if f.Target.Kind() == checks.KindASN {
		return slices.Contains(kp(), c.prefix) == (f.Target.ASN() == home)
	}
	return f.Inside(c.prefix)
}

// size is that of every session's table.
const size = 900_000

func (w *world) dump(f *checks.Footprint, at time.Time, number int, emit func(*route.Update)) {
	for _, p := range w.peers {
		emit(&route.Update{Kind: route.Size, At: at, Peer: p, Dump: number, Size: [2]int{size, size / 5}})
	}
	table := w.holds(f, at)
	for _, prefix := range slices.SortedFunc(maps.Keys(table), checks.ComparePrefixes) {
		u := route.Update{Kind: route.Table, At: at, Prefix: prefix, Dump: number}
		for _, p := range w.peers {
			if path := table[prefix][p]; path != nil {
				u.Entries = append(u.Entries, route.Entry{Peer: p, Path: path})
			}
		}
		if len(u.Entries) > 0 {
			emit(&u)
		}
	}
	emit(&route.Update{Kind: route.Refreshed, At: at, Dump: number})
}

// sizes is the answer of a service that knows the sessions, and of no route.
func (w *world) sizes(at time.Time, emit func(*route.Update)) {
	w.dump(&checks.Footprint{}, at, 1, emit)
}

// answer is what both lookups begin with.
func (w *world) answer(ctx context.Context) (asOf time.Time, err error) {
	w.mu.Lock()
	w.asked++
	slow := w.slow
	w.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(-slow - w.lag).Truncate(time.Second), w.broken
}

func (w *world) history(ctx context.Context, f checks.Footprint, at time.Time, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
	asOf, err := w.answer(ctx)
	if err != nil {
		return time.Time{}, nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !at.IsZero() {
		asOf = at
	}
	if w.empty {
		w.sizes(asOf, emit)
		return asOf, nil, nil
	}
	start := asOf.Add(-24 * time.Hour)
	w.dump(&f, start, 1, emit)
	for _, c := range w.truth {
		if !c.at.After(start) || c.at.After(asOf) || !concerns(&f, c) {
			continue
		}
		u := route.Update{Kind: route.Routes, At: c.at, Peer: c.peer, Path: c.path}
		if routes := []route.NLRI{{Prefix: c.prefix}}; c.path == nil {
			u.Withdrawn = routes
		} else {
			u.Announced = routes
		}
		emit(&u)
	}
	return asOf, nil, nil
}

func (w *world) state(ctx context.Context, f checks.Footprint, emit func(*route.Update)) (time.Time, []checks.Gap, error) {
	asOf, err := w.answer(ctx)
	if err != nil {
		return time.Time{}, nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.mute:
	case w.empty:
		w.sizes(asOf, emit)
	default:
		w.dump(&f, asOf, 1, emit)
	}
	return asOf, nil, nil
}

var errBroken = errors.New("503 Service Unavailable")

// verdict is that of an incident's life, answer what somebody who asks is told.
func verdict(t *Target) checks.Verdict {
	v := t.Observe(time.Now())
	return checks.Assess(v.Step(time.Now(), checks.DefaultRules()))
}

func answer(t *Target) checks.Verdict {
	v := t.Observe(time.Now())
	return checks.Assess(v.Answer(time.Now(), checks.DefaultRules()))
}

// wait lets time pass, and all that is due happen.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// expect fails where the verdict is another one.
func expect(t *testing.T, target *Target, want checks.State) checks.Verdict {
	t.Helper()
	v := verdict(target)
	if v.State != want {
		view := target.Observe(time.Now())
		t.Fatalf("the verdict is %v, want %v; current %v, as of %s, gaps %q, reasons %q, vantage %+v",
			v.State, want, view.Current, view.AsOf, view.Gaps, v.Reasons, view.Vantage)
	}
	return v
}

// settled waits until the streams carry a target on.
func settled(t *testing.T, target *Target) {
	t.Helper()
	for range 200 {
		wait(10 * time.Second)
		target.qmu.Lock()
		behind := target.awaited()
		followed := target.followed()
		target.qmu.Unlock()
		if behind.IsZero() && followed {
			return
		}
	}
	t.Fatalf("the streams do not carry the target on: %+v", target.links)
}
