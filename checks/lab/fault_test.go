package lab

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/netlab"
)

// seen is what shall be so while something is broken: paths at routers, and whether hosts
// answer from both places.
type seen struct {
	paths           map[checks.ASN]map[string]string
	outside, inside map[string]bool
}

const (
	gone = "gone" // instead of a path

	kp   = "175.45.176.15"
	dual = "198.51.100.10"
	six  = "2001:db8:64::10"
)

// everywhere is what both vantage points have for a prefix.
func everywhere(prefix, left, right string) map[checks.ASN]map[string]string {
	return map[checks.ASN]map[string]string{Left: {prefix: left}, Right: {prefix: right}}
}

// faultCase is something that is broken; without an end it stays so, and the next case
// comes on top of it.
type faultCase struct {
	name  string
	begin func(i *Internet) (heal func())
	want  seen
}

func faultCases() []faultCase {
	var f *Fault
	quarter := netip.MustParsePrefix("175.45.176.0/24")
	return []faultCase{
		{"Home's link cut", func(i *Internet) func() { return i.Cut(i.Access).Heal }, seen{
			everywhere("175.45.179.0/24", gone, gone), map[string]bool{kp: false, dual: true}, map[string]bool{kp: false, dual: true},
		}},
		{"Home's link silent", func(i *Internet) func() {
			f := i.Silence(i.Access)
			i.AwaitLost(i.Access)
			return f.Heal
		}, seen{everywhere("175.45.179.0/24", gone, gone), map[string]bool{kp: false, dual: true}, map[string]bool{kp: false, dual: true}}},
		{"Home crashed", func(i *Internet) func() { i.Home.Kill(); return i.Home.Start }, seen{
			everywhere("175.45.176.0/24", gone, gone), map[string]bool{kp: false}, map[string]bool{kp: false},
		}},
		{"Home frozen", func(i *Internet) func() { i.Home.Freeze(); i.Home.AwaitLost(); return i.Home.Thaw }, seen{
			everywhere("175.45.176.0/24", gone, gone), map[string]bool{kp: false}, map[string]bool{kp: false},
		}},
		{"Home withdraws all", func(i *Internet) func() {
			i.Home.Withdraw(HomePrefixes()...)
			return func() { i.Home.Announce(HomePrefixes()...) }
		}, seen{everywhere("175.45.178.0/24", gone, gone), map[string]bool{kp: false}, map[string]bool{kp: false}}},
		{"Home withdraws one", func(i *Internet) func() {
			i.Home.Withdraw(quarter)
			return func() { i.Home.Announce(quarter) }
		}, seen{map[checks.ASN]map[string]string{Left: {"175.45.176.0/24": gone, "175.45.177.0/24": "4837 131279"}}, map[string]bool{kp: false, "175.45.177.20": true}, nil}},
		{"Carrier covers Home", func(i *Internet) func() {
			i.Carrier.Announce(HomeBlock())
			i.Home.Withdraw(HomePrefixes()...)
			return func() { i.Home.Announce(HomePrefixes()...); i.Carrier.Withdraw(HomeBlock()) }
		}, seen{map[checks.ASN]map[string]string{Left: {"175.45.176.0/24": gone, "175.45.176.0/22": "4837"}, Right: {"175.45.176.0/22": "4837"}}, map[string]bool{kp: false}, nil}},
		{"Carrier without Right", func(i *Internet) func() { f = i.Cut(i.CarrierRight); return nil }, seen{
			everywhere("175.45.176.0/24", "4837 131279", "3356 4837 131279"), map[string]bool{kp: true}, map[string]bool{kp: true, dual: true},
		}},
		{"Carrier without both", func(i *Internet) func() {
			g := i.Cut(i.CarrierLeft)
			return func() { f.Heal(); g.Heal() }
		}, seen{map[checks.ASN]map[string]string{
			Left:  {"175.45.176.0/24": gone, "219.158.0.0/17": gone, "202.106.0.0/16": gone, "4.0.0.0/9": ""},
			Right: {"175.45.176.0/24": gone, "219.158.0.0/17": gone, "81.224.0.0/12": "3301"},
		}, map[string]bool{kp: false, dual: true, "4.2.2.1": true}, map[string]bool{kp: true, dual: false, "4.2.2.1": false}}},
		{"Dual without Left", func(i *Internet) func() { f = i.Cut(i.DualLeft); return nil }, seen{
			map[checks.ASN]map[string]string{Left: {"198.51.100.0/24": "1299 64500", "2001:db8:64::/48": "1299 64500"}, Carrier: {"198.51.100.0/24": "1299 64500"}},
			map[string]bool{dual: true, six: true},
			map[string]bool{dual: true, six: true},
		}},
		{"Dual without both", func(i *Internet) func() {
			g := i.Cut(i.DualRight)
			return func() { g.Heal(); f.Heal() }
		}, seen{map[checks.ASN]map[string]string{Left: {"198.51.100.0/24": gone, "2001:db8:64::/48": gone, "175.45.176.0/24": "4837 131279"}}, map[string]bool{dual: false, six: false, kp: true}, nil}},
		{"Dual announces Home's", func(i *Internet) func() {
			i.Dual.Announce(quarter)
			return func() { i.Dual.Withdraw(quarter) }
		}, seen{everywhere("175.45.176.0/24", "64500", "64500"), map[string]bool{kp: false, "175.45.177.20": true}, map[string]bool{kp: true}}},
		{"lost inside Carrier", func(i *Internet) func() {
			return i.Carrier.Node.Drop(netlab.Packets{To: HomeBlock()}).Heal
		}, seen{everywhere("175.45.176.0/24", "4837 131279", "4837 131279"), map[string]bool{kp: false, dual: true}, map[string]bool{kp: false, dual: true}}},
	}
}

