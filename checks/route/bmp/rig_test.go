package bmp

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

// pipes is a listener of connections in memory, which a bubble of testing/synctest
// needs.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{accept: make(chan net.Conn), closed: make(chan struct{})} }

// Accept gives the next connection that a test dials.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr is of no use.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection that comes from an address.
type from struct {
	net.Conn
	addr netip.Addr
}

// RemoteAddr is where it comes from.
func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(f.addr, 40001))
}

// rig is a station in a bubble.
type rig struct {
	*desk
	s     *Station
	stop  func()
	pipes *pipes
	heard int // updates that were looked at
	// lifeless leaves out what says only that a router is alive.
	lifeless bool
}

const edgeAddr = "192.0.2.100"

// newRig makes a station that one router may connect to.
func newRig(t *testing.T, change ...func(*Router)) *rig {
	t.Helper()
	allow := Router{Name: "edge1", Prefix: netip.MustParsePrefix(edgeAddr + "/32")}
	for _, f := range change {
		f(&allow)
	}
	r := &rig{desk: &desk{t: t}, pipes: newPipes()}
	r.s, r.stop = r.listen(r.pipes, allow)
	return r
}

// dial connects a router.
func (r *rig) dial(addr string) net.Conn {
	r.t.Helper()
	far, near := net.Pipe()
	r.pipes.accept <- from{near, netip.MustParseAddr(addr)}
	r.t.Cleanup(func() { far.Close() })
	synctest.Wait()
	return far
}

// send sends messages and waits until they are dealt with.
func (r *rig) send(c net.Conn, list ...wire.Message) {
	r.t.Helper()
	for i := range list {
		if _, err := c.Write(list[i].Append(nil)); err != nil {
			r.t.Fatalf("sending message %d: %v", i+1, err)
		}
	}
	synctest.Wait()
}

// want compares what was emitted since the last call with lines of "up A",
// "down A", "end4 A", "end6 A", "lost", "alive", "+PREFIX#ID A path" and "-PREFIX#ID
// A"; A is the last part of a peer's address.
func (r *rig) want(lines ...string) {
	r.t.Helper()
	list := r.updates()[r.heard:]
	r.heard += len(list)
	var got []string
	for _, u := range list {
		if r.lifeless && u.Kind == route.Alive {
			continue
		}
		got = append(got, describe(&u)...)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(lines, "\n"); g != w {
		r.t.Errorf("emitted:\n%s\nwant:\n%s", g, w)
	}
}

func describe(u *route.Update) (lines []string) {
	name := u.Peer.Addr.String()
	name = name[strings.LastIndexAny(name, ".:")+1:]
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch u.Kind {
	case route.PeerUp:
		say("up %s", name)
	case route.PeerDown:
		say("down %s", name)
	case route.EndOfRIB:
		family := map[bgp.Family]int{bgp.IPv4Unicast: 4, bgp.IPv6Unicast: 6}[u.Family]
		say("end%d %s", family, name)
	case route.Lost:
		say("lost")
		if !u.Refresh {
			say("without refresh")
		}
	case route.Alive:
		say("alive")
	case route.Routes:
		for _, n := range u.Withdrawn {
			say("-%s %s", nlri(n), name)
		}
		for _, n := range u.Announced {
			say("+%s %s %v", nlri(n), name, u.Path)
		}
	}
	return lines
}

func nlri(n bgp.NLRI) string {
	if n.PathID != 0 {
		return fmt.Sprintf("%v#%d", n.Prefix, n.PathID)
	}
	return n.Prefix.String()
}

// session is a peer of the router: AS4837 at 192.0.2.N.
type session struct {
	wire.Peer
	sent, received bgp.Open
	opt            bgp.Options
	port           uint16
}

func newSession(n byte) *session {
	both := []bgp.Family{bgp.IPv4Unicast, bgp.IPv6Unicast}
	s := &session{opt: bgp.Options{AS4: true}, port: 40001}
	s.Peer = wire.Peer{Addr: netip.AddrFrom4([4]byte{192, 0, 2, n}), AS: carrier, ID: netip.AddrFrom4([4]byte{192, 0, 2, n})}
	s.sent = bgp.Open{AS: edgeAS, AS4: true, HoldTime: 90 * time.Second, ID: netip.MustParseAddr(edgeAddr), Families: both}
	s.received = bgp.Open{AS: carrier, AS4: true, HoldTime: 90 * time.Second, ID: s.ID, Families: both}
	return s
}

// locRIB is the Loc-RIB of the router.
func locRIB() *session {
	s := newSession(0)
	s.Peer = wire.Peer{Type: wire.LocRIBPeer, AS: edgeAS, ID: netip.MustParseAddr(edgeAddr)}
	s.received = s.sent
	return s
}

// post is the same session behind the policy.
func (s *session) post() *session {
	c := *s
	c.Flags |= wire.FlagPost
	return &c
}

func (s *session) up() wire.Message {
	local := netip.MustParseAddr(edgeAddr)
	if s.Type == wire.LocRIBPeer {
		local = netip.Addr{}
	}
	return wire.Message{Type: wire.PeerUp, Peer: s.Peer, Up: wire.Up{
		Local: local, LocalPort: 179, RemotePort: s.port, Sent: s.sent.Append(nil), Received: s.received.Append(nil),
	}}
}

func (s *session) down() wire.Message {
	return wire.Message{Type: wire.PeerDown, Peer: s.Peer, Reason: wire.DownRemote}
}

func (s *session) end(f bgp.Family) wire.Message {
	return wire.Message{Type: wire.RouteMonitoring, Peer: s.Peer, BGP: bgp.AppendEndOfRIB(nil, f)}
}

func (s *session) update(d bgp.Draft) wire.Message {
	b, err := d.Append(nil, s.opt)
	if err != nil {
		panic(err) // a test that asks for what cannot be written
	}
	return wire.Message{Type: wire.RouteMonitoring, Peer: s.Peer, BGP: b}
}

// announce announces prefixes by a path, the peer's own where there is none.
func (s *session) announce(prefixes string, path ...checks.ASN) wire.Message {
	if len(path) == 0 {
		path = []checks.ASN{carrier, home}
	}
	d := bgp.Draft{Announce: parse(prefixes), Path: checks.MakePath(path...), NextHop: netip.MustParseAddr("192.0.2.1")}
	if strings.Contains(prefixes, ":") {
		d.NextHop = netip.MustParseAddr("2001:db8::1")
	}
	return s.update(d)
}

func (s *session) withdraw(prefixes string) wire.Message {
	return s.update(bgp.Draft{Withdraw: parse(prefixes)})
}

// parse reads prefixes of the form PREFIX or PREFIX#ID.
func parse(prefixes string) (list []bgp.NLRI) {
	for f := range strings.FieldsSeq(prefixes) {
		p, id, _ := strings.Cut(f, "#")
		n := bgp.NLRI{Prefix: netip.MustParsePrefix(p)}
		if id != "" {
			fmt.Sscan(id, &n.PathID)
		}
		list = append(list, n)
	}
	return list
}

func peerOf(a checks.ASN) route.Peer {
	return route.Peer{Collector: "edge1", Addr: netip.MustParseAddr("192.0.2.1"), AS: a}
}
