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

// Each fault has its effect on the routers and on who probes, and when it is healed all is
// as it was built.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, cases := range map[string][]faultCase{"home": homeFaults(), "upstreams": upstreamFaults()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				t.Skip("in the long run: it breaks the network in every way")
			}
			if !netlab.Alone(t) {
				return
			}
			began := time.Now()
			i := Build(t)
			t.Logf("built in %v", time.Since(began))
			places := []*Vantage{ProbeHere(Right), ProbeFrom(t, i.Inside, Carrier)}
			for _, tt := range cases {
				tt.run(t, i, places)
			}
		})
	}
}

func (tt faultCase) run(t *testing.T, i *Internet, places []*Vantage) {
	t.Helper()
	began := time.Now()
	heal := tt.begin(i)
	i.Await(tt.name+": the tables", func() bool { return tt.want.tables(i) })
	spread := time.Since(began)
	tt.probe(t, places)
	if heal == nil {
		t.Logf("%s: spread in %v", tt.name, spread)
		return
	}
	began = time.Now()
	heal()
	t.Logf("%s: spread in %v, healed in %v", tt.name, spread, time.Since(began))
	if len(i.broken) != 0 {
		t.Errorf("%s: healed, and still broken: %v", tt.name, i.broken)
	}
	i.Converged()
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
			if n == 0 && tt.want.last != "" {
				tt.trace(t, sample.Traces[netip.MustParseAddr(kp)])
			}
		})
	}
	work.Wait()
}

// trace holds the routers on the way to kp against where it shall end.
func (tt faultCase) trace(t *testing.T, way []checks.Router) {
	t.Helper()
	way = slices.DeleteFunc(slices.Clone(way), func(r checks.Router) bool { return !r.Addr.IsValid() })
	if len(way) == 0 || !netip.MustParsePrefix(tt.want.last).Contains(way[len(way)-1].Addr) {
		t.Errorf("%s: the way to %s is %v, want it to end in %s", tt.name, kp, way, tt.want.last)
	}
}
