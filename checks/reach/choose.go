package reach

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"isitdown/checks"
)

// Bounds of what is asked for one target. Steady rounds of two hosts to a block leave a
// third of what manners allow for asking more closely.
const (
	maxHosts   = 40
	perBlock   = 2
	perFamily  = 3 // addresses of a name
	maxServers = 20
)

// choice is a host that was chosen for a target, before anything is known of it.
type choice struct {
	probe  Probe
	role   checks.Role
	home   bool
	asleep bool // it is shown, not asked
	// found is the answer that there is without a probe: of a name that was not resolved.
	found checks.Answer
}

// chooser finds the hosts of a target. No address is ever made up: each one comes from
// the question, the operator, the DNS, or an answer.
type chooser struct {
	o    *Options
	f    *checks.Footprint
	gaps []checks.Gap
}

// choose gives the hosts of a target. known are those that it has a history of.
func choose(ctx context.Context, o *Options, f *checks.Footprint, known []key) ([]choice, []checks.Gap) {
	c := chooser{o: o, f: f}
	t := f.Target
	if err := o.Shield.Target(t); err != nil {
		c.gap("%s", sentence(err))
		return nil, c.gaps
	}
	var out []choice
	switch t.Kind() { // of one host a ping, and what most hosts serve: either answer is one
	case checks.KindHost:
		page := Probe{Method: checks.MethodHTTP, Port: 443, Name: t.Text(), URL: "https://" + t.Text() + "/"}
		out = c.named(ctx, t.Text(), checks.RoleAsked, []Probe{{Method: checks.MethodICMP}, page})
	case checks.KindURL:
		out = c.page(ctx, t.Text(), checks.RoleAsked)
	case checks.KindAddress:
		a := t.Prefix().Addr()
		out = c.at(a.String(), []netip.Addr{a}, checks.RoleAsked, []Probe{{Method: checks.MethodICMP}, {Method: checks.MethodTCP, Port: 443}})
		for _, k := range known {
			if k.addr == a && (k.method == checks.MethodTCP || k.method == checks.MethodDNS) {
				out = append(out, choice{probe: remembered(k), role: checks.RoleAsked, home: true})
			}
		}
	default:
		out = c.inside(ctx, known)
	}
	out = spread(append(out, c.listed(ctx)...))
	if len(out) == 0 && len(c.gaps) == 0 {
		c.gap("%s is not probed: no host inside it is known; name some of them as [[host]] in the configuration", t)
	}
	return out, c.gaps
}

// gap notes, once, what is missing.
func (c *chooser) gap(format string, args ...any) {
	g := checks.Gap{Check: "reach", Reason: fmt.Sprintf(format, args...)}
	if !slices.Contains(c.gaps, g) && len(c.gaps) < 8 {
		c.gaps = append(c.gaps, g)
	}
}

// inside gives the hosts of a country, a network or a prefix: name servers in its space
// and hosts there that answered before.
func (c *chooser) inside(ctx context.Context, known []key) []choice {
	var out []choice
	zone := zoneOf(c.f.Target)
	if zone != "" && c.o.Delegation != nil {
		servers, err := c.o.Delegation(ctx, zone)
		if err != nil {
			c.gap("the name servers of %s are not asked: %s", c.f.Target, sentence(err))
		}
		for _, s := range servers[:min(len(servers), maxServers)] {
			ask := []Probe{{Method: checks.MethodDNS, Port: dnsPort, Name: zone}}
			out = append(out, c.at(s.Name, s.Addrs, checks.RoleNameServer, ask)...)
		}
	}
	for _, k := range known {
		if k.addr.IsValid() && c.home(k.addr) && k.method != checks.MethodHTTP {
			p := remembered(k)
			if k.method == checks.MethodDNS {
				p.Name = cmp.Or(zone, ".")
			}
			out = append(out, choice{probe: p, role: checks.RoleKnown, home: true})
		}
	}
	return out
}

// listed gives the operator's hosts of the target.
func (c *chooser) listed(ctx context.Context) []choice {
	if c.o.Listed == nil {
		return nil
	}
	var out []choice
	for _, l := range c.o.Listed(c.f.Target) {
		ask := []Probe{{Method: checks.MethodICMP}}
		if l.Method != checks.MethodNone && l.Method != checks.MethodHTTP {
			ask = []Probe{{Method: l.Method, Port: cmp.Or(l.Port, usualPort(l.Method)), Name: l.Host}}
		}
		a, err := netip.ParseAddr(l.Host)
		switch {
		case strings.Contains(l.Host, "://"):
			out = append(out, c.page(ctx, l.Host, checks.RoleListed)...)
		case l.Method == checks.MethodHTTP:
			out = append(out, c.page(ctx, pageOf(l), checks.RoleListed)...)
		case err == nil:
			for i := range ask {
				ask[i].Name = ""
			}
			out = append(out, c.at(l.Host, []netip.Addr{a}, checks.RoleListed, ask)...)
		default:
			out = append(out, c.named(ctx, l.Host, checks.RoleListed, ask)...)
		}
	}
	for i := range out {
		if out[i].probe.Method == checks.MethodDNS {
			out[i].probe.Name = cmp.Or(zoneOf(c.f.Target), ".")
		}
		if out[i].asleep {
			c.gap("%s is on the list of hosts of %s and lies outside of it: what it answers says nothing of %[2]s", out[i].probe.Host, c.f.Target)
		}
	}
	return out
}

