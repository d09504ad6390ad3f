package session

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

var (
	ourID   = netip.MustParseAddr("10.0.0.9")
	theirID = netip.MustParseAddr("10.0.0.1")
)

// bubble is a collector with one neighbour, whose calls end in the test's hands. It
// runs in a synctest bubble.
type bubble struct {
	t       *testing.T
	c       *Collector
	calls   chan net.Conn
	told    []route.Kind // but for Alive
	alive   []time.Time
	routes  []string
	blocked chan struct{} // where not nil, emit waits for it
	stop    context.CancelFunc
	done    chan struct{}
}

func inBubble(t *testing.T, change func(*Neighbor), f func(*bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := Neighbor{
			Name: "edge1", Address: netip.MustParsePrefix("192.0.2.1/32"), AS: routerAS, LocalAS: collectorAS,
			RouterID: ourID, HoldTime: 9 * time.Second,
		}
		if change != nil {
			change(&n)
		}
		b := &bubble{t: t, calls: make(chan net.Conn), done: make(chan struct{})}
		var err error
		b.c, err = New(Options{Neighbors: []Neighbor{n}, Dial: func(ctx context.Context, _ *Neighbor) (net.Conn, error) {
			ours, theirs := net.Pipe()
			select {
			case b.calls <- theirs:
				return ours, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		b.stop = cancel
		go func() {
			defer close(b.done)
			b.c.Run(ctx, b.emit)
		}()
		defer func() {
			cancel()
			<-b.done
		}()
		f(b)
	})
}

func (b *bubble) emit(u *route.Update) {
	if b.blocked != nil {
		<-b.blocked
	}
	switch u.Kind {
	case route.Alive:
		b.alive = append(b.alive, u.At)
		return
	case route.Routes:
		for _, n := range u.Announced {
			b.routes = append(b.routes, "+"+n.Prefix.String()+" "+u.Path.String())
		}
		for _, n := range u.Withdrawn {
			b.routes = append(b.routes, "-"+n.Prefix.String())
		}
	}
	b.told = append(b.told, u.Kind)
}

func (b *bubble) status() Status {
	synctest.Wait()
	return b.c.Status()[0]
}

// router is the other end of a connection. It reads at once whatever comes.
type router struct {
	t     *testing.T
	conn  net.Conn
	inbox chan letter
}

type letter struct {
	msg  []byte
	kind bgp.MessageType
	err  error
}

func newRouter(t *testing.T, conn net.Conn) *router {
	r := &router{t, conn, make(chan letter, 1000)}
	go func() {
		for in := newReader(conn); ; {
			msg, kind, err := in.next()
			r.inbox <- letter{slices.Clone(msg), kind, err}
			if err != nil {
				return
			}
		}
	}()
	return r
}

// next gives the next message within five minutes.
func (r *router) next() ([]byte, bgp.MessageType, error) {
	select {
	case l := <-r.inbox:
		return l.msg, l.kind, l.err
	case <-time.After(5 * time.Minute):
		return nil, 0, errors.New("nothing came for five minutes")
	}
}

// answer takes the collector's next call.
func (b *bubble) answer() *router {
	return newRouter(b.t, <-b.calls)
}

// come opens a connection from the router's side.
func (b *bubble) come() *router {
	ours, theirs := net.Pipe()
	p := b.c.all()[0]
	go p.serve(b.t.Context(), ours, false)
	return newRouter(b.t, theirs)
}

func (r *router) say(msg []byte) {
	r.t.Helper()
	r.conn.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := r.conn.Write(msg); err != nil {
		r.t.Fatalf("the collector does not read: %v", err)
	}
}

// hear gives the next message that is not a KEEPALIVE.
func (r *router) hear() ([]byte, bgp.MessageType) {
	r.t.Helper()
	for {
		msg, kind, err := r.next()
		if err != nil {
			r.t.Fatalf("waiting for a message of the collector: %v", err)
		}
		if kind != bgp.MessageKeepalive {
			return msg, kind
		}
	}
}

func (r *router) hearNotification(code bgp.NotificationCode, subcode uint8) *bgp.Notification {
	r.t.Helper()
	msg, kind := r.hear()
	if kind != bgp.MessageNotification {
		r.t.Fatalf("got a message of type %d, want a notification", kind)
	}
	n, err := bgp.ParseNotification(msg)
	if err != nil || n.Code != code || n.Subcode != subcode {
		r.t.Fatalf("got %+v (%v), want code %d, subcode %d", n, err, code, subcode)
	}
	if _, _, err := r.next(); !errors.Is(err, io.EOF) {
		r.t.Errorf("behind the notification there is %v, want the end of the connection", err)
	}
	return n
}

func (r *router) open() *bgp.Open {
	return &bgp.Open{
		AS: routerAS, HoldTime: 180 * time.Second, ID: theirID, AS4: true, RouteRefresh: true,
		Families: []bgp.Family{bgp.IPv4Unicast, bgp.IPv6Unicast},
	}
}

// establish goes through the opening of a session; change is made to the OPEN.
func (r *router) establish(change func(*bgp.Open)) *bgp.Open {
	r.t.Helper()
	msg, kind := r.hear()
	if kind != bgp.MessageOpen {
		r.t.Fatalf("got a message of type %d, want OPEN", kind)
	}
	ours, err := bgp.ParseOpen(msg)
	if err != nil {
		r.t.Fatal(err)
	}
	o := r.open()
	if change != nil {
		change(o)
	}
	r.say(o.Append(nil))
	if _, kind, err := r.next(); err != nil || kind != bgp.MessageKeepalive {
		r.t.Fatalf("got a message of type %d (%v), want KEEPALIVE", kind, err)
	}
	r.say(bgp.AppendKeepalive(nil))
	synctest.Wait()
	return ours
}

func announcement(t *testing.T, path checks.Path, prefixes ...string) []byte {
	t.Helper()
	d := bgp.Draft{Path: path, NextHop: netip.MustParseAddr("192.0.2.1")}
	for _, p := range prefixes {
		d.Announce = append(d.Announce, bgp.NLRI{Prefix: netip.MustParsePrefix(p)})
	}
	msg, err := d.Append(nil, bgp.Options{AS4: true})
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

var kpTestPath = checks.Path{{4837}, {131279}}

// message makes one of any type out of hex.
func message(t *testing.T, kind bgp.MessageType, body string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(body, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	msg := append(slices.Repeat([]byte{0xff}, 16), 0, byte(19+len(b)), byte(kind))
	return append(msg, b...)
}

func TestRefusals(t *testing.T) {
	opening := func(change func(*bgp.Open)) func(*router) {
		return func(r *router) {
			o := r.open()
			change(o)
			r.hear()
			r.say(o.Append(nil))
		}
	}
	raw := func(msg func(*testing.T) []byte) func(*router) {
		return func(r *router) {
			r.hear()
			r.say(msg(r.t))
		}
	}
	later := func(msg func(*testing.T) []byte) func(*router) {
		return func(r *router) {
			r.establish(nil)
			r.say(msg(r.t))
		}
	}
	tests := []struct {
		name    string
		router  func(*router)
		code    bgp.NotificationCode
		subcode uint8
		say     string
	}{
		{"another AS", opening(func(o *bgp.Open) { o.AS = 64999 }), bgp.OpenError, bgp.BadPeerAS, "it says that it is AS64999, and AS4837 is configured"},
		{"no identifier", opening(func(o *bgp.Open) { o.ID = netip.IPv4Unspecified() }), bgp.OpenError, bgp.BadIdentifier, "identifier is 0.0.0.0"},
		{"no hold time", opening(func(o *bgp.Open) { o.HoldTime = 0 }), bgp.OpenError, bgp.UnacceptableHoldTime, "a dead session would look like a quiet one"},
		{"hold time 2 s", opening(func(o *bgp.Open) { o.HoldTime = 2 * time.Second }), bgp.OpenError, bgp.UnacceptableHoldTime, "its hold time is 2s"},
		{"other families", opening(func(o *bgp.Open) { o.Families = []bgp.Family{{AFI: 1, SAFI: 128}} }), bgp.OpenError, bgp.UnsupportedCapability, "none of the address families"},
		{"version 3", raw(func(t *testing.T) []byte { return message(t, 1, "03 12e5 00b4 0a000001 00") }), bgp.OpenError, bgp.UnsupportedVersion, "BGP version 3"},
		{"malformed parameters", raw(func(t *testing.T) []byte { return message(t, 1, "04 12e5 00b4 0a000001 09 0200") }), bgp.OpenError, 0, "parameters"},
		{"short OPEN", raw(func(t *testing.T) []byte { return message(t, 1, "04 12e5") }), bgp.HeaderError, bgp.BadMessageLength, "22 bytes"},
		{"not BGP", raw(func(*testing.T) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n")[:19] }), bgp.HeaderError, bgp.NotSynchronized, "not BGP"},
		{"KEEPALIVE first", raw(func(*testing.T) []byte { return bgp.AppendKeepalive(nil) }), bgp.FSMError, 1, "type 4"},
		{"UPDATE before KEEPALIVE", func(r *router) {
			r.hear()
			r.say(r.open().Append(nil))
			r.next()
			r.say(message(r.t, 2, "0000 0000"))
		}, bgp.FSMError, 2, "type 2"},
		{"no OPEN", func(r *router) { r.hear() }, bgp.HoldTimerExpired, 0, "it said nothing for 9s"},
		{"silence", func(r *router) { r.establish(nil) }, bgp.HoldTimerExpired, 0, "it said nothing for 9s"},
		{"OPEN again", later(func(*testing.T) []byte { return (&router{}).open().Append(nil) }), bgp.FSMError, 3, "OPEN in the middle"},
		{"message of type 9", later(func(t *testing.T) []byte { return message(t, 9, "") }), bgp.HeaderError, bgp.BadMessageType, "type 9"},
		{"KEEPALIVE of 20 bytes", later(func(t *testing.T) []byte { return message(t, 4, "00")[:19] }), bgp.HeaderError, bgp.BadMessageLength, "20 bytes"},
		{"withdrawn routes beyond the message", later(func(t *testing.T) []byte { return message(t, 2, "0009 0000") }), bgp.UpdateError, bgp.MalformedAttributes, "cannot be read"},
		{"a prefix of 40 bits", later(func(t *testing.T) []byte { return message(t, 2, "0006 28 0102030405 0000") }), bgp.UpdateError, bgp.MalformedAttributes, "cannot be read"},
		{"IPv6 routes that cannot be read", later(func(t *testing.T) []byte { return message(t, 2, "0000 0007 80 0f 04 0002 01 ff") }), bgp.UpdateError, bgp.MalformedAttributes, "cannot be read"},
		{"too many prefixes", later(func(t *testing.T) []byte {
			return announcement(t, kpTestPath, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "175.45.176.0/24")
		}), bgp.Cease, bgp.TooManyPrefixes, "more than the 3 prefixes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(n *Neighbor) { n.MaxPrefixes = 3 }, func(b *bubble) {
				r := b.answer()
				tt.router(r)
				r.hearNotification(tt.code, tt.subcode)
				s := b.status()
				if s.State != Idle || !strings.Contains(s.Sentence, tt.say) {
					t.Errorf("got %v, %q, want idle and %q", s.State, s.Sentence, tt.say)
				}
				if gap, ok := s.Gap(); !ok || !strings.Contains(gap.Reason, "edge1") {
					t.Errorf("got gap %q, %v, want one that names edge1", gap.Reason, ok)
				}
				if slices.Contains(b.told, route.Routes) {
					t.Errorf("got routes %q, want none", b.routes)
				}
				if n := len(b.told); n > 0 && b.told[n-1] != route.PeerDown {
					t.Errorf("got %v, want the end of the session last", b.told)
				}
			})
		})
	}
}

// What is wrong with the attributes is no reason to end the session, nor to take a
// route away: the router is asked to say it again, once in a while.
func TestMalformedUpdate(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		r := b.answer()
		r.establish(nil)
		r.say(announcement(t, kpTestPath, "175.45.176.0/24"))
		bad := message(t, 2, "0000 000a 400101 07 400200 400300 18 af2db0")
		for range 3 {
			r.say(bad)
		}
		r.say(announcement(t, kpTestPath, "175.45.177.0/24"))
		for _, want := range []bgp.Family{bgp.IPv4Unicast, bgp.IPv6Unicast} {
			msg, kind := r.hear()
			f, step, _ := bgp.ParseRefresh(msg)
			if kind != bgp.MessageRouteRefresh || f != want || step != bgp.RefreshAsk {
				t.Fatalf("got a message of type %d for %v, want a request for %v", kind, f, want)
			}
		}
		s := b.status()
		if s.State != Established || s.Malformed != 3 || !strings.Contains(s.Sentence, "3 of its messages") {
			t.Errorf("got %+v, want an established session that tells of 3 messages", s)
		}
		want := []string{"+175.45.176.0/24 4837 131279", "+175.45.177.0/24 4837 131279"}
		if !slices.Equal(b.routes, want) {
			t.Errorf("got %q, want %q", b.routes, want)
		}
	})
}

func TestKeepalive(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		r := b.answer()
		ours := r.establish(nil)
		if !ours.AS4 || ours.AS != collectorAS || !ours.RouteRefresh || !ours.ExtendedMessage || len(ours.Families) != 2 || len(ours.AddPath) != 0 {
			t.Errorf("got OPEN %+v", ours)
		}
		if g := ours.GracefulRestart; g == nil || !g.Restarting {
			t.Errorf("got graceful restart %+v: a router must not wait for an End-of-RIB of ours", g)
		}
		start := time.Now()
		for i := range 20 {
			if _, kind, err := r.next(); err != nil || kind != bgp.MessageKeepalive {
				t.Fatalf("got type %d, %v, want KEEPALIVE", kind, err)
			}
			if got, want := time.Since(start), time.Duration(i+1)*3*time.Second; got != want {
				t.Fatalf("keepalive %d came after %v, want %v", i, got, want)
			}
			r.say(bgp.AppendKeepalive(nil))
		}
		if s := b.status(); s.State != Established || s.HoldTime != 9*time.Second || len(b.alive) != 20 {
			t.Errorf("got %+v and %d signs of life, want 20", s, len(b.alive))
		}
	})
}

