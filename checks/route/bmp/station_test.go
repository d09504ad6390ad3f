package bmp

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	wire "isitdown/checks/internal/bmp"
	"isitdown/checks/route"
)

const (
	k1 = "175.45.176.0/24"
	k2 = "175.45.177.0/24"
	k6 = "2001:db8:64::/48"
)

// What routers report and what is passed on.
func TestReports(t *testing.T) {
	a, b, loc := newSession(1), newSession(2), locRIB()
	v4, v6 := bgp.IPv4Unicast, bgp.IPv6Unicast
	other := newSession(1) // the same peer in another session
	other.port = 40002
	out := newSession(1)
	out.Flags = wire.FlagOut
	vrf := newSession(3)
	vrf.Type, vrf.Distinguisher = wire.RDPeer, 65000<<32|100
	strange := newSession(4)
	strange.Type = 9
	ownFirst := []checks.ASN{edgeAS, carrier, home}

	tests := []struct {
		name     string
		view     View
		instance uint64
		send     []wire.Message
		want     string // lines separated by semicolons
	}{
		{
			"a session", Best, 0,
			[]wire.Message{a.up(), a.announce(k1), a.announce(k2 + " 198.51.100.0/24"), a.end(v4), a.withdraw(k1), a.down()},
			"up 1; +" + k1 + " 1 4837 131279; +" + k2 + " 1 4837 131279; +198.51.100.0/24 1 4837 131279; -" + k1 + " 1; down 1",
		},
		{"IPv6 routes", Best, 0, []wire.Message{a.up(), a.announce(k6), a.end(v6), a.withdraw(k6)}, "up 1; +" + k6 + " 1 4837 131279; -" + k6 + " 1; end6 1"},
		{
			"it counts from its first route", Best, 0,
			[]wire.Message{a.up(), a.withdraw(k1 + " " + k2), a.end(v4), a.end(v6), a.announce(k1)},
			"up 1; +" + k1 + " 1 4837 131279; end4 1; end6 1",
		},
		{"only withdrawals", Best, 0, []wire.Message{a.up(), a.withdraw(k1), a.withdraw(k2), a.end(v4), a.down()}, ""},
		{
			"one Peer Up for each table", Best, 0,
			[]wire.Message{a.up(), a.announce(k1), a.post().up(), a.post().announce(k1), a.end(v4)},
			"up 1; +" + k1 + " 1 4837 131279; end4 1",
		},
		{
			"a session whose end was not reported", Best, 0,
			[]wire.Message{a.up(), a.announce(k1), other.up(), other.announce(k2)},
			"up 1; +" + k1 + " 1 4837 131279; down 1; up 1; +" + k2 + " 1 4837 131279",
		},
		{
			"behind the policy where there is nothing else", Best, 0,
			[]wire.Message{a.up(), a.post().announce(k1), a.post().end(v4), a.post().withdraw(k1)},
			"up 1; +" + k1 + " 1 4837 131279; -" + k1 + " 1; end4 1",
		},
		{"before the policy in place of behind it", Best, 0, []wire.Message{
			a.up(), a.post().announce(k1), a.post().end(v4), a.announce(k1), a.post().announce(k2), a.post().withdraw(k1), a.post().end(v6), a.end(v4),
		}, "up 1; +" + k1 + " 1 4837 131279; up 1; +" + k1 + " 1 4837 131279; end4 1"},
		{"behind the policy where before it nothing can be said", Best, 0, []wire.Message{
			a.up(), a.withdraw(k1), a.end(v4), a.post().announce(k1), a.withdraw(k1), a.post().end(v4),
		}, "up 1; +" + k1 + " 1 4837 131279; end4 1"},
		{"behind the policy as asked", PostPolicy, 0, []wire.Message{a.up(), a.announce(k1), a.post().announce(k2), loc.up(), loc.announce(k1)}, "up 1; +" + k2 + " 1 4837 131279"},
		{"what the peer is told", Best, 0, []wire.Message{a.up(), out.announce(k1), out.post().announce(k1), out.withdraw(k1)}, ""},
		{"the Loc-RIB alone", Best, 0, []wire.Message{loc.up(), a.up(), loc.announce(k1), loc.end(v4), loc.down()}, "up 100; +" + k1 + " 100 4837 131279; down 100"},
		{"a Loc-RIB without a Peer Up", Best, 0, []wire.Message{a.up(), loc.announce(k1)}, "up 100; +" + k1 + " 100 4837 131279"},
		{
			"the Loc-RIB goes when a peer's table comes", Best, 0,
			[]wire.Message{loc.up(), loc.announce(k1), a.up(), a.announce(k1), loc.announce(k2), loc.withdraw(k1)},
			"up 100; +" + k1 + " 100 4837 131279; up 1; down 100; +" + k1 + " 1 4837 131279",
		},
		{"the Loc-RIB as asked", LocRIB, 0, []wire.Message{a.up(), a.announce(k1), loc.up(), loc.announce(k1)}, "up 100; +" + k1 + " 100 4837 131279"},
		{"an instance that does not count", Best, 0, []wire.Message{vrf.up(), vrf.announce(k1), vrf.down(), strange.up(), strange.announce(k1)}, ""},
		{"the instance that counts", Best, 65000<<32 | 100, []wire.Message{vrf.up(), vrf.announce(k1), a.up(), a.announce(k1)}, "up 3; +" + k1 + " 3 4837 131279"},
		{
			"its own AS in front", Best, 0,
			[]wire.Message{a.up(), a.announce(k1, ownFirst...), a.announce(k2, edgeAS, 3356, home)},
			"up 1; +" + k1 + " 1 4837 131279; +" + k2 + " 1 3356 131279",
		},
		{"a peer that sent it so", Best, 0, []wire.Message{a.up(), a.announce(k1, edgeAS, 3356, home)}, "up 1; +" + k1 + " 1 65001 3356 131279"},
		{"a session that was not reported up", Best, 0, []wire.Message{b.announce(k1), b.withdraw(k1), b.down(), a.up(), a.announce(k1)}, "up 1; +" + k1 + " 1 4837 131279"},
		{
			"two sessions", Best, 0,
			[]wire.Message{a.up(), b.up(), a.announce(k1), b.announce(k1), a.down(), b.withdraw(k1)},
			"up 1; +" + k1 + " 1 4837 131279; up 2; +" + k1 + " 2 4837 131279; down 1; -" + k1 + " 2",
		},
		{"messages of no concern", Best, 0, []wire.Message{
			{Type: wire.Initiation}, {Type: 77}, {Type: wire.RouteMirroring, Peer: a.Peer}, {Type: wire.StatisticsReport, Peer: a.Peer}, a.down(), a.up(), a.announce(k1),
		}, "up 1; +" + k1 + " 1 4837 131279"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(allow *Router) { allow.View, allow.Instance = test.view, test.instance })
				r.lifeless = true
				r.send(r.dial(edgeAddr), test.send...)
				time.Sleep(calmTime + aliveEvery)
				synctest.Wait()
				if test.want == "" {
					r.want()
				} else {
					r.want(strings.Split(test.want, "; ")...)
				}
				r.stop()
			})
		})
	}
}

