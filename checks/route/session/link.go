package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// phase is how far a connection is (RFC 4271 section 8.2.2).
type phase int

const (
	openSent phase = iota
	openConfirm
	open
)

// link is one TCP connection to a router and the session over it. Its own goroutine
// reads; a second one keeps it alive.
type link struct {
	p      *peer
	conn   net.Conn
	called bool // by us
	in     *reader

	ours, theirs *bgp.Open
	families     Families
	decode       bgp.Options
	hold         time.Duration
	peer         route.Peer
	update       bgp.Update
	out          route.Update

	// Collector.mu guards these.
	phase       phase
	established bool
	gaveWay     bool

	sending sync.Mutex
	stopped atomic.Pointer[bgp.Notification]
	wanted  atomic.Uint32 // Families whose tables are to be asked for
	again   chan struct{} // tells the goroutine that keeps it alive

	heard              atomic.Int64 // in nanoseconds since 1970
	updates, malformed atomic.Int64
	prefixes           atomic.Int64
	seed               maphash.Seed
	held               map[uint64]struct{} // hashes of the routes, to count them
	lastAlive          time.Time
	repaired           time.Time
	ended              Families // whose End-of-RIB has come
}

func newLink(p *peer, conn net.Conn, called bool) *link {
	return &link{p: p, conn: conn, called: called, in: newReader(conn), again: make(chan struct{}, 1)}
}

// talk is the whole session. The error says why it ended.
func (l *link) talk(ctx context.Context) error {
	leave := context.AfterFunc(ctx, func() {
		l.stop(&bgp.Notification{
			Code: bgp.Cease, Subcode: bgp.AdministrativeStop, Data: bgp.ShutdownData("isitdown is being stopped"),
			Reason: "this program is being stopped",
		})
	})
	defer leave()
	err := l.agree()
	if err == nil {
		err = l.listen()
	}
	if n, ok := errors.AsType[*bgp.Notification](err); ok {
		l.stop(n)
	}
	return err
}

// agree exchanges OPEN and the first KEEPALIVE.
func (l *link) agree() error {
	if err := l.introduce(); err != nil {
		return err
	}
	// RFC 4271 suggests to wait 4 minutes; a router that is there needs seconds.
	msg, err := l.next(l.p.n.HoldTime, bgp.MessageOpen, 1)
	if err != nil {
		return err
	}
	if l.theirs, err = bgp.ParseOpen(msg); err != nil {
		return err
	}
	if err := l.accept(); err != nil {
		return err
	}
	if !l.p.confirm(l) {
		return &bgp.Notification{Code: bgp.Cease, Subcode: bgp.ConnectionCollision, Reason: "another connection with this router stands"}
	}
	if err := l.send(bgp.AppendKeepalive(nil)); err != nil {
		return err
	}
	_, err = l.next(l.hold, bgp.MessageKeepalive, 2)
	return err
}

// introduce sends our OPEN.
func (l *link) introduce() error {
	n := l.p.n
	id := n.RouterID
	if !id.IsValid() {
		if a, ok := addrOf(l.conn.LocalAddr()); ok && a.Is4() {
			id = a
		} else {
			return errors.New("RouterID is not set, and our address of the connection is no IPv4 address to take instead")
		}
	}
	l.ours = &bgp.Open{
		AS: n.LocalAS, HoldTime: n.HoldTime, ID: id,
		AS4: true, RouteRefresh: true, EnhancedRefresh: true, ExtendedMessage: true,
		// We are always as if just restarted: a router that restarts itself must not
		// wait for an End-of-RIB of ours, which never comes (RFC 4724 sections 3, 4.1).
		GracefulRestart: &bgp.GracefulRestart{Restarting: true},
	}
	for _, f := range n.Families.list() {
		l.ours.Families = append(l.ours.Families, f)
		if n.AddPath {
			l.ours.AddPath = append(l.ours.AddPath, bgp.AddPath{Family: f, Receive: true})
		}
	}
	return l.send(l.ours.Append(nil))
}