// Whoever takes the updates may be slow: the router waits, and the session stands.
func TestSlowReader(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		r := b.answer()
		r.establish(nil)
		b.blocked = make(chan struct{})
		r.say(announcement(t, kpTestPath, "175.45.176.0/24"))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if got := len(r.inbox); got != 200 {
			t.Errorf("got %d keepalives in ten minutes, want 200", got)
		}
		close(b.blocked)
		synctest.Wait()
		r.say(bgp.AppendKeepalive(nil))
		if s := b.status(); s.State != Established || len(b.routes) != 1 {
			t.Errorf("got %+v and routes %q, want an established session with one", s, b.routes)
		}
	})
}

// Two connections of the same two routers: one stays (RFC 4271 section 6.8).
func TestCollision(t *testing.T) {
	for _, tt := range []struct {
		name   string
		id     string
		called bool // our call stays
	}{{"ours is higher", "10.0.0.1", true}, {"theirs is higher", "10.0.0.200", false}} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, nil, func(b *bubble) {
				called, came := b.answer(), b.come()
				for _, r := range []*router{called, came} {
					r.hear()
					o := r.open()
					o.ID = netip.MustParseAddr(tt.id)
					r.say(o.Append(nil))
					synctest.Wait()
				}
				stays, goes := came, called
				if tt.called {
					stays, goes = called, came
				}
				goes.hearNotification(bgp.Cease, bgp.ConnectionCollision)
				stays.next()
				stays.say(bgp.AppendKeepalive(nil))
				if s := b.status(); s.State != Established || !slices.Equal(b.told, []route.Kind{route.PeerUp}) {
					t.Errorf("got %+v and %v, want one session", s, b.told)
				}
			})
		})
	}
}

