package netlab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPackets(t *testing.T) {
	for _, tt := range []struct {
		p    Packets
		want string
	}{
		{Packets{}, ""},
		{Packets{To: netip.MustParsePrefix("192.0.2.0/24")}, "ip daddr 192.0.2.0/24 "},
		{Packets{From: netip.MustParsePrefix("2001:db8::/32"), Proto: "icmp"}, "ip6 saddr 2001:db8::/32 meta l4proto { icmp, ipv6-icmp } "},
		{Packets{Proto: "udp", Port: 53, Share: 40}, "meta l4proto udp th dport 53 numgen random mod 100 < 40 "},
	} {
		if got := tt.p.match(); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.p, got, tt.want)
		}
	}
}

// recorder is a test that is watched while it fails.
type recorder struct {
	testing.TB
	cleanups []func()
	said     []string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Failed() bool              { return len(r.said) > 0 }
func (r *recorder) Skipped() bool             { return false }
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(f string, a ...any) { r.said = append(r.said, fmt.Sprintf(f, a...)) }
func (r *recorder) Fatal(a ...any)            { panic(fatal(fmt.Sprint(a...))) }
func (r *recorder) Fatalf(f string, a ...any) { panic(fatal(fmt.Sprintf(f, a...))) }

type fatal string

// during runs f as a test and gives what it complained of.
func during(t *testing.T, f func(t testing.TB)) string {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if v := recover(); v != nil {
				text, ok := v.(fatal)
				if !ok {
					panic(v)
				}
				r.said = append(r.said, string(text))
			}
		}()
		f(r)
	}()
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		clean := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		clean()
	}
	return strings.Join(r.said, "; ")
}

// A fault that changes nothing fails the test that wanted it, and so does a network
// that cannot be.
func TestFaultNeverMet(t *testing.T) {
	if why, ok := inside(); !ok {
		New(t)
		t.Fatal(why)
	}
	for _, tt := range []struct {
		name string
		test func(c Chain)
		want string // "" for none
	}{
		{"none", func(Chain) {}, ""},
		{"no packet", func(c Chain) { c.Router.Drop(Packets{Proto: "udp"}) }, "met no packet"},
		{"no such reply", func(c Chain) { c.Router.Reject(Packets{}, "with a smile") }, "nft"},
		{"no such protocol", func(c Chain) { c.Router.Drop(Packets{Proto: "carrier pigeon"}) }, "nft"},
		{"prohibited twice", func(c Chain) { c.Here.Prohibit(c.Host.Prefix4()); c.Here.Prohibit(c.Host.Prefix4()) }, "File exists"},
		{"a link elsewhere", func(c Chain) { c.Here.s.Link(c.Router, c.Here).Down(c.Host) }, "not at this link"},
		{"no neighbour", func(c Chain) { c.Here.Default(c.Host) }, "has no link to host"},
		{"a name too long", func(c Chain) { c.Here.s.Node("a-name-too-long") }, "cannot have the name"},
		{"an interface of somebody else's", func(c Chain) {
			c.Router.Run("ip", "link", "add", "strange", "type", "veth", "peer", "name", "stranger")
			c.Router.Run("ip", "link", "set", "dev", "strange", "up")
			c.Here.s.Sealed()
		}, "node router has an interface strange that is none of its own"},
		{"a silent link that nobody used", func(c Chain) { c.Here.s.Link(c.Router, c.Here).Silence() }, "met no packet"},
		{"host bits", func(c Chain) { c.Here.s.Link(c.Router, c.Host, netip.MustParsePrefix("10.0.0.1/24")) }, "no prefix for a link"},
		{"counted", func(c Chain) {
			f := c.Router.Drop(Packets{Proto: "tcp", Port: 81})
			connect(netip.AddrPortFrom(c.Host.Addr4(), 81), soon)
			if f.Hits() == 0 {
				c.Here.s.t.Errorf("no packet counted")
			}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := during(t, func(t testing.TB) { tt.test(New(t).Chain()) })
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got complaints %q, want %q", got, tt.want)
			}
		})
	}
}

