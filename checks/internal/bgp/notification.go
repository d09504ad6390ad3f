package bgp

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"isitdown/checks"
)

// NotificationCode says what kind of error ended a session (RFC 4271 section 4.5).
type NotificationCode uint8

// The codes.
const (
	HeaderError      NotificationCode = 1
	OpenError        NotificationCode = 2
	UpdateError      NotificationCode = 3
	HoldTimerExpired NotificationCode = 4
	FSMError         NotificationCode = 5
	Cease            NotificationCode = 6
	RefreshError     NotificationCode = 7 // RFC 7313
	// SendHoldTimerExpired: the other side has read nothing for too long (RFC 9687).
	SendHoldTimerExpired NotificationCode = 8
)

// Subcodes, each of the code it is named with (RFC 4271 section 6, RFC 4486, RFC 5492).
const (
	NotSynchronized  uint8 = 1 // of HeaderError
	BadMessageLength uint8 = 2
	BadMessageType   uint8 = 3

	UnsupportedVersion    uint8 = 1 // of OpenError
	BadPeerAS             uint8 = 2
	BadIdentifier         uint8 = 3
	UnsupportedParameter  uint8 = 4
	UnacceptableHoldTime  uint8 = 6
	UnsupportedCapability uint8 = 7

	MalformedAttributes uint8 = 1 // of UpdateError
	InvalidNetworkField uint8 = 10

	TooManyPrefixes     uint8 = 1 // of Cease
	AdministrativeStop  uint8 = 2
	AdministrativeReset uint8 = 4
	ConnectionRejected  uint8 = 5
	ConnectionCollision uint8 = 7
	OutOfResources      uint8 = 8
)

const notificationHeaderLen = HeaderLen + 2

// Notification is a NOTIFICATION message: sent by us, or by the peer. Reason is for
// our operator and does not stand in it.
type Notification struct {
	Code    NotificationCode
	Subcode uint8
	Data    []byte
	Reason  string
}

// names are the words of a code, and behind them those of its subcodes in order.
func (c NotificationCode) names() []string {
	switch c {
	case HeaderError:
		return []string{"message header error", "connection not synchronized", "bad message length", "bad message type"}
	case OpenError:
		return []string{
			"OPEN error", "unsupported version", "bad peer AS", "bad BGP identifier", "unsupported optional parameter", "",
			"unacceptable hold time", "unsupported capability", "", "", "", "role mismatch",
		}
	case UpdateError:
		return []string{
			"UPDATE error", "malformed attribute list", "unrecognized well-known attribute", "missing well-known attribute",
			"attribute flags error", "attribute length error", "invalid ORIGIN", "", "invalid NEXT_HOP", "optional attribute error",
			"invalid network field", "malformed AS_PATH",
		}
	case HoldTimerExpired:
		return []string{"hold timer expired"}
	case FSMError:
		return []string{
			"finite state machine error", "unexpected message in OpenSent", "unexpected message in OpenConfirm", "unexpected message in Established",
		}
	case Cease:
		return []string{
			"cease", "too many prefixes", "administrative shutdown", "peer de-configured", "administrative reset", "connection rejected",
			"other configuration change", "connection collision", "out of resources", "hard reset", "BFD down",
		}
	case RefreshError:
		return []string{"ROUTE-REFRESH error", "invalid message length"}
	case SendHoldTimerExpired:
		return []string{"send hold timer expired"}
	}
	return nil
}

// Name gives the words that the RFCs use, "cease (administrative shutdown)".
func (n *Notification) Name() string {
	names := n.Code.names()
	switch {
	case len(names) == 0:
		return fmt.Sprintf("code %d, subcode %d", n.Code, n.Subcode)
	case n.Subcode == 0:
		return names[0]
	case int(n.Subcode) < len(names) && names[n.Subcode] != "":
		return names[0] + " (" + names[n.Subcode] + ")"
	}
	return fmt.Sprintf("%s (subcode %d)", names[0], n.Subcode)
}

// Error gives the reason where there is one, else the name.
func (n *Notification) Error() string {
	if n.Reason != "" {
		return n.Reason
	}
	return n.Name()
}

// Append writes the message to dst.
func (n *Notification) Append(dst []byte) []byte {
	start := len(dst)
	b := append(appendHeader(dst, MessageNotification), byte(n.Code), n.Subcode)
	return finish(append(b, n.Data...), start)
}

// ParseNotification reads a whole NOTIFICATION message.
func ParseNotification(msg []byte) (*Notification, error) {
	if len(msg) < notificationHeaderLen {
		return nil, damaged(HeaderLen, "NOTIFICATION is too short")
	}
	return &Notification{
		Code: NotificationCode(msg[HeaderLen]), Subcode: msg[HeaderLen+1],
		Data: append([]byte(nil), msg[notificationHeaderLen:]...),
	}, nil
}

// shutdownText is how much RFC 9003 lets the person at the other end say.
const shutdownText = 255

// ShutdownData writes the data of an administrative shutdown: a text for the person
// at the other end (RFC 9003), cut to its 255 bytes.
func ShutdownData(text string) []byte {
	for len(text) > shutdownText {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return append([]byte{byte(len(text))}, text...)
}

// Text is what the person at the other end says with a shutdown or a reset, in one
// line without control characters; empty where nothing was said.
func (n *Notification) Text() string {
	if n.Code != Cease || n.Subcode != AdministrativeStop && n.Subcode != AdministrativeReset || len(n.Data) == 0 {
		return ""
	}
	size := int(n.Data[0])
	if size > len(n.Data)-1 {
		return ""
	}
	return checks.OneLine(string(n.Data[1:1+size]), size)
}

// RefreshStep is what a ROUTE-REFRESH message says (RFC 7313 section 3.2).
type RefreshStep uint8

// The steps of a refresh.
const (
	RefreshAsk   RefreshStep = 0 // send the table again, please (RFC 2918)
	RefreshBegin RefreshStep = 1 // here it begins
	RefreshEnd   RefreshStep = 2 // that was it
)

// AppendRefresh writes a ROUTE-REFRESH message of a family.
func AppendRefresh(dst []byte, f Family, step RefreshStep) []byte {
	start := len(dst)
	b := binary.BigEndian.AppendUint16(appendHeader(dst, MessageRouteRefresh), f.AFI)
	return finish(append(b, byte(step), f.SAFI), start)
}

// ParseRefresh reads a whole ROUTE-REFRESH message; ok is false where it is too
// short. What may follow (RFC 5291) is not read.
func ParseRefresh(msg []byte) (f Family, step RefreshStep, ok bool) {
	if len(msg) < HeaderLen+4 {
		return f, 0, false
	}
	b := msg[HeaderLen:]
	return Family{AFI: uint16(be16(b)), SAFI: b[3]}, RefreshStep(b[2]), true
}