// A second connection beside an established session is refused, unless the router
// restarts without a word, as graceful restart lets it (RFC 4724 section 4.2).
func TestSecondConnection(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		inBubble(t, nil, func(b *bubble) {
			r := b.answer()
			r.establish(nil)
			second := b.come()
			second.hear()
			second.say(second.open().Append(nil))
			second.hearNotification(bgp.Cease, bgp.ConnectionCollision)
			r.say(announcement(t, kpTestPath, "175.45.176.0/24"))
			if s := b.status(); s.State != Established || len(b.routes) != 1 {
				t.Errorf("got %+v, %q, want the first session to stand", s, b.routes)
			}
		})
	})
	t.Run("graceful restart", func(t *testing.T) {
		inBubble(t, nil, func(b *bubble) {
			b.answer().establish(func(o *bgp.Open) { o.GracefulRestart = &bgp.GracefulRestart{Time: 120 * time.Second} })
			second := b.come()
			second.establish(func(o *bgp.Open) {
				o.GracefulRestart = &bgp.GracefulRestart{Restarting: true, Time: 120 * time.Second}
			})
			second.say(announcement(t, kpTestPath, "175.45.176.0/24"))
			second.say(bgp.AppendEndOfRIB(nil, bgp.IPv4Unicast))
			second.say(bgp.AppendEndOfRIB(nil, bgp.IPv6Unicast))
			synctest.Wait()
			want := []route.Kind{route.PeerUp, route.PeerDown, route.PeerUp, route.Routes, route.EndOfRIB, route.EndOfRIB}
			if s := b.status(); s.State != Established || !slices.Equal(b.told, want) {
				t.Errorf("got %v, %v, want %v", s.State, b.told, want)
			}
		})
	})
}

