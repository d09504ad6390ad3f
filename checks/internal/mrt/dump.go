package mrt

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"isitdown/checks/internal/bgp"
)

// Dump writes records as the lines of `bgpdump -m`. Addresses are in the form of
// RFC 5952, and a next hop or a peer that the record does not tell is empty; bgpdump
// 1.6.2 does otherwise in these (docs/mrt.md).
//
// It remembers what it wrote last, for neighbours are alike: use one for each
// goroutine. The zero value is ready.
type Dump struct {
	Elements int // written so far

	// Of the record at hand: what comes before a prefix, the peer included where that is
	// one for all; and the attributes of an update, with the line's end.
	head   []byte
	headOf ElementKind
	tail   []byte
	hop    netip.Addr

	addrs   [256]addrText
	peers   []peerText // of the RIB records, by index
	peersOf *Peer      // the first of the table that peers are of
}

// addrText is an address, with its text.
type addrText struct {
	addr netip.Addr
	text []byte
}

// peerText is what of a line is the peer's, and the attributes of its last route:
// the next prefix in a table is often of the same network.
type peerText struct {
	who  []byte // with bars around
	raw  []byte // the attributes as they came, none before the first route
	tail []byte
}

// Append writes the elements of a record for which keep is true, one a line. A nil
// keep is true for all.
func (d *Dump) Append(dst []byte, rec *Record, keep func(*Element) bool) []byte {
	d.headOf = 0
	d.tail = d.tail[:0]
	isRIB := rec.Kind == KindRIB || rec.Kind == KindMulticastRIB
	for e := range rec.Elements() {
		if keep != nil && !keep(e) {
			continue
		}
		d.Elements++
		if d.headOf != e.Kind {
			d.headOf, d.head = e.Kind, appendHead(d.head[:0], e)
			if !isRIB { // they are all of one peer
				d.head = d.appendPeer(d.head, e)
			}
		}
		dst = append(dst, d.head...)
		switch {
		case e.Kind == State:
			dst = appendState(dst, e)
		case isRIB:
			dst = d.appendRoute(dst, e)
		default:
			dst = d.appendUpdate(dst, e)
		}
	}
	return dst
}

// appendHead writes what begins a line: format, time and kind.
func appendHead(dst []byte, e *Element) []byte {
	dst = append(dst, e.Record.format()...)
	dst = append(dst, '|')
	dst = strconv.AppendInt(dst, e.Time.Unix(), 10)
	if e.Record.Type == TypeBGP4MPET {
		dst = appendMicroseconds(dst, e.Time)
	}
	dst = append(dst, '|')
	if e.Kind == State {
		return append(dst, "STATE"...)
	}
	return append(dst, byte(e.Kind))
}

func appendState(dst []byte, e *Element) []byte {
	dst = bgp.AppendUint(dst, uint32(e.OldState))
	dst = append(dst, '|')
	dst = bgp.AppendUint(dst, uint32(e.NewState))
	return append(dst, '\n')
}

func (d *Dump) appendUpdate(dst []byte, e *Element) []byte {
	dst = d.appendWhat(dst, e)
	if e.Kind == Withdraw {
		return append(dst, '\n')
	}
	if len(d.tail) == 0 || d.hop != e.NextHop {
		d.tail, d.hop = d.appendAttributes(d.tail[:0], e), e.NextHop
	}
	return append(dst, d.tail...)
}

func (d *Dump) appendRoute(dst []byte, e *Element) []byte {
	if e.Record.Type == TypeTableDump {
		dst = d.appendWhat(d.appendPeer(dst, e), e)
		return d.appendAttributes(dst, e)
	}
	p := d.peer(e)
	dst = append(dst, p.who...)
	dst = d.appendWhat(dst, e)
	if len(p.tail) == 0 || !bytes.Equal(p.raw, e.Attributes.Raw) {
		p.raw = append(p.raw[:0], e.Attributes.Raw...)
		p.tail = d.appendAttributes(p.tail[:0], e)
	}
	return append(dst, p.tail...)
}

// peer gives what is kept of the peer of a route in a table.
func (d *Dump) peer(e *Element) *peerText {
	table := e.Record.Peers
	if d.peersOf != &table[0] {
		d.peersOf, d.peers = &table[0], make([]peerText, len(table))
	}
	p := &d.peers[e.Record.entry.PeerIndex]
	if p.who == nil {
		p.who = d.appendPeer(nil, e)
	}
	return p
}

// appendPeer writes the peer, with a bar before, between and behind.
func (d *Dump) appendPeer(dst []byte, e *Element) []byte {
	dst = append(dst, '|')
	dst = d.appendAddr(dst, e.PeerAddr)
	dst = append(dst, '|')
	dst = bgp.AppendUint(dst, uint32(e.PeerAS))
	return append(dst, '|')
}

// appendWhat writes the prefix, and the path identifier where there is one.
func (d *Dump) appendWhat(dst []byte, e *Element) []byte {
	dst = append(d.appendAddr(dst, e.Prefix.Addr()), '/')
	dst = bgp.AppendUint(dst, uint32(e.Prefix.Bits()))
	if e.Record.AddPath {
		dst = append(dst, '|')
		dst = bgp.AppendUint(dst, e.PathID)
	}
	return dst
}

// appendAddr writes an address, an IPv6 address from memory where it was written
// before.
func (d *Dump) appendAddr(dst []byte, a netip.Addr) []byte {
	if a.Is4() || !a.IsValid() {
		return appendAddr(dst, a)
	}
	b := a.As16()
	h := (binary.LittleEndian.Uint64(b[:8])*31 + binary.LittleEndian.Uint64(b[8:])) * 0x9e3779b97f4a7c15 >> 56
	known := &d.addrs[h]
	if known.addr != a {
		known.addr, known.text = a, a.AppendTo(known.text[:0])
	}
	return append(dst, known.text...)
}

// format is bgpdump's name for the kind of record.
func (rec *Record) format() string {
	switch rec.Type {
	case TypeTableDump:
		return "TABLE_DUMP"
	case TypeTableDumpV2:
		return pick(rec.AddPath, "TABLE_DUMP2_AP", "TABLE_DUMP2")
	case TypeBGP4MPET:
		if rec.Kind == KindSentUpdate {
			return pick(rec.AddPath, "BGP4MP_ET_LOCAL_AP", "BGP4MP_ET_LOCAL")
		}
		return pick(rec.AddPath, "BGP4MP_ET_AP", "BGP4MP_ET")
	}
	if rec.Kind == KindSentUpdate {
		return pick(rec.AddPath, "BGP4MP_LOCAL_AP", "BGP4MP_LOCAL")
	}
	return pick(rec.AddPath, "BGP4MP_AP", "BGP4MP")
}

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

// Work writes all records of a reader, up to its end.
func (d *Dump) Work(keep func(*Element) bool) Work {
	return func(r *Reader, dst []byte) []byte {
		for rec, err := r.Next(); err == nil; rec, err = r.Next() {
			dst = d.Append(dst, rec, keep)
		}
		return dst
	}
}
