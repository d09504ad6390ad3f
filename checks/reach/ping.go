package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"isitdown/checks"
)

// errNotPermitted is that of a system which lets us open no socket for ICMP.
var errNotPermitted = errors.New("ICMP is not permitted here")

// ping sends one echo and waits for its reply: as long as it is told, and up to 100 ms
// more (overrun), which is how often the library looks whether it is to end. An error means that
// nothing was sent; it wraps errNotPermitted where that is why.
//
// The library must be told of a route that prohibits before: it would send again and
// again. Should the route have come up in between, loopBreaker ends it.
func ping(ctx context.Context, to netip.Addr, privileged bool, wait time.Duration) (finding, error) {
	f := finding{Outcome: checks.Silent, late: true}
	var opened bool
	var sent time.Time
	pinger, breaker := probing.New(""), &loopBreaker{}
	pinger.SetIPAddr(&net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()})
	pinger.SetPrivileged(privileged)
	pinger.SetLogger(breaker)
	pinger.RecordRtts, pinger.RecordTTLs = false, false
	pinger.Count, pinger.Timeout, pinger.Interval = 1, wait, 2*wait
	pinger.OnSetup = func() { opened = true }
	pinger.OnSend = func(*probing.Packet) { sent = time.Now() }
	pinger.OnRecv = func(p *probing.Packet) {
		if from, ok := netip.AddrFromSlice(p.IPAddr.IP); ok && from.Unmap() == to.WithZone("") {
			f = finding{Outcome: checks.Answered, took: time.Since(sent)}
		} else if ok {
			f.detail = "the reply came from another address: " + from.Unmap().String()
		}
	}
	err := pinger.RunWithContext(ctx)
	switch {
	case !sent.IsZero():
		return f, nil
	case !opened && (errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EPROTONOSUPPORT)):
		return finding{}, fmt.Errorf("%w: %w", errNotPermitted, err)
	case err == nil:
		err = breaker.cause()
	}
	return finding{}, fmt.Errorf("sending an echo to %s: %w", to, err)
}

// loopBreaker is the library's log. Nobody reads what it says, but it says a line before
// it sends once more what the system has just refused (EACCES, taken for an address of a
// broadcast), heeding neither its timeout nor its context: that ends its goroutine, whose
// deferred calls tell the others.
type loopBreaker struct {
	probing.NoopLogger
	mu  sync.Mutex
	met bool
}

func (b *loopBreaker) Infof(string, ...any) {
	b.mu.Lock()
	b.met = true
	b.mu.Unlock()
	runtime.Goexit()
}

func (b *loopBreaker) cause() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.met {
		return syscall.EACCES
	}
	return errors.New("nothing was sent")
}