// Between the end of the first family and the beginning of the second a table looks
// whole that is not.
func TestEndOfRIBIsThatOfAll(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		r := b.answer()
		r.establish(nil)
		r.say(bgp.AppendEndOfRIB(nil, bgp.IPv6Unicast))
		r.say(announcement(t, kpTestPath, "175.45.176.0/24"))
		r.say(bgp.AppendEndOfRIB(nil, bgp.IPv4Unicast))
		synctest.Wait()
		if want := []route.Kind{route.PeerUp, route.Routes, route.EndOfRIB, route.EndOfRIB}; !slices.Equal(b.told, want) {
			t.Errorf("got %v, want %v", b.told, want)
		}
	})
}

func TestLeave(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		r := b.answer()
		r.establish(nil)
		b.stop()
		n := r.hearNotification(bgp.Cease, bgp.AdministrativeStop)
		<-b.done
		if n.Text() != "isitdown is being stopped" || !slices.Equal(b.told, []route.Kind{route.PeerUp, route.PeerDown}) {
			t.Errorf("got %q and %v", n.Text(), b.told)
		}
	})
}

// What a router says at its end reaches a person, in one line.
func TestFarewell(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		r := b.answer()
		r.establish(nil)
		n := bgp.Notification{Code: bgp.Cease, Subcode: bgp.AdministrativeStop, Data: bgp.ShutdownData("maintenance\n\x1b[2Jticket 7")}
		r.say(n.Append(nil))
		want := "it ended the session: cease (administrative shutdown), with the words “maintenance [2Jticket 7”"
		if s := b.status(); s.Sentence != want {
			t.Errorf("got %q, want %q", s.Sentence, want)
		}
	})
}

