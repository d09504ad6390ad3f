package mrt

import (
	"iter"
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// The types of record that are read (RFC 6396 section 4).
const (
	TypeTableDump   = 12
	TypeTableDumpV2 = 13
	TypeBGP4MP      = 16
	TypeBGP4MPET    = 17

	typeOldBGP = 5 // given up before RFC 6396; skipped
)

// The subtypes of TABLE_DUMP (the address family), TABLE_DUMP_V2 and BGP4MP
// (RFC 6396 section 4, RFC 8050).
const (
	TableDumpIPv4 = 1
	TableDumpIPv6 = 2

	PeerIndexTable       = 1
	RIBIPv4Unicast       = 2
	RIBIPv4Multicast     = 3
	RIBIPv6Unicast       = 4
	RIBIPv6Multicast     = 5
	RIBGeneric           = 6
	RIBIPv4UnicastAddP   = 8
	RIBIPv4MulticastAddP = 9
	RIBIPv6UnicastAddP   = 10
	RIBIPv6MulticastAddP = 11
	RIBGenericAddP       = 12

	StateChange         = 0
	Message             = 1
	MessageAS4          = 4
	StateChangeAS4      = 5
	MessageLocal        = 6
	MessageAS4Local     = 7
	MessageAddP         = 8
	MessageAS4AddP      = 9
	MessageLocalAddP    = 10
	MessageAS4LocalAddP = 11
)

// Kind says what a record holds and which of its fields count.
type Kind uint8

// The kinds of record. The values that are alike on the wire and not in what
// they mean are apart, so that nobody takes one for the other by accident.
const (
	// KindUnsupported is a record whose type is not read; it is in Skipped.
	KindUnsupported Kind = iota
	// KindUpdate is an UPDATE that the peer sent: PeerAS, PeerAddr, Update.
	KindUpdate
	// KindSentUpdate is an UPDATE that the collector sent to the peer.
	KindSentUpdate
	// KindMessage is any other BGP message, in MessageType.
	KindMessage
	// KindStateChange is a change of the session's state: PeerAS, PeerAddr,
	// OldState, NewState.
	KindStateChange
	// KindPeerIndexTable lists the peers of the RIB records that follow: Peers.
	KindPeerIndexTable
	// KindRIB is one prefix with the routes of all peers: Prefix, Entries.
	KindRIB
	// KindMulticastRIB is the same from the multicast table, which says
	// nothing about unicast reachability.
	KindMulticastRIB
)

// SessionState is a state of the BGP state machine (RFC 4271 section 8.2.2).
// Collectors write numbers beyond Established too; they are kept.
type SessionState uint16

// The states.
const (
	StateIdle        SessionState = 1
	StateConnect     SessionState = 2
	StateActive      SessionState = 3
	StateOpenSent    SessionState = 4
	StateOpenConfirm SessionState = 5
	StateEstablished SessionState = 6
)

// Peer is one session of a collector.
type Peer struct {
	AS   checks.ASN
	Addr netip.Addr
	ID   netip.Addr // BGP identifier; invalid where the file does not say
}

// Record is one record of an MRT file. It is used again by the next call of
// [Reader.Next].
type Record struct {
	Time          time.Time // UTC; of BGP4MP_ET in microseconds, else in seconds
	Offset        int64     // decompressed byte at which the record starts
	Type, Subtype uint16
	Kind          Kind
	// AddPath is true where path identifiers count: the subtype says so, or the
	// update can only be read so (bgp.Options.GuessAddPath).
	AddPath bool

	// The session, for updates, messages and changes of state. PeerAddr is
	// invalid in the OPEN messages of old Zebras, which do not say.
	PeerAS, LocalAS     checks.ASN
	PeerAddr, LocalAddr netip.Addr

	Update             *bgp.Update     // KindUpdate, KindSentUpdate
	MessageType        bgp.MessageType // KindMessage
	OldState, NewState SessionState    // KindStateChange

	// CollectorID and Peers are those of the last PEER_INDEX_TABLE; Peers is
	// made anew by each, and may be kept.
	CollectorID netip.Addr
	Peers       []Peer

	Prefix netip.Prefix // KindRIB, KindMulticastRIB

	reader  *Reader
	update  bgp.Update
	entry   Entry
	peer    Peer   // of a TABLE_DUMP record
	entries []byte // of a RIB record
	at      int    // where entries starts in the body
	count   int    // entries there must be
}

// Entry is the route of one peer to the prefix of a RIB record.
type Entry struct {
	Peer       *Peer
	PeerIndex  int    // in Peers; -1 in TABLE_DUMP, which has no table
	Originated uint32 // when the collector learned the route, in seconds since 1970
	PathID     uint32 // RFC 8050; zero where the record has none
	bgp.Attributes
}

// OriginatedAt is when the collector learned the route, UTC.
func (e *Entry) OriginatedAt() time.Time { return time.Unix(int64(e.Originated), 0).UTC() }

// decode reads the body of a record whose header is in rec.
func (rec *Record) decode(body []byte) error {
	rec.Kind, rec.AddPath = KindUnsupported, false
	rec.PeerAS, rec.LocalAS, rec.PeerAddr, rec.LocalAddr = 0, 0, netip.Addr{}, netip.Addr{}
	rec.Update, rec.MessageType, rec.OldState, rec.NewState = nil, 0, 0, 0
	rec.Prefix, rec.entries, rec.count = netip.Prefix{}, nil, 0
	switch rec.Type {
	case TypeTableDump:
		return rec.decodeTableDump(body)
	case TypeTableDumpV2:
		return rec.decodeTableDumpV2(body)
	case TypeBGP4MP:
		return rec.decodeBGP4MP(body, 0)
	case TypeBGP4MPET:
		if len(body) < 4 {
			return bodyError(0, "%d bytes are too few for a time in microseconds", len(body))
		}
		us := be32(body)
		if us >= 1e6 {
			return bodyError(0, "%d microseconds are more than a second", us)
		}
		rec.Time = rec.Time.Add(time.Duration(us) * time.Microsecond)
		return rec.decodeBGP4MP(body, 4)
	}
	return nil
}

// Entries goes through the routes of a RIB record. One that makes no sense is
// left out and reported as a [Problem], each time they are gone through. The
// entry is used again by the next one.
func (rec *Record) Entries() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		switch rec.Type {
		case TypeTableDump:
			if rec.Kind == KindRIB {
				yield(&rec.entry)
			}
		case TypeTableDumpV2:
			for c := (entryCursor{rec: rec, rest: rec.entries}); c.next(); {
				if !yield(&rec.entry) {
					return
				}
			}
		}
	}
}

func be16(b []byte) int    { return int(b[0])<<8 | int(b[1]) }
func be32(b []byte) uint32 { return uint32(be16(b))<<16 | uint32(be16(b[2:])) }

// address reads an address of 4 or 16 bytes from the front of b.
func address(b []byte, ipv6 bool) netip.Addr {
	if ipv6 {
		return netip.AddrFrom16([16]byte(b))
	}
	return netip.AddrFrom4([4]byte(b))
}