// Additional paths are as the two OPENs agree on them, family by family.
func TestAddPath(t *testing.T) {
	open := func(f bgp.Family, receive, send bool) []bgp.AddPath {
		return []bgp.AddPath{{Family: f, Receive: receive, Send: send}}
	}
	tests := []struct {
		name           string
		sent, received []bgp.AddPath
		with           string // what comes with identifiers
	}{
		{"not agreed", open(bgp.IPv4Unicast, true, false), open(bgp.IPv4Unicast, true, false), ""},
		{"the other way only", open(bgp.IPv4Unicast, false, true), open(bgp.IPv4Unicast, true, false), ""},
		{"IPv4", open(bgp.IPv4Unicast, true, false), open(bgp.IPv4Unicast, false, true), "4"},
		{"IPv6", open(bgp.IPv6Unicast, true, true), open(bgp.IPv6Unicast, true, true), "6"},
		{
			"both", append(open(bgp.IPv4Unicast, true, false), open(bgp.IPv6Unicast, true, false)...),
			append(open(bgp.IPv4Unicast, false, true), open(bgp.IPv6Unicast, false, true)...), "46",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				s := newSession(1)
				s.sent.AddPath, s.received.AddPath = test.sent, test.received
				want := []string{"up 1"}
				var list []wire.Message
				for _, f := range []struct{ family, prefix string }{{"4", k1}, {"6", k6}} {
					name := f.prefix
					s.opt.AddPath = strings.Contains(test.with, f.family)
					if s.opt.AddPath {
						name += "#7"
					}
					list = append(list, s.announce(name), s.withdraw(name))
					want = append(want, "+"+name+" 1 4837 131279", "-"+name+" 1")
				}
				c := r.dial(edgeAddr)
				r.send(c, s.up())
				r.send(c, list...)
				r.want(want...)
				r.stop()
			})
		})
	}
}

