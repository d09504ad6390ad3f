package bgp

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeRoutes(t *testing.T) {
	const path = "400200" // originated by the peer itself
	tests := []struct {
		name                 string
		msg                  []byte
		opt                  Options
		withdrawn, announced []NLRI
		hops                 string // next hops of the announced
		eor                  Family
		others               int
	}{
		{
			name:      "IPv4 of every odd length, bits behind the length cleared",
			msg:       message(t, "00 08 0a 0d 0b0f 20 c0000209", origin+path+nextHop, "11 c63364 07 ff"),
			withdrawn: nlri("0.0.0.0/0", "10.0.0.0/8", "11.8.0.0/13", "192.0.2.9/32"),
			announced: nlri("198.51.0.0/17", "254.0.0.0/7"), hops: "192.0.2.1 192.0.2.1",
		},
		{
			name: "IPv6, global and link-local next hop",
			msg: message(t, "", "800e 2a 0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00 20 20010db8"+
				origin+path, ""),
			announced: nlri("2001:db8::/32"), hops: "2001:db8::1",
		},
		{
			name: "IPv4 in MP_REACH_NLRI with an IPv6 next hop (RFC 8950), classic routes first",
			msg: message(t, "", "800e 19 0001 01 10 20010db8000000000000000000000001 00 18 cb0071"+
				origin+path+nextHop, route),
			announced: nlri("198.51.100.0/24", "203.0.113.0/24"), hops: "192.0.2.1 2001:db8::1",
		},
		{
			name:      "withdrawn by MP_UNREACH_NLRI",
			msg:       message(t, "18 c63364", "800f 0b 0002 01 38 20010db8006400", ""),
			withdrawn: nlri("198.51.100.0/24", "2001:db8:64::/56"),
		},
		{
			name: "path identifiers", opt: Options{AddPath: true},
			msg:       message(t, "00000007 18 c63364", origin+path+nextHop, "ffffffff 18 cb0071"),
			withdrawn: []NLRI{{netip.MustParsePrefix("198.51.100.0/24"), 7}},
			announced: []NLRI{{netip.MustParsePrefix("203.0.113.0/24"), 4294967295}}, hops: "192.0.2.1",
		},
		{
			name: "path identifiers that were not declared", opt: Options{GuessAddPath: true},
			msg:       message(t, "", origin+path+nextHop, "000002d0 17 4011f6"),
			announced: []NLRI{{netip.MustParsePrefix("64.17.246.0/23"), 720}}, hops: "192.0.2.1",
		},
		{
			name: "the same, taken at its word",
			msg:  message(t, "", origin+path+nextHop, "000002d0 17 4011f6"), hops: strings.Repeat(" 192.0.2.1", 4)[1:],
			announced: nlri("0.0.0.0/0", "0.0.0.0/0", "192.0.0.0/2", "64.17.246.0/23"),
		},
		{
			name: "a default route is no path identifier", opt: Options{GuessAddPath: true},
			msg:       message(t, "00 18 c63364", origin+path+nextHop, "00"),
			withdrawn: nlri("0.0.0.0/0", "198.51.100.0/24"), announced: nlri("0.0.0.0/0"), hops: "192.0.2.1",
		},
		{name: "End-of-RIB of IPv4", msg: message(t, "", "", ""), eor: IPv4Unicast},
		{name: "End-of-RIB of IPv6", msg: message(t, "", "800f 03 0002 01", ""), eor: IPv6Unicast},
		{name: "End-of-RIB with a long length", msg: message(t, "", "900f 0003 0002 01", ""), eor: IPv6Unicast},
		{name: "End-of-RIB of VPNv4", msg: message(t, "", "800f 03 0001 80", ""), eor: Family{1, 128}},
		{
			name: "multicast and VPN routes are counted, not read", others: 2,
			msg: message(t, "", "800e 09 0001 02 04 c0000201 00"+"800f 04 0001 80 00"+origin+path, ""),
		},
	}
	var u Update
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := u.Decode(append(tt.msg, "rubbish behind it"...), tt.opt); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(u.Withdrawn, tt.withdrawn, samePrefix, emptyIsNil); diff != "" {
				t.Errorf("withdrawn (-got +want):\n%s", diff)
			}
			if diff := cmp.Diff(u.Announced, tt.announced, samePrefix, emptyIsNil); diff != "" {
				t.Errorf("announced (-got +want):\n%s", diff)
			}
			var hops []string
			for i := range u.Announced {
				hops = append(hops, u.NextHopOf(i).String())
			}
			if got := strings.Join(hops, " "); got != tt.hops {
				t.Errorf("next hops %s, want %s", got, tt.hops)
			}
			if u.EndOfRIB != (tt.eor != Family{}) || u.EndOfRIBFamily != tt.eor {
				t.Errorf("EndOfRIB %v of %v, want %v", u.EndOfRIB, u.EndOfRIBFamily, tt.eor)
			}
			if u.OtherFamilies != tt.others {
				t.Errorf("OtherFamilies = %d, want %d", u.OtherFamilies, tt.others)
			}
			if guessed := tt.opt.GuessAddPath && len(u.Announced) > 0 && u.Announced[0].PathID != 0; u.AddPathGuessed != guessed {
				t.Errorf("AddPathGuessed = %v, want %v", u.AddPathGuessed, guessed)
			}
		})
	}
}

