package bgp

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
)

// The lengths and types of BGP messages (RFC 4271 section 4.1, RFC 8654).
const (
	HeaderLen  = 19
	MaxLen     = 4096           // of messages that are written
	maxReadLen = math.MaxUint16 // of messages that are read
)

// MessageType is the type of a BGP message.
type MessageType uint8

// The message types.
const (
	MessageOpen         MessageType = 1
	MessageUpdate       MessageType = 2
	MessageNotification MessageType = 3
	MessageKeepalive    MessageType = 4
	MessageRouteRefresh MessageType = 5
)

// Update is a decoded UPDATE message. Its zero value is ready for Decode. All of
// it is good until the next Decode, or until the message's bytes change.
type Update struct {
	Attributes

	// Withdrawn and Announced are the IPv4 and IPv6 unicast routes: those of
	// the message proper first, then those of MP_UNREACH_NLRI and MP_REACH_NLRI.
	Withdrawn, Announced []NLRI
	// EndOfRIB is true for the marker of RFC 4724 that ends the first
	// transfer of EndOfRIBFamily's routes.
	EndOfRIB       bool
	EndOfRIBFamily Family
	// OtherFamilies counts the reachability attributes that were not decoded
	// because they are neither IPv4 nor IPv6 unicast.
	OtherFamilies int
	// AddPathGuessed is true where routes have path identifiers because of
	// Options.GuessAddPath.
	AddPathGuessed bool

	classic int // how many of Announced go with NextHop
}

// ParseHeader gives the length and the type of the BGP message at the front of
// b. The length includes the header and is not larger than b.
func ParseHeader(b []byte) (length int, kind MessageType, err error) {
	if len(b) < HeaderLen {
		return 0, 0, damaged(0, "%d bytes are too few for a message header", len(b))
	}
	if binary.BigEndian.Uint64(b)&binary.BigEndian.Uint64(b[8:]) != math.MaxUint64 {
		i := slices.IndexFunc(b, func(x byte) bool { return x != 0xff })
		return 0, 0, damaged(i, "marker byte is %#02x, not 0xff", b[i])
	}
	length = be16(b[16:])
	if length < HeaderLen || length > len(b) {
		return 0, 0, damaged(16, "message length %d, between %d and %d were possible", length, HeaderLen, len(b))
	}
	return length, MessageType(b[18]), nil
}

// Decode reads a whole UPDATE message, marker and header included. Bytes behind
// the message are ignored. The error is an [*Error]; after one, u holds nothing
// that may be used.
func (u *Update) Decode(msg []byte, opt Options) error {
	length, kind, err := ParseHeader(msg)
	if err != nil {
		return err
	}
	if kind != MessageUpdate {
		return damaged(18, "message type %d is not UPDATE", kind)
	}
	return u.decodeBody(msg[:length], HeaderLen, opt)
}

// decodeBody reads the UPDATE that is b from byte i on.
func (u *Update) decodeBody(b []byte, i int, opt Options) error {
	u.Withdrawn, u.Announced = u.Withdrawn[:0], u.Announced[:0]
	u.EndOfRIB, u.EndOfRIBFamily, u.OtherFamilies, u.AddPathGuessed, u.classic = false, Family{}, 0, false, 0

	withdrawn, i, err := block(b, i, "withdrawn routes")
	if err != nil {
		return err
	}
	attributes, i, err := block(b, i, "path attributes")
	if err != nil {
		return err
	}
	u.Withdrawn, err = u.readRoutes(u.Withdrawn, withdrawn, HeaderLen+2, false, opt)
	if err != nil {
		return err
	}
	if err := u.decode(attributes, i-len(attributes), opt.AS4); err != nil {
		return err
	}
	u.Announced, err = u.readRoutes(u.Announced, b[i:], i, false, opt)
	if err != nil {
		return err
	}
	u.classic = len(u.Announced)
	if len(b) == HeaderLen+4 {
		u.EndOfRIB, u.EndOfRIBFamily = true, IPv4Unicast
	}
	if err := u.readUnreach(opt); err != nil {
		return err
	}
	if err := u.readReach(opt); err != nil {
		return err
	}
	return u.complete()
}

