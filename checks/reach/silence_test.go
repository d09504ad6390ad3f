//go:build linux

package reach

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// Every method against every kind of silence ends when its time does; and where it is
// ended before by whoever asked, it says nothing of the host.
func TestSilences(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	far := netip.AddrPortFrom(c.Host.Addr4(), 80)
	drop := c.Router.Drop(netlab.Packets{To: c.Host.Prefix4()})
	defer drop.Heal()
	const ok = "HTTP/1.1 200 OK\r\n"
	mute := Probe{Addr: far.Addr(), Port: far.Port()}
	says := serve(t, hold)
	half := serve(t, func(c net.Conn) { c.Write([]byte{22, 3, 3, 1, 0, 2}); hold(c) })
	header := serve(t, drips(ok+"X: "))
	body := serve(t, drips(ok+"Content-Length: 60000\r\n\r\n"))
	moved := serve(t, reads("HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n"))
	hole := udpServer(t, func([]byte) [][]byte { return nil })
	d := dialersFor(t, says.Port, half.Port, header.Port, body.Port, moved.Port)
	d.lookup = func(ctx context.Context, host string) (Resolution, error) {
		<-ctx.Done()
		return Resolution{}, &ResolveError{Name: host, Kind: checks.Unmeasured, Why: "time was up"}
	}
	var all sync.WaitGroup // at once: it is all waiting for a time-out
	for _, tt := range []struct {
		name   string
		p      Probe
		ask    map[checks.Method]checks.Outcome
		cancel checks.Outcome // where somebody gives it up
	}{
		{"dropped", mute, map[checks.Method]checks.Outcome{checks.MethodTCP: checks.Silent, checks.MethodTLS: checks.Silent, checks.MethodHTTP: checks.Silent, checks.MethodDNS: checks.Silent}, checks.Unmeasured},
		{"accepts and says nothing", says, map[checks.Method]checks.Outcome{checks.MethodTLS: checks.Failing, checks.MethodHTTP: checks.Failing}, checks.Unmeasured},
		{"half a handshake", half, map[checks.Method]checks.Outcome{checks.MethodTLS: checks.Failing}, checks.Unmeasured},
		{"header drips", header, map[checks.Method]checks.Outcome{checks.MethodHTTP: checks.Failing}, checks.Unmeasured},
		{"body drips", body, map[checks.Method]checks.Outcome{checks.MethodHTTP: checks.Answered}, checks.Unmeasured},
		{"a redirect to a name that nobody resolves", moved, map[checks.Method]checks.Outcome{checks.MethodHTTP: checks.Answered}, checks.Answered},
		{"a black hole of the DNS", hole, map[checks.Method]checks.Outcome{checks.MethodDNS: checks.Silent}, checks.Unmeasured},
	} {
		tt.p.Name = "example.org"
		for method, want := range tt.ask {
			p := tt.p
			p.URL = fmt.Sprintf("http://example.org:%d/", p.Port)
			ask := map[checks.Method]Ask{checks.MethodTCP: d.TCP, checks.MethodTLS: d.TLS, checks.MethodHTTP: d.HTTP, checks.MethodDNS: d.DNS}[method]
			all.Go(func() {
				if got := inTime(t, ask, p, want); got.Outcome != want {
					t.Errorf("%s, %v: got %v, %q; want %v", tt.name, method, got.Outcome, got.Detail, want)
				}
			})
			all.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(50*time.Millisecond, cancel)
				if got := ask(ctx, p); got.Outcome != tt.cancel {
					t.Errorf("%s, %v, given up: got %v, %q; want %v", tt.name, method, got.Outcome, got.Detail, tt.cancel)
				}
			})
		}
	}
	all.Wait()
	// Less time than a host has to answer is no time to call it silent, or failing.
	d.timeout = defaultTimeout
	mute.URL, says.URL = "http://example.org/", fmt.Sprintf("http://example.org:%d/", says.Port)
	for _, tt := range []struct {
		ask  Ask
		p    Probe
		want checks.Outcome
	}{
		{d.TCP, mute, checks.Unmeasured},
		{d.HTTP, mute, checks.Unmeasured},
		{d.DNS, hole, checks.Unmeasured},
		{d.TLS, says, checks.Answered},
		{d.HTTP, says, checks.Answered},
	} {
		all.Go(func() { check(t, inTime(t, tt.ask, tt.p, tt.want), tt.want, "cut short") })
	}
	all.Wait()
}

// A router's word in the middle of an answer breaks nothing: TCP tries again.
func TestLostAfterConnect(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	d := dialersFor(t)
	d.timeout = time.Second
	hosts := []netip.Addr{c.Host.Addr4(), c.Host.Addr6()}
	asked, got := make(chan struct{}), make(chan checks.Answer)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, host := range hosts {
		l := c.Host.Listen(netip.AddrPortFrom(host, 80))
		p := Probe{Addr: host, Port: 80, URL: "http://example.org/"}
		labtest.Await(t, "the host answers", func() bool { return d.TCP(t.Context(), p).Outcome == checks.Answered }, nil)
		wg.Go(func() {
			for n := 0; n == 0; { // those that only connected are over
				c, err := l.Accept()
				if err != nil {
					return
				}
				n, _ = c.Read(make([]byte, 4096))
				if n > 0 {
					asked <- struct{}{}
					io.WriteString(c, "HTTP/1.1 200 OK\r\nX: ")
					drip(c)
				}
				c.Close()
			}
		})
		wg.Go(func() {
			a := d.HTTP(t.Context(), p)
			l.Close()
			got <- a
		})
	}
	for range hosts {
		<-asked
	}
	for _, host := range hosts {
		defer c.Router.Reject(netlab.Packets{To: netip.PrefixFrom(host, host.BitLen())}, netlab.HostUnreachable).Heal()
	}
	for range hosts {
		check(t, <-got, checks.Failing, "connected, but no HTTP answer in time")
	}
}

// Without files to open nothing is measured, and nobody is called silent for it.
func TestNoFilesLeft(t *testing.T) {
	nothingLeft(t)
	p := serve(t, hold)
	p.URL, p.Name = fmt.Sprintf("http://example.org:%d/", p.Port), "example.org"
	d := dialersFor(t, p.Port)
	if got := d.TCP(t.Context(), p); got.Outcome != checks.Answered {
		t.Fatalf("before: got %v, %q", got.Outcome, got.Detail)
	}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	// Descriptors are given from the lowest on: a limit at the first that is free.
	free, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Close(free)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(free), Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	var got []checks.Answer
	for _, ask := range []Ask{d.TCP, d.TLS, d.HTTP, d.DNS} {
		got = append(got, ask(t.Context(), p))
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	for _, a := range got {
		check(t, a, checks.Unmeasured, "too many files open")
	}
}

// A hundred at once get each its own answer, and leave nothing behind.
func TestManyAtOnce(t *testing.T) {
	nothingLeft(t)
	p := serve(t, reads("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	p.URL = fmt.Sprintf("http://example.org:%d/", p.Port)
	d := dialersFor(t, p.Port)
	d.timeout = defaultTimeout
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { check(t, d.HTTP(t.Context(), p), checks.Answered, "HTTP 200") })
	}
	wg.Wait()
}
