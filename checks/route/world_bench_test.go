package route_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/checks/route"
	"isitdown/checks/route/worldtest"
)

// The whole world: 1,062,046 real prefixes, everything else synthetic.
//
//	go test ./checks/route -run '^$' -bench 'World$|WorldPartial$' -benchtime 1x
//
// With -short it is a tenth of that.
func BenchmarkWorld(b *testing.B) { benchmarkWorld(b, worldtest.Config{Full: 600, Seed: 1}) }

// BenchmarkWorldPartial has 900 partial sessions more.
func BenchmarkWorldPartial(b *testing.B) {
	benchmarkWorld(b, worldtest.Config{Full: 600, Partial: 900, Seed: 1})
}

// benchmarkWorld loads a table dump of all sessions at once and says what it takes: the
// loading without making it up, bytes, one prefix of the stream, the end of all sessions of a
// collector. Of the memory of the process, some 45 MiB are those of the made up world.
func benchmarkWorld(b *testing.B, c worldtest.Config) {
	if testing.Short() {
		c.Prefixes = 100_000
	}
	w, err := worldtest.Make(c)
	if errors.Is(err, worldtest.ErrNoList) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		runtime.GC()
		before := heapInUse()
		r := route.NewRIB(route.DefaultRules())
		routes, took := loadWorld(w, r)
		b.ReportMetric(float64(routes)/took.Seconds()/1e6, "Mroutes/s")
		used := float64(heapInUse() - before)
		b.ReportMetric(used/float64(routes), "B/route")
		b.ReportMetric(used/(1<<20), "heap-MiB")
		debug.FreeOSMemory()
		b.ReportMetric(float64(resident(b, "VmRSS:"))/1024, "RSS-MiB")
		size := r.Table().Size()
		b.ReportMetric(float64(size.Bytes)/(1<<20), "slab-MiB")
		b.ReportMetric(float64(size.Vectors)/float64(size.Prefixes), "vectors/prefix")
		b.ReportMetric(streamWorld(w, r), "ns/update")
		b.ReportMetric(0, "ns/op")
		all, longest := endWorld(w, r)
		b.ReportMetric(float64(all.Milliseconds()), "ms/collector-end")
		b.ReportMetric(float64(longest.Microseconds())/1000, "ms/longest-update")
		b.ReportMetric(float64(resident(b, "VmHWM:"))/1024, "peak-RSS-MiB")
		runtime.KeepAlive(r)
	}
}

// loadWorld applies the table, timing the applying alone.
func loadWorld(w *worldtest.World, r *route.RIB) (routes int, took time.Duration) {
	const batch = 64
	records := make([]worldtest.Dump, batch)
	for i := 0; i < w.Len(); i += batch {
		n := min(batch, w.Len()-i)
		for k := range n {
			w.Record(&records[k], i+k, 0, len(w.Peers))
		}
		start := time.Now()
		for k := range n {
			if u := &records[k].Update; len(u.Entries) > 0 {
				routes += len(u.Entries)
				r.Apply(u)
			}
		}
		took += time.Since(start)
	}
	return routes, took
}

// streamWorld applies a part of the stream and gives the time for each prefix in it.
func streamWorld(w *worldtest.World, r *route.RIB) (ns float64) {
	const updates = 400_000
	list := make([]route.Update, 0, 1000)
	prefixes, took := 0, time.Duration(0)
	n := 0
	for u := range w.Stream(1) {
		c := *u
		c.Announced, c.Withdrawn = append([]route.NLRI(nil), u.Announced...), append([]route.NLRI(nil), u.Withdrawn...)
		c.Path = append(c.Path[:0:0], u.Path...)
		list = append(list, c)
		prefixes += len(c.Announced) + len(c.Withdrawn)
		if len(list) == cap(list) {
			start := time.Now()
			for k := range list {
				r.Apply(&list[k])
			}
			took += time.Since(start)
			list = list[:0]
		}
		if n++; n == updates {
			break
		}
	}
	return float64(took.Nanoseconds()) / float64(prefixes)
}

// endWorld ends all sessions of a collector and goes on with the stream until their routes
// are taken out, which it times: all of it, and the longest that an update had to wait.
func endWorld(w *worldtest.World, r *route.RIB) (all, longest time.Duration) {
	apply := func(u *route.Update) {
		start := time.Now()
		r.Apply(u)
		took := time.Since(start)
		all, longest = all+took, max(longest, took)
	}
	at := r.Newest()
	for _, p := range w.Peers {
		if p.Collector == "rrc01" {
			apply(&route.Update{Kind: route.PeerDown, At: at, Peer: p})
		}
	}
	for u := range w.Stream(2) {
		if !r.Table().Clearing() {
			return all, longest
		}
		if u.Peer.Collector == "rrc01" {
			continue
		}
		u.At = at
		apply(u)
	}
	return all, longest
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident gives what Linux says of the memory of this process, in KiB, and 0 elsewhere.
func resident(tb testing.TB, name string) int {
	tb.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if rest, ok := strings.CutPrefix(string(line), name); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				tb.Fatal(fmt.Errorf("reading %s: %w", name, err))
			}
			return n
		}
	}
	return 0
}
