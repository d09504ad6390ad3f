package netlab

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Packets says which packets a fault meets. What is left zero does not matter: the zero
// value is all that pass through a node and all that arrive for it.
type Packets struct {
	From, To netip.Prefix
	Proto    string // "icmp" (of both families), "tcp", "udp"
	Port     uint16 // of the destination
	Share    int    // of 100, by the dice; zero for all of them
	Out      bool   // those that the node itself sends, instead
}

// match writes it for nft.
func (p Packets) match() string {
	var b strings.Builder
	for _, side := range []struct {
		word   string
		prefix netip.Prefix
	}{{"saddr", p.From}, {"daddr", p.To}} {
		if side.prefix.IsValid() {
			family := "ip"
			if side.prefix.Addr().Is6() {
				family = "ip6"
			}
			fmt.Fprintf(&b, "%s %s %s ", family, side.word, side.prefix)
		}
	}
	switch p.Proto {
	case "":
	case "icmp":
		b.WriteString("meta l4proto { icmp, ipv6-icmp } ")
	default:
		fmt.Fprintf(&b, "meta l4proto %s ", p.Proto)
	}
	if p.Port != 0 {
		fmt.Fprintf(&b, "th dport %d ", p.Port)
	}
	if p.Share != 0 {
		fmt.Fprintf(&b, "numgen random mod 100 < %d ", p.Share)
	}
	return b.String()
}

// Reply is how a node turns a packet away.
type Reply string

// The replies, in the words of nft.
const (
	NoRoute         Reply = "icmpx type no-route"         // network unreachable
	HostUnreachable Reply = "icmpx type host-unreachable" // of IPv6: address unreachable
	PortUnreachable Reply = "icmpx type port-unreachable"
	AdminProhibited Reply = "icmpx type admin-prohibited" // code 13; of IPv6 code 1
	Reset           Reply = "tcp reset"                   // of TCP alone
)

// Fault is something that is broken until it is healed or the test ends. One that met no
// packet by then fails the test: it tested nothing.
type Fault struct {
	s    *Sandbox
	text string
	hits func() (int, error) // nil where the kernel does not count
	heal func() error
	over bool
}

// Heal ends the fault.
func (f *Fault) Heal() {
	f.s.t.Helper()
	if f.over {
		return
	}
	f.over = true
	if f.hits != nil && !f.s.t.Failed() && !f.s.t.Skipped() {
		if n, err := f.hits(); err != nil {
			f.s.t.Errorf("%s: %v", f.text, err)
		} else if n == 0 {
			f.s.t.Errorf("%s: met no packet, so nothing was tested", f.text)
		}
	}
	if err := f.heal(); err != nil {
		f.s.t.Errorf("ending: %s: %v", f.text, err)
	}
}

// Hits counts the packets that the fault has met, those of [Node.Drop] and
// [Node.Reject] alone.
func (f *Fault) Hits() int {
	f.s.t.Helper()
	if f.hits == nil {
		f.s.t.Fatalf("%s: its packets are not counted", f.text)
	}
	n, err := f.hits()
	if err != nil {
		f.s.t.Fatalf("%s: %v", f.text, err)
	}
	return n
}

func (f *Fault) begin() *Fault {
	f.s.t.Cleanup(f.Heal)
	return f
}

// Drop has the node lose packets without a word.
func (n *Node) Drop(p Packets) *Fault {
	n.s.t.Helper()
	return n.rule(p, "drop")
}

// Reject has the node turn packets away and say so. A reset is for TCP alone.
func (n *Node) Reject(p Packets, with Reply) *Fault {
	n.s.t.Helper()
	if with == Reset {
		p.Proto = "tcp"
	}
	return n.rule(p, "reject with "+string(with))
}

var counted = regexp.MustCompile(`counter packets (\d+) `)

// rule puts a rule into a table of its own. Neighbour discovery is left alone: who loses
// it is not silent but unknown on the link, and its neighbour says so. So is what kernels
// say by themselves on a link: a fault that meets nothing else was not met.
func (n *Node) rule(p Packets, do string) *Fault {
	n.s.t.Helper()
	if p.Out {
		return n.hook(p.match(), do, "output").begin()
	}
	return n.hook(p.match(), do, "forward", "input").begin()
}

