package mrt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"isitdown/checks/internal/bgp"
)

// starts gives the byte at which each record of data starts, and the end.
func starts(tb testing.TB, data []byte) []int {
	tb.Helper()
	r := NewReader(bytes.NewReader(data))
	out := []int{0}
	for {
		if _, err := r.Next(); err == io.EOF {
			return out
		} else if err != nil {
			tb.Fatal(err)
		}
		out = append(out, int(r.Offset()))
	}
}

// TestCutOff cuts a file at every byte. All that is whole must come, and the
// error must name the byte at which the first record starts that is not.
func TestCutOff(t *testing.T) {
	data := sample(t)
	bounds := starts(t, data)
	for n := range data {
		r := newReader(bytes.NewReader(data[:n]), headerLen)
		records := 0
		var err error
		for err == nil {
			if _, err = r.Next(); err == nil {
				records++
			}
		}
		i, whole := slices.BinarySearch(bounds, n)
		switch {
		case n == 0:
			if err != ErrEmpty {
				t.Errorf("nothing at all: %v, want ErrEmpty", err)
			}
			continue
		case whole:
			if err != io.EOF || records != i {
				t.Errorf("%d bytes: %d records, %v; want %d, io.EOF", n, records, err, i)
			}
			continue
		}
		d, ok := errors.AsType[*DamageError](err)
		if !ok || d.Offset != int64(bounds[i-1]) || records != i-1 {
			t.Errorf("%d bytes: %d records, %v; want %d and damage at byte %d", n, records, err, i-1, bounds[i-1])
		}
		if want := n < headerLen; errors.Is(err, ErrNotMRT) != want {
			t.Errorf("%d bytes: %v: ErrNotMRT is %v, want %v", n, err, !want, want)
		}
		if _, again := r.Next(); again != err {
			t.Errorf("%d bytes: Next gives %v after %v", n, again, err)
		}
	}
}

// TestReaders reads in pieces, with errors in between and at the end.
func TestReaders(t *testing.T) {
	data := sample(t)
	bad := errors.New("the disk is on fire")
	for _, tt := range []struct {
		name string
		r    io.Reader
		want string
	}{
		{"byte by byte", iotest.OneByteReader(bytes.NewReader(data)), ""},
		{"error with the last bytes", iotest.DataErrReader(bytes.NewReader(data)), ""},
		{"error behind the last byte", io.MultiReader(bytes.NewReader(data), iotest.ErrReader(bad)), "the disk is on fire"},
		{"a reader that stalls", io.MultiReader(bytes.NewReader(data), stalled{}), "multiple Read calls return no data or error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dump(NewReader(tt.r))
			if got != sampleDump {
				t.Errorf("got\n%s", got)
			}
			if tt.want == "" {
				if err != nil {
					t.Errorf("error %v", err)
				}
				return
			}
			d, ok := errors.AsType[*DamageError](err)
			if !ok || d.Offset != int64(len(data)) || !strings.Contains(d.Reason, tt.want) {
				t.Errorf("error %v, want %q at byte %d", err, tt.want, len(data))
			}
		})
	}
}

type stalled struct{}

func (stalled) Read([]byte) (int, error) { return 0, nil }

// record makes a record from its type, subtype and body in hex.
func record(tb testing.TB, kind, subtype byte, body string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(body, " ", ""))
	if err != nil {
		tb.Fatalf("hex of the test: %v", err)
	}
	return append([]byte{0x54, 0x98, 0x43, 0x84, 0, kind, 0, subtype, 0, 0, byte(len(b) >> 8), byte(len(b))}, b...)
}

const (
	marker  = "ffffffffffffffffffffffffffffffff"
	session = "0d1c 316e 0000 0001 c0000201 c00002fe " // AS3356, AS12654, IPv4
	table   = "0a000001 0000 0002 02 0a000002 c0000201 00000d1c 00 0a000003 c0000202 0001"
)

