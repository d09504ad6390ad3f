package bgp

import (
	"net/netip"

	"isitdown/checks"
)

// Options are what the session that a message came over had negotiated.
type Options struct {
	AS4     bool // AS_PATH holds 4-byte AS numbers (RFC 6793)
	AddPath bool // every prefix is led by a path identifier (RFC 7911)
	// AddPathOnly says of which family alone AddPath is true: it is negotiated for
	// each. Zero is both.
	AddPathOnly Family
	// GuessAddPath is for recordings that may hide that AddPath was negotiated:
	// collectors did so before RFC 8050 gave them a way to say it. A list of
	// prefixes that starts with the default route twice, which is how a path
	// identifier below 65536 looks, is then read as AddPath wherever that
	// makes sense to its last bit.
	GuessAddPath bool
}

// Origin is the ORIGIN attribute (RFC 4271 section 4.3).
type Origin uint8

// The origins.
const (
	OriginIGP        Origin = 0
	OriginEGP        Origin = 1
	OriginIncomplete Origin = 2
)

// String gives the words of bgpdump.
func (o Origin) String() string {
	switch o {
	case OriginIGP:
		return "IGP"
	case OriginEGP:
		return "EGP"
	}
	return "INCOMPLETE"
}

// Attributes are the path attributes of an UPDATE or of a RIB entry. A field
// whose attribute is not in Present is zero. Everything in it is good until the
// next decoding into the same struct, or until the bytes that were decoded
// change, whichever comes first.
type Attributes struct {
	// Present are the attributes that were read; Discarded those that were
	// there, malformed, and of the kind that RFC 7606 and RFC 6793 drop.
	Present, Discarded AttrSet

	Path   RawPath // AS4_PATH merged in
	Origin Origin
	// NextHop is the NEXT_HOP attribute, MPNextHop that of MP_REACH_NLRI; of a
	// global and a link-local address it is the global one.
	NextHop, MPNextHop netip.Addr
	MED, LocalPref     uint32
	AggregatorAS       checks.ASN // AS4_AGGREGATOR merged in
	AggregatorAddr     netip.Addr
	Communities        Communities
	LargeCommunities   LargeCommunities
	// ExtendedCommunities are the 8-byte values of RFC 4360, as they came.
	ExtendedCommunities []byte
	OTC                 checks.ASN // Only-to-Customer, RFC 9234
	// Raw is the block of all attributes, as it came.
	Raw []byte

	// Where the reachability of RFC 4760 stands in the decoded bytes; it is
	// read after all else, as it speaks of the other attributes' routes.
	reach, unreach             []byte
	reachOffset, unreachOffset int

	as4               []byte // AS4_PATH as it came
	as4AggregatorAS   checks.ASN
	as4AggregatorAddr netip.Addr

	// Kept from one message to the next.
	pathBuf, as4Buf, mergeBuf []byte
}

// DecodeRIB decodes the attributes of a RIB entry in an MRT table dump. Only
// the next hop of MP_REACH_NLRI counts there: RFC 6396 section 4.3.4 leaves
// nothing else in it, and where a collector wrote the attribute whole, its
// prefixes are those of the message, not of the entry. as4 is Options.AS4.
func (a *Attributes) DecodeRIB(b []byte, as4 bool) error {
	if err := a.decode(b, 0, as4); err != nil {
		return err
	}
	if !a.Present.Has(AttrMPReach) {
		return nil
	}
	v := a.reach
	if len(v) > 0 && v[0] == 0 { // the address family leads, its high byte is zero
		if len(v) < 4 {
			return &Error{a.reachOffset, AttrMPReach, "ends before the next hop"}
		}
		v = v[3:]
	}
	if len(v) == 0 || len(v) < 1+int(v[0]) {
		return &Error{a.reachOffset, AttrMPReach, "ends inside the next hop"}
	}
	hop, ok := parseNextHop(v[1 : 1+int(v[0])])
	if !ok {
		return &Error{a.reachOffset, AttrMPReach, "next hop is not 4, 16 or 32 bytes long"}
	}
	a.MPNextHop = hop
	return nil
}

// common are the attributes that most routes have. What they fill is forgotten with each
// message, what the others fill only where one of them was there.
const common = AttrSet(1<<AttrOrigin | 1<<AttrASPath | 1<<AttrNextHop | 1<<AttrMED | 1<<AttrLocalPref |
	1<<AttrAtomicAggregate | 1<<AttrCommunities)

