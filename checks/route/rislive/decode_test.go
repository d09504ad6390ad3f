package rislive

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// seen is what a frame says, as values that stay.
type seen struct {
	Kind                 frameKind
	Update               route.Update
	Announced, Withdrawn []route.NLRI
	Path                 string
	Err                  string
}

func see(d *decoder, frame []byte) seen {
	kind, err := d.decode(frame)
	if err != nil {
		return seen{Err: err.Error()}
	}
	s := seen{Kind: kind, Update: d.update, Path: d.update.Path.String()}
	s.Announced = append(s.Announced, d.update.Announced...)
	s.Withdrawn = append(s.Withdrawn, d.update.Withdrawn...)
	s.Update.Announced, s.Update.Withdrawn, s.Update.Path = nil, nil, nil
	return s
}

var compare = cmp.Options{
	cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}),
	cmpopts.EquateEmpty(),
}

// A frame as the service writes it now, and what it says.
const (
	head = `{"type":"ris_message","data":{"timestamp":1789019606.210,"peer":"2001:db8:1::a501:3030:1","peer_asn":"64496",` +
		`"id":"2001:db8:1::a501:3030:1-01a089e0ccc20002","host":"rrc03.ripe.net",`
	update = head + `"type":"UPDATE","path":[64496,64511,[65536,65537]],"community":[[64496,410],[64496,1004]],"origin":"IGP","med":1,` +
		`"announcements":[{"next_hop":"2001:db8:1::1,fe80::1","prefixes":["2001:db8:340::/42","2001:db8:400:0:0:0:0:0/40"]}],` +
		`"withdrawals":["2001:db8:ca42:0:0:0:0:0/48","192.0.2.0/24"]}}`
)

