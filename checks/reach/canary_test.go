package reach

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// canary listens where nothing may lead to: at 127.0.0.1 and ::1, on one port.
type canary struct {
	port uint16
	sung atomic.Int64 // connections and datagrams
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	var c canary
	first, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.port = netip.MustParseAddrPort(first.Addr().String()).Port()
	c.accept(t, first)
	for _, network := range []string{"tcp6 ::1", "udp4 127.0.0.1", "udp6 ::1"} {
		network, host, _ := strings.Cut(network, " ")
		at := net.JoinHostPort(host, fmt.Sprint(c.port))
		if strings.HasPrefix(network, "udp") {
			if pc, err := net.ListenPacket(network, at); err == nil {
				t.Cleanup(func() { pc.Close() })
				go func() {
					for b := make([]byte, 1); ; c.sung.Add(1) {
						if _, _, err := pc.ReadFrom(b); err != nil && !errors.Is(err, net.ErrWriteToConnected) {
							return
						}
					}
				}()
			}
		} else if ln, err := net.Listen(network, at); err == nil { // where there is IPv6
			c.accept(t, ln)
		}
	}
	return &c
}

func (c *canary) accept(t *testing.T, ln net.Listener) {
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			c.sung.Add(1)
			conn.Close()
		}
	}()
}

// heard gives how many reached the canary, once all that were on their way are counted:
// one of our own comes after them.
func (c *canary) heard(t *testing.T) int64 {
	t.Helper()
	before := c.sung.Load()
	conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", c.port))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for range 1000 {
		if c.sung.Load() > before {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return c.sung.Add(-1)
}
