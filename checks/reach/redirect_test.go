package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"isitdown/checks"
	"isitdown/checks/labtest"
)

// names is a resolver for tests: where it leads, or how it fails.
func names(t *testing.T, table map[string]any) func(context.Context, string) (Resolution, error) {
	return func(_ context.Context, host string) (Resolution, error) {
		switch v := table[host].(type) {
		case []netip.Addr:
			return Resolution{Name: host, Canonical: host, Addrs: v}, nil
		case checks.Outcome:
			return Resolution{}, &ResolveError{Name: host, Kind: v, Why: "of the test"}
		}
		t.Errorf("%s was looked up", host)
		return Resolution{}, errors.New("unknown")
	}
}

// Where redirects lead, and what that means for the answer.
func TestRedirects(t *testing.T) {
	nothingLeft(t)
	canary := serve(t, func(net.Conn) { t.Error("somebody connected to the canary") })
	ca := newAuthority(t, "Our CA")
	at, secure := labtest.AddrPort(t), labtest.AddrPort(t)
	shut := labtest.Port(t, at.Addr())
	base, safe := fmt.Sprintf("http://example.org:%d", at.Port()), fmt.Sprintf("https://secure.example:%d", secure.Port())
	var status strings.Builder
	for _, code := range []int{1, 2, 3, 7, 8} {
		status.WriteString(fmt.Sprintf("location = /status/%d { return 30%[1]d /; }\n", code))
	}
	for _, code := range []int{0, 5} { // nothing that is followed
		status.WriteString(fmt.Sprintf("location = /status/%d { add_header Location / always; return 30%[1]d ''; }\n", code))
	}
	labtest.Nginx(t, fmt.Sprintf(`absolute_redirect off; server { listen %v; location = / { return 200; } location = /bad { return 503; }
%s location = /nowhere { return 304; }
location = /rel { return 302 rel2; } location = /rel2 { return 301 //example.org:%d/; } location = /tobad { return 307 /bad; }
location = /circle { return 302 /circle; } location = /circle2 { return 302 /circle3; } location = /circle3 { return 302 /circle2; }
location = /cookie { add_header Set-Cookie a=b; return 302 /cookie; }
location = /1 { return 302 /2; } location = /2 { return 302 /3; } location = /3 { return 302 /4; } location = /4 { return 302 /5; } location = /5 { return 302 /6; } location = /6 { return 302 /7; } location = /7 { return 200; }
location = /safe { return 308 %s/; } location = /shut { return 302 http://example.org:%d/; }
location = /to { return 302 $arg_u; } }
server { listen %v ssl; %s location / { return 200; } location = /down { return 302 %s/; } }`,
		at, status.String(), at.Port(), safe, shut, secure, files(t, ca.serverCert("secure.example", -5, -2)), base), nil)
	d := dialersFor(t, at.Port(), secure.Port(), shut)
	d.timeout = defaultTimeout
	d.shield = NewShield(ShieldOptions{
		Allow: []netip.Prefix{netip.PrefixFrom(at.Addr(), 32), netip.PrefixFrom(secure.Addr(), 32)},
		Ports: []uint16{at.Port(), secure.Port(), shut, canary.Port},
	})
	d.roots = ca.roots()
	inner := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("::ffff:127.0.0.1"), netip.MustParseAddr("64:ff9b::7f00:1")}
	d.lookup = names(t, map[string]any{
		"secure.example": []netip.Addr{netip.MustParseAddr("::1"), secure.Addr()}, // the first may not be asked
		"inner.example":  inner, "metadata.google.internal": []netip.Addr{netip.MustParseAddr("169.254.169.254")},
		"none.example": checks.Nonexistent, "broken.example": checks.Unresolved, "ours.example": checks.Unmeasured,
	})
	held := 0
	d.hop = func(_ context.Context, to netip.AddrPort) error {
		if held++; to != secure {
			t.Errorf("asked whether %v may be asked", to)
		}
		return nil
	}
	inward := func(u string) string { return "/to?u=" + u }
	followed := "HTTP 302, and the redirect was not followed: "
	tests := []struct {
		path   string
		want   checks.Outcome
		detail string
		hops   []string
	}{
		{"/", checks.Answered, "HTTP 200", nil},
		{"/status/1", checks.Answered, "HTTP 200", []string{base + "/"}},
		{"/status/2", checks.Answered, "HTTP 200", []string{base + "/"}},
		{"/status/3", checks.Answered, "HTTP 200", []string{base + "/"}},
		{"/status/7", checks.Answered, "HTTP 200", []string{base + "/"}},
		{"/status/8", checks.Answered, "HTTP 200", []string{base + "/"}},
		{"/status/0", checks.Answered, "HTTP 300", nil},
		{"/status/5", checks.Answered, "HTTP 305", nil},
		{"/nowhere", checks.Answered, "HTTP 304", nil},
		{"/rel", checks.Answered, "HTTP 200", []string{base + "/rel2", base + "/"}},
		{"/tobad", checks.Failing, "HTTP 503", []string{base + "/bad"}},
		{"/circle", checks.Failing, "HTTP 302, and where it leads fails: it leads in a circle", []string{base + "/circle"}},
		{"/circle2", checks.Failing, "HTTP 302, and where it leads fails: it leads in a circle", []string{base + "/circle3", base + "/circle2"}},
		{"/cookie", checks.Answered, followed + "it leads in a circle for who keeps no cookies", []string{base + "/cookie"}},
		{"/2", checks.Answered, "HTTP 200", []string{base + "/3", base + "/4", base + "/5", base + "/6", base + "/7"}},
		{"/1", checks.Answered, followed + "it is one of more than 5", []string{base + "/2", base + "/3", base + "/4", base + "/5", base + "/6", base + "/7"}},
		{"/safe", checks.Answered, "HTTP 200; certificate expired on " + day(days(-2)), []string{safe + "/"}},
		{inward(safe + "/down"), checks.Answered, "redirected from https to http", []string{safe + "/down", base + "/"}},
		{"/shut", checks.Failing, "HTTP 302, and where it leads fails: connection refused", []string{fmt.Sprintf("http://example.org:%d/", shut)}},
		{inward("http://none.example/"), checks.Failing, "fails: none.example", []string{"http://none.example/"}},
		{inward("http://broken.example/"), checks.Failing, "fails: broken.example", []string{"http://broken.example/"}},
		{inward("http://ours.example/"), checks.Answered, followed + "ours.example was not looked up", []string{"http://ours.example/"}},
	}
	for _, to := range []string{
		"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "10.0.0.1", "169.254.169.254", "[fe80::1]", "[fe80::1%25eth0]", "[fd00:ec2::254]", "100.100.100.200",
		"2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "localhost", "localhost.", "metadata.google.internal", "inner.example", "0.0.0.0", "[::]", "user:secret@127.0.0.1", "example.org@127.0.0.1",
	} {
		u := fmt.Sprintf("http://%s:%d/", to, canary.Port)
		tests = append(tests, struct {
			path   string
			want   checks.Outcome
			detail string
			hops   []string
		}{inward(u), checks.Answered, followed, nil})
	}
	for _, u := range []string{"ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "javascript:alert(1)", "http://", "http://%zz/", "http://example.org:22/", "http://example.org:0/", "http://example.org:99999/", "http:///etc", "http://example.org:" + strings.Repeat("8", 3000) + "/"} {
		tests = append(tests, struct {
			path   string
			want   checks.Outcome
			detail string
			hops   []string
		}{inward(u), checks.Answered, followed, nil})
	}
	for _, tt := range tests {
		p := Probe{Host: "example.org", Addr: at.Addr(), Port: at.Port(), URL: base + tt.path}
		got := d.HTTP(t.Context(), p)
		check(t, got, tt.want, tt.detail)
		if tt.hops != nil && !slices.Equal(got.Redirects, tt.hops) || tt.hops == nil && strings.HasPrefix(tt.path, "/to") && len(got.Redirects) != 1 {
			t.Errorf("%s: got redirects %q, want %q", tt.path, got.Redirects, tt.hops)
		}
		if strings.Contains(fmt.Sprint(got), "secret") {
			t.Errorf("%s: a password is shown: %v", tt.path, got)
		}
	}
	if held != 2 {
		t.Errorf("asked %d times whether manners allow a hop, want 2", held)
	}
	d.hop = func(context.Context, netip.AddrPort) error { return errors.New("it was asked a moment ago") }
	check(t, d.HTTP(t.Context(), Probe{Addr: at.Addr(), Port: at.Port(), URL: base + "/safe"}), checks.Answered, "not followed: it was asked a moment ago")
}

