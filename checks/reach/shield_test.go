package reach

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"isitdown/checks"
)

// nobodysOwn stands for a machine with no address that is worth anything.
func nobodysOwn() []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} }

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// refusal gives the sentence of a refusal, "" for none; any other error fails the test.
func refusal(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*RefusedError](err)
	if !ok {
		t.Fatalf("got %v, want a RefusedError", err)
	}
	return e.Error()
}

func TestShieldAddr(t *testing.T) {
	s := NewShield(ShieldOptions{
		Allow: prefixes("10.1.0.0/16", "fe80::/10", "64:ff9b::/96", "8.8.8.8/32"),
		Own: func() []netip.Addr {
			return []netip.Addr{netip.MustParseAddr("193.0.0.7"), netip.MustParseAddr("8.8.8.8")}
		},
		OptOut: must(ParseOptOut(strings.NewReader("175.45.176.15 # by mail\n10.1.3.0/24\n2606:4700::/32\n1.0.0.1\n"))),
	})
	for in, say := range map[string]string{
		"1.1.1.1":                  "",
		"10.1.1.1":                 "",
		"::ffff:10.1.1.1":          "",
		"fe80::1%eth0":             "", // a gateway that the operator allows
		"8.8.8.8":                  "", // our own, and allowed
		"64:ff9b::1.1.1.1":         "",
		"2a00:1450::1":             "",
		"127.0.0.1":                "probe.allow",
		"10.2.0.1":                 "a private address",
		"10.1.3.9":                 "asked not to be probed", // allowed, and asked
		"175.45.176.15":            "asked not to be probed",
		"::ffff:175.45.176.15":     "asked not to be probed",
		"2606:4700:4700::1111":     "asked not to be probed",
		"193.0.0.7":                "machine that this bot runs on",
		"::ffff:193.0.0.7":         "machine that this bot runs on",
		"64:ff9b::127.0.0.1":       "it leads to 127.0.0.1",
		"64:ff9b::1.0.0.1":         "it leads to 1.0.0.1",
		"64:ff9b::193.0.0.7":       "it leads to 193.0.0.7",
		"2a00::5efe:175.45.176.15": "it leads to 175.45.176.15",
		"2a00::1%eth0":             "with a zone",
		"::1":                      "loopback",
	} {
		got := refusal(t, s.Addr(netip.MustParseAddr(in)))
		if (got == "") != (say == "") || !strings.Contains(got, say) {
			t.Errorf("%s: got %q, want %q", in, got, say)
		}
	}
	if got := refusal(t, s.Addr(netip.Addr{})); got == "" {
		t.Error("no address is let through")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Nothing is let through by a Shield that nobody made.
func TestShieldClosed(t *testing.T) {
	target, _ := checks.ParseTarget("https://example.org")
	for name, s := range map[string]*Shield{"nil": nil, "zero": {}} {
		_, permit := s.Permit(Resolution{Name: "example.org", Addrs: []netip.Addr{netip.MustParseAddr("1.1.1.1")}})
		for what, err := range map[string]error{
			"Addr": s.Addr(netip.MustParseAddr("1.1.1.1")), "Port": s.Port(443), "Target": s.Target(target), "Name": s.Name("example.org"),
			"URL": s.URL(must(url.Parse("https://example.org"))), "Probe": s.Probe(Probe{Addr: netip.MustParseAddr("1.1.1.1")}), "Permit": permit, "Control": s.Control(t.Context(), "tcp4", "1.1.1.1:443", nil),
		} {
			if refusal(t, err) == "" {
				t.Errorf("%s Shield: %s lets through", name, what)
			}
		}
	}
	unlisted := NewShield(ShieldOptions{Own: func() []netip.Addr { return nil }, Allow: prefixes("10.0.0.0/8")})
	if got := refusal(t, unlisted.Addr(netip.MustParseAddr("1.1.1.1"))); !strings.Contains(got, "could not be listed") {
		t.Errorf("own addresses not known: got %q", got)
	}
	if err := unlisted.Addr(netip.MustParseAddr("10.1.1.1")); err != nil {
		t.Errorf("own addresses not known, but allowed: %v", err)
	}
}

// This machine's addresses are found without being told.
func TestShieldOwn(t *testing.T) {
	own := interfaceAddrs()
	if len(own) == 0 {
		t.Fatal("no interface has an address: want loopback at least")
	}
	asked := 0
	s := NewShield(ShieldOptions{Own: func() []netip.Addr { asked++; return []netip.Addr{netip.MustParseAddr("193.0.0.7")} }})
	for range 10 {
		s.Addr(netip.MustParseAddr("193.0.0.7"))
	}
	if asked != 1 {
		t.Errorf("the addresses were listed %d times within a minute, want once", asked)
	}
}

func TestShieldTarget(t *testing.T) {
	s := NewShield(ShieldOptions{
		Own: nobodysOwn, Ports: []uint16{8888},
		OptOut: must(ParseOptOut(strings.NewReader("175.45.177.0/24\nshy.example.org\n"))),
	})
	for in, say := range map[string]string{
		"KP": "", "AS4837": "", "175.45.176.0/22": "", "8.8.8.8": "", "example.org": "", "https://example.org/x": "",
		"http://example.org:8080": "", "http://example.org:8888": "", "https://[2606:4700:4700::1111]:8443": "", "0.0.0.0/0": "",
		"192.0.0.0/8":               "",
		"10.0.0.0/8":                "each address in it",
		"10.0.0.0/24":               "each address in it",
		"175.45.177.0/24":           "asked not",
		"175.45.177.128/25":         "asked not",
		"127.0.0.1":                 "loopback",
		"a.shy.example.org":         "asked not",
		"shy.example.org":           "asked not",
		"https://SHY.example.org./": "asked not",
		"printer.local":             "not one of the public DNS",
		"https://metadata.google.internal/computeMetadata/v1/": "not one of the public DNS",
		"http://169.254.169.254/latest":                        "link-local",
		"http://[::ffff:7f00:1]/":                              "loopback",
		"http://example.org:22":                                "port 22",
		"http://example.org:25/":                               "port 25",
		"http://example.org:53/":                               "port 53",
		"https://example.org:65535":                            "port 65535",
	} {
		target, err := checks.ParseTarget(in)
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if got := refusal(t, s.Target(target)); (got == "") != (say == "") || !strings.Contains(got, say) {
			t.Errorf("%s: got %q, want %q", in, got, say)
		}
	}
	if refusal(t, s.Target(checks.Target{})) == "" {
		t.Error("the zero target is let through")
	}
	own := NewShield(ShieldOptions{Own: nobodysOwn, Allow: prefixes("10.0.0.0/8")})
	for _, in := range []string{"wiki.corp.internal", "10.0.0.0/24", "https://wiki.lan"} {
		if err := own.Target(must(checks.ParseTarget(in))); err != nil {
			t.Errorf("%s, with a range of one's own: %v", in, err)
		}
	}
}

// What a server redirects to is read as strictly as what people type.
func TestShieldURL(t *testing.T) {
	s := NewShield(ShieldOptions{Own: nobodysOwn})
	for in, ok := range map[string]bool{
		"https://example.org/a?b": true, "http://example.org:8080": true, "https://example.org/" + strings.Repeat("x", 4000): true,
		"ftp://example.org/": false, "file:///etc/passwd": false, "gopher://example.org:70": false, "//example.org": false, "/x": false,
		"http://user@example.org": false, "http://a:secret@example.org/": false, "http://127.1/": false, "http://2130706433/": false,
		"http://0x7f.0.0.1/": false, "http://localhost/": false, "http://[::1]/": false, "http://example.org:6379/": false,
		"http://example.org:0/": false, "https://a.internal/": false, "javascript:alert(1)": false, "http:example.org": false,
	} {
		err := s.URL(must(url.Parse(in)))
		if got := refusal(t, err); (got == "") != ok {
			t.Errorf("%s: got %q, want it let through: %v", in, got, ok)
		} else if strings.Contains(got, "secret") {
			t.Errorf("%s: the sentence repeats a password: %q", in, got)
		}
	}
}

// Of a name with good and bad addresses the good are probed; a name that stands for one
// that asked not to be is not.
func TestShieldPermit(t *testing.T) {
	s := NewShield(ShieldOptions{Own: nobodysOwn, OptOut: must(ParseOptOut(strings.NewReader("shy.example.org")))})
	res := func(canonical string, addrs ...string) Resolution {
		r := Resolution{Name: "www.example.com", Canonical: canonical}
		for _, a := range addrs {
			r.Addrs = append(r.Addrs, netip.MustParseAddr(a))
		}
		return r
	}
	got, err := s.Permit(res("www.example.com", "127.0.0.1", "8.8.8.8", "10.0.0.1", "2606:4700::1"))
	if err != nil || len(got) != 2 || got[0] != netip.MustParseAddr("8.8.8.8") {
		t.Errorf("good and bad: got %v, %v", got, err)
	}
	for say, r := range map[string]Resolution{
		"loopback":       res("www.example.com", "127.0.0.1", "10.0.0.1"),
		"no address":     res("www.example.com"),
		"asked not":      res("a.shy.example.org", "8.8.8.8"),
		"the public DNS": res("lb.internal", "8.8.8.8"),
	} {
		if got, err := s.Permit(r); len(got) != 0 || !strings.Contains(refusal(t, err), say) {
			t.Errorf("%s: got %v, %v", say, got, err)
		}
	}
}

// A dialler with Control reaches what is allowed and nothing else, whatever the resolver
// said before; its error holds the sentence.
func TestShieldControl(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
	loopback := prefixes("127.0.0.0/8")
	for name, tt := range map[string]struct {
		o   ShieldOptions
		say string
	}{
		"public alone":    {ShieldOptions{Ports: []uint16{port}}, "loopback"},
		"address allowed": {ShieldOptions{Allow: loopback, Ports: []uint16{port}}, ""},
		"port not":        {ShieldOptions{Allow: loopback}, "only 80, 443, 8080, 8443 and for DNS 53"},
		"opted out":       {ShieldOptions{Allow: loopback, OptOut: must(ParseOptOut(strings.NewReader("127.0.0.0/8"))), Ports: []uint16{port}}, "asked not"},
	} {
		d := net.Dialer{ControlContext: NewShield(tt.o).Control}
		conn, err := d.DialContext(t.Context(), "tcp", ln.Addr().String())
		if err == nil {
			conn.Close()
		}
		if got := refusal(t, err); (got == "") != (tt.say == "") || !strings.Contains(got, tt.say) {
			t.Errorf("%s: got %q, want %q", name, got, tt.say)
		}
	}
	s := NewShield(ShieldOptions{Own: nobodysOwn})
	for _, tt := range []struct {
		network, address string
		ok               bool
	}{
		{"tcp4", "8.8.8.8:443", true},
		{"tcp4", "8.8.8.8:53", true},
		{"udp4", "8.8.8.8:33434", true},
		{"ip4:icmp", "8.8.8.8", true},
		{"tcp4", "8.8.8.8:22", false},
		{"tcp6", "[::ffff:127.0.0.1]:443", false},
		{"udp4", "127.0.0.1:53", false},
		{"ip4:icmp", "10.0.0.1", false},
		{"unix", "/run/x.sock", false},
		{"tcp", "example.org:443", false},
		{"tcp", "8.8.8.8", false},
		{"tcp6", "[fe80::1%eth0]:443", false},
		{"tcp4", "", false},
	} {
		if got := refusal(t, s.Control(t.Context(), tt.network, tt.address, nil)); (got == "") != tt.ok {
			t.Errorf("%s %s: got %q, want it let through: %v", tt.network, tt.address, got, tt.ok)
		}
	}
}

// Who asked not to be probed is not, by whatever name or address a probe has them.
func TestShieldProbe(t *testing.T) {
	s := NewShield(ShieldOptions{Own: nobodysOwn, OptOut: must(ParseOptOut(strings.NewReader("shy.example.org\n198.41.0.4")))})
	open := netip.MustParseAddr("8.8.8.8")
	for say, list := range map[string][]Probe{
		"": {
			{Host: "8.8.8.8", Addr: open, Method: checks.MethodICMP},
			{Host: "a.example.org", Addr: open, Method: checks.MethodTCP, Port: 443, Name: "a.example.org"},
			{Host: "https://a.example.org/x", URL: "https://a.example.org/x", Addr: open, Method: checks.MethodHTTP, Port: 443},
			{Host: "ns.example.org", Addr: open, Method: checks.MethodDNS, Port: 53, Name: "kp"},
			{Host: "ns.example.org", Addr: open, Method: checks.MethodDNS, Port: 53, Name: "shy.example.org"}, // it is asked about, not asked
		},
		"asked not": {
			{Host: "198.41.0.4", Addr: netip.MustParseAddr("198.41.0.4"), Method: checks.MethodICMP},
			{Host: "shy.example.org", Addr: open, Method: checks.MethodICMP},
			{Host: "8.8.8.8", Addr: open, Method: checks.MethodTLS, Port: 443, Name: "www.shy.example.org"},
			{Host: "https://SHY.example.org:8443/x", Addr: open, Method: checks.MethodHTTP, Port: 8443},
			{Host: "x", URL: "http://shy.example.org", Addr: open, Method: checks.MethodHTTP, Port: 80},
			{Host: "ns.shy.example.org", Addr: open, Method: checks.MethodDNS, Port: 53, Name: "kp"},
		},
		"port": {
			{Host: "8.8.8.8", Addr: open, Method: checks.MethodTCP, Port: 53},
			{Host: "8.8.8.8", Addr: open, Method: checks.MethodDNS, Port: 5353},
			{Host: "8.8.8.8", Addr: open, Method: checks.MethodTLS},
		},
		"loopback": {{Host: "a.example.org", Addr: netip.MustParseAddr("127.0.0.1"), Method: checks.MethodICMP}},
	} {
		for _, p := range list {
			if got := refusal(t, s.Probe(p)); (got == "") != (say == "") || !strings.Contains(got, say) {
				t.Errorf("%+v: got %q, want %q", p, got, say)
			}
		}
	}
}

// What the last word costs for each probe, with a list of those who asked not to be.
func BenchmarkShield(b *testing.B) {
	var list strings.Builder
	for i := range 10_000 {
		list.WriteString(netip.AddrFrom4([4]byte{11, byte(i >> 8), byte(i), 0}).String() + "/24\n")
	}
	s := NewShield(ShieldOptions{Own: nobodysOwn, OptOut: must(ParseOptOut(strings.NewReader(list.String())))})
	for b.Loop() {
		if err := s.Control(b.Context(), "tcp4", "175.45.176.15:443", nil); err != nil {
			b.Fatal(err)
		}
	}
}
