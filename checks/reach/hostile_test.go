package reach

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// siege is what a hostile input goes through.
type siege struct {
	shield   *Shield
	resolver *Resolver
	dialers  *Dialers
	raw      *net.Dialer // with Control alone, and Go's resolver
	port     uint16
}

func newSiege(names *dnsServer, port uint16, o ShieldOptions) siege {
	o.Ports = []uint16{port}
	s := siege{shield: NewShield(o), resolver: asking(ResolverOptions{}, names), port: port}
	s.dialers = NewDialers(DialerOptions{Shield: s.shield, Lookup: s.resolver.Lookup, Timeout: 200 * time.Millisecond})
	goResolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, names.addr.String())
	}}
	s.raw = &net.Dialer{ControlContext: s.shield.Control, Resolver: goResolver, Timeout: 500 * time.Millisecond}
	return s
}

// check asks about what a person typed, as the bot does. It gives the sentence of the
// refusal, or what came of the probes.
func (s siege) check(ctx context.Context, in string) (string, []checks.Answer) {
	t, err := checks.ParseTarget(in)
	if err != nil {
		return err.Error(), nil
	}
	if err := s.shield.Target(t); err != nil {
		return err.Error(), nil
	}
	p := Probe{Host: t.String(), Name: t.Text(), Port: s.port}
	host := t.Text()
	switch t.Kind() {
	case checks.KindAddress:
		host = t.Prefix().Addr().String()
	case checks.KindPrefix:
		return "a prefix has no host to probe that this test knows of", nil
	case checks.KindURL:
		u := must(url.Parse(t.Text()))
		p.URL, p.Name, p.Port, host = t.Text(), u.Hostname(), urlPort(u), u.Hostname()
	}
	res, err := s.resolver.Lookup(ctx, host)
	if err != nil {
		return err.Error(), nil
	}
	open, err := s.shield.Permit(res)
	if err != nil {
		return err.Error(), nil
	}
	var all []checks.Answer
	for _, p.Addr = range open {
		all = append(all, s.ask(ctx, p)...)
	}
	return "", all
}

// round asks as the monitor does: what choose finds, through an [Asker]. It gives what came
// of it, and the gaps.
func (s siege) round(ctx context.Context, in string) (all []checks.Answer, gaps []checks.Gap) {
	t, err := checks.ParseTarget(in)
	if err != nil {
		return nil, nil
	}
	asker := NewAsker(AskerOptions{
		Methods: map[checks.Method]Ask{
			checks.MethodICMP: NewICMP(ICMPOptions{Shield: s.shield}).Ask, checks.MethodTCP: s.dialers.TCP,
			checks.MethodTLS: s.dialers.TLS, checks.MethodHTTP: s.dialers.HTTP, checks.MethodDNS: s.dialers.DNS,
		},
		Shield: s.shield, Manners: NewManners(MannersOptions{Gap: 1, Block: 1000}), Timeout: 200 * time.Millisecond,
	})
	o := Options{Shield: s.shield, Resolve: s.resolver.Lookup, Ask: asker.Ask}
	chosen, gaps := choose(ctx, &o, &checks.Footprint{Target: t}, nil)
	for _, c := range chosen {
		if c.found.Host == "" && !c.asleep {
			all = append(all, asker.Ask(ctx, c.probe))
		}
	}
	return all, gaps
}

// ask sends a probe by each method.
func (s siege) ask(ctx context.Context, p Probe) (all []checks.Answer) {
	if p.URL == "" {
		p.URL = "http://" + netip.AddrPortFrom(p.Addr, p.Port).String()
	}
	for _, ask := range []Ask{s.dialers.TCP, s.dialers.TLS, s.dialers.HTTP, s.dialers.DNS} {
		all = append(all, ask(ctx, p))
	}
	return all
}

