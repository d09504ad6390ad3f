package reach

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// NameServer is an authoritative name server of a zone, with its addresses.
type NameServer struct {
	Name  string // in lower case, without the last dot; foreign text
	Addrs []netip.Addr
}

// Inside parts the addresses of a name server into those inside the space of a target and
// the others: that a server abroad answers says nothing of the country whose zone it has.
func (s NameServer) Inside(f *checks.Footprint) (home, abroad []netip.Addr) {
	for _, a := range s.Addrs {
		if f.Inside(netip.PrefixFrom(a, a.BitLen())) {
			home = append(home, a)
		} else {
			abroad = append(abroad, a)
		}
	}
	return home, abroad
}

const (
	maxNameServers = 20 // of a zone; 13 is what most stop at
	maxParents     = 4  // servers of the zone above that are asked
)

// Delegation gives the authoritative name servers of a zone ("kp"), by name, with their
// addresses. Where the resolver knows not all of them, as when a zone whose servers bear
// names of its own has gone dark, the zone above is asked: it has their addresses with
// the delegation (glue, RFC 1034 section 4.2.1). A server of which no address is to be
// had is listed without. The error says that not even names were found.
func (d *Dialers) Delegation(ctx context.Context, r *Resolver, zone string) ([]NameServer, error) {
	zone = dns.CanonicalName(zone)
	names, err := r.zoneServers(ctx, zone)
	servers := r.addresses(ctx, names)
	bare := func(n string) bool { return len(servers[n]) == 0 }
	if len(names) == 0 || slices.ContainsFunc(names, bare) {
		glue := d.referral(ctx, r, zone)
		if len(names) == 0 {
			names = slices.Collect(maps.Keys(glue))
			servers = r.addresses(ctx, slices.DeleteFunc(slices.Clone(names), func(n string) bool { return len(glue[n]) > 0 }))
		}
		for _, name := range names {
			if bare(name) {
				servers[name] = glue[name]
			}
		}
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("looking up the name servers of %s: %w", plain(zone), err)
	}
	var list []NameServer
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		list = append(list, NameServer{Name: name, Addrs: servers[name]})
	}
	return list, nil
}

// zoneServers asks the resolver for the names of a zone's servers.
func (r *Resolver) zoneServers(ctx context.Context, zone string) ([]string, error) {
	servers, why := r.servers()
	if why != "" {
		return nil, &ResolveError{Name: plain(zone), Why: why, Kind: checks.Unmeasured}
	}
	m, server, failure := r.ask(ctx, servers, zone, dns.TypeNS)
	if failure != nil {
		failure.Name = plain(zone)
		return nil, failure
	}
	names := delegated(m.Answer, zone)
	if len(names) == 0 {
		return nil, &ResolveError{Name: plain(zone), Rcode: m.Rcode, Server: server, Why: "it is no zone with name servers of its own", Kind: checks.Nonexistent}
	}
	return names, nil
}

// addresses looks up hosts at the same time. Each is a key of what it gives.
func (r *Resolver) addresses(ctx context.Context, names []string) map[string][]netip.Addr {
	found := make(map[string][]netip.Addr, len(names))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() {
			res, _ := r.Lookup(ctx, name) // one that has no address is listed without
			mu.Lock()
			defer mu.Unlock()
			found[name] = res.Addrs
		})
	}
	wg.Wait()
	return found
}

// referral asks servers of the zone above for the delegation, until one has it.
func (d *Dialers) referral(ctx context.Context, r *Resolver, zone string) map[string][]netip.Addr {
	above, parents := zone, []string(nil)
	for above != "." && len(parents) == 0 {
		above = parentName(above)
		parents, _ = r.zoneServers(ctx, above)
	}
	parents = parents[:min(len(parents), maxParents)]
	addrs := r.addresses(ctx, parents)
	for _, name := range parents {
		for _, a := range addrs[name][:min(len(addrs[name]), 1)] {
			p := Probe{Host: name, Addr: a, Port: d.question}
			if d.shield.Addr(a) != nil || d.hop(ctx, p.addrPort()) != nil {
				continue
			}
			q := question(zone, dns.TypeNS).SetEdns0(udpSize, false)
			q.RecursionDesired = false
			bounded, cancel := context.WithTimeout(ctx, d.timeout)
			m, _ := d.askServer(bounded, p, q)
			cancel()
			if m == nil || m.Rcode != dns.RcodeSuccess {
				continue
			}
			if found := readReferral(m, zone, above); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// readReferral reads a delegation with its glue: addresses of the servers that it names,
// as far as the zone above may speak of them.
func readReferral(m *dns.Msg, zone, above string) map[string][]netip.Addr {
	names := delegated(slices.Concat(m.Answer, m.Ns), zone)
	found := make(map[string][]netip.Addr, len(names))
	for _, n := range names {
		found[n] = nil
	}
	for _, rr := range m.Extra {
		name := plain(rr.Header().Name)
		a, ok := addrOf(rr)
		if known, listed := found[name]; ok && listed && len(known) < 2*MaxAddrs && dns.IsSubDomain(above, dns.Fqdn(name)) && !slices.Contains(known, a) {
			found[name] = append(known, a)
		}
	}
	for _, addrs := range found {
		slices.SortFunc(addrs, netip.Addr.Compare)
	}
	return found
}

// delegated gives the name servers that records name for a zone.
func delegated(records []dns.RR, zone string) (names []string) {
	for _, rr := range records {
		ns, ok := rr.(*dns.NS)
		if !ok || dns.CanonicalName(ns.Hdr.Name) != zone {
			continue
		}
		name, why := hostName(strings.TrimSuffix(ns.Ns, "."))
		if why == "" && len(names) < maxNameServers && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// parentName takes the first label off a name: "kp." is below ".".
func parentName(name string) string {
	i, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[i:]
}
