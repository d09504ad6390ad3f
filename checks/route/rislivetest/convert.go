package rislivetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
)

// Message is one message as RIS Live would have sent it, converted from a record of
// an MRT file. Its slices are its own.
type Message struct {
	At   time.Time
	Type string // "UPDATE", "STATE", "KEEPALIVE", ...
	// Prefixes are those announced and withdrawn, and Path the AS path in the text of
	// bgpdump: what subscriptions are held against.
	Prefixes []netip.Prefix
	Path     string
	Frame    []byte
}

// Form is how messages are written.
type Form struct {
	// Collector is the host of all messages; RIS Live appends ".ripe.net" to it.
	Collector string
	// NoRaw leaves the BGP message itself out, NoFields what RIS Live decodes of it.
	NoRaw, NoFields bool
	// Keepalives has those of the sessions converted too.
	Keepalives bool
}

// Convert reads an MRT file of updates, compressed or not, and gives what RIS Live
// would have sent: UPDATE for messages, STATE for sessions that come up or go down,
// and KEEPALIVE where it is asked for.
// Records that make no sense are left out, as they are when the file is read. Table
// dumps are not converted: there is nothing like them in RIS Live.
func Convert(r io.Reader, f Form) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		plain, err := mrt.Decompress(r)
		if err != nil {
			yield(Message{}, err)
			return
		}
		defer plain.Close()
		var u bgp.Update
		for n := 0; ; n++ {
			rec, err := nextRecord(plain)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Message{}, fmt.Errorf("record %d: %w", n, err))
				return
			}
			if m, ok := f.message(rec, n, &u); ok && !yield(m, nil) {
				return
			}
		}
	}
}

// record is a BGP4MP record (RFC 6396 section 4.4).
type record struct {
	at       time.Time
	micros   bool
	subtype  uint16
	as       uint32
	addr     netip.Addr
	body     []byte // behind the addresses
	relevant bool
}

func nextRecord(r io.Reader) (rec record, err error) {
	var h [12]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return rec, errors.New("cut off in its header")
		}
		return rec, err
	}
	kind, length := binary.BigEndian.Uint16(h[4:]), binary.BigEndian.Uint32(h[8:])
	if length > mrt.MaxRecord {
		return rec, fmt.Errorf("%d bytes long", length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return rec, errors.New("cut off")
	}
	rec.at = time.Unix(int64(binary.BigEndian.Uint32(h[:])), 0).UTC()
	rec.subtype = binary.BigEndian.Uint16(h[6:])
	if kind == mrt.TypeBGP4MPET && len(body) >= 4 {
		rec.at = rec.at.Add(time.Duration(binary.BigEndian.Uint32(body)) * time.Microsecond)
		rec.micros, body = true, body[4:]
	}
	if kind == mrt.TypeBGP4MP || kind == mrt.TypeBGP4MPET {
		rec.session(body)
	}
	return rec, nil
}

// session reads who the record is of.
func (rec *record) session(body []byte) {
	width := 2
	switch rec.subtype {
	case mrt.MessageAS4, mrt.StateChangeAS4:
		width = 4
	case mrt.Message, mrt.StateChange:
	default:
		return
	}
	at := 2 * width
	if len(body) < at+4 {
		return
	}
	if rec.as = uint32(binary.BigEndian.Uint16(body)); width == 4 {
		rec.as = binary.BigEndian.Uint32(body)
	}
	size := 4
	if binary.BigEndian.Uint16(body[at+2:]) == 2 {
		size = 16
	}
	if at += 4; len(body) < at+2*size {
		return
	}
	rec.addr, _ = netip.AddrFromSlice(body[at : at+size])
	rec.body, rec.relevant = body[at+2*size:], true
}

