package registry

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// held gives the merged runs that a country holds.
func held[T number](b *builder, flat []span[T], cc code) []run[T] {
	var out []run[T]
	for _, s := range flat {
		if s.cc == cc {
			b.used[s.part] = true
			out = append(out, s.run)
		}
	}
	return merge(out)
}

// holding gives the codes that r is registered to, sorted, and whether the
// lists cover all of it.
func holding[T number](b *builder, flat []span[T], r run[T]) (codes []code, whole bool) {
	left := []run[T]{r}
	for _, s := range overlapping(flat, r) {
		b.used[s.part] = true
		codes = append(codes, s.cc)
		if n := len(left) - 1; n >= 0 {
			// The spans ascend, so only the last of what is left can be hit.
			rest, _ := subtract(left[n:], s.run)
			left = append(left[:n], rest...)
		}
	}
	slices.SortFunc(codes, func(a, b code) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(codes), len(left) == 0
}

// apply adds r to merged runs or takes it out, and reports whether that changed them.
func apply[T number](runs []run[T], add bool, r run[T]) ([]run[T], bool) {
	if !add {
		return subtract(runs, r)
	}
	for _, have := range runs {
		if have.first <= r.first && r.last <= have.last {
			return runs, false
		}
	}
	return merge(append(runs, r)), true
}

// run4 gives the addresses of an IPv4 prefix.
func run4(p netip.Prefix) run[uint32] {
	b := p.Addr().As4()
	first := binary.BigEndian.Uint32(b[:])
	return run[uint32]{first, first | uint32(uint64(1)<<(32-p.Bits())-1)}
}

// prefixes gives the fewest CIDR prefixes for merged runs, IPv4 first.
func prefixes(ipv4 []run[uint32], ipv6 []run[uint64]) []netip.Prefix {
	var out []netip.Prefix
	for _, r := range ipv4 {
		for first, bits := range blocks(r, 32) {
			out = append(out, netip.PrefixFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, first))), bits))
		}
	}
	for _, r := range ipv6 {
		for first, bits := range blocks(r, 64) {
			var a [16]byte
			binary.BigEndian.PutUint64(a[:8], first)
			out = append(out, netip.PrefixFrom(netip.AddrFrom16(a), bits))
		}
	}
	return out
}
