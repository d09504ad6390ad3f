package reach

import (
	"context"
	"net/netip"

	"isitdown/checks"
)

// Probe is one question to one host.
type Probe struct {
	// Host is what is asked about, as a reader would name it.
	Host   string
	Addr   netip.Addr // where it goes; resolved already, by a [Resolver]
	Method checks.Method
	Port   uint16 // of TCP, TLS, HTTP and DNS
	// Name is the server name of TLS and HTTP, and of DNS the question; empty for an address.
	Name string
	// URL is what HTTP gets.
	URL string
	// Control is true for what the own-network guard asks its controls: of what [Manners]
	// let through to them it has the most.
	Control bool
}

// Ask sends one probe and waits for its answer, its own timeout or the context's end. It
// gives no error: trouble of our own is an answer that is [checks.Unmeasured], with the
// reason as its Detail. Those of a [Shield] and of [Manners] are too.
type Ask func(ctx context.Context, p Probe) checks.Answer
