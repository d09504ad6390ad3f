package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/reach"
)

// The settings of what is probed. What each means stands in config.example.toml, and
// docs/reach.md says what is sent, when, and to whom.

type probeConfig struct {
	Enabled     bool         `toml:"enabled"`
	Every       duration     `toml:"every"`
	Timeout     duration     `toml:"timeout"`
	Privileged  bool         `toml:"privileged"`
	Allow       []space      `toml:"allow"`
	Ports       []int        `toml:"ports"`
	OptOut      string       `toml:"opt_out"`
	Resolver    []nameServer `toml:"resolver"`
	Controls    []control    `toml:"controls"`
	NameServers bool         `toml:"name_servers"`
	Trace       bool         `toml:"trace"`
	Gateway     bool         `toml:"gateway"`
	ASN         ownNetwork   `toml:"asn"`
	Continent   string       `toml:"continent"`
}

// hostConfig is one host that stands for a country, a network or a prefix.
type hostConfig struct {
	Target string `toml:"target"`
	Host   string `toml:"host"`
	Method string `toml:"method"`
	Port   int    `toml:"port"`
	Reason string `toml:"reason"`
}

func defaultProbe() probeConfig {
	return probeConfig{
		Enabled: true, Every: duration{2 * time.Minute}, Timeout: duration{3 * time.Second},
		Allow: []space{}, Ports: []int{}, Resolver: []nameServer{}, Controls: []control{},
		NameServers: true, Trace: true, Gateway: true,
	}
}

// probes reports whether probes may be sent. Recordings are not probed in any case.
func (c *config) probes() bool { return c.Probe.Enabled && !c.Sources.Offline }

// space is a range of addresses, written as a prefix or as one address.
type space struct{ netip.Prefix }

// UnmarshalText reads "192.0.2.0/24", "2001:db8::1" and the like.
func (s *space) UnmarshalText(text []byte) error {
	if a, err := netip.ParseAddr(string(text)); err == nil && a.Zone() == "" {
		a = a.Unmap()
		s.Prefix = netip.PrefixFrom(a, a.BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(string(text))
	if err != nil || p.Addr().Is4In6() {
		return fmt.Errorf("%q is neither an address nor a prefix: write it as in \"192.0.2.0/24\"", text)
	}
	if p != p.Masked() {
		return fmt.Errorf("%q has bits set beyond its length: did you mean %v?", text, p.Masked())
	}
	s.Prefix = p
	return nil
}

// nameServer is a DNS server that is asked for names.
type nameServer struct{ netip.AddrPort }

// dnsPort is where DNS servers listen (RFC 1035, section 4.2).
const dnsPort = 53

// UnmarshalText reads "192.0.2.53", "192.0.2.53:5353" and "[2001:db8::53]:53".
func (n *nameServer) UnmarshalText(text []byte) error {
	if a, err := netip.ParseAddr(string(text)); err == nil {
		n.AddrPort = netip.AddrPortFrom(a.Unmap(), dnsPort)
		return nil
	}
	p, err := netip.ParseAddrPort(string(text))
	if err != nil || p.Port() == 0 {
		return fmt.Errorf("%q is not the address of a DNS server: write it as in \"192.0.2.53\", or with its port as in \"192.0.2.53:5353\"", text)
	}
	n.AddrPort = netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	return nil
}

// control is a host that shows whether our own network works, and the network that it is in.
type control struct {
	Addr netip.Addr
	ASN  checks.ASN
}

// UnmarshalText reads "192.0.2.1 AS64500".
func (c *control) UnmarshalText(text []byte) error {
	address, network, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	a, err := netip.ParseAddr(address)
	if err != nil || a.Zone() != "" {
		return fmt.Errorf("%q is not a control target: write its address and its network, as in \"192.0.2.1 AS64500\"", text)
	}
	c.Addr = a.Unmap()
	if c.ASN, err = checks.ParseASN(network); err != nil {
		return fmt.Errorf("%q names no network: write it behind the address, as in \"192.0.2.1 AS64500\"", text)
	}
	return nil
}

// ownNetwork is an AS number that need not be given.
type ownNetwork struct{ checks.ASN }

// UnmarshalText reads what [checks.ParseASN] does; empty text is none.
func (n *ownNetwork) UnmarshalText(text []byte) (err error) {
	n.ASN = 0
	if len(text) > 0 {
		n.ASN, err = checks.ParseASN(string(text))
	}
	return err
}

// allowed gives the ranges of one's own that may be probed whatever they are.
func (c *probeConfig) allowed() (list []netip.Prefix) {
	for _, s := range c.Allow {
		list = append(list, s.Prefix)
	}
	return list
}

// ports gives those that are set, which were found to be ports.
func (c *probeConfig) ports() (list []uint16) {
	for _, p := range c.Ports {
		list = append(list, uint16(p))
	}
	return list
}

// servers gives the DNS servers that are set.
func (c *probeConfig) servers() (list []netip.AddrPort) {
	for _, n := range c.Resolver {
		list = append(list, n.AddrPort)
	}
	return list
}

// controls gives the control targets: those that are set, or the defaults.
func (c *probeConfig) controls() (list []reach.Control) {
	for _, one := range c.Controls {
		list = append(list, reach.Control{Addr: one.Addr, ASN: one.ASN})
	}
	if len(list) == 0 {
		return reach.Controls()
	}
	return list
}

// listed gives the hosts that stand for targets, as they were checked to be.
func (c *config) listed() func(t checks.Target) []reach.Listed {
	list := map[checks.Target][]reach.Listed{}
	for _, h := range c.Hosts {
		t, err := checks.ParseTarget(h.Target)
		if err != nil {
			continue // which validate has refused
		}
		method := checks.Method(1 + slices.Index(probeMethods[:], h.Method)) // none for none
		list[t] = append(list[t], reach.Listed{Host: h.Host, Method: method, Port: uint16(h.Port)})
	}
	return func(t checks.Target) []reach.Listed { return list[t] }
}