// TestProblems has records that are framed well and make no sense. What stands
// before and after them must come.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name   string
		record []byte
		want   string
	}{
		{"short BGP4MP", record(t, 16, 1, "0d1c"), "byte 0 of its body: 2 bytes are too few for a session's AS numbers"},
		{"address family", record(t, 16, 1, "0d1c 316e 0000 0003 "+marker), "byte 6 of its body: address family 3"},
		{"short addresses", record(t, 16, 4, "00000d1c 0000316e 0000 0002 "+marker), "byte 12 of its body: ends inside the addresses"},
		{"no states", record(t, 16, 0, session+"0001"), "byte 16 of its body: ends before the states"},
		{"no time", record(t, 17, 4, "0000"), "byte 0 of its body: 2 bytes are too few for a time"},
		{"microseconds", record(t, 17, 1, "000f4240"+session), "1000000 microseconds"},
		{"message header", record(t, 16, 1, session+marker), "BGP message, byte 16: 16 bytes are too few"},
		{"message longer than the record", record(t, 16, 1, session+marker+"0018 02 0000 0000"), "BGP message, byte 32: message length 24"},
		{"attribute", record(t, 16, 1, session+marker+"001b 02 0000 0004 400101 07"), "BGP message, byte 42, attribute ORIGIN"},
		{"UPDATE of an old Zebra", record(t, 16, 1, "0d1c 316e "+marker+"0017 02 0000 0000"), "does not say which session"},
		{"broken message of an old Zebra", record(t, 16, 1, "0d1c 316e ffffffff 00"), "BGP message, byte 4: 5 bytes are too few"},
		{"short TABLE_DUMP", record(t, 12, 1, "0000 0000 c0000200"), "byte 0 of its body: 8 bytes are too few for a route"},
		{"prefix length of TABLE_DUMP", record(t, 12, 1, "0000 0000 c0000200 21 01 00000000 c0000201 0d1c 0000"), "prefix length 33"},
		{"attributes of TABLE_DUMP", record(t, 12, 1, "0000 0000 c0000200 18 01 00000000 c0000201 0d1c 0001"), "1 bytes of attributes, 0 are left"},
		{"attribute of TABLE_DUMP", record(t, 12, 1, "0000 0000 c0000200 18 01 00000000 c0000201 0d1c 0004 400102 00"), "attribute ORIGIN: is longer than"},
		{"short peer table", record(t, 13, 1, "0a000001"), "too few for a peer index table"},
		{"view of a peer table", record(t, 13, 1, "0a000001 0002 76 00"), "ends inside the name"},
		{"peers of a table", record(t, 13, 1, "0a000001 0000 ffff"), "65535 peers do not fit into 0 bytes"},
		{"peers of a table cut off", record(t, 13, 1, "0a000001 0000 0002 02 0a000002 c0000201 00000d1c 00 0a000003 c0000202"), "ends after 1 of 2 peers"},
		{"short RIB", record(t, 13, 2, "000000"), "ends inside the sequence number"},
		{"RIB prefix", record(t, 13, 2, "00000000 21 00"), "prefix length out of range"},
		{"RIB count", record(t, 13, 2, "00000000 18 c00002 00"), "ends before the count"},
		{"RIB without entries", record(t, 13, 2, "00000000 18 c00002 0001"), "ends after 0 of 1 entries"},
		{"RIB of another's peers", record(t, 13, 2, "00000000 18 c00002 0001 0002 00000000 0000"), "peer 2 of a table of 2"},
		{"RIB attributes", record(t, 13, 2, "00000000 18 c00002 0001 0000 00000000 0001"), "entry 1 of 1 is longer"},
		{"RIB attribute", record(t, 13, 2, "00000000 18 c00002 0001 0001 00000000 0004 400101 09"), "byte 21, attribute ORIGIN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := record(t, 13, 1, table)
			good := record(t, 16, 5, "00000d1c 0000316e 0000 0001 c0000201 c00002fe 0006 0001")
			r := NewReader(io.MultiReader(bytes.NewReader(before), bytes.NewReader(tt.record), bytes.NewReader(good)))
			var met []*Problem
			r.OnProblem = func(p *Problem) { met = append(met, p) }
			got, err := dump(r)
			if want := "BGP4MP|1419264900|STATE|192.0.2.1|3356|6|1\n"; got != want || err != nil {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
			n, first := r.Problems()
			if n != 1 || len(met) != 1 || first != met[0] {
				t.Fatalf("%d problems, %d reported, the first %v; want one", n, len(met), first)
			}
			if first.Offset != int64(len(before)) || !strings.Contains(first.Error(), tt.want) {
				t.Errorf("got %v at byte %d; want %q at byte %d", first, first.Offset, tt.want, len(before))
			}
			if e, ok := errors.AsType[*bgp.Error](first); ok && e.Offset > len(tt.record)-headerLen {
				t.Errorf("byte %d is outside of the record", e.Offset)
			}
		})
	}
}

