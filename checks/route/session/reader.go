package session

import (
	"bufio"
	"fmt"
	"io"

	"isitdown/checks/internal/bgp"
)

// reader cuts a connection into messages. It holds one message at a time, and no
// more memory than the longest that may come.
type reader struct {
	r        *bufio.Reader
	buf      []byte
	extended bool // messages may have up to 65535 bytes (RFC 8654)
}

func newReader(r io.Reader) *reader {
	return &reader{r: bufio.NewReaderSize(r, 1<<15), buf: make([]byte, bgp.MaxLen)}
}

// next gives the next message, header included, until it is called again. An error is
// that of the connection, or a notification for what RFC 4271 section 6.1 forbids.
func (r *reader) next() ([]byte, bgp.MessageType, error) {
	head := r.buf[:bgp.HeaderLen]
	if _, err := io.ReadFull(r.r, head); err != nil {
		return nil, 0, err
	}
	for _, b := range head[:16] {
		if b != 0xff {
			return nil, 0, &bgp.Notification{Code: bgp.HeaderError, Subcode: bgp.NotSynchronized, Reason: "what it sends is not BGP, or has lost its place"}
		}
	}
	size, kind := int(head[16])<<8|int(head[17]), bgp.MessageType(head[18])
	least, most := limits(kind, r.extended)
	if most == 0 {
		return nil, 0, &bgp.Notification{Code: bgp.HeaderError, Subcode: bgp.BadMessageType, Data: []byte{byte(kind)}, Reason: fmt.Sprintf("it sent a message of type %d, which there is not", kind)}
	}
	if size < least || size > most {
		return nil, 0, &bgp.Notification{
			Code: bgp.HeaderError, Subcode: bgp.BadMessageLength, Data: []byte{head[16], head[17]},
			Reason: fmt.Sprintf("it sent a message of type %d with %d bytes; %d to %d are possible", kind, size, least, most),
		}
	}
	if size > len(r.buf) {
		r.buf = append(r.buf, make([]byte, size-len(r.buf))...)
	}
	if _, err := io.ReadFull(r.r, r.buf[bgp.HeaderLen:size]); err != nil {
		return nil, 0, err
	}
	return r.buf[:size], kind, nil
}

// limits are the lengths that a message may have; zero for a type that there is not.
func limits(kind bgp.MessageType, extended bool) (least, most int) {
	most = bgp.MaxLen
	if extended {
		most = 1<<16 - 1
	}
	switch kind {
	case bgp.MessageOpen:
		return bgp.HeaderLen + 10, bgp.MaxLen
	case bgp.MessageUpdate:
		return bgp.HeaderLen + 4, most
	case bgp.MessageNotification:
		return bgp.HeaderLen + 2, most
	case bgp.MessageKeepalive:
		return bgp.HeaderLen, bgp.HeaderLen
	case bgp.MessageRouteRefresh:
		return bgp.HeaderLen + 4, most
	}
	return 0, 0
}