// A link that is cut and comes back is as it was before, whichever end is taken down.
func TestLinkDown(t *testing.T) {
	s := New(t)
	router, host := s.Node("router"), s.Node("host")
	near := s.Link(s.Here(), router, chainNear4, chainNear6)
	s.Link(router, host, chainFar4, chainFar6)
	s.Here().Default(router)
	host.Default(router)
	for _, addr := range []netip.Addr{host.Addr4(), host.Addr6()} {
		to := netip.AddrPortFrom(addr, 80)
		host.Listen(to)
		for _, at := range []*Node{s.Here(), router} {
			f := near.Down(at)
			if err := connect(to, soon); err == nil {
				t.Errorf("%v: connected over a link that is down at %s", addr, at.Name())
			}
			f.Heal()
			s.await("a link that comes back", near.running)
			if err := connect(to, resent); err != nil {
				t.Errorf("%v: up again at %s: %v", addr, at.Name(), err)
			}
		}
	}
}

// A silent link loses what comes from either end, and both ends stay up. Nodes may be named
// like words of ip.
func TestSilence(t *testing.T) {
	s := New(t)
	router, host := s.Node("carrier"), s.Node("up")
	s.Link(s.Here(), router, chainNear4, chainNear6)
	far := s.Link(router, host, chainFar4, chainFar6)
	s.Here().Default(router)
	host.Default(router)
	for _, addr := range []netip.Addr{host.Addr4(), host.Addr6()} {
		to := netip.AddrPortFrom(addr, 80)
		host.Listen(to)
		f := far.Silence()
		if err := connect(to, soon); err == nil {
			t.Errorf("%v: connected over a silent link", addr)
		}
		there := f.Hits()
		back := netip.AddrPortFrom(s.Here().To(router, addr), 80)
		s.Here().Listen(back)
		host.Do(func() {
			if err := connect(back, soon); err == nil {
				t.Errorf("%v: connected back over a silent link", addr)
			}
		})
		if n := f.Hits(); there == 0 || n <= there {
			t.Errorf("%v: %d packets were lost on the way there, %d in all, want some of both", addr, there, n)
		}
		if !far.running() {
			t.Errorf("%v: the link is down", addr)
		}
		f.Heal()
		if err := connect(to, resent); err != nil {
			t.Errorf("%v: healed: %v", addr, err)
		}
	}
}

// A host can have every address of a prefix, and lose a share of what it is sent.
func TestLocalAndShare(t *testing.T) {
	c := New(t).Chain()
	block := netip.MustParsePrefix("203.0.113.0/24")
	c.Host.Local(block)
	c.Router.Route(block, c.Host.Addr4())
	server := c.Host.ListenPacket(netip.MustParseAddrPort("203.0.113.200:53"))
	f := c.Router.Drop(Packets{To: block, Proto: "udp", Port: 53, Share: 40})
	conn, err := net.Dial("udp", "203.0.113.200:53")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const n = 400
	for range n {
		if _, err := conn.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	// 40 % of 400, six standard deviations either way.
	if got := f.Hits(); got < 100 || got > 220 {
		t.Errorf("lost %d of %d, want about 160", got, n)
	}
	server.SetReadDeadline(time.Now().Add(time.Second))
	if _, _, err := server.ReadFromUDPAddrPort(make([]byte, 10)); err != nil {
		t.Errorf("nothing arrived: %v", err)
	}
}

// Who may ping is what the test says.
func TestPing(t *testing.T) {
	open := func() error {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, syscall.IPPROTO_ICMP)
		if err == nil {
			syscall.Close(fd)
		}
		return err
	}
	s := New(t)
	if err := open(); err != nil {
		t.Errorf("here: %v", err)
	}
	for n, want := range map[*Node]error{s.Node("host"): nil, s.NoPing("refused"): syscall.EACCES} {
		var err error
		n.Do(func() { err = open() })
		if !errors.Is(err, want) {
			t.Errorf("%v: got %v, want %v", n, err, want)
		}
	}
}
