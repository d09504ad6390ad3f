package netlab

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks/labtest"
)

// Sandbox is the network of one test. Tests that have one do not run at the same time:
// they share the test process's own namespace.
type Sandbox struct {
	t     testing.TB
	self  *Node
	nodes map[string]*Node
	links int
	rules int
}

// turn is held by the test that has the sandbox: a process has one network to be in.
var turn sync.Mutex

// New gives a test an empty network, which ends with the test. It skips the test where
// there can be none; it waits until another test's is gone.
func New(t testing.TB) *Sandbox {
	t.Helper()
	why, ok := inside()
	if !ok {
		labtest.Missing(t, why)
	}
	turn.Lock()
	t.Cleanup(turn.Unlock)
	if err := onlyLoopback(); err != nil {
		t.Fatal(err)
	}
	s := &Sandbox{t: t, nodes: map[string]*Node{}}
	s.self = &Node{s: s, name: "self"}
	t.Cleanup(func() {
		if err := s.sealed(); err != nil {
			t.Errorf("after the test: %v", err)
		}
		s.self.clean() // first: the kernel takes links away with the nodes, at a time of its own
		for _, n := range s.nodes {
			n.space.close()
		}
		if err := onlyLoopback(); err != nil {
			t.Errorf("after the test: %v", err)
		}
	})
	return s
}

// Here is the node that the test process itself is in.
func (s *Sandbox) Here() *Node { return s.self }

// maxName keeps names of interfaces, which are those of neighbours, within the
// kernel's 15 bytes.
const maxName = 12

// Node makes a host or a router, with loopback alone. Its name is up to 12 letters,
// digits and hyphens.
func (s *Sandbox) Node(name string) *Node {
	s.t.Helper()
	return s.node(name, true)
}

func (s *Sandbox) node(name string, ping bool) *Node {
	s.t.Helper()
	if len(name) == 0 || len(name) > maxName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || s.nodes[name] != nil || name == "lo" || name == s.self.name {
		s.t.Fatalf("a node cannot have the name %q, or there is one already", name)
	}
	sp, err := newSpace()
	if err != nil {
		s.t.Fatalf("making node %s: %v", name, err)
	}
	n := &Node{s: s, name: name, space: sp}
	s.nodes[name] = n
	n.do(func() { err = setUp(ping) })
	if err != nil {
		s.t.Fatalf("making node %s: %v", name, err)
	}
	return n
}

// NoPing makes a node in which nobody may open ICMP sockets without privileges, as the
// kernel has it by default (net.ipv4.ping_group_range is empty). That cannot be brought
// back in the other nodes, so what shall be refused is done there, by [Node.Do].
func (s *Sandbox) NoPing(name string) *Node {
	s.t.Helper()
	return s.node(name, false)
}

// settings are those of every node: no limits for the errors that tests wait for, no
// delay before an IPv6 address works, and answers on whatever way.
var settings = map[string]string{
	"net.ipv4.icmp_ratelimit":             "0",
	"net.ipv6.icmp.ratelimit":             "0",
	"net.ipv4.conf.all.rp_filter":         "0",
	"net.ipv4.conf.default.rp_filter":     "0",
	"net.ipv6.conf.all.disable_ipv6":      "0",
	"net.ipv6.conf.default.accept_dad":    "0",
	"net.ipv6.conf.default.dad_transmits": "0",
	"net.ipv6.conf.default.accept_ra":     "0",
	"net.ipv6.conf.all.keep_addr_on_down": "1",
}

// setUp prepares the namespace of the calling thread, and lets this process ping in it.
func setUp(ping bool) error {
	if ping {
		if err := sysctl("net.ipv4.ping_group_range", "0 0"); err != nil {
			return err
		}
	}
	for key, value := range settings {
		if err := sysctl(key, value); err != nil {
			return err
		}
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("starting loopback: %w: %s", err, out)
	}
	return nil
}

func sysctl(key, value string) error {
	name := "/proc/sys/" + strings.ReplaceAll(key, ".", "/")
	if err := os.WriteFile(name, []byte(value), 0); err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	return nil
}

// onlyLoopback gives an error where there is a way out of the test process's own
// namespace.
func onlyLoopback() error {
	list, err := foreign()
	if err == nil && len(list) > 0 {
		err = fmt.Errorf("the sandbox has an interface %s that is none of its own", list[0].Name)
	}
	return err
}

// await is for what the kernel does soon after it was asked: a link that comes up, a
// namespace that goes.
func (s *Sandbox) await(what string, ready func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(labtest.Patience / 4); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// Chain is the smallest network in which things go wrong: this process, one router and
// one host, in IPv4 and IPv6.
type Chain struct{ Here, Router, Host *Node }

// Addresses of a [Chain]: public ones, since others are not probed. The router is China
// Unicom's (AS4837); the host is in North Korea's (AS131279), which has no IPv6.
var (
	chainNear4 = netip.MustParsePrefix("219.158.1.0/30")
	chainNear6 = netip.MustParsePrefix("2408:8000:1::/64")
	chainFar4  = netip.MustParsePrefix("175.45.176.0/24")
	chainFar6  = netip.MustParsePrefix("2408:8000:2::/64")
)

// Chain makes this process - router - host, each with a default route where it needs
// one.
func (s *Sandbox) Chain() Chain {
	s.t.Helper()
	c := Chain{Here: s.self, Router: s.Node("router"), Host: s.Node("host")}
	s.Link(c.Router, c.Here, chainNear4, chainNear6)
	s.Link(c.Router, c.Host, chainFar4, chainFar6)
	c.Here.Default(c.Router)
	c.Host.Default(c.Router)
	return c
}
