package main

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/route"
)

// labMade is a recording that was made up, in the shape of each kind of feed, for tests of
// the player: the two vantage points, one collector a feed, and what happens to the four
// networks of North Korea.
type labMade struct {
	rec  lab.Recording
	held bool // the networks are announced
}

// labKinds are the names of feeds, one of each shape: a session of our own, a file, BMP,
// and a stream with an archive.
var labKinds = []string{"bgp", "mrt-bird", "bmp-frr", "ris-live"}

// labVia are the two vantage points.
var labVia = []checks.ASN{lab.Left, lab.Right}

func labPeer(feed string, as checks.ASN) route.Peer {
	return route.Peer{Collector: "lab-" + feed, Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(as)}), AS: as}
}

// labPath is the AS_PATH of RFC 4271, section 4.3, with 4-byte numbers (RFC 6793).
func labPath(hops ...checks.ASN) []byte {
	path := []byte{2, byte(len(hops))}
	for _, a := range hops {
		path = binary.BigEndian.AppendUint32(path, uint32(a))
	}
	return path
}

// labOthers are networks that go on whatever happens, by who carries them.
func labOthers() map[string][]checks.ASN {
	return map[string][]checks.ASN{
		"219.158.0.0/17":  {lab.Carrier},
		"203.0.112.0/24":  {lab.Carrier, 64601},
		"198.51.101.0/24": {lab.Carrier, 64602},
		"198.51.102.0/24": {lab.Carrier, 64603},
		"198.51.103.0/24": {lab.Carrier, 64604},
		"198.51.104.0/24": {64605},
		"198.51.105.0/24": {64606},
	}
}

// routes gives the updates of a session that announces, or withdraws, North Korea's.
func (m *labMade) routes(feed string, as checks.ASN, at time.Time, withdraw bool) route.Update {
	u := route.Update{Kind: route.Routes, At: at, Peer: labPeer(feed, as)}
	if withdraw {
		u.Withdrawn = koreanRoutes()
	} else {
		u.Announced, u.Path = koreanRoutes(), labPath(as, lab.Carrier, lab.Home)
	}
	return u
}

// table gives what a session sends when it comes up.
func (m *labMade) table(feed string, as checks.ASN, at time.Time) []route.Update {
	list := []route.Update{{Kind: route.PeerUp, At: at, Peer: labPeer(feed, as)}}
	for prefix, way := range labOthers() {
		list = append(list, route.Update{
			Kind: route.Routes, At: at, Peer: labPeer(feed, as),
			Announced: []route.NLRI{{Prefix: netip.MustParsePrefix(prefix)}}, Path: labPath(append([]checks.ASN{as}, way...)...),
		})
	}
	if m.held {
		list = append(list, m.routes(feed, as, at, false))
	}
	if feed == "bgp" {
		list = append(list, route.Update{Kind: route.EndOfRIB, At: at, Peer: labPeer(feed, as)})
	}
	return list
}

// archive is a dump of what both sessions have.
func (m *labMade) archive(feed string) (list []route.Update) {
	record := func(prefix netip.Prefix, way ...checks.ASN) {
		u := route.Update{Kind: route.Table, Prefix: prefix, Dump: 1}
		for _, as := range labVia {
			u.Entries = append(u.Entries, route.Entry{Peer: labPeer(feed, as), Path: labPath(append([]checks.ASN{as}, way...)...)})
		}
		list = append(list, u)
	}
	for prefix, way := range labOthers() {
		record(netip.MustParsePrefix(prefix), way...)
	}
	if m.held {
		for _, n := range koreanRoutes() {
			record(n.Prefix, lab.Carrier, lab.Home)
		}
	}
	return list
}

// happens adds a moment in which each feed says something, a while after it began.
func (m *labMade) happens(name string, pass time.Duration, says func(feed string, at time.Time) []route.Update) {
	began := time.Date(2026, 3, 1, 9, 0, 10*len(m.rec.Moments), 600_000_000, time.UTC)
	moment := lab.Moment{Name: name, Began: began, Pass: pass, Heard: map[string][]lab.Heard{}, Tables: map[string][]route.Update{}}
	for _, feed := range labKinds {
		at := began.Add(100 * time.Millisecond)
		for _, u := range says(feed, at) {
			h := lab.Heard{Update: u, Arrived: u.At.Add(20 * time.Millisecond)}
			if feed == "mrt-bird" { // which has no parts of seconds
				h.Update.At = u.At.Truncate(time.Second)
			}
			moment.Heard[feed] = append(moment.Heard[feed], h)
		}
	}
	moment.Tables["ris-live"] = m.archive("ris-live")
	m.rec.Moments = append(m.rec.Moments, moment)
}