// storm leaves out all but the last word at dial time: what was typed is dialled and
// fetched as it stands, and its addresses are asked unseen.
func (s siege) storm(t *testing.T, in string) {
	hosts := []string{in, strings.Trim(in, "[]")}
	if u, err := url.Parse(in); err == nil && u.Host != "" {
		hosts = append(hosts, u.Hostname(), u.Host)
	}
	for _, host := range hosts {
		conn, err := s.raw.DialContext(t.Context(), "tcp", net.JoinHostPort(host, fmt.Sprint(s.port)))
		if err == nil && !strings.HasPrefix(conn.RemoteAddr().String(), harmless) {
			t.Errorf("dialled %q: reached %v", host, conn.RemoteAddr())
		}
		if err == nil {
			conn.Close()
		}
		if a, err := netip.ParseAddr(host); err == nil {
			for _, answer := range s.ask(t.Context(), Probe{Host: host, Addr: a, Port: s.port, Name: "example.com"}) {
				if answer.There() {
					t.Errorf("asked %v by %v: got %v", a, answer.Method, answer.Outcome)
				}
				legible(t, answer.Detail)
			}
		}
	}
	transport := &http.Transport{DialContext: s.raw.DialContext, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	if resp, err := (&http.Client{Transport: transport, Timeout: time.Second}).Get(in); err == nil {
		resp.Body.Close()
	}
}

// rawWords are words that a person should never be shown.
var rawWords = regexp.MustCompile(`dial (tcp|udp)|lookup |i/o timeout|no such host|connect:|parse "|net/url|netip\.|strconv|%!|context (deadline|canceled)|syscall|nil\b|EOF`)

// legible fails a test for what is no sentence for a person.
func legible(t *testing.T, text string) {
	t.Helper()
	if checks.OneLine(text, 2000) != text || len(text) < 15 || len(text) > 450 || !strings.Contains(text, " ") || rawWords.MatchString(text) || strings.Contains(text, "hunter2") {
		t.Errorf("got %q, want one sentence for a person", text)
	}
}

// Whatever a person types, nothing that is forbidden is reached: not by the way that the
// bot takes, not by its last word alone, and not through a redirect.
func TestHostile(t *testing.T) {
	bird := newCanary(t)
	names := serveDNS(t, evil().handle)
	redirects := newRedirector(t, bird.port)
	list := inputs()
	if len(list) < 60 {
		t.Fatalf("only %d inputs", len(list))
	}
	for name, o := range map[string]ShieldOptions{"public addresses alone": {}, "one of our own": {Allow: prefixes(harmless + "/32")}} {
		s := newSiege(names, bird.port, o)
		for _, h := range list {
			in := strings.ReplaceAll(h.in, "PORT", fmt.Sprint(bird.port))
			before := bird.heard(t)
			said, answers := s.check(t.Context(), in)
			switch {
			case o.Allow == nil && !strings.Contains(said, h.say):
				t.Errorf("%.80q: got %q, want it to say %q", in, said, h.say)
			case said != "":
				legible(t, said)
			case o.Allow == nil || !strings.Contains(in, "good.example.com"):
				t.Errorf("%s: %.80q was probed: %v", name, in, answers)
			}
			all, gaps := s.round(t.Context(), in)
			for _, g := range gaps {
				legible(t, g.Reason)
			}
			if o.Allow == nil && slices.ContainsFunc(all, func(a checks.Answer) bool { return a.Outcome != checks.Unmeasured }) {
				t.Errorf("%.80q was probed in a round: %v", in, all)
			}
			s.storm(t, in)
			if o.Allow != nil && redirects != "" {
				redirected(t, s, redirects, in)
			}
			if bird.heard(t) != before {
				t.Errorf("%s: %.80q reached the canary", name, in)
			}
		}
	}
	if n := bird.heard(t); n != 0 {
		t.Errorf("%d connections reached the canary, want none", n)
	}
}

// The test can fail: where loopback is allowed, the same ways lead to the canary.
func TestHostileCanary(t *testing.T) {
	bird := newCanary(t)
	s := newSiege(serveDNS(t, evil().handle), bird.port, ShieldOptions{Allow: prefixes("127.0.0.0/8", "::1/128")})
	for i, in := range []string{"http://127.0.0.1:PORT/", "v4.evil.example.com", "::ffff:127.0.0.1"} {
		before := bird.heard(t)
		if said, answers := s.check(t.Context(), strings.ReplaceAll(in, "PORT", fmt.Sprint(bird.port))); said != "" || len(answers) != 4 || bird.heard(t) < before+4 {
			t.Errorf("%d: %s: got %q, %v, %d connections", i, in, said, answers, bird.heard(t)-before)
		}
	}
	if conn, err := s.raw.Dial("tcp", fmt.Sprintf("v4.evil.example.com:%d", bird.port)); err != nil {
		t.Errorf("dialled: %v", err)
	} else {
		conn.Close()
	}
}

// A name whose answer changes between the check and the dial reaches nothing: neither
// where it is looked up again to be dialled, nor where what was checked is.
func TestHostileRebinding(t *testing.T) {
	bird := newCanary(t)
	var asked atomic.Int64
	names := serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
		to := "127.0.0.1"
		if asked.Add(1) <= 2 { // A and AAAA of the first look-up
			to = harmless
		}
		records{"rebind.evil.example.com": {"A " + to}}.handle(w, q)
	})
	s := newSiege(names, bird.port, ShieldOptions{Allow: prefixes(harmless + "/32")})
	res, err := s.resolver.Lookup(t.Context(), "rebind.evil.example.com")
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.shield.Permit(res)
	if err != nil || len(open) != 1 || open[0].String() != harmless {
		t.Fatalf("at first: got %v, %v", open, err)
	}
	for range 3 {
		conn, err := s.raw.DialContext(t.Context(), "tcp", fmt.Sprintf("rebind.evil.example.com:%d", bird.port))
		if refusal(t, err) == "" {
			t.Errorf("dialled by name: got %v, %v", conn, err)
		}
	}
	s.ask(t.Context(), Probe{Host: "rebind.evil.example.com", Name: "rebind.evil.example.com", Addr: open[0], Port: bird.port})
	if said, _ := newSiege(names, bird.port, ShieldOptions{Allow: prefixes(harmless + "/32")}).check(t.Context(), "rebind.evil.example.com"); !strings.Contains(said, "127.0.0.1 is not probed") {
		t.Errorf("asked again: got %q", said)
	}
	if n := bird.heard(t); n != 0 {
		t.Errorf("%d connections reached the canary, want none", n)
	}
}

