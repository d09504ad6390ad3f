package netlab

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(envHelp) == "alone" && !Inside() { // TestAlone: only the tests that ask for it go inside
		os.Exit(m.Run())
	}
	Main(m)
}

const (
	soon = 150 * time.Millisecond
	// resent is when a SYN has been sent a second time; see the package comment.
	resent = 2500 * time.Millisecond
)

func connect(to netip.AddrPort, within time.Duration) error {
	c, err := net.DialTimeout("tcp", to.String(), within)
	if err == nil {
		c.Close()
	}
	return err
}

func TestChain(t *testing.T) {
	c := New(t).Chain()
	for _, addr := range []netip.Addr{c.Host.Addr4(), c.Host.Addr6()} {
		to := netip.AddrPortFrom(addr, 80)
		c.Host.Listen(to)
		if err := connect(to, soon); err != nil {
			t.Fatalf("%v: got %v, want a connection", to, err)
		}
		all := netip.PrefixFrom(addr, addr.BitLen())
		unreachable := syscall.EHOSTUNREACH
		if addr.Is6() {
			unreachable = syscall.ENETUNREACH
		}
		for _, tt := range []struct {
			name   string
			begin  func() *Fault
			want   error // nil for a time-out
			resent bool
		}{
			{"dropped by the router", func() *Fault { return c.Router.Drop(Packets{To: all}) }, nil, false},
			{"dropped by the host", func() *Fault { return c.Host.Drop(Packets{}) }, nil, false},
			{"dropped on the way back", func() *Fault { return c.Router.Drop(Packets{From: all, Proto: "tcp"}) }, nil, false},
			{"refused by the host", func() *Fault { return c.Host.Reject(Packets{Port: 80, Proto: "tcp"}, Reset) }, syscall.ECONNREFUSED, false},
			{"no host", func() *Fault { return c.Router.Reject(Packets{To: all}, HostUnreachable) }, syscall.EHOSTUNREACH, true},
			{"prohibited here", func() *Fault { return c.Here.Prohibit(all) }, syscall.EACCES, false},
			{"unreachable here", func() *Fault { return c.Here.Unreachable(all) }, syscall.EHOSTUNREACH, false},
			{"blackhole here", func() *Fault { return c.Here.Blackhole(all) }, syscall.EINVAL, false},
			{"blackhole at the router", func() *Fault { return c.Router.Blackhole(all) }, nil, false},
			{"unreachable at the router", func() *Fault { return c.Router.Unreachable(all) }, unreachable, true},
		} {
			t.Run(tt.name+", "+addr.String(), func(t *testing.T) {
				f := tt.begin()
				within := soon
				if tt.resent {
					within = resent
				}
				err := connect(to, within)
				f.Heal()
				if tt.want == nil {
					if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
						t.Errorf("got %v, want silence", err)
					}
				} else if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if err := connect(to, soon); err != nil {
					t.Errorf("healed: got %v, want a connection", err)
				}
			})
		}
	}
}
