package bmp

import (
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks/internal/bgp"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		tb.Fatalf("hex of the test: %v", err)
	}
	return b
}

// The per-peer header of AS4837 at 192.0.2.1, identifier 192.0.2.9, heard at
// 2014-12-22 16:05:00.25 UTC, as RFC 7854 section 4.2 draws it.
const header = "00 00 0000000000000000 000000000000000000000000c0000201 000012e5 c0000209 5498412c 0003d090"

func headerPeer() Peer {
	return Peer{
		Addr: netip.MustParseAddr("192.0.2.1"), AS: 4837, ID: netip.MustParseAddr("192.0.2.9"),
		Time: time.Date(2014, 12, 22, 16, 5, 0, 250_000_000, time.UTC),
	}
}

const (
	marker = "ffffffffffffffffffffffffffffffff"
	// eor is the End-of-RIB of IPv4.
	eor = marker + "0017 02 0000 0000"
	// openA is AS4837 with AS4, IPv4 unicast and additional paths both ways; openB is
	// AS65001 with nothing but itself.
	openA = marker + "0033 01 04 12e5 005a c0000209 16 02 14 41 04 000012e5 01 04 0001 00 01 45 04 0001 01 03 02 00"
	openB = marker + "001d 01 04 fde9 00b4 c0000201 00"
)

func TestDecode(t *testing.T) {
	up := Up{
		Local: netip.MustParseAddr("192.0.2.2"), LocalPort: 179, RemotePort: 40001,
		Sent: unhex(t, openB), Received: unhex(t, openA),
	}
	tests := []struct {
		name, hex string
		want      Message
	}{
		{"route monitoring", "03 00000047 00" + header + eor, Message{Type: RouteMonitoring, Peer: headerPeer(), BGP: unhex(t, eor)}},
		{
			"statistics", "03 00000057 01" + header + "00000003 0000 0004 00000005 0007 0008 0000000000000007 0009 000b 0002 01 0000000000000009" + "",
			Message{Type: StatisticsReport, Peer: headerPeer(), Stats: []Stat{
				{Type: 0, Value: 5}, {Type: 7, Value: 7}, {Type: 9, Family: bgp.IPv6Unicast, Value: 9},
			}},
		},
		{"peer down with an event", "03 00000033 02" + header + "02 0018", Message{Type: PeerDown, Peer: headerPeer(), Reason: DownLocalEvent, Event: 24}},
		{"peer down without data", "03 00000031 02" + header + "04", Message{Type: PeerDown, Peer: headerPeer(), Reason: DownRemote}},
		{
			"peer down with a notification", "03 00000046 02" + header + "01" + marker + "0015 03 06 02",
			Message{Type: PeerDown, Peer: headerPeer(), Reason: DownLocalNotification, BGP: unhex(t, marker+"0015 03 06 02")},
		},
		{
			"the Loc-RIB goes", "03 00000038 02 03 00 0000000000000000 00000000000000000000000000000000 0000fde9 c0000201 00000000 00000000 06 0003 0003 726564",
			Message{
				Type: PeerDown, Reason: DownLocalSystem, Info: []TLV{{InfoTable, []byte("red")}},
				Peer: Peer{Type: LocRIBPeer, AS: 65001, ID: netip.MustParseAddr("192.0.2.1")},
			},
		},
		{
			"peer up", "03 0000009b 03" + header + "000000000000000000000000c0000202 00b3 9c41" + openB + openA + "0000 0003 616263",
			Message{Type: PeerUp, Peer: headerPeer(), Up: up, Info: []TLV{{InfoString, []byte("abc")}}},
		},
		{
			"initiation", "03 00000017 04 0002 0003 667272 0001 0006 465252203834", Message{Type: Initiation, Info: []TLV{
				{InfoSysName, []byte("frr")}, {InfoSysDescr, []byte("FRR 84")},
			}},
		},
		{"termination", "03 0000000c 05 0001 0002 0001", Message{Type: Termination, Info: []TLV{{TerminationReason, []byte{0, 1}}}}},
		{"mirroring", "03 00000036 06" + header + "0001 0002 0001", Message{Type: RouteMirroring, Peer: headerPeer(), Info: []TLV{{1, []byte{0, 1}}}}},
		{"a type to come", "03 00000008 63 0102", Message{Type: 99}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := fitted(unhex(t, test.hex))
			var got Message
			if err := got.Decode(b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
			if again := got.Append(nil); string(again) != string(b) && got.Type <= RouteMirroring {
				t.Errorf("written again:\ngot  %x\nwant %x", again, b)
			}
		})
	}
}