// A router without 4-byte AS numbers puts the true path into AS4_PATH.
func TestTwoByteRouter(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		r := b.answer()
		r.hear()
		r.say(message(t, 1, "04 12e5 00b4 0a000001 00"))
		r.next()
		r.say(bgp.AppendKeepalive(nil))
		d := bgp.Draft{Path: kpTestPath, NextHop: theirID, Announce: []bgp.NLRI{{Prefix: netip.MustParsePrefix("175.45.176.0/24")}}}
		msg, err := d.Append(nil, bgp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r.say(msg)
		s := b.status()
		if want := []string{"+175.45.176.0/24 4837 131279"}; !slices.Equal(b.routes, want) || s.Families != IPv4 || !strings.Contains(s.Sentence, "no IPv6 routes") {
			t.Errorf("got %q, %+v", b.routes, s)
		}
		if n := b.c.Refresh(Both); n != 0 {
			t.Errorf("got %d sessions asked, want none: it cannot send its table again", n)
		}
	})
}

// Calls come less and less often, never at the same distance, and start anew after a
// session that stood.
func TestRetry(t *testing.T) {
	inBubble(t, nil, func(b *bubble) {
		var waits []time.Duration
		for last := time.Now(); len(waits) < 12; {
			r := b.answer()
			waits = append(waits, time.Since(last))
			last = time.Now()
			r.conn.Close()
		}
		for i, w := range waits[1:] {
			want := min(defaultRetry<<i, longestRetry)
			if w < want*3/4 || w > want*5/4 {
				t.Errorf("wait %d is %v, want %v give or take a quarter", i, w, want)
			}
		}
		if waits[11] == waits[10] {
			t.Error("two long waits are the same to the nanosecond")
		}
	})
}

