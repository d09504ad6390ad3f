package session

import (
	"context"
	"net"
	"syscall"
)

// dialTCP calls a neighbour, with its password and TTL set before the first packet.
func dialTCP(ctx context.Context, n *Neighbor) (net.Conn, error) {
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error { return protect(c, []*Neighbor{n}) }}
	if n.Local.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: n.Local.AsSlice()}
	}
	return d.DialContext(ctx, "tcp", n.target().String())
}

// listenTCP waits for neighbours, whose passwords and TTL are set before it does.
func listenTCP(ctx context.Context, place string, neighbors []*Neighbor) (net.Listener, error) {
	l := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return protect(c, neighbors) }}
	return l.Listen(ctx, "tcp", place)
}
