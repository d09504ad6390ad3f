package world

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/worldtest"
)

// giant has one country hold a quarter of all prefixes, as the largest does.
func giant(locate func(netip.Prefix) string) func(netip.Prefix) string {
	n := 0
	return func(p netip.Prefix) string {
		if n++; p.Addr().AsSlice()[2]%4 == 1 {
			return "US"
		}
		return locate(p)
	}
}

// BenchmarkWorld measures answers from a synthetic world on the real prefixes: a table of 600
// full feeds, then a stream. It prints, once:
//
//	go test -run '^$' -bench World -benchtime 1x -timeout 30m ./checks/route/world
//
// the time of the table of all countries, and that of the verdict of each country; of these
// p50, p99 and the largest. -short takes a world a tenth as large.
func BenchmarkWorld(b *testing.B) {
	c := worldtest.Config{Full: 600, Seed: 1}
	if testing.Short() {
		c.Prefixes, c.Full = 100_000, 60
	}
	w, err := worldtest.Make(c)
	if err != nil {
		b.Skip(err)
	}
	s := New(Options{
		Rules: route.DefaultRules(), Assess: checks.DefaultRules(), Locate: giant(w.Locate),
		Network:      func(a checks.ASN) (string, string) { return "", worldtest.Country(a) },
		MinAddresses: 4096, MinPrefixes6: 16,
	})
	cpu := processor()
	began := time.Now()
	routes := w.Load(s.Apply)
	b.Logf("synthetic: %d prefixes, %d routes loaded in %v (%v CPU)", w.Len(), routes, time.Since(began).Round(time.Millisecond), (processor() - cpu).Round(time.Millisecond))
	began = time.Now()
	if err := s.Restore(nil); err != nil {
		b.Fatal(err)
	}
	b.Logf("placed in %v", time.Since(began).Round(time.Millisecond))
	now := worldtest.Began
	settle(s, now)
	churn(b, s, w, 100_000)
	now = s.Stats().Newest
	lose(s, w, now, 5)
	now = now.Add(time.Minute)
	settle(s, now)
	st := s.Stats()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.Logf("%d countries, %d networks; %d rows apart, %d lost, %d vectors; heap %d MiB", st.Countries, st.Networks, st.Apart, st.LostPrefixes, st.Vectors, m.HeapAlloc>>20)
	for b.Loop() {
		measure(b, "all countries", 200, func(int) { s.judged = nil; s.Countries(now) })
		list := s.Countries(now)
		down := 0
		for _, v := range list {
			if v.State == checks.Down || v.State == checks.Degraded {
				down++
			}
		}
		b.Logf("%d of %d countries are not whole", down, len(list))
		measure(b, "one country", 3*len(list), func(i int) { s.judged = nil; s.Verdict(list[i%len(list)].Target, now) })
		measure(b, "the largest", 50, func(int) { s.judged = nil; s.Verdict(checks.Country("US"), now) })
		measure(b, "the world", 20, func(int) { s.judged = nil; s.World(now) })
	}
}

// settle ticks until all is counted.
func settle(s *State, now time.Time) {
	for {
		s.Tick(now)
		if s.behind() == 0 && s.next == nil && !s.recount {
			return
		}
	}
}

// lose has all sessions withdraw so many prefixes of each country, and one in a hundred of
// the largest.
func lose(s *State, w *worldtest.World, now time.Time, n int) {
	lost := map[uint16]int{}
	for i := range w.Len() {
		row := s.tab.Row(w.Prefix(i))
		if row == 0 {
			continue
		}
		c := s.rows.country[row]
		if lost[c]++; lost[c] > n && (c != uint16(s.countries.by["US"]) || i%100 != 0) {
			continue
		}
		for _, peer := range w.Peers {
			s.Apply(&route.Update{Kind: route.Routes, At: now, Peer: peer, Withdrawn: []route.NLRI{{Prefix: w.Prefix(i)}}})
		}
	}
}

// churn applies so many updates of a stream, with the ticks between them.
func churn(b *testing.B, s *State, w *worldtest.World, n int) {
	cpu, tick := processor(), time.Time{}
	for u := range w.Stream(7) {
		if n--; n < 0 {
			break
		}
		s.Apply(u)
		if u.At.Sub(tick) >= 100*time.Millisecond {
			tick = u.At
			s.Tick(u.At)
		}
	}
	b.Logf("100,000 updates: %v CPU", (processor() - cpu).Round(time.Millisecond))
}

// measure prints how long something takes.
func measure(b *testing.B, what string, n int, f func(int)) {
	times := make([]time.Duration, n)
	for i := range n {
		began := time.Now()
		f(i)
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	b.Logf("%-14s p50 %v, p99 %v, max %v of %d", what, times[n/2], times[n*99/100], times[n-1], n)
	b.ReportMetric(float64(times[n*99/100].Microseconds())/1000, fmt.Sprintf("p99ms/%.3s", what))
}

// processor is how much of it this process has used.
func processor() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
