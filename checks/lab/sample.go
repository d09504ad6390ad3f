package lab

import (
	"net/netip"

	"isitdown/checks"
)

// Sample is what hosts did when they were probed at a moment: for each address one answer
// a probe, in the order in which they were sent, which are given again and again to
// whoever asks at that moment.
type Sample struct {
	ASN     checks.ASN // of the network that was probed from
	Answers map[netip.Addr][]checks.Answer
	// Traces are the routers on the way to a host, as [reach.ICMP.Trace] found them.
	Traces map[netip.Addr][]checks.Router
}
