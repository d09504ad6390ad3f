package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// Internet is the five networks, with all that joins them. It ends with its test.
type Internet struct {
	Home, Carrier, Left, Right, Dual *Router
	// Here is where this process is: behind Right, at the end of the links of the
	// collectors. Inside is a host behind Carrier.
	Here, Inside *netlab.Node
	// The links, each between the two that it is named after.
	Access, CarrierLeft, CarrierRight, Peering, DualLeft, DualRight *netlab.Link // Access is that of Home and Carrier
	CollectLeft, CollectRight                                       *netlab.Link
	CarrierInside                                                   *netlab.Link

	t       testing.TB
	sandbox *netlab.Sandbox
	drained bool                        // collectors are told nothing
	routers []*Router                   // those that were started, from the edge to the middle
	ends    map[*netlab.Link][2]*Router // of links between networks
	broken  map[any]bool                // links, routers and announcements that are not as they were built
}

// Build makes the networks and waits until every router has its whole table. It skips the
// test where BIRD or a sandbox is missing.
func Build(t testing.TB) *Internet {
	t.Helper()
	s := netlab.New(t)
	i := &Internet{t: t, sandbox: s, Here: s.Here(), Inside: s.Node("inside"), ends: map[*netlab.Link][2]*Router{}, broken: map[any]bool{}}
	for _, n := range networks() {
		r := &Router{AS: n.as, Node: s.Node(n.node), i: i, network: n}
		switch n.as {
		case Home:
			i.Home = r
		case Carrier:
			i.Carrier = r
		case Left:
			i.Left = r
		case Right:
			i.Right = r
		case Dual:
			i.Dual = r
		}
		i.routers = append(i.routers, r)
	}
	i.join()
	s.Sealed()
	for _, r := range i.routers {
		r.settle()
	}
	for _, r := range i.routers {
		r.Daemon = labtest.BIRDIn(t, r.config(false), r.Node.Start)
	}
	i.Converged()
	return i
}

// join lays the links. The prefix of each is space that one of its ends announces: what a
// router says on the way has an address that tells whose it is.
func (i *Internet) join() {
	i.t.Helper()
	i.Access = i.link(i.Carrier, i.Home, customer, "219.158.96.0/30")
	i.CarrierLeft = i.link(i.Left, i.Carrier, customer, "4.69.8.0/30", "2001:1900:8::/64")
	i.CarrierRight = i.link(i.Right, i.Carrier, customer, "62.115.8.0/30", "2001:2034:8::/64")
	i.Peering = i.link(i.Left, i.Right, peer, "4.69.9.0/30", "2001:1900:9::/64")
	i.DualLeft = i.link(i.Left, i.Dual, customer, "4.69.10.0/30", "2001:1900:a::/64")
	i.DualRight = i.link(i.Right, i.Dual, customer, "62.115.10.0/30", "2001:2034:a::/64")
	i.CarrierInside = i.sandbox.Link(i.Carrier.Node, i.Inside, prefixes("219.158.97.0/30", "2408:8000:97::/64")...)
	i.CollectLeft = i.sandbox.Link(i.Left.Node, i.Here, prefixes(collectLeft.String(), "2001:1900:c::/64")...)
	i.CollectRight = i.sandbox.Link(i.Right.Node, i.Here, prefixes(collectRight.String(), "2001:2034:c::/64")...)
	i.Inside.Default(i.Carrier.Node)
	i.Here.Default(i.Right.Node)
	i.Here.Local(collectors(collectLeft), collectors(collectRight))
}

// link joins two routers; a is the provider of b, or its peer.
func (i *Internet) link(a, b *Router, b4a relation, addrs ...string) *netlab.Link {
	i.t.Helper()
	l := i.sandbox.Link(a.Node, b.Node, prefixes(addrs...)...)
	like := netip.IPv4Unspecified()
	at, bt := a.Node.To(b.Node, like), b.Node.To(a.Node, like)
	a.neighbors = append(a.neighbors, neighbor{b, b4a, at, bt})
	b.neighbors = append(b.neighbors, neighbor{a, b4a.reverse(), bt, at})
	i.ends[l] = [2]*Router{a, b}
	return l
}

// The links of the collectors. The router has the first address, this process the second,
// from which it probes; each collector has one of the upper half.
var (
	collectLeft  = netip.MustParsePrefix("4.69.12.0/26")
	collectRight = netip.MustParsePrefix("62.115.12.0/26")
)

// maxCollectors is how many there can be; the next address is that for broadcasts.
const maxCollectors = 30

// collectors is the upper half of the prefix of a link.
func collectors(link netip.Prefix) netip.Prefix {
	b := link.Addr().As4()
	b[3] += 32
	return netip.PrefixFrom(netip.AddrFrom4(b), link.Bits()+1)
}

// CollectorAddr gives the addresses here from which collector n, from 1 to 30, calls Left
// and Right; its ASN is [Collectors]. The routers wait for it, send all they have in IPv4
// and IPv6 over the one session, and take no route.
func (i *Internet) CollectorAddr(n int) (left, right netip.Addr) {
	i.t.Helper()
	if n < 1 || n > maxCollectors {
		i.t.Fatalf("there is no collector %d", n)
	}
	return collectorAddr(collectLeft, n), collectorAddr(collectRight, n)
}

func collectorAddr(link netip.Prefix, n int) netip.Addr {
	b := collectors(link).Addr().As4()
	b[3] += byte(n)
	return netip.AddrFrom4(b)
}

// VantageAddr is the address of Left or Right that its collectors call, at port 179.
func (i *Internet) VantageAddr(as checks.ASN) netip.Addr {
	i.t.Helper()
	switch as {
	case Left:
		return collectLeft.Addr().Next()
	case Right:
		return collectRight.Addr().Next()
	}
	i.t.Fatalf("%v is no vantage point", as)
	return netip.Addr{}
}

// Await waits until something is so, and fails the test with what every router has where
// it never is.
func (i *Internet) Await(what string, ok func() bool) {
	i.t.Helper()
	labtest.Await(i.t, what, ok, i.String)
}

// Converged waits until all is as it was built: every session between the networks is up,
// and every router has the routes that belong there, and no others.
func (i *Internet) Converged() {
	i.t.Helper()
	labtest.Await(i.t, "every router has the table of the whole network", func() bool {
		return i.odd() == ""
	}, func() string { return i.odd() + "\n" + i.String() })
}

// odd tells the first thing that is not as it was built; empty for none.
func (i *Internet) odd() string {
	for _, r := range i.routers {
		for _, n := range r.neighbors {
			if !r.Up(n.to) {
				return fmt.Sprintf("%v has no session with %v", r.AS, n.to.AS)
			}
		}
		if diff := r.Routes().diff(table(r.AS)); diff != "" {
			return fmt.Sprintf("%v: %s", r.AS, diff)
		}
	}
	return ""
}

// String is what every router has.
func (i *Internet) String() string {
	var b strings.Builder
	for _, r := range i.routers {
		if r.Daemon != nil {
			fmt.Fprintf(&b, "%v:\n%s\n%s\n", r.AS, r.ask("show", "protocols"), r.Routes())
		}
	}
	return b.String()
}

func (i *Internet) router(as checks.ASN) *Router {
	for _, r := range i.routers {
		if r.AS == as {
			return r
		}
	}
	return nil
}
