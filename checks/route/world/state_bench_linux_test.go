package world

import (
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
// how long after an update the verdict of its country is there, at two paces; the time of the
// table of all countries, and that of the verdict of each country, each after a change; of
// these p50, p99 and the largest. -short takes a world a tenth as large.
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
	routes := w.Load(s.Apply)
	loaded := processor() - cpu
	if err := s.Restore(nil); err != nil {
		b.Fatal(err)
	}
	b.Logf("synthetic: %d prefixes, %d routes loaded in %v of CPU and placed in %v", w.Len(), routes, loaded.Round(time.Millisecond), (processor() - cpu - loaded).Round(time.Millisecond))
	now := worldtest.Began
	settle(s, now)
	churn(s, w, 100_000)
	now = s.Stats().Newest
	lose(s, w, now, 5)
	now = now.Add(time.Minute)
	settle(s, now)
	st := s.Stats()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.Logf("%d countries, %d networks; %d rows apart, %d lost, %d vectors; heap %d MiB", st.Countries, st.Networks, st.Apart, st.LostPrefixes, st.Vectors, m.HeapAlloc>>20)
	pace(b, s, w, now, 4000, 5*time.Second)
	now = now.Add(10 * time.Second)
	pace(b, s, w, now, 50_000, 5*time.Second)
	now = now.Add(10 * time.Second)
	settle(s, now)
	for b.Loop() {
		measure(b, "all countries", 200, func(int) { doubt(s); s.Countries(now) })
		list := s.Countries(now)
		down := 0
		for _, v := range list {
			if v.State == checks.Down || v.State == checks.Degraded {
				down++
			}
		}
		b.Logf("%d of %d countries are not whole", down, len(list))
		measure(b, "one country", 3*len(list), func(i int) { doubt(s); s.Verdict(list[i%len(list)].Target, now) })
		measure(b, "the largest", 50, func(int) { doubt(s); s.Verdict(checks.Country("US"), now) })
		measure(b, "the world", 20, func(int) { doubt(s); s.World(now) })
	}
}

// pace applies a stream at so many messages a second for a time, with the ticks between, asks
// for the verdict of the country of what came last every 20 ms, and prints how long after the
// update it was there, and what part of a core all that took.
func pace(b *testing.B, s *State, w *worldtest.World, now time.Time, rate int, d time.Duration) {
	list := record(w, rate*int(d/time.Millisecond)/1000)
	var waits []time.Duration
	cpu, began, tick := processor(), time.Now(), time.Time{}
	for k := 0; k < len(list); {
		came := time.Now()
		due := min(len(list), int(came.Sub(began)*time.Duration(rate)/time.Second))
		for i := range list[k:due] {
			list[k+i].At = now.Add(came.Sub(began))
		}
		s.ApplyAll(list[k:due])
		if due > k && came.Sub(tick) >= 20*time.Millisecond && len(list[due-1].Announced) > 0 {
			tick = came
			country := s.opts.Locate(list[due-1].Announced[0].Prefix)
			s.Verdict(checks.Country(country), now.Add(came.Sub(began)))
			waits = append(waits, time.Since(came))
			if len(waits)%5 == 0 {
				s.Tick(now.Add(came.Sub(began)))
			}
		}
		k = due
		time.Sleep(time.Millisecond)
	}
	slices.Sort(waits)
	share := float64(processor()-cpu) / float64(time.Since(began)) * 100
	b.Logf("%6d messages/s: verdict p50 %v, p99 %v, max %v of %d after the update; %.1f %% of a core, the verdicts included",
		rate, waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1], len(waits), share)
}

// record keeps updates of a stream.
func record(w *worldtest.World, n int) []route.Update {
	list := make([]route.Update, 0, n)
	for u := range w.Stream(11) {
		if len(list) == n {
			break
		}
		kept := *u
		kept.Announced, kept.Withdrawn, kept.Path = slices.Clone(u.Announced), slices.Clone(u.Withdrawn), slices.Clone(u.Path)
		list = append(list, kept)
	}
	return list
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
func churn(s *State, w *worldtest.World, n int) {
	tick := time.Time{}
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
}

// measure prints how long something takes, and how much of the processor: where others use it
// as well, that says more.
func measure(b *testing.B, what string, n int, f func(int)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	times, used := make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		began, cpu := time.Now(), usage(thread)
		f(i)
		times[i], used[i] = time.Since(began), usage(thread)-cpu
	}
	slices.Sort(times)
	slices.Sort(used)
	b.Logf("%-14s p50 %v, p99 %v, max %v of %d; processor p50 %v, p99 %v, max %v",
		what, times[n/2], times[n*99/100], times[n-1], n, used[n/2], used[n*99/100], used[n-1])
}

// thread asks getrusage(2) for the calling thread alone.
const thread = 1

// usage is how much of the processor somebody has used.
func usage(who int) time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(who, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// processor is how much this process has used.
func processor() time.Duration { return usage(syscall.RUSAGE_SELF) }