// Redirects that never end take no longer than a probe may.
func TestRedirectsInTime(t *testing.T) {
	nothingLeft(t)
	p := serve(t, func(c net.Conn) {
		c.Read(make([]byte, 4096))
		fmt.Fprint(c, "HTTP/1.1 302 Found\r\nLocation: /slow\r\nContent-Length: 1000\r\n\r\n")
		hold(c)
	})
	p.URL = fmt.Sprintf("http://example.org:%d/", p.Port)
	check(t, inTime(t, dialersFor(t, p.Port).HTTP, p, checks.Answered), checks.Answered, "HTTP 302")
}

// Whatever a server writes into Location, what is read of it stays a URL that the shield
// judges, and what is shown of it is one short line without a password.
func FuzzLocation(f *testing.F) {
	for _, s := range []string{"/", "//x", "http://a/b?c#d", "http://u:p@h/", "\x00", "http://[::1]:80/", "http://\u202e/", strings.Repeat("a", 3000), "%zz", "http://127.0.0.1:22/", "?", "#", "http://h:p", "javascript:1"} {
		f.Add(s)
	}
	from, err := url.Parse("https://example.org/a/b?c")
	if err != nil {
		f.Fatal(err)
	}
	s := NewShield(ShieldOptions{})
	f.Fuzz(func(t *testing.T, location string) {
		shown := showURL(from, location)
		if n := utf8.RuneCountInString(shown); n > maxShown+1 || checks.OneLine(shown, n) != shown {
			t.Errorf("shown as %q", shown)
		}
		next, fault := nextURL(from, location)
		if (next == nil) != (fault.detail != "") || next != nil && (next.Fragment != "" || !next.IsAbs()) {
			t.Fatalf("read as %v, %v", next, fault)
		}
		if next == nil || s.URL(next) != nil {
			return
		}
		port := urlPort(next)
		if next.User != nil || next.Scheme != "http" && next.Scheme != "https" || !slices.Contains(webPorts, port) {
			t.Errorf("%q may be asked as %v at port %d", location, next, port)
		}
	})
}
