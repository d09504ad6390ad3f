package lab

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// raw is a path as a feed delivers it.
func raw(path ...checks.ASN) bgp.RawPath {
	p, err := bgp.MakeRawPath(checks.MakePath(path...))
	if err != nil {
		panic(err) // numbers alone
	}
	return p
}

// heardFeed is a feed by which both vantage points have a route to the prefix.
func heardFeed(prefix netip.Prefix) (f *Feed, left, right route.Peer) {
	f = &Feed{Name: "made", Collector: "made"}
	left = route.Peer{Collector: "made", Addr: netip.MustParseAddr("4.69.12.1"), AS: Left}
	right = route.Peer{Collector: "made", Addr: netip.MustParseAddr("62.115.12.1"), AS: Right}
	for _, p := range []route.Peer{left, right} {
		f.hear(&route.Update{Kind: route.PeerUp, Peer: p})
		f.hear(&route.Update{Kind: route.Routes, Peer: p, Announced: []route.NLRI{{Prefix: prefix}}, Path: raw(p.AS, Carrier, Home)})
	}
	return f, left, right
}

// feedCase is what a feed hears after a route to a prefix from both, and what it makes of it.
type feedCase struct {
	name     string
	then     func(left, right route.Peer) []*route.Update
	table    string
	sessions int
	gone     bool // by both
	here     bool
}

func feedCases(prefix netip.Prefix) []feedCase {
	say := func(kind route.Kind, p route.Peer) *route.Update { return &route.Update{Kind: kind, Peer: p} }
	gone := func(p route.Peer) *route.Update {
		return &route.Update{Kind: route.Routes, Peer: p, Withdrawn: []route.NLRI{{Prefix: prefix}}}
	}
	const before = "AS1299 175.45.176.0/24 1299 4837 131279\nAS1299 up\nAS3356 175.45.176.0/24 3356 4837 131279\nAS3356 up"
	return []feedCase{
		{"nothing", func(_, _ route.Peer) []*route.Update { return nil }, before, 2, false, true},
		{"a sign of life", func(left, _ route.Peer) []*route.Update { return []*route.Update{say(route.Alive, left)} }, before, 2, false, true},
		{
			"one withdraws", func(left, _ route.Peer) []*route.Update { return []*route.Update{gone(left)} },
			"AS1299 175.45.176.0/24 1299 4837 131279\nAS1299 up\nAS3356 up", 2, false, false,
		},
		{"both withdraw", func(left, right route.Peer) []*route.Update { return []*route.Update{gone(left), gone(right)} }, "AS1299 up\nAS3356 up", 2, true, false},
		{
			"another path", func(left, right route.Peer) []*route.Update {
				return []*route.Update{gone(right), {Kind: route.Routes, Peer: left, Announced: []route.NLRI{{Prefix: prefix}}, Path: raw(Left, Right, Carrier, Home)}}
			}, "AS1299 up\nAS3356 175.45.176.0/24 3356 1299 4837 131279\nAS3356 up", 2, false, false,
		},
		{
			"a session ends", func(_, right route.Peer) []*route.Update { return []*route.Update{say(route.PeerDown, right)} },
			"AS3356 175.45.176.0/24 3356 4837 131279\nAS3356 up", 1, false, false,
		},
		{
			"a session begins anew", func(left, _ route.Peer) []*route.Update { return []*route.Update{say(route.PeerUp, left)} },
			"AS1299 175.45.176.0/24 1299 4837 131279\nAS1299 up\nAS3356 up", 2, false, false,
		},
		{
			"a hole", func(_, _ route.Peer) []*route.Update {
				return []*route.Update{say(route.Lost, route.Peer{Collector: "made"})}
			}, "", 0, true, false,
		},
		{
			"a hole of another", func(_, _ route.Peer) []*route.Update {
				return []*route.Update{say(route.Lost, route.Peer{Collector: "other"})}
			}, before, 2, false, true,
		},
	}
}

