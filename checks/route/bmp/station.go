package bmp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

// Station listens to routers. Make it with [New]; Run may be called once, the other
// methods at any time and from any goroutine.
type Station struct {
	opt Options

	// delivering is held while a message is taken in and what it says is emitted,
	// so that updates come one at a time and in order. mu is held for the first
	// half only: nobody who asks for the status waits for whom the updates go to.
	delivering sync.Mutex
	emit       func(*route.Update)
	out        []route.Update

	mu      sync.Mutex
	routers map[string]*router // by collector
	open    map[*connection]bool
	last    time.Time // At of the newest update
	refused uint64    // connections that nobody allowed, or one too many
	warned  time.Time // when that was logged last
}

// New makes a station. The error says which option makes no sense.
func New(opt Options) (*Station, error) {
	if err := opt.check(); err != nil {
		return nil, fmt.Errorf("BMP station: %w", err)
	}
	s := &Station{opt: opt, routers: map[string]*router{}, open: map[*connection]bool{}}
	for _, r := range opt.Routers {
		if r.Prefix.IsSingleIP() {
			s.routers[r.Name] = newRouter(r, r.Prefix.Addr(), opt.MaxPeers)
		}
	}
	return s, nil
}

// Run takes in what routers say until the context ends, whose error it then gives;
// any other error is the listener's. It calls emit from one goroutine at a time, in
// the order of At, but for Alive, whose At is when its router last was proven to be
// there. When it returns it has closed all connections and emitted that
// the feed of each router is lost; nothing is emitted after that.
func (s *Station) Run(ctx context.Context, emit func(*route.Update)) error {
	s.emit = emit
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running.Go(func() {
		<-ctx.Done()
		s.opt.Listener.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			c.conn.Close()
		}
	})
	running.Go(func() { s.tick(ctx) })
	err := s.accept(ctx, &running)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("BMP station: %w", err)
}

// acceptPause is how long the station waits after a connection could not be
// accepted: most likely there are too many open files.
const acceptPause = time.Second

func (s *Station) accept(ctx context.Context, running *sync.WaitGroup) error {
	for {
		conn, err := s.opt.Listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			s.opt.Log.Error("BMP: accepting a router's connection", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
			continue
		}
		if c := s.admit(ctx, conn); c != nil {
			running.Go(func() { s.serve(c) })
		}
	}
}

// refusedEvery is how often a refused connection is worth a line in the log.
const refusedEvery = time.Minute

// admit makes a connection of a router, or closes it where nobody allowed it.
func (s *Station) admit(ctx context.Context, conn net.Conn) *connection {
	from := remote(conn)
	allow, ok := s.opt.allowed(from)
	s.mu.Lock()
	defer s.mu.Unlock()
	// Whoever ends Run closes what is open by then, so not after that.
	if ctx.Err() != nil {
		conn.Close()
		return nil
	}
	// Each address of a range is a router that is remembered.
	strange := ok && s.routers[allow.collector(from)] == nil && len(s.routers) >= turnover*s.opt.MaxRouters
	if !ok || strange || len(s.open) >= s.opt.MaxRouters {
		conn.Close()
		s.refused++
		if now := time.Now(); now.Sub(s.warned) > refusedEvery {
			s.warned = now
			s.opt.Log.Warn("BMP: connection refused", "from", from, "allowed", ok, "open", len(s.open), "refused", s.refused)
		}
		return nil
	}
	name := allow.collector(from)
	r := s.routers[name]
	if r == nil {
		r = newRouter(allow, from, s.opt.MaxPeers)
		s.routers[name] = r
	}
	c := newConnection(conn, r)
	s.open[c] = true
	return c
}

func remote(conn net.Conn) netip.Addr {
	a, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap().WithZone("")
}

// serve reads a connection to its end.
func (s *Station) serve(c *connection) {
	s.begin(c)
	err := s.read(c)
	c.conn.Close()
	s.finish(c, err)
}

