package bgp

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"isitdown/checks"
)

// Draft is an UPDATE message to be written. IPv4 routes go into the message
// proper, IPv6 routes into MP_REACH_NLRI and MP_UNREACH_NLRI.
type Draft struct {
	Withdraw, Announce []NLRI
	// Path, Origin, NextHop and what follows them are only written where
	// something is announced, or for a RIB entry.
	Path   checks.Path
	Origin Origin
	// NextHop is that of all routes. Of the other family it is written as an
	// IPv4-mapped address for IPv6 routes, as routers do on IPv4 sessions, and
	// is an error for IPv4 routes.
	NextHop          netip.Addr
	MED, LocalPref   *uint32
	Communities      []uint32
	LargeCommunities []LargeCommunity
	OTC              checks.ASN
}

// flags of attributes
const (
	flagOptional   = 0x80
	flagTransitive = 0x40
)

// Append writes the message to dst. It is an error where the message would be
// longer than [MaxLen] or could not be read back; dst is then as it was.
//
// Without opt.AS4 numbers above 65535 are written as AS_TRANS and the true path
// goes into AS4_PATH.
func (d *Draft) Append(dst []byte, opt Options) ([]byte, error) {
	announce4, announce6 := split(d.Announce)
	withdraw4, withdraw6 := split(d.Withdraw)
	start := len(dst)
	b := appendHeader(dst, MessageUpdate)
	b = append(b, 0, 0)
	b = appendRoutes(b, withdraw4, opt.AddPath)
	binary.BigEndian.PutUint16(b[start+HeaderLen:], uint16(len(b)-start-HeaderLen-2))

	attributes := len(b)
	b = append(b, 0, 0)
	if len(withdraw6) > 0 {
		v := append([]byte{0, afiIPv6, safiUnicast}, appendRoutes(nil, withdraw6, opt.AddPath)...)
		b = appendAttr(b, flagOptional, AttrMPUnreach, v)
	}
	if len(d.Announce) > 0 {
		var err error
		if b, err = d.appendAttributes(b, opt, len(announce4) > 0); err != nil {
			return dst, fmt.Errorf("writing UPDATE: %w", err)
		}
	}
	if len(announce6) > 0 {
		v := append([]byte{0, afiIPv6, safiUnicast, 16}, as16(d.NextHop)...)
		v = append(v, 0)
		b = appendAttr(b, flagOptional, AttrMPReach, appendRoutes(v, announce6, opt.AddPath))
	}
	if len(b)-start > MaxLen {
		return dst, fmt.Errorf("writing UPDATE: more than %d bytes; announce or withdraw fewer prefixes in one message", MaxLen)
	}
	binary.BigEndian.PutUint16(b[attributes:], uint16(len(b)-attributes-2))
	b = appendRoutes(b, announce4, opt.AddPath)
	if len(b)-start > MaxLen {
		return dst, fmt.Errorf("writing UPDATE: more than %d bytes; announce or withdraw fewer prefixes in one message", MaxLen)
	}
	return finish(b, start), nil
}

// AppendRIB writes the attributes of a RIB entry for a route of the given
// family as RFC 6396 section 4.3.4 has them: 4-byte AS numbers, and of
// MP_REACH_NLRI nothing but the next hop.
func (d *Draft) AppendRIB(dst []byte, ipv6 bool) ([]byte, error) {
	b, err := d.appendAttributes(dst, Options{AS4: true}, !ipv6)
	if err != nil {
		return dst, fmt.Errorf("writing RIB entry: %w", err)
	}
	if ipv6 {
		b = appendAttr(b, flagOptional, AttrMPReach, append([]byte{16}, as16(d.NextHop)...))
	}
	return b, nil
}

// AppendEndOfRIB writes the End-of-RIB marker (RFC 4724 section 2) of a family.
func AppendEndOfRIB(dst []byte, f Family) []byte {
	start := len(dst)
	b := appendHeader(dst, MessageUpdate)
	if f == IPv4Unicast {
		return finish(append(b, 0, 0, 0, 0), start)
	}
	b = append(b, 0, 0, 0, 6, flagOptional, byte(AttrMPUnreach), 3)
	b = binary.BigEndian.AppendUint16(b, f.AFI)
	return finish(append(b, f.SAFI), start)
}

// AppendKeepalive writes a KEEPALIVE message.
func AppendKeepalive(dst []byte) []byte {
	start := len(dst)
	return finish(appendHeader(dst, MessageKeepalive), start)
}

func appendHeader(dst []byte, kind MessageType) []byte {
	for range 16 {
		dst = append(dst, 0xff)
	}
	return append(dst, 0, 0, byte(kind))
}

// finish writes the length of the message that starts at b[start].
func finish(b []byte, start int) []byte {
	binary.BigEndian.PutUint16(b[start+16:], uint16(len(b)-start))
	return b
}

