package reach

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// Resolution is what the DNS says of the name of a host.
type Resolution struct {
	Name string // as it was asked, in lower case, without the last dot
	// Addrs are its addresses, IPv4 before IPv6, each ascending, at most MaxAddrs of either.
	Addrs []netip.Addr
	// Canonical is the name that the addresses belong to, at the end of the aliases
	// (CNAME); it equals Name where there are none.
	Canonical string
	Rcode     int            // RFC 6895; zero is NOERROR
	Server    netip.AddrPort // that said so; invalid for an address, of which nobody is asked
	At        time.Time      // when it said so
	TTL       time.Duration  // until which it holds, as the DNS says
}

// MaxAddrs is how many addresses of a family a [Resolution] holds.
const MaxAddrs = 8

// ResolveError is a name that gave no address. Its text is one sentence for a person.
type ResolveError struct {
	Name string
	// Rcode is what the servers answered (RFC 6895); NOERROR where the name exists and
	// has no address, and where nobody answered.
	Rcode  int
	Server netip.AddrPort // that answered; invalid where nobody did
	Why    string         // a clause: "it has no address"
	Kind   checks.Outcome // Nonexistent, Unresolved or Unmeasured
	err    error
}

func (e *ResolveError) Error() string {
	name := checks.OneLine(e.Name, 80)
	if e.Kind == checks.Unmeasured {
		return fmt.Sprintf("%s was not looked up: %s", name, e.Why)
	}
	said := ""
	if e.Server.IsValid() {
		said = fmt.Sprintf(" (%s, says %s)", rcodeName(e.Rcode), e.Server.Addr())
	}
	return fmt.Sprintf("%s does not resolve: %s%s", name, e.Why, said)
}

// Unwrap gives the end of the context, where that was the reason.
func (e *ResolveError) Unwrap() error { return e.err }

// rcodeName gives the name of a code, as in "SERVFAIL".
func rcodeName(code int) string {
	if name, ok := dns.RcodeToString[code]; ok {
		return name
	}
	return fmt.Sprintf("code %d", code)
}
