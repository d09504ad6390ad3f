package checks

import (
	"net/netip"
	"slices"
	"time"
)

// Footprint is what the registries say belongs to a [Target]. Allocated is not
// announced: the prefixes here bound what is looked for, they are never
// themselves expected in a routing table.
type Footprint struct {
	Target Target
	// Name is the name a person knows: "North Korea", "CHINA169-BACKBONE".
	// Empty when no list names the target.
	Name string
	// Prefixes is the registered space as the fewest CIDR prefixes that make it
	// up, IPv4 before IPv6, each ascending, none inside another. Empty for an
	// ASN, whose space is whatever it originates.
	Prefixes []netip.Prefix
	// Origins are the AS numbers registered to a country, or the one network
	// that is asked about; ascending. Empty for a prefix or an address.
	Origins []ASN
	// Home are the AS numbers registered in the country of the target,
	// ascending; for a country they equal Origins. Empty when the country is
	// not known. The first AS outside it carries the target's routes abroad.
	Home []ASN
	// Country is the ISO 3166 code the target is registered in; "" when not known.
	Country string
	// AsOf is the date of the oldest list used; zero when no list was used.
	AsOf time.Time
	// Source names the lists: "RIR delegated statistics of 2014-12-24 (apnic)".
	Source string
	// Notes say what a reader must know about the definition: overrides with
	// their reasons, lists that do not cover the target.
	Notes []string
}

// Watches reports whether a route for prefix with the given origins belongs to
// the target: it lies inside the registered space, or its origin is the network
// that was asked for. Defaults and routes shorter than /8 never do.
func (f *Footprint) Watches(prefix netip.Prefix, origins []ASN) bool {
	if prefix.Bits() < MinCoverBits {
		return false
	}
	if f.Target.Kind() == KindASN {
		return slices.Contains(origins, f.Target.ASN())
	}
	return f.Inside(prefix)
}

// Inside reports whether prefix lies wholly inside the registered space.
func (f *Footprint) Inside(prefix netip.Prefix) bool {
	i, found := slices.BinarySearchFunc(f.Prefixes, prefix.Addr(), func(p netip.Prefix, a netip.Addr) int {
		return p.Addr().Compare(a)
	})
	if !found {
		i--
	}
	return i >= 0 && f.Prefixes[i].Bits() <= prefix.Bits() && f.Prefixes[i].Contains(prefix.Addr())
}

// Domestic reports whether a is registered in the target's country.
func (f *Footprint) Domestic(a ASN) bool {
	_, ok := slices.BinarySearch(f.Home, a)
	return ok
}
