package bmp

import (
	"fmt"
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

// Each fault is left out, counted and said in a sentence.
func TestFaults(t *testing.T) {
	a := newSession(1)
	broken := a.announce(k1)
	broken.BGP = append(broken.BGP[:len(broken.BGP):len(broken.BGP)], 99)
	broken.BGP[17]++
	old := *a // says 4-byte AS numbers and has 2
	old.opt.AS4 = false
	vrf := newSession(3)
	vrf.Type, vrf.Distinguisher = wire.RDPeer, 65000<<32|100
	future := a.announce(k2)
	future.Peer.Time = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
	many := []wire.Message{a.up(), a.announce(k1)}
	for n := range byte(5) {
		many = append(many, newSession(10+n).up())
	}
	started := "up 1; +" + k1 + " 1 4837 131279"

	tests := []struct {
		name  string
		send  []wire.Message
		want  string
		fault string
	}{
		{"a message that makes no sense", []wire.Message{a.up(), a.announce(k1), broken}, started, "router edge1: 1 of its messages could not be read and were left out"},
		{"a Peer Up that makes no sense", []wire.Message{a.up(), a.announce(k1), {Type: wire.PeerUp, Peer: newSession(2).Peer}}, started, "the last: BMP Peer Up message, byte 68: no OPEN message"},
		{"no Peer Up", []wire.Message{a.up(), a.announce(k1), newSession(2).announce(k1)}, started, "1 of its messages were about sessions that it had not reported up"},
		{"AS numbers of 2 bytes", []wire.Message{a.up(), old.announce(k1, carrier, 174)}, "up 1; +" + k1 + " 1 4837 174", "1 of its messages have AS numbers of another size than they say"},
		{"a clock that is wrong", []wire.Message{a.up(), a.announce(k1), future}, started + "; +" + k2 + " 1 4837 131279", "1 of its time stamps lie in the future or long ago"},
		{"too many sessions", many, started, "2 of its reports were of sessions beyond the 4 that are kept"},
		{"only withdrawals", []wire.Message{a.up(), a.withdraw(k1)}, "", `reports only withdrawals of its peer 192.0.2.1 (AS4837), 1 so far, and not one route: its session is left out. FRR does so without "soft-reconfiguration inbound"`},
		{"no routes", []wire.Message{a.up()}, "", "of the sessions that it reports up (1) no route counts"},
		{"another instance", []wire.Message{vrf.up(), vrf.announce(k1)}, "", "all of its sessions are in instances that do not count: 65000:100; name the one that has the Internet's table (instance)"},
		{"no sessions", nil, "", "it is connected and reports no session up"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.s.routers["edge1"].maxPeers = 4
				c := r.dial(edgeAddr)
				r.send(c, wire.Message{Type: wire.Initiation})
				r.send(c, test.send...)
				if test.want != "" {
					r.want(strings.Split(test.want, "; ")...)
				} else {
					r.want()
				}
				time.Sleep(faultAfter)
				synctest.Wait()
				st := r.s.Status()
				if all := strings.Join(st.Routers[0].Faults, "\n"); !strings.Contains(all, test.fault) {
					t.Errorf("faults:\n%s\nwant one with:\n%s", all, test.fault)
				}
				gaps := st.Gaps()
				if len(gaps) == 0 || gaps[0].Check != "route" || !strings.Contains(gaps[0].Reason, "edge1") {
					t.Errorf("the gaps are %v", gaps)
				}
				r.stop()
			})
		})
	}
}

