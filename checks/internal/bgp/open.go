package bgp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// Version is that of the protocol, the only one that is spoken.
const Version = 4

// The codes of capabilities (IANA "Capability Codes").
const (
	capMultiprotocol   = 1  // RFC 4760
	capRouteRefresh    = 2  // RFC 2918
	capExtendedMessage = 6  // RFC 8654
	capGracefulRestart = 64 // RFC 4724
	capAS4             = 65 // RFC 6793
	capAddPath         = 69 // RFC 7911
	capEnhancedRefresh = 70 // RFC 7313
)

const (
	paramCapabilities = 2   // RFC 5492
	paramExtended     = 255 // RFC 9072: the lengths that follow have two bytes
)

// Open is an OPEN message (RFC 4271 section 4.2) with the capabilities that are
// understood here; others are read over.
type Open struct {
	// AS is that of the 4-byte capability where there is one.
	AS       checks.ASN
	HoldTime time.Duration // whole seconds, zero for none
	ID       netip.Addr    // the BGP identifier, IPv4
	// Families are those of the multiprotocol capability, in its order; empty means
	// IPv4 unicast alone.
	Families []Family
	// AS4, RouteRefresh, EnhancedRefresh and ExtendedMessage are capabilities.
	AS4, RouteRefresh, EnhancedRefresh, ExtendedMessage bool
	GracefulRestart                                     *GracefulRestart // nil without the capability
	AddPath                                             []AddPath
}

// GracefulRestart is the capability of RFC 4724, without the families whose
// forwarding is kept, of which a listener has no use.
type GracefulRestart struct {
	Restarting bool          // it has just restarted
	Time       time.Duration // how long it means to be away at most, whole seconds to 4095
}

// AddPath is what is offered for one family (RFC 7911 section 4).
type AddPath struct {
	Family        Family
	Receive, Send bool
}

// Has reports whether the speaker takes part in a family.
func (o *Open) Has(f Family) bool {
	if len(o.Families) == 0 {
		return f == IPv4Unicast
	}
	return slices.Contains(o.Families, f)
}

// SendsPaths reports whether the speaker can send several paths for a prefix.
func (o *Open) SendsPaths(f Family) bool {
	for _, a := range o.AddPath {
		if a.Family == f && a.Send {
			return true
		}
	}
	return false
}

// ReceivesPaths reports whether it would take several paths for a prefix.
func (o *Open) ReceivesPaths(f Family) bool {
	for _, a := range o.AddPath {
		if a.Family == f && a.Receive {
			return true
		}
	}
	return false
}

// Append writes the message to dst. The 4-byte AS capability is written whatever
// AS4 says: without it there is no true AS number in the message.
func (o *Open) Append(dst []byte) []byte {
	start := len(dst)
	as := uint16(asTrans)
	if o.AS <= 0xffff {
		as = uint16(o.AS)
	}
	b := append(appendHeader(dst, MessageOpen), Version)
	b = binary.BigEndian.AppendUint16(b, as)
	b = binary.BigEndian.AppendUint16(b, uint16(o.HoldTime/time.Second))
	id := o.ID.As4()
	b = append(b, id[:]...)
	caps := o.appendCapabilities(nil)
	b = append(b, byte(len(caps)+2), paramCapabilities, byte(len(caps)))
	return finish(append(b, caps...), start)
}

// Capabilities writes the capabilities alone, as a notification that misses one has them.
func (o *Open) Capabilities() []byte { return o.appendCapabilities(nil) }

func (o *Open) appendCapabilities(b []byte) []byte {
	for _, f := range o.Families {
		b = append(b, capMultiprotocol, 4)
		b = append(binary.BigEndian.AppendUint16(b, f.AFI), 0, f.SAFI)
	}
	if o.RouteRefresh {
		b = append(b, capRouteRefresh, 0)
	}
	if o.ExtendedMessage {
		b = append(b, capExtendedMessage, 0)
	}
	if g := o.GracefulRestart; g != nil {
		v := uint16(g.Time/time.Second) & 0xfff
		if g.Restarting {
			v |= 1 << 15
		}
		b = binary.BigEndian.AppendUint16(append(b, capGracefulRestart, 2), v)
	}
	b = binary.BigEndian.AppendUint32(append(b, capAS4, 4), uint32(o.AS))
	if len(o.AddPath) > 0 {
		b = append(b, capAddPath, byte(4*len(o.AddPath)))
		for _, a := range o.AddPath {
			b = append(binary.BigEndian.AppendUint16(b, a.Family.AFI), a.Family.SAFI, a.mode())
		}
	}
	if o.EnhancedRefresh {
		b = append(b, capEnhancedRefresh, 0)
	}
	return b
}

