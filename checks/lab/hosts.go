package lab

import (
	"net/netip"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// Hosts are those that stand for a target: of "KP" or "AS131279" one in each of its
// networks, of "AS64500" one of each address family and network. There are none of others.
func Hosts(target string) []netip.Addr {
	switch target {
	case "KP", Home.String():
		return addrs("175.45.176.15", "175.45.177.20", "175.45.178.10", "175.45.179.30")
	case "175.45.176.0/24":
		return addrs("175.45.176.15")
	case Dual.String():
		return addrs("198.51.100.10", "203.0.113.10", "2001:db8:64::10")
	}
	return nil
}

// Controls are the hosts of the own-network guard, six in three networks of each address
// family. None of the ways to them from outside leads through Carrier, and all from inside do.
func Controls() []reach.Control {
	at := func(asn checks.ASN, list ...string) (out []reach.Control) {
		for _, a := range addrs(list...) {
			out = append(out, reach.Control{Addr: a, ASN: asn})
		}
		return out
	}
	var out []reach.Control
	out = append(out, at(Left, "4.2.2.1", "4.2.2.2", "2001:1900::1", "2001:1900::2")...)
	out = append(out, at(Right, "62.115.0.1", "62.115.0.2", "2001:2034::1", "2001:2034::2")...)
	return append(out, at(Dual, "198.51.100.53", "203.0.113.53", "2001:db8:64::53", "2001:db8:64::54")...)
}

// Allowed is the space of the lab that is documentation space: the program probes it only
// where its settings allow that (probe.allow).
func Allowed() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8:64::/48"),
	}
}

func addrs(list ...string) []netip.Addr {
	out := make([]netip.Addr, len(list))
	for i, a := range list {
		out[i] = netip.MustParseAddr(a)
	}
	return out
}
