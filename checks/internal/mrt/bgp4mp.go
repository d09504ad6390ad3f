package mrt

import (
	"errors"
	"fmt"
	"math"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// messageSubtype is what a subtype of BGP4MP stands for.
type messageSubtype struct {
	as4, addPath, local, state bool
}

// subtypeOf is the table of RFC 6396 section 4.4 and RFC 8050 section 3.
func subtypeOf(subtype uint16) (s messageSubtype, ok bool) {
	switch subtype {
	case StateChange:
		return messageSubtype{state: true}, true
	case StateChangeAS4:
		return messageSubtype{state: true, as4: true}, true
	case Message:
		return messageSubtype{}, true
	case MessageAS4:
		return messageSubtype{as4: true}, true
	case MessageLocal:
		return messageSubtype{local: true}, true
	case MessageAS4Local:
		return messageSubtype{as4: true, local: true}, true
	case MessageAddP:
		return messageSubtype{addPath: true}, true
	case MessageAS4AddP:
		return messageSubtype{addPath: true, as4: true}, true
	case MessageLocalAddP:
		return messageSubtype{addPath: true, local: true}, true
	case MessageAS4LocalAddP:
		return messageSubtype{addPath: true, as4: true, local: true}, true
	}
	return messageSubtype{}, false
}

// decodeBGP4MP reads the body of a BGP4MP record from byte i on.
func (rec *Record) decodeBGP4MP(body []byte, i int) error {
	s, ok := subtypeOf(rec.Subtype)
	if !ok {
		return nil
	}
	rec.AddPath = s.addPath
	size := 2
	if s.as4 {
		size = 4
	}
	if len(body)-i < 2*size+4 {
		return bodyError(i, "%d bytes are too few for a session's AS numbers", len(body)-i)
	}
	if s.as4 {
		rec.PeerAS, rec.LocalAS = checks.ASN(be32(body[i:])), checks.ASN(be32(body[i+4:]))
	} else {
		rec.PeerAS, rec.LocalAS = checks.ASN(be16(body[i:])), checks.ASN(be16(body[i+2:]))
	}
	i += 2 * size
	if !s.state && be32(body[i:]) == math.MaxUint32 {
		return rec.decodeZebraMessage(body[i:], i)
	}
	i, err := rec.decodeAddresses(body, i, s)
	if err != nil {
		return err
	}
	if s.state {
		if len(body)-i < 4 {
			return bodyError(i, "ends before the states")
		}
		rec.OldState, rec.NewState = SessionState(be16(body[i:])), SessionState(be16(body[i+2:]))
		rec.Kind = KindStateChange
		return nil
	}
	return rec.decodeMessage(body[i:], i, s)
}

// decodeAddresses reads interface index, address family and the two addresses
// of a session at body[i:], and says where they end.
func (rec *Record) decodeAddresses(body []byte, i int, s messageSubtype) (int, error) {
	family := be16(body[i+2:])
	if s.state && len(body)-i == 4 {
		// Zebras of 2000 wrote the two states right behind the AS numbers.
		return i, nil
	}
	i += 4
	width := 4
	switch family {
	case 1:
	case 2:
		width = 16
	default:
		return 0, bodyError(i-2, "address family %d is neither IPv4 nor IPv6", family)
	}
	if len(body)-i < 2*width {
		return 0, bodyError(i, "ends inside the addresses of the session")
	}
	rec.PeerAddr = address(body[i:], family == 2)
	rec.LocalAddr = address(body[i+width:], family == 2)
	return i + 2*width, nil
}

// decodeMessage reads the BGP message at byte i of the body.
func (rec *Record) decodeMessage(msg []byte, i int, s messageSubtype) error {
	length, kind, err := bgp.ParseHeader(msg)
	if err != nil {
		return inBody(err, i)
	}
	if kind != bgp.MessageUpdate {
		rec.Kind, rec.MessageType = KindMessage, kind
		return nil
	}
	opt := bgp.Options{AS4: s.as4, AddPath: s.addPath, GuessAddPath: !rec.reader.Literal}
	if err := rec.update.Decode(msg[:length], opt); err != nil {
		return inBody(err, i)
	}
	rec.AddPath = s.addPath || rec.update.AddPathGuessed
	rec.Update, rec.MessageType = &rec.update, kind
	rec.Kind = KindUpdate
	if s.local {
		rec.Kind = KindSentUpdate
	}
	return nil
}

// decodeZebraMessage reads the OPEN messages of old Zebras, which left out the
// interface, the address family and the addresses: the message's marker stands
// in their place.
func (rec *Record) decodeZebraMessage(msg []byte, i int) error {
	_, kind, err := bgp.ParseHeader(msg)
	if err != nil {
		return inBody(err, i)
	}
	if kind == bgp.MessageUpdate {
		return bodyError(i, "an UPDATE that does not say which session it came over")
	}
	rec.Kind, rec.MessageType = KindMessage, kind
	return nil
}

// inBody moves the offset of an error in a part of a body to the body.
func inBody(err error, i int) error {
	if e, ok := errors.AsType[*bgp.Error](err); ok {
		e.Offset += i
		return e
	}
	return fmt.Errorf("at byte %d of its body: %w", i, err)
}