// A session that says what it should has no faults, and the status tells of it.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		gaps := func() string {
			st := r.s.Status()
			var b strings.Builder
			for _, g := range st.Gaps() {
				b.WriteString(g.Reason + "\n")
			}
			return b.String()
		}
		if got, want := gaps(), "router edge1 has not connected yet, so what its peers hold is not known; point its BMP at this station\n"; got != want {
			t.Errorf("got  %swant %s", got, want)
		}
		c := r.dial(edgeAddr)
		s := newSession(1)
		r.send(c, wire.Message{Type: wire.Initiation, Info: []wire.TLV{
			{Type: wire.InfoSysName, Value: []byte("edge1\x1b[31m.example")}, {Type: wire.InfoSysDescr, Value: []byte(strings.Repeat("long ", 1000))},
		}}, s.up(), s.announce(k1), s.withdraw(k1), s.post().announce(k1), s.announce(k2, edgeAS, carrier, home))
		if got := gaps(); got != "" {
			t.Errorf("there are gaps: %s", got)
		}
		got := r.s.Status().Routers[0]
		if !got.Connected || got.SysName != "edge1 [31m.example" || len(got.SysDescr) > maxText+3 || got.Messages != 6 || got.Routes != 4 || got.OtherTables != 1 || got.Stripped != 1 {
			t.Errorf("status %+v", got)
		}
		if p := got.Peers[0]; !p.Counts || p.Table != "pre-policy Adj-RIB-In" || p.Announced != 2 || p.Withdrawn != 1 || p.Peer.AS != carrier {
			t.Errorf("peer %+v", p)
		}
		c.Close()
		synctest.Wait()
		if got, want := gaps(), "router edge1 has not been connected since 2000-01-01 00:00 UTC (it closed the connection), so what its peers hold is not known\n"; got != want {
			t.Errorf("got  %swant %s", got, want)
		}
		r.stop()
	})
}

// Only a time stamp just before the arrival is believed.
func TestTimeStamps(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	boot := now.Add(-5 * time.Second)
	tests := []struct {
		name  string
		stamp time.Time
		want  time.Time
		wrong bool
	}{
		{"none", time.Time{}, now, false},
		{"just before", now.Add(-3 * time.Second), now.Add(-3 * time.Second), false},
		{"that of the session's beginning", boot, now, false},
		{"of a table that was made long ago", now.Add(-72 * time.Hour), now, false},
		{"a little ahead", now.Add(time.Second), now, false},
		{"an hour ahead", now.Add(time.Hour), now, true},
		{"since the router's boot", time.Unix(86_400, 0), now, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s Station
			r := newRouter(Router{Name: "edge1", Prefix: netip.MustParsePrefix(edgeAddr + "/32")}, netip.MustParseAddr(edgeAddr), 1)
			got := s.at(r, &peer{openedAt: boot}, &wire.Message{Peer: wire.Peer{Time: test.stamp}}, now)
			if !got.Equal(test.want) || (r.clock > 0) != test.wrong {
				t.Errorf("got %v, counted as wrong %d times, want %v, %v", got, r.clock, test.want, test.wrong)
			}
		})
	}
}

func TestInstances(t *testing.T) {
	for _, s := range []string{"65000:100", "65000:4000000000", "192.0.2.1:100", "4200000000:7", "12"} {
		d, err := ParseInstance(s)
		if err != nil || formatInstance(d) != s {
			t.Errorf("%s is read as %#x and written as %s (%v)", s, d, formatInstance(d), err)
		}
	}
	if d, _ := ParseInstance("65000:100"); d != 65000<<32|100 {
		t.Errorf("65000:100 is %#x", d)
	}
	for _, s := range []string{"x", "1:", ":1", "4200000000:70000", "192.0.2.1:70000", "-1", "2001:db8::1"} {
		if d, err := ParseInstance(s); err == nil {
			t.Errorf("%s is read as %#x", s, d)
		}
	}
}

