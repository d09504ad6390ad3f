package checks

import (
	"slices"
	"strconv"
	"strings"
)

// ASN is an Autonomous System number (RFC 6793, 4 octets). Zero means none.
type ASN uint32

// String gives the asplain form of RFC 5396 with the usual prefix: "AS4837".
func (a ASN) String() string { return "AS" + strconv.FormatUint(uint64(a), 10) }

// Private reports whether a is reserved for private use or documentation, or
// may not appear in the public routing system at all (RFC 6996, RFC 5398,
// RFC 7607, RFC 7300, AS_TRANS of RFC 6793).
func (a ASN) Private() bool {
	switch {
	case a == 0, a == 23456, a == 65535, a == 4294967295:
		return true
	case a >= 64496 && a <= 65534: // documentation and private use, 16 bit
		return true
	case a >= 65536 && a <= 65551: // documentation, 32 bit
		return true
	case a >= 4200000000: // private use, 32 bit
		return true
	}
	return false
}

// Hop is one step of a path: one AS, or the members of an AS_SET.
type Hop []ASN

// Path is an AS_PATH from the vantage point to the origin, left to right as
// RFC 4271 writes it. Prepends are kept, confederation segments are not part of
// it. An empty path is a route that the vantage point originates itself.
type Path []Hop

// MakePath makes a path without AS_SETs.
func MakePath(asns ...ASN) Path {
	p := make(Path, len(asns))
	for i, a := range asns {
		p[i] = Hop{a}
	}
	return p
}

// Origins gives the AS, or the members of the AS_SET, that originate the route;
// nil for an empty path.
func (p Path) Origins() []ASN {
	if len(p) == 0 {
		return nil
	}
	return p[len(p)-1]
}

// Origin gives the one AS that originates the route, or zero where the path is
// empty or ends in an AS_SET of several.
func (p Path) Origin() ASN {
	if o := p.Origins(); len(o) == 1 {
		return o[0]
	}
	return 0
}

// Holds reports whether a stands anywhere in the path.
func (p Path) Holds(a ASN) bool {
	return slices.ContainsFunc(p, func(h Hop) bool { return slices.Contains(h, a) })
}

// Equal reports whether both paths have the same hops in the same order.
func (p Path) Equal(q Path) bool {
	return slices.EqualFunc(p, q, func(a, b Hop) bool { return slices.Equal(a, b) })
}

// String writes the path as route collectors do: "3356 4837 {131279,64500}".
func (p Path) String() string {
	var b strings.Builder
	for i, h := range p {
		if i > 0 {
			b.WriteByte(' ')
		}
		if len(h) != 1 {
			b.WriteByte('{')
		}
		for j, a := range h {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.FormatUint(uint64(a), 10))
		}
		if len(h) != 1 {
			b.WriteByte('}')
		}
	}
	return b.String()
}