// GoBGP 4.8 withdraws every prefix before it reports the end of a session. That is
// no outage, and a withdrawal that stands is one.
func TestWithdrawalsBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c := r.dial(edgeAddr)
		s := newSession(1)
		r.send(c, s.up(), s.announce(k1+" "+k2), s.end(bgp.IPv4Unicast))
		time.Sleep(calmTime + aliveEvery)
		synctest.Wait()
		r.expect("announced and whole", checks.Up, 0)
		time.Sleep(20 * time.Minute)
		n := len(r.updates())
		r.send(c, s.withdraw(k1), s.withdraw(k2), s.down())
		r.expect("the session ended", checks.Unknown, settled)
		r.quiet("the session ended", n)
		time.Sleep(time.Minute)
		s.port++
		r.send(c, s.up(), s.announce(k1+" "+k2), s.end(bgp.IPv4Unicast))
		r.expect("the session is back", checks.Up, settled)
		r.quiet("the session is back", n)
		time.Sleep(time.Minute)
		r.send(c, s.withdraw(k1), s.withdraw(k2))
		r.expect("withdrawn", checks.Down, settled)
		r.stop()
	})
}

// A router that has just started says that a table is whole which its peer is still
// sending. What is not there yet is not lost.
func TestEndBeforeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c := r.dial(edgeAddr)
		s := newSession(1)
		others := make([]string, 20)
		for i := range others {
			others[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, byte(i), 0}), 24).String()
		}
		r.send(c, s.up(), s.announce(k1+" "+k2), s.announce(strings.Join(others, " ")), s.end(bgp.IPv4Unicast))
		time.Sleep(20 * time.Minute)
		c.Close()
		synctest.Wait()
		n := len(r.updates())
		time.Sleep(time.Minute)
		c = r.dial(edgeAddr)
		s.port++
		r.send(c, s.up(), s.end(bgp.IPv4Unicast), s.end(bgp.IPv6Unicast))
		for _, prefix := range others { // a table that grows for two minutes
			r.send(c, s.announce(prefix))
			time.Sleep(6 * time.Second)
		}
		r.send(c, s.announce(k2+" "+k1))
		r.quiet("the table grows", n)
		r.heard = len(r.updates())
		time.Sleep(2*calmTime + aliveEvery)
		synctest.Wait()
		r.lifeless = true
		r.want("end4 1", "end6 1")
		r.expect("the table is whole", checks.Up, settled)
		r.stop()
	})
}

// A router that is cut off makes its sessions unknown; those that it does not report
// up again have ended.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		a, b := newSession(1), newSession(2)
		c := r.dial(edgeAddr)
		r.send(c, a.up(), b.up(), a.announce(k1), b.announce(k1))
		r.heard = len(r.updates())
		c.Close()
		synctest.Wait()
		r.want("lost")
		time.Sleep(time.Hour)
		synctest.Wait()
		r.want() // what is not there is not alive
		c = r.dial(edgeAddr)
		r.send(c, a.up())
		r.want("down 1")
		r.send(c, a.announce(k1))
		r.want("up 1", "+"+k1+" 1 4837 131279")
		time.Sleep(returnWait + aliveEvery)
		synctest.Wait()
		list := r.updates()[r.heard:]
		ended := 0
		for _, u := range list {
			if u.Kind == route.PeerDown {
				ended++
				if u.Peer != (route.Peer{Collector: "edge1", Addr: b.Addr, AS: carrier}) {
					t.Errorf("the session that ended is %v, want that at %v", u.Peer, b.Addr)
				}
			}
		}
		if ended != 1 || len(list) < 5 {
			t.Errorf("%d sessions ended among %d updates, want one, and the router alive:\n%s", ended, len(list), r.story())
		}
		r.stop()
	})
}

