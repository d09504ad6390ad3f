package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// exampleNames are the names that the tests look up.
func exampleNames() records {
	r := records{
		"www.example.org":         {"A 192.0.2.2", "A 192.0.2.1", "AAAA 2001:db8::1"},
		"four.example.org":        {"A 192.0.2.4"},
		"six.example.org":         {"AAAA 2001:db8::6"},
		"mapped.example.org":      {"AAAA ::ffff:127.0.0.1", "A 127.0.0.1"},
		"empty.example.org":       {"TXT nothing"},
		"alias.example.org":       {"CNAME www.example.org."},
		"lost.example.org":        {"CNAME gone.example.org."},
		"loop.example.org":        {"CNAME pool.example.org."},
		"pool.example.org":        {"CNAME loop.example.org."},
		"odd.example.org":         {`CNAME a\032b.example.org.`},
		"c8.example.org":          {"A 192.0.2.8"},
		"under_score.example.org": {"A 192.0.2.9"},
	}
	for i := range 8 {
		r[fmt.Sprintf("c%d.example.org", i)] = []string{fmt.Sprintf("CNAME c%d.example.org.", i+1)}
	}
	r["c-1.example.org"] = []string{"CNAME c0.example.org."}
	for i := range 20 {
		r["many.example.org"] = append(r["many.example.org"], fmt.Sprintf("A 192.0.2.%d", 20-i), fmt.Sprintf("AAAA 2001:db8::%x", 20-i))
	}
	return r
}

// one gives a server that follows no alias itself.
func one(r records) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		name := strings.TrimSuffix(q.Question[0].Name, ".")
		w.WriteMsg(records{name: r[name]}.answerFirst(q))
	}
}

func (r records) answerFirst(q *dns.Msg) *dns.Msg {
	m := r.answer(q)
	m.Answer, m.Rcode = m.Answer[:min(1, len(m.Answer))], dns.RcodeSuccess
	return m
}

func TestLookup(t *testing.T) {
	tests := []struct{ host, addrs, canonical string }{
		{"www.example.org", "192.0.2.1 192.0.2.2 2001:db8::1", "www.example.org"},
		{"WWW.Example.ORG.", "192.0.2.1 192.0.2.2 2001:db8::1", "www.example.org"},
		{"four.example.org", "192.0.2.4", "four.example.org"},
		{"six.example.org", "2001:db8::6", "six.example.org"},
		{"mapped.example.org", "127.0.0.1", "mapped.example.org"},
		{"alias.example.org", "192.0.2.1 192.0.2.2 2001:db8::1", "www.example.org"},
		{"c0.example.org", "192.0.2.8", "c8.example.org"}, // eight aliases
		{"under_score.example.org", "192.0.2.9", "under_score.example.org"},
		{
			"many.example.org", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 " +
				"2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4 2001:db8::5 2001:db8::6 2001:db8::7 2001:db8::8", "many.example.org",
		},
		{"8.8.8.8", "8.8.8.8", "8.8.8.8"},
		{"::ffff:8.8.8.8", "8.8.8.8", "8.8.8.8"},
	}
	nothingLeft(t)
	for name, s := range map[string]*dnsServer{"whole": serveDNS(t, exampleNames().handle), "one alias at a time": serveDNS(t, one(exampleNames()))} {
		r := asking(ResolverOptions{}, s)
		for _, tt := range tests {
			if name != "whole" && strings.Contains(tt.addrs, " ") {
				continue // it gives the first record alone
			}
			got, err := r.Lookup(t.Context(), tt.host)
			if err != nil {
				t.Errorf("%s: %s: %v", name, tt.host, err)
				continue
			}
			if addrs := strings.Trim(fmt.Sprint(got.Addrs), "[]"); addrs != tt.addrs || got.Canonical != tt.canonical || got.At.IsZero() {
				t.Errorf("%s: %s: got %+v, want %s of %s", name, tt.host, got, tt.addrs, tt.canonical)
			}
			if literal := !strings.Contains(tt.canonical, "example"); literal == got.Server.IsValid() || literal == (got.TTL == 30*time.Second) {
				t.Errorf("%s: %s: said by %v, for %v", name, tt.host, got.Server, got.TTL)
			}
		}
	}
}