// message gives the message for a record; ok is false where there is none.
func (f Form) message(rec record, n int, u *bgp.Update) (m Message, ok bool) {
	if !rec.relevant {
		return m, false
	}
	m.At = rec.at
	if rec.subtype == mrt.StateChange || rec.subtype == mrt.StateChangeAS4 {
		if len(rec.body) < 4 {
			return m, false
		}
		from, to := mrt.SessionState(binary.BigEndian.Uint16(rec.body)), mrt.SessionState(binary.BigEndian.Uint16(rec.body[2:]))
		state := "connected"
		if to != mrt.StateEstablished {
			if from != mrt.StateEstablished {
				return m, false
			}
			state = "down"
		}
		m.Type = "STATE"
		m.Frame = append(f.head(&rec, n, "STATE"), `,"state":"`+state+`"}}`...)
		return m, true
	}
	length, kind, err := bgp.ParseHeader(rec.body)
	switch {
	case err == nil && kind == bgp.MessageKeepalive && f.Keepalives:
		m.Type = "KEEPALIVE"
		m.Frame = fmt.Appendf(f.head(&rec, n, m.Type), `,"raw":"%X"}}`, rec.body[:length])
		return m, true
	case err != nil || kind != bgp.MessageUpdate:
		return m, false
	}
	four := rec.subtype == mrt.MessageAS4
	if u.Decode(rec.body[:length], bgp.Options{AS4: four, GuessAddPath: true}) != nil {
		return m, false
	}
	m.Type, m.Path = "UPDATE", u.Path.String()
	for _, list := range [][]bgp.NLRI{u.Announced, u.Withdrawn} {
		for _, nlri := range list {
			m.Prefixes = append(m.Prefixes, nlri.Prefix)
		}
	}
	m.Frame = f.update(f.head(&rec, n, "UPDATE"), u, rec.body[:length])
	return m, true
}

// Update writes the frame of one UPDATE message that a peer sent, the nth of all, with
// 4-byte AS numbers; ok is false where it makes no sense.
func (f Form) Update(at time.Time, peer netip.Addr, as checks.ASN, n int, msg []byte) (frame []byte, ok bool) {
	rec := record{at: at, micros: true, subtype: mrt.MessageAS4, as: uint32(as), addr: peer, body: msg, relevant: true}
	m, ok := f.message(rec, n, &bgp.Update{})
	return m.Frame, ok
}

// head writes what all messages begin with, up to the type.
func (f Form) head(rec *record, n int, kind string) []byte {
	b := append([]byte(nil), `{"type":"ris_message","data":{"timestamp":`...)
	b = strconv.AppendInt(b, rec.at.Unix(), 10)
	if rec.micros {
		b = fmt.Appendf(b, ".%06d", rec.at.Nanosecond()/1000)
	} else {
		b = append(b, ".000"...)
	}
	return fmt.Appendf(b, `,"peer":"%s","peer_asn":"%d","id":"%s-%016x","host":"%s.ripe.net","type":"%s"`,
		rec.addr, rec.as, rec.addr, n, f.Collector, kind)
}

// update writes the rest of an UPDATE.
func (f Form) update(b []byte, u *bgp.Update, msg []byte) []byte {
	if !f.NoFields {
		b = append(b, `,"path":[`...)
		for i, hop := range hops(u.Path) {
			b = appendComma(b, i)
			b = append(b, hop...)
		}
		b = append(b, `],"community":[`...)
		for i, c := range u.Communities.All() {
			b = appendComma(b, i)
			b = fmt.Appendf(b, "[%d,%d]", c>>16, c&0xffff)
		}
		b = append(b, `],"origin":"IGP","announcements":[`...)
		b = appendAnnouncements(b, u)
		b = append(b, `],"withdrawals":[`...)
		for i, w := range u.Withdrawn {
			b = appendComma(b, i)
			b = fmt.Appendf(b, `"%s"`, w.Prefix)
		}
		b = append(b, ']')
	}
	if !f.NoRaw {
		b = fmt.Appendf(b, `,"raw":"%X"`, msg)
	}
	return append(b, "}}"...)
}

// appendAnnouncements writes next hops with their prefixes, those in a row together.
func appendAnnouncements(b []byte, u *bgp.Update) []byte {
	for i, a := range u.Announced {
		switch {
		case i > 0 && u.NextHopOf(i) == u.NextHopOf(i-1):
			b = append(b, ',')
		default:
			if i > 0 {
				b = append(b, "]},"...)
			}
			b = fmt.Appendf(b, `{"next_hop":"%s","prefixes":[`, u.NextHopOf(i))
		}
		b = fmt.Appendf(b, `"%s"`, a.Prefix)
	}
	if len(u.Announced) > 0 {
		b = append(b, "]}"...)
	}
	return b
}

// hops writes each hop of a path: a number, or a list for an AS_SET.
func hops(path bgp.RawPath) (list []string) {
	for hop := range path.Hops() {
		if hop.Len() == 1 {
			list = append(list, strconv.FormatUint(uint64(hop.ASN(0)), 10))
			continue
		}
		var text strings.Builder
		text.WriteString("[")
		for i := range hop.Len() {
			if i > 0 {
				text.WriteString(",")
			}
			text.WriteString(strconv.FormatUint(uint64(hop.ASN(i)), 10))
		}
		list = append(list, text.String()+"]")
	}
	return list
}

func appendComma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}
