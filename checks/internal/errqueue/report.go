package errqueue

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// ErrUnsupported is given by systems that have no error queue.
var ErrUnsupported = errors.New("this system does not say who an ICMP error is from (Linux does)")

// Way is what kind of packet is sent.
type Way int

// The ways.
const (
	UDP  Way = iota // a datagram to a port; needs no permission
	Echo            // an ICMP echo request; needs net.ipv4.ping_group_range, as [Permitted] tells
)

// Probe is one packet.
type Probe struct {
	To  netip.Addr
	Way Way
	// Port is where a datagram goes. Of an echo it is the sequence number.
	Port uint16
	// Hops is how many routers it may pass and one more (TTL, hop limit): 1 to 255. Zero
	// is as many as this system allows.
	Hops int
	// Payload says whose packet this is. It should hold something that nobody can guess:
	// answers that quote it are compared with it.
	Payload []byte
}

// Kind is what an answer means.
type Kind int

// The kinds. The zero value is that nothing came back.
const (
	Nothing             Kind = iota
	Reply                    // an echo reply, or a datagram from the port that was asked
	NetUnreachable           // no route there
	HostUnreachable          // the last router does not find the host
	ProtocolUnreachable      // said by hosts alone (RFC 1122 section 3.2.2.1)
	PortUnreachable          // nobody listens; routers say it too where they reject
	Prohibited               // a filter says so
	Expired                  // it had no hops left
	Other                    // another ICMP error
)

// Report is what came back. The zero value is nothing.
type Report struct {
	Kind
	// By is who sent it.
	By netip.Addr
	// Own is true where that is this machine: it could not hand the packet to the next hop.
	Own bool
	// Type and Code are those of ICMP, or of ICMPv6 where the probe went to an IPv6
	// address; of a datagram that came back they are zero.
	Type, Code uint8
	// After is the time from sending to hearing.
	After time.Duration
}

// ICMP types (RFC 792, RFC 4443) that matter here.
const (
	echoReply4, unreachable4, echoRequest4, exceeded4 = 0, 3, 8, 11
	unreachable6, exceeded6                           = 1, 3
	echoRequest6, echoReply6                          = 128, 129
)

type meaning struct {
	kind  Kind
	words string
}

// codes4 are the codes of "destination unreachable" (RFC 792, RFC 1122, RFC 1812
// section 5.2.7.1).
var codes4 = [...]meaning{
	{NetUnreachable, "network unreachable"},
	{HostUnreachable, "host unreachable"},
	{ProtocolUnreachable, "protocol unreachable"},
	{PortUnreachable, "port unreachable"},
	{Other, "packet too big"},
	{Other, "source route failed"},
	{NetUnreachable, "network unknown"},
	{HostUnreachable, "host unknown"},
	{HostUnreachable, "source host isolated"},
	{Prohibited, "network administratively prohibited"},
	{Prohibited, "host administratively prohibited"},
	{NetUnreachable, "network unreachable for this type of service"},
	{HostUnreachable, "host unreachable for this type of service"},
	{Prohibited, "administratively prohibited"},
	{Prohibited, "host precedence violation"},
	{Prohibited, "precedence cutoff in effect"},
}

// codes6 are those of ICMPv6 (RFC 4443 section 3.1).
var codes6 = [...]meaning{
	{NetUnreachable, "network unreachable"},
	{Prohibited, "administratively prohibited"},
	{NetUnreachable, "beyond the scope of the source address"},
	{HostUnreachable, "address unreachable"},
	{PortUnreachable, "port unreachable"},
	{Prohibited, "source address failed a policy"},
	{Prohibited, "route rejected"},
}

// means tells what an ICMP error says.
func means(v6 bool, typ, code uint8) meaning {
	unreachable, exceeded, codes := uint8(unreachable4), uint8(exceeded4), codes4[:]
	if v6 {
		unreachable, exceeded, codes = unreachable6, exceeded6, codes6[:]
	}
	switch {
	case typ == unreachable && int(code) < len(codes):
		return codes[code]
	case typ == unreachable:
		return meaning{Other, fmt.Sprintf("unreachable for a reason of number %d", code)}
	case typ == exceeded && code == 0:
		return meaning{Expired, "out of hops"}
	case typ == exceeded:
		return meaning{Other, "its fragments came too late"}
	}
	return meaning{Other, fmt.Sprintf("ICMP error of type %d, code %d", typ, code)}
}

// Words is a clause for a person: "port unreachable".
func (r Report) Words() string {
	switch r.Kind {
	case Nothing:
		return "no answer"
	case Reply:
		return "answered"
	}
	return means(r.By.Is6(), r.Type, r.Code).words
}