// each has both sessions of a feed say something, the second a little later.
func (m *labMade) each(says func(feed string, as checks.ASN, at time.Time) []route.Update) func(string, time.Time) []route.Update {
	return func(feed string, at time.Time) []route.Update {
		first := says(feed, lab.Left, at)
		return slices.Concat(first, says(feed, lab.Right, at.Add(50*time.Millisecond)))
	}
}

// madeUp is a recording in which all comes up, and nothing has happened yet.
func madeUp() *labMade {
	m := &labMade{held: true}
	m.happens("up", 5*time.Minute, m.each(m.table))
	return m
}

// goes has the four networks withdrawn, or announced again.
func (m *labMade) goes(name string, pass time.Duration, held bool) {
	m.held = held
	m.happens(name, pass, m.each(func(feed string, as checks.ASN, at time.Time) []route.Update {
		return []route.Update{m.routes(feed, as, at, !held)}
	}))
}

// reset has the sessions end and come back; some sources withdraw everything before they say so.
func (m *labMade) reset(name string, pass time.Duration) {
	m.happens(name, pass, m.each(func(feed string, as checks.ASN, at time.Time) (list []route.Update) {
		if feed == "bmp-frr" {
			list = append(list, m.routes(feed, as, at, true))
		}
		list = append(list, route.Update{Kind: route.PeerDown, At: at, Peer: labPeer(feed, as)})
		return append(list, m.table(feed, as, at.Add(3*time.Second))...)
	}))
}

// restart has what receives end, and begin again: a hole.
func (m *labMade) restart(name string, pass time.Duration) {
	m.happens(name, pass, func(feed string, at time.Time) (list []route.Update) {
		list = append(list, route.Update{Kind: route.Lost, At: at, Peer: route.Peer{Collector: "lab-" + feed}, Refresh: feed != "mrt-bird"})
		if feed == "ris-live" { // which says nothing again
			return append(list, route.Update{Kind: route.Alive, At: at.Add(2 * time.Second), Peer: route.Peer{Collector: "lab-" + feed}})
		}
		for _, as := range labVia {
			list = append(list, m.table(feed, as, at.Add(2*time.Second))...)
		}
		return list
	})
}

// probed gives every moment what probes find: hosts of North Korea answer, or are silent
// from one moment until another.
func (m *labMade) probed(from, until int) {
	for i := range m.rec.Moments {
		s := &lab.Sample{ASN: lab.Right, Answers: map[netip.Addr][]checks.Answer{}, Traces: map[netip.Addr][]checks.Router{}}
		for _, c := range lab.Controls() {
			s.Answers[c.Addr] = []checks.Answer{{Addr: c.Addr, Method: checks.MethodICMP, Outcome: checks.Answered, Took: time.Millisecond}}
		}
		for _, host := range lab.Hosts("KP") {
			a := checks.Answer{Addr: host, Method: checks.MethodICMP, Outcome: checks.Answered, Took: 2 * time.Millisecond}
			if i >= from && i < until {
				a.Outcome, a.Took = checks.Silent, 300*time.Millisecond
				s.Traces[host] = []checks.Router{{Addr: netip.MustParseAddr("219.158.0.1"), Number: 3, Toward: host}}
			}
			s.Answers[host] = []checks.Answer{a}
		}
		m.rec.Moments[i].Outside = s
	}
}

// labFeeds runs a test for each feed of a made-up recording.
func labFeeds(t *testing.T, m *labMade, judge func(t *testing.T, feed string, p *played)) {
	for _, feed := range labKinds {
		t.Run(feed, func(t *testing.T) {
			if testing.Short() && feed != labKinds[0] {
				t.Skip("a short run plays one feed")
			}
			t.Parallel()
			p := playLab(t, &m.rec, feed, abroad, "KP")
			judge(t, feed, p)
			if t.Failed() {
				t.Logf("told\n%s\n%s", p.sums(), p.text)
			}
		})
	}
}
