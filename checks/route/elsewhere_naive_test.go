package route

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
)

// seenFrom is a vantage point and another origin.
type seenFrom struct {
	vantage, origin checks.ASN
}

// checkPassages counts every passage again, and gives how many had routes.
func (s *story) checkPassages(t *testing.T, seed uint64, e *checks.Elsewhere, base checks.Baseline, looked, ask time.Time) (n int) {
	t.Helper()
	then, now := s.held(e.From), s.held(ask)
	want := map[checks.Element]checks.Passage{}
	for _, bp := range base.Prefixes {
		for _, held := range s.held(began) { // the second session of a vantage point may add its own
			for x := range held[bp.Prefix].Way(14).Elements() {
				want[x] = checks.Passage{Element: x}
			}
		}
	}
	for x := range want {
		before, still, origins := map[seenFrom]bool{}, map[seenFrom]bool{}, map[checks.ASN]bool{}
		for _, p := range s.peers {
			if !s.counts(p, e.From, looked, ask) {
				continue
			}
			known := map[checks.ASN]bool{} // the lowest prefix speaks for the origin
			for _, prefix := range sortedPrefixes(then[p]) {
				path := then[p][prefix]
				origin := path.Origin()
				if origin == home || known[origin] || !path.Way(14).Passes(x) {
					continue
				}
				known[origin], origins[origin], before[seenFrom{p.AS, origin}] = true, true, true
				if path := now[p][prefix]; path.Origin() == origin && path.Way(14).Passes(x) {
					still[seenFrom{p.AS, origin}] = true
				}
			}
		}
		want[x] = checks.Passage{Element: x, Origins: len(origins), Before: len(before), Still: len(still)}
	}
	told := map[checks.Element]bool{}
	for _, p := range e.Passages {
		told[p.Element] = true
	}
	for _, bp := range base.Prefixes {
		for _, seen := range bp.Paths {
			for x := range seen.Path.Way(14).Elements() {
				if !told[x] {
					t.Fatalf("seed %d: nothing is told of %v, on a path of the baseline", seed, x)
				}
			}
		}
	}
	for _, got := range e.Passages {
		if got != want[got.Element] {
			t.Fatalf("seed %d, asked at %s: got %+v, want %+v", seed, ask, got, want[got.Element])
		}
		if got.Before > 0 {
			n++
		}
	}
	return n
}

// checkSiblings counts the networks behind every upstream again, and gives how many were lost.
func (s *story) checkSiblings(t *testing.T, seed uint64, e *checks.Elsewhere, v *wave, looked, ask time.Time) (n int) {
	t.Helper()
	until := v.until().time()
	if ask.Before(until) {
		until = ask
	}
	then, after := s.held(e.From), s.held(until)
	if len(e.Siblings) == 0 {
		t.Fatalf("seed %d: no upstreams", seed)
	}
	for _, got := range e.Siblings {
		networks, lost := 0, 0
		for origin := checks.ASN(2000); origin < 2015; origin++ {
			had, via := map[checks.ASN]bool{}, map[checks.ASN]bool{}
			asked, holds := map[checks.ASN]bool{}, map[checks.ASN]bool{}
			prefixes := map[netip.Prefix]bool{}
			for _, p := range s.peers {
				if !s.counts(p, e.From, looked, e.From) {
					continue
				}
				for prefix, path := range then[p] {
					if path.Origin() != origin {
						continue
					}
					prefixes[prefix], had[p.AS] = true, true
					via[p.AS] = via[p.AS] || slices.Contains(path.Way(14), got.Upstream)
				}
			}
			for _, p := range s.peers {
				if !had[p.AS] || !s.whole(p, until) { // be it one whose table of before is not known
					continue
				}
				asked[p.AS] = true
				for prefix := range prefixes {
					holds[p.AS] = holds[p.AS] || after[p][prefix].Origin() == origin
				}
			}
			if countTrue(via) == 0 || countTrue(via)*2 < len(had) {
				continue
			}
			networks++
			if gone := len(asked) - countTrue(holds); len(asked) > 0 && gone*2 > len(asked) {
				lost++
			}
		}
		if got.Networks != networks || got.Lost != lost {
			t.Fatalf("seed %d, asked at %s: behind %v got %d of %d lost, want %d of %d", seed, ask, got.Upstream, got.Lost, got.Networks, lost, networks)
		}
		n += lost
	}
	return n
}

func countTrue(m map[checks.ASN]bool) (n int) {
	for _, yes := range m {
		if yes {
			n++
		}
	}
	return n
}
