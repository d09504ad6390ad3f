//go:build !linux

package session

import (
	"fmt"
	"net"
	"syscall"
)

// supported reports which settings this system has not got.
func supported(neighbors []Neighbor) error {
	for _, n := range neighbors {
		if n.Password != "" || n.TTLSecurity > 0 {
			return fmt.Errorf("neighbour %q: TCP MD5 passwords and TTL security are there on Linux alone", n.Name)
		}
	}
	return nil
}

func protect(syscall.RawConn, []*Neighbor) error { return nil }

func guard(net.Conn, *Neighbor) error { return nil }