var (
	samePrefix = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	emptyIsNil = cmp.Transformer("emptyIsNil", func(s []NLRI) []NLRI { return append([]NLRI(nil), s...) })
)

func TestDecodeAttributes(t *testing.T) {
	const all = origin + nextHop +
		"400206 0201 0000feeb" + // 65259
		"800404 00000064" + "400504 000000c8" + "400600" + "c00708 0000fde8 c0000202" +
		"c00808 0b6201a4 ffffff01" + "c01008 0002fde800000001" +
		"c0200c 00001b1b 00000001 00000002" + "c02304 00000d1c" +
		"8009 04 c0000203" + // ORIGINATOR_ID is only in Raw
		"c0ff 01 2a"
	var u Update
	msg := message(t, "", all, route)
	if err := u.Decode(msg, Options{AS4: true}); err != nil {
		t.Fatal(err)
	}
	got := u.Attributes
	want := Attributes{
		Present:             got.Present,
		Path:                RawPath(unhex(t, "0201 0000feeb")),
		NextHop:             netip.MustParseAddr("192.0.2.1"),
		MED:                 100,
		LocalPref:           200,
		AggregatorAS:        65000,
		AggregatorAddr:      netip.MustParseAddr("192.0.2.2"),
		Communities:         unhex(t, "0b6201a4ffffff01"),
		LargeCommunities:    unhex(t, "00001b1b0000000100000002"),
		ExtendedCommunities: unhex(t, "0002fde800000001"),
		OTC:                 3356,
		Raw:                 unhex(t, all),
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		f, ok := p.Last().(cmp.StructField)
		return ok && f.Name()[0] >= 'a'
	}, cmp.Ignore())
	if diff := cmp.Diff(got, want, ignore, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for code := range Attr(64) {
		want := code >= 1 && code <= 9 || code == 16 || code == 32 || code == 35
		if u.Present.Has(code) != want {
			t.Errorf("Present.Has(%v) = %v, want %v", code, !want, want)
		}
	}
	// Nothing of a message may be left in the next.
	if err := u.Decode(message(t, "", "", ""), Options{}); err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(u.Attributes)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && f.Name != "Raw" && !v.Field(i).IsZero() {
			t.Errorf("%s is %v after an empty message", f.Name, v.Field(i))
		}
	}
}

