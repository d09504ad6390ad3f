package netlab

import (
	"fmt"
	"net/netip"
	"strings"
)

// Link is a cable between two nodes.
type Link struct {
	s    *Sandbox
	ends [2]end
}

type end struct {
	node  *Node
	iface string
	addrs []netip.Prefix
}

// Link joins two nodes. Of each prefix the first node gets the first address, the
// second one the second. A node with two links forwards.
func (s *Sandbox) Link(a, b *Node, prefixes ...netip.Prefix) *Link {
	s.t.Helper()
	s.links++
	l := &Link{s: s, ends: [2]end{{node: a, iface: a.free(b.name)}, {node: b, iface: b.free(a.name)}}}
	for i := range l.ends {
		for _, p := range prefixes {
			if p != p.Masked() || p.Addr().BitLen()-p.Bits() < 2 {
				s.t.Fatalf("%v is no prefix for a link: it wants host bits of zero, two of them or more", p)
			}
			addr := p.Addr().Next()
			if i == 1 {
				addr = addr.Next()
			}
			l.ends[i].addrs = append(l.ends[i].addrs, netip.PrefixFrom(addr, p.Bits()))
		}
	}
	temporary := [2]string{fmt.Sprintf("lab%da", s.links), fmt.Sprintf("lab%db", s.links)}
	s.self.ip("link", "add", temporary[0], "type", "veth", "peer", "name", temporary[1])
	for i := range l.ends {
		l.ends[i].attach(temporary[i])
	}
	for i := range l.ends {
		l.ends[i].rise()
	}
	s.await("a link that comes up", l.up)
	return l
}

// First is the node that was named first when the link was made.
func (l *Link) First() *Node { return l.ends[0].node }

// free gives the name of an interface that the node has not got: its neighbour's, with
// a number from the second one on.
func (n *Node) free(neighbour string) string {
	name := neighbour
	for i := 2; ; i++ {
		if n.ifaces[name] == nil {
			return name
		}
		name = fmt.Sprintf("%s.%d", neighbour, i)
	}
}

func (e *end) attach(temporary string) {
	e.node.s.t.Helper()
	if e.node.space != nil {
		e.node.s.self.ip("link", "set", "dev", temporary, "netns", e.node.space.path())
	}
	var lines strings.Builder // one program for all of it: there are many links in a lab
	fmt.Fprintf(&lines, "link set dev %s name %s\n", temporary, e.iface)
	for _, a := range e.addrs {
		fmt.Fprintf(&lines, "address add %s dev %s", a, e.iface)
		if a.Addr().Is6() {
			lines.WriteString(" nodad")
		}
		lines.WriteString("\n")
	}
	if out, err := e.node.feed(lines.String(), "ip", "-batch", "-"); err != nil {
		e.node.s.t.Fatalf("node %s: making link %s: %v: %s", e.node.name, e.iface, err, out)
	}
	if e.node.ifaces == nil {
		e.node.ifaces = map[string]*end{}
	}
	e.node.ifaces[e.iface] = e
	e.node.addrs = append(e.node.addrs, e.addrs...)
	if len(e.node.ifaces) == 2 && e.node.space != nil {
		e.node.Sysctl("net.ipv4.ip_forward", "1")
		e.node.Sysctl("net.ipv6.conf.all.forwarding", "1")
	}
}

// rise starts one end of a link.
func (e *end) rise() {
	e.node.s.t.Helper()
	e.node.ip("link", "set", "dev", e.iface, "up")
}

// up reports whether both ends pass packets: for a while after they run the kernel still
// throws away what they send, and who asks for a neighbour then asks again in a second.
func (l *Link) up() bool {
	for i := range l.ends {
		if out, err := l.ends[i].node.try("ip", "-o", "link", "show", "dev", l.ends[i].iface); err != nil || !strings.Contains(out, " state UP ") {
			return false
		}
	}
	return true
}

// running reports whether both ends are up.
func (l *Link) running() bool {
	for i := range l.ends {
		if out, err := l.ends[i].node.try("ip", "-o", "link", "show", "dev", l.ends[i].iface); err != nil || !strings.Contains(out, "LOWER_UP") {
			return false
		}
	}
	return true
}

// at gives a node's end.
func (l *Link) at(n *Node) *end {
	l.s.t.Helper()
	for i := range l.ends {
		if l.ends[i].node == n {
			return &l.ends[i]
		}
	}
	l.s.t.Fatalf("node %s is not at this link", n.name)
	return nil
}
