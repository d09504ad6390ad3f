package bgp

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// TestPath has paths of 4-byte numbers as they come, in hex, and all that is
// said of them.
func TestPath(t *testing.T) {
	for _, tt := range []struct {
		name, wire, normal string // normal "" where it is the wire form
		text               string
		path               checks.Path
		length             int
		origin             checks.ASN // 0 for none
	}{
		{name: "empty"},
		{
			name: "sequence", wire: "0203 00000d1c 000012e5 000200bb",
			text: "3356 4837 131259", path: checks.MakePath(3356, 4837, 131259), length: 3, origin: 131259,
		},
		{
			name: "prepends are kept", wire: "0203 00000001 00000001 00000001",
			text: "1 1 1", path: checks.MakePath(1, 1, 1), length: 3, origin: 1,
		},
		{
			name: "neighbouring sequences are one", wire: "0201 00000001 0202 00000002 00000003",
			normal: "0203 00000001 00000002 00000003",
			text:   "1 2 3", path: checks.MakePath(1, 2, 3), length: 3, origin: 3,
		},
		{
			name: "set at the end", wire: "0201 00000001 0102 00000003 00000002",
			text: "1 {3,2}", path: checks.Path{{1}, {3, 2}}, length: 2,
		},
		{
			name: "set of one", wire: "0201 00000001 0101 00000003",
			text: "1 {3}", path: checks.Path{{1}, {3}}, length: 2, origin: 3,
		},
		{
			name: "set in the middle", wire: "0102 00000001 00000002 0201 00000003",
			text: "{1,2} 3", path: checks.Path{{1, 2}, {3}}, length: 2, origin: 3,
		},
		{
			name: "sets stay apart", wire: "0101 00000001 0101 00000002",
			text: "{1} {2}", path: checks.Path{{1}, {2}}, length: 2, origin: 2,
		},
		{
			name: "confederations are no hops", wire: "0302 0000fde9 0000fdea 0401 0000fdeb 0201 00000001",
			text: "(65001 65002) [65003] 1", path: checks.MakePath(1), length: 1, origin: 1,
		},
		{
			name: "confederation set", wire: "0402 0000fde9 0000fdea",
			text: "[65001,65002]", path: checks.Path{}, length: 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var u Update
			v := unhex(t, tt.wire)
			msg := message(t, "", origin+nextHop+"4002"+string("0123456789abcdef"[len(v)>>4])+string("0123456789abcdef"[len(v)&15])+tt.wire, route)
			if err := u.Decode(msg, Options{AS4: true}); err != nil {
				t.Fatal(err)
			}
			p := u.Path
			if tt.normal == "" {
				tt.normal = tt.wire
			}
			if string(p) != string(unhex(t, tt.normal)) {
				t.Errorf("bytes %x, want %s", []byte(p), tt.normal)
			}
			if got := p.String(); got != tt.text {
				t.Errorf("text %q, want %q", got, tt.text)
			}
			if got := p.Path(); !got.Equal(tt.path) {
				t.Errorf("path %v, want %v", got, tt.path)
			}
			if got := p.Len(); got != tt.length {
				t.Errorf("length %d, want %d", got, tt.length)
			}
			if got, ok := p.Origin(); got != tt.origin || ok != (tt.origin != 0) {
				t.Errorf("origin %v, %v, want %v", got, ok, tt.origin)
			}
		})
	}
}