// fitted sets the length field to what it should be.
func fitted(b []byte) []byte {
	b[1], b[2], b[3], b[4] = 0, byte(len(b)>>16), byte(len(b)>>8), byte(len(b))
	return b
}

func TestViews(t *testing.T) {
	tests := []struct {
		peer Peer
		want View
	}{
		{Peer{}, PrePolicy},
		{Peer{Type: RDPeer, Flags: FlagIPv6}, PrePolicy},
		{Peer{Flags: FlagPost}, PostPolicy},
		{Peer{Flags: FlagOut}, OutPre},
		{Peer{Type: LocalPeer, Flags: FlagOut | FlagPost}, OutPost},
		{Peer{Type: LocRIBPeer, Flags: FlagFiltered}, LocRIB},
		{Peer{Type: 4}, NoView},
	}
	for _, test := range tests {
		if got := test.peer.View(); got != test.want {
			t.Errorf("type %d, flags %#02x: %v, want %v", test.peer.Type, test.peer.Flags, got, test.want)
		}
	}
}

func TestDecodeIPv6Peer(t *testing.T) {
	m := Message{Type: PeerDown, Reason: DownRemote, Peer: Peer{Flags: FlagIPv6, Addr: netip.MustParseAddr("2001:db8::1"), AS: 131279, ID: netip.MustParseAddr("192.0.2.1")}}
	var got Message
	if err := got.Decode(m.Append(nil)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct {
		name, hex string
		offset    int
		reason    string
	}{
		{"short", "03 0000", 0, "3 bytes are too few for a header"},
		{"version", "02 00000006 04", 0, "version 2, only 3 is known"},
		{"length", "03 00000007 04", 1, "length 7, but there are 6 bytes"},
		{"header", "03 0000000a 00 00000000", 6, "ends inside the per-peer header"},
		{"TLV", "03 0000000c 04 0002 0003 6672", 6, "TLV 2 of 3 bytes, 2 are left"},
		{"TLV header", "03 00000009 04 000200", 6, "ends inside the header of a TLV"},
		{"reason", "03 00000030 02" + header, 48, "ends before the reason"},
		{"event", "03 00000032 02" + header + "02 00", 49, "ends before the event"},
		{"count", "03 00000032 01" + header + "0000", 48, "ends before the count"},
		{"no OPENs", "03 00000032 03" + header + "0000", 48, "ends before the OPEN messages"},
		{"an UPDATE for an OPEN", "03 0000005b 03" + header + "000000000000000000000000c0000202 00b3 9c41" + eor, 68, "BGP message of type 2 where an OPEN should be"},
		{"one OPEN", "03 00000061 03" + header + "000000000000000000000000c0000202 00b3 9c41" + openB, 97, "no OPEN message: BGP message, byte 0: 0 bytes are too few for a message header"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := new(Message).Decode(unhex(t, test.hex))
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Offset != test.offset || e.Reason != test.reason {
				t.Errorf("error %#v, want byte %d: %s", err, test.offset, test.reason)
			}
		})
	}
}

func TestReader(t *testing.T) {
	one := fitted(unhex(t, "03 00000000 05"))
	large := (&Message{Type: RouteMirroring, Info: []TLV{{1, make([]byte, 65_000)}, {1, make([]byte, 65_000)}}}).Append(nil)
	stream := string(one) + string(large) + string(one) + string(large[:100])
	for name, wrap := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with the error": iotest.DataErrReader} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(wrap(strings.NewReader(stream)))
			for _, want := range [][]byte{one, large, one} {
				got, err := r.Next()
				if err != nil || string(got) != string(want) {
					t.Fatalf("message of %d bytes, error %v, want %d bytes", len(got), err, len(want))
				}
			}
			if _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the end inside a message: %v, want %v", err, io.ErrUnexpectedEOF)
			}
		})
	}
	if _, err := NewReader(strings.NewReader("")).Next(); !errors.Is(err, io.EOF) {
		t.Errorf("an empty stream: %v, want EOF", err)
	}
	for name, s := range map[string]string{"HTTP": "GET / HTTP/1.1\r\n", "length": "\x03\x7f\xff\xff\xff\x00"} {
		if _, err := NewReader(strings.NewReader(s)).Next(); err == nil {
			t.Errorf("%s is taken for BMP", name)
		} else if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%s: error %v, want an *Error", name, err)
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b := (&Message{Type: RouteMonitoring, Peer: headerPeer(), BGP: unhex(t, eor)}).Append(nil)
	var m Message
	if n := testing.AllocsPerRun(100, func() {
		if err := m.Decode(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a message, want none", n)
	}
}