// Of good and bad addresses the good are asked, and only they.
func TestHostileMixed(t *testing.T) {
	bird := newCanary(t)
	good, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", harmless, bird.port))
	if err != nil {
		t.Skipf("this system has no %s on its loopback: nothing can listen there that may be probed", harmless)
	}
	defer good.Close()
	s := newSiege(serveDNS(t, evil().handle), bird.port, ShieldOptions{Allow: prefixes(harmless + "/32")})
	said, answers := s.check(t.Context(), "mixed.example.com")
	if said != "" || len(answers) != 4 || answers[0].Outcome != checks.Answered || answers[0].Addr.String() != harmless {
		t.Errorf("got %q, %+v, want the good address asked", said, answers)
	}
	if n := bird.heard(t); n != 0 {
		t.Errorf("%d connections reached the canary, want none", n)
	}
}

// newRedirector serves, at the address that may be probed, redirects to wherever the
// query says; it gives its URL, "" where there is no such address.
func newRedirector(t *testing.T, port uint16) string {
	t.Helper()
	ln, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", harmless, port))
	if err != nil {
		t.Logf("this system has no %s on its loopback: redirects are not tried", harmless)
		return ""
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header()["Location"] = []string{to}
			w.WriteHeader(http.StatusFound)
		}
	})}
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	return "http://" + ln.Addr().String() + "/?to="
}

// redirected has a server that may be probed send us on to a hostile input.
func redirected(t *testing.T, s siege, from, to string) {
	t.Helper()
	at := netip.AddrPortFrom(netip.MustParseAddr(harmless), s.port)
	a := s.dialers.HTTP(t.Context(), Probe{Host: harmless, Addr: at.Addr(), Port: at.Port(), URL: from + url.QueryEscape(to)})
	if !a.There() {
		t.Errorf("redirected to %.80q: got %v, %q, want that the first host is there", to, a.Outcome, a.Detail)
	}
	legible(t, "it said "+a.Detail)
	for _, r := range a.Redirects {
		if checks.OneLine(r, 2000) != r || strings.Contains(r, "hunter2") {
			t.Errorf("redirected to %.80q: shows %q", to, r)
		}
	}
}