func (a *AddPath) mode() (v byte) {
	if a.Receive {
		v |= 1
	}
	if a.Send {
		v |= 2
	}
	return v
}

// ParseOpen reads a whole OPEN message, marker and header included. The error is a
// [*Notification], ready to be sent: what RFC 4271 section 6.2 wants the peer to be
// told. Whether AS, identifier and hold time are welcome is for the session to say.
func ParseOpen(msg []byte) (*Open, error) {
	if len(msg) < HeaderLen+10 {
		return nil, &Notification{Code: HeaderError, Subcode: BadMessageLength, Data: lengthOf(msg), Reason: "OPEN is too short"}
	}
	b := msg[HeaderLen:]
	if b[0] != Version {
		return nil, &Notification{
			Code: OpenError, Subcode: UnsupportedVersion, Data: []byte{0, Version},
			Reason: fmt.Sprintf("BGP version %d, only %d is spoken", b[0], Version),
		}
	}
	o := &Open{
		AS:       checks.ASN(be16(b[1:])),
		HoldTime: time.Duration(be16(b[3:])) * time.Second,
		ID:       netip.AddrFrom4([4]byte(b[5:9])),
	}
	params, wide, ok := parameters(b[9:])
	if !ok {
		return nil, &Notification{Code: OpenError, Reason: "OPEN: the optional parameters do not fit the message"}
	}
	for len(params) > 0 {
		kind, v, rest, ok := parameter(params, wide)
		if !ok {
			return nil, &Notification{Code: OpenError, Reason: "OPEN: a parameter is longer than what is left"}
		}
		if kind != paramCapabilities {
			return nil, &Notification{Code: OpenError, Subcode: UnsupportedParameter, Reason: fmt.Sprintf("OPEN: optional parameter %d", kind)}
		}
		if err := o.capabilities(v); err != nil {
			return nil, err
		}
		params = rest
	}
	return o, nil
}

// parameters gives what stands behind the length of the optional parameters, in
// either form of it; wide where each has a length of two bytes.
func parameters(b []byte) (params []byte, wide, ok bool) {
	if len(b) >= 4 && b[0] != 0 && b[1] == paramExtended {
		b = b[2:]
		return b[2:], true, be16(b) == len(b)-2
	}
	return b[1:], false, int(b[0]) == len(b)-1
}

func parameter(b []byte, wide bool) (kind byte, v, rest []byte, ok bool) {
	head := 2
	if wide {
		head = 3
	}
	if len(b) < head {
		return 0, nil, nil, false
	}
	n := int(b[1])
	if wide {
		n = be16(b[1:])
	}
	if n > len(b)-head {
		return 0, nil, nil, false
	}
	return b[0], b[head : head+n], b[head+n:], true
}

func (o *Open) capabilities(b []byte) error {
	for len(b) > 0 {
		if len(b) < 2 || int(b[1]) > len(b)-2 {
			return &Notification{Code: OpenError, Reason: "OPEN: a capability is longer than what is left"}
		}
		code, v := b[0], b[2:2+int(b[1])]
		b = b[2+len(v):]
		if !o.capability(code, v) {
			return &Notification{Code: OpenError, Reason: fmt.Sprintf("OPEN: capability %d has %d bytes", code, len(v))}
		}
	}
	return nil
}

// capability reads one capability, and reports whether it has a possible length.
func (o *Open) capability(code byte, v []byte) bool {
	switch code {
	case capMultiprotocol:
		if len(v) != 4 {
			return false
		}
		o.Families = append(o.Families, Family{AFI: uint16(be16(v)), SAFI: v[3]})
	case capAS4:
		if len(v) != 4 {
			return false
		}
		o.AS, o.AS4 = checks.ASN(be32(v)), true
	case capGracefulRestart:
		if len(v) < 2 {
			return false
		}
		o.GracefulRestart = &GracefulRestart{Restarting: v[0]&0x80 != 0, Time: time.Duration(be16(v)&0xfff) * time.Second}
	case capAddPath:
		if len(v)%4 != 0 {
			return false
		}
		for ; len(v) > 0; v = v[4:] {
			o.AddPath = append(o.AddPath, AddPath{Family{uint16(be16(v)), v[2]}, v[3]&1 != 0, v[3]&2 != 0})
		}
	case capRouteRefresh:
		o.RouteRefresh = true
	case capEnhancedRefresh:
		o.EnhancedRefresh = true
	case capExtendedMessage:
		o.ExtendedMessage = true
	}
	return true
}

// lengthOf gives the length field of a message, which a notification quotes.
func lengthOf(msg []byte) []byte {
	if len(msg) < HeaderLen {
		return nil
	}
	return append([]byte(nil), msg[16:18]...)
}
