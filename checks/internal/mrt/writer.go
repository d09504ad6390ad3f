package mrt

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"isitdown/checks/internal/bgp"
)

// Writer writes MRT records: the BGP4MP and TABLE_DUMP_V2 subtypes with 4-byte
// AS numbers. The first error stays, as with bufio.Writer.
type Writer struct {
	// Microseconds makes messages and changes of state BGP4MP_ET records, with
	// times in microseconds; else they are BGP4MP, in seconds.
	Microseconds bool

	w   io.Writer
	buf []byte
	err error
}

// NewWriter makes a Writer of plain bytes to w, one Write a record.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Message writes a BGP message that peer sent to local at the given time. Both
// addresses must be of one family.
func (w *Writer) Message(at time.Time, peer, local Peer, msg []byte) error {
	return w.bgp4mp(at, MessageAS4, peer, local, msg)
}

// StateChange writes that the session of peer and local changed its state.
func (w *Writer) StateChange(at time.Time, peer, local Peer, from, to SessionState) error {
	var b [4]byte
	binary.BigEndian.PutUint16(b[:], uint16(from))
	binary.BigEndian.PutUint16(b[2:], uint16(to))
	return w.bgp4mp(at, StateChangeAS4, peer, local, b[:])
}

func (w *Writer) bgp4mp(at time.Time, subtype uint16, peer, local Peer, rest []byte) error {
	if peer.Addr.Is4() != local.Addr.Is4() || !peer.Addr.IsValid() || !local.Addr.IsValid() {
		return fmt.Errorf("writing BGP4MP record: addresses %v and %v are not of one family", peer.Addr, local.Addr)
	}
	kind := uint16(TypeBGP4MP)
	if w.Microseconds {
		kind = TypeBGP4MPET
	}
	w.begin(at, kind, subtype)
	if w.Microseconds {
		w.u32(uint32(at.Nanosecond() / 1000))
	}
	w.u32(uint32(peer.AS))
	w.u32(uint32(local.AS))
	w.u16(0)
	if peer.Addr.Is4() {
		w.u16(1)
	} else {
		w.u16(2)
	}
	w.buf = append(w.buf, peer.Addr.AsSlice()...)
	w.buf = append(w.buf, local.Addr.AsSlice()...)
	w.buf = append(w.buf, rest...)
	return w.end()
}

// PeerIndexTable writes the table that the following RIB records refer to.
// Peers without an ID get 0.0.0.0.
func (w *Writer) PeerIndexTable(at time.Time, collector netip.Addr, view string, peers []Peer) error {
	if !collector.Is4() || len(view) > 0xffff || len(peers) > 0xffff {
		return fmt.Errorf("writing PEER_INDEX_TABLE: the collector's ID must be IPv4, name and peers at most 65535")
	}
	w.begin(at, TypeTableDumpV2, PeerIndexTable)
	w.buf = append(w.buf, collector.AsSlice()...)
	w.u16(uint16(len(view)))
	w.buf = append(w.buf, view...)
	w.u16(uint16(len(peers)))
	for _, p := range peers {
		flags := byte(2) // 4-byte AS number
		if p.Addr.Is6() {
			flags |= 1
		}
		id := [4]byte{}
		if p.ID.Is4() {
			id = p.ID.As4()
		}
		w.buf = append(append(w.buf, flags), id[:]...)
		w.buf = append(w.buf, p.Addr.AsSlice()...)
		w.u32(uint32(p.AS))
	}
	return w.end()
}

// RIBEntry is the route of one peer, to be written.
type RIBEntry struct {
	Peer         int // index in the table
	OriginatedAt time.Time
	PathID       uint32 // written where AddPath is asked for
	bgp.Draft           // its routes do not count
}

// RIB writes what the peers hold for one unicast prefix.
func (w *Writer) RIB(at time.Time, sequence uint32, prefix netip.Prefix, addPath bool, entries []RIBEntry) error {
	if !prefix.IsValid() || len(entries) > 0xffff {
		return fmt.Errorf("writing RIB record: prefix %v with %d entries", prefix, len(entries))
	}
	ipv6 := prefix.Addr().Is6()
	w.begin(at, TypeTableDumpV2, ribSubtype(ipv6, addPath))
	w.u32(sequence)
	w.buf = bgp.AppendPrefix(w.buf, prefix)
	w.u16(uint16(len(entries)))
	for i := range entries {
		e := &entries[i]
		w.u16(uint16(e.Peer))
		w.u32(uint32(e.OriginatedAt.Unix()))
		if addPath {
			w.u32(e.PathID)
		}
		start := len(w.buf)
		w.u16(0)
		var err error
		if w.buf, err = e.AppendRIB(w.buf, ipv6); err != nil {
			return err
		}
		binary.BigEndian.PutUint16(w.buf[start:], uint16(len(w.buf)-start-2))
	}
	return w.end()
}

func ribSubtype(ipv6, addPath bool) uint16 {
	switch {
	case ipv6 && addPath:
		return RIBIPv6UnicastAddP
	case ipv6:
		return RIBIPv6Unicast
	case addPath:
		return RIBIPv4UnicastAddP
	}
	return RIBIPv4Unicast
}

func (w *Writer) u16(n uint16) { w.buf = binary.BigEndian.AppendUint16(w.buf, n) }
func (w *Writer) u32(n uint32) { w.buf = binary.BigEndian.AppendUint32(w.buf, n) }

// begin starts a record; its length is written by end.
func (w *Writer) begin(at time.Time, kind, subtype uint16) {
	w.buf = w.buf[:0]
	w.u32(uint32(at.Unix()))
	w.u16(kind)
	w.u16(subtype)
	w.u32(0)
}

func (w *Writer) end() error {
	binary.BigEndian.PutUint32(w.buf[8:], uint32(len(w.buf)-headerLen))
	if w.err == nil {
		if _, err := w.w.Write(w.buf); err != nil {
			w.err = fmt.Errorf("writing MRT record: %w", err)
		}
	}
	return w.err
}