// TestDropped has the malformed attributes that RFC 7606 section 7 and RFC 6793
// section 6 say to drop and no more.
func TestDropped(t *testing.T) {
	for _, tt := range []struct {
		name, attributes string
		opt              Options
		want             Attr
	}{
		{"ATOMIC_AGGREGATE with a value", "400601 00", Options{}, AttrAtomicAggregate},
		{"AGGREGATOR of 8 bytes, 2-byte AS numbers", "c00708 0000fde8 c0000202", Options{}, AttrAggregator},
		{"AGGREGATOR of 6 bytes, 4-byte AS numbers", "c00706 fde8 c0000202", Options{AS4: true}, AttrAggregator},
		{"AS4_AGGREGATOR", "c01206 fde8 c0000202", Options{}, AttrAS4Aggregator},
		{"AS4_PATH cut off", "c01105 0202 000001", Options{}, AttrAS4Path},
		{"a second MULTI_EXIT_DISC", "800404 00000001 800404 00000002", Options{}, AttrMED},
		{"a second one, of the wrong length", "800404 00000001 800401 02", Options{}, AttrMED},
		{"a second one, after one that was dropped", "c01206 fde8 c0000202 c01208 00010000 c0000202", Options{}, AttrAS4Aggregator},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var u Update
			if err := u.Decode(message(t, "", origin+"400200"+nextHop+tt.attributes, route), tt.opt); err != nil {
				t.Fatal(err)
			}
			if want := AttrSet(0).with(tt.want); u.Discarded != want {
				t.Errorf("Discarded = %b, want %b", u.Discarded, want)
			}
			if u.Present.Has(tt.want) != (tt.want == AttrMED) {
				t.Errorf("Present.Has(%v) = %v", tt.want, u.Present.Has(tt.want))
			}
			if tt.want == AttrMED && u.MED != 1 {
				t.Errorf("MED = %d, want the first, 1", u.MED)
			}
			if len(u.Announced) != 1 {
				t.Errorf("announced %v", u.Announced)
			}
		})
	}
}

func TestDamaged(t *testing.T) {
	const path = "400200"
	for _, tt := range []struct {
		name   string
		msg    []byte
		opt    Options
		offset int
		attr   Attr
		reason string
	}{
		{"empty", nil, Options{}, 0, 0, "0 bytes are too few"},
		{"marker", append(unhex(t, "ffff fe"), make([]byte, 20)...), Options{}, 2, 0, "marker byte"},
		{"length beyond the input", appendHeader(nil, 2)[:19], Options{}, 16, 0, "message length 0"},
		{"OPEN", finish(appendHeader(nil, 1), 0), Options{}, 18, 0, "message type 1"},
		{"no length of withdrawn", finish(append(appendHeader(nil, 2), 0), 0), Options{}, 19, 0, "ends before the length of the withdrawn"},
		{"withdrawn too long", finish(append(appendHeader(nil, 2), 0, 9, 0, 0), 0), Options{}, 19, 0, "9 bytes of withdrawn routes, 2 are left"},
		{"attributes too long", finish(append(appendHeader(nil, 2), 0, 0, 0, 1), 0), Options{}, 21, 0, "1 bytes of path attributes, 0 are left"},
		{"prefix length", message(t, "21 0102030405", "", ""), Options{}, 21, 0, "prefix length out of range"},
		{"prefix cut off", message(t, "08 0a 18 c633", "", ""), Options{}, 23, 0, "ends inside a prefix"},
		{"path identifier cut off", message(t, "00000001 08 0a 0000", "", ""), Options{AddPath: true}, 27, 0, "ends inside a path identifier"},
		{"no prefix behind an identifier", message(t, "00000001", "", ""), Options{AddPath: true}, 21, 0, "ends before a prefix length"},
		{"attribute header cut off", message(t, "", origin+"4002", ""), Options{}, 27, 0, "ends inside the header"},
		{"long attribute header cut off", message(t, "", origin+"500200", ""), Options{}, 27, 0, "ends inside the header"},
		{"attribute too long", message(t, "", origin+"400205 0201", ""), Options{}, 27, AttrASPath, "is longer than what is left"},
		{"ORIGIN", message(t, "", "400101 03", ""), Options{}, 26, AttrOrigin, "0, 1 or 2"},
		{"segment type", message(t, "", "400204 0501 0001", ""), Options{}, 26, AttrASPath, "segment type 5"},
		{"second segment", message(t, "", "400208 0201 0001 0202 0001", ""), Options{}, 30, AttrASPath, "segment of 2 ASes needs 4 bytes, 2 are left"},
		{"segment header", message(t, "", "400205 0201 0001 02", ""), Options{}, 30, AttrASPath, "ends inside the header of a segment"},
		{"empty segment", message(t, "", "400202 0200", ""), Options{}, 26, AttrASPath, "segment without an AS"},
		{"2-byte numbers read as 4", message(t, "", "400206 0202 00010002", ""), Options{AS4: true}, 26, AttrASPath, "needs 8 bytes"},
		{"NEXT_HOP", message(t, "", "400303 c00002", ""), Options{}, 26, AttrNextHop, "4 bytes"},
		{"MED", message(t, "", "800403 000000", ""), Options{}, 26, AttrMED, "4 bytes"},
		{"COMMUNITIES", message(t, "", "c00806 000000000000", ""), Options{}, 26, AttrCommunities, "multiple of 4"},
		{"LARGE_COMMUNITY", message(t, "", "c02004 00000000", ""), Options{}, 26, AttrLargeCommunities, "multiple of 12"},
		{"EXTENDED COMMUNITIES", message(t, "", "c01004 00000000", ""), Options{}, 26, AttrExtendedCommunities, "multiple of 8"},
		{"OTC", message(t, "", "c02300", ""), Options{}, 26, AttrOTC, "4 bytes"},
		{"MP_REACH_NLRI twice", message(t, "", "800f 03 0002 01 800f 03 0002 01", ""), Options{}, 32, AttrMPUnreach, "comes twice"},
		{"MP_UNREACH_NLRI", message(t, "", "800f 02 0002", ""), Options{}, 26, AttrMPUnreach, "address family"},
		{"IPv6 prefix cut off", message(t, "", "800f 05 0002 01 10 20", ""), Options{}, 29, AttrMPUnreach, "ends inside a prefix"},
		{"IPv6 prefix length", message(t, "", "800f 05 0002 01 81 20", ""), Options{}, 29, AttrMPUnreach, "out of range"},
		{"MP_REACH_NLRI", message(t, "", "800e 04 0002 01 00", ""), Options{}, 26, AttrMPReach, "ends before the next hop"},
		{"MP next hop cut off", message(t, "", "800e 06 0002 01 10 00 00", ""), Options{}, 29, AttrMPReach, "ends inside the next hop"},
		{"MP next hop length", message(t, "", "800e 06 0002 01 01 00 00", ""), Options{}, 29, AttrMPReach, "4, 16 or 32"},
		{"no ORIGIN", message(t, "", path+nextHop, route), Options{}, 19, AttrOrigin, "is missing"},
		{"no AS_PATH", message(t, "", origin+nextHop, route), Options{}, 19, AttrASPath, "is missing"},
		{"no NEXT_HOP", message(t, "", origin+path, route), Options{}, 19, AttrNextHop, "is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var u Update
			err := u.Decode(tt.msg, tt.opt)
			e, ok := err.(*Error)
			if !ok {
				t.Fatalf("error %v, want an *Error", err)
			}
			if e.Offset != tt.offset || e.Attr != tt.attr || !strings.Contains(e.Error(), tt.reason) {
				t.Errorf("got byte %d, attribute %v, %q; want byte %d, attribute %v, %q", e.Offset, e.Attr, e, tt.offset, tt.attr, tt.reason)
			}
		})
	}
}

