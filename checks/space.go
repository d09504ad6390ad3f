package checks

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
)

// Space is the union of prefixes measured in the units of a notice. IPv6 space
// has no useful unit but the prefix, so only IPv4 is measured.
type Space struct {
	Slash24s  uint64 // /24 blocks that any of it lies in
	Addresses uint64
}

// MeasureIPv4 measures the union of the IPv4 prefixes in list: what lies in two
// of them counts once. IPv6 prefixes are passed over.
func MeasureIPv4(list []netip.Prefix) (s Space) {
	end, block := uint64(0), uint64(0) // the first address, and /24, not counted yet
	for _, p := range ofFamily(list, false) {
		b := p.Addr().As4()
		first := uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
		after := first + 1<<(32-p.Bits())
		if first >= end { // otherwise it lies inside the one before
			s.Addresses += after - first
			end = after
		}
		if firstBlock, afterBlock := first>>8, (after+255)>>8; firstBlock >= block {
			s.Slash24s += afterBlock - firstBlock
			block = afterBlock
		}
	}
	return s
}

// measureIPv6 measures the union of the IPv6 prefixes in list in /64 networks, of
// which a shorter prefix holds more than an integer does.
func measureIPv6(list []netip.Prefix) (networks float64) {
	last := netip.Prefix{}
	for _, p := range ofFamily(list, true) {
		if last.IsValid() && last.Overlaps(p) {
			continue // inside the one before
		}
		networks += math.Ldexp(1, 64-p.Bits())
		last = p
	}
	return networks
}

// ofFamily gives the prefixes of one address family, sorted.
func ofFamily(list []netip.Prefix, ipv6 bool) []netip.Prefix {
	of := make([]netip.Prefix, 0, len(list))
	for _, p := range list {
		if p.Addr().Is6() == ipv6 {
			of = append(of, p)
		}
	}
	SortPrefixes(of)
	return of
}

// Fills reports whether parts, which it sorts, make up all of whole.
func Fills(parts []netip.Prefix, whole netip.Prefix) bool {
	SortPrefixes(parts)
	next := whole.Masked().Addr()
	for _, p := range parts {
		if p.Addr().Is4() != next.Is4() {
			continue
		}
		if p.Addr().Compare(next) > 0 {
			return false
		}
		last := lastAddr(p)
		if last.Compare(next) < 0 {
			continue
		}
		if next = last.Next(); !next.IsValid() || !whole.Contains(next) {
			return true
		}
	}
	return false
}

// SortPrefixes orders IPv4 before IPv6, then by address, the shorter first.
func SortPrefixes(list []netip.Prefix) {
	slices.SortFunc(list, ComparePrefixes)
}

// ComparePrefixes is the order of [SortPrefixes].
func ComparePrefixes(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}

// lastAddr gives the highest address of a prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := range b {
		if host := (i+1)*8 - p.Bits(); host >= 8 {
			b[i] = 0xff
		} else if host > 0 {
			b[i] |= 1<<host - 1
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