// A connected router is reported alive, at a time when it was proven to be.
func TestAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c := r.dial(edgeAddr)
		s := newSession(1)
		r.send(c, wire.Message{Type: wire.Initiation}, s.up())
		time.Sleep(time.Minute)
		synctest.Wait()
		r.want() // nothing counts yet
		r.send(c, s.announce(k1))
		r.heard = len(r.updates())
		for range 4 {
			began := time.Now()
			time.Sleep(aliveEvery)
			synctest.Wait()
			r.want("alive")
			list := r.updates()
			if at := list[len(list)-1].At; at.After(began) || began.Sub(at) > keepAliveWindow {
				t.Errorf("alive at %v, %v before it is said", at, time.Since(at))
			}
		}
		r.stop()
		r.want("lost")
	})
}

// A second connection of a router replaces the first.
func TestReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := newSession(1)
		first := r.dial(edgeAddr)
		r.send(first, s.up(), s.announce(k1))
		second := r.dial(edgeAddr)
		r.send(second, s.up(), s.announce(k1))
		r.want("up 1", "+"+k1+" 1 4837 131279", "lost", "down 1", "up 1", "+"+k1+" 1 4837 131279")
		if _, err := first.Write([]byte{3}); err == nil {
			t.Error("the first connection is still read")
		}
		r.send(second, s.withdraw(k1))
		r.want("-" + k1 + " 1")
		r.stop()
	})
}

// Connections that nobody allowed are closed, and so are those that are no BMP, do
// not go on or fall silent.
func TestEndings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := newSession(1)
		r.dial("192.0.2.101")
		if n := r.s.Status().Refused; n != 1 {
			t.Errorf("%d connections refused, want 1", n)
		}
		ended := func(want string) {
			t.Helper()
			synctest.Wait()
			if st := r.s.Status().Routers[0]; st.Connected || !strings.Contains(st.Ending, want) {
				t.Errorf("connected %v, ending %q, want one with %q", st.Connected, st.Ending, want)
			}
		}
		r.dial(edgeAddr)
		time.Sleep(patience + time.Second)
		ended("it fell silent")

		c := r.dial(edgeAddr)
		c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		ended("what it sends is not BMP: BMP message, byte 0: version 71, only 3 is known")

		c = r.dial(edgeAddr)
		r.send(c, s.up(), s.announce(k1))
		whole := s.withdraw(k1)
		half := whole.Append(nil)
		c.Write(half[:len(half)-1])
		time.Sleep(patience + time.Second)
		ended("it fell silent")
		r.want("up 1", "+"+k1+" 1 4837 131279", "alive", "alive", "alive", "alive", "lost")

		c = r.dial(edgeAddr)
		r.send(c, wire.Message{Type: wire.Termination, Info: []wire.TLV{{Type: wire.TerminationReason, Value: []byte{0, 2}}, {Type: 0, Value: []byte("going\x00 down\n")}}})
		ended(`it ended the session: out of resources, saying "going down"`)

		c = r.dial(edgeAddr)
		r.send(c, s.up(), s.announce(k1))
		for range paceGaps + 1 { // it has a habit, and stops
			r.send(c, wire.Message{Type: wire.StatisticsReport, Peer: s.Peer})
			time.Sleep(30 * time.Second)
		}
		if !r.s.Status().Routers[0].Connected {
			t.Error("a router is disconnected that sends its statistics")
		}
		time.Sleep(paceSlack * 30 * time.Second)
		ended("it fell silent")
		r.stop()
	})
}

// Routers of a range are collectors of their own.
func TestRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(allow *Router) { allow.Prefix = netip.MustParsePrefix("192.0.2.0/24") })
		s := newSession(1)
		r.send(r.dial("192.0.2.5"), s.up(), s.announce(k1))
		r.send(r.dial("192.0.2.6"), s.up(), s.announce(k1))
		list := r.updates()
		if a, b := list[0].Peer.Collector, list[2].Peer.Collector; a != "edge1 192.0.2.5" || b != "edge1 192.0.2.6" {
			t.Errorf("the collectors are %q and %q", a, b)
		}
		r.stop()
	})
}
