package world

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/worldtest"
)

// BenchmarkMemory says what the whole state takes, the routing table and what is known of it:
// of a synthetic world on the real prefixes, after its table, 100,000 updates of the stream and
// some losses. Heap and RSS are those after a collection, with the memory given back, and
// without what the made up world itself takes; own is the part of the heap that is not the
// routing table. -short takes a tenth of the prefixes.
//
//	go test -run '^$' -bench Memory -benchtime 1x ./checks/route/world
func BenchmarkMemory(b *testing.B) {
	for name, partial := range map[string]int{"600-full": 0, "600-full-900-partial": 900} {
		b.Run(name, func(b *testing.B) {
			c := worldtest.Config{Full: 600, Partial: partial, Seed: 1}
			if testing.Short() {
				c.Prefixes = 100_000
			}
			w, err := worldtest.Make(c)
			if err != nil {
				b.Skip(err)
			}
			for b.Loop() {
				heap, rss := memory(b)
				s := New(Options{
					Rules: route.DefaultRules(), Assess: checks.DefaultRules(), Locate: giant(w.Locate),
					Network: func(a checks.ASN) (string, string) { return "", worldtest.Country(a) },
				})
				routes := w.Load(s.Apply)
				if err := s.Restore(nil); err != nil {
					b.Fatal(err)
				}
				settle(s, worldtest.Began)
				churn(s, w, 100_000)
				now := s.Stats().Newest
				lose(s, w, now, 5)
				settle(s, now.Add(time.Minute))
				all, allRSS := memory(b)
				b.Logf("%d ends of paths by country, %d carriers of countries, %d rows apart", s.pairs.list.n, len(s.pairs.carriers), len(s.apart.by))
				s.pairs, s.rows, s.networks, s.countries = nil, rows{}, groups[checks.ASN]{}, groups[string]{}
				s.apart, s.suspects = deviants{}, nil
				table, _ := memory(b)
				runtime.KeepAlive(s)
				mib := func(bytes int) float64 { return float64(bytes) / (1 << 20) }
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(mib(all-heap), "MiB-heap")
				b.ReportMetric(mib(all-table), "MiB-own")
				b.ReportMetric(mib(allRSS-rss), "MiB-RSS")
				b.ReportMetric(float64(all-heap)/float64(routes), "B/route")
			}
			runtime.KeepAlive(w)
		})
	}
}

// memory gives the heap and the RSS in bytes, after what is not needed was given back.
func memory(tb testing.TB) (heap, rss int) {
	tb.Helper()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := strings.CutPrefix(string(line), "VmRSS:"); ok {
			if rss, err = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB")); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return int(m.HeapAlloc), rss << 10
}