// Each fault has its effect on the routers and on who probes, and when it is healed all is
// as it was built.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("in the long run: it breaks the network in every way")
	}
	i := Build(t)
	places := []*Vantage{ProbeHere(Right), ProbeFrom(t, i.Inside, Carrier)}
	for _, tt := range faultCases() {
		began := time.Now()
		heal := tt.begin(i)
		i.Await(tt.name+": the tables", func() bool { return tt.want.tables(i) })
		spread := time.Since(began)
		tt.probe(t, places)
		began = time.Now()
		if heal == nil {
			t.Logf("%s: spread in %v", tt.name, spread)
			continue
		}
		heal()
		t.Logf("%s: spread in %v, healed in %v", tt.name, spread, time.Since(began))
		if len(i.broken) != 0 {
			t.Errorf("%s: healed, and still broken: %v", tt.name, i.broken)
		}
		i.Converged()
	}
}

// tables reports whether the routers have what they shall.
func (s seen) tables(i *Internet) bool {
	for at, want := range s.paths {
		routes := i.router(at).Routes()
		for text, path := range want {
			got, ok := routes[netip.MustParsePrefix(text)]
			if !ok {
				got = gone
			}
			if got != path {
				return false
			}
		}
	}
	return true
}

// probe asks the hosts from both places.
func (tt faultCase) probe(t *testing.T, places []*Vantage) {
	t.Helper()
	var work sync.WaitGroup
	for n, want := range []map[string]bool{tt.want.outside, tt.want.inside} {
		if len(want) == 0 {
			continue
		}
		work.Go(func() {
			sample, err := places[n].ask(t.Context(), addrs(slices.Collect(maps.Keys(want))...))
			if err != nil {
				t.Errorf("%s: probing from %v: %v", tt.name, places[n].asn, err)
				return
			}
			for host, answers := range want {
				list := sample.Answers[netip.MustParseAddr(host)]
				if got := slices.ContainsFunc(list, checks.Answer.There); got != answers {
					t.Errorf("%s: from %v %s answers: %v, want %v: %v", tt.name, places[n].asn, host, got, answers, list)
				}
			}
		})
	}
	work.Wait()
}