func (s *Station) read(c *connection) error {
	var m wire.Message
	for {
		b, err := c.reader.Next()
		if err != nil {
			return err
		}
		err = m.Decode(b)
		if !s.deliver(func(now time.Time) bool { return s.take(c, &m, err, now) }) {
			return errEnded
		}
	}
}

// errEnded is the end of a connection that is not the network's doing.
var errEnded = errors.New("ended")

// deliver runs one step with the state locked, then emits what it left to emit.
func (s *Station) deliver(step func(now time.Time) bool) bool {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	s.mu.Lock()
	ok := step(time.Now().UTC().Round(0))
	s.mu.Unlock()
	for i := range s.out {
		s.emit(&s.out[i])
	}
	s.out = s.out[:0]
	return ok
}

// begin makes a connection the one of its router. An older one is dead, or the
// router would not have opened another.
func (s *Station) begin(c *connection) {
	s.deliver(func(now time.Time) bool {
		r := c.router
		if old := r.conn; old != nil {
			s.opt.Log.Warn("BMP: router connected again before its connection had ended", "router", r.name, "from", r.addr)
			r.replaced++
			old.conn.Close()
			s.lose(r, now)
		}
		r.connected(c, now)
		s.opt.Log.Info("BMP: router connected", "router", r.name, "from", r.addr)
		return true
	})
}

// finish takes note of the end of a connection.
func (s *Station) finish(c *connection, err error) {
	s.deliver(func(now time.Time) bool {
		delete(s.open, c)
		r := c.router
		if r.conn != c {
			return false // replaced by another
		}
		if !errors.Is(err, errEnded) {
			r.ending = ending(err)
		}
		level := slog.LevelWarn
		if errors.Is(err, net.ErrClosed) { // we did, on our way out
			level = slog.LevelInfo
		}
		s.opt.Log.Log(context.Background(), level, "BMP: router disconnected", "router", r.name, "from", r.addr, "reason", r.ending)
		s.lose(r, now)
		return true
	})
}

// lose makes what the sessions of a router hold unknown.
func (s *Station) lose(r *router, now time.Time) {
	if told := r.disconnected(now); told {
		s.put(route.Update{Kind: route.Lost, At: s.stamp(now), Peer: route.Peer{Collector: r.name}, Refresh: true})
	}
}

// put leaves an update to be emitted.
func (s *Station) put(u route.Update) { s.out = append(s.out, u) }

// stamp gives the At of an update that says at: not before the one before it,
// unless the clock was set.
func (s *Station) stamp(at time.Time) time.Time {
	if back := s.last.Sub(at); back > 0 && back < faultAfter {
		return s.last
	}
	s.last = at
	return at
}

// tick says regularly which feeds are alive, and ends sessions that did not come back.
func (s *Station) tick(ctx context.Context) {
	t := time.NewTicker(aliveEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		s.deliver(func(now time.Time) bool {
			for _, r := range s.sorted() {
				if r.conn != nil {
					s.beat(r, now)
				}
			}
			return true
		})
	}
}

func (s *Station) beat(r *router, now time.Time) {
	if now.Sub(r.since) >= returnWait {
		for _, p := range r.takeMissing() {
			s.put(route.Update{Kind: route.PeerDown, At: s.stamp(now), Peer: p})
		}
	}
	for _, p := range r.sortedPeers() {
		s.ends(p, now)
		if f := p.fault(r.name, now); f != "" && !p.faultLogged {
			p.faultLogged = true
			s.opt.Log.Warn("BMP: " + f)
		}
	}
	// Nothing is held back here, so all that the router had sent by then is out.
	at := now.Add(-keepAliveWindow)
	if r.heard.After(at) {
		at = r.heard
	}
	if r.told() {
		s.put(route.Update{Kind: route.Alive, At: at, Peer: route.Peer{Collector: r.name}})
	}
}

// sorted gives the routers by name.
func (s *Station) sorted() []*router {
	list := make([]*router, 0, len(s.routers))
	for _, r := range s.routers {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *router) int { return cmp.Compare(a.name, b.name) })
	return list
}