// TestDecodeRIB has the three forms of next hop that table dumps hold.
func TestDecodeRIB(t *testing.T) {
	const base = origin + "400206 0201 00010000"
	for _, tt := range []struct{ name, attributes, hop, err string }{
		{"short form (RFC 6396 section 4.3.4)", base + "800e 11 10 20010db8000000000000000000000001", "2001:db8::1", ""},
		{"short form, two addresses", base + "800e 21 20 20010db8000000000000000000000001 fe800000000000000000000000000001", "2001:db8::1", ""},
		{"whole attribute", base + "800e 1a 0002 01 10 20010db8000000000000000000000001 00 20 20010db8", "2001:db8::1", ""},
		{"whole attribute, cut off behind the next hop", base + "800e 14 0002 01 10 20010db8000000000000000000000001", "2001:db8::1", ""},
		{"none", base, "invalid IP", ""},
		{"empty", base + "800e 00", "", "ends inside the next hop"},
		{"family alone", base + "800e 03 000201", "", "ends before the next hop"},
		{"cut off", base + "800e 03 10 2001", "", "ends inside the next hop"},
		{"odd length", base + "800e 03 02 2001", "", "4, 16 or 32"},
		{"bad path", "400202 0900", "", "segment type 9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a Attributes
			err := a.DecodeRIB(unhex(t, tt.attributes), true)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || a.MPNextHop.String() != tt.hop || a.Path.String() != "65536" {
				t.Errorf("got %v, next hop %v, path %v; want next hop %v, path 65536", err, a.MPNextHop, a.Path, tt.hop)
			}
		})
	}
}
