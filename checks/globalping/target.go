package globalping

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
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

// special are the spaces that are not public, from the IANA special-purpose
// address registries (RFC 6890) with multicast and what is reserved; of IPv6, all
// outside 2000::/3 is not public either.
var special = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this network (RFC 791)"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address (RFC 1918)"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address shared behind a provider's NAT (RFC 6598)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address (RFC 3927)"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address (RFC 1918)"},
	{netip.MustParsePrefix("192.0.0.0/24"), "an address for protocols (RFC 6890)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("192.88.99.0/24"), "an address of the 6to4 relays (RFC 7526)"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address (RFC 1918)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks (RFC 2544)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},
	{netip.MustParsePrefix("::1/128"), "a loopback address"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address (RFC 4291)"},
	{netip.MustParsePrefix("fc00::/7"), "a private address (RFC 4193)"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
	{netip.MustParsePrefix("2001::/23"), "an address for protocols (RFC 2928)"},
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation (RFC 3849)"},
	{netip.MustParsePrefix("2002::/16"), "an address of 6to4 (RFC 3056)"},
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation (RFC 9637)"},
}

var globalUnicast6 = netip.MustParsePrefix("2000::/3")

// publicAddr gives an error where an address is not public.
func publicAddr(a netip.Addr) *TargetError {
	if a.Zone() != "" {
		return &TargetError{a.String(), "it has a zone and means something on one machine alone"}
	}
	a = a.Unmap()
	for _, s := range special {
		if s.prefix.Contains(a) {
			return &TargetError{a.String(), "it is " + s.what}
		}
	}
	if a.Is6() && !globalUnicast6.Contains(a) {
		return &TargetError{a.String(), "it is no public address (RFC 4291)"}
	}
	return nil
}

// localNames end the names that are not looked up in the public DNS (RFC 6761,
// 6762, 7686, 8375, 9476, and ICANN's "internal").
var localNames = []string{"localhost", "local", "internal", "lan", "home.arpa", "test", "invalid", "example", "onion", "alt"}

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
	if slices.ContainsFunc(localNames, func(l string) bool { return strings.HasSuffix(name, "."+l) }) {
		return &TargetError{host, "its name is not one of the public DNS"}
	}
	return nil
}