// readRoutes reads the prefixes that fill b, at byte offset of the message.
func (u *Update) readRoutes(dst []NLRI, b []byte, offset int, ipv6 bool, opt Options) ([]NLRI, error) {
	if len(b) == 0 {
		return dst, nil
	}
	addPath := opt.AddPath && (opt.AddPathOnly == Family{} || ipv6 == (opt.AddPathOnly == IPv6Unicast))
	if !addPath && opt.GuessAddPath && looksAddPath(b, ipv6) {
		addPath, u.AddPathGuessed = true, true
	}
	return appendNLRI(dst, b, offset, ipv6, addPath)
}

// block gives the bytes behind the two-byte length at b[i:], and where they end.
func block(b []byte, i int, what string) ([]byte, int, error) {
	if len(b)-i < 2 {
		return nil, 0, damaged(i, "ends before the length of the %s", what)
	}
	n := be16(b[i:])
	if n > len(b)-i-2 {
		return nil, 0, damaged(i, "%d bytes of %s, %d are left", n, what, len(b)-i-2)
	}
	return b[i+2 : i+2+n], i + 2 + n, nil
}

// unicast tells IPv6 from IPv4 routes; ok is false for other families.
func (f Family) unicast() (ipv6, ok bool) {
	return f == IPv6Unicast, f == IPv6Unicast || f == IPv4Unicast
}

func (u *Update) readUnreach(opt Options) error {
	if !u.Present.Has(AttrMPUnreach) {
		return nil
	}
	v := u.unreach
	if len(v) < 3 {
		return &Error{u.unreachOffset, AttrMPUnreach, "ends inside the address family"}
	}
	family := Family{AFI: uint16(be16(v)), SAFI: v[2]}
	if len(v) == 3 && len(u.Raw) <= 7 && len(u.Withdrawn) == 0 && len(u.Announced) == 0 {
		u.EndOfRIB, u.EndOfRIBFamily = true, family
		return nil
	}
	ipv6, ok := family.unicast()
	if !ok {
		u.OtherFamilies++
		return nil
	}
	var err error
	u.Withdrawn, err = u.readRoutes(u.Withdrawn, v[3:], u.unreachOffset+3, ipv6, opt)
	return inAttr(err, AttrMPUnreach)
}

func (u *Update) readReach(opt Options) error {
	if !u.Present.Has(AttrMPReach) {
		return nil
	}
	v, at := u.reach, u.reachOffset
	if len(v) < 5 {
		return &Error{at, AttrMPReach, "ends before the next hop"}
	}
	ipv6, ok := Family{AFI: uint16(be16(v)), SAFI: v[2]}.unicast()
	if !ok {
		u.OtherFamilies++
		return nil
	}
	end := 4 + int(v[3])
	if end+1 > len(v) {
		return &Error{at + 3, AttrMPReach, "ends inside the next hop"}
	}
	if u.MPNextHop, ok = parseNextHop(v[4:end]); !ok {
		return &Error{at + 3, AttrMPReach, "next hop is not 4, 16 or 32 bytes long"}
	}
	// The byte behind the next hop is reserved: once a count of SNPAs, now zero.
	var err error
	u.Announced, err = u.readRoutes(u.Announced, v[end+1:], at+end+1, ipv6, opt)
	return inAttr(err, AttrMPReach)
}

// inAttr says which attribute an error out of readRoutes is in.
func inAttr(err error, a Attr) error {
	if e, ok := err.(*Error); ok {
		e.Attr = a
	}
	return err
}

// complete checks that the attributes which an announcement cannot do without
// are there (RFC 4271 section 6.3).
func (u *Update) complete() error {
	if len(u.Announced) == 0 {
		return nil
	}
	for _, a := range [...]Attr{AttrOrigin, AttrASPath, AttrNextHop} {
		if !u.Present.Has(a) && (a != AttrNextHop || u.classic > 0) {
			return &Error{HeaderLen, a, "is missing though routes are announced"}
		}
	}
	return nil
}

// NextHopOf gives the next hop of Announced[i].
func (u *Update) NextHopOf(i int) netip.Addr {
	if i < u.classic {
		return u.NextHop
	}
	return u.MPNextHop
}
