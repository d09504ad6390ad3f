package reach

import (
	"context"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// forever is the time to live of what no record bounds.
const forever time.Duration = math.MaxInt64

// found is what was found of the addresses of one family.
type found struct {
	addrs  []netip.Addr // ascending
	end    string       // the name at the end of the aliases, without the last dot
	rcode  int
	server netip.AddrPort
	ttl    time.Duration
	err    *ResolveError
}

// family asks for the addresses of one family, along aliases: a server that gives only
// the first of them is asked for the next.
func (r *Resolver) family(ctx context.Context, servers []netip.AddrPort, name string, qtype uint16) found {
	f := found{end: name, ttl: forever}
	for links := 0; ; {
		m, server, err := r.ask(ctx, servers, f.end, qtype)
		if err != nil {
			err.Name, f.err = name, err
			return f
		}
		f.server, f.rcode = server, m.Rcode
		next := follow(m, f.end, qtype)
		links += next.links
		f.ttl = min(f.ttl, next.ttl)
		if links > maxAliases {
			f.err = &ResolveError{Name: name, Server: server, Why: "it is an alias of an alias, and so on, without an end in sight", Kind: checks.Unresolved}
			return f
		}
		f.addrs = next.addrs
		if next.end == f.end || len(f.addrs) > 0 || m.Rcode != dns.RcodeSuccess || next.whole {
			f.end = next.end
			return f
		}
		var why string
		if f.end, why = hostName(next.end); why != "" {
			f.end = next.end
			f.err = &ResolveError{Name: name, Server: server, Why: "it is an alias of something that is no name of a host", Kind: checks.Unresolved}
			return f
		}
	}
}

// ask gives the answer of the first server that gives one about the name. Those that
// fail are asked again, after the others.
func (r *Resolver) ask(ctx context.Context, servers []netip.AddrPort, name string, qtype uint16) (*dns.Msg, netip.AddrPort, *ResolveError) {
	failure := nobody(ctx, name)
	for range 2 {
		for _, server := range servers {
			if ctx.Err() != nil {
				failure.err = ctx.Err()
				return nil, server, failure
			}
			m, err := r.once(ctx, server, name, qtype)
			switch {
			case err != nil: // it is silent, or not there
			case m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError:
				return m, server, nil
			case m.Rcode == dns.RcodeServerFailure:
				failure = &ResolveError{Rcode: m.Rcode, Server: server, Why: "the servers of the name fail or do not answer", Kind: checks.Unresolved}
			case !failure.Server.IsValid():
				failure = &ResolveError{Rcode: m.Rcode, Server: server, Kind: checks.Unmeasured}
				failure.Why = "the DNS server " + server.Addr().String() + " does not serve us (" + rcodeName(m.Rcode) + "): set another with probe.resolver"
			}
		}
	}
	return nil, netip.AddrPort{}, failure
}

// followed is what one answer says: where its aliases lead, and the addresses there.
type followed struct {
	addrs []netip.Addr
	end   string
	links int
	ttl   time.Duration
	whole bool // the answer says that there is nothing at the end (RFC 2308)
}

// follow reads the answer to a question about a name. Of its records those alone count
// that belong to the name, or to the names that it is an alias of.
func follow(m *dns.Msg, name string, qtype uint16) followed {
	f := followed{end: name, ttl: forever}
	aliases := make(map[string]*dns.CNAME)
	for _, rr := range m.Answer {
		if c, ok := rr.(*dns.CNAME); ok && c.Hdr.Class == dns.ClassINET {
			aliases[plain(c.Hdr.Name)] = c
		}
	}
	for c := aliases[f.end]; c != nil && f.links <= maxAliases; c = aliases[f.end] {
		f.end = plain(c.Target)
		f.links++
		f.ttl = min(f.ttl, seconds(c.Hdr.Ttl))
	}
	for _, rr := range m.Answer {
		if h := rr.Header(); h.Class != dns.ClassINET || h.Rrtype != qtype || plain(h.Name) != f.end {
			continue
		}
		if a, ok := addrOf(rr); ok {
			f.addrs = append(f.addrs, a)
			f.ttl = min(f.ttl, seconds(rr.Header().Ttl))
		}
	}
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok && len(f.addrs) == 0 {
			f.whole = true
			f.ttl = min(f.ttl, seconds(min(soa.Minttl, soa.Hdr.Ttl)))
		}
	}
	slices.SortFunc(f.addrs, netip.Addr.Compare)
	f.addrs = slices.Compact(f.addrs)
	return f
}

func addrOf(rr dns.RR) (netip.Addr, bool) {
	var ip []byte
	switch rr := rr.(type) {
	case *dns.A:
		ip = rr.A.To4()
	case *dns.AAAA:
		ip = rr.AAAA.To16()
	}
	a, ok := netip.AddrFromSlice(ip)
	return a.Unmap(), ok
}

// plain gives a name of the DNS in lower case and without its last dot.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func seconds(ttl uint32) time.Duration { return time.Duration(ttl) * time.Second }

// hostName gives the name of a host as the DNS is asked for it, or why it is none. It
// lets underscores through, which some hosts have in spite of RFC 1123, and nothing that
// a resolver may take for an address.
func hostName(host string) (name, why string) {
	name = strings.TrimSuffix(host, ".")
	switch {
	case name == "" || len(name) > 253:
		return "", "a name has 1 to 253 characters"
	case !strings.Contains(name, "."):
		return "", "a name without a dot is none of the public DNS"
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return "", "each part of a name has 1 to 63 characters"
		}
		for _, c := range []byte(label) {
			if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_') {
				return "", "only letters, digits, hyphens and dots may stand in a name"
			}
		}
	}
	name = strings.ToLower(name)
	last := name[strings.LastIndexByte(name, '.')+1:]
	if hex, is := strings.CutPrefix(last, "0x"); strings.Trim(last, "0123456789") == "" || is && strings.Trim(hex, "0123456789abcdef") == "" {
		return "", "a name does not end in a number"
	}
	return name, ""
}
