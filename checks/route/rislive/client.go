package rislive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"isitdown/checks/route"
)

// URL is the public service.
const URL = "wss://ris-live.ripe.net/v1/ws/"

// Options are what a Client needs. All of it has a default.
type Options struct {
	// URL is the WebSocket to connect to, ws:// or wss://; [URL] where it is empty.
	URL string
	// App is told to the service, as its manual asks for: who we are, so that it can
	// say what is wrong.
	App string
	// UserAgent stands in the handshake.
	UserAgent string
	// Whole has the whole stream asked for, whatever is watched: for who keeps the table
	// of the whole world, and serves what is watched from the same connection. All
	// filters are then served as soon as the stream is.
	Whole bool
	// HTTP makes the handshake. Its Transport must hand out the connection of an
	// upgrade, as that of net/http does; it is not to retry or to bound bodies. nil stands
	// for one that takes the proxy of the environment and reads in large pieces.
	HTTP *http.Client
	Log  *slog.Logger
}

// address is the URL with the name of the application.
func (o *Options) address() string {
	u, err := url.Parse(o.URL)
	if err != nil || o.App == "" {
		return o.URL
	}
	q := u.Query()
	q.Set("client", o.App)
	u.RawQuery = q.Encode()
	return u.String()
}

// Client follows RIS Live. Its methods may be called from any goroutine.
type Client struct {
	o     Options
	book  *book
	stats *stats
}

// New makes a Client; [Client.Run] connects it.
func New(o Options) *Client {
	if o.URL == "" {
		o.URL = URL
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: transport()}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{o: o, book: newBook(o.Whole), stats: &stats{}}
}

// Watch says which routes are wanted from now on, instead of what was wanted before.
// It does not wait until they are served, as [Client.Cover] does. Beyond a thousand
// filters the whole stream is asked for, and the caller gets more than it wants.
func (c *Client) Watch(filters []Filter) { c.book.want(filters) }

// Cover is Watch, and returns when all that is wanted then is served: what is delivered
// later is complete for it, reconnections apart. What the sessions held until then is
// for a lookup to say. The error is that of ctx.
func (c *Client) Cover(ctx context.Context, filters []Filter) error {
	c.book.want(filters)
	for {
		served, wanted, more := c.book.served()
		if served == wanted {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("RIS Live serves %d of %d filters: %w", served, wanted, ctx.Err())
		}
	}
}

const (
	// Reconnections wait for minBackoff, then for twice as long each time up to
	// maxBackoff, less a random part of up to half of it so that not all clients
	// come back at once. A connection that held for stable starts again.
	minBackoff = time.Second
	maxBackoff = 5 * time.Minute
	stable     = time.Minute
)

// Run connects, delivers updates to emit, and reconnects, until ctx ends; it then
// returns nil. An error is that the address cannot be used at all. emit is called from
// one goroutine at a time, and what it is given is good until it returns. While emit
// takes its time frames queue up, and behind that the socket is not read: then the
// service closes the connection, which is a hole like any other.
func (c *Client) Run(ctx context.Context, emit func(*route.Update)) error {
	if u, err := url.Parse(c.o.URL); err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
		return fmt.Errorf("following RIS Live: its address %q is not one of a WebSocket (wss://host/path)", c.o.URL)
	}
	var known []string
	wait := minBackoff
	for ctx.Err() == nil {
		begun := time.Now()
		s, err := c.connect(ctx, known)
		if err == nil {
			begun = time.Now()
			err = s.run(ctx, emit)
			known = s.feeds.known()
			if ctx.Err() == nil {
				s.feeds.end(emit)
			}
			c.book.reset()
		}
		if ctx.Err() != nil {
			break
		}
		if s != nil && time.Since(begun) >= stable {
			wait = minBackoff
		}
		pause := wait - rand.N(wait/2)
		if r, ok := errors.AsType[*refusal](err); ok {
			pause = max(pause, r.after)
		}
		c.ended(s != nil, err, pause)
		wait = min(2*wait, maxBackoff)
		sleep(ctx, pause)
	}
	c.stats.disconnected("it was stopped", time.Now(), false)
	return nil
}

// connect makes a connection.
func (c *Client) connect(ctx context.Context, known []string) (*stream, error) {
	s := &stream{c: c, queue: newQueue(), decoder: newDecoder(), said: map[string]bool{}}
	sock, err := dial(ctx, &c.o, s.alive)
	if err != nil {
		return nil, err
	}
	s.alive()
	s.sock, s.feeds = sock, newFeeds(time.Now(), known)
	c.stats.connected(s.feeds.since)
	c.o.Log.Info("RIS Live: connected", "url", c.o.URL)
	return s, nil
}

// ended notes why there is no connection; was is whether there had been one.
func (c *Client) ended(was bool, err error, pause time.Duration) {
	why := reason(err)
	if c.stats.disconnected(why, time.Now(), was) {
		c.o.Log.Warn("RIS Live: not connected", "reason", why, "error", err, "again_in", pause.Round(time.Second))
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
