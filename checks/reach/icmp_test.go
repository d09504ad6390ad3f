package reach

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/errqueue"
	"isitdown/checks/netlab"
)

// icmpFor lets public addresses and loopback be asked.
func icmpFor(o ICMPOptions) *ICMP {
	o.Shield = NewShield(ShieldOptions{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	return NewICMP(o)
}

func probeTo(a netip.Addr) Probe { return Probe{Host: a.String(), Addr: a, Method: checks.MethodICMP} }

// icmpFault is something that is wrong on the way to a host, and what is found of it.
type icmpFault struct {
	name   string
	fault  func() *netlab.Fault
	want   checks.Outcome
	by     netip.Addr
	detail string
}

func icmpFaults(c netlab.Chain, host netip.Addr) []icmpFault {
	to, router, nobody := netip.PrefixFrom(host, host.BitLen()), c.Router.To(c.Here, host), netip.Addr{}
	all, echoes := netlab.Packets{To: to}, netlab.Packets{To: to, Proto: "icmp"}
	drop := func(n *netlab.Node, p netlab.Packets) func() *netlab.Fault {
		return func() *netlab.Fault { return n.Drop(p) }
	}
	reject := func(n *netlab.Node, r netlab.Reply) func() *netlab.Fault {
		return func() *netlab.Fault { return n.Reject(all, r) }
	}
	route := func(f func(netip.Prefix) *netlab.Fault) func() *netlab.Fault {
		return func() *netlab.Fault { return f(to) }
	}
	noHost := "host unreachable, says "
	if host.Is6() {
		noHost = "address unreachable, says "
	}
	return []icmpFault{
		{"dropped on the way", drop(c.Router, all), checks.Silent, nobody, ""},
		{"dropped by the host", drop(c.Host, all), checks.Silent, nobody, ""},
		{"replies are dropped", drop(c.Router, netlab.Packets{From: to}), checks.Silent, nobody, ""},
		{"echoes alone are dropped", drop(c.Router, echoes), checks.Refused, host, "port unreachable, says the host itself"},
		{"no route", reject(c.Router, netlab.NoRoute), checks.Unreachable, router, "network unreachable, says " + router.String()},
		{"no host", reject(c.Router, netlab.HostUnreachable), checks.Unreachable, router, noHost + router.String()},
		{"a closed port, says the router", reject(c.Router, netlab.PortUnreachable), checks.Unreachable, router, "port unreachable, says " + router.String()},
		{"prohibited", reject(c.Router, netlab.AdminProhibited), checks.Unreachable, router, "administratively prohibited, says " + router.String()},
		{"prohibited by the host", reject(c.Host, netlab.AdminProhibited), checks.Refused, host, "administratively prohibited, says the host itself"},
		{"no host, says the host", reject(c.Host, netlab.HostUnreachable), checks.Unreachable, host, noHost + host.String()},
		{"our route prohibits", route(c.Here.Prohibit), checks.Unmeasured, nobody, "our own routing table or packet filter forbids"},
		{"our route is unreachable", route(c.Here.Unreachable), checks.Unmeasured, nobody, "our own routing table says that it is unreachable"},
		{"our route is a blackhole", route(c.Here.Blackhole), checks.Unmeasured, nobody, "our own routing table discards"},
		{"our firewall", drop(c.Here, netlab.Packets{To: to, Out: true}), checks.Unmeasured, nobody, "our own packet filter forbids"},
	}
}

// soon fails a test unless the answer, whatever it is, comes within 100 ms of a deadline:
// once in five times, for the machine may be busy.
func soon(t *testing.T, ask Ask, p Probe) {
	t.Helper()
	var took time.Duration
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), brief)
		start := time.Now()
		ask(ctx, p)
		took = time.Since(start)
		cancel()
		if took <= brief+100*time.Millisecond {
			return
		}
	}
	t.Errorf("with a deadline of %v it took %v", brief, took)
}