// reset forgets the last message and keeps the buffers. Field by field: it is a
// quarter of the time of decoding a table dump when done by assigning a struct.
func (a *Attributes) reset() {
	if (a.Present|a.Discarded)&^common != 0 {
		a.MPNextHop = netip.Addr{}
		a.AggregatorAS, a.AggregatorAddr = 0, netip.Addr{}
		a.LargeCommunities, a.ExtendedCommunities = nil, nil
		a.OTC = 0
	}
	a.Present, a.Discarded = 0, 0
	a.Path, a.Origin = nil, 0
	a.NextHop = netip.Addr{}
	a.MED, a.LocalPref = 0, 0
	a.Communities = nil
	// What is unexported is only looked at where Present has its attribute.
}

// decode reads the attributes that fill b, whose first byte is byte base of the
// message, and merges what two-octet speakers could not say. What almost all routes
// have in the form that almost all have it in is read here, the rest by one.
func (a *Attributes) decode(b []byte, base int, as4 bool) error {
	a.reset()
	a.Raw = b
	end := base + len(b)
	if as4 {
		b = a.lead(b)
	}
	for len(b) > 0 {
		if len(b) < 3 {
			return damaged(end-len(b), "ends inside the header of an attribute")
		}
		code, size, v := Attr(b[1]), int(b[2]), b[3:]
		if b[0]&flagExtendedLength != 0 {
			if len(v) < 1 {
				return damaged(end-len(b), "ends inside the header of an attribute")
			}
			size, v = size<<8|int(v[0]), v[1:]
		}
		if size > len(v) {
			return &Error{end - len(b), code, "is longer than what is left of the attributes"}
		}
		v, b = v[:size], v[size:]
		bit := AttrSet(1) << code
		if (a.Present|a.Discarded)&bit != 0 {
			if err := a.again(code, end-len(b)-size); err != nil {
				return err
			}
			continue
		}
		a.Present |= bit
		switch {
		case code == AttrASPath && as4 && isSequence(v):
			a.Path = v[:len(v):len(v)]
		case code == AttrOrigin && len(v) == 1 && v[0] <= 2:
			a.Origin = Origin(v[0])
		case code == AttrNextHop && len(v) == 4:
			a.NextHop = netip.AddrFrom4([4]byte(v))
		case code == AttrCommunities && len(v)%communityLen == 0:
			a.Communities = v
		default:
			if err := a.one(code, v, end-len(b)-size, as4); err != nil {
				return err
			}
		}
	}
	if !as4 {
		a.merge()
	}
	return nil
}

const flagExtendedLength = 0x10

// lead reads what almost all routes begin with, ORIGIN, AS_PATH and NEXT_HOP in the usual
// form, and gives what is left from the first that is not there: a tenth of the time of
// decoding a table dump.
func (a *Attributes) lead(b []byte) []byte {
	const (
		origin  = flagTransitive<<16 | int(AttrOrigin)<<8 | 1
		nextHop = flagTransitive<<16 | int(AttrNextHop)<<8 | 4
	)
	if len(b) < 4 || int(be32(b)>>8) != origin || b[3] > 2 {
		return b
	}
	a.Origin, a.Present = Origin(b[3]), 1<<AttrOrigin
	b = b[4:]
	if len(b) < 4 || Attr(b[1]) != AttrASPath {
		return b
	}
	size, v := int(b[2]), b[3:]
	if b[0]&flagExtendedLength != 0 {
		size, v = be16(b[2:]), b[4:]
	}
	if size > len(v) || !isSequence(v[:size]) {
		return b
	}
	a.Path, a.Present = v[:size:size], a.Present|1<<AttrASPath
	b = v[size:]
	if len(b) < 7 || int(be32(b)>>8) != nextHop {
		return b
	}
	a.NextHop, a.Present = netip.AddrFrom4([4]byte(b[3:])), a.Present|1<<AttrNextHop
	return b[7:]
}

// isSequence reports whether v is one AS_SEQUENCE of 4-byte numbers.
func isSequence(v []byte) bool {
	return len(v) > 2 && v[0] == segSequence && len(v) == 2+4*int(v[1])
}

// again notes an attribute that comes twice. The first counts (RFC 7606 section 3 g), but
// for reachability, where it is an error.
func (a *Attributes) again(code Attr, offset int) error {
	if code == AttrMPReach || code == AttrMPUnreach {
		return &Error{offset, code, "comes twice"}
	}
	a.Discarded = a.Discarded.with(code)
	return nil
}