// asked gives the next request for a table, and how long after start it came.
func (r *router) asked(start time.Time) string {
	r.t.Helper()
	msg, kind := r.hear()
	f, step, ok := bgp.ParseRefresh(msg)
	if kind != bgp.MessageRouteRefresh || step != bgp.RefreshAsk || !ok {
		r.t.Fatalf("got a message of type %d, want a request for a table", kind)
	}
	return familiesOf(f).String() + " after " + time.Since(start).String()
}

// However many ask, a router sends its table once a minute at most.
func TestRefreshTogether(t *testing.T) {
	inBubble(t, func(n *Neighbor) { n.HoldTime = time.Hour }, func(b *bubble) {
		r := b.answer()
		r.establish(func(o *bgp.Open) { o.HoldTime, o.EnhancedRefresh = time.Hour, true })
		start := time.Now()
		b.c.Refresh(IPv4)
		got := []string{r.asked(start)}
		for range 100 {
			b.c.Refresh(IPv4)
			b.c.Refresh(IPv6)
		}
		got = append(got, r.asked(start), r.asked(start))
		want := []string{"IPv4 after 0s", "IPv4 after 1m0s", "IPv6 after 1m0s"}
		if !slices.Equal(got, want) {
			t.Errorf("got requests %q, want %q", got, want)
		}
		// The end of what it sends again, and its own request for a table that is empty.
		r.say(bgp.AppendRefresh(nil, bgp.IPv4Unicast, bgp.RefreshEnd))
		r.say(bgp.AppendRefresh(nil, bgp.IPv6Unicast, bgp.RefreshEnd))
		r.say(bgp.AppendRefresh(nil, bgp.IPv4Unicast, bgp.RefreshAsk))
		for _, want := range []bgp.RefreshStep{bgp.RefreshBegin, bgp.RefreshEnd} {
			msg, _ := r.hear()
			if _, step, _ := bgp.ParseRefresh(msg); step != want {
				t.Errorf("got step %d, want %d", step, want)
			}
		}
		synctest.Wait()
		if want := []route.Kind{route.PeerUp, route.EndOfRIB, route.EndOfRIB}; !slices.Equal(b.told, want) {
			t.Errorf("got %v, want %v", b.told, want)
		}
	})
}
