package globalping

import (
	"fmt"
	"net/netip"
	"strings"

	"isitdown/checks"
)

// TargetError is a target that Globalping is not asked about. Its text is one
// sentence for a person.
type TargetError struct {
	Target string
	Why    string // "it is a private address"
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("Globalping is not asked about %.80q: %s", e.Target, e.Why)
}

// publicAddr gives an error where an address is not public.
func publicAddr(a netip.Addr) *TargetError {
	if a.Zone() != "" {
		return &TargetError{a.String(), "it has a zone and means something on one machine alone"}
	}
	if what, special := checks.SpecialPurpose(a); special {
		return &TargetError{a.Unmap().String(), "it is " + what}
	}
	return nil
}

// publicHost gives an error where a host is an address that is not public, or a
// name that no public resolver knows.
func publicHost(host string) *TargetError {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return publicAddr(a)
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if name == "" || !strings.Contains(name, ".") || len(name) > 253 {
		return &TargetError{host, "it is no public name"}
	}
	if checks.LocalName(name) {
		return &TargetError{host, "its name is not one of the public DNS"}
	}
	return nil
}
