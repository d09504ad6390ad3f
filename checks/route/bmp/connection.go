package bmp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"isitdown/checks/internal/bgp"
	wire "isitdown/checks/internal/bmp"
)

// connection is one TCP connection of a router. Its buffers are used again for
// every message.
type connection struct {
	conn     net.Conn
	router   *router
	reader   *wire.Reader
	update   bgp.Update
	path     []byte // of a path that was changed
	messages uint64
	pace     pace
}

func newConnection(conn net.Conn, r *router) *connection {
	if tcp, ok := conn.(*net.TCPConn); ok {
		// Without it a router that lost its power stays connected for ever: BMP has
		// no keepalive and the station sends nothing.
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount})
	}
	c := &connection{conn: conn, router: r}
	c.reader = wire.NewReader(c)
	return c
}

// Read sets the deadline that fits what is awaited: the rest of a message is due
// soon, the next one whenever there is something to say.
func (c *connection) Read(b []byte) (int, error) {
	deadline := time.Time{}
	switch {
	case c.reader.Partial() || c.messages == 0:
		deadline = time.Now().Add(patience)
	case c.pace.allowed() > 0:
		deadline = time.Now().Add(c.pace.allowed())
	}
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return c.conn.Read(b)
}

// pace learns how often a router sends statistics: one that does so regularly and
// stops has stopped altogether, though its TCP may go on.
type pace struct {
	last    time.Time
	longest time.Duration
	gaps    int
}

const (
	// paceGaps is how many gaps are seen before the pace is known; those shorter
	// than burst are between the reports of one round.
	paceGaps = 3
	burst    = 2 * time.Second
	// paceSlack is how many of the longest gaps a router may be silent.
	paceSlack = 3
)

func (p *pace) report(now time.Time) {
	if gap := now.Sub(p.last); !p.last.IsZero() && gap > burst {
		p.longest = max(p.longest, gap)
		p.gaps++
	}
	p.last = now
}

// allowed is how long the router may be silent, zero for any time.
func (p *pace) allowed() time.Duration {
	if p.gaps < paceGaps {
		return 0
	}
	return max(patience, paceSlack*p.longest)
}

// ending says why a connection ended, for a person.
func ending(err error) string {
	e, framing := errors.AsType[*wire.Error](err)
	switch {
	case errors.Is(err, io.EOF):
		return "it closed the connection"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it closed the connection inside a message"
	case errors.Is(err, syscall.ECONNRESET):
		return "it reset the connection"
	case errors.Is(err, net.ErrClosed):
		return "this side closed the connection"
	case errors.Is(err, syscall.ETIMEDOUT):
		return fmt.Sprintf("it did not answer for %v", keepAliveWindow)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "it fell silent"
	case framing:
		return fmt.Sprintf("what it sends is not BMP: %v", e)
	}
	return err.Error()
}
