package live

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// crowd is 5,000 targets in a world of a million prefixes, of which they cover a part,
// and updates at 300 sessions to go with it.
type crowd struct {
	hub     *Hub
	targets []*Target
	updates []route.Update
}

// prefixAt gives one of 2^20 prefixes, /24s from 32.0.0.0 on.
func prefixAt(i int) netip.Prefix {
	n := uint32(i) & (1<<20 - 1)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(32 + n>>16), byte(n >> 8), byte(n), 0}), 24)
}

// makeCrowd makes one whose updates are about the first so many prefixes.
func makeCrowd(b *testing.B, prefixes int) *crowd {
	c := &crowd{hub: New(Options{Rules: route.DefaultRules(), Log: discard()})}
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range 5000 {
		f := checks.Footprint{Target: checks.Country("KP")}
		switch {
		case i < 50: // a country of many prefixes
			for range 500 {
				f.Prefixes = append(f.Prefixes, prefixAt(rng.IntN(prefixes)))
			}
			checks.SortPrefixes(f.Prefixes)
		case i < 1000: // a network, which originates ten prefixes
			f.Target = checks.Network(checks.ASN(i + 1))
			f.Origins = []checks.ASN{checks.ASN(i + 1)}
		default:
			f.Prefixes = []netip.Prefix{prefixAt(rng.IntN(prefixes))}
		}
		c.targets = append(c.targets, c.hub.Follow(f))
	}
	at := time.Now()
	for i := range 400_000 {
		peer := route.Peer{Collector: fmt.Sprintf("rrc%02d", i%20), Addr: netip.AddrFrom4([4]byte{10, 0, byte(i % 300 >> 8), byte(i % 300)}), AS: checks.ASN(100_000 + i%300)}
		u := route.Update{Kind: route.Routes, At: at.Add(time.Duration(i) * 10 * time.Microsecond), Peer: peer}
		first := rng.IntN(prefixes)
		routes := []route.NLRI{{Prefix: prefixAt(first)}, {Prefix: prefixAt(first + 1)}}[:1+rng.IntN(2)]
		if i%5 == 0 {
			u.Withdrawn = routes
		} else {
			raw, err := bgp.MakeRawPath(checks.MakePath(peer.AS, 3356, checks.ASN(200+rng.IntN(5)), checks.ASN(first/10)))
			if err != nil {
				b.Fatal(err)
			}
			u.Announced, u.Path = routes, raw
		}
		c.updates = append(c.updates, u)
	}
	return c
}

// BenchmarkDispatch measures a stream of the whole world into 5,000 targets, from the
// update to the targets' tables.
func BenchmarkDispatch(b *testing.B) { benchmarkDispatch(b, 1<<20) }

// BenchmarkDispatchAll does the same where each update concerns about five of them.
func BenchmarkDispatchAll(b *testing.B) { benchmarkDispatch(b, 6000) }

func benchmarkDispatch(b *testing.B, prefixes int) {
	c := makeCrowd(b, prefixes)
	i := 0
	start := time.Now()
	for b.Loop() {
		c.hub.Apply(&c.updates[i%len(c.updates)])
		i++
	}
	b.ReportMetric(float64(i)/time.Since(start).Seconds(), "updates/s")
	var revisions int
	for _, t := range c.targets {
		revisions += t.Revision()
	}
	b.ReportMetric(float64(revisions)/float64(i), "changes/update")
}

// BenchmarkTarget measures what a target takes in memory, looked up at 1,500 sessions,
// of which 600 hold its four prefixes.
func BenchmarkTarget(b *testing.B) {
	w := &world{t: b}
	for i := range 1500 {
		w.peers = append(w.peers, route.Peer{Collector: fmt.Sprintf("rrc%02d", i%26), Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), AS: checks.ASN(i + 1)})
	}
	for i, p := range w.peers {
		if i%5 > 1 { // IPv6 sessions, and partial feeds
			continue
		}
		for _, prefix := range kp() {
			w.truth = append(w.truth, change{time.Now().Add(-48 * time.Hour), p, prefix, w.path(p)})
		}
	}
	h := New(Options{Rules: route.DefaultRules(), Log: discard(), Lookup: Lookup{State: w.state}})
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	n := 0
	var kept []*Target
	for b.Loop() {
		t := h.Follow(country())
		t.join(h.ask(b.Context(), t))
		kept = append(kept, t)
		n++
	}
	b.ReportMetric(float64(heap()-before)/float64(n)/1024, "KiB/target")
	runtime.KeepAlive(kept)
}

// BenchmarkHole measures what the end and the return of a stream with 20 collectors
// costs 5,000 targets.
func BenchmarkHole(b *testing.B) {
	c := makeCrowd(b, 1<<20)
	at := time.Now().Add(time.Hour)
	for b.Loop() {
		at = at.Add(time.Second)
		for i := range 20 {
			p := route.Peer{Collector: fmt.Sprintf("rrc%02d", i)}
			c.hub.Apply(&route.Update{Kind: route.Lost, At: at, Peer: p})
			c.hub.Apply(&route.Update{Kind: route.Alive, At: at, Peer: p})
		}
	}
}
