package archive

import (
	"slices"

	"isitdown/checks"
)

// path gives the AS path of a network as a vantage point has it.
func (s *Scenario) path(as checks.ASN, w way) []checks.ASN {
	if len(w.via) == 0 {
		return withoutLoops(append(s.reach(as, w.origin), w.origin))
	}
	p := append(s.reach(as, w.via[0]), w.via...)
	return withoutLoops(append(p, w.origin))
}

// reach gives the path from a vantage point up to the AS before the given one:
// itself, and where a transit line says so one of the networks in front, always
// the same. A vantage point that is one of them has no need of another.
func (s *Scenario) reach(as, to checks.ASN) []checks.ASN {
	behind := s.transits[to]
	switch {
	case as == to:
		return nil
	case len(behind) == 0 || slices.Contains(behind, as):
		return []checks.ASN{as}
	}
	next := behind[mix(uint64(as), uint64(to))%uint64(len(behind))]
	return append(s.reach(as, next), next)
}

// longerPath gives a path that is longer than the usual one, through other
// networks in front of the same transit; nil where there is none.
func (s *Scenario) longerPath(as checks.ASN, w way) []checks.ASN {
	usual := s.path(as, w)
	if len(w.via) == 0 || usual[0] != as || !slices.Contains(usual[1:], w.via[0]) {
		return nil
	}
	behind := s.transits[w.via[0]]
	p := []checks.ASN{as}
	start := int(mix(uint64(as), uint64(w.via[0]), 1) % uint64(max(1, len(behind))))
	for i := range behind {
		if len(p) == 3 {
			break
		}
		other := behind[(start+i)%len(behind)]
		if !slices.Contains(usual, other) && !slices.Contains(w.via, other) {
			p = append(p, other)
		}
	}
	p = withoutLoops(append(append(p, w.via...), w.origin))
	if len(p) <= len(usual) {
		return nil
	}
	return p
}

// withoutLoops cuts out what lies between two places of one AS, as no route
// would be accepted otherwise.
func withoutLoops(p []checks.ASN) []checks.ASN {
	for i := 0; i < len(p); i++ {
		for j := len(p) - 1; j > i; j-- {
			if p[j] == p[i] {
				p = slices.Delete(p, i, j)
				break
			}
		}
	}
	return p
}