// fails gives the error of a look-up.
func fails(t *testing.T, r *Resolver, host string) *ResolveError {
	t.Helper()
	res, err := r.Lookup(t.Context(), host)
	e, ok := errors.AsType[*ResolveError](err)
	if !ok || len(res.Addrs) > 0 {
		t.Fatalf("%s: got %v, %v, want a ResolveError", host, res, err)
	}
	if text := e.Error(); strings.ContainsAny(text, "\n\r\t") || strings.Contains(text, "i/o timeout") || strings.Contains(text, "connection refused") {
		t.Errorf("%s: got %q, want a sentence for a person", host, text)
	}
	return e
}

// Each way of failing is told apart.
func TestLookupFails(t *testing.T) {
	nothingLeft(t)
	quick := ResolverOptions{Timeout: 50 * time.Millisecond}
	whole, alone := serveDNS(t, exampleNames().handle), serveDNS(t, one(exampleNames()))
	gone := &dnsServer{addr: unusedPort(t)}
	picky := serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if q.Question[0].Name == "." {
			exampleNames().handle(w, q)
		}
	})
	tests := []struct {
		name    string
		servers []*dnsServer
		host    string
		kind    checks.Outcome
		rcode   int
		say     string
	}{
		{"no such name", []*dnsServer{whole}, "no.example.org", checks.Nonexistent, dns.RcodeNameError, "no.example.org has no address to probe: the name does not exist (NXDOMAIN, says 127.0.0.1)"},
		{"no address", []*dnsServer{whole}, "empty.example.org", checks.Nonexistent, dns.RcodeSuccess, "the name has none"},
		{"alias of nothing", []*dnsServer{whole}, "lost.example.org", checks.Nonexistent, dns.RcodeNameError, "an alias of a name that does not exist"},
		{"loop", []*dnsServer{whole}, "loop.example.org", checks.Unresolved, dns.RcodeSuccess, "without an end in sight"},
		{"loop, one at a time", []*dnsServer{alone}, "loop.example.org", checks.Unresolved, dns.RcodeSuccess, "without an end in sight"},
		{"nine aliases", []*dnsServer{whole}, "c-1.example.org", checks.Unresolved, dns.RcodeSuccess, "without an end in sight"},
		{"nine aliases, one at a time", []*dnsServer{alone}, "c-1.example.org", checks.Unresolved, dns.RcodeSuccess, "without an end in sight"},
		{"alias of no host", []*dnsServer{alone}, "odd.example.org", checks.Unresolved, dns.RcodeSuccess, "no name of a host"},
		{"servers of the name fail", []*dnsServer{serveDNS(t, rcode(dns.RcodeServerFailure))}, "www.example.org", checks.Unresolved, dns.RcodeServerFailure, "(SERVFAIL, says 127.0.0.1)"},
		{"we are refused", []*dnsServer{serveDNS(t, rcode(dns.RcodeRefused))}, "www.example.org", checks.Unmeasured, dns.RcodeRefused, "does not serve us (REFUSED): set another with probe.resolver"},
		{"refused, then fails", []*dnsServer{serveDNS(t, rcode(dns.RcodeRefused)), serveDNS(t, rcode(dns.RcodeServerFailure))}, "www.example.org", checks.Unresolved, dns.RcodeServerFailure, "SERVFAIL"},
		{"nobody answers", []*dnsServer{serveDNS(t, silent)}, "www.example.org", checks.Unmeasured, 0, "was not looked up: no DNS server of ours answers"},
		{"nobody is there", []*dnsServer{gone}, "www.example.org", checks.Unmeasured, 0, "no DNS server of ours answers"},
		{"answers about other names", []*dnsServer{picky}, "www.example.org", checks.Unresolved, 0, "our resolver answers, but got no answer about this name"},
		{"not a name", []*dnsServer{whole}, "0x7f.1", checks.Nonexistent, 0, "does not end in a number"},
	}
	for _, tt := range tests {
		e := fails(t, asking(quick, tt.servers...), tt.host)
		if e.Kind != tt.kind || e.Rcode != tt.rcode || !strings.Contains(e.Error(), tt.say) {
			t.Errorf("%s: got %v, %s: %q; want %v, %s: %q", tt.name, e.Kind, rcodeName(e.Rcode), e, tt.kind, rcodeName(tt.rcode), tt.say)
		}
	}
}

// unusedPort gives an address at which nobody listens.
func unusedPort(t *testing.T) netip.AddrPort {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	return pc.LocalAddr().(*net.UDPAddr).AddrPort()
}

