package bmp

import (
	"encoding/binary"
	"net/netip"
	"time"

	"isitdown/checks"
)

// peerLen is the length of the per-peer header.
const peerLen = 42

// PeerType says what kind of table a message is about (RFC 7854 section 4.2).
type PeerType uint8

// The types of peer.
const (
	GlobalPeer PeerType = 0 // a session of the router's global instance
	RDPeer     PeerType = 1 // a session of an instance that a route distinguisher names
	LocalPeer  PeerType = 2 // a session of an instance with a number of the router's own
	LocRIBPeer PeerType = 3 // no session: what the router itself chose (RFC 9069)
)

// The flags of a peer. The first is another one for a LocRIBPeer.
const (
	FlagIPv6     = 0x80 // V: the address is IPv6
	FlagPost     = 0x40 // L: after the policy
	FlagAS2      = 0x20 // A: AS_PATH holds 2-byte AS numbers
	FlagOut      = 0x10 // O: Adj-RIB-Out (RFC 8671)
	FlagFiltered = 0x80 // F: of a LocRIBPeer, only part of the Loc-RIB (RFC 9069)
)

// View is the table of a router that routes are from.
type View uint8

// The views. NoView is that of a type of peer which is not known.
const (
	NoView     View = iota
	PrePolicy       // Adj-RIB-In: what the peer said
	PostPolicy      // Adj-RIB-In behind the router's import policy
	LocRIB          // what the router chose of all peers
	OutPre          // Adj-RIB-Out before the export policy
	OutPost         // Adj-RIB-Out: what the peer was told
)

// String gives the words of the RFCs.
func (v View) String() string {
	names := [...]string{"no known table", "pre-policy Adj-RIB-In", "post-policy Adj-RIB-In", "Loc-RIB", "pre-policy Adj-RIB-Out", "post-policy Adj-RIB-Out"}
	if int(v) < len(names) {
		return names[v]
	}
	return names[NoView]
}

// Peer is the per-peer header: who said something, and when.
type Peer struct {
	Type  PeerType
	Flags uint8
	// Distinguisher tells instances of a router apart; zero is the global one.
	Distinguisher uint64
	// Addr is unmapped; of a LocRIBPeer it is not valid.
	Addr netip.Addr
	AS   checks.ASN
	ID   netip.Addr // BGP identifier
	// Time is when the router heard it, by the router's clock; zero where it does
	// not say. Routers differ in what they write here.
	Time time.Time
}

// View says which table a Route Monitoring message is about.
func (p *Peer) View() View {
	switch {
	case p.Type == LocRIBPeer:
		return LocRIB
	case p.Type > LocRIBPeer:
		return NoView
	case p.Flags&FlagOut != 0 && p.Flags&FlagPost != 0:
		return OutPost
	case p.Flags&FlagOut != 0:
		return OutPre
	case p.Flags&FlagPost != 0:
		return PostPolicy
	}
	return PrePolicy
}

// AS4 reports whether the message is coded with 4-byte AS numbers.
func (p *Peer) AS4() bool { return p.Flags&FlagAS2 == 0 }

// decode reads the header that is at the front of b.
func (p *Peer) decode(b []byte) {
	*p = Peer{
		Type: PeerType(b[0]), Flags: b[1],
		Distinguisher: binary.BigEndian.Uint64(b[2:]),
		AS:            checks.ASN(binary.BigEndian.Uint32(b[26:])),
		ID:            netip.AddrFrom4([4]byte(b[30:34])),
	}
	if p.Type != LocRIBPeer {
		p.Addr = address(b[10:26], p.Flags&FlagIPv6 != 0)
	}
	sec, usec := binary.BigEndian.Uint32(b[34:]), binary.BigEndian.Uint32(b[38:])
	if usec < 1_000_000 && (sec != 0 || usec != 0) {
		p.Time = time.Unix(int64(sec), int64(usec)*1000).UTC()
	}
}

// address reads 16 bytes, of which an IPv4 address fills the last four.
func address(b []byte, ipv6 bool) netip.Addr {
	if ipv6 {
		return netip.AddrFrom16([16]byte(b)).Unmap()
	}
	return netip.AddrFrom4([4]byte(b[12:16]))
}

func (p *Peer) append(dst []byte) []byte {
	dst = append(dst, byte(p.Type), p.Flags)
	dst = binary.BigEndian.AppendUint64(dst, p.Distinguisher)
	dst = appendAddress(dst, p.Addr)
	dst = binary.BigEndian.AppendUint32(dst, uint32(p.AS))
	id := [4]byte{}
	if p.ID.Is4() {
		id = p.ID.As4()
	}
	dst = append(dst, id[:]...)
	if p.Time.IsZero() {
		return append(dst, make([]byte, 8)...)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(p.Time.Unix()))
	return binary.BigEndian.AppendUint32(dst, uint32(p.Time.Nanosecond()/1000))
}

func appendAddress(dst []byte, a netip.Addr) []byte {
	b := [16]byte{}
	switch {
	case a.Is4():
		v4 := a.As4()
		copy(b[12:], v4[:])
	case a.IsValid():
		b = a.As16()
	}
	return append(dst, b[:]...)
}
