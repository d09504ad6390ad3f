package route_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/worldtest"
)

// followed is how many targets are followed.
const followed = 100_000

// Whom a route concerns among 100,000 targets, each call timed for itself: all countries and
// 10,000 networks with what they announce, and prefixes of /16 to /24. Real are routes for
// announced prefixes of the real list, whose networks and countries are made up; dense are
// targets that are all in 10.0.0.0/8, and routes for addresses and prefixes of /16 to /24 of
// it, all lengths alike.
//
//	go test ./checks/route -run '^$' -bench IndexConcerned -benchtime 1000000x -count 5
func BenchmarkIndexConcerned(b *testing.B) {
	for _, bb := range []struct {
		name string
		make func(*testing.B, *rand.Rand) (*route.Index[*int], []netip.Prefix)
	}{{"real", realIndex}, {"dense", denseIndex}} {
		b.Run(bb.name, func(b *testing.B) {
			index, events := bb.make(b, rand.New(rand.NewPCG(8, 9)))
			took := make([]time.Duration, 0, b.N)
			found, i := 0, 0
			for b.Loop() {
				event := events[i%len(events)]
				i++
				start := time.Now()
				index.Concerned(event, func(who *int) { found += *who })
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-us")
			b.ReportMetric(float64(found)/float64(len(took)), "found/route")
		})
	}
}

// realIndex has targets on the real list of announced prefixes.
func realIndex(b *testing.B, rng *rand.Rand) (*route.Index[*int], []netip.Prefix) {
	w, err := worldtest.Make(worldtest.Config{Seed: 1})
	if errors.Is(err, worldtest.ErrNoList) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	var x route.Index[*int]
	countries, networks := map[string]*int{}, map[checks.ASN]*int{}
	var fit []netip.Prefix // to be followed for themselves
	for i := range w.Len() {
		p, a := w.Prefix(i), w.Origin(i)
		code := worldtest.Country(a)
		if countries[code] == nil {
			countries[code] = one()
		}
		x.Add(p, countries[code])
		if networks[a] == nil && len(networks) < 10_000 {
			networks[a] = one()
		}
		if who := networks[a]; who != nil {
			x.Add(p, who)
		}
		if p.Addr().Is4() && p.Bits() >= 16 && p.Bits() <= 24 {
			fit = append(fit, p)
		}
	}
	rng.Shuffle(len(fit), func(i, j int) { fit[i], fit[j] = fit[j], fit[i] })
	for _, p := range fit[:followed-len(countries)-len(networks)] {
		x.Add(p, one())
	}
	events := make([]netip.Prefix, 1<<16)
	for i := range events {
		events[i] = w.Prefix(rng.IntN(w.Len()))
	}
	return &x, events
}

// denseIndex has targets in 10.0.0.0/8 alone.
func denseIndex(_ *testing.B, rng *rand.Rand) (*route.Index[*int], []netip.Prefix) {
	random := func(bits int) netip.Prefix {
		a := netip.AddrFrom4([4]byte{10, byte(rng.IntN(256)), byte(rng.IntN(256)), byte(rng.IntN(256))})
		return netip.PrefixFrom(a, bits).Masked()
	}
	var x route.Index[*int]
	for range 676 {
		who := one()
		for range 20 {
			x.Add(random(16+rng.IntN(9)), who)
		}
	}
	for range 5000 {
		who := one()
		for range 4 {
			x.Add(random(16+rng.IntN(9)), who)
		}
	}
	for range 26_000 {
		x.Add(random(24), one())
	}
	events := make([]netip.Prefix, 1<<16)
	for i := range events {
		if events[i] = random(16 + rng.IntN(9)); i%5 == 0 {
			events[i] = random(32)
		}
	}
	return &x, events
}

func one() *int { n := 1; return &n }
