package lab

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"isitdown/checks/labtest"
)

// door is a listener that can be shut for a while: who calls then is refused, and who is
// inside is out.
type door struct {
	at     netip.AddrPort
	opened chan net.Listener
	done   chan struct{}
	once   sync.Once
	inner  net.Listener // of Accept alone

	mu      sync.Mutex
	current net.Listener // nil where it is shut
	inside  []net.Conn
}

func newDoor(at netip.AddrPort) *door {
	return &door{at: at, opened: make(chan net.Listener, 1), done: make(chan struct{})}
}

// mustOpen opens a door that is shut.
func (d *door) mustOpen(t testing.TB) {
	t.Helper()
	var l net.Listener
	var err error
	labtest.Await(t, "the door can be opened at "+d.at.String(), func() bool {
		l, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(d.at))
		return err == nil
	}, func() string { return err.Error() })
	d.mu.Lock()
	d.current = l
	d.mu.Unlock()
	d.opened <- l
}

// shut shuts one that is open.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != nil {
		d.current.Close()
	}
	d.current = nil
	for _, c := range d.inside {
		c.Close()
	}
	d.inside = nil
}

// Accept waits while the door is shut.
func (d *door) Accept() (net.Conn, error) {
	for {
		if d.inner == nil {
			select {
			case d.inner = <-d.opened:
			case <-d.done:
				return nil, net.ErrClosed
			}
		}
		c, err := d.inner.Accept()
		if err == nil && d.enter(c) {
			return c, nil
		}
		d.inner = nil
	}
}

// enter reports whether a connection came before the door was shut.
func (d *door) enter(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != d.inner {
		c.Close()
		return false
	}
	d.inside = append(d.inside, c)
	return true
}

// Close ends Accept for good.
func (d *door) Close() error {
	d.once.Do(func() { close(d.done) })
	d.shut()
	return nil
}

// Addr is where it is.
func (d *door) Addr() net.Addr { return net.TCPAddrFromAddrPort(d.at) }
