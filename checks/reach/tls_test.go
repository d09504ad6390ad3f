package reach

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"isitdown/checks"
	"isitdown/checks/labtest"
)

// serve runs a server of ours: each connection is handled on its own, and closed. It is
// over with the test, and waited for.
func serve(t *testing.T, handle func(c net.Conn)) Probe {
	t.Helper()
	return tcpAt(t, Probe{Addr: netip.MustParseAddr("127.0.0.1")}, handle)
}

// tcpAt is [serve] where a probe goes to.
func tcpAt(t *testing.T, at Probe, handle func(c net.Conn)) Probe {
	t.Helper()
	l, err := net.Listen("tcp", at.addrPort().String())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() { defer c.Close(); handle(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return probeOf(l.Addr())
}

// hold keeps a connection until the other side ends it.
func hold(c net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

// tlsServer shakes hands with a configuration of its own.
func tlsServer(t *testing.T, config *tls.Config) Probe {
	return serve(t, func(c net.Conn) {
		s := tls.Server(c, config)
		if s.Handshake() == nil {
			hold(s)
		}
	})
}

// A handshake that ends is an answer, and so is an alert; what else can come is told
// apart. The good servers are nginx.
func TestTLS(t *testing.T) {
	nothingLeft(t)
	ca := newAuthority(t, "Our CA")
	good := ca.serverCert("example.org", -1, 5)
	at := labtest.AddrPort(t)
	ports := []uint16{at.Port()}
	var conf strings.Builder
	nginx := func(lines string) Probe {
		p := netip.AddrPortFrom(at.Addr(), labtest.Port(t, at.Addr()))
		for p.Port() == at.Port() || strings.Contains(conf.String(), fmt.Sprintf(":%d ", p.Port())) {
			p = netip.AddrPortFrom(at.Addr(), labtest.Port(t, at.Addr()))
		}
		fmt.Fprintf(&conf, "server { listen %v ssl; %s return 200; }\n", p, lines)
		return Probe{Addr: p.Addr(), Port: p.Port()}
	}
	fmt.Fprintf(&conf, "server { listen %v; return 200; }\n", at)
	plain := Probe{Addr: at.Addr(), Port: at.Port()}
	garbage := good
	garbage.Certificate = [][]byte{[]byte("this is no certificate")}
	tests := []struct {
		name   string
		p      Probe
		want   checks.Outcome
		detail string
	}{
		{"good", nginx(files(t, good) + "ssl_protocols TLSv1.3;"), checks.Answered, "TLS 1.3, certificate valid until " + day(days(5))},
		{"TLS 1.2", nginx(files(t, good) + "ssl_protocols TLSv1.2;"), checks.Answered, "TLS 1.2, certificate valid until "},
		{"expired", nginx(files(t, ca.serverCert("example.org", -5, -2))), checks.Answered, "certificate expired on " + day(days(-2))},
		{"not yet valid", nginx(files(t, ca.serverCert("example.org", 2, 5))), checks.Answered, "certificate not valid before " + day(days(2))},
		{"another host", nginx(files(t, ca.serverCert("other.example", -1, 5))), checks.Answered, "certificate is for other.example, 127.0.0.99, not for example.org"},
		{"self-signed", nginx(files(t, (&authority{t: t}).serverCert("example.org", -1, 5))), checks.Answered, "certificate is self-signed"},
		{"unknown issuer", nginx(files(t, newAuthority(t, "Their CA").serverCert("example.org", -1, 5))), checks.Answered, "issuer that is not known: Their CA"},
		{"alert", nginx(files(t, good) + "ssl_reject_handshake on;"), checks.Answered, "TLS alert: unrecognized name"},
		{"no TLS", plain, checks.Failing, "does not speak TLS"},
		{"old and weak", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}), checks.Answered, "TLS 1.0, certificate valid"},
		{"wants a certificate of ours", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}), checks.Answered, "TLS alert"},
		{"unreadable certificate", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{garbage}}), checks.Answered, "its certificate cannot be read"},
		{"hangs up", serve(t, func(c net.Conn) { c.Read(make([]byte, 1)) }), checks.Failing, "hung up during the TLS handshake"},
		{"resets", serve(t, func(c net.Conn) { c.Read(make([]byte, 1)); c.(*net.TCPConn).SetLinger(0) }), checks.Failing, "hung up during the TLS handshake"},
		{"says nothing", serve(t, hold), checks.Failing, "no TLS handshake in time"},
		{"half a handshake", serve(t, func(c net.Conn) { c.Write([]byte{22, 3, 3, 1, 0, 2}); hold(c) }), checks.Failing, "no TLS handshake in time"},
		{"nonsense in records", serve(t, func(c net.Conn) { c.Read(make([]byte, 1)); c.Write([]byte{22, 3, 3, 0, 4, 99, 0, 0, 0}); hold(c) }), checks.Failing, "its TLS handshake is wrong"},
	}
	labtest.Nginx(t, conf.String(), nil)
	for _, tt := range tests {
		ports = append(ports, tt.p.Port)
	}
	d := dialersFor(t, ports...)
	d.roots = ca.roots()
	var all sync.WaitGroup // at once: most of it is waiting for a time-out
	for _, tt := range tests {
		all.Go(func() {
			t.Run(tt.name, func(t *testing.T) {
				tt.p.Host, tt.p.Name = "example.org", "example.org"
				check(t, inTime(t, d.TLS, tt.p, tt.want), tt.want, tt.detail)
				check(t, inTime(t, d.TCP, tt.p, checks.Answered), checks.Answered, "")
			})
		})
	}
	all.Wait()
	address := tests[0].p // no name: the certificate has to be for the address
	check(t, d.TLS(t.Context(), address), checks.Answered, "not for "+address.Addr.String())
}
