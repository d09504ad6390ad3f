package mrt

import (
	"io"
	"iter"
	"net/netip"
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
		// Field by field: as one struct it is a tenth of the time of decoding updates.
		e.Record, e.Time, e.PeerAS, e.PeerAddr = rec, rec.Time, rec.PeerAS, rec.PeerAddr
		e.PathID, e.NextHop, e.Attributes = 0, netip.Addr{}, nil
		e.OldState, e.NewState = 0, 0
		switch rec.Kind {
		case KindStateChange:
			e.Prefix = netip.Prefix{}
			e.Kind, e.OldState, e.NewState = State, rec.OldState, rec.NewState
			yield(e)
		case KindUpdate, KindSentUpdate:
			rec.updateElements(e, yield)
		case KindRIB, KindMulticastRIB:
			e.Kind, e.Prefix = Route, rec.Prefix
			rec.ribElements(e, yield)
		}
	}
}

func (rec *Record) ribElements(e *Element, yield func(*Element) bool) {
	entry := &rec.entry
	e.Attributes = &entry.Attributes
	if rec.Type == TypeTableDump {
		rec.ribElement(e)
		yield(e)
		return
	}
	for c := (entryCursor{rec: rec, rest: rec.entries}); c.next(); {
		rec.ribElement(e)
		if !yield(e) {
			return
		}
	}
}

// ribElement makes e of the record's entry.
func (rec *Record) ribElement(e *Element) {
	entry := &rec.entry
	e.PeerAS, e.PeerAddr, e.PathID = entry.Peer.AS, entry.Peer.Addr, entry.PathID
	e.NextHop = entry.NextHop
	if entry.Present.Has(bgp.AttrMPReach) {
		e.NextHop = entry.MPNextHop
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
