package reach

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/labtest"
)

// reads takes one request, and answers with the text.
func reads(text string) func(net.Conn) {
	return func(c net.Conn) {
		c.Read(make([]byte, 4096))
		io.WriteString(c, text)
	}
}

// drips answers with a text, and then a byte every few milliseconds without end.
func drips(text string) func(net.Conn) {
	return func(c net.Conn) {
		reads(text)(c)
		drip(c)
	}
}

func drip(c net.Conn) {
	for {
		if _, err := io.WriteString(c, "x"); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// What comes instead of an answer, and what is wrong with one, from servers of ours.
func TestHTTPFaults(t *testing.T) {
	nothingLeft(t)
	const ok = "HTTP/1.1 200 OK\r\n"
	big := strings.Repeat("x", 40<<10)
	tests := []struct {
		name   string
		handle func(net.Conn)
		want   checks.Outcome
		detail string
	}{
		{"no length", reads(ok + "\r\nhello"), checks.Answered, "HTTP 200"},
		{"HTTP/1.0", reads("HTTP/1.0 200 OK\r\n\r\nhello"), checks.Answered, "HTTP 200"},
		{"early hints", reads("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n"), checks.Answered, "HTTP 200"},
		{"switches", reads("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), checks.Answered, "HTTP 101"},
		{"not modified", reads("HTTP/1.1 304 Not Modified\r\n\r\n"), checks.Answered, "HTTP 304"},
		{"odd status", reads("HTTP/1.1 999 Hm\r\nContent-Length: 0\r\n\r\n"), checks.Answered, "HTTP 999"},
		{"another protocol", reads("SSH-2.0-OpenSSH_9.6\r\n"), checks.Failing, "its answer is not HTTP"},
		{"TLS alert", reads("\x15\x03\x03\x00\x02\x02\x46"), checks.Failing, "its answer is not HTTP"},
		{"no status", reads("HTTP/1.1 abc\r\n\r\n"), checks.Failing, "its answer is not HTTP"},
		{"bad header", reads(ok + "\x00: 1\r\n\r\n"), checks.Failing, "its answer is not HTTP"},
		{"two lengths", reads(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy"), checks.Failing, "its answer is not HTTP"},
		{"long header", reads(ok + "X: " + big + "\r\n\r\n"), checks.Failing, "longer than 16 KiB"},
		{"many hints", reads(strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+big[:3000]+"\r\n\r\n", 9) + ok + "\r\n"), checks.Failing, "connected, but"},
		{"hangs up", func(c net.Conn) { c.Read(make([]byte, 4096)) }, checks.Failing, "hung up without an HTTP answer"},
		{"hangs up at once", func(net.Conn) {}, checks.Failing, "hung up without an HTTP answer"},
		{"hangs up in the header", reads(ok + "X: "), checks.Failing, "hung up without an HTTP answer"},
		{"resets", func(c net.Conn) { c.Read(make([]byte, 4096)); c.(*net.TCPConn).SetLinger(0) }, checks.Failing, "hung up without an HTTP answer"},
		{"body cut off", reads(ok + "Content-Length: 100\r\n\r\nhello"), checks.Failing, "HTTP 200, but its body is cut off"},
		{"broken chunk", reads(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), checks.Failing, "HTTP 200, but its body is cut off"},
		{"503 cut off", reads("HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\nhello"), checks.Failing, "HTTP 503"},
		{"says nothing", hold, checks.Failing, "no HTTP answer in time"},
		{"header drips", drips(ok + "X: "), checks.Failing, "no HTTP answer in time"},
		{"body drips", drips(ok + "Content-Length: 60000\r\n\r\n"), checks.Answered, "HTTP 200, but its body did not end in time"},
		{"body without end", func(c net.Conn) {
			reads(ok + "\r\n")(c)
			for {
				if _, err := io.WriteString(c, big); err != nil {
					return
				}
			}
		}, checks.Answered, "HTTP 200"},
		{"gzip bomb", reads(ok + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"), checks.Answered, "HTTP 200"},
	}
	var all sync.WaitGroup // at once: most of it is waiting for a time-out
	for _, tt := range tests {
		all.Go(func() {
			t.Run(tt.name, func(t *testing.T) {
				p := serve(t, tt.handle)
				p.URL = fmt.Sprintf("http://%v/", p.addrPort())
				d := dialersFor(t, p.Port)
				got := inTime(t, d.HTTP, p, tt.want)
				check(t, got, tt.want, tt.detail)
				if strings.HasPrefix(tt.detail, "HTTP") && strings.HasPrefix(tt.name, "no") && got.Detail != tt.detail {
					t.Errorf("got %q", got.Detail)
				}
				p.URL = fmt.Sprintf("https://%v/", p.addrPort())
				if got = inTime(t, d.HTTP, p, checks.Failing); got.Outcome != checks.Failing {
					t.Errorf("over TLS: got %v, %q", got.Outcome, got.Detail)
				}
			})
		})
	}
	all.Wait()
}

// What is sent, over either version, and by nginx what is answered.
func TestHTTPNginx(t *testing.T) {
	nothingLeft(t)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1/")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1/")
	ca := newAuthority(t, "Our CA")
	at, secure, expired := labtest.AddrPort(t), labtest.AddrPort(t), labtest.AddrPort(t)
	labtest.Nginx(t, fmt.Sprintf(`
server { listen %v; location / { return 200 "$http_user_agent"; } location /404 { return 404; } location /500 { return 500; } location /503 { return 503; }
         location /agent { if ($http_user_agent != "isitdown/1 (+https://contact.example)") { return 503; } return 204; } }
server { listen %v ssl http2; %s location / { if ($server_protocol != "HTTP/2.0") { return 505; } return 200; }
         location /plain { if ($http_cookie$http_referer$http_authorization$http_accept_encoding != "") { return 503; } return 200; } location /502 { return 502; } }
server { listen %v ssl; %s return 200; }`,
		at, secure, files(t, ca.serverCert("example.org", -1, 5)), expired, files(t, ca.serverCert("example.org", -5, -2))), nil)
	d := dialersFor(t, at.Port(), secure.Port(), expired.Port())
	d.timeout = defaultTimeout
	d.agent, d.roots = "isitdown/1 (+https://contact.example)", ca.roots()
	for _, tt := range []struct {
		url    string
		want   checks.Outcome
		detail string
	}{
		{fmt.Sprintf("http://example.org:%d", at.Port()), checks.Answered, "HTTP 200"},
		{fmt.Sprintf("http://example.org:%d/agent", at.Port()), checks.Answered, "HTTP 204"},
		{fmt.Sprintf("http://example.org:%d/404", at.Port()), checks.Answered, "HTTP 404"},
		{fmt.Sprintf("http://example.org:%d/500", at.Port()), checks.Failing, "HTTP 500"},
		{fmt.Sprintf("http://example.org:%d/503", at.Port()), checks.Failing, "HTTP 503"},
		{fmt.Sprintf("https://example.org:%d/", secure.Port()), checks.Answered, "HTTP 200"},
		{fmt.Sprintf("https://example.org:%d/plain", secure.Port()), checks.Answered, "HTTP 200"},
		{fmt.Sprintf("https://example.org:%d/502", secure.Port()), checks.Failing, "HTTP 502"},
		{fmt.Sprintf("https://www.example.org:%d/", secure.Port()), checks.Answered, "HTTP 200; certificate is for example.org, 127.0.0.99, not for www.example.org (its dates: "},
		{fmt.Sprintf("https://example.org:%d/", expired.Port()), checks.Answered, "HTTP 200; certificate expired on " + day(days(-2))},
		{fmt.Sprintf("http://example.org:%d/", secure.Port()), checks.Answered, "HTTP 400"}, // plain HTTP at a port of TLS
		{fmt.Sprintf("https://example.org:%d/", at.Port()), checks.Failing, "does not speak TLS"},
	} {
		p := Probe{Host: tt.url, URL: tt.url, Addr: at.Addr(), Port: at.Port()}
		for _, other := range []struct{ Probe }{{Probe{Addr: secure.Addr(), Port: secure.Port()}}, {Probe{Addr: expired.Addr(), Port: expired.Port()}}} {
			if strings.Contains(tt.url, fmt.Sprintf(":%d", other.Port)) {
				p.Addr, p.Port = other.Addr, other.Port
			}
		}
		got := d.HTTP(t.Context(), p)
		check(t, got, tt.want, tt.detail)
		if strings.Count(tt.detail, " ") == 1 && got.Detail != tt.detail && strings.HasPrefix(tt.detail, "HTTP") {
			t.Errorf("%s: got %q, want %q alone", tt.url, got.Detail, tt.detail)
		}
	}
}

// An HTTP/2 server that misbehaves is a service that fails.
func TestHTTP2Faults(t *testing.T) {
	nothingLeft(t)
	ca := newAuthority(t, "Our CA")
	config := &tls.Config{Certificates: []tls.Certificate{ca.serverCert("example.org", -1, 5)}, NextProtos: []string{"h2"}}
	settings := "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	var all sync.WaitGroup // at once: most of it is waiting for a time-out
	for name, tt := range map[string]struct{ text, detail string }{
		"nothing":       {"", "no HTTP answer in time"},
		"settings only": {settings, "no HTTP answer in time"},
		"nonsense":      {"this is not HTTP/2, not at all", "connected, but"}, // sooner or later than the request
		"goes away":     {settings + "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "connected, but"},
		"refuses":       {settings + "\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07", "connected, but"},
	} {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				p := serve(t, func(c net.Conn) {
					s := tls.Server(c, config)
					if s.Handshake() == nil {
						io.WriteString(s, tt.text)
						hold(s)
					}
				})
				p.URL = fmt.Sprintf("https://example.org:%d/", p.Port)
				check(t, inTime(t, dialersFor(t, p.Port).HTTP, p, checks.Failing), checks.Failing, tt.detail)
			})
		})
	}
	all.Wait()
}

// Each probe is one connection and one request, with nothing in it that was not meant.
func TestHTTPRequest(t *testing.T) {
	nothingLeft(t)
	var mu sync.Mutex
	var got []string
	p := serve(t, func(c net.Conn) {
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		mu.Lock()
		got = append(got, string(buf[:n]))
		mu.Unlock()
		io.WriteString(c, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n")
	})
	p.URL = fmt.Sprintf("http://example.org:%d/a?b=%%20c", p.Port)
	d := dialersFor(t, p.Port)
	d.timeout = defaultTimeout
	for range 2 {
		check(t, d.HTTP(t.Context(), p), checks.Answered, "HTTP 200")
	}
	mu.Lock()
	defer mu.Unlock()
	want := fmt.Sprintf("GET /a?b=%%20c HTTP/1.1\r\nHost: example.org:%d\r\nUser-Agent: %s\r\nAccept: */*\r\nConnection: close\r\n\r\n", p.Port, d.agent)
	if !slices.Equal(got, []string{want, want}) {
		t.Errorf("sent %q, want %q twice", got, want)
	}
}
