package dump

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
)

var (
	at    = time.Date(2014, 12, 22, 16, 15, 0, 0, time.UTC)
	local = mrt.Peer{AS: 12654, Addr: netip.MustParseAddr("192.0.2.254")}
	peers = []mrt.Peer{
		{AS: 3356, Addr: netip.MustParseAddr("192.0.2.1"), ID: netip.MustParseAddr("10.0.0.1")},
		{AS: 174, Addr: netip.MustParseAddr("192.0.2.2"), ID: netip.MustParseAddr("10.0.0.2")},
	}
)

// file is a table of one prefix with the routes of two peers, and what the first of
// them says afterwards.
func file(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := mrt.NewWriter(&b)
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	route := func(path ...checks.ASN) bgp.Draft {
		d := bgp.Draft{NextHop: peers[0].Addr}
		for _, a := range path {
			d.Path = append(d.Path, []checks.ASN{a})
		}
		return d
	}
	must(w.PeerIndexTable(at, local.Addr, "", peers))
	must(w.RIB(at, 0, netip.MustParsePrefix("175.45.176.0/22"), false, []mrt.RIBEntry{
		{Peer: 0, OriginatedAt: at, Draft: route(3356, 4837, 131279)},
		{Peer: 1, OriginatedAt: at, Draft: route(174, 4837, 64500)},
	}))
	d := route(3356, 4837, 131279)
	d.Announce = []bgp.NLRI{{Prefix: netip.MustParsePrefix("175.45.176.0/24")}, {Prefix: netip.MustParsePrefix("198.51.100.0/24")}}
	d.Withdraw = []bgp.NLRI{{Prefix: netip.MustParsePrefix("175.45.176.0/23")}}
	msg, err := d.Append(nil, bgp.Options{AS4: true})
	must(err)
	must(w.Message(at, peers[0], local, msg))
	must(w.StateChange(at, peers[0], local, mrt.StateEstablished, mrt.StateIdle))
	return b.Bytes()
}

// TestFilter gives for each filter the elements that are left: kind, peer, prefix.
func TestFilter(t *testing.T) {
	data := file(t)
	prefix := func(s string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(s)} }
	const (
		held1, held2  = "B 3356 175.45.176.0/22", "B 174 175.45.176.0/22"
		gone          = "W 3356 175.45.176.0/23"
		came1, came2  = "A 3356 175.45.176.0/24", "A 3356 198.51.100.0/24"
		state         = "STATE 3356 6"
		ofFirst, both = gone + " " + came1 + " " + came2 + " " + state, held1 + " " + held2
	)
	for _, tt := range []struct {
		name   string
		filter Filter
		want   string
	}{
		{"all", Filter{}, both + " " + ofFirst},
		{"inside and over", Filter{Prefixes: prefix("175.45.176.0/23")}, both + " " + gone + " " + came1},
		{"over", Filter{Prefixes: prefix("175.45.177.1/32")}, both + " " + gone},
		{"elsewhere", Filter{Prefixes: prefix("2001:db8::/32")}, ""},
		{"one of two prefixes", Filter{Prefixes: append(prefix("198.51.100.0/24"), prefix("192.0.2.0/24")...)}, came2},
		{"peer by number", Filter{Peers: []checks.ASN{174}}, held2},
		{"peer by address", Filter{PeerAddrs: []netip.Addr{peers[0].Addr}}, held1 + " " + ofFirst},
		{"peers by both", Filter{Peers: []checks.ASN{174}, PeerAddrs: []netip.Addr{peers[0].Addr}}, both + " " + ofFirst},
		{"origin", Filter{Origins: []checks.ASN{131279}}, held1 + " " + came1 + " " + came2},
		{"kinds", Filter{Kinds: "WS"}, gone + " " + state},
		{"all at once", Filter{Kinds: "AB", Origins: []checks.ASN{131279}, Prefixes: prefix("175.45.176.0/24"), Peers: []checks.ASN{3356}}, held1 + " " + came1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var text strings.Builder
			sum, err := Write(t.Context(), &text, bytes.NewReader(data), Options{Filter: tt.filter, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(text.String()) {
				cells := strings.Split(strings.TrimSpace(line), "|")
				got = append(got, cells[2]+" "+cells[4]+" "+cells[5])
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			silent, err := Write(t.Context(), &refusing{}, bytes.NewReader(data), Options{Filter: tt.filter, Silent: true})
			if n := sum.Elements; err != nil || silent.Elements != n || n.Announced+n.Withdrawn+n.Held+n.States != len(got) {
				t.Errorf("counted %+v (%v) without the text and %+v with it, %d lines", silent.Elements, err, n, len(got))
			}
		})
	}
}

// TestWriteDamaged: what is whole is written, what is not is said.
func TestWriteDamaged(t *testing.T) {
	data := file(t)
	var text strings.Builder
	sum, err := Write(t.Context(), &text, bytes.NewReader(data[:len(data)-1]), Options{})
	if err == nil || IsWriting(err) || sum.Elements != (Count{Announced: 2, Withdrawn: 1, Held: 2}) || strings.Count(text.String(), "\n") != 5 {
		t.Errorf("cut off: %+v %v\n%s", sum, err, &text)
	}
	noise := append(bytes.Clone(data), 0, 0, 0, 1, 0, 16, 0, 4, 0, 0, 0, 2, 1, 2)          // no AS numbers
	noise = append(noise, 0, 0, 0, 1, 0, 33, 0, 0, 0, 0, 0, 0)                             // a type that is not read
	sum, err = Write(t.Context(), io.Discard, bytes.NewReader(noise), Options{JSON: true}) // goes on behind it
	if err != nil || sum.LeftOut != 1 || sum.First == nil || sum.Skipped != 1 || sum.Records != 6 {
		t.Errorf("noise: %+v %v", sum, err)
	}
	if _, err := Write(t.Context(), refusing{}, bytes.NewReader(data), Options{}); err == nil || !IsWriting(err) {
		t.Errorf("nobody reads: %v", err)
	}
	for _, data := range []string{"", "<html>"} {
		if _, err := Write(t.Context(), io.Discard, strings.NewReader(data), Options{}); err == nil || IsWriting(err) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
