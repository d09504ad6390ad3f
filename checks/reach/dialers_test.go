package reach

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
)

// dialersFor lets the given ports of loopback, and of public addresses, be asked. A host
// has as long to answer as [inTime] gives it.
func dialersFor(t *testing.T, ports ...uint16) *Dialers {
	t.Helper()
	return NewDialers(DialerOptions{Timeout: brief, Shield: NewShield(ShieldOptions{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Ports: ports,
	})})
}

// probeOf asks an address and port.
func probeOf(a net.Addr) Probe {
	at := netip.MustParseAddrPort(a.String())
	return Probe{Host: at.Addr().String(), Addr: at.Addr().Unmap(), Port: at.Port()}
}

// nothingLeft fails a test that leaves a goroutine or an open file behind: call it before
// anything is opened.
func nothingLeft(t *testing.T) {
	t.Helper()
	webtest.NoLeaks(t)
	if runtime.GOOS != "linux" {
		return
	}
	if c, err := net.Dial("udp", "127.0.0.1:9"); err == nil {
		c.Close() // so that the poller of the runtime is there already
	}
	before := openFiles(t)
	t.Cleanup(func() {
		var left []string
		for range 1000 {
			left = slices.DeleteFunc(openFiles(t), func(f string) bool { return slices.Contains(before, f) })
			if len(left) == 0 {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Errorf("left open: %s", strings.Join(left, ", "))
	})
}

// openFiles lists what this process has open, as "socket:[4711]".
func openFiles(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, f := range list {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil {
			open = append(open, to)
		}
	}
	return open
}

// brief is the deadline that is kept.
const brief = 200 * time.Millisecond

// inTime asks with a deadline, and fails a test unless the answer comes within 100 ms of
// it, and is the one that is wanted: at one of five times, for the machine may be busy.
func inTime(t *testing.T, ask Ask, p Probe, want checks.Outcome) (a checks.Answer) {
	t.Helper()
	var took []time.Duration
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), brief)
		start := time.Now()
		a = ask(ctx, p)
		took = append(took, time.Since(start).Round(time.Millisecond))
		cancel()
		if took[len(took)-1] <= brief+100*time.Millisecond && a.Outcome == want {
			return a
		}
	}
	t.Errorf("with a deadline of %v it took %v; the last answer is %v, %q, want %v", brief, took, a.Outcome, a.Detail, want)
	return a
}

// check compares what matters of an answer.
func check(t *testing.T, got checks.Answer, want checks.Outcome, detail string) {
	t.Helper()
	if got.Outcome != want || !strings.Contains(got.Detail, detail) || detail == "" && got.Detail != "" {
		t.Errorf("%v %v: got %v, %q; want %v with %q", got.Method, got.Host, got.Outcome, got.Detail, want, detail)
	}
	if got.At.IsZero() || got.Took < 0 {
		t.Errorf("%v %v: sent at %v, took %v", got.Method, got.Host, got.At, got.Took)
	}
	if clean := checks.OneLine(got.Detail, 1000); clean != got.Detail {
		t.Errorf("%v %v: the detail %q is not fit to be shown", got.Method, got.Host, got.Detail)
	}
}

func TestNothingIsSent(t *testing.T) {
	nothingLeft(t)
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer canary.Close()
	p := probeOf(canary.Addr())
	p.URL = fmt.Sprintf("http://%v/", canary.Addr())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	open := dialersFor(t, p.Port)
	tests := []struct {
		name   string
		ctx    context.Context
		d      *Dialers
		p      Probe
		detail string
	}{
		{"no shield", t.Context(), NewDialers(DialerOptions{}), p, "is not probed"},
		{"loopback", t.Context(), NewDialers(DialerOptions{Shield: NewShield(ShieldOptions{Ports: []uint16{p.Port}})}), p, "is not probed"},
		{"the context is over", over, open, p, "nothing was sent"},
		{"no address", t.Context(), open, Probe{Host: "x", Port: p.Port, URL: p.URL}, "nothing was sent"},
		{"no port", t.Context(), open, Probe{Host: "x", Addr: p.Addr, URL: p.URL}, "nothing was sent"},
	}
	for _, tt := range tests {
		for _, ask := range []Ask{tt.d.TCP, tt.d.TLS, tt.d.HTTP, tt.d.DNS} {
			check(t, ask(tt.ctx, tt.p), checks.Unmeasured, tt.detail)
		}
	}
	for _, u := range []string{"", "ftp://example.org/", "file:///etc/passwd", "http://u:p@127.0.0.1/", "http://", "%zz"} {
		p.URL = u
		check(t, open.HTTP(t.Context(), p), checks.Unmeasured, "nothing was sent")
	}
	canary.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Millisecond))
	if c, err := canary.Accept(); err == nil {
		t.Errorf("somebody connected from %v", c.RemoteAddr())
	}
}
