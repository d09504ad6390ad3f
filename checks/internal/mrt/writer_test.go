package mrt

import (
	"bytes"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

var (
	at     = time.Date(2014, 12, 22, 16, 15, 0, 123456000, time.UTC)
	peer4  = Peer{AS: 3356, Addr: netip.MustParseAddr("192.0.2.1"), ID: netip.MustParseAddr("10.0.0.1")}
	peer6  = Peer{AS: 196618, Addr: netip.MustParseAddr("2001:db8::1"), ID: netip.MustParseAddr("10.0.0.2")}
	local4 = Peer{AS: 12654, Addr: netip.MustParseAddr("192.0.2.254")}
	local6 = Peer{AS: 12654, Addr: netip.MustParseAddr("2001:db8::fe")}
)

func routes(prefixes ...string) []bgp.NLRI {
	var out []bgp.NLRI
	for i, p := range prefixes {
		out = append(out, bgp.NLRI{Prefix: netip.MustParsePrefix(p), PathID: uint32(i + 1)})
	}
	return out
}

// update writes a message that must be writable.
func update(tb testing.TB, d bgp.Draft, opt bgp.Options) []byte {
	tb.Helper()
	msg, err := d.Append(nil, opt)
	if err != nil {
		tb.Fatal(err)
	}
	return msg
}

// sample is a small file with every kind of record that the Writer writes.
func sample(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	draft := bgp.Draft{
		Path: checks.Path{{3356}, {4837}, {131279, 64500}}, NextHop: peer4.Addr,
		Communities: []uint32{0x0d1c0001, 0xffffff01},
	}
	entries := []RIBEntry{
		{Peer: 0, OriginatedAt: at.Add(-time.Hour), PathID: 7, Draft: draft},
		{Peer: 1, OriginatedAt: at.Add(-time.Minute), PathID: 8, Draft: draft},
	}
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	must(w.PeerIndexTable(at, netip.MustParseAddr("10.9.9.9"), "view", []Peer{peer4, peer6}))
	must(w.RIB(at, 0, netip.MustParsePrefix("175.45.176.0/24"), false, entries))
	must(w.RIB(at, 1, netip.MustParsePrefix("2001:db8::/32"), false, entries))
	must(w.RIB(at, 2, netip.MustParsePrefix("175.45.177.0/24"), true, entries))
	must(w.RIB(at, 3, netip.MustParsePrefix("2001:db8:1::/48"), true, entries[:1]))
	for _, w.Microseconds = range []bool{false, true} {
		must(w.StateChange(at, peer4, local4, StateOpenConfirm, StateEstablished))
		draft.Announce, draft.Withdraw = routes("175.45.176.0/24", "2001:db8:2::/48"), routes("175.45.178.0/23")
		must(w.Message(at, peer4, local4, update(tb, draft, bgp.Options{AS4: true})))
		draft.Announce, draft.Withdraw = nil, routes("2001:db8:3::/48")
		must(w.Message(at, peer6, local6, update(tb, draft, bgp.Options{AS4: true})))
		must(w.Message(at, peer6, local6, bgp.AppendEndOfRIB(nil, bgp.IPv6Unicast)))
		must(w.Message(at, peer6, local6, bgp.AppendKeepalive(nil)))
	}
	return b.Bytes()
}

// sampleDump is what bgpdump -m says of sample (TestBgpdumpOfSample holds it to that).
const sampleDump = `TABLE_DUMP2|1419264900|B|192.0.2.1|3356|175.45.176.0/24|3356 4837 {131279,64500}|IGP|192.0.2.1|0|0|3356:1 no-export|NAG||
TABLE_DUMP2|1419264900|B|2001:db8::1|196618|175.45.176.0/24|3356 4837 {131279,64500}|IGP|192.0.2.1|0|0|3356:1 no-export|NAG||
TABLE_DUMP2|1419264900|B|192.0.2.1|3356|2001:db8::/32|3356 4837 {131279,64500}|IGP|::ffff:192.0.2.1|0|0|3356:1 no-export|NAG||
TABLE_DUMP2|1419264900|B|2001:db8::1|196618|2001:db8::/32|3356 4837 {131279,64500}|IGP|::ffff:192.0.2.1|0|0|3356:1 no-export|NAG||
TABLE_DUMP2_AP|1419264900|B|192.0.2.1|3356|175.45.177.0/24|7|3356 4837 {131279,64500}|IGP|192.0.2.1|0|0|3356:1 no-export|NAG||
TABLE_DUMP2_AP|1419264900|B|2001:db8::1|196618|175.45.177.0/24|8|3356 4837 {131279,64500}|IGP|192.0.2.1|0|0|3356:1 no-export|NAG||
TABLE_DUMP2_AP|1419264900|B|192.0.2.1|3356|2001:db8:1::/48|7|3356 4837 {131279,64500}|IGP|::ffff:192.0.2.1|0|0|3356:1 no-export|NAG||
BGP4MP|1419264900|STATE|192.0.2.1|3356|5|6
BGP4MP|1419264900|W|192.0.2.1|3356|175.45.178.0/23
BGP4MP|1419264900|A|192.0.2.1|3356|175.45.176.0/24|3356 4837 {131279,64500}|IGP|192.0.2.1|0|0|3356:1 no-export|NAG||
BGP4MP|1419264900|A|192.0.2.1|3356|2001:db8:2::/48|3356 4837 {131279,64500}|IGP|::ffff:192.0.2.1|0|0|3356:1 no-export|NAG||
BGP4MP|1419264900|W|2001:db8::1|196618|2001:db8:3::/48
BGP4MP_ET|1419264900.123456|STATE|192.0.2.1|3356|5|6
BGP4MP_ET|1419264900.123456|W|192.0.2.1|3356|175.45.178.0/23
BGP4MP_ET|1419264900.123456|A|192.0.2.1|3356|175.45.176.0/24|3356 4837 {131279,64500}|IGP|192.0.2.1|0|0|3356:1 no-export|NAG||
BGP4MP_ET|1419264900.123456|A|192.0.2.1|3356|2001:db8:2::/48|3356 4837 {131279,64500}|IGP|::ffff:192.0.2.1|0|0|3356:1 no-export|NAG||
BGP4MP_ET|1419264900.123456|W|2001:db8::1|196618|2001:db8:3::/48
`

// dump reads everything and gives it as text, and the error that ended it.
func dump(r *Reader) (text string, err error) {
	var d Dump
	b := d.Work(nil)(r, nil)
	if _, err := r.Next(); err != io.EOF {
		return string(b), err
	}
	return string(b), nil
}

func TestRoundTrip(t *testing.T) {
	r := NewReader(bytes.NewReader(sample(t)))
	got, err := dump(r)
	if err != nil {
		t.Fatal(err)
	}
	if got != sampleDump {
		t.Errorf("got\n%s\nwant\n%s", got, sampleDump)
	}
	if n, first := r.Problems(); n != 0 {
		t.Errorf("%d problems, the first: %v", n, first)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("Next at the end: %v, want io.EOF", err)
	}
}

// TestRecords looks at what the lines of a dump do not show.
func TestRecords(t *testing.T) {
	data := sample(t)
	r := NewReader(bytes.NewReader(data))
	var kinds []Kind
	end := int64(0)
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Offset != end {
			t.Errorf("record at byte %d, want %d", rec.Offset, end)
		}
		end = r.Offset()
		kinds = append(kinds, rec.Kind)
		want := at.Truncate(time.Second)
		if rec.Type == TypeBGP4MPET {
			want = at
		}
		if !rec.Time.Equal(want) || rec.Time.Location() != time.UTC {
			t.Errorf("time %v, want %v", rec.Time, want)
		}
		switch rec.Kind {
		case KindPeerIndexTable:
			if !slices.Equal(rec.Peers, []Peer{peer4, peer6}) || rec.CollectorID.String() != "10.9.9.9" {
				t.Errorf("peers %v of %v", rec.Peers, rec.CollectorID)
			}
		case KindRIB:
			for e := range rec.Entries() {
				want := at.Add(-time.Hour)
				if e.PeerIndex == 1 {
					want = at.Add(-time.Minute)
				}
				if !e.OriginatedAt().Equal(want.Truncate(time.Second)) || e.Peer != &rec.Peers[e.PeerIndex] {
					t.Errorf("entry of peer %d from %v, want %v", e.PeerIndex, e.OriginatedAt(), want)
				}
			}
		case KindStateChange, KindUpdate:
			local := local4
			if rec.PeerAddr.Is6() {
				local = local6
			}
			if rec.LocalAS != local.AS || rec.LocalAddr != local.Addr {
				t.Errorf("local %v %v, want %v", rec.LocalAS, rec.LocalAddr, local)
			}
		case KindMessage:
			if rec.MessageType != bgp.MessageKeepalive {
				t.Errorf("message type %d", rec.MessageType)
			}
		}
	}
	messages := []Kind{KindStateChange, KindUpdate, KindUpdate, KindUpdate, KindMessage}
	want := slices.Concat([]Kind{KindPeerIndexTable, KindRIB, KindRIB, KindRIB, KindRIB}, messages, messages)
	if !slices.Equal(kinds, want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	if end != int64(len(data)) {
		t.Errorf("ends at byte %d of %d", end, len(data))
	}
}

func TestWriterRefuses(t *testing.T) {
	w := NewWriter(io.Discard)
	draft := bgp.Draft{Path: checks.MakePath(1)}
	for name, err := range map[string]error{
		"not of one family": w.Message(at, peer4, local6, nil),
		"0 entries":         w.RIB(at, 0, netip.Prefix{}, false, nil),
		"no next hop":       w.RIB(at, 0, netip.MustParsePrefix("192.0.2.0/24"), false, []RIBEntry{{Draft: draft}}),
		"must be IPv4":      w.PeerIndexTable(at, local6.Addr, "", nil),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want %q", err, name)
		}
	}
	broken := NewWriter(writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe }))
	for range 2 {
		if err := broken.StateChange(at, peer4, local4, 1, 2); err == nil || !strings.Contains(err.Error(), "closed pipe") {
			t.Errorf("error %v, want that of the writer", err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