// one reads one attribute.
func (a *Attributes) one(code Attr, v []byte, offset int, as4 bool) error {
	reason := ""
	switch code {
	case AttrOrigin:
		reason = "is not one byte of 0, 1 or 2"
	case AttrASPath:
		return a.readPath(v, offset, as4)
	case AttrNextHop:
		reason = "is not 4 bytes long"
	case AttrMED:
		a.MED, reason = number(v)
	case AttrLocalPref:
		a.LocalPref, reason = number(v)
	case AttrOTC:
		var asn uint32
		asn, reason = number(v)
		a.OTC = checks.ASN(asn)
	case AttrCommunities:
		reason = "is not a multiple of 4 bytes long"
	case AttrLargeCommunities:
		a.LargeCommunities, reason = v, multiple(v, largeLen, "is not a multiple of 12 bytes long")
	case AttrExtendedCommunities:
		a.ExtendedCommunities, reason = v, multiple(v, 8, "is not a multiple of 8 bytes long")
	case AttrMPReach:
		a.reach, a.reachOffset = v, offset
	case AttrMPUnreach:
		a.unreach, a.unreachOffset = v, offset
	case AttrAtomicAggregate, AttrAggregator, AttrAS4Aggregator, AttrAS4Path:
		if !a.readDroppable(code, v, as4) {
			a.Present &^= AttrSet(0).with(code)
			a.Discarded = a.Discarded.with(code)
		}
	}
	if reason != "" {
		return &Error{offset, code, reason}
	}
	return nil
}

func number(v []byte) (n uint32, reason string) {
	if len(v) != 4 {
		return 0, "is not 4 bytes long"
	}
	return be32(v), ""
}

// multiple gives the reason where v does not consist of values of size bytes.
func multiple(v []byte, size int, reason string) string {
	if len(v)%size != 0 {
		return reason
	}
	return ""
}

func (a *Attributes) readPath(v []byte, offset int, as4 bool) error {
	size := 2
	if as4 {
		size = 4
	}
	normal, at, reason := checkPath(v, size)
	switch {
	case reason != "":
		return &Error{offset + at, AttrASPath, reason}
	case normal:
		a.Path = v[:len(v):len(v)]
	default:
		a.pathBuf = normalPath(a.pathBuf, v, size)
		a.Path = a.pathBuf
	}
	return nil
}

// readDroppable reads an attribute that is dropped, and nothing more, where it
// is malformed; it reports whether it is not.
func (a *Attributes) readDroppable(code Attr, v []byte, as4 bool) bool {
	switch code {
	case AttrAtomicAggregate:
		return len(v) == 0
	case AttrAggregator:
		if as4 {
			if len(v) != 8 {
				return false
			}
			a.AggregatorAS, a.AggregatorAddr = checks.ASN(be32(v)), netip.AddrFrom4([4]byte(v[4:]))
			return true
		}
		if len(v) != 6 {
			return false
		}
		a.AggregatorAS, a.AggregatorAddr = checks.ASN(be16(v)), netip.AddrFrom4([4]byte(v[2:]))
	case AttrAS4Aggregator:
		if len(v) != 8 {
			return false
		}
		a.as4AggregatorAS, a.as4AggregatorAddr = checks.ASN(be32(v)), netip.AddrFrom4([4]byte(v[4:]))
	case AttrAS4Path:
		if _, _, reason := checkPath(v, 4); reason != "" {
			return false
		}
		a.as4 = v
	}
	return true
}

// merge puts the 4-byte numbers of AS4_AGGREGATOR and AS4_PATH where a
// two-octet speaker had to write AS_TRANS (RFC 6793 section 4.2.3). Between
// four-octet speakers both attributes are ignored (section 4.1).
func (a *Attributes) merge() {
	if a.Present.Has(AttrAggregator) && a.Present.Has(AttrAS4Aggregator) {
		if a.AggregatorAS != asTrans {
			return // somebody aggregated anew since: both are out of date
		}
		a.AggregatorAS, a.AggregatorAddr = a.as4AggregatorAS, a.as4AggregatorAddr
	}
	if !a.Present.Has(AttrAS4Path) || !a.Present.Has(AttrASPath) {
		return
	}
	a.as4Buf = withoutConfederations(a.as4Buf, a.as4)
	if merged, ok := mergePaths(a.mergeBuf, a.Path, a.as4Buf); ok {
		a.Path, a.mergeBuf = merged, merged
	}
}
