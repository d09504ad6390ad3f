package session

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// quietAlive is how long the collector may go unheard while updates come in and no
// keepalive does.
const quietAlive = 15 * time.Second

// listen is the established session.
func (l *link) listen() error {
	if l.p.n.MaxPrefixes > 0 {
		l.seed, l.held = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	l.p.establish(l)
	l.p.c.log.Info("BGP session established", "router", l.p.n.Name, "addr", l.p.addr, "as", l.theirs.AS, "hold", l.hold)
	var wg sync.WaitGroup
	done := make(chan struct{})
	defer wg.Wait()
	defer close(done)
	wg.Go(func() { l.pulse(done) })
	l.lastAlive = time.Now()
	for {
		msg, kind, err := l.read(l.hold)
		if err != nil {
			return err
		}
		if err := l.take(msg, kind); err != nil {
			return err
		}
	}
}

// take acts on one message.
func (l *link) take(msg []byte, kind bgp.MessageType) error {
	switch kind {
	case bgp.MessageUpdate:
		if err := l.takeUpdate(msg); err != nil {
			return err
		}
		if time.Since(l.lastAlive) < quietAlive {
			return nil
		}
		l.alive()
	case bgp.MessageKeepalive:
		l.alive()
	case bgp.MessageRouteRefresh:
		return l.refreshed(msg)
	case bgp.MessageNotification:
		return farewell(msg)
	default:
		return &bgp.Notification{Code: bgp.FSMError, Subcode: 3, Data: []byte{byte(kind)}, Reason: "it sent an OPEN in the middle of the session"}
	}
	return nil
}

// alive says that everything up to now has been delivered.
func (l *link) alive() {
	l.lastAlive = time.Now()
	l.out = route.Update{Kind: route.Alive, Peer: route.Peer{Collector: l.p.n.Name}}
	l.p.tell(l, &l.out)
}

func (l *link) takeUpdate(msg []byte) error {
	l.updates.Add(1)
	if err := l.update.Decode(msg, l.decode); err != nil {
		return l.damaged(msg, err)
	}
	u := &l.update
	if u.EndOfRIB {
		l.endOfRIB(familiesOf(u.EndOfRIBFamily))
		return nil
	}
	if len(u.Announced) == 0 && len(u.Withdrawn) == 0 {
		return nil
	}
	if err := l.count(u); err != nil {
		return err
	}
	l.out = route.Update{Kind: route.Routes, Peer: l.peer, Announced: u.Announced, Withdrawn: u.Withdrawn, Path: u.Path}
	l.p.tell(l, &l.out)
	return nil
}

// endOfRIB says that the table is there, once all of the families are that were agreed
// on: routers send one after the other, and until the second has begun the first looks
// like all that there is.
func (l *link) endOfRIB(f Families) {
	before := l.ended
	l.ended |= f & l.families
	if l.ended != l.families {
		return
	}
	if before != l.families {
		f = l.families
	}
	for _, family := range f.list() {
		l.out = route.Update{Kind: route.EndOfRIB, Peer: l.peer, Family: family}
		l.p.tell(l, &l.out)
	}
}

// count keeps the number of routes below the limit. Of each route it keeps a hash.
func (l *link) count(u *bgp.Update) error {
	if l.held == nil {
		return nil
	}
	for _, n := range u.Withdrawn {
		delete(l.held, maphash.Comparable(l.seed, n))
	}
	for _, n := range u.Announced {
		l.held[maphash.Comparable(l.seed, n)] = struct{}{}
	}
	l.prefixes.Store(int64(len(l.held)))
	if limit := l.p.n.MaxPrefixes; len(l.held) > limit {
		return &bgp.Notification{
			Code: bgp.Cease, Subcode: bgp.TooManyPrefixes,
			Reason: fmt.Sprintf("it sent more than the %d prefixes that are allowed: raise the limit, or filter on the router", limit),
		}
	}
	return nil
}

// damaged deals with an UPDATE that makes no sense. Where its routes can be told apart
// RFC 7606 lets the session stand, and takes them as withdrawn; but nobody withdrew
// anything, so they stay as they were, and the router is asked to say them again.
func (l *link) damaged(msg []byte, err error) error {
	l.malformed.Add(1)
	bad, _ := errors.AsType[*bgp.Error](err)
	reach := bad != nil && (bad.Attr == bgp.AttrMPReach || bad.Attr == bgp.AttrMPUnreach)
	if reach || !framed(msg, l.decode) {
		return &bgp.Notification{
			Code: bgp.UpdateError, Subcode: bgp.MalformedAttributes,
			Reason: fmt.Sprintf("it sent an UPDATE whose routes cannot be read (%v)", err),
		}
	}
	if l.malformed.Load() == 1 {
		l.p.c.log.Warn("malformed BGP UPDATE; its routes stay as they were", "router", l.p.n.Name, "addr", l.p.addr, "error", err)
	}
	if l.theirs.RouteRefresh && time.Since(l.repaired) >= repairEvery {
		l.repaired = time.Now()
		l.askAgain(l.families)
	}
	return nil
}

// repairEvery is how often a malformed message is a reason to ask for the table: the
// router may send it malformed again, whole table and all.
const repairEvery = 15 * time.Minute

// framed reports whether the IPv4 routes of an UPDATE can be told apart, whatever
// its attributes are.
func framed(msg []byte, o bgp.Options) bool {
	b := msg[bgp.HeaderLen:]
	withdrawn, b, ok := block(b)
	if !ok {
		return false
	}
	_, announced, ok := block(b)
	addPath := o.AddPath && o.AddPathOnly != bgp.IPv6Unicast
	return ok && routes(withdrawn, addPath) && routes(announced, addPath)
}

// block gives what stands behind a length of two bytes, and the rest.
func block(b []byte) (v, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(b[0])<<8 | int(b[1])
	if n > len(b)-2 {
		return nil, nil, false
	}
	return b[2 : 2+n], b[2+n:], true
}

func routes(b []byte, addPath bool) bool {
	for len(b) > 0 {
		if addPath {
			if len(b) < 4 {
				return false
			}
			b = b[4:]
		}
		_, n, reason := bgp.ParsePrefix(b, false)
		if reason != "" {
			return false
		}
		b = b[n:]
	}
	return true
}

// refreshed acts on a ROUTE-REFRESH message.
func (l *link) refreshed(msg []byte) error {
	f, step, ok := bgp.ParseRefresh(msg)
	switch {
	case !ok || familiesOf(f)&l.families == 0:
		return nil // RFC 2918 section 4: of a family that was not agreed on it is ignored
	case step == bgp.RefreshAsk && l.theirs.EnhancedRefresh:
		// It wants our table, which is empty: here it begins, and that was it.
		if err := l.send(bgp.AppendRefresh(nil, f, bgp.RefreshBegin)); err != nil {
			return err
		}
		return l.send(bgp.AppendRefresh(nil, f, bgp.RefreshEnd))
	case step == bgp.RefreshEnd:
		l.endOfRIB(familiesOf(f))
	}
	return nil
}

// refreshEvery is how often a router is asked for its table at most: it may be a
// million routes.
const refreshEvery = time.Minute

// askAgain has the session ask for its table; false where there is nothing to ask for.
func (l *link) askAgain(f Families) bool {
	if f == 0 {
		return false
	}
	l.wanted.Or(uint32(f))
	select {
	case l.again <- struct{}{}:
	default: // it will look anyway
	}
	return true
}

// pulse sends keepalives, three in the hold time (RFC 4271 section 4.4), and requests
// for the table. It ends with the session, or ends it where nothing can be sent.
func (l *link) pulse(done <-chan struct{}) {
	keepalive := time.NewTimer(l.hold / 3)
	defer keepalive.Stop()
	refresh := time.NewTimer(0)
	refresh.Stop()
	defer refresh.Stop()
	var asked time.Time
	for {
		select {
		case <-done:
			return
		case <-keepalive.C:
			if l.send(bgp.AppendKeepalive(nil)) != nil {
				l.stuck()
				return
			}
			keepalive.Reset(l.hold / 3)
		case <-l.again:
			refresh.Reset(max(0, refreshEvery-time.Since(asked)))
		case <-refresh.C:
			for _, f := range Families(l.wanted.Swap(0)).list() {
				if l.send(bgp.AppendRefresh(nil, f, bgp.RefreshAsk)) != nil {
					l.stuck()
					return
				}
			}
			asked = time.Now()
		}
	}
}

// stuck ends a session in which nothing can be sent any more.
func (l *link) stuck() {
	l.stop(&bgp.Notification{Code: bgp.SendHoldTimerExpired, Reason: fmt.Sprintf("nothing could be sent to it for %v", sendTime)})
}

// describe fills in what only the session knows; Collector.mu is held.
func (l *link) describe(s *Status) {
	s.AS, s.HoldTime, s.Families = l.theirs.AS, l.hold, l.families
	s.Refresh, s.Paths = l.theirs.RouteRefresh, l.decode.AddPath
	s.Heard = time.Unix(0, l.heard.Load()).UTC()
	s.Prefixes = int(l.prefixes.Load())
	s.Updates, s.Malformed = l.updates.Load(), l.malformed.Load()
	switch {
	case s.Malformed > 0:
		s.Sentence = fmt.Sprintf("%d of its messages made no sense; their routes stay as they were before", s.Malformed)
	case l.families != l.p.n.Families:
		s.Sentence = "it offers no " + (l.p.n.Families &^ l.families).String() + " routes"
	}
}
