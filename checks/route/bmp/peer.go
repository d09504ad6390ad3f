package bmp

import (
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

// peerKey tells the sessions of a router apart.
type peerKey struct {
	distinguisher uint64
	addr          netip.Addr
	loc           bool // the Loc-RIB, which is no session
}

// peer is a session that a router reports up.
type peer struct {
	key    peerKey
	id     route.Peer
	since  time.Time // when it was reported up
	counts bool      // it is in the instance that counts
	// told is true from its first announcement on: then PeerUp was emitted.
	told bool
	view wire.View // that counts, NoView before the first announcement
	// views are what was reported of each table since the session came up.
	views [wire.LocRIB + 1]table

	localAS  checks.ASN // of the router
	addPath  [2]bool    // IPv4, IPv6
	filtered bool       // only part of the Loc-RIB

	opening              string // what its Peer Up said
	openedAt             time.Time
	announced, withdrawn uint64 // routes that were passed on
	faultLogged          bool

	calmSince time.Time // since when the growth is looked at
	calmCount uint64    // announced by then
}

// table is one of the tables that a router reports for a session.
type table struct {
	announced   bool
	withdrawals uint64
	ended       [2]bool // End-of-RIB came and was not said yet, by family
}

func keyOf(h *wire.Peer) peerKey {
	return peerKey{distinguisher: h.Distinguisher, addr: h.Addr, loc: h.Type == wire.LocRIBPeer}
}

// families are those that count, in the order of what is kept by family.
func families() [2]bgp.Family { return [...]bgp.Family{bgp.IPv4Unicast, bgp.IPv6Unicast} }

// newPeer makes the session that a Peer Up reports.
func newPeer(r *router, m *wire.Message, now time.Time) *peer {
	p := &peer{
		key: keyOf(&m.Peer), since: now,
		counts:  m.Peer.Distinguisher == r.allow.Instance && m.Peer.Type <= wire.LocRIBPeer,
		opening: opening(m), openedAt: m.Peer.Time,
	}
	p.id = route.Peer{Collector: r.name, Addr: m.Peer.Addr, AS: m.Peer.AS}
	sent, received := openOf(m.Up.Sent), openOf(m.Up.Received)
	if p.key.loc {
		p.filtered = m.Peer.Flags&wire.FlagFiltered != 0
		p.id.Addr = m.Peer.ID
		if p.id.Addr.IsUnspecified() {
			p.id.Addr = r.addr
		}
		if p.id.AS == 0 {
			p.id.AS = sent.AS
		}
	} else {
		p.localAS = sent.AS
	}
	for i, f := range families() {
		p.addPath[i] = received.SendsPaths(f) && sent.ReceivesPaths(f) || p.key.loc && (sent.SendsPaths(f) || received.SendsPaths(f))
	}
	return p
}

// openOf reads an OPEN that the router and its peer have agreed on. One that makes no
// sense leaves its zero value: no additional paths.
func openOf(msg []byte) *bgp.Open {
	o, err := bgp.ParseOpen(msg)
	if err != nil {
		return &bgp.Open{}
	}
	return o
}

// opening is what tells one session of a peer from the next.
func opening(m *wire.Message) string {
	b := append(m.Up.Local.AppendTo(nil), byte(m.Up.LocalPort>>8), byte(m.Up.LocalPort), byte(m.Up.RemotePort>>8), byte(m.Up.RemotePort))
	return string(append(append(b, m.Up.Sent...), m.Up.Received...))
}

// repeats reports whether a Peer Up is about the session that is up already: some
// routers send one for each table that they report.
func (p *peer) repeats(m *wire.Message) bool {
	portless := m.Up.LocalPort == 0 || m.Up.RemotePort == 0
	return p.opening == opening(m) && (!portless || p.openedAt.Equal(m.Peer.Time))
}

// better reports whether a table is to count from now on, since it announces
// something: any where none does, the pre-policy one in place of the post-policy one.
func (p *peer) better(v wire.View) bool {
	return p.view == wire.NoView || p.view == wire.PostPolicy && v == wire.PrePolicy
}

// grows begins to look at the growth of the table.
func (p *peer) grows(now time.Time) { p.calmSince, p.calmCount = now, p.announced }

// calm reports whether the table has stopped growing: of all routes that were
// announced few came lately. Changes of a whole table go on for ever.
func (p *peer) calm(now time.Time) bool {
	if now.Sub(p.calmSince) < calmTime {
		return false
	}
	if (p.announced-p.calmCount)*calmShare > p.announced {
		p.grows(now)
		return false
	}
	return true
}