// Each thing that can be wrong is told apart, a deadline of 200 ms is kept, and nothing is
// left behind. Each happens to an address of its own, so that all are asked at once.
func TestICMPFaults(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	hurried, patient := icmpFor(ICMPOptions{}), icmpFor(ICMPOptions{Timeout: 500 * time.Millisecond})
	var all sync.WaitGroup
	for _, p := range []netip.Prefix{netip.MustParsePrefix("175.45.177.0/24"), netip.MustParsePrefix("2408:8000:3::/64")} {
		c.Router.Route(p, c.Host.To(c.Router, p.Addr()))
		host := p.Addr().Next()
		c.Host.Run("ip", "address", "add", host.String(), "dev", "lo")
		got := inTime(t, hurried.Ask, probeTo(host), checks.Answered)
		if check(t, got, checks.Answered, ""); got.Method != checks.MethodICMP || got.Addr != host || got.Port != 0 || got.Took >= brief {
			t.Errorf("all is well: got %+v", got)
		}
		for i := range icmpFaults(c, host) {
			host = host.Next()
			c.Host.Run("ip", "address", "add", host.String(), "dev", "lo")
			probe, tt := probeTo(host), icmpFaults(c, host)[i]
			probe.Host += ", " + tt.name
			tt.fault()
			all.Go(func() { soon(t, hurried.Ask, probe) })
			all.Go(func() {
				got := patient.Ask(t.Context(), probe)
				for range 2 { // the machine may be busy
					if got.Outcome != tt.want {
						got = patient.Ask(t.Context(), probe)
					}
				}
				if check(t, got, tt.want, tt.detail); got.By != tt.by {
					t.Errorf("%s: got it from %v, want %v", probe.Host, got.By, tt.by)
				}
			})
		}
	}
	all.Wait()
}

// Where nobody may send echoes, a datagram to a closed port is what is left.
func TestICMPNotPermitted(t *testing.T) {
	nothingLeft(t)
	s := netlab.New(t)
	plain, host := s.NoPing("plain"), s.Node("host")
	s.Link(plain, host, netip.MustParsePrefix("175.45.176.0/24"), netip.MustParsePrefix("2408:8000:2::/64"))
	icmp := icmpFor(ICMPOptions{Timeout: brief})
	for _, to := range []netip.Addr{host.Addr4(), host.Addr6()} {
		ask := func(ctx context.Context, p Probe) (a checks.Answer) {
			plain.Do(func() { a = icmp.Ask(ctx, p) })
			return a
		}
		check(t, inTime(t, ask, probeTo(to), checks.Refused), checks.Refused, "port unreachable, says the host itself")
		fault := host.Drop(netlab.Packets{Proto: "udp"})
		check(t, inTime(t, ask, probeTo(to), checks.Silent), checks.Silent, "no answer to a UDP packet; ICMP is not permitted here")
		fault.Heal()
		route := plain.Prohibit(netip.PrefixFrom(to, to.BitLen()))
		check(t, inTime(t, ask, probeTo(to), checks.Unmeasured), checks.Unmeasured, "our own routing table or packet filter forbids")
		route.Heal()
	}
}

// Raw sockets, which the sandbox has the right to.
func TestICMPPrivileged(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	icmp := icmpFor(ICMPOptions{Privileged: true, Timeout: brief})
	for _, host := range []netip.Addr{c.Host.Addr4(), c.Host.Addr6()} {
		check(t, inTime(t, icmp.Ask, probeTo(host), checks.Answered), checks.Answered, "")
		fault := c.Router.Drop(netlab.Packets{})
		check(t, inTime(t, icmp.Ask, probeTo(host), checks.Silent), checks.Silent, "")
		fault.Heal()
		route := c.Here.Prohibit(netip.PrefixFrom(host, host.BitLen()))
		check(t, inTime(t, icmp.Ask, probeTo(host), checks.Unmeasured), checks.Unmeasured, "our own routing table or packet filter forbids")
		route.Heal()
	}
}

