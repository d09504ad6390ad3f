package session

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// peer is one router at one address, with its connections: mostly one, two where
// both sides called at once. Collector.mu guards what changes.
type peer struct {
	c     *Collector
	n     *Neighbor
	addr  netip.Addr
	first bool // stands for its neighbour, whose address may be a prefix

	links []*link
	up    *link         // that which is established
	freed chan struct{} // closed when the last link has gone; nil while nobody waits

	status Status
	barred time.Time // until then nobody is let in

	// told is the link whose PeerUp was the last to be emitted; Collector.emitting
	// guards it.
	told *link
}

// maxLinks bounds the connections that one address may have open: two are for a
// collision, one more for a router that came back before its old one was noticed.
const maxLinks = 3

// join takes a new connection in; false where there are too many.
func (p *peer) join(l *link) bool {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	if len(p.links) >= maxLinks {
		return false
	}
	p.links = append(p.links, l)
	if p.up == nil {
		p.enter(Opening, "connected, and the two sides have not agreed yet")
	}
	return true
}

// leave takes a connection out. What ended it becomes the peer's sentence, unless
// another connection stands.
func (p *peer) leave(l *link, sentence string) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.links = slices.DeleteFunc(p.links, func(other *link) bool { return other == l })
	if p.up == l {
		p.up = nil
	}
	if p.up == nil && (!l.gaveWay || len(p.links) == 0) {
		p.enter(Idle, sentence)
	}
	if len(p.links) == 0 && p.freed != nil {
		close(p.freed)
		p.freed = nil
	}
}

// note says what is wrong where there is no connection to say it of.
func (p *peer) note(state State, sentence string) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	if len(p.links) == 0 {
		p.enter(state, sentence)
	}
}

// enter is called with the lock held.
func (p *peer) enter(s State, sentence string) {
	if p.status.State != s {
		p.status.Since = time.Now()
	}
	p.status.State, p.status.Sentence = s, sentence
}

// now is the status of the moment, with the lock held.
func (p *peer) now() Status {
	s := p.status
	if l := p.up; l != nil {
		l.describe(&s)
	}
	return s
}

// alone waits until there is no connection; false where the context ended first.
func (p *peer) alone(ctx context.Context) bool {
	for {
		p.c.mu.Lock()
		if len(p.links) == 0 {
			p.c.mu.Unlock()
			return ctx.Err() == nil
		}
		if p.freed == nil {
			p.freed = make(chan struct{})
		}
		freed := p.freed
		p.c.mu.Unlock()
		select {
		case <-ctx.Done():
			return false
		case <-freed:
		}
	}
}

// call keeps calling the neighbour while it has no connection.
func (p *peer) call(ctx context.Context) {
	wait := p.c.options.Retry
	for p.alone(ctx) {
		started := time.Now()
		p.note(Connecting, "it is being called at "+p.n.target().String())
		conn, err := p.dial(ctx)
		switch {
		case ctx.Err() != nil && err != nil:
			return
		case err != nil:
			sentence := unreachable(p.n, err)
			p.note(Idle, sentence)
			p.c.log.Info("BGP neighbour cannot be reached", "router", p.n.Name, "addr", p.n.target(), "error", err)
		default:
			if p.serve(ctx, conn, true) && time.Since(started) > lasting {
				wait = p.c.options.Retry
			}
		}
		if !sleep(ctx, max(jitter(wait), time.Until(p.barredUntil()))) {
			return
		}
		wait = min(2*wait, p.c.options.RetryMax)
	}
}

// lasting is how long a session stood that is no reason to call ever more slowly.
const lasting = time.Minute

// barTime is how long a router stays out that sent more than it may: it would send it
// all again at once.
const barTime = 5 * time.Minute

func (p *peer) barredUntil() time.Time {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	return p.barred
}

func (p *peer) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.c.options.DialTimeout)
	defer cancel()
	return p.c.options.Dial(ctx, p.n)
}

// serve holds one session over a connection from beginning to end, and reports
// whether it was ever established.
func (p *peer) serve(ctx context.Context, conn net.Conn, called bool) (established bool) {
	l := newLink(p, conn, called)
	if !p.join(l) {
		conn.Close()
		return false
	}
	err := l.talk(ctx)
	if n, ok := errors.AsType[*bgp.Notification](err); ok && n.Code == bgp.Cease && n.Subcode == bgp.TooManyPrefixes {
		p.c.mu.Lock()
		p.barred = time.Now().Add(barTime)
		p.c.mu.Unlock()
	}
	l.hangUp()
	p.tellDown(l)
	sentence := ended(l, err)
	p.leave(l, sentence)
	if ctx.Err() == nil {
		p.c.log.Info("BGP session ended", "router", p.n.Name, "addr", p.addr, "established", l.established, "reason", sentence)
	}
	return l.established
}

// confirm is called when the OPEN of a connection was accepted: of two connections
// one goes (RFC 4271 section 6.8). It reports whether this one may stay, and ends the others.
func (p *peer) confirm(l *link) bool {
	p.c.mu.Lock()
	var losers []*link
	stays := true
	for _, other := range p.links {
		if other == l || other.phase < openConfirm {
			continue
		}
		if l.beats(other) {
			other.gaveWay = true
			losers = append(losers, other)
		} else {
			stays = false
		}
	}
	if stays {
		l.phase = openConfirm
	} else {
		l.gaveWay = true
	}
	p.c.mu.Unlock()
	for _, other := range losers {
		other.stop(&bgp.Notification{Code: bgp.Cease, Subcode: bgp.ConnectionCollision, Reason: "another connection took its place"})
	}
	return stays
}

// establish makes a connection the peer's session, and says so.
func (p *peer) establish(l *link) {
	p.c.emitting.Lock()
	defer p.c.emitting.Unlock()
	p.c.mu.Lock()
	l.phase, l.established = open, true
	p.up = l
	p.status.AS, p.status.Addr = l.theirs.AS, p.addr
	p.enter(Established, "")
	p.c.mu.Unlock()
	if old := p.told; old != nil {
		p.c.emit(&route.Update{Kind: route.PeerDown, At: time.Now(), Peer: old.peer})
	}
	p.told = l
	p.c.emit(&route.Update{Kind: route.PeerUp, At: time.Now(), Peer: l.peer})
}

// tell emits an update of the session, unless another connection took its place.
func (p *peer) tell(l *link, u *route.Update) {
	p.c.emitting.Lock()
	defer p.c.emitting.Unlock()
	if p.told == l {
		u.At = time.Now()
		p.c.emit(u)
	}
}

func (p *peer) tellDown(l *link) {
	p.c.emitting.Lock()
	defer p.c.emitting.Unlock()
	if p.told == l {
		p.told = nil
		p.c.emit(&route.Update{Kind: route.PeerDown, At: time.Now(), Peer: l.peer})
	}
}
