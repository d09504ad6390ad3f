package reach

import (
	"fmt"
	"net"
	"net/netip"

	"isitdown/checks"
	"isitdown/checks/internal/errqueue"
)

// judge tells what an answer on the way says of the host that was asked. Only the host's
// own word proves that it is there, and only where it speaks of itself: "host unreachable"
// from its own address speaks of another behind it.
func judge(r errqueue.Report, to netip.Addr) finding {
	itself := r.By.WithZone("") == to.WithZone("")
	switch r.Kind {
	case errqueue.Nothing:
		return finding{Outcome: checks.Silent, late: true}
	case errqueue.Reply:
		return finding{Outcome: checks.Answered, took: r.After}
	case errqueue.PortUnreachable, errqueue.ProtocolUnreachable, errqueue.Prohibited:
		if itself {
			return finding{Outcome: checks.Refused, by: r.By, detail: r.Words() + ", says the host itself", took: r.After}
		}
	}
	switch {
	case r.Own && !itself && onLink(to):
		return finding{Outcome: checks.Silent, detail: "no machine on our own link has that address"}
	case r.Own && !itself:
		return unmeasured("our own gateway does not answer")
	}
	return finding{Outcome: checks.Unreachable, by: r.By, detail: fmt.Sprintf("%s, says %s", r.Words(), r.By), took: r.After}
}

// onLink reports whether an address lies in the network of one of our own interfaces, so
// that no router is between.
func onLink(addr netip.Addr) bool {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Contains(addr.WithZone("")) {
			return true
		}
	}
	return false
}