// What a feed was told last holds; the end of a session and a hole take all with them.
func TestFeedTable(t *testing.T) {
	prefix, other := HomePrefixes()[0], HomePrefixes()[1]
	for _, c := range feedCases(prefix) {
		t.Run(c.name, func(t *testing.T) {
			f, left, right := heardFeed(prefix)
			for _, u := range c.then(left, right) {
				f.hear(u)
			}
			if diff := cmp.Diff(f.Table(), c.table); diff != "" {
				t.Errorf("table (-got +want):\n%s", diff)
			}
			got := []bool{Gone(prefix)(f), Here(prefix)(f), Sessions(c.sessions)(f), Here(prefix, other)(f), All(Gone(prefix), Sessions(c.sessions))(f)}
			if diff := cmp.Diff(got, []bool{c.gone, c.here, true, false, c.gone}); diff != "" {
				t.Errorf("conditions (-got +want):\n%s", diff)
			}
		})
	}
}

// What a feed has told is held against what the routers have.
func TestFeedDiffers(t *testing.T) {
	prefix, other := HomePrefixes()[0], HomePrefixes()[1]
	f, _, right := heardFeed(prefix)
	const way = "4837 131279"
	for _, c := range []struct {
		left, right Routes
		want        string // part of it
	}{
		{Routes{prefix: way}, Routes{prefix: way}, ""},
		{Routes{prefix: way}, Routes{prefix: "3356 " + way}, "175.45.176.0/24 has path"},
		{Routes{prefix: way, other: way}, Routes{prefix: way}, "175.45.177.0/24 is missing"},
		{Routes{}, Routes{prefix: way}, "175.45.176.0/24 is too much"},
	} {
		got := f.differs(map[checks.ASN]Routes{Left: c.left, Right: c.right})
		if !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("left %v, right %v: got %q, want %q", c.left, c.right, got, c.want)
		}
	}
	f.hear(&route.Update{Kind: route.PeerDown, Peer: right})
	if got := f.differs(map[checks.ASN]Routes{Left: {prefix: way}, Right: {}}); got != "" {
		t.Errorf("of a session that has ended it says %q", got)
	}
	if !PathIs(Left, prefix, "3356 4837 131279")(f) || PathIs(Left, prefix, "")(f) || !PathIs(Right, prefix, "")(f) {
		t.Error("PathIs tells the wrong paths")
	}
	if text := f.String(); !strings.Contains(text, "AS3356 175.45.176.0/24 3356 4837 131279") || !strings.Contains(text, "made AS1299: session down") {
		t.Errorf("the feed is told as:\n%s", text)
	}
}

// Withdrawals of a moment are counted by prefix, and timed by when they came.
func TestWithdrawn(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	home := HomePrefixes()
	m := Moment{Began: began, Heard: map[string][]Heard{"made": {
		{route.Update{Kind: route.Routes, Announced: []route.NLRI{{Prefix: home[0]}}}, began.Add(time.Millisecond)},
		{route.Update{Kind: route.Routes, Withdrawn: []route.NLRI{{Prefix: home[0]}, {Prefix: home[1]}}}, began.Add(2 * time.Millisecond)},
		{route.Update{Kind: route.Alive}, began.Add(3 * time.Millisecond)},
		{route.Update{Kind: route.Routes, Withdrawn: []route.NLRI{{Prefix: home[2]}}}, began.Add(4 * time.Millisecond)},
	}}}
	if first, last, n := m.Withdrawn("made"); first != 2*time.Millisecond || last != 4*time.Millisecond || n != 3 {
		t.Errorf("got %v, %v, %d, want 2 ms, 4 ms, 3", first, last, n)
	}
	if first, last, n := m.Withdrawn("other"); first != 0 || last != 0 || n != 0 {
		t.Errorf("of a feed that is not there: got %v, %v, %d", first, last, n)
	}
}