func split(routes []NLRI) (ipv4, ipv6 []NLRI) {
	for _, r := range routes {
		if r.Prefix.Addr().Is4() {
			ipv4 = append(ipv4, r)
		} else {
			ipv6 = append(ipv6, r)
		}
	}
	return ipv4, ipv6
}

func appendRoutes(dst []byte, routes []NLRI, addPath bool) []byte {
	for _, r := range routes {
		if addPath {
			dst = binary.BigEndian.AppendUint32(dst, r.PathID)
		}
		dst = AppendPrefix(dst, r.Prefix)
	}
	return dst
}

// AppendPrefix writes a valid prefix as [ParsePrefix] reads it.
func AppendPrefix(dst []byte, p netip.Prefix) []byte {
	p = p.Masked()
	dst = append(dst, byte(p.Bits()))
	return append(dst, p.Addr().AsSlice()[:(p.Bits()+7)/8]...)
}

func as16(a netip.Addr) []byte {
	b := a.As16()
	return b[:]
}

func appendAttr(dst []byte, flags byte, code Attr, v []byte) []byte {
	if len(v) > 255 {
		dst = append(dst, flags|flagExtendedLength, byte(code))
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(v)))
	} else {
		dst = append(dst, flags, byte(code), byte(len(v)))
	}
	return append(dst, v...)
}

// appendAttributes writes the attributes but for those of RFC 4760, in the
// order of their codes; nextHop says whether NEXT_HOP is one of them.
func (d *Draft) appendAttributes(dst []byte, opt Options, nextHop bool) ([]byte, error) {
	if !d.NextHop.IsValid() {
		return dst, fmt.Errorf("no next hop")
	}
	if nextHop && !d.NextHop.Is4() {
		return dst, fmt.Errorf("next hop %v of an IPv4 route is not IPv4", d.NextHop)
	}
	b := appendAttr(dst, flagTransitive, AttrOrigin, []byte{byte(d.Origin)})
	path, trans, err := appendPath(nil, d.Path, opt.AS4)
	if err != nil {
		return dst, err
	}
	b = appendAttr(b, flagTransitive, AttrASPath, path)
	if nextHop {
		b = appendAttr(b, flagTransitive, AttrNextHop, d.NextHop.AsSlice())
	}
	if d.MED != nil {
		b = appendAttr(b, flagOptional, AttrMED, binary.BigEndian.AppendUint32(nil, *d.MED))
	}
	if d.LocalPref != nil {
		b = appendAttr(b, flagTransitive, AttrLocalPref, binary.BigEndian.AppendUint32(nil, *d.LocalPref))
	}
	if len(d.Communities) > 0 {
		var v []byte
		for _, c := range d.Communities {
			v = binary.BigEndian.AppendUint32(v, c)
		}
		b = appendAttr(b, flagOptional|flagTransitive, AttrCommunities, v)
	}
	if trans {
		v, _, err := appendPath(nil, d.Path, true)
		if err != nil {
			return dst, err
		}
		b = appendAttr(b, flagOptional|flagTransitive, AttrAS4Path, v)
	}
	if len(d.LargeCommunities) > 0 {
		var v []byte
		for _, c := range d.LargeCommunities {
			for _, n := range [...]uint32{c.Global, c.Local1, c.Local2} {
				v = binary.BigEndian.AppendUint32(v, n)
			}
		}
		b = appendAttr(b, flagOptional|flagTransitive, AttrLargeCommunities, v)
	}
	if d.OTC != 0 {
		b = appendAttr(b, flagOptional|flagTransitive, AttrOTC, binary.BigEndian.AppendUint32(nil, uint32(d.OTC)))
	}
	return b, nil
}

// MakeRawPath writes p in its normal form.
func MakeRawPath(p checks.Path) (RawPath, error) {
	b, _, err := appendPath(nil, p, true)
	return b, err
}

// appendPath writes an AS_PATH; trans reports whether AS_TRANS stands in it for
// a number that two bytes cannot hold.
func appendPath(dst []byte, p checks.Path, as4 bool) (b []byte, trans bool, err error) {
	b = dst
	last := -1 // where the open AS_SEQUENCE starts
	for _, hop := range p {
		if len(hop) == 0 || len(hop) > maxSegment {
			return dst, false, fmt.Errorf("a hop of %d ASes; 1 to %d are possible", len(hop), maxSegment)
		}
		switch {
		case len(hop) > 1:
			b = append(b, segSet, byte(len(hop)))
			last = -1
		case last < 0 || b[last+1] == maxSegment:
			last = len(b)
			b = append(b, segSequence, 1)
		default:
			b[last+1]++
		}
		for _, asn := range hop {
			switch {
			case as4:
				b = binary.BigEndian.AppendUint32(b, uint32(asn))
			case asn > 0xffff:
				b = binary.BigEndian.AppendUint16(b, asTrans)
				trans = true
			default:
				b = binary.BigEndian.AppendUint16(b, uint16(asn))
			}
		}
	}
	return b, trans, nil
}
