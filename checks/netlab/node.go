package netlab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Node is a host or a router.
type Node struct {
	s      *Sandbox
	name   string
	space  *space // nil for the test process's own
	addrs  []netip.Prefix
	ifaces map[string]*end
	routes [][]string // what was added, to be put back when a link returns
	local  []netip.Prefix
}

// Name is how it was called.
func (n *Node) Name() string { return n.name }

// Addr4 is the node's first IPv4 address, of its first link.
func (n *Node) Addr4() netip.Addr { return n.first(netip.Addr.Is4).Addr() }

// Addr6 is the node's first IPv6 address.
func (n *Node) Addr6() netip.Addr { return n.first(netip.Addr.Is6).Addr() }

// Prefix4 is the IPv4 prefix of the node's first link.
func (n *Node) Prefix4() netip.Prefix { return n.first(netip.Addr.Is4).Masked() }

// Prefix6 is the IPv6 prefix of the node's first link.
func (n *Node) Prefix6() netip.Prefix { return n.first(netip.Addr.Is6).Masked() }

func (n *Node) first(family func(netip.Addr) bool) netip.Prefix {
	n.s.t.Helper()
	for _, a := range n.addrs {
		if family(a.Addr()) {
			return a
		}
	}
	n.s.t.Fatalf("node %s has no address of that family", n.name)
	return netip.Prefix{}
}

// To gives the node's address at the link that it shares with another, of the family of
// like.
func (n *Node) To(neighbour *Node, like netip.Addr) netip.Addr {
	n.s.t.Helper()
	for _, e := range n.ifaces {
		if e.iface != neighbour.name && !strings.HasPrefix(e.iface, neighbour.name+".") {
			continue
		}
		for _, a := range e.addrs {
			if a.Addr().Is4() == like.Is4() {
				return a.Addr()
			}
		}
	}
	n.s.t.Fatalf("node %s has no link to %s in that family", n.name, neighbour.name)
	return netip.Addr{}
}

// Default sends everything that the node knows no way for to a neighbour.
func (n *Node) Default(neighbour *Node) {
	n.s.t.Helper()
	sent := false
	for name, e := range neighbour.ifaces {
		if name != n.name {
			continue
		}
		for _, a := range e.addrs {
			all := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
			if a.Addr().Is6() {
				all = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
			}
			n.Route(all, a.Addr())
			sent = true
		}
	}
	if !sent {
		n.s.t.Fatalf("node %s has no link to %s", n.name, neighbour.name)
	}
}

// Route sends packets for a prefix to a neighbour's address.
func (n *Node) Route(to netip.Prefix, via netip.Addr) {
	n.s.t.Helper()
	args := []string{"route", "replace", to.String(), "via", via.String()}
	n.ip(args...)
	n.routes = append(n.routes, args)
}

// Local has the node answer for every address of some prefixes.
func (n *Node) Local(prefixes ...netip.Prefix) {
	n.s.t.Helper()
	var lines strings.Builder // one program for all of them: there may be many
	six := false
	for _, p := range prefixes {
		fmt.Fprintf(&lines, "route add local %s dev lo\n", p)
		six = six || p.Addr().Is6()
	}
	if out, err := n.feed(lines.String(), "ip", "-batch", "-"); err != nil {
		n.s.t.Fatalf("node %s: addresses of %v: %v: %s", n.name, prefixes, err, out)
	}
	n.local = append(n.local, prefixes...)
	if six {
		n.Sysctl("net.ipv6.ip_nonlocal_bind", "1")
	}
}

// Sysctl sets a kernel parameter of the node, like "net.ipv4.ip_forward".
func (n *Node) Sysctl(key, value string) {
	n.s.t.Helper()
	var err error
	n.do(func() { err = sysctl(key, value) })
	if err != nil {
		n.s.t.Fatalf("node %s: %v", n.name, err)
	}
}

// Do runs f in the node: sockets that f itself makes are the node's, and stay so.
// Those made by goroutines that it starts are not; where the code under test starts
// some, let it run here (see [Sandbox.Here]) and put the other side into a node.
func (n *Node) Do(f func()) { n.do(f) }

func (n *Node) do(f func()) {
	if n.space == nil {
		f()
		return
	}
	n.space.do(f)
}

// Start starts a program in the node; who calls it waits for its end.
func (n *Node) Start(cmd *exec.Cmd) (err error) {
	n.do(func() { err = cmd.Start() })
	return err
}

const (
	envHold    = "LAB_HOLD"                // is set where tests stop for somebody who looks inside
	envProcess = "ISITDOWN_NETLAB_PROCESS" // the number that the process in the sandbox has outside
)

// Enter is the command line that opens a shell in the node from outside the sandbox.
func (n *Node) Enter() string {
	process := os.Getenv(envProcess)
	if n.space == nil {
		return "nsenter --target " + process + " --user --preserve-credentials --net"
	}
	_, file, _ := strings.Cut(strings.TrimPrefix(n.space.path(), "/proc/"), "/")
	return fmt.Sprintf("nsenter --target %s --user --preserve-credentials --net=/proc/%[1]s/%s", process, file)
}

// Run runs a program in the node and gives what it printed; one that fails fails the
// test.
func (n *Node) Run(name string, args ...string) string {
	n.s.t.Helper()
	out, err := n.try(name, args...)
	if err != nil {
		n.s.t.Fatalf("node %s: %s %s: %v: %s", n.name, name, strings.Join(args, " "), err, out)
	}
	return out
}

// commandTime bounds a command that sets something up.
const commandTime = 20 * time.Second

func (n *Node) try(name string, args ...string) (string, error) {
	return n.feed("", name, args...)
}

// feed runs a program with an input.
func (n *Node) feed(input, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	err := n.Start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	return strings.TrimSpace(out.String()), err
}

func (n *Node) ip(args ...string) {
	n.s.t.Helper()
	n.Run("ip", args...)
}

// Listen listens for TCP in the node until the test ends. The zero port is a free one.
func (n *Node) Listen(at netip.AddrPort) net.Listener {
	n.s.t.Helper()
	var l net.Listener
	var err error
	n.do(func() { l, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at)) })
	if err != nil {
		n.s.t.Fatalf("node %s: %v", n.name, err)
	}
	n.s.t.Cleanup(func() { l.Close() })
	return l
}

// ListenPacket listens for UDP in the node until the test ends.
func (n *Node) ListenPacket(at netip.AddrPort) *net.UDPConn {
	n.s.t.Helper()
	var c *net.UDPConn
	var err error
	n.do(func() { c, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)) })
	if err != nil {
		n.s.t.Fatalf("node %s: %v", n.name, err)
	}
	n.s.t.Cleanup(func() { c.Close() })
	return c
}

// clean takes away what the test put into its own namespace; that of others goes with
// them.
func (n *Node) clean() {
	for _, p := range n.local {
		if out, err := n.try("ip", "route", "delete", "local", p.String(), "dev", "lo"); err != nil {
			n.s.t.Errorf("taking %v away: %v: %s", p, err, out)
		}
	}
	for name := range n.ifaces {
		if out, err := n.try("ip", "link", "delete", "dev", name); err != nil {
			n.s.t.Errorf("taking link %s away: %v: %s", name, err, out)
		}
	}
}

// String is the name with its addresses.
func (n *Node) String() string { return fmt.Sprint(n.name, " ", n.addrs) }