// A server that is silent, not there, or fails, gives way to the next.
func TestLookupNextServer(t *testing.T) {
	for name, first := range map[string]*dnsServer{
		"silent": serveDNS(t, silent), "not there": {addr: unusedPort(t)},
		"fails": serveDNS(t, rcode(dns.RcodeServerFailure)), "refuses": serveDNS(t, rcode(dns.RcodeRefused)), "does not understand": serveDNS(t, rcode(dns.RcodeFormatError)),
	} {
		second := serveDNS(t, exampleNames().handle)
		got, err := asking(ResolverOptions{Timeout: 50 * time.Millisecond}, first, second).Lookup(t.Context(), "four.example.org")
		if err != nil || got.Server != second.addr {
			t.Errorf("%s: got %+v, %v, want the answer of the second", name, got, err)
		}
	}
	fourth := serveDNS(t, exampleNames().handle)
	dead := &dnsServer{addr: unusedPort(t)}
	if _, err := asking(ResolverOptions{}, dead, dead, dead, fourth).Lookup(t.Context(), "four.example.org"); err == nil || fourth.questions("") > 0 {
		t.Error("a fourth server is asked")
	}
}

// A server that never answers about IPv6 does not hold up what it says of IPv4.
func TestLookupOneFamily(t *testing.T) {
	s := serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if q.Question[0].Qtype == dns.TypeA {
			exampleNames().handle(w, q)
		}
	})
	for name, o := range map[string]time.Duration{"grace": 0, "deadline": 200 * time.Millisecond} {
		ctx := t.Context()
		if o > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, o)
			defer cancel()
		}
		got, err := asking(ResolverOptions{Timeout: time.Minute}, s).Lookup(ctx, "www.example.org")
		if err != nil || len(got.Addrs) != 2 {
			t.Errorf("%s: got %v, %v, want what is known of IPv4", name, got.Addrs, err)
		}
	}
}

// Of the records in an answer those count that belong to the question; of the answers,
// those to it.
func TestLookupForged(t *testing.T) {
	rr := func(text string) dns.RR { return must(dns.NewRR(text)) }
	s := serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
		right := exampleNames().answer(q)
		if q.Question[0].Qtype != dns.TypeA {
			w.WriteMsg(right)
			return
		}
		evil := rr("four.example.org. 30 IN A 6.6.6.6")
		for _, bend := range []func(m *dns.Msg){
			func(m *dns.Msg) { m.Id++ },
			func(m *dns.Msg) { m.Question[0].Name = "evil.example.org." },
			func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA },
			func(m *dns.Msg) { m.Response = false },
			func(m *dns.Msg) { m.Question = nil },
			func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify },
		} {
			m := right.Copy()
			m.Answer = []dns.RR{evil}
			bend(m)
			w.WriteMsg(m)
		}
		w.Write([]byte("this is no message at all"))
		right.Answer = append(right.Answer, rr("evil.example.org. 30 IN A 6.6.6.6"), rr("www.example.org. 1 IN CNAME evil.example.org."), rr("four.example.org. 30 CH A 6.6.6.6"))
		w.WriteMsg(right)
	})
	got, err := asking(ResolverOptions{}, s).Lookup(t.Context(), "four.example.org")
	if err != nil || !slices.Equal(got.Addrs, []netip.Addr{netip.MustParseAddr("192.0.2.4")}) {
		t.Errorf("got %v, %v, want the one true address", got, err)
	}
}

// What is cut off over UDP is asked for over TCP; where that fails, what fitted counts.
func TestLookupTruncated(t *testing.T) {
	for name, tcp := range map[string]bool{"whole over TCP": true, "nothing over TCP": false} {
		s := serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
			m := exampleNames().answer(q)
			if _, overTCP := w.RemoteAddr().(*net.TCPAddr); !overTCP {
				m.Truncated, m.Answer = true, m.Answer[:1]
			} else if !tcp {
				return
			}
			w.WriteMsg(m)
		})
		got, err := asking(ResolverOptions{Timeout: 100 * time.Millisecond}, s).Lookup(t.Context(), "many.example.org")
		if want := map[bool]int{true: 2 * MaxAddrs, false: 2}[tcp]; err != nil || len(got.Addrs) != want {
			t.Errorf("%s: got %v, %v, want %d addresses", name, got.Addrs, err, want)
		}
	}
}
