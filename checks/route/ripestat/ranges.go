package ripestat

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"isitdown/checks"
)

// readRange reads a prefix, or a range "192.35.240.0-192.35.244.255" as the fewest
// prefixes that make it up: space given out before CIDR is not always one prefix.
func readRange(text string) ([]netip.Prefix, error) {
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		p, err := readPrefix(text)
		if err != nil {
			return nil, err
		}
		return []netip.Prefix{p}, nil
	}
	a, err1 := netip.ParseAddr(strings.TrimSpace(first))
	b, err2 := netip.ParseAddr(strings.TrimSpace(last))
	if err1 != nil || err2 != nil || a.Zone()+b.Zone() != "" || a.Is4In6() || b.Is4In6() || a.BitLen() != b.BitLen() || b.Less(a) {
		return nil, fmt.Errorf("%q is not a range of addresses", clip(text))
	}
	return cover(a, b), nil
}

// cover gives the fewest prefixes that make up the addresses from a to b.
func cover(a, b netip.Addr) (list []netip.Prefix) {
	for {
		p := netip.PrefixFrom(a, a.BitLen())
		for p.Bits() > 0 {
			wider := netip.PrefixFrom(a, p.Bits()-1)
			if wider.Masked().Addr() != a || b.Less(lastOf(wider)) {
				break
			}
			p = wider
		}
		list = append(list, p)
		end := lastOf(p)
		if end == b {
			return list
		}
		a = end.Next()
	}
}

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := range b {
		if rest := p.Bits() - 8*i; rest <= 0 {
			b[i] = 0xff
		} else if rest < 8 {
			b[i] |= 0xff >> rest
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// merge gives the fewest prefixes that make up the same space: none inside
// another, no two that are halves of one; IPv4 before IPv6, ascending.
func merge(list []netip.Prefix) []netip.Prefix {
	checks.SortPrefixes(list)
	var out []netip.Prefix
	for _, p := range list {
		if n := len(out); n > 0 && out[n-1].Overlaps(p) {
			continue // inside the one before, for that sorts first
		}
		out = append(out, p)
		for n := len(out); n > 1; n = len(out) {
			a, b := out[n-2], out[n-1]
			wider := netip.PrefixFrom(a.Addr(), a.Bits()-1)
			if a.Bits() == 0 || a.Bits() != b.Bits() || a.Addr().BitLen() != b.Addr().BitLen() || wider.Masked() != wider || !wider.Contains(b.Addr()) {
				break
			}
			out = append(out[:n-2], wider)
		}
	}
	return slices.Clip(out)
}

// over gives the prefixes that lie over p, from one bit shorter down to the
// shortest that may stand in for it.
func over(p netip.Prefix) (list []netip.Prefix) {
	for bits := p.Bits() - 1; bits >= checks.MinCoverBits; bits-- {
		list = append(list, netip.PrefixFrom(p.Addr(), bits).Masked())
	}
	return list
}