func TestOptions(t *testing.T) {
	one := Router{Name: "edge1", Prefix: netip.MustParsePrefix("192.0.2.1/32")}
	l := newPipes()
	tests := []struct {
		opt  Options
		want string
	}{
		{Options{Routers: []Router{one}}, "no listener"},
		{Options{Listener: l}, "no router may connect"},
		{Options{Listener: l, Routers: []Router{{Prefix: one.Prefix}}}, "router 1 has no name"},
		{Options{Listener: l, Routers: []Router{{Name: "x"}}}, "router x: no address"},
		{Options{Listener: l, Routers: []Router{{Name: "x", Prefix: one.Prefix, View: 9}}}, "there is no view 9"},
		{Options{Listener: l, Routers: []Router{one, one}}, "there are two of that name"},
	}
	for _, test := range tests {
		if _, err := New(test.opt); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
	opt := Options{Listener: l, Routers: []Router{{Name: "all", Prefix: netip.MustParsePrefix("192.0.2.0/24")}, one}}
	if r, ok := opt.allowed(netip.MustParseAddr("192.0.2.1")); !ok || r.Name != "edge1" {
		t.Errorf("192.0.2.1 is %v, want the narrowest entry", r)
	}
}

// Paths are changed only where a router's own AS is in front of its peer's.
func TestStrip(t *testing.T) {
	tests := []struct {
		name     string
		path     checks.Path
		peer     checks.ASN
		prepends uint64
		want     string
	}{
		{"in front of the peer", checks.MakePath(edgeAS, carrier, home), carrier, 0, "4837 131279"},
		{"not there", checks.MakePath(carrier, home), carrier, 0, "4837 131279"},
		{"an internal peer", checks.MakePath(edgeAS, carrier, home), edgeAS, 0, "65001 4837 131279"},
		{"alone", checks.MakePath(edgeAS), carrier, 0, "65001"},
		{"before a route server's path", checks.MakePath(edgeAS, 174, home), carrier, 0, "65001 174 131279"},
		{"the same of a router that does so", checks.MakePath(edgeAS, 174, home), carrier, 1, "174 131279"},
		{"before a set", checks.Path{{edgeAS}, {64500, 64501}}, carrier, 1, "{64500,64501}"},
		{"an empty path", nil, carrier, 1, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw, err := bgp.MakeRawPath(test.path)
			if err != nil {
				t.Fatal(err)
			}
			c := &connection{router: &router{prepends: test.prepends}}
			got, _ := c.strip(&peer{id: peerOf(test.peer), localAS: edgeAS}, raw)
			if got.String() != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if again, err := bgp.MakeRawPath(got.Path()); err != nil || string(again) != string(got) {
				t.Errorf("the path is not in its normal form: %x, want %x (%v)", []byte(got), []byte(again), err)
			}
		})
	}
}

// A router that reports ever new sessions, and addresses of a range that come and go, use
// up no more than their room; sessions that are known still count.
func TestEverNewSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(allow *Router) { allow.Prefix = netip.MustParsePrefix("192.0.2.0/24") })
		r.s.opt.MaxRouters = 2
		c := r.dial("192.0.2.5")
		r.s.mu.Lock()
		edge := r.s.routers["edge1 192.0.2.5"]
		edge.maxPeers = 2
		r.s.mu.Unlock()
		for n := range byte(20) {
			s := newSession(10 + n)
			r.send(c, s.up(), s.announce(k1), s.down())
		}
		ups := map[route.Peer]bool{}
		before := r.updates()
		for _, u := range before {
			if u.Kind == route.PeerUp {
				ups[u.Peer] = true
			}
		}
		if len(ups) != 2*turnover {
			t.Errorf("%d sessions counted, want %d", len(ups), 2*turnover)
		}
		known := newSession(10)
		r.send(c, known.up(), known.announce(k1))
		if got := r.updates()[len(before):]; len(got) != 2 {
			t.Errorf("a known session: %+v", got)
		}
		for n := range byte(40) {
			r.dial(fmt.Sprintf("192.0.2.%d", 100+n)).Close()
			synctest.Wait()
		}
		if st := r.s.Status(); len(st.Routers) > 2*turnover || st.Refused == 0 {
			t.Errorf("%d routers are remembered, %d refused", len(st.Routers), st.Refused)
		}
		r.stop()
	})
}
