package reach

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
	"isitdown/checks/netlab"
)

// cpu is the processor time that this process has used.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	d, ok := processorTime()
	if !ok {
		t.Skip("this system does not tell how much processor time was used")
	}
	return d
}

// The library sends again and again where a route prohibits, deaf to its timeout and its
// context. Even one that comes up after we looked does not hold us.
func TestPingDoesNotSpin(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	for _, host := range []netip.Addr{c.Host.Addr4(), c.Host.Addr6()} {
		for _, privileged := range []bool{false, true} {
			route := c.Here.Prohibit(netip.PrefixFrom(host, host.BitLen()))
			before := cpu(t)
			f, err := ping(t.Context(), host, privileged, 5*time.Second)
			if !errors.Is(err, syscall.EACCES) || errors.Is(err, errNotPermitted) || f.Outcome != checks.Unmeasured {
				t.Errorf("%v, privileged %v: got %v, error %v, want EACCES", host, privileged, f, err)
			}
			if used := cpu(t) - before; used > time.Second {
				t.Errorf("%v, privileged %v: used %v of processor time", host, privileged, used)
			}
			route.Heal()
		}
	}
}

func TestPing(t *testing.T) {
	nothingLeft(t)
	s := netlab.New(t)
	plain, host := s.NoPing("plain"), s.Node("host")
	s.Link(plain, host, netip.MustParsePrefix("175.45.176.0/24"), netip.MustParsePrefix("2408:8000:2::/64"))
	for _, to := range []netip.Addr{host.Addr4(), host.Addr6()} {
		plain.Do(func() {
			if f, err := ping(t.Context(), to, false, time.Second); !errors.Is(err, errNotPermitted) {
				t.Errorf("%v, without permission: got %v, error %v", to, f, err)
			}
			f, err := ping(t.Context(), to, true, time.Second)
			for range 2 { // the machine may be busy
				if err == nil && f.Outcome == checks.Silent {
					f, err = ping(t.Context(), to, true, time.Second)
				}
			}
			if err != nil || f.Outcome != checks.Answered {
				t.Errorf("%v, by a raw socket: got %v, error %v", to, f, err)
			}
		})
		if f, err := ping(t.Context(), to, false, time.Second); !errors.Is(err, syscall.ENETUNREACH) || f.Outcome != checks.Unmeasured {
			t.Errorf("%v, without a way: got %v, error %v, want ENETUNREACH", to, f, err)
		}
	}
}

// A reply from another address is no answer: here the host answers from its second one.
func TestPingFromElsewhere(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	c.Host.Run("nft", `table ip elsewhere {
 chain reply { type route hook output priority 0; ip protocol icmp icmp type echo-reply ip saddr set 175.45.176.99; }
}`)
	f, err := ping(t.Context(), c.Host.Addr4(), false, time.Second)
	if err != nil || f.Outcome != checks.Silent || f.detail != "the reply came from another address: 175.45.176.99" {
		t.Errorf("got %v, %q, error %v", f.Outcome, f.detail, err)
	}
}

func TestICMPPermission(t *testing.T) {
	nothingLeft(t)
	s := netlab.New(t)
	if ok, fix := ICMPPermission(t.Context(), false); !ok || fix != "" {
		t.Errorf("permitted: got %v, %q", ok, fix)
	}
	if ok, fix := ICMPPermission(t.Context(), true); !ok || fix != "" {
		t.Errorf("raw sockets are permitted: got %v, %q", ok, fix)
	}
	s.NoPing("plain").Do(func() {
		ok, fix := ICMPPermission(t.Context(), false)
		want := `set probe.privileged = true, for this process may open raw sockets; or run as root: sysctl -w net.ipv4.ping_group_range="0 2147483647"`
		if ok || len(fix) < len(want) || fix[:len(want)] != want {
			t.Errorf("not permitted: got %v, %q", ok, fix)
		}
	})
}

func TestPermit(t *testing.T) {
	const program = "/opt/isitdown"
	tests := []struct {
		system     string
		privileged bool
		want       string
	}{
		{"linux", false, `run as root: sysctl -w net.ipv4.ping_group_range="0 2147483647" (and keep it in /etc/sysctl.d/; it is for IPv6 too), or setcap cap_net_raw+ep /opt/isitdown and set probe.privileged = true`},
		{"linux", true, "run as root: setcap cap_net_raw+ep /opt/isitdown"},
		{"windows", false, "set probe.privileged = true: this system may permit raw sockets alone"},
		{"freebsd", true, "run it as a user that may open raw sockets"},
	}
	for _, tt := range tests {
		if got := permit(tt.system, program, tt.privileged); got != tt.want {
			t.Errorf("%s, privileged %v: got %q, want %q", tt.system, tt.privileged, got, tt.want)
		}
	}
}

// Starts are spread evenly, whoever waits, and who cannot wait that long takes none.
func TestPace(t *testing.T) {
	webtest.NoLeaks(t)
	p := &pace{gap: 20 * time.Millisecond}
	began := time.Now()
	for range 6 {
		if err := p.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("six starts took %v, want 100 ms at least", took)
	}
	p = &pace{gap: time.Hour}
	if err := p.wait(t.Context()); err != nil {
		t.Errorf("the first: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3 {
		if err := p.wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("too late a start: got %v", err)
		}
	}
	if left := time.Until(p.next); left > time.Hour {
		t.Errorf("those who did not wait moved the next start to %v from now", left)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.wait(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}
