package bmp

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"isitdown/checks/internal/bgp"
)

// Type is the type of a BMP message (RFC 7854 section 4.1).
type Type uint8

// The message types.
const (
	RouteMonitoring  Type = 0
	StatisticsReport Type = 1
	PeerDown         Type = 2
	PeerUp           Type = 3
	Initiation       Type = 4
	Termination      Type = 5
	RouteMirroring   Type = 6
)

// String gives the name of the RFC, or the number.
func (t Type) String() string {
	names := [...]string{"Route Monitoring", "Statistics Report", "Peer Down", "Peer Up", "Initiation", "Termination", "Route Mirroring"}
	if int(t) < len(names) {
		return names[t]
	}
	return strconv.Itoa(int(t))
}

// DownReason is why a session ended (RFC 7854 section 4.9, RFC 9069 section 4.6).
type DownReason uint8

// The reasons. DownDeconfigured does not say that the session ended, only that no
// more will be said of it.
const (
	DownLocalNotification  DownReason = 1
	DownLocalEvent         DownReason = 2
	DownRemoteNotification DownReason = 3
	DownRemote             DownReason = 4
	DownDeconfigured       DownReason = 5
	DownLocalSystem        DownReason = 6
)

// String says it in a few words.
func (r DownReason) String() string {
	names := [...]string{
		"unknown reason", "the router ended it with a notification", "the router ended it", "the peer ended it with a notification",
		"the peer ended it without a notification", "the router stopped monitoring it", "the router closed its Loc-RIB",
	}
	if int(r) < len(names) {
		return names[r]
	}
	return "reason " + strconv.Itoa(int(r))
}

// The types of information in Initiation and Peer Up (RFC 7854 section 4.4,
// RFC 9069 section 4.4, RFC 9736), and those of Termination.
const (
	InfoString   = 0
	InfoSysDescr = 1 // of Initiation
	InfoSysName  = 2 // of Initiation
	InfoTable    = 3 // of Peer Up: VRF or table name
	InfoLabel    = 4 // of Peer Up: administrative label

	TerminationString = 0
	TerminationReason = 1 // two bytes
)

// TLV is one piece of information.
type TLV struct {
	Type  uint16
	Value []byte
}

// Stat is one counter or gauge of a Statistics Report (RFC 7854 section 4.8); a
// value per address family is in Family, else that is zero.
type Stat struct {
	Type   uint16
	Family bgp.Family
	Value  uint64
}

// Up is what a Peer Up message holds.
type Up struct {
	Local                 netip.Addr // not valid for a LocRIBPeer
	LocalPort, RemotePort uint16     // zero where the router does not say
	Sent, Received        []byte     // whole OPEN messages, for [bgp.ParseOpen]
}

// Message is a decoded message. Its zero value is ready for Decode. All of it is
// good until the next Decode, or until the bytes that were decoded change.
type Message struct {
	Type Type
	// Peer is set for all types but Initiation and Termination.
	Peer Peer
	// BGP is the UPDATE of a Route Monitoring message, and the NOTIFICATION in a Peer
	// Down of the reasons that come with one. It may have bytes behind it.
	BGP    []byte
	Up     Up         // of Peer Up
	Reason DownReason // of Peer Down
	Event  uint16     // of Peer Down with DownLocalEvent: the event of RFC 4271 section 8.1
	Info   []TLV      // of Initiation, Termination, Peer Up, Route Mirroring, and of Peer Down with DownLocalSystem
	Stats  []Stat     // of a Statistics Report; those of an unknown length are left out
}

