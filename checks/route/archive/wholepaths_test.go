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
	at     time.Time
	most   checks.ASN // announces most prefixes
	four   checks.ASN // the first of those that announce four
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
		if cmp.Or(cmp.Compare(n, origins[l.most]), cmp.Compare(l.most, o)) > 0 {
			l.most = o
		}
		if n == 4 && (l.four == 0 || o < l.four) {
			l.four = o
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

// BenchmarkAttribution measures a whole answer about a network that has just lost all its
// routes: what is seen of it, what others' routes before and now say, and the verdict; and
// asking again.
func BenchmarkAttribution(b *testing.B) {
	for _, name := range wholeTables {
		l := load(b, name)
		for _, size := range []struct {
			name   string
			origin checks.ASN
		}{{"most prefixes", l.most}, {"four prefixes", l.four}} {
			b.Run(name+"/"+size.name, func(b *testing.B) { l.attribute(b, size.origin) })
		}
	}
}

func (l *loaded) attribute(b *testing.B, origin checks.ASN) {
	rules := route.DefaultRules()
	rules.FullPaths, rules.DeclaredAt = true, []string{l.tables[0].Entries[0].Peer.Collector}
	f := checks.Footprint{Target: checks.Network(origin), Origins: []checks.ASN{origin}}
	var again time.Duration
	var v checks.Verdict
	for b.Loop() {
		b.StopTimer()
		r := route.NewRIB(rules)
		w := r.Watch(f)
		for i := range l.tables {
			r.Apply(&l.tables[i])
		}
		l.withdraw(r, origin, l.at.Add(30*time.Minute))
		now := l.at.Add(31 * time.Minute)
		answer := func() {
			c := checks.Case{Footprint: f, Now: now, Rules: checks.DefaultRules()}
			c.Rules.MinVoting = 1
			c.Baseline, c.Vantage, c.Observations = w.Observe(now)
			c.Elsewhere = w.Elsewhere(now)
			v = checks.Assess(c)
		}
		runtime.GC() // of what loading left
		b.StartTimer()
		answer()
		b.StopTimer()
		start := time.Now()
		answer()
		again = time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(again.Microseconds())/1000, "ms-again")
	if v.State < checks.Degraded || len(v.Disappeared) == 0 || len(v.Disappeared[0].Scores) == 0 && v.Disappeared[0].Rule != checks.RuleTakenOver {
		b.Fatalf("%v is %v, %d attributions", origin, v.State, len(v.Disappeared))
	}
	b.Logf("%v, %d prefixes: rule %v, %v", origin, len(v.Prefixes), v.Disappeared[0].Rule, v.Disappeared[0].Set)
}

// withdraw takes all routes of a network away.
func (l *loaded) withdraw(r *route.RIB, origin checks.ASN, at time.Time) {
	for i := range l.tables {
		t := &l.tables[i]
		if o, _ := t.Entries[0].Path.Origin(); o != origin {
			continue
		}
		for _, e := range t.Entries {
			r.Apply(&route.Update{Kind: route.Routes, At: at, Peer: e.Peer, Withdrawn: []route.NLRI{{Prefix: t.Prefix}}})
		}
	}
}
