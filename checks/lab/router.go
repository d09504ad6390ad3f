package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// Router is the one router of a network: BIRD in a node, and the node's kernel, which
// forwards by BIRD's routes.
type Router struct {
	AS     checks.ASN
	Node   *netlab.Node
	Daemon *labtest.Daemon

	i         *Internet
	network   network
	neighbors []neighbor
	calls     bool // the collector that is called
}

// neighbor is a session with another network.
type neighbor struct {
	to         *Router
	is         relation // what it is to us
	here, addr netip.Addr
}

// relation is what a neighbour is.
type relation string

const (
	customer relation = "customer"
	peer     relation = "peer"
	provider relation = "provider"
)

func (r relation) reverse() relation {
	switch r {
	case customer:
		return provider
	case provider:
		return customer
	}
	return r
}

// preference is that of routes from a neighbour: customers pay, peers are free, providers
// are paid (Gao and Rexford, "Stable Internet Routing Without Global Coordination", 2001).
func (r relation) preference() int {
	return map[relation]int{customer: 300, peer: 200, provider: 100}[r]
}

// settle gives the node its addresses.
func (r *Router) settle() {
	r.i.t.Helper()
	r.Node.Local(r.network.answers...)
	if six := r.network.six; six.IsValid() { // the kernel wants a real one to speak from
		r.Node.Run("ip", "address", "add", netip.PrefixFrom(six, six.BitLen()).String(), "dev", "lo")
	}
}

// quick has sessions fall after three seconds of silence, the least that BIRD takes, and
// come back at once.
const quick = "hold time 3; keepalive time 1; connect delay time 0; connect retry time 1; error wait time 1, 1; error forget time 1; check link yes;"

// config is BIRD's. Drained, it has nothing for collectors.
func (r *Router) config(drained bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "define drained = %t;\n", drained)
	fmt.Fprintf(&b, "router id %s;\nprotocol device { scan time 1; }\n", r.network.first)
	r.forward(&b, "ipv4", r.network.first)
	r.forward(&b, "ipv6", r.network.six)
	for _, p := range slices.Concat(r.network.own, r.network.later) {
		fmt.Fprintf(&b, "protocol static %s { disabled %s; %s; route %s unreachable; }\n", origin(p), disabled[slices.Contains(r.network.later, p)], family(p), p)
	}
	b.WriteString("protocol static behind {\n ipv4;\n")
	for as, p := range r.network.behind {
		fmt.Fprintf(&b, " route %s unreachable { bgp_path.prepend(%d); };\n", p, uint32(as))
	}
	b.WriteString("}\n")
	for _, n := range r.neighbors {
		n.config(&b, r)
	}
	if link := map[checks.ASN]netip.Prefix{Left: collectLeft, Right: collectRight}[r.AS]; link.IsValid() {
		r.collect(&b, link)
	}
	return b.String()
}

// collect writes the sessions with collectors: with whoever calls, and with one more that the
// router calls itself once that is enabled. Said explicitly, the next hop
// of IPv6 routes comes without a link-local one, which FRR takes from nobody whose link it
// does not know.
func (r *Router) collect(b *strings.Builder, link netip.Prefix) {
	here := link.Addr().Next()
	rest := fmt.Sprintf(` %s
 ipv4 { import none; export filter { if drained then reject; accept; }; };
 ipv6 { import none; export filter { if drained then reject; bgp_next_hop = %s; accept; }; };
}
`, quick, r.Node.To(r.i.Here, netip.IPv6Unspecified()))
	fmt.Fprintf(b, "protocol bgp collector {\n local %s as %d;\n neighbor range %s as %d;\n dynamic name \"collector\"; passive on;\n%s",
		here, uint32(r.AS), link, uint32(Collectors), rest)
	fmt.Fprintf(b, "protocol bgp %s {\n disabled %s;\n local %s as %d;\n neighbor %s as %d;\n%s",
		calledCollector, disabled[!r.calls], here, uint32(r.AS), collectorAddr(link, collectorBMPGoBGP), uint32(Collectors), rest)
}

