package rislive

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	// readBuffer is what is read from the socket at once: some hundred frames of a burst.
	readBuffer = 64 << 10
	// linger is how long the first frame that comes waits for others, where they are few:
	// to wake up for each of some thousand a second costs more than to handle them.
	linger = 5 * time.Millisecond
	// fewBytes is what comes within linger at some ten thousand messages a second. Where
	// more comes nothing waits: a socket that is not read would hold the sender back.
	fewBytes = 32 << 10
)

// transport opens connections of ours alone: it outlives none of them.
func transport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if d, ok := http.DefaultTransport.(*http.Transport); ok {
		t = d.Clone()
	}
	t.ReadBufferSize = readBuffer
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &lull{Conn: c}, nil
	}
	return t
}

// lull is a connection that, where little comes, is read some hundred times a second and no
// more often.
type lull struct {
	net.Conn
	drained bool // all that was there was read
	read    int  // bytes since it last waited
}

// Read reads what is there, or what comes.
func (c *lull) Read(p []byte) (int, error) {
	if c.drained && c.read < fewBytes {
		time.Sleep(linger)
	}
	if c.drained {
		c.read = 0
	}
	n, err := c.Conn.Read(p)
	c.drained, c.read = n < len(p), c.read+n
	return n, err
}
