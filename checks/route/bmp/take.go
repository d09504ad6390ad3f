package bmp

import (
	"errors"
	"time"

	"isitdown/checks/internal/bgp"
	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

// take takes in one message, or the error of reading it, and leaves what it says to
// be emitted. It is false where the connection is over.
func (s *Station) take(c *connection, m *wire.Message, err error, now time.Time) bool {
	r := c.router
	if r.conn != c {
		return false // another took its place
	}
	c.messages++
	r.heard = now
	if err != nil {
		s.unreadable(r, err)
		return true
	}
	r.messages[min(int(m.Type), len(r.messages)-1)]++
	switch m.Type {
	case wire.Initiation:
		r.initiate(m.Info)
	case wire.Termination:
		r.ending = terminated(m.Info)
		return false
	case wire.StatisticsReport:
		c.pace.report(now)
	case wire.PeerUp:
		s.peerUp(r, m, now)
	case wire.PeerDown:
		c.pace = pace{} // without sessions there are no statistics
		s.peerDown(r, m, now)
	case wire.RouteMonitoring:
		s.routes(c, m, now)
	}
	return true
}

// unreadable counts a message that was left out. What it said is not known; that
// does not make anything withdrawn.
func (s *Station) unreadable(r *router, err error) {
	r.unreadable++
	r.unread = err.Error()
	if r.unreadable == 1 {
		s.opt.Log.Warn("BMP: message left out; more are counted, not logged", "router", r.name, "err", err)
	}
}

func (s *Station) peerUp(r *router, m *wire.Message, now time.Time) {
	key := keyOf(&m.Peer)
	old := r.peers[key]
	switch {
	case old != nil && old.repeats(m):
		return
	case old == nil && len(r.peers) >= r.maxPeers:
		r.crowd++
		return
	case old != nil && old.told:
		s.put(route.Update{Kind: route.PeerDown, At: s.stamp(now), Peer: old.id})
	}
	p := newPeer(r, m, now)
	r.peers[key] = p
	s.opt.Log.Debug("BMP: session up", "router", r.name, "peer", p.id.Addr, "as", p.id.AS, "counts", p.counts)
	if p.counts && r.missing[p.id] {
		// Only now is it certain that what it held before the connection ended is
		// being sent anew.
		delete(r.missing, p.id)
		s.put(route.Update{Kind: route.PeerDown, At: s.stamp(now), Peer: p.id})
	}
}

func (s *Station) peerDown(r *router, m *wire.Message, now time.Time) {
	p := r.peers[keyOf(&m.Peer)]
	if p == nil {
		return // reported twice, or monitored only from now on
	}
	s.opt.Log.Info("BMP: session down", "router", r.name, "peer", p.id.Addr, "as", p.id.AS, "reason", m.Reason)
	told := p.told
	delete(r.peers, p.key)
	if told {
		s.put(route.Update{Kind: route.PeerDown, At: s.stamp(s.at(r, p, m, now)), Peer: p.id})
	}
}

// at is the time at the source, as far as the router is to be believed.
func (s *Station) at(r *router, p *peer, m *wire.Message, now time.Time) time.Time {
	t := m.Peer.Time
	switch behind := now.Sub(t); {
	case t.IsZero(), t.Equal(p.openedAt): // or FRR's, that of the session's beginning
	case behind < -maxAhead || t.Year() < firstYear:
		r.clock++
	case behind >= 0 && behind <= maxSkew:
		return t
	}
	return now
}

// firstYear is that of RFC 7854: whoever gives an earlier one counts from his boot.
const firstYear = 2016

// routes takes in a Route Monitoring message.
func (s *Station) routes(c *connection, m *wire.Message, now time.Time) {
	r, v := c.router, m.Peer.View()
	p := r.speaker(m, now)
	if p == nil {
		return
	}
	if err := c.decode(p, m); err != nil {
		s.unreadable(r, err)
		return
	}
	u, w := &c.update, &p.views[v]
	switch {
	case u.EndOfRIB:
		p.endOfRIB(v, u.EndOfRIBFamily, now)
		return
	case len(u.Announced) == 0 && len(u.Withdrawn) == 0:
		return
	}
	w.withdrawals += uint64(len(u.Withdrawn))
	at := s.at(r, p, m, now)
	begins := len(u.Announced) > 0 && p.better(v)
	if begins && !r.admits(p.id) {
		r.crowd++
		return
	}
	if begins {
		s.begins(r, p, v, at)
	} else if p.view != v {
		if p.view != wire.NoView {
			r.otherTables++
		}
		return
	}
	w.announced = w.announced || len(u.Announced) > 0
	path := u.Path
	if stripped, ok := c.strip(p, path); ok {
		r.prepends++
		path = stripped
	}
	p.announced += uint64(len(u.Announced))
	p.withdrawn += uint64(len(u.Withdrawn))
	s.put(route.Update{Kind: route.Routes, At: s.stamp(at), Peer: p.id, Announced: u.Announced, Withdrawn: u.Withdrawn, Path: path})
	if begins {
		p.grows(now)
	}
}

// speaker gives the session whose routes a message holds, nil where they do not count.
func (r *router) speaker(m *wire.Message, now time.Time) *peer {
	v := m.Peer.View()
	p := r.peers[keyOf(&m.Peer)]
	if p == nil && v == wire.LocRIB && len(r.peers) < r.maxPeers {
		// GoBGP reports no Peer Up of its Loc-RIB, though RFC 9069 asks for one.
		p = newPeer(r, m, now)
		r.peers[p.key] = p
	}
	switch {
	case p == nil:
		r.strays++
		return nil
	case !p.counts:
		return nil
	case !r.allow.accepts(v) || v == wire.LocRIB && r.adjIn && r.allow.View == Best:
		r.otherTables++
		return nil
	}
	return p
}

// begins makes a table of a session count: with its first route, or in place of a
// lesser one, of which nothing stays.
func (s *Station) begins(r *router, p *peer, v wire.View, at time.Time) {
	p.view, p.told = v, true
	p.announced, p.withdrawn = 0, 0
	s.put(route.Update{Kind: route.PeerUp, At: s.stamp(at), Peer: p.id})
	if v == wire.LocRIB || r.adjIn {
		return
	}
	r.adjIn = true
	if r.allow.View != Best {
		return
	}
	for _, q := range r.peers {
		if q.key.loc && q.told {
			q.told, q.view = false, wire.NoView
			s.put(route.Update{Kind: route.PeerDown, At: s.stamp(at), Peer: q.id})
		}
	}
}

// endOfRIB notes the end of a table. It is said later: a router that has just started
// sends it for what it holds by then, while its peers are still sending theirs.
func (p *peer) endOfRIB(v wire.View, f bgp.Family, now time.Time) {
	for i, g := range families() {
		if f == g {
			p.views[v].ended[i] = true
			p.grows(now)
		}
	}
}

// ends says the ends of the table that counts, once it has stopped growing.
func (s *Station) ends(p *peer, now time.Time) {
	w := &p.views[p.view]
	if !p.told || w.ended == [2]bool{} || !p.calm(now) {
		return
	}
	for i, f := range families() {
		if w.ended[i] {
			s.put(route.Update{Kind: route.EndOfRIB, At: s.stamp(now), Peer: p.id, Family: f})
		}
	}
	w.ended = [2]bool{}
}

// decode reads the UPDATE of a Route Monitoring message the way the session's OPENs
// say, and where that makes no sense the other way.
func (c *connection) decode(p *peer, m *wire.Message) error {
	opt := bgp.Options{AS4: m.Peer.AS4(), AddPath: p.addPath[0], GuessAddPath: p.key.loc}
	err := c.decodeAs(p, m.BGP, opt)
	if e, ok := errors.AsType[*bgp.Error](err); ok && e.Attr == bgp.AttrASPath {
		opt.AS4 = !opt.AS4
		if c.decodeAs(p, m.BGP, opt) == nil {
			c.router.otherCoding++
			return nil
		}
	}
	return err
}

// decodeAs decodes a message, whose family decides whether it has path identifiers
// and is not known before.
func (c *connection) decodeAs(p *peer, msg []byte, opt bgp.Options) error {
	err := c.update.Decode(msg, opt)
	if p.addPath[0] == p.addPath[1] || err == nil && !ipv6(&c.update) {
		return err
	}
	opt.AddPath = p.addPath[1]
	if again := c.update.Decode(msg, opt); again == nil && ipv6(&c.update) {
		return nil
	} else if err == nil {
		return again
	}
	return err
}

// ipv6 reports whether the routes of a message are IPv6: it is not mixed.
func ipv6(u *bgp.Update) bool {
	for _, list := range [...][]bgp.NLRI{u.Announced, u.Withdrawn} {
		if len(list) > 0 {
			return list[0].Prefix.Addr().Is6()
		}
	}
	return u.EndOfRIB && u.EndOfRIBFamily == bgp.IPv6Unicast
}
