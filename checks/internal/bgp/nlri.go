package bgp

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// NLRI is one route that is announced or withdrawn.
type NLRI struct {
	Prefix netip.Prefix // host bits are zero
	PathID uint32       // RFC 7911; zero where the session has no additional paths
}

// Family is an address family and subsequent address family (IANA numbers).
type Family struct {
	AFI  uint16
	SAFI uint8
}

// The families whose routes are decoded.
var (
	IPv4Unicast = Family{AFI: afiIPv4, SAFI: safiUnicast}
	IPv6Unicast = Family{AFI: afiIPv6, SAFI: safiUnicast}
)

const (
	afiIPv4     = 1
	afiIPv6     = 2
	safiUnicast = 1
)

// ParsePrefix reads one prefix as RFC 4271 section 4.3 writes it, a length in
// bits and as few bytes as hold it, from the front of b and says how many bytes
// it took. Bits behind the length are irrelevant and are cleared. The reason is
// empty where all is well.
func ParsePrefix(b []byte, ipv6 bool) (p netip.Prefix, n int, reason string) {
	if len(b) == 0 {
		return p, 0, "ends before a prefix length"
	}
	bits := int(b[0])
	n = 1 + (bits+7)/8
	if ipv6 && bits > 128 || !ipv6 && bits > 32 {
		return p, 0, "prefix length out of range"
	}
	if n > len(b) {
		return p, 0, "ends inside a prefix"
	}
	var a [16]byte
	copy(a[:], b[1:n])
	if ipv6 {
		return ipv6Prefix(binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(a[8:]), bits), n, ""
	}
	return ipv4Prefix(be32(a[:]), bits), n, ""
}

// first32 is the number in the first four bytes of b; those that are not there are zero.
func first32(b []byte) (v uint32) {
	if len(b) >= 4 {
		return be32(b)
	}
	for i, x := range b {
		v |= uint32(x) << (24 - 8*i)
	}
	return v
}

// ipv4Prefix is the prefix of the first bits of addr; those behind are cleared.
func ipv4Prefix(addr uint32, bits int) netip.Prefix {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], addr&^(math.MaxUint32>>bits))
	return netip.PrefixFrom(netip.AddrFrom4(a), bits)
}

// ipv6Prefix is the same of an address in two halves.
func ipv6Prefix(high, low uint64, bits int) netip.Prefix {
	var a [16]byte
	binary.BigEndian.PutUint64(a[:], high&^(math.MaxUint64>>bits))
	if bits > 64 {
		binary.BigEndian.PutUint64(a[8:], low&^(math.MaxUint64>>(bits-64)))
	}
	return netip.PrefixFrom(netip.AddrFrom16(a), bits)
}

// appendNLRI reads the prefixes that fill b, whose first byte is byte offset of
// the message.
func appendNLRI(dst []NLRI, b []byte, offset int, ipv6, addPath bool) ([]NLRI, error) {
	for len(b) > 0 {
		if bits := int(b[0]); !addPath && !ipv6 && bits <= 32 && len(b) > (bits+7)/8 { // the most
			n := 1 + (bits+7)/8
			dst = append(dst, NLRI{Prefix: ipv4Prefix(first32(b[1:]), bits)})
			b = b[n:]
			offset += n
			continue
		}
		var route NLRI
		skip := 0
		if addPath {
			if len(b) < 4 {
				return dst, damaged(offset, "ends inside a path identifier")
			}
			route.PathID = be32(b)
			skip = 4
		}
		prefix, n, reason := ParsePrefix(b[skip:], ipv6)
		if reason != "" {
			return dst, damaged(offset, "%s", reason)
		}
		route.Prefix = prefix
		dst = append(dst, route)
		b = b[skip+n:]
		offset += skip + n
	}
	return dst, nil
}

// looksAddPath reports whether b lists the default route twice at its front and
// is well formed as prefixes with path identifiers, with no bit set behind a
// prefix's length.
func looksAddPath(b []byte, ipv6 bool) bool {
	if len(b) < 5 || b[0] != 0 || b[1] != 0 {
		return false
	}
	for len(b) > 0 {
		if len(b) < 5 {
			return false
		}
		_, n, reason := ParsePrefix(b[4:], ipv6)
		if reason != "" {
			return false
		}
		if rest := b[4] % 8; rest != 0 && b[4+n-1]&(0xff>>rest) != 0 {
			return false
		}
		b = b[4+n:]
	}
	return true
}

// parseNextHop reads a next hop of RFC 4760: 4 bytes of IPv4, 16 of IPv6, or 32
// where a link-local address follows the global one (RFC 2545). Which of them it
// is does not depend on the family of the routes (RFC 8950).
func parseNextHop(b []byte) (netip.Addr, bool) {
	switch len(b) {
	case 4:
		return netip.AddrFrom4([4]byte(b)), true
	case 16, 32:
		return netip.AddrFrom16([16]byte(b)), true
	}
	return netip.Addr{}, false
}