func (n *Node) hook(match, do string, hooks ...string) *Fault {
	n.s.t.Helper()
	n.s.rules++
	table := fmt.Sprintf("lab%d", n.s.rules)
	var b strings.Builder
	fmt.Fprintf(&b, "table inet %s {\n", table)
	for _, hook := range hooks {
		fmt.Fprintf(&b, "chain %s {\n type filter hook %s priority 0; policy accept;\n", hook, hook)
		if hook != "forward" {
			b.WriteString(" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld-listener-report, mld2-listener-report } accept\n")
		}
		fmt.Fprintf(&b, " %scounter %s\n}\n", match, do)
	}
	b.WriteString("}\n")
	n.Run("nft", b.String())
	f := &Fault{s: n.s, text: fmt.Sprintf("node %s: %s%s", n.name, match, do)}
	f.hits = func() (int, error) {
		out, err := n.try("nft", "list", "table", "inet", table)
		found := counted.FindAllStringSubmatch(out, -1)
		if err != nil || len(found) != len(hooks) {
			return 0, fmt.Errorf("the rule is not there: %v: %s", err, out)
		}
		sum := 0
		for _, m := range found {
			k, err := strconv.Atoi(m[1])
			if err != nil {
				return 0, err
			}
			sum += k
		}
		return sum, nil
	}
	f.heal = func() error { return n.fails("nft", "delete", "table", "inet", table) }
	if _, err := f.hits(); err != nil {
		n.s.t.Fatalf("%s: %v", f.text, err)
	}
	return f
}

func (n *Node) fails(name string, args ...string) error {
	if out, err := n.try(name, args...); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// Prohibit has the node refuse the way to a prefix: it gets EACCES itself, others
// "administratively prohibited".
func (n *Node) Prohibit(p netip.Prefix) *Fault {
	n.s.t.Helper()
	return n.noWay("prohibit", p)
}

// Unreachable has the node know that there is no way to a prefix: it gets EHOSTUNREACH
// itself, others "host unreachable", or of IPv6 "no route to destination".
func (n *Node) Unreachable(p netip.Prefix) *Fault {
	n.s.t.Helper()
	return n.noWay("unreachable", p)
}

// Blackhole has the node lose what is for a prefix: it gets EINVAL itself, others
// nothing.
func (n *Node) Blackhole(p netip.Prefix) *Fault {
	n.s.t.Helper()
	return n.noWay("blackhole", p)
}

// noWay adds a route of a kind that leads nowhere, before all others for the prefix.
func (n *Node) noWay(kind string, p netip.Prefix) *Fault {
	n.s.t.Helper()
	n.ip("route", "add", kind, p.String(), "metric", "0")
	f := &Fault{s: n.s, text: fmt.Sprintf("node %s: %s %v", n.name, kind, p)}
	f.heal = func() error { return n.fails("ip", "route", "delete", kind, p.String()) }
	if out, err := n.try("ip", "route", "get", p.Masked().Addr().String()); err == nil {
		n.s.t.Fatalf("%s: there is still a way: %s", f.text, out)
	}
	return f.begin()
}

// Down takes down the link's end at a node: that node knows at once, and has no routes
// over it any more; the other node's packets are lost without a word.
func (l *Link) Down(at *Node) *Fault {
	l.s.t.Helper()
	e := l.at(at)
	at.ip("link", "set", "dev", e.iface, "down")
	l.s.await("a link that goes down", func() bool { return !l.running() })
	f := &Fault{s: l.s, text: fmt.Sprintf("node %s: link %s down", at.name, e.iface)}
	f.heal = func() error {
		if err := at.fails("ip", "link", "set", "dev", e.iface, "up"); err != nil {
			return err
		}
		for _, r := range at.routes {
			if err := at.fails("ip", r...); err != nil {
				return err
			}
		}
		l.s.await("a link that comes back", l.up)
		return nil
	}
	return f.begin()
}
