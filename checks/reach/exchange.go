package reach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

const (
	udpSize = 1232  // bytes of an answer that pass everywhere (DNS flag day 2020)
	maxTCP  = 65535 // over TCP
)

// dialFunc is what [net.Dialer.DialContext] is.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// once asks one server one question, within its time.
func (r *Resolver) once(ctx context.Context, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	q := question(name, qtype).SetEdns0(udpSize, false)
	m, err := exchange(ctx, r.o.Dial, "udp", server, q)
	if err != nil || !m.Truncated {
		return m, err
	}
	if whole, err := exchange(ctx, r.o.Dial, "tcp", server, q); err == nil {
		return whole, nil
	}
	return m, nil // what fitted is better than nothing
}

// exchange sends a message and waits for its answer. Over UDP, whatever is not the answer
// to it is passed over: it may be a forgery, or late. The context's end ends it.
func exchange(ctx context.Context, dial dialFunc, network string, server netip.AddrPort, q *dns.Msg) (*dns.Msg, error) {
	conn, err := dial(ctx, network, server.String())
	if err != nil {
		return nil, fmt.Errorf("reaching %v: %w", server, err)
	}
	defer conn.Close()
	defer expire(ctx, conn)()
	c := &dns.Conn{Conn: conn}
	if err := c.WriteMsg(q); err != nil {
		return nil, fmt.Errorf("asking %v: %w", server, err)
	}
	buf := make([]byte, map[string]int{"udp": maxUDP, "tcp": maxTCP}[network])
	for {
		n, err := c.Read(buf)
		if err != nil && !errors.Is(err, io.ErrShortBuffer) {
			return nil, fmt.Errorf("waiting for %v: %w", server, err)
		}
		if m, ok := readAnswer(q, buf[:n]); ok {
			return m, nil
		} else if network == "tcp" {
			return nil, fmt.Errorf("%v sent something that is no answer", server)
		}
	}
}
