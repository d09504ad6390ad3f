package main

import (
	"net/netip"
	"slices"
	"sync"

	"isitdown/checks"
)

// spaces keeps what networks announce, by which a host is found to be inside one: an AS has
// no space of its own. Its methods may be called from several goroutines.
type spaces struct {
	mu sync.Mutex
	of map[checks.Target][]netip.Prefix
}

// mostSpaces bounds how many networks are kept; the others have no hosts inside.
const mostSpaces = 2000

// note takes in what a network announced before; of other targets nothing.
func (s *spaces) note(f *checks.Footprint, b checks.Baseline) {
	if f.Target.Kind() != checks.KindASN || len(b.Prefixes) == 0 {
		return
	}
	prefixes := make([]netip.Prefix, len(b.Prefixes))
	for i, p := range b.Prefixes {
		prefixes[i] = p.Prefix
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.of[f.Target]; s.of == nil || !known && len(s.of) >= mostSpaces {
		s.of = map[checks.Target][]netip.Prefix{}
	}
	s.of[f.Target] = prefixes
}

// hold reports whether an address belongs to a network, as far as is known.
func (s *spaces) hold(t checks.Target, a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.of[t], func(p netip.Prefix) bool { return p.Contains(a) })
}
