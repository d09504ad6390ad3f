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

// LargeCommunity is one value of RFC 8092.
type LargeCommunity struct{ Global, Local1, Local2 uint32 }

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
	Communities        []uint32
	LargeCommunities   []LargeCommunity
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
	communityBuf              []uint32
	largeBuf                  []LargeCommunity
}

// DecodeRIB decodes the attributes of a RIB entry in an MRT table dump. Only
// the next hop of MP_REACH_NLRI counts there: RFC 6396 section 4.3.4 leaves
// nothing else in it, and where a collector wrote the attribute whole, its
// prefixes are those of the message, not of the entry.
func (a *Attributes) DecodeRIB(b []byte, opt Options) error {
	if err := a.decode(b, 0, opt); err != nil {
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

// reset forgets the last message and keeps the buffers. Field by field: it is a
// quarter of the time of decoding a table dump when done by assigning a struct.
func (a *Attributes) reset() {
	a.Present, a.Discarded = 0, 0
	a.Path, a.Origin = nil, 0
	a.NextHop, a.MPNextHop = netip.Addr{}, netip.Addr{}
	a.MED, a.LocalPref = 0, 0
	a.AggregatorAS, a.AggregatorAddr = 0, netip.Addr{}
	a.Communities, a.LargeCommunities, a.ExtendedCommunities = nil, nil, nil
	a.OTC, a.Raw = 0, nil
	// What is unexported is only looked at where Present has its attribute.
}

// decode reads the attributes that fill b, whose first byte is byte base of the
// message, and merges what two-octet speakers could not say.
func (a *Attributes) decode(b []byte, base int, opt Options) error {
	a.reset()
	a.Raw = b
	for i := 0; i < len(b); {
		header := 3
		if b[i]&flagExtendedLength != 0 {
			header = 4
		}
		if len(b)-i < header {
			return damaged(base+i, "ends inside the header of an attribute")
		}
		code := Attr(b[i+1])
		size := int(b[i+2])
		if header == 4 {
			size = be16(b[i+2:])
		}
		start := i + header
		if size > len(b)-start {
			return &Error{base + i, code, "is longer than what is left of the attributes"}
		}
		if err := a.one(code, b[start:start+size], base+start, opt); err != nil {
			return err
		}
		i = start + size
	}
	a.merge(opt)
	return nil
}

const flagExtendedLength = 0x10

// one reads one attribute. Of an attribute that comes twice the first counts
// (RFC 7606 section 3 g), but for reachability, where it is an error.
func (a *Attributes) one(code Attr, v []byte, offset int, opt Options) error {
	if (a.Present | a.Discarded).Has(code) {
		if code == AttrMPReach || code == AttrMPUnreach {
			return &Error{offset, code, "comes twice"}
		}
		a.Discarded = a.Discarded.with(code)
		return nil
	}
	a.Present = a.Present.with(code)
	reason := ""
	switch code {
	case AttrOrigin:
		if len(v) != 1 || v[0] > 2 {
			reason = "is not one byte of 0, 1 or 2"
		} else {
			a.Origin = Origin(v[0])
		}
	case AttrASPath:
		return a.readPath(v, offset, opt)
	case AttrNextHop:
		if len(v) != 4 {
			reason = "is not 4 bytes long"
		} else {
			a.NextHop = netip.AddrFrom4([4]byte(v))
		}
	case AttrMED:
		a.MED, reason = number(v)
	case AttrLocalPref:
		a.LocalPref, reason = number(v)
	case AttrOTC:
		var asn uint32
		asn, reason = number(v)
		a.OTC = checks.ASN(asn)
	case AttrCommunities, AttrLargeCommunities, AttrExtendedCommunities:
		reason = a.readCommunities(code, v)
	case AttrMPReach:
		a.reach, a.reachOffset = v, offset
	case AttrMPUnreach:
		a.unreach, a.unreachOffset = v, offset
	case AttrAtomicAggregate, AttrAggregator, AttrAS4Aggregator, AttrAS4Path:
		if !a.readDroppable(code, v, opt) {
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

func (a *Attributes) readPath(v []byte, offset int, opt Options) error {
	size := 2
	if opt.AS4 {
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

func (a *Attributes) readCommunities(code Attr, v []byte) (reason string) {
	switch code {
	case AttrExtendedCommunities:
		if len(v)%8 != 0 {
			return "is not a multiple of 8 bytes long"
		}
		a.ExtendedCommunities = v
	case AttrCommunities:
		if len(v)%4 != 0 {
			return "is not a multiple of 4 bytes long"
		}
		a.communityBuf = a.communityBuf[:0]
		for ; len(v) > 0; v = v[4:] {
			a.communityBuf = append(a.communityBuf, be32(v))
		}
		a.Communities = a.communityBuf
	case AttrLargeCommunities:
		if len(v)%12 != 0 {
			return "is not a multiple of 12 bytes long"
		}
		a.largeBuf = a.largeBuf[:0]
		for ; len(v) > 0; v = v[12:] {
			a.largeBuf = append(a.largeBuf, LargeCommunity{be32(v), be32(v[4:]), be32(v[8:])})
		}
		a.LargeCommunities = a.largeBuf
	}
	return ""
}

// readDroppable reads an attribute that is dropped, and nothing more, where it
// is malformed; it reports whether it is not.
func (a *Attributes) readDroppable(code Attr, v []byte, opt Options) bool {
	switch code {
	case AttrAtomicAggregate:
		return len(v) == 0
	case AttrAggregator:
		if opt.AS4 {
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
func (a *Attributes) merge(opt Options) {
	if opt.AS4 {
		return
	}
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
