package checks

import (
	"net/netip"
	"slices"
	"strings"
)

// special are the spaces that are not public: the IANA special-purpose address
// registries (RFC 6890) without what is globally reachable there, with multicast, what
// is reserved, and the one public address that a cloud keeps for its own machines. Of
// IPv6, all outside 2000::/3 is not public either; what is listed of it has words of
// its own. The addresses at which other clouds tell machines their secrets
// (169.254.169.254, 100.100.100.200, 192.0.0.192, fd00:ec2::254) lie in these ranges.
var special = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this network (RFC 791)"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address (RFC 1918)"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address shared behind a provider's NAT (RFC 6598)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
	{netip.MustParsePrefix("168.63.129.16/32"), "an address that a cloud keeps for its own machines (Azure)"},
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
	{netip.MustParsePrefix("::/128"), "the address of nobody (RFC 4291)"},
	{netip.MustParsePrefix("::1/128"), "a loopback address"},
	{translated, "an address of a translator to IPv4 (RFC 6052)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "an address of a translator to IPv4 (RFC 8215)"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address (RFC 4291)"},
	{netip.MustParsePrefix("fc00::/7"), "a private address (RFC 4193)"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
	{netip.MustParsePrefix("2001::/23"), "an address for protocols (RFC 2928)"},
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation (RFC 3849)"},
	{sixToFour, "an address of 6to4 (RFC 3056)"},
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation (RFC 9637)"},
}

// The spaces of IPv6 whose addresses hold one of IPv4, and what is public of IPv6.
var (
	compatible     = netip.MustParsePrefix("::/96")           // RFC 4291, section 2.5.5.1
	siit           = netip.MustParsePrefix("::ffff:0:0:0/96") // RFC 2765
	translated     = netip.MustParsePrefix("64:ff9b::/96")    // RFC 6052
	teredo         = netip.MustParsePrefix("2001::/32")       // RFC 4380
	sixToFour      = netip.MustParsePrefix("2002::/16")       // RFC 3056
	globalUnicast6 = netip.MustParsePrefix("2000::/3")
)

// SpecialPurpose reports whether an address is anything but an ordinary public one,
// and what it is, as it stands after "it is": "a loopback address". IPv4-mapped IPv6 is
// IPv4; an IPv6 address that holds an IPv4 one is special where that is. So is an address
// with a zone, and the zero Addr.
func SpecialPurpose(a netip.Addr) (what string, special bool) {
	switch {
	case !a.IsValid():
		return "no address", true
	case a.Zone() != "":
		return "an address with a zone, which means something on one machine alone", true
	}
	a = a.Unmap()
	if what := listed(a); what != "" {
		return what, true
	}
	if a.Is6() && !globalUnicast6.Contains(a) {
		return "no public address (RFC 4291)", true
	}
	if inner, ok := Embedded(a); ok {
		if what := listed(inner); what != "" {
			return "an address that holds " + inner.String() + ", " + what, true
		}
	}
	return "", false
}

func listed(a netip.Addr) string {
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.what
		}
	}
	return ""
}

// Embedded gives the IPv4 address that a transition mechanism sends packets for an
// IPv6 address to: IPv4-compatible, SIIT, NAT64's well-known prefix, Teredo's client,
// 6to4, and ISATAP's interface identifier (RFC 5214). IPv4-mapped addresses are IPv4
// already, and hold none.
func Embedded(a netip.Addr) (netip.Addr, bool) {
	if a = a.Unmap().WithZone(""); !a.Is6() {
		return netip.Addr{}, false
	}
	b := a.As16()
	switch {
	case a == netip.IPv6Unspecified(), a == netip.IPv6Loopback():
		return netip.Addr{}, false
	case compatible.Contains(a), siit.Contains(a), translated.Contains(a),
		b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe:
		return netip.AddrFrom4([4]byte(b[12:])), true
	case teredo.Contains(a):
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

// localNames end the names that are not looked up in the public DNS (RFC 6761, 6762
// with its appendix G, 7686, 8375, 9476, and ICANN's "internal").
var localNames = []string{
	"localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa",
	"test", "invalid", "example", "onion", "alt",
}

// LocalName reports whether the public DNS knows nothing of a host name: it ends in
// a suffix that is kept for other uses, or it has one label alone.
func LocalName(host string) bool {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	return !strings.Contains(name, ".") || slices.ContainsFunc(localNames, func(l string) bool {
		return name == l || strings.HasSuffix(name, "."+l)
	})
}
