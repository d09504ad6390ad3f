package mrt

import (
	"io"
	"iter"
	"net/netip"
	"strconv"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// ElementKind says what an [Element] is.
type ElementKind byte

// The kinds of element, as bgpdump writes them.
const (
	Announce ElementKind = 'A'
	Withdraw ElementKind = 'W'
	Route    ElementKind = 'B' // of a RIB
	State    ElementKind = 'S'
)

// Element is one thing that a peer said: a route announced, withdrawn or held,
// or that its session changed state. It is used again by the next one.
type Element struct {
	Kind     ElementKind
	Record   *Record // the record it is from
	Time     time.Time
	PeerAS   checks.ASN
	PeerAddr netip.Addr
	Prefix   netip.Prefix // not of State
	PathID   uint32
	// NextHop and Attributes are those of an announced or held route; NextHop
	// is invalid where the record does not say.
	NextHop            netip.Addr
	Attributes         *bgp.Attributes
	OldState, NewState SessionState
}

// Elements goes through all elements of the input, as [Reader.Next] and
// [Record.Elements] give them. The last pair holds the error of a file that is
// cut off or damaged, and a nil element; a whole file ends without.
func (r *Reader) Elements() iter.Seq2[*Element, error] {
	return func(yield func(*Element, error) bool) {
		for {
			rec, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for e := range rec.Elements() {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// Elements goes through the elements of one record: those withdrawn before
// those announced. What the collector itself sent, and routes of multicast
// tables, are among them; ask for the record's Kind.
func (rec *Record) Elements() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		e := &rec.reader.element
		*e = Element{Record: rec, Time: rec.Time, PeerAS: rec.PeerAS, PeerAddr: rec.PeerAddr}
		switch rec.Kind {
		case KindStateChange:
			e.Kind, e.OldState, e.NewState = State, rec.OldState, rec.NewState
			yield(e)
		case KindUpdate, KindSentUpdate:
			rec.updateElements(e, yield)
		case KindRIB, KindMulticastRIB:
			e.Kind, e.Prefix = Route, rec.Prefix
			for entry := range rec.Entries() {
				e.PeerAS, e.PeerAddr, e.PathID = entry.Peer.AS, entry.Peer.Addr, entry.PathID
				e.Attributes, e.NextHop = &entry.Attributes, entry.NextHop
				if entry.MPNextHop.IsValid() {
					e.NextHop = entry.MPNextHop
				}
				if !yield(e) {
					return
				}
			}
		}
	}
}

func (rec *Record) updateElements(e *Element, yield func(*Element) bool) {
	u := rec.Update
	e.Kind = Withdraw
	for i := range u.Withdrawn {
		e.Prefix, e.PathID = u.Withdrawn[i].Prefix, u.Withdrawn[i].PathID
		if !yield(e) {
			return
		}
	}
	e.Kind, e.Attributes = Announce, &u.Attributes
	for i := range u.Announced {
		e.Prefix, e.PathID, e.NextHop = u.Announced[i].Prefix, u.Announced[i].PathID, u.NextHopOf(i)
		if !yield(e) {
			return
		}
	}
}

// AppendDump writes the element as one line of `bgpdump -m`, newline included.
// Addresses are in the form of RFC 5952, and a next hop that the record does not
// tell is empty; bgpdump 1.6.2 does otherwise in both.
func (e *Element) AppendDump(dst []byte) []byte {
	dst = append(dst, e.format()...)
	dst = append(dst, '|')
	dst = strconv.AppendInt(dst, e.Time.Unix(), 10)
	if e.Record.Type == TypeBGP4MPET {
		dst = appendMicroseconds(dst, e.Time)
	}
	dst = append(dst, '|')
	if e.Kind == State {
		dst = append(dst, "STATE"...)
	} else {
		dst = append(dst, byte(e.Kind))
	}
	dst = append(dst, '|')
	if e.PeerAddr.IsValid() {
		dst = e.PeerAddr.AppendTo(dst)
	}
	dst = append(dst, '|')
	dst = strconv.AppendUint(dst, uint64(e.PeerAS), 10)
	dst = append(dst, '|')
	if e.Kind == State {
		dst = strconv.AppendUint(dst, uint64(e.OldState), 10)
		dst = append(dst, '|')
		dst = strconv.AppendUint(dst, uint64(e.NewState), 10)
		return append(dst, '\n')
	}
	dst = e.Prefix.AppendTo(dst)
	if e.Record.AddPath {
		dst = append(dst, '|')
		dst = strconv.AppendUint(dst, uint64(e.PathID), 10)
	}
	if e.Kind != Withdraw {
		dst = append(dst, '|')
		dst = e.appendAttributes(dst)
	}
	return append(dst, '\n')
}

// format is bgpdump's name for the kind of record.
func (e *Element) format() string {
	rec := e.Record
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

func appendMicroseconds(dst []byte, t time.Time) []byte {
	us := t.Nanosecond() / 1000
	dst = append(dst, '.')
	for unit := 100000; unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(us/unit%10))
	}
	return dst
}

func (e *Element) appendAttributes(dst []byte) []byte {
	a := e.Attributes
	dst = a.Path.AppendText(dst)
	dst = append(dst, '|')
	origin := a.Origin
	if !a.Present.Has(bgp.AttrOrigin) {
		origin = bgp.OriginIncomplete
	}
	dst = append(dst, origin.String()...)
	dst = append(dst, '|')
	if e.NextHop.IsValid() {
		dst = e.NextHop.AppendTo(dst)
	}
	dst = append(dst, '|')
	dst = strconv.AppendUint(dst, uint64(a.LocalPref), 10)
	dst = append(dst, '|')
	dst = strconv.AppendUint(dst, uint64(a.MED), 10)
	dst = append(dst, '|')
	for i, c := range a.Communities {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = appendCommunity(dst, c)
	}
	dst = append(dst, '|')
	dst = append(dst, pick(a.Present.Has(bgp.AttrAtomicAggregate), "AG", "NAG")...)
	dst = append(dst, '|')
	if a.AggregatorAddr.IsValid() {
		dst = strconv.AppendUint(dst, uint64(a.AggregatorAS), 10)
		dst = append(dst, ' ')
		dst = a.AggregatorAddr.AppendTo(dst)
	}
	return append(dst, '|')
}

// appendCommunity writes a community of RFC 1997 in bgpdump's words.
func appendCommunity(dst []byte, c uint32) []byte {
	switch c {
	case 0xffffff01:
		return append(dst, "no-export"...)
	case 0xffffff02:
		return append(dst, "no-advertise"...)
	case 0xffffff03:
		return append(dst, "local-AS"...)
	}
	dst = strconv.AppendUint(dst, uint64(c>>16), 10)
	dst = append(dst, ':')
	return strconv.AppendUint(dst, uint64(c&0xffff), 10)
}