// accept looks at the OPEN of the other side (RFC 4271 section 6.2) and settles what
// both agree on.
func (l *link) accept() error {
	n, o := l.p.n, l.theirs
	refuse := func(subcode uint8, data []byte, format string, args ...any) error {
		return &bgp.Notification{Code: bgp.OpenError, Subcode: subcode, Data: data, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case o.AS == 0, n.AS != 0 && o.AS != n.AS:
		return refuse(bgp.BadPeerAS, nil, "it says that it is %v, and %v is configured", o.AS, n.AS)
	case o.ID.IsUnspecified(), o.AS == n.LocalAS && o.ID == l.ours.ID:
		return refuse(bgp.BadIdentifier, nil, "its BGP identifier is %v, ours is %v: within one AS they must differ", o.ID, l.ours.ID)
	case o.HoldTime == 0:
		return refuse(bgp.UnacceptableHoldTime, nil, "it wants no hold time (0), and a dead session would look like a quiet one: set a hold time on the router")
	case o.HoldTime < leastHold:
		return refuse(bgp.UnacceptableHoldTime, nil, "its hold time is %v, at least %v is possible", o.HoldTime, leastHold)
	}
	for _, f := range n.Families.list() {
		if o.Has(f) {
			l.families |= familiesOf(f)
		}
	}
	if l.families == 0 {
		return refuse(bgp.UnsupportedCapability, (&bgp.Open{AS: n.LocalAS, Families: n.Families.list()}).Capabilities(),
			"it offers none of the address families that are asked for: activate IPv4 or IPv6 unicast for this session on the router")
	}
	l.hold = min(n.HoldTime, o.HoldTime)
	l.in.extended = o.ExtendedMessage
	l.peer = route.Peer{Collector: n.Name, Addr: l.p.addr, AS: o.AS}
	l.decode = bgp.Options{AS4: o.AS4}
	if n.AddPath {
		l.decode.AddPath, l.decode.AddPathOnly = paths(o, n.Families)
	}
	return nil
}

// paths says for which families several paths for a prefix come.
func paths(o *bgp.Open, asked Families) (addPath bool, only bgp.Family) {
	var families []bgp.Family
	for _, f := range asked.list() {
		if o.SendsPaths(f) {
			families = append(families, f)
		}
	}
	if len(families) == 1 {
		only = families[0]
	}
	return len(families) > 0, only
}

// beats reports which of two connections of the same two routers stays: that which
// was opened by the side with the higher identifier, or, where those are equal, the
// higher AS number (RFC 6286). Of two that the same side opened, it is the later one.
// One that is established stays, unless its router can restart without saying so
// (RFC 4724 section 4.2).
func (l *link) beats(other *link) bool {
	if other.phase == open {
		return other.theirs.GracefulRestart != nil
	}
	if l.called == other.called {
		return true
	}
	weAreHigher := l.ours.ID.Compare(l.theirs.ID)
	if weAreHigher == 0 && l.p.n.LocalAS > l.theirs.AS {
		weAreHigher = 1
	}
	return (weAreHigher > 0) == l.called
}

// next reads the one message that may come, and what else comes is an error of the
// state machine with the given subcode (RFC 6608).
func (l *link) next(wait time.Duration, want bgp.MessageType, subcode uint8) ([]byte, error) {
	msg, kind, err := l.read(wait)
	switch {
	case err != nil:
		return nil, err
	case kind == bgp.MessageNotification:
		return nil, farewell(msg)
	case kind != want:
		return nil, &bgp.Notification{Code: bgp.FSMError, Subcode: subcode, Data: []byte{byte(kind)}, Reason: fmt.Sprintf("it sent a message of type %d where one of type %d had to come", kind, want)}
	}
	return msg, nil
}

// read reads one message within the time.
func (l *link) read(wait time.Duration) ([]byte, bgp.MessageType, error) {
	if err := l.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil, 0, err
	}
	if n := l.stopped.Load(); n != nil { // whoever stopped it may have set his deadline before
		return nil, 0, n
	}
	msg, kind, err := l.in.next()
	if n := l.stopped.Load(); n != nil {
		return nil, 0, n
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return nil, 0, &bgp.Notification{Code: bgp.HoldTimerExpired, Reason: fmt.Sprintf("it said nothing for %v (hold timer expired)", wait)}
	}
	if err == nil {
		l.heard.Store(time.Now().UnixNano())
	}
	return msg, kind, err
}

// sendTime bounds one write. Our messages are few and small: where they do not fit
// into the connection any more, nobody has read them for long.
const sendTime = 10 * time.Second

// errAdvertises cannot happen: nothing here makes an UPDATE.
var errAdvertises = errors.New("an UPDATE was to be sent; it was not")

// send is the one place from which bytes leave. An UPDATE does not.
func (l *link) send(msg []byte) error {
	if _, kind, err := bgp.ParseHeader(msg); err != nil || kind == bgp.MessageUpdate {
		return errAdvertises
	}
	l.sending.Lock()
	defer l.sending.Unlock()
	if n := l.stopped.Load(); n != nil {
		return n
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	_, err := l.conn.Write(msg)
	return err
}

// stop ends the session with a last message, once. The reader then finds the
// connection past its deadline.
func (l *link) stop(n *bgp.Notification) {
	l.conn.SetWriteDeadline(time.Now().Add(time.Second)) // for a write that is under way too
	l.sending.Lock()
	defer l.sending.Unlock()
	if !l.stopped.CompareAndSwap(nil, n) {
		return
	}
	l.conn.SetWriteDeadline(time.Now().Add(time.Second))
	l.conn.Write(n.Append(nil)) // where it does not arrive, the connection is gone anyway
	l.conn.SetReadDeadline(time.Now())
}

// lastWords is how long we listen on after our last message: a connection that is
// closed with bytes unread is reset, and the message may be lost.
const lastWords = 200 * time.Millisecond

func (l *link) hangUp() {
	if l.stopped.Load() != nil {
		if c, ok := l.conn.(interface{ CloseWrite() error }); ok {
			c.CloseWrite()
			l.conn.SetReadDeadline(time.Now().Add(lastWords))
			io.CopyN(io.Discard, l.conn, 1<<20)
		}
	}
	l.conn.Close()
}

func addrOf(a net.Addr) (netip.Addr, bool) {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	return t.AddrPort().Addr().Unmap().WithZone(""), true
}

// list gives the families in the order of IPv4 and IPv6.
func (f Families) list() (list []bgp.Family) {
	if f&IPv4 != 0 {
		list = append(list, bgp.IPv4Unicast)
	}
	if f&IPv6 != 0 {
		list = append(list, bgp.IPv6Unicast)
	}
	return list
}

func familiesOf(f bgp.Family) Families {
	switch f {
	case bgp.IPv4Unicast:
		return IPv4
	case bgp.IPv6Unicast:
		return IPv6
	}
	return 0
}