// disabled is BIRD's word for it.
var disabled = map[bool]string{true: "yes", false: "no"}

// call begins to call the collector that is called.
func (r *Router) call() {
	r.i.t.Helper()
	r.calls = true
	r.ask("enable", calledCollector)
}

// calledCollector is the session of the collector that is called.
const calledCollector = "collector_called"

// forward has the kernel forward by the routes of a family, and say what it says itself
// from an address.
func (r *Router) forward(b *strings.Builder, family string, from netip.Addr) {
	source := ""
	if from.IsValid() {
		source = fmt.Sprintf("krt_prefsrc = %s;", from)
	}
	fmt.Fprintf(b, "protocol kernel kernel_%[1]s { %[1]s { import none; export filter { if source != RTS_BGP then reject; %[2]s accept; }; }; }\n", family, source)
}

// config writes the session. The roles of RFC 9234 see to it that customers get every
// route, others those of ourselves and of our customers alone: what a peer or a provider
// has sent is marked, and goes no further.
func (n *neighbor) config(b *strings.Builder, r *Router) {
	role := n.is.reverse() // BIRD wants our own
	fmt.Fprintf(b, "protocol bgp %s {\n local %s as %d;\n neighbor %s as %d;\n local role %s; require roles yes; graceful restart off;\n %s\n",
		n.to.Node.Name(), n.here, uint32(r.AS), n.addr, uint32(n.to.AS), role, quick)
	for _, f := range []string{"ipv4", "ipv6"} {
		if f == "ipv4" || r.AS != Home && n.to.AS != Home {
			fmt.Fprintf(b, " %s { import filter { bgp_local_pref = %d; accept; }; export all; };\n", f, n.is.preference())
		}
	}
	b.WriteString("}\n")
}

// origin names the protocol of a prefix that begins here.
func origin(p netip.Prefix) string {
	return "origin_" + strings.NewReplacer(".", "_", ":", "_", "/", "_").Replace(p.String())
}

func family(p netip.Prefix) string {
	if p.Addr().Is4() {
		return "ipv4"
	}
	return "ipv6"
}

// Withdraw has the network announce some of its prefixes no more, and waits until no
// network has them from there.
func (r *Router) Withdraw(list ...netip.Prefix) {
	r.i.t.Helper()
	for _, p := range list {
		r.ask("disable", origin(p))
		r.i.mark(begins{r, p}, slices.Contains(r.network.own, p))
	}
	r.i.Await(fmt.Sprintf("%v has withdrawn %v", r.AS, list), func() bool { return r.spread(list) == 0 })
	r.i.mended()
}

// begins is a prefix that is announced by a network, or shall be.
type begins struct {
	by     *Router
	prefix netip.Prefix
}

// Announce has the network announce prefixes that it does not, and waits until every
// neighbour that it has a session with has them. They are of its own space, or those of a
// fault: Carrier may announce 175.45.176.0/22, Dual 175.45.176.0/24.
func (r *Router) Announce(list ...netip.Prefix) {
	r.i.t.Helper()
	for _, p := range list {
		r.ask("enable", origin(p))
		r.i.mark(begins{r, p}, slices.Contains(r.network.later, p))
	}
	r.i.Await(fmt.Sprintf("%v has announced %v", r.AS, list), func() bool {
		for _, p := range list {
			if path, ok := r.Routes()[p]; !ok || path != "" {
				return false
			}
			for _, n := range r.neighbors {
				if _, ok := n.to.Routes()[p]; r.Up(n.to) && !ok {
					return false
				}
			}
		}
		return true
	})
	r.i.mended()
}

// spread counts the routers that have a route of a prefix from this network, itself too.
func (r *Router) spread(list []netip.Prefix) (n int) {
	for _, other := range r.i.routers {
		routes := other.Routes()
		for _, p := range list {
			if path, ok := routes[p]; ok && from(path, other.AS) == r.AS {
				n++
			}
		}
	}
	return n
}

// ask asks BIRD, whose refusal fails the test.
func (r *Router) ask(words ...string) string {
	r.i.t.Helper()
	return r.Daemon.Control(words...)
}