func TestDecode(t *testing.T) {
	at := time.Date(2026, 9, 10, 5, 53, 26, 210_000_000, time.UTC)
	peer := route.Peer{Collector: "rrc03", Addr: netip.MustParseAddr("2001:db8:1::a501:3030:1"), AS: 64496}
	prefixes := func(list ...string) (n []route.NLRI) {
		for _, p := range list {
			n = append(n, route.NLRI{Prefix: netip.MustParsePrefix(p)})
		}
		return n
	}
	of := func(kind route.Kind) route.Update { return route.Update{Kind: kind, At: at, Peer: peer} }
	tests := []struct {
		name, frame string
		want        seen
	}{
		{"routes", update, seen{
			Kind: frameUpdate, Update: of(route.Routes), Path: "64496 64511 {65536,65537}",
			Announced: prefixes("2001:db8:340::/42", "2001:db8:400::/40"), Withdrawn: prefixes("2001:db8:ca42::/48", "192.0.2.0/24"),
		}},
		{"routes alone withdrawn", head + `"type":"UPDATE","withdrawals":["192.0.2.0/24"]}}`, seen{
			Kind: frameUpdate, Update: of(route.Routes), Withdrawn: prefixes("192.0.2.0/24"),
		}},
		{"nothing", head + `"type":"UPDATE","announcements":[],"withdrawals":[]}}`, seen{Kind: frameNothing, Update: of(0)}},
		{"end of table without its family", head + `"type":"UPDATE","path":[],"announcements":[{"next_hop":"::","prefixes":["eor"]}]}}`, seen{Kind: frameNothing, Update: of(0)}},
		{"end of table", head + `"type":"UPDATE","raw":"` + strings.Repeat("F", 32) + `00170200000000"}}`, seen{
			Kind: frameUpdate, Update: route.Update{Kind: route.EndOfRIB, At: at, Peer: peer, Family: bgp.IPv4Unicast},
		}},
		{"up", head + `"type":"STATE","state":"connected"}}`, seen{Kind: frameUpdate, Update: of(route.PeerUp)}},
		{"up, as the manual has it", head + `"type":"RIS_PEER_STATE","state":"up"}}`, seen{Kind: frameUpdate, Update: of(route.PeerUp)}},
		{"down", head + `"type":"RIS_PEER_STATE","state":"down"}}`, seen{Kind: frameUpdate, Update: of(route.PeerDown)}},
		{"no state", head + `"type":"STATE","state":"half"}}`, seen{Err: `the session's state is "half"`}},
		{"keepalive", head + `"type":"KEEPALIVE","raw":"FF"}}`, seen{Kind: frameKeepalive, Update: of(0)}},
		{"notification, with escapes", head + `"type":"NOTIFICATION","notification":{"code":6,"subcode":5,"data":"\u0006\u0005"}}}`, seen{Kind: frameNothing, Update: of(0)}},
		{"open", head + `"type":"OPEN","direction":"sent","version":4,"capabilities":{"65":{"name":"asn4","asn4":64496}}}}`, seen{Kind: frameNothing, Update: of(0)}},
		{"another type", head + `"type":"ROUTE_REFRESH"}}`, seen{Kind: frameOther, Update: of(0)}},
		{"a type written in escapes", head + `"type":"STAT\u0045","state":"down"}}`, seen{Kind: frameUpdate, Update: of(route.PeerDown)}},
		{"null is absent", head + `"type":"UPDATE","raw":null,"announcements":null,"withdrawals":["192.0.2.0/24"]}}`, seen{
			Kind: frameUpdate, Update: of(route.Routes), Withdrawn: prefixes("192.0.2.0/24"),
		}},
		{"an AS number that is a number", strings.Replace(head, `"64496"`, `64496`, 1) + `"type":"KEEPALIVE"}}`, seen{Kind: frameKeepalive, Update: of(0)}},
		{"payload before type", `{"data":{"type":"KEEPALIVE","host":"rrc03","peer_asn":"64496","peer":"2001:db8:1::a501:3030:1","timestamp":1789019606.21},"type":"ris_message"}`, seen{Kind: frameKeepalive, Update: of(0)}},
		{"spaces", " {\n\t\"type\" : \"ris_message\" , \"data\" : { \"type\" : \"KEEPALIVE\", \"host\":\"rrc03\",\"peer_asn\":\"64496\",\"peer\":\"2001:db8:1::a501:3030:1\",\"timestamp\": 1789019606.21 } } \r\n", seen{Kind: frameKeepalive, Update: of(0)}},
		{"pong", `{"type":"pong","data":null}`, seen{Kind: framePong}},
		{"pong alone", `{"type":"pong"}`, seen{Kind: framePong}},

		{"a part twice", head + `"type":"UPDATE","withdrawals":["192.0.2.0/24"],"withdrawals":[]}}`, seen{Err: `it has "withdrawals" twice`}},
		{"a payload twice", `{"type":"ris_message","data":{},"data":{}}`, seen{Err: `it has "data" twice`}},
		{"an unknown part twice", head + `"type":"KEEPALIVE","x":1,"x":2}}`, seen{Kind: frameKeepalive, Update: of(0)}},
		{"a part in capitals does not count", head + `"type":"KEEPALIVE","HOST":"rrc99"}}`, seen{Kind: frameKeepalive, Update: of(0)}},
		{"announced without a path", head + `"type":"UPDATE","announcements":[{"next_hop":"::1","prefixes":["192.0.2.0/24"]}]}}`, seen{Err: "routes are announced without a path"}},
		{"no prefix", head + `"type":"UPDATE","withdrawals":["192.0.2.0/33"]}}`, seen{Err: `not a prefix: "192.0.2.0/33"`}},
		{"no hop", head + `"type":"UPDATE","path":[64496,null],"announcements":[{"prefixes":["192.0.2.0/24"]}]}}`, seen{Err: `not a hop of an AS path: "null"`}},
		{"odd raw", head + `"type":"UPDATE","raw":"FFF"}}`, seen{Err: "the BGP message has 3 hexadecimal digits, which is odd"}},
		{"raw that is none", head + `"type":"UPDATE","raw":"FFG0"}}`, seen{Err: `the BGP message is not hexadecimal at digit 2: "G0"`}},
		{"raw cut short", head + `"type":"UPDATE","raw":"FFFF"}}`, seen{Err: "of AS64496 2001:db8:1::a501:3030:1: BGP message, byte 0: 2 bytes are too few for a message header"}},
		{"no type", `{"data":{}}`, seen{Err: "it does not say what it is: there is no type"}},
		{"not JSON", "hello", seen{Err: "it is not JSON"}},
		{"empty", "", seen{Err: "it is not JSON"}},
		{"a list", "[]", seen{Err: "it is not a JSON object"}},
		{"HTML", "<html><body>502</body></html>", seen{Err: "it is not JSON"}},
		{"no session", `{"type":"ris_message","data":{"type":"UPDATE"}}`, seen{Err: "the collector is missing"}},
		{"the name of somebody's own router", strings.Replace(head, "rrc03.ripe.net", "edge1", 1) + `"type":"KEEPALIVE"}}`, seen{Err: `the collector is "edge1"`}},
		{"a host that is none", strings.Replace(head, "rrc03.ripe.net", "rrc 03", 1) + `"type":"KEEPALIVE"}}`, seen{Err: `the collector is "rrc 03"`}},
		{"an address that is none", strings.Replace(head, `"2001:db8:1::a501:3030:1"`, `"fe80::1%eth0"`, 1) + `"type":"KEEPALIVE"}}`, seen{Err: `the address of the peer is "fe80::1%eth0"`}},
		{"an AS that is none", strings.Replace(head, `"64496"`, `"-1"`, 1) + `"type":"KEEPALIVE"}}`, seen{Err: `the AS number of the peer is "-1"`}},
		{"a time in words", strings.Replace(head, `1789019606.210`, `"now"`, 1) + `"type":"KEEPALIVE"}}`, seen{Err: `the time is "\"now\"", which is not a number of seconds since 1970`}},
		{"a time in powers of ten", strings.Replace(head, `1789019606.210`, `1.7e9`, 1) + `"type":"KEEPALIVE"}}`, seen{Err: `the time is "1.7e9", which is not a number of seconds since 1970`}},
		{"a raw that is a list", head + `"type":"UPDATE","raw":[1]}}`, seen{Err: `raw is not a string: "[1]"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, noScan := range []bool{false, true} {
				d := newDecoder()
				d.noScan = noScan
				if diff := cmp.Diff(tt.want, see(d, []byte(tt.frame)), compare); diff != "" {
					t.Errorf("with encoding/json alone %v (-want +got):\n%s", noScan, diff)
				}
			}
		})
	}
}

// Times keep what was written, to the nanosecond.
func TestParseTime(t *testing.T) {
	tests := []struct {
		text string
		want time.Time
	}{
		{"0", time.Unix(0, 0)},
		{"1789019606", time.Unix(1789019606, 0)},
		{"1789019606.1", time.Unix(1789019606, 100_000_000)},
		{"1650506567.000001", time.Unix(1650506567, 1_000)},
		{"1650506567.999999", time.Unix(1650506567, 999_999_000)},
		{"1456154463.123457", time.Unix(1456154463, 123_457_000)},
		{"1456154463.1234567891", time.Unix(1456154463, 123_456_789)},
	}
	for _, tt := range tests {
		if got, err := parseTime([]byte(tt.text)); err != nil || !got.Equal(tt.want) {
			t.Errorf("%s: %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []string{"", ".5", "1.", "-1", "1e3", "1 ", "99999999999", "1.5x", "null", `"1"`} {
		if got, err := parseTime([]byte(text)); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

// A session without 4-byte AS numbers is told from the others by what it sends.
func TestDecodeTwoOctetPaths(t *testing.T) {
	d := newDecoder()
	draft := bgp.Draft{
		Announce: []bgp.NLRI{{Prefix: netip.MustParsePrefix("192.0.2.0/24")}},
		NextHop:  netip.MustParseAddr("192.0.2.1"), Path: checks.MakePath(64496, 131279),
	}
	for _, four := range []bool{true, false, false, true, true} {
		msg, err := draft.Append(nil, bgp.Options{AS4: four})
		if err != nil {
			t.Fatal(err)
		}
		got := see(d, []byte(head+`"type":"UPDATE","raw":"`+hexOf(msg)+`"}}`))
		if got.Path != "64496 131279" {
			t.Errorf("4-byte numbers %v: path %q, %s, want 64496 131279", four, got.Path, got.Err)
		}
		if p := d.peers[string(d.key)]; p.twoOctet == four {
			t.Errorf("4-byte numbers %v: remembered otherwise", four)
		}
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789ABCDEF"
	var s strings.Builder
	for _, x := range b {
		s.WriteByte(digits[x>>4])
		s.WriteByte(digits[x&15])
	}
	return s.String()
}

func TestDecodeControl(t *testing.T) {
	d := newDecoder()
	decode := func(frame string) frameKind {
		t.Helper()
		kind, err := d.decode([]byte(frame))
		if err != nil {
			t.Fatal(err)
		}
		return kind
	}
	if decode(`{"type":"ris_error","data":{"message":"too\u001b[31m\nslow "}}`) != frameError || d.text != "too [31m slow" {
		t.Errorf("the error is %q, want it without control characters", d.text)
	}
	if decode(`{"type":"ris_error","data":{"message":"`+strings.Repeat("x", 5000)+`"}}`) != frameError || len(d.text) > maxText+3 {
		t.Errorf("an error of %d bytes is shown", len(d.text))
	}
	if decode(`{"type":"ris_error","data":"what"}`) != frameError || d.text != `"what"` {
		t.Errorf("the error is %q", d.text)
	}
	if decode(`{"type":"ris_rrc_list","data":["rrc00.ripe.net","rrc26"]}`) != frameCollectors || !cmp.Equal(d.collectors, []string{"rrc00", "rrc26"}) {
		t.Errorf("collectors %q", d.collectors)
	}
	if decode(`{"type":"ris_rrc_list","data":null}`) != frameCollectors || len(d.collectors) != 0 {
		t.Errorf("collectors %q, want none", d.collectors)
	}
	if decode(`{"type":"ris_hello","data":1}`) != frameOther {
		t.Error("a type that is not known is no error")
	}
	for frame, want := range map[string][]request{
		`{"type":"ris_subscribe_ok","data":{"subscription":{"type":"UPDATE","prefix":"2001:db8:0:0:0:0:0:0/32","moreSpecific":true,"lessSpecific":true},"socketOptions":{"includeRaw":true}}}`: {{kind: "UPDATE", prefix: netip.MustParsePrefix("2001:db8::/32")}},
		`{"type":"ris_subscribe_ok","data":{"subscription":{"type":"UPDATE","prefix":["192.0.2.0/24","198.51.100.0/24"]}}}`: {
			{kind: "UPDATE", prefix: netip.MustParsePrefix("192.0.2.0/24")}, {kind: "UPDATE", prefix: netip.MustParsePrefix("198.51.100.0/24")},
		},
		`{"type":"ris_subscribe_ok","data":{"subscription":{"type":"UPDATE","path":"64500$","prefix":null}}}`: {{kind: "UPDATE", path: "64500$"}},
		`{"type":"ris_subscribe_ok","data":{"subscription":{"type":"STATE","path":null}}}`:                    {{kind: "STATE"}},
	} {
		if decode(frame) != frameAccepted || !cmp.Equal(d.accepted, want, cmp.AllowUnexported(request{}), compare) {
			t.Errorf("%s: accepted %v, want %v", frame, d.accepted, want)
		}
	}
	for _, frame := range []string{
		`{"type":"ris_subscribe_ok","data":null}`, `{"type":"ris_subscribe_ok","data":{}}`,
		`{"type":"ris_subscribe_ok","data":{"subscription":{"prefix":"here"}}}`, `{"type":"ris_subscribe_ok","data":{"subscription":{"prefix":{}}}}`,
		`{"type":"ris_rrc_list","data":{}}`, `{"type":"ris_rrc_list","data":["rrc 0"]}`,
	} {
		if kind, err := d.decode([]byte(frame)); err == nil {
			t.Errorf("%s: %v, want an error", frame, kind)
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	msg, err := (&bgp.Draft{
		Announce: []bgp.NLRI{{Prefix: netip.MustParsePrefix("192.0.2.0/24")}},
		NextHop:  netip.MustParseAddr("192.0.2.1"), Path: checks.MakePath(64496, 131279),
	}).Append(nil, bgp.Options{AS4: true})
	if err != nil {
		t.Fatal(err)
	}
	frame := []byte(strings.TrimSuffix(update, "}}") + `,"raw":"` + hexOf(msg) + `"}}`)
	d := newDecoder()
	if n := testing.AllocsPerRun(100, func() {
		if kind, err := d.decode(frame); kind != frameUpdate || err != nil {
			t.Fatal(kind, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a message, want none", n)
	}
}
