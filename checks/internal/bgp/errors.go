package bgp

import (
	"fmt"
	"strconv"
)

// Error says where a message stops making sense, and why. The routes of such a
// message are unknown; they are never to be taken as withdrawn.
type Error struct {
	Offset int    // byte of the decoded slice where the damaged thing starts
	Attr   Attr   // the path attribute it is in; zero outside of attributes
	Reason string // what is wrong, for the operator
}

func (e *Error) Error() string {
	if e.Attr == 0 {
		return fmt.Sprintf("BGP message, byte %d: %s", e.Offset, e.Reason)
	}
	return fmt.Sprintf("BGP message, byte %d, attribute %v: %s", e.Offset, e.Attr, e.Reason)
}

// damaged makes an [Error] outside of attributes.
func damaged(offset int, format string, args ...any) *Error {
	return &Error{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// Attr is the type code of a path attribute (IANA "BGP Path Attributes").
type Attr uint8

// The path attributes that this package reads.
const (
	AttrOrigin              Attr = 1
	AttrASPath              Attr = 2
	AttrNextHop             Attr = 3
	AttrMED                 Attr = 4
	AttrLocalPref           Attr = 5
	AttrAtomicAggregate     Attr = 6
	AttrAggregator          Attr = 7
	AttrCommunities         Attr = 8
	AttrMPReach             Attr = 14
	AttrMPUnreach           Attr = 15
	AttrExtendedCommunities Attr = 16
	AttrAS4Path             Attr = 17
	AttrAS4Aggregator       Attr = 18
	AttrLargeCommunities    Attr = 32
	AttrOTC                 Attr = 35
)

// String gives the name that the RFCs use, or the number.
func (a Attr) String() string {
	switch a {
	case AttrOrigin:
		return "ORIGIN"
	case AttrASPath:
		return "AS_PATH"
	case AttrNextHop:
		return "NEXT_HOP"
	case AttrMED:
		return "MULTI_EXIT_DISC"
	case AttrLocalPref:
		return "LOCAL_PREF"
	case AttrAtomicAggregate:
		return "ATOMIC_AGGREGATE"
	case AttrAggregator:
		return "AGGREGATOR"
	case AttrCommunities:
		return "COMMUNITIES"
	case AttrMPReach:
		return "MP_REACH_NLRI"
	case AttrMPUnreach:
		return "MP_UNREACH_NLRI"
	case AttrExtendedCommunities:
		return "EXTENDED COMMUNITIES"
	case AttrAS4Path:
		return "AS4_PATH"
	case AttrAS4Aggregator:
		return "AS4_AGGREGATOR"
	case AttrLargeCommunities:
		return "LARGE_COMMUNITY"
	case AttrOTC:
		return "OTC"
	}
	return strconv.Itoa(int(a))
}

// AttrSet is a set of path attributes with type codes below 64.
type AttrSet uint64

// Has reports whether a is in the set.
func (s AttrSet) Has(a Attr) bool { return a < 64 && s&(1<<a) != 0 }

// with gives the set with a in it; codes of 64 and above are not kept.
func (s AttrSet) with(a Attr) AttrSet {
	if a >= 64 {
		return s
	}
	return s | 1<<a
}
