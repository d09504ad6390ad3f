package reach

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"isitdown/checks"
)

// RefusedError is a probe that is not sent. Its text is one sentence for a person that
// says why, and what can be done where anything can.
type RefusedError struct {
	What string // what was to be probed: "127.0.0.1", "port 22", "metadata.google.internal"
	Why  string // a clause: "it is a loopback address"
}

func (e *RefusedError) Error() string {
	return checks.OneLine(e.What, 80) + " is not probed: " + e.Why
}

const (
	operator = "; the operator can " // begins what a person may have changed
	advice   = operator + "allow ranges of their own with probe.allow"
	dnsPort  = 53
)

// webPorts are the ports that anybody may ask about.
var webPorts = []uint16{80, 443, 8080, 8443}

// ShieldOptions are what an operator decides. The zero value lets public addresses be
// probed, on the ports of the web.
type ShieldOptions struct {
	// Allow are networks of the operator's own: they may be probed even where they are
	// private, or this machine's. While there are any, names that the public DNS does not
	// know are looked up too: their addresses decide.
	Allow []netip.Prefix
	// OptOut are those who asked not to be probed, allowed or not; nil where there is no
	// list. The prefix of a translator from IPv6 to IPv4 (NAT64) that is not 64:ff9b::/96
	// belongs there: nobody else can tell that private addresses hide in it.
	OptOut *OptOut
	// Ports may be probed besides 80, 443, 8080 and 8443; of servers of names, 53 always.
	Ports []uint16
	// Own gives the addresses of this machine, public ones too: nobody uses the bot
	// against its own host. Nil means that they could not be listed, and then nothing is
	// probed outside Allow. It is asked at most once in a minute, under a lock; by default
	// the interfaces are.
	Own func() []netip.Addr
}

// Shield says what may be probed. What it refuses is never sent a packet, whoever asks
// and whatever the DNS says: [Shield.Control] looks at the address really dialled. It may
// be used by many goroutines. A nil Shield, and the zero one, refuse everything.
type Shield struct {
	made    bool
	options ShieldOptions
	ports   []uint16

	mu    sync.Mutex
	own   []netip.Addr
	asked time.Time // when own was listed
}

// ownAge is how long the list of own addresses is used: DHCP changes them rarely.
const ownAge = time.Minute

// NewShield gives the Shield of o.
func NewShield(o ShieldOptions) *Shield {
	if o.Own == nil {
		o.Own = interfaceAddrs
	}
	return &Shield{made: true, options: o, ports: slices.Concat(webPorts, o.Ports)}
}

// Addr refuses an address that may not be probed. IPv4-mapped IPv6 is IPv4, and an IPv6
// address that holds an IPv4 one (NAT64, 6to4, ISATAP) is probed only where both may be.
func (s *Shield) Addr(a netip.Addr) error {
	if s == nil || !s.made {
		return &RefusedError{what(a), "there is no list of what may be probed"}
	}
	if !a.IsValid() {
		return &RefusedError{what(a), "it is none"}
	}
	a = a.Unmap()
	bare := a.WithZone("")
	if inner, ok := checks.Embedded(bare); ok {
		if err := s.Addr(inner); err != nil {
			return &RefusedError{what(a), "it leads to " + inner.String() + ", which may not be probed" + advice}
		}
	}
	switch special, is := checks.SpecialPurpose(a); {
	case s.options.OptOut.hasAddr(bare):
		return &RefusedError{what(a), optedOut}
	case contain(s.options.Allow, bare):
		return nil
	case is:
		return &RefusedError{what(a), "it is " + special + advice}
	}
	return s.notOwn(a)
}

// notOwn refuses the addresses of this machine.
func (s *Shield) notOwn(a netip.Addr) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.asked.IsZero() || now.Sub(s.asked) >= ownAge {
		if own := s.options.Own(); own != nil || s.own == nil {
			s.own = own
		}
		s.asked = now
	}
	switch {
	case s.own == nil:
		return &RefusedError{what(a), "the addresses of this machine could not be listed, and it might be one of them" + advice}
	case slices.ContainsFunc(s.own, func(o netip.Addr) bool { return o.Unmap().WithZone("") == a }):
		return &RefusedError{what(a), "it is an address of the machine that this bot runs on" + advice}
	}
	return nil
}

// Port refuses a port that nobody may ask about.
func (s *Shield) Port(port uint16) error {
	p := netip.AddrPortFrom(netip.IPv4Unspecified(), port).String()[len("0.0.0.0:"):]
	switch {
	case s == nil || !s.made:
		return &RefusedError{"port " + p, "there is no list of what may be probed"}
	case port == 0 || !slices.Contains(s.ports, port):
		return &RefusedError{"port " + p, "only 80, 443, 8080, 8443 and for DNS 53 are" + operator + "add others with probe.ports"}
	}
	return nil
}

// Probe refuses a probe: by its address, by its port, and by the names in it where one of
// them asked not to be probed, for a host may be known by its address from earlier on.
func (s *Shield) Probe(p Probe) error {
	if err := s.Addr(p.Addr); err != nil {
		return err
	}
	names := []string{hostOf(p.Host), hostOf(p.URL)}
	if p.Method != checks.MethodDNS { // of which it is the question, not the host
		names = append(names, p.Name)
	}
	for _, name := range names {
		if s.options.OptOut.hasName(name) {
			return &RefusedError{name, optedOut}
		}
	}
	if p.Method == checks.MethodICMP || p.Method == checks.MethodDNS && p.Port == dnsPort {
		return nil
	}
	return s.Port(p.Port)
}

// hostOf gives the host of a URL, and of anything else itself.
func hostOf(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Permit gives the addresses of a name that may be probed, in their order. Where none
// may, or the name itself or the one it stands for asked not to be, it says why.
func (s *Shield) Permit(r Resolution) ([]netip.Addr, error) {
	for _, name := range []string{r.Name, r.Canonical} {
		if err := s.Name(name); name != "" && err != nil {
			return nil, err
		}
	}
	var open []netip.Addr
	var refused error = &RefusedError{r.Name, "it has no address"}
	for i, a := range r.Addrs {
		if err := s.Addr(a); err == nil {
			open = append(open, a)
		} else if i == 0 {
			refused = err
		}
	}
	if len(open) > 0 {
		return open, nil
	}
	return nil, refused
}

// Control is for [net.Dialer.ControlContext]: the last word about an address, after every
// look-up, and before a packet is sent. Of TCP it looks at the port too, where 53 is open
// for answers of the DNS that are too long for UDP. The dialler's error wraps the
// [RefusedError].
func (s *Shield) Control(_ context.Context, network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	a := ap.Addr()
	if err != nil { // of ICMP there is no port
		if a, err = netip.ParseAddr(address); err != nil || strings.HasPrefix(network, "tcp") {
			return &RefusedError{address, "it is no address"}
		}
	}
	if err := s.Addr(a); err != nil || !strings.HasPrefix(network, "tcp") || ap.Port() == dnsPort {
		return err
	}
	return s.Port(ap.Port())
}

func what(a netip.Addr) string {
	if !a.IsValid() {
		return "the address"
	}
	return a.String()
}

func contain(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// interfaceAddrs gives the addresses of this machine's interfaces, nil where they cannot
// be listed.
func interfaceAddrs() []netip.Addr {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	own := []netip.Addr{}
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok {
				own = append(own, addr.Unmap())
			}
		}
	}
	return own
}
