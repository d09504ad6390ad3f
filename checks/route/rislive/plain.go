package rislive

import (
	"encoding/binary"
	"math"
	"net/netip"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// Here the fields of a message are read in the form that RIS Live writes them in,
// without allocating. What is in any other form is left to encoding/json.

// plainRoutes reads what a message withdraws and announces, and the path of that.
func (d *decoder) plainRoutes() (path bgp.RawPath, ok bool) {
	p := &d.parts
	d.wdn, d.ann = d.wdn[:0], d.ann[:0]
	if p.withdrawals != nil {
		c := cursor{b: p.withdrawals}
		if d.wdn = c.prefixes(d.wdn); !c.end() {
			return nil, false
		}
	}
	if p.announcements != nil {
		c := cursor{b: p.announcements}
		if d.ann = c.hops(d.ann); !c.end() {
			return nil, false
		}
	}
	if len(d.ann) == 0 {
		return nil, true
	}
	c := cursor{b: p.path}
	d.path = c.path(d.path[:0])
	return d.path, c.end()
}

// end reports whether all was read and made sense.
func (c *cursor) end() bool {
	c.space()
	return !c.bad && c.i == len(c.b)
}

// hops reads a list of next hops, each with its prefixes.
func (c *cursor) hops(dst []route.NLRI) []route.NLRI {
	for more := c.open('[', ']'); more; more = c.next(']') {
		for more := c.open('{', '}'); more; more = c.next('}') {
			switch key := c.key(); string(key) {
			case "next_hop":
				c.text()
			case "prefixes":
				dst = c.prefixes(dst)
			default:
				c.bad = true // encoding/json would take PREFIXES for it
			}
		}
	}
	return dst
}

// prefixes reads a list of prefixes.
func (c *cursor) prefixes(dst []route.NLRI) []route.NLRI {
	for more := c.open('[', ']'); more; more = c.next(']') {
		text := c.text()
		if string(text) == endOfRIB {
			continue
		}
		prefix, ok := parsePrefix(text)
		c.bad = c.bad || !ok
		dst = append(dst, route.NLRI{Prefix: prefix})
	}
	return dst
}

// maxSegment is how many hops are read here; a longer path takes two segments.
const maxSegment = 255

// path reads a list of AS numbers as one AS_SEQUENCE.
func (c *cursor) path(dst bgp.RawPath) bgp.RawPath {
	const sequence = 2
	dst = append(dst, sequence, 0)
	for more := c.open('[', ']'); more; more = c.next(']') {
		dst = binary.BigEndian.AppendUint32(dst, c.asn())
	}
	count := (len(dst) - 2) / 4
	c.bad = c.bad || count == 0 || count > maxSegment
	dst[1] = byte(count)
	return dst
}

// asn reads a number of 32 bits.
func (c *cursor) asn() uint32 {
	c.space()
	from, v := c.i, uint64(0)
	for c.i < len(c.b) && c.b[c.i]-'0' <= 9 && v <= math.MaxUint32 {
		v = 10*v + uint64(c.b[c.i]-'0')
		c.i++
	}
	n := c.i - from
	c.bad = c.bad || n == 0 || v > math.MaxUint32 || n > 1 && c.b[from] == '0'
	return uint32(v)
}

// parsePrefix reads a prefix, and clears the bits behind its length. It does not read
// all that netip does: an IPv4 address in IPv6 is not read.
func parsePrefix(b []byte) (netip.Prefix, bool) {
	slash := len(b) - 1
	for slash > 0 && b[slash] != '/' {
		slash--
	}
	if slash <= 0 || len(b)-slash > 4 {
		return netip.Prefix{}, false
	}
	bits, rest, ok := decimal(b[slash+1:])
	if !ok || len(rest) > 0 {
		return netip.Prefix{}, false
	}
	addr, ok := parseIPv4(b[:slash])
	if !ok {
		addr, ok = parseIPv6(b[:slash])
	}
	if !ok || bits > addr.BitLen() {
		return netip.Prefix{}, false
	}
	prefix, err := addr.Prefix(bits)
	return prefix, err == nil
}

// decimal reads a number of up to three digits, without zeros in front.
func decimal(b []byte) (v int, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && i < 3 && b[i]-'0' <= 9; i++ {
		v = 10*v + int(b[i]-'0')
	}
	return v, b[i:], i == 1 || i > 1 && b[0] != '0'
}

func parseIPv4(b []byte) (netip.Addr, bool) {
	var a [4]byte
	for i := range a {
		if i > 0 {
			if len(b) == 0 || b[0] != '.' {
				return netip.Addr{}, false
			}
			b = b[1:]
		}
		v, rest, ok := decimal(b)
		if !ok || v > math.MaxUint8 {
			return netip.Addr{}, false
		}
		a[i], b = byte(v), rest
	}
	return netip.AddrFrom4(a), len(b) == 0
}

// parseIPv6 reads groups of hexadecimal digits, with "::" in one place for those that
// are not there.
func parseIPv6(b []byte) (netip.Addr, bool) {
	var a [16]byte
	n, gap := 0, -1 // bytes read, and how many of them before "::"
	for len(b) > 0 {
		switch {
		case len(b) >= 2 && b[0] == ':' && b[1] == ':' && gap < 0:
			gap = n
			if b = b[2:]; len(b) == 0 {
				continue
			}
		case n > 0 && b[0] == ':':
			b = b[1:]
		case n > 0:
			return netip.Addr{}, false
		}
		v, i := 0, 0
		for ; i < len(b) && i < 4 && hexDigit[b[i]] <= 15; i++ {
			v = v<<4 | int(hexDigit[b[i]])
		}
		if i == 0 || n == len(a) {
			return netip.Addr{}, false
		}
		a[n], a[n+1] = byte(v>>8), byte(v)
		n, b = n+2, b[i:]
	}
	switch {
	case gap < 0:
		return netip.AddrFrom16(a), n == len(a)
	case n == len(a):
		return netip.Addr{}, false
	}
	back := a[gap:n]
	var whole [16]byte
	copy(whole[:], a[:gap])
	copy(whole[16-len(back):], back)
	return netip.AddrFrom16(whole), true
}
