package archive

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// loaded is a recording in memory, each route of a session a table entry.
type loaded struct {
	tables []route.Update
	routes int
	size   [2]int
	at     time.Time
	origin checks.ASN // that announces most prefixes
}

// load reads a recording of the real data as one table.
func load(b *testing.B, name string) *loaded {
	folder := os.Getenv("ISITDOWN_TESTDATA")
	if folder == "" {
		b.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	rec, err := Open([]string{filepath.Join(folder, "mrt", name)})
	if err != nil {
		b.Fatal(err)
	}
	l := &loaded{}
	origins := map[checks.ASN]int{}
	take := func(u *route.Update, prefix bgp.NLRI, entries ...route.Entry) {
		t := route.Update{Kind: route.Table, At: u.At, Dump: 1, Prefix: prefix.Prefix}
		for _, e := range entries {
			e.Path = bytes.Clone(e.Path)
			t.Entries = append(t.Entries, e)
		}
		o, _ := entries[0].Path.Origin()
		origins[o]++
		l.tables, l.routes, l.at = append(l.tables, t), l.routes+len(entries), u.At
	}
	err = rec.Play(context.Background(), time.Time{}, func(u *route.Update) error {
		if u.Kind == route.Table {
			take(u, bgp.NLRI{Prefix: u.Prefix}, u.Entries...)
		}
		for _, n := range u.Announced {
			take(u, n, route.Entry{Peer: u.Peer, Path: u.Path})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for o, n := range origins {
		if cmp.Or(cmp.Compare(n, origins[l.origin]), cmp.Compare(l.origin, o)) > 0 {
			l.origin = o
		}
	}
	return l
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

var wholeTables = []string{"rib.20140523.0600_firstMB.bz2", "updates.et-header.2015.gz"}

// BenchmarkWholePaths measures what whole paths take, beside their ends, in memory and in
// time to load.
func BenchmarkWholePaths(b *testing.B) {
	for _, name := range wholeTables {
		l := load(b, name)
		for _, whole := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/whole=%t", name, whole), func(b *testing.B) {
				rules := route.DefaultRules()
				rules.FullPaths = whole
				before := heapInUse()
				for b.Loop() {
					r := route.NewRIB(rules)
					start := time.Now()
					for i := range l.tables {
						r.Apply(&l.tables[i])
					}
					b.ReportMetric(float64(l.routes)/time.Since(start).Seconds(), "routes/s")
					used := float64(heapInUse()) - float64(before)
					b.ReportMetric(used/float64(l.routes), "B/route")
					b.ReportMetric(used/(1<<20), "MiB")
					runtime.KeepAlive(r)
				}
			})
		}
	}
}

// BenchmarkElsewhere measures what a loss costs: the network with most prefixes loses
// them all, and others' routes before and now are looked through; and asking again.
func BenchmarkElsewhere(b *testing.B) {
	for _, name := range wholeTables {
		l := load(b, name)
		rules := route.DefaultRules()
		rules.FullPaths, rules.DeclaredAt = true, []string{l.tables[0].Entries[0].Peer.Collector}
		var again time.Duration
		var got checks.Elsewhere
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := route.NewRIB(rules)
				w := r.Watch(checks.Footprint{Target: checks.Network(l.origin), Origins: []checks.ASN{l.origin}})
				for i := range l.tables {
					r.Apply(&l.tables[i])
				}
				at := l.at.Add(30 * time.Minute)
				l.withdraw(r, at)
				at = at.Add(time.Minute)
				w.Observe(at)
				b.StartTimer()
				got = w.Elsewhere(at)
				b.StopTimer()
				start := time.Now()
				w.Elsewhere(at)
				again = time.Since(start)
				b.StartTimer()
			}
			b.ReportMetric(float64(again.Microseconds())/1000, "ms-again")
		})
		if len(got.Passages) == 0 || got.Missing != "" {
			b.Fatalf("%s: got %d passages, missing %q", name, len(got.Passages), got.Missing)
		}
		b.Logf("%s, %v: %d passages, the first %v, %d upstreams", name, l.origin, len(got.Passages), got.Passages[0], len(got.Siblings))
	}
}

// withdraw takes all routes of the network with most prefixes away.
func (l *loaded) withdraw(r *route.RIB, at time.Time) {
	for i := range l.tables {
		t := &l.tables[i]
		if o, _ := t.Entries[0].Path.Origin(); o != l.origin {
			continue
		}
		for _, e := range t.Entries {
			r.Apply(&route.Update{Kind: route.Routes, At: at, Peer: e.Peer, Withdrawn: []route.NLRI{{Prefix: t.Prefix}}})
		}
	}
}