func TestPathStopsEarly(t *testing.T) {
	p := RawPath(unhex(t, "0202 00000001 00000002 0102 00000003 00000004"))
	var got []int
	for h := range p.Hops() {
		got = append(got, int(h.ASN(0)), h.Len())
		if h.Len() == 2 || h.ASN(0) == 2 {
			break
		}
	}
	if want := []int{1, 1, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestNormalPath packs sequences to the 255 members that a segment can hold,
// however they were cut.
func TestNormalPath(t *testing.T) {
	var want checks.Path
	var wire []byte
	for i := range 600 {
		want = append(want, checks.Hop{checks.ASN(i + 1)})
		if i%7 == 0 {
			wire = append(wire, segSequence, 0)
		}
		wire = append(wire, byte((i+1)>>8), byte(i+1))
		wire[len(wire)-2*(i%7+1)-1]++
	}
	if _, _, reason := checkPath(wire, 2); reason != "" {
		t.Fatal(reason)
	}
	p := RawPath(normalPath(nil, wire, 2))
	if !p.Path().Equal(want) || len(p) != 600*4+3*2 {
		t.Errorf("%d bytes: %v", len(p), p)
	}
	made, err := MakeRawPath(want)
	if err != nil || string(made) != string(p) {
		t.Errorf("MakeRawPath: %v, %v", made, err)
	}
	if normal, _, _ := checkPath(p, 4); !normal {
		t.Error("the normal form is not taken for one")
	}
}

// TestMergeAS4 follows RFC 6793 section 4.2.3. The paths are of 2-byte numbers
// in AS_PATH and 4-byte numbers in AS4_PATH; 5ba0 is AS_TRANS, 23456.
func TestMergeAS4(t *testing.T) {
	for _, tt := range []struct {
		name, attributes string
		opt              Options
		want             string
	}{
		{
			"merged over AS_TRANS", "40020a 0204 00ae 5ba0 1a0b 5ba0 c0110e 0203 0003000a 00001a0b 0003000b",
			Options{},
			"174 196618 6667 196619",
		},
		{
			"as long as the path: replaces it", "400206 0202 5ba0 5ba0 c0110a 0202 00030001 00030002",
			Options{},
			"196609 196610",
		},
		{
			"longer than the path: not to be trusted", "400204 0201 5ba0 c0110a 0202 00030001 00030002",
			Options{},
			"23456",
		},
		{
			"a set is one hop", "40020c 0202 00ae 5ba0 0102 5ba0 0d1c c01110 0201 00030001 0102 00030002 00000d1c",
			Options{},
			"174 196609 {196610,3356}",
		},
		{
			"the set is in front", "40020c 0102 00ae 00af 0202 5ba0 5ba0 c0110a 0202 00030001 00030002",
			Options{},
			"{174,175} 196609 196610",
		},
		{
			"a leading confederation stays and is not counted", "40020a 0301 fde9 0202 00ae 5ba0 c01106 0201 00030002",
			Options{},
			"(65001) 174 196610",
		},
		{
			"a leading confederation stays in front of a whole replacement", "400208 0301 fde9 0201 5ba0 c01106 0201 00030002",
			Options{},
			"(65001) 196610",
		},
		{
			"next to what is prepended", "40020c 0201 00ae 0301 fde9 0201 5ba0 c01106 0201 00030002",
			Options{},
			"174 (65001) 196610",
		},
		{
			"behind what is replaced", "40020e 0202 00ae 5ba0 0301 fde9 0201 5ba0 c0110a 0202 00030001 00030002",
			Options{},
			"174 196609 196610",
		},
		{
			"confederations in AS4_PATH are discarded", "400206 0202 00ae 5ba0 c0110c 0301 0000fde9 0201 00030002",
			Options{},
			"174 196610",
		},
		{
			"nothing but confederations in AS4_PATH", "400206 0202 00ae 5ba0 c01106 0301 0000fde9",
			Options{},
			"174 23456",
		},
		{
			"empty AS4_PATH", "400206 0202 00ae 5ba0 c01100",
			Options{},
			"174 23456",
		},
		{
			"aggregated anew by a speaker of 2-byte numbers: both AS4 attributes are out of date",
			"400206 0202 00ae 5ba0 c00706 00ae c0000202 c01208 00030002 c0000202 c01106 0201 00030002",
			Options{},
			"174 23456",
		},
		{
			"between speakers of 4-byte numbers it is ignored", "400206 0201 00005ba0 c01106 0201 00030002",
			Options{AS4: true},
			"23456",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var u Update
			msg := message(t, "", origin+nextHop+tt.attributes, route)
			for range 2 { // the second time over the buffers of the first
				if err := u.Decode(msg, tt.opt); err != nil {
					t.Fatal(err)
				}
				if got := u.Path.String(); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if normal, _, _ := checkPath(u.Path, 4); !normal {
					t.Errorf("% x is not in the normal form", []byte(u.Path))
				}
			}
		})
	}
}

func TestMergeAggregator(t *testing.T) {
	const base = origin + nextHop + "400200"
	for _, tt := range []struct {
		attributes string
		want       checks.ASN
		addr       string
	}{
		{"c00706 5ba0 c0000202 c01208 00030002 c0000203", 196610, "192.0.2.3"},
		{"c00706 00ae c0000202 c01208 00030002 c0000203", 174, "192.0.2.2"},
		{"c01208 00030002 c0000203", 0, "invalid IP"},
		{"c00706 5ba0 c0000202", 23456, "192.0.2.2"},
	} {
		var u Update
		if err := u.Decode(message(t, "", base+tt.attributes, route), Options{}); err != nil {
			t.Fatal(err)
		}
		if u.AggregatorAS != tt.want || u.AggregatorAddr.String() != tt.addr {
			t.Errorf("%s: got %v %v, want %v %v", tt.attributes, u.AggregatorAS, u.AggregatorAddr, tt.want, tt.addr)
		}
	}
}

func TestMakeRawPathRefuses(t *testing.T) {
	for _, p := range []checks.Path{{{}}, {make(checks.Hop, 256)}} {
		if b, err := MakeRawPath(p); err == nil {
			t.Errorf("a hop of %d: %x, want an error", len(p[0]), []byte(b))
		}
	}
	if diff := cmp.Diff(RawPath(nil).Path(), checks.Path{}); diff != "" {
		t.Error(diff)
	}
}