// TestEntryProblem leaves one entry of three out.
func TestEntryProblem(t *testing.T) {
	body := "00000000 18 c00002 0003" +
		"0000 54984384 0014 400101 00 400206 0201 00000d1c 800404 00000007" +
		"0001 54984384 0004 400101 09" +
		"0001 54984384 0014 400101 00 400206 0201 00000001 800404 00000007"
	r := NewReader(io.MultiReader(bytes.NewReader(record(t, 13, 1, table)), bytes.NewReader(record(t, 13, 2, body))))
	got, err := dump(r)
	want := "TABLE_DUMP2|1419264900|B|192.0.2.1|3356|192.0.2.0/24|3356|IGP||0|7||NAG||\n" +
		"TABLE_DUMP2|1419264900|B|192.0.2.2|1|192.0.2.0/24|1|IGP||0|7||NAG||\n"
	if got != want || err != nil {
		t.Errorf("got\n%s%v, want\n%s", got, err, want)
	}
	n, first := r.Problems()
	if n != 1 || first.PeerAS != 1 || first.PeerAddr.String() != "192.0.2.2" || first.Prefix.String() != "192.0.2.0/24" {
		t.Errorf("%d problems, the first %+v", n, first)
	}
}

// TestNoTable: routes are nobody's without a table, or behind a broken one.
func TestNoTable(t *testing.T) {
	rib := record(t, 13, 2, "00000000 18 c00002 0001 0000 00000000 0000")
	broken := record(t, 13, 1, "0a000001 0000 0001")
	whole := record(t, 13, 1, table)
	for _, tt := range []struct {
		name     string
		data     []byte
		problems int
	}{
		{"no table", rib, 1},
		{"a broken one", slices.Concat(broken, rib), 2},
		{"a broken one behind a whole one", slices.Concat(whole, broken, rib), 2},
		{"a whole one behind a broken one", slices.Concat(broken, whole, rib), 1},
	} {
		r := NewReader(bytes.NewReader(tt.data))
		got, err := dump(r)
		if n, _ := r.Problems(); n != tt.problems || err != nil {
			t.Errorf("%s: %d problems, %v, want %d", tt.name, n, err, tt.problems)
		}
		if (got != "") != strings.HasPrefix(tt.name, "a whole") {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}

// TestSkipped: types that are not read are counted and passed over.
func TestSkipped(t *testing.T) {
	data := slices.Concat(
		record(t, 11, 0, "00"), record(t, 13, 6, "0102"), record(t, 13, 6, ""), record(t, 12, 7, ""),
		record(t, 16, 3, ""), record(t, 255, 9, "ffffffffff"))
	r := NewReader(bytes.NewReader(data))
	if got, err := dump(r); got != "" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	want := []Skipped{{11, 0, 1, 0}, {13, 6, 2, 13}, {12, 7, 1, 39}, {16, 3, 1, 51}, {255, 9, 1, 63}}
	if got := r.Skipped(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n, first := r.Problems(); n != 0 {
		t.Errorf("%d problems, the first %v", n, first)
	}
}

// TestImplausible: a header that cannot be one ends the reading, and costs no memory.
func TestImplausible(t *testing.T) {
	good := record(t, 16, 3, "")
	for _, tt := range []struct {
		header, want string
	}{
		{"00000000 000d 0002 ffffffff", "a record of type 13 claims to be 4294967295 bytes long, at most 16777216 are possible"},
		{"00000000 0010 0004 00010040", "a record of type 16 claims to be 65600 bytes long, at most 65599 are possible"},
		{"00000000 0000 0000 00000000", "no MRT record has type 0"},
		{"00000000 0100 0000 00000000", "no MRT record has type 256"},
		{"68656c6c 6f2c 2077 6f726c64", "no MRT record has type 28460"}, // "hello, world"
		{"00000000 000d 0002 01000000", "the file ends inside a record: 12 of 16777228 bytes are there"},
	} {
		header, err := hex.DecodeString(strings.ReplaceAll(tt.header, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		for _, front := range [][]byte{good, nil} {
			r := NewReader(bytes.NewReader(slices.Concat(front, header)))
			_, err = dump(r)
			d, ok := errors.AsType[*DamageError](err)
			if !ok || d.Offset != int64(len(front)) || !strings.Contains(d.Reason, tt.want) {
				t.Errorf("got %v, want %q at byte %d", err, tt.want, len(front))
			}
			if want := front == nil && !strings.Contains(tt.want, "ends inside"); errors.Is(err, ErrNotMRT) != want {
				t.Errorf("%v: ErrNotMRT is %v, want %v", err, !want, want)
			}
			if len(r.buf) > 2*bufferLen {
				t.Errorf("%s: buffer of %d bytes", tt.want, len(r.buf))
			}
		}
	}
}

// TestLongRecord reads a record that is longer than the first buffer.
func TestLongRecord(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	peers := make([]Peer, 60000)
	for i := range peers {
		peers[i] = Peer{AS: 1, Addr: peer6.Addr, ID: peer4.ID}
	}
	for range 2 {
		if err := w.PeerIndexTable(at, peer4.Addr, "", peers); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(&b)
	for range 2 {
		rec, err := r.Next()
		if err != nil || !slices.Equal(rec.Peers, peers) {
			t.Fatalf("%v, %d peers", err, len(rec.Peers))
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// TestKinds has records that must not be taken for what they look like.
func TestKinds(t *testing.T) {
	const open = marker + "001d 01 04 0d1c 00b4 0a000001 00"
	for _, tt := range []struct {
		name   string
		record []byte
		kind   Kind
		check  func(*Record) string
		want   string
	}{
		{
			"sent by the collector", record(t, 16, 6, session+marker+"0017 02 0000 0000"), KindSentUpdate,
			func(rec *Record) string { return fmt.Sprint(rec.PeerAS, rec.LocalAS, rec.Update.EndOfRIB) }, "AS3356 AS12654 true",
		},
		{
			"multicast table", record(t, 13, 3, "00000000 18 c00002 0000"), KindMulticastRIB,
			func(rec *Record) string { return rec.Prefix.String() }, "192.0.2.0/24",
		},
		{
			"OPEN of an old Zebra", record(t, 16, 1, "0d1c 316e "+open), KindMessage,
			func(rec *Record) string { return fmt.Sprint(rec.MessageType, rec.PeerAS, rec.PeerAddr) }, "1 AS3356 invalid IP",
		},
		{
			"8-byte state change of an old Zebra", record(t, 16, 0, "0d1c 316e 0003 0004"), KindStateChange,
			func(rec *Record) string { return fmt.Sprint(rec.OldState, rec.NewState, rec.PeerAS, rec.PeerAddr) }, "3 4 AS3356 invalid IP",
		},
		{
			"states beyond Established", record(t, 16, 0, session+"0007 0008"), KindStateChange,
			func(rec *Record) string { return fmt.Sprint(rec.OldState, rec.NewState) }, "7 8",
		},
		{
			"TABLE_DUMP of IPv6",
			record(t, 12, 2, "0000 0000 20010db8000000000000000000000001 20 01 54984384 20010db8000000000000000000000002 5ba0 0017"+
				"400101 00 400204 0201 5ba0 c01106 0201 00030002 c00600"),
			KindRIB,
			func(rec *Record) string {
				var s strings.Builder
				s.WriteString(rec.Prefix.String())
				for e := range rec.Entries() {
					s.WriteString(fmt.Sprint(" ", e.PeerIndex, e.Peer.AS, e.Peer.Addr, e.Originated, " ", e.Path))
				}
				return s.String()
			},
			"2001:db8::/32 -1 AS23456 2001:db8::2 1419264900 196610",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec, err := NewReader(bytes.NewReader(tt.record)).Next()
			if err != nil || rec.Kind != tt.kind {
				t.Fatalf("%v, kind %d, want %d", err, rec.Kind, tt.kind)
			}
			if got := tt.check(rec); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
