package lab

import (
	"fmt"
	"net/netip"
	"strings"

	"isitdown/checks"
)

// network is what an AS announces, and what answers in it.
type network struct {
	as    checks.ASN
	node  string
	first netip.Addr // the address that its router speaks from, inside announced space
	six   netip.Addr // of IPv6; zero for none
	// own is announced from the beginning, later only once a fault has it.
	own, later []netip.Prefix
	// behind are other networks whose routes it passes on, by origin: what survives, or
	// does not, shows who failed.
	behind map[checks.ASN]netip.Prefix
	// answers are prefixes every address of which answers.
	answers []netip.Prefix
}

// networks lists them. The prefixes are those that the real networks announce, and the
// origins behind them are such as are reached through them: what is made of a lab must not
// depend on numbers that are reserved for documentation, whose routes the program may
// leave out. Dual alone has such.
func networks() []network {
	return []network{
		{
			as: Home, node: "home", first: netip.MustParseAddr("175.45.176.1"),
			own: HomePrefixes(), answers: prefixes("175.45.176.0/22"),
		},
		{
			as: Carrier, node: "carrier", first: netip.MustParseAddr("219.158.0.1"), six: netip.MustParseAddr("2408:8000::1"),
			own: prefixes("219.158.0.0/17", "2408:8000::/20"), later: prefixes("175.45.176.0/22"),
			behind: map[checks.ASN]netip.Prefix{
				4808: netip.MustParsePrefix("202.106.0.0/16"), 17621: netip.MustParsePrefix("112.64.0.0/15"), 17622: netip.MustParsePrefix("58.248.0.0/15"),
				17623: netip.MustParsePrefix("210.21.0.0/17"), 17816: netip.MustParsePrefix("112.88.0.0/13"),
			},
			answers: prefixes("219.158.0.0/24"),
		},
		{
			as: Left, node: "left", first: netip.MustParseAddr("4.69.0.1"), six: netip.MustParseAddr("2001:1900:69::1"),
			own: prefixes("4.0.0.0/9", "2001:1900::/32"),
			behind: map[checks.ASN]netip.Prefix{
				209: netip.MustParsePrefix("65.100.0.0/14"), 3549: netip.MustParsePrefix("67.16.0.0/15"), 2379: netip.MustParsePrefix("71.0.0.0/14"),
				22561: netip.MustParsePrefix("69.29.0.0/16"), 10753: netip.MustParsePrefix("63.214.0.0/16"),
			},
			answers: prefixes("4.2.2.0/24", "4.69.0.0/24", "2001:1900::/64"),
		},
		{
			as: Right, node: "right", first: netip.MustParseAddr("62.115.1.1"), six: netip.MustParseAddr("2001:2034:115::1"),
			own: prefixes("62.115.0.0/16", "2001:2000::/20"),
			behind: map[checks.ASN]netip.Prefix{
				3301: netip.MustParsePrefix("81.224.0.0/12"), 1759: netip.MustParsePrefix("188.238.0.0/16"), 3308: netip.MustParsePrefix("80.160.0.0/13"),
				2119: netip.MustParsePrefix("84.208.0.0/13"), 5602: netip.MustParsePrefix("212.50.128.0/19"),
			},
			answers: prefixes("62.115.0.0/23", "2001:2034::/64"),
		},
		{
			as: Dual, node: "dual", first: netip.MustParseAddr("198.51.100.1"), six: netip.MustParseAddr("2001:db8:64::1"),
			own: DualPrefixes(), later: prefixes("175.45.176.0/24"), answers: DualPrefixes(),
		},
	}
}

// HomePrefixes are the networks of North Korea, 1,024 addresses.
func HomePrefixes() []netip.Prefix {
	return prefixes("175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24")
}

// DualPrefixes are those of AS64500, IPv4 first.
func DualPrefixes() []netip.Prefix {
	return prefixes("198.51.100.0/24", "203.0.113.0/24", "2001:db8:64::/48")
}

// CarrierPrefixes are AS4837's own, without those of the networks behind it.
func CarrierPrefixes() []netip.Prefix { return prefixes("219.158.0.0/17", "2408:8000::/20") }

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// wanted are the paths of the whole network, from whom and to whom: each along customers,
// then at most one peer, then providers' customers, and of two as short as each other that
// through Left, whose router has the lower number.
func wanted() map[checks.ASN]map[checks.ASN]string {
	return map[checks.ASN]map[checks.ASN]string{
		Home:    {Carrier: "4837", Left: "4837 3356", Right: "4837 1299", Dual: "4837 3356 64500"},
		Carrier: {Home: "131279", Left: "3356", Right: "1299", Dual: "3356 64500"},
		Left:    {Home: "4837 131279", Carrier: "4837", Right: "1299", Dual: "64500"},
		Right:   {Home: "4837 131279", Carrier: "4837", Left: "3356", Dual: "64500"},
		Dual:    {Home: "3356 4837 131279", Carrier: "3356 4837", Left: "3356", Right: "1299"},
	}
}

// table is what a router of the whole network has: the path of each prefix; of one that
// begins there it is empty, or the origin behind it.
func table(at checks.ASN) map[netip.Prefix]string {
	out := map[netip.Prefix]string{}
	for _, n := range networks() {
		path := wanted()[at][n.as]
		for _, p := range n.own {
			if p.Addr().Is4() || at != Home { // which has no IPv6
				out[p] = path
			}
		}
		for origin, p := range n.behind {
			out[p] = strings.TrimSpace(fmt.Sprint(path, " ", uint32(origin)))
		}
	}
	return out
}
