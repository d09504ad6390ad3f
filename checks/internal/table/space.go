package table

import (
	"net/netip"

	"github.com/gaissmai/bart"
)

// Space is a set of prefixes. The zero value is empty and ready.
type Space struct{ set bart.Lite }

// Insert adds a prefix.
func (s *Space) Insert(p netip.Prefix) { s.set.Insert(p) }

// Delete takes a prefix out.
func (s *Space) Delete(p netip.Prefix) { s.set.Delete(p) }

// Covers reports whether a prefix lies in one of the set.
func (s *Space) Covers(p netip.Prefix) bool { return s.set.LookupPrefix(p) }

// Overlaps reports whether a prefix lies in one of the set, or over one.
func (s *Space) Overlaps(p netip.Prefix) bool { return s.set.OverlapsPrefix(p) }

// Longest gives the longest prefix of the set in which a prefix lies.
func (s *Space) Longest(p netip.Prefix) (longest netip.Prefix, ok bool) {
	return s.set.LookupPrefixLPM(p)
}