// pageOf gives the URL of a host that is listed for HTTP.
func pageOf(l Listed) string {
	u := url.URL{Scheme: "https", Host: l.Host, Path: "/"}
	if a, err := netip.ParseAddr(l.Host); err == nil && a.Is6() {
		u.Host = "[" + l.Host + "]"
	}
	switch l.Port {
	case 0, 443:
	case 80:
		u.Scheme = "http"
	default:
		u.Host += ":" + strconv.Itoa(int(l.Port))
		if l.Port == 8080 {
			u.Scheme = "http"
		}
	}
	return u.String()
}

func usualPort(m checks.Method) uint16 {
	return map[checks.Method]uint16{checks.MethodTCP: 443, checks.MethodTLS: 443, checks.MethodHTTP: 443, checks.MethodDNS: dnsPort}[m]
}

// page gives the probes of a URL, one for each address of its host.
func (c *chooser) page(ctx context.Context, text string, role checks.Role) []choice {
	u, err := url.Parse(text)
	if err == nil {
		err = c.o.Shield.URL(u)
	}
	if err != nil {
		c.gap("%s", sentence(err))
		return nil
	}
	host := u.Hostname()
	ask := []Probe{{Host: text, Method: checks.MethodHTTP, Port: urlPort(u), Name: host, URL: text}}
	if a, err := netip.ParseAddr(host); err == nil {
		return c.at(text, []netip.Addr{a}, role, ask)
	}
	return c.named(ctx, host, role, ask)
}

// named gives the probes of a host by its name.
func (c *chooser) named(ctx context.Context, name string, role checks.Role, ask []Probe) []choice {
	shown := cmp.Or(ask[0].Host, name)
	if c.o.Resolve == nil {
		c.gap("%s is not probed: no resolver is set up", name)
		return nil
	}
	found, err := c.o.Resolve(ctx, name)
	if failed, ok := errors.AsType[*ResolveError](err); ok {
		p := ask[0]
		p.Host = shown
		a := unsent(p, checks.OneLine(failed.Clause(), 200))
		a.Outcome = failed.Kind
		return []choice{{probe: p, role: role, home: role == checks.RoleAsked, found: a}}
	}
	if err == nil {
		found.Addrs, err = c.o.Shield.Permit(found)
	}
	if err != nil {
		c.gap("%s", sentence(err))
		return nil
	}
	return c.at(shown, found.Addrs, role, ask)
}

// at gives the probes of a host by its addresses.
func (c *chooser) at(shown string, addrs []netip.Addr, role checks.Role, ask []Probe) []choice {
	var out []choice
	four, six := 0, 0
	for _, a := range addrs {
		n := &four
		if a = a.Unmap(); a.Is6() {
			n = &six
		}
		if *n++; *n > perFamily {
			continue
		}
		home := role == checks.RoleAsked || c.home(a)
		for _, p := range ask {
			p.Host, p.Addr = shown, a
			out = append(out, choice{probe: p, role: role, home: home, asleep: !home})
		}
	}
	return out
}

// home reports whether an address lies inside the space of the target.
func (c *chooser) home(a netip.Addr) bool {
	t := c.f.Target
	switch t.Kind() {
	case checks.KindHost, checks.KindURL, checks.KindAddress:
		return true
	case checks.KindPrefix:
		return t.Prefix().Contains(a)
	}
	return c.f.Inside(netip.PrefixFrom(a, a.BitLen())) || c.o.Belongs != nil && c.o.Belongs(t, a)
}

// zoneOf gives the zone that a country's names are in.
func zoneOf(t checks.Target) string {
	if t.Kind() != checks.KindCountry {
		return ""
	}
	if t.Text() == "GB" {
		return "uk." // its ISO code was not what the registry took
	}
	return strings.ToLower(t.Text()) + "."
}

// remembered gives the probe of a host that is known from its history.
func remembered(k key) Probe {
	return Probe{Host: k.name, Addr: k.addr, Method: k.method, Port: k.port, Name: nameOf(k)}
}

// nameOf gives the server name of a host; an address has none.
func nameOf(k key) string {
	if _, err := netip.ParseAddr(k.name); err == nil {
		return ""
	}
	return k.name
}

// spread drops what comes twice, and bounds the rest: perBlock hosts of a block, block
// after block, so that many blocks speak and no single one decides.
func spread(all []choice) []choice {
	all = slices.Clone(all)
	awake := func(a, b choice) int { return cmp.Compare(btoi(a.asleep), btoi(b.asleep)) }
	slices.SortStableFunc(all, awake) // what is only shown takes no place from what is asked
	var out []choice
	seen := map[key]bool{}
	blocks := map[netip.Prefix][]netip.Addr{} // the hosts taken of each
	for turn := range perBlock {
		for _, c := range all {
			k := keyOf(c.probe)
			if seen[k] || len(out) >= maxHosts {
				continue
			}
			if c.probe.Addr.IsValid() && !c.asleep && c.role != checks.RoleAsked {
				block := blockOf(c.probe.Addr)
				if taken := blocks[block]; !slices.Contains(taken, c.probe.Addr) {
					if len(taken) > turn {
						continue
					}
					blocks[block] = append(taken, c.probe.Addr)
				}
			}
			seen[k] = true
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b choice) int { return cmp.Or(cmp.Compare(a.role, b.role), awake(a, b)) })
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sentence makes an error that was written for a person fit for a gap.
func sentence(err error) string { return checks.OneLine(err.Error(), 300) }
