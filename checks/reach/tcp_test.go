package reach

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// Who refused, and whether anybody did, over TCP and over UDP, in both families.
func TestConnectFaults(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	d := dialersFor(t, 81)
	for _, host := range []netip.Addr{c.Host.Addr4(), c.Host.Addr6()} {
		all := netip.PrefixFrom(host, host.BitLen())
		router := c.Router.To(c.Here, host)
		c.Host.Listen(netip.AddrPortFrom(host, 80))
		echo(t, c.Host.ListenPacket(netip.AddrPortFrom(host, 53)))
		open := Probe{Host: "the host", Addr: host, Port: 80}
		// A link that was just made may lose what is sent first, and a second goes by until
		// a neighbour is looked for again.
		labtest.Await(t, "the host answers", func() bool { return d.TCP(t.Context(), open).Outcome == checks.Answered }, nil)
		tests := []struct {
			name     string
			port     uint16 // of TCP; of UDP zero means 53, else the same
			fault    func() *netlab.Fault
			tcp, udp checks.Outcome
			by       netip.Addr
			detail   string // of both
		}{
			{"all is well", 80, nil, checks.Answered, checks.Answered, netip.Addr{}, ""},
			{"closed", 81, nil, checks.Refused, checks.Refused, netip.Addr{}, "refused"},
			{"dropped on the way", 80, func() *netlab.Fault { return c.Router.Drop(netlab.Packets{To: all}) }, checks.Silent, checks.Silent, netip.Addr{}, ""},
			{"dropped by the host", 80, func() *netlab.Fault { return c.Host.Drop(netlab.Packets{To: all}) }, checks.Silent, checks.Silent, netip.Addr{}, ""},
			{"no route at the router", 80, func() *netlab.Fault { return c.Router.Reject(netlab.Packets{To: all}, netlab.NoRoute) }, checks.Unreachable, checks.Unreachable, router, "unreachable, says " + router.String()},
			{"host unreachable", 80, func() *netlab.Fault { return c.Router.Reject(netlab.Packets{To: all}, netlab.HostUnreachable) }, checks.Unreachable, checks.Unreachable, router, "unreachable, says " + router.String()},
			{"prohibited by the router", 80, func() *netlab.Fault { return c.Router.Reject(netlab.Packets{To: all}, netlab.AdminProhibited) }, checks.Unreachable, checks.Unreachable, router, "administratively prohibited, says " + router.String()},
			{"port unreachable, says the router", 80, func() *netlab.Fault { return c.Router.Reject(netlab.Packets{To: all}, netlab.PortUnreachable) }, checks.Unreachable, checks.Unreachable, router, "port unreachable, says " + router.String()},
			{"prohibited by the host", 80, func() *netlab.Fault { return c.Host.Reject(netlab.Packets{To: all}, netlab.AdminProhibited) }, checks.Refused, checks.Refused, host, "administratively prohibited, says the host itself"},
			{"prohibited here", 80, func() *netlab.Fault { return c.Here.Prohibit(all) }, checks.Unmeasured, checks.Unmeasured, netip.Addr{}, "our own"},
			{"unreachable here", 80, func() *netlab.Fault { return c.Here.Unreachable(all) }, checks.Unmeasured, checks.Unmeasured, netip.Addr{}, "our own"},
			{"blackhole here", 80, func() *netlab.Fault { return c.Here.Blackhole(all) }, checks.Unmeasured, checks.Unmeasured, netip.Addr{}, "our own"},
		}
		for _, tt := range tests {
			t.Run(tt.name+" "+host.String(), func(t *testing.T) {
				var f *netlab.Fault
				if tt.fault != nil {
					f = tt.fault()
					defer f.Heal()
				}
				p, q := open, open
				p.Port, q.Port = tt.port, tt.port
				if q.Port == 80 {
					q.Port = 53
				}
				var over sync.WaitGroup
				var udp checks.Answer
				over.Go(func() { udp = inTime(t, d.DNS, q, tt.udp) })
				got := inTime(t, d.TCP, p, tt.tcp)
				over.Wait()
				if tt.tcp != checks.Answered {
					check(t, got, tt.tcp, tt.detail)
				}
				if got.Outcome != tt.tcp || got.By != tt.by {
					t.Errorf("TCP: got %v, %q, by %v; want %v by %v", got.Outcome, got.Detail, got.By, tt.tcp, tt.by)
				}
				if udp.Outcome != tt.udp || tt.by.IsValid() && udp.By != tt.by {
					t.Errorf("DNS: got %v, %q, by %v; want %v by %v", udp.Outcome, udp.Detail, udp.By, tt.udp, tt.by)
				}
			})
		}
	}
}

// A neighbour that is not there is our own kernel's word: of a host on the link it is
// silence, of a gateway our own trouble.
func TestNoNeighbour(t *testing.T) {
	nothingLeft(t)
	s := netlab.New(t)
	router := s.Node("router")
	s.Link(router, s.Here(), netip.MustParsePrefix("219.158.1.0/24"), netip.MustParsePrefix("2408:8000:1::/64"))
	s.Here().Sysctl("net.ipv4.neigh.router.retrans_time_ms", "30")
	s.Here().Sysctl("net.ipv6.neigh.router.retrans_time_ms", "30")
	d := dialersFor(t)
	d.timeout = defaultTimeout
	var all sync.WaitGroup
	for _, tt := range []struct{ neighbour, beyond, route string }{
		{"219.158.1.99", "175.45.176.1", "175.45.176.0/24"},
		{"2408:8000:1::99", "2408:8000:2::1", "2408:8000:2::/64"},
	} {
		neighbour := netip.MustParseAddr(tt.neighbour)
		s.Here().Route(netip.MustParsePrefix(tt.route), neighbour)
		for _, port := range []uint16{53, 80} {
			ask := d.TCP
			if port == 53 {
				ask = d.DNS
			}
			all.Go(func() {
				check(t, ask(t.Context(), Probe{Addr: neighbour, Port: port}), checks.Silent, "no machine on our own link")
				check(t, ask(t.Context(), Probe{Addr: netip.MustParseAddr(tt.beyond), Port: port}), checks.Unmeasured, "our own gateway does not answer")
			})
		}
		check(t, d.TCP(t.Context(), Probe{Addr: netip.MustParseAddr("2001:db8::1"), Port: 80}), checks.Unmeasured, "not probed")
		check(t, d.TCP(t.Context(), Probe{Addr: netip.MustParseAddr("8.8.8.8"), Port: 80}), checks.Unmeasured, "no route")
	}
	all.Wait()
}

// echo answers DNS questions as a server does that knows nothing.
func echo(t *testing.T, c *net.UDPConn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			buf[2] |= 0x80 // a response
			c.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
}
