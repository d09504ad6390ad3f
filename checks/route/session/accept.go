package session

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// listen waits for neighbours at one place. Where that cannot be done it tries again.
func (c *Collector) listen(ctx context.Context, place string) {
	var wg sync.WaitGroup
	defer wg.Wait()
	neighbors := c.listens()[place]
	wait := c.options.Retry
	for ctx.Err() == nil {
		l, err := listenTCP(ctx, place, neighbors)
		if err != nil {
			c.cannot(neighbors, "nobody can be waited for at "+place+": "+root(err).Error())
			c.log.Warn("cannot wait for BGP neighbours", "listen", place, "error", err)
			sleep(ctx, jitter(wait))
			wait = min(2*wait, c.options.RetryMax)
			continue
		}
		wait = c.options.Retry
		c.cannot(neighbors, "")
		stop := context.AfterFunc(ctx, func() { l.Close() })
		c.accept(ctx, &wg, l, neighbors)
		stop()
		l.Close()
	}
}

// cannot notes at the neighbours that they cannot be waited for, or that they are.
func (c *Collector) cannot(neighbors []*Neighbor, sentence string) {
	for _, p := range c.all() {
		for _, n := range neighbors {
			if p.n != n || !p.first || !n.Passive {
				continue
			}
			if sentence == "" {
				p.note(Connecting, "it is waited for at "+n.Listen+" and has not come: it must call from "+strings.TrimSuffix(strings.TrimSuffix(n.Address.String(), "/32"), "/128")+
					"; with a wrong password nothing of it is seen")
			} else {
				p.note(Idle, sentence)
			}
		}
	}
}

// accept takes connections until the listener is closed or fails.
func (c *Collector) accept(ctx context.Context, wg *sync.WaitGroup, l net.Listener, neighbors []*Neighbor) {
	var strangers time.Time
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				c.log.Warn("waiting for BGP neighbours failed", "error", err)
				sleep(ctx, jitter(c.options.Retry)) // for instance until there are file descriptors again
			}
			return
		}
		p, refusal := c.welcome(conn, neighbors)
		if refusal != "" {
			conn.Close()
			if time.Since(strangers) > time.Minute {
				strangers = time.Now()
				c.log.Warn("BGP connection refused", "from", conn.RemoteAddr(), "reason", refusal)
			}
			continue
		}
		wg.Go(func() { p.serve(ctx, conn, false) })
	}
}

// welcome finds out who called.
func (c *Collector) welcome(conn net.Conn, neighbors []*Neighbor) (p *peer, refusal string) {
	addr, ok := addrOf(conn.RemoteAddr())
	n := neighborAt(neighbors, addr)
	if !ok || n == nil {
		return nil, "no neighbour has this address"
	}
	if err := guard(conn, n); err != nil {
		return nil, "setting TTL security: " + err.Error()
	}
	if p = c.peer(n, addr); p == nil {
		return nil, "there are too many sessions of " + n.Name
	}
	if time.Now().Before(p.barredUntil()) {
		return nil, n.Name + " had sent more prefixes than are allowed"
	}
	return p, ""
}

// neighborAt finds the neighbour with the longest prefix around an address.
func neighborAt(neighbors []*Neighbor, addr netip.Addr) (best *Neighbor) {
	for _, n := range neighbors {
		if n.Address.Contains(addr) && (best == nil || n.Address.Bits() > best.Address.Bits()) {
			best = n
		}
	}
	return best
}
