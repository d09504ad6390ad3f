package bmp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// Open is what an OPEN message says (RFC 4271 section 4.2), as far as the coding
// of routes depends on it.
type Open struct {
	AS       checks.ASN // of the four-octet capability where there is one
	HoldTime time.Duration
	ID       netip.Addr
	AS4      bool // four-octet AS numbers (RFC 6793)
	// Families are those of the multiprotocol capabilities (RFC 4760).
	Families []bgp.Family
	AddPath  []AddPath
}

// AddPath is one family of the capability of RFC 7911.
type AddPath struct {
	Family        bgp.Family
	Receive, Send bool
}

// The numbers of what is read: IANA "BGP OPEN Optional Parameter Types" and
// "Capability Codes".
const (
	openFixed          = bgp.HeaderLen + 10
	paramCapabilities  = 2
	paramExtended      = 255 // RFC 9072
	capMultiprotocol   = 1
	capAS4             = 65
	capAddPath         = 69
	addPathReceive     = 1
	addPathSend        = 2
	asTrans            = 23456
	openVersion        = 4
	longestShortParams = 255
)

// ParseOpen reads a whole OPEN message. The error is an [*Error] with the offset in b.
func ParseOpen(b []byte) (Open, error) {
	n, kind, err := bgp.ParseHeader(b)
	if err != nil {
		return Open{}, damaged(PeerUp, 0, "no OPEN message: %v", err)
	}
	if kind != bgp.MessageOpen || n < openFixed {
		return Open{}, damaged(PeerUp, 0, "BGP message of type %d and %d bytes is no OPEN", kind, n)
	}
	b = b[:n]
	o := Open{
		AS:       checks.ASN(binary.BigEndian.Uint16(b[20:])),
		HoldTime: time.Duration(binary.BigEndian.Uint16(b[22:])) * time.Second,
		ID:       netip.AddrFrom4([4]byte(b[24:28])),
	}
	i, end, lenBytes := openFixed, openFixed+int(b[28]), 1
	if b[28] != 0 && n > openFixed && b[openFixed] == paramExtended {
		if n < openFixed+3 {
			return Open{}, damaged(PeerUp, i, "ends inside the length of the optional parameters")
		}
		i, lenBytes = openFixed+3, 2
		end = i + int(binary.BigEndian.Uint16(b[openFixed+1:]))
	}
	if end > n {
		return Open{}, damaged(PeerUp, 28, "optional parameters end at byte %d, the message at %d", end, n)
	}
	if err := o.parameters(b[:end], i, lenBytes); err != nil {
		return Open{}, err
	}
	return o, nil
}

// parameters reads the optional parameters that fill b from byte i on.
func (o *Open) parameters(b []byte, i, lenBytes int) error {
	for i < len(b) {
		if len(b)-i < 1+lenBytes {
			return damaged(PeerUp, i, "ends inside an optional parameter")
		}
		kind, n := b[i], int(b[i+1])
		if lenBytes == 2 {
			n = int(binary.BigEndian.Uint16(b[i+1:]))
		}
		i += 1 + lenBytes
		if n > len(b)-i {
			return damaged(PeerUp, i, "optional parameter of %d bytes, %d are left", n, len(b)-i)
		}
		if kind == paramCapabilities {
			if err := o.capabilities(b[:i+n], i); err != nil {
				return err
			}
		}
		i += n
	}
	return nil
}

// capabilities reads those that fill b from byte i on (RFC 5492). One of a wrong
// length is passed over, as a router does.
func (o *Open) capabilities(b []byte, i int) error {
	for i < len(b) {
		if len(b)-i < 2 || int(b[i+1]) > len(b)-i-2 {
			return damaged(PeerUp, i, "ends inside a capability")
		}
		v := b[i+2 : i+2+int(b[i+1])]
		switch {
		case b[i] == capAS4 && len(v) == 4:
			o.AS4, o.AS = true, checks.ASN(binary.BigEndian.Uint32(v))
		case b[i] == capMultiprotocol && len(v) == 4:
			o.Families = append(o.Families, bgp.Family{AFI: binary.BigEndian.Uint16(v), SAFI: v[3]})
		case b[i] == capAddPath && len(v)%4 == 0:
			for ; len(v) > 0; v = v[4:] {
				f := bgp.Family{AFI: binary.BigEndian.Uint16(v), SAFI: v[2]}
				o.AddPath = append(o.AddPath, AddPath{Family: f, Receive: v[3]&addPathReceive != 0, Send: v[3]&addPathSend != 0})
			}
		}
		i += 2 + int(b[i+1])
	}
	return nil
}

// Receives reports whether who sent o takes path identifiers of a family, Sends
// whether it gives them.
func (o *Open) Receives(f bgp.Family) bool {
	return slices.ContainsFunc(o.AddPath, func(a AddPath) bool { return a.Family == f && a.Receive })
}

// Sends is the other half of Receives.
func (o *Open) Sends(f bgp.Family) bool {
	return slices.ContainsFunc(o.AddPath, func(a AddPath) bool { return a.Family == f && a.Send })
}

// HasFamily reports whether routes of a family may follow. One without any
// multiprotocol capability speaks of IPv4 unicast.
func (o *Open) HasFamily(f bgp.Family) bool {
	return slices.Contains(o.Families, f) || len(o.Families) == 0 && f == bgp.IPv4Unicast
}

// Append writes the OPEN message, for tests. Capabilities that do not fit into 255
// bytes are written as RFC 9072 has them.
func (o *Open) Append(dst []byte) []byte {
	var caps []byte
	for _, f := range o.Families {
		caps = append(caps, capMultiprotocol, 4, byte(f.AFI>>8), byte(f.AFI), 0, f.SAFI)
	}
	as := uint16(asTrans)
	if o.AS <= 0xffff {
		as = uint16(o.AS)
	}
	if o.AS4 {
		caps = binary.BigEndian.AppendUint32(append(caps, capAS4, 4), uint32(o.AS))
	}
	for _, a := range o.AddPath {
		mode := byte(0)
		if a.Receive {
			mode |= addPathReceive
		}
		if a.Send {
			mode |= addPathSend
		}
		caps = append(caps, capAddPath, 4, byte(a.Family.AFI>>8), byte(a.Family.AFI), a.Family.SAFI, mode)
	}
	start := len(dst)
	for range 16 {
		dst = append(dst, 0xff)
	}
	dst = append(dst, 0, 0, byte(bgp.MessageOpen), openVersion)
	dst = binary.BigEndian.AppendUint16(dst, as)
	dst = binary.BigEndian.AppendUint16(dst, uint16(o.HoldTime/time.Second))
	id := [4]byte{}
	if o.ID.Is4() {
		id = o.ID.As4()
	}
	dst = append(dst, id[:]...)
	switch n := len(caps); {
	case n == 0:
		dst = append(dst, 0)
	case n+2 <= longestShortParams:
		dst = append(dst, byte(n+2), paramCapabilities, byte(n))
	default:
		dst = append(dst, longestShortParams, paramExtended)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n+3))
		dst = binary.BigEndian.AppendUint16(append(dst, paramCapabilities), uint16(n))
	}
	dst = append(dst, caps...)
	binary.BigEndian.PutUint16(dst[start+16:], uint16(len(dst)-start))
	return dst
}