// Decode reads a whole message as a [Reader] gives it. The error is an [*Error];
// after one, m holds nothing that may be used.
func (m *Message) Decode(b []byte) error {
	info, stats := m.Info[:0], m.Stats[:0]
	*m = Message{Info: info, Stats: stats}
	if len(b) < headerLen {
		return damaged(0, 0, "%d bytes are too few for a header", len(b))
	}
	m.Type = Type(b[5])
	if b[0] != version {
		return damaged(m.Type, 0, "version %d, only %d is known", b[0], version)
	}
	if n := binary.BigEndian.Uint32(b[1:]); uint64(n) != uint64(len(b)) {
		return damaged(m.Type, 1, "length %d, but there are %d bytes", n, len(b))
	}
	i := headerLen
	switch m.Type {
	case Initiation, Termination:
		return m.tlvs(b, i)
	case RouteMonitoring, StatisticsReport, PeerDown, PeerUp, RouteMirroring:
	default:
		return nil
	}
	if len(b)-i < peerLen {
		return damaged(m.Type, i, "ends inside the per-peer header")
	}
	m.Peer.decode(b[i:])
	i += peerLen
	switch m.Type {
	case RouteMonitoring:
		m.BGP = b[i:]
	case StatisticsReport:
		return m.stats(b, i)
	case PeerDown:
		return m.down(b, i)
	case PeerUp:
		return m.up(b, i)
	case RouteMirroring:
		return m.tlvs(b, i)
	}
	return nil
}

// tlvs reads the information that fills b from byte i on.
func (m *Message) tlvs(b []byte, i int) error {
	for i < len(b) {
		if len(b)-i < 4 {
			return damaged(m.Type, i, "ends inside the header of a TLV")
		}
		kind, n := binary.BigEndian.Uint16(b[i:]), int(binary.BigEndian.Uint16(b[i+2:]))
		if n > len(b)-i-4 {
			return damaged(m.Type, i, "TLV %d of %d bytes, %d are left", kind, n, len(b)-i-4)
		}
		m.Info = append(m.Info, TLV{kind, b[i+4 : i+4+n]})
		i += 4 + n
	}
	return nil
}

func (m *Message) stats(b []byte, i int) error {
	if len(b)-i < 4 {
		return damaged(m.Type, i, "ends before the count")
	}
	// The count is not looked at: the TLVs fill the message either way.
	if err := m.tlvs(b, i+4); err != nil {
		return err
	}
	for _, t := range m.Info {
		switch v := t.Value; len(v) {
		case 4:
			m.Stats = append(m.Stats, Stat{Type: t.Type, Value: uint64(binary.BigEndian.Uint32(v))})
		case 8:
			m.Stats = append(m.Stats, Stat{Type: t.Type, Value: binary.BigEndian.Uint64(v)})
		case 11:
			f := bgp.Family{AFI: binary.BigEndian.Uint16(v), SAFI: v[2]}
			m.Stats = append(m.Stats, Stat{Type: t.Type, Family: f, Value: binary.BigEndian.Uint64(v[3:])})
		}
	}
	m.Info = m.Info[:0]
	return nil
}

func (m *Message) down(b []byte, i int) error {
	if i == len(b) {
		return damaged(m.Type, i, "ends before the reason")
	}
	m.Reason = DownReason(b[i])
	i++
	switch m.Reason {
	case DownLocalNotification, DownRemoteNotification:
		m.BGP = b[i:]
	case DownLocalEvent:
		if len(b)-i < 2 {
			return damaged(m.Type, i, "ends before the event")
		}
		m.Event = binary.BigEndian.Uint16(b[i:])
	case DownLocalSystem:
		return m.tlvs(b, i)
	}
	return nil
}

func (m *Message) up(b []byte, i int) error {
	if len(b)-i < 20 {
		return damaged(m.Type, i, "ends before the OPEN messages")
	}
	if m.Peer.Type != LocRIBPeer {
		m.Up.Local = address(b[i:i+16], m.Peer.Flags&FlagIPv6 != 0)
	}
	m.Up.LocalPort, m.Up.RemotePort = binary.BigEndian.Uint16(b[i+16:]), binary.BigEndian.Uint16(b[i+18:])
	i += 20
	for _, open := range [...]*[]byte{&m.Up.Sent, &m.Up.Received} {
		n, kind, err := bgp.ParseHeader(b[i:])
		if err != nil {
			return damaged(m.Type, i, "no OPEN message: %v", err)
		}
		if kind != bgp.MessageOpen {
			return damaged(m.Type, i, "BGP message of type %d where an OPEN should be", kind)
		}
		*open = b[i : i+n]
		i += n
	}
	return m.tlvs(b, i)
}