// What does not say anything of a host is no measurement.
func TestICMPUnmeasured(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	fault := c.Router.Drop(netlab.Packets{})
	host := probeTo(c.Host.Addr4())
	icmp := icmpFor(ICMPOptions{})
	cancelled, cancel := context.WithCancel(t.Context())
	go func() {
		time.Sleep(50 * time.Millisecond)
		cancel()
	}()
	check(t, icmp.Ask(cancelled, host), checks.Unmeasured, "given up before its time was over")
	check(t, icmp.Ask(cancelled, host), checks.Unmeasured, "nothing was sent")
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	check(t, icmp.Ask(short, host), checks.Unmeasured, "nothing was sent")
	check(t, inTime(t, icmp.Ask, host, checks.Unmeasured), checks.Unmeasured, "the probe was cut short")
	check(t, icmpFor(ICMPOptions{Timeout: 100 * time.Millisecond}).Ask(t.Context(), host), checks.Silent, "") // its own timeout counts
	fault.Heal()

	for _, refused := range []struct{ addr, why string }{
		{"10.0.0.1", "10.0.0.1 is not probed: it is "},
		{"169.254.169.254", "169.254.169.254 is not probed: it is "},
		{"::ffff:10.0.0.1", "10.0.0.1 is not probed: it is "},
		{c.Here.Addr4().String(), "it is an address of the machine that this bot runs on"},
		{"fe80::1", "is not probed"},
		{"255.255.255.255", "is not probed"},
	} {
		check(t, icmp.Ask(t.Context(), probeTo(netip.MustParseAddr(refused.addr))), checks.Unmeasured, refused.why)
	}
	check(t, icmp.Ask(t.Context(), Probe{Host: "no address"}), checks.Unmeasured, "not probed")
	check(t, NewICMP(ICMPOptions{}).Ask(t.Context(), host), checks.Unmeasured, "not probed") // without a shield
}

// A bound of one in flight holds, and who waits in vain has measured nothing.
func TestICMPInFlight(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	c.Router.Drop(netlab.Packets{})
	icmp := icmpFor(ICMPOptions{InFlight: 1, Timeout: 600 * time.Millisecond})
	first := make(chan checks.Answer)
	go func() { first <- icmp.Ask(t.Context(), probeTo(c.Host.Addr4())) }()
	for len(icmp.slots) == 0 {
		time.Sleep(time.Millisecond)
	}
	check(t, inTime(t, icmp.Ask, probeTo(c.Host.Addr6()), checks.Unmeasured), checks.Unmeasured, "while others were asked")
	check(t, <-first, checks.Silent, "")
}

func TestJudge(t *testing.T) {
	host, router := netip.MustParseAddr("175.45.176.15"), netip.MustParseAddr("219.158.1.1")
	tests := []struct {
		name   string
		report errqueue.Report
		want   checks.Outcome
		detail string
	}{
		{"nothing", errqueue.Report{}, checks.Silent, ""},
		{"a reply", errqueue.Report{Kind: errqueue.Reply, By: host}, checks.Answered, ""},
		{"closed", errqueue.Report{Kind: errqueue.PortUnreachable, By: host, Type: 3, Code: 3}, checks.Refused, "port unreachable, says the host itself"},
		{"protocol", errqueue.Report{Kind: errqueue.ProtocolUnreachable, By: host, Type: 3, Code: 2}, checks.Refused, "protocol unreachable, says the host itself"},
		{"closed, says another", errqueue.Report{Kind: errqueue.PortUnreachable, By: router, Type: 3, Code: 3}, checks.Unreachable, "port unreachable, says 219.158.1.1"},
		{"a host behind it", errqueue.Report{Kind: errqueue.HostUnreachable, By: host, Type: 3, Code: 1}, checks.Unreachable, "host unreachable, says 175.45.176.15"},
		{"hops", errqueue.Report{Kind: errqueue.Expired, By: router, Type: 11}, checks.Unreachable, "out of hops, says 219.158.1.1"},
		{"something else", errqueue.Report{Kind: errqueue.Other, By: router, Type: 12}, checks.Unreachable, "ICMP error of type 12, code 0, says 219.158.1.1"},
		{"our own gateway", errqueue.Report{Kind: errqueue.HostUnreachable, By: router, Own: true, Type: 3, Code: 1}, checks.Unmeasured, "our own gateway does not answer"},
	}
	for _, tt := range tests {
		if got := judge(tt.report, host); got.Outcome != tt.want || got.detail != tt.detail {
			t.Errorf("%s: got %v, %q, want %v, %q", tt.name, got.Outcome, got.detail, tt.want, tt.detail)
		}
	}
}
