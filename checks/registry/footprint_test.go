package registry

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks"
)

const ripeList = `2|ripencc|1404165599|7|19830705|20140630|+0200
ripencc|*|ipv4|*|5|summary
ripencc|*|asn|*|3|summary
ripencc|SY|ipv4|5.0.0.0|65536|20120101|allocated
ripencc|SY|ipv4|5.1.0.0|65536|20120101|allocated
ripencc|EU|ipv4|192.0.2.0|256|20120101|allocated
ripencc|KP|ipv4|198.51.100.0|256|20120101|assigned
ripencc||ipv4|233.252.0.0|256|20120101|assigned
ripencc|SY|asn|29386|1|20120101|allocated
ripencc|EU|asn|3320|1|20120101|allocated
ripencc|US|asn|8347|1|20120101|allocated
`

const someNames = `{"131279": "STAR-KP Ryugyong-dong, KP", "3356": "LEVEL3 - Level 3 Communications, Inc., US",
	"0": "-Reserved AS-, ZZ", "64500": "X\u0007Y  Z", "64501": ", , ZZ", "64502": "FOO, Inc."}`

var equal = cmp.Options{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmp.Comparer(func(a, b checks.Target) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func TestFootprint(t *testing.T) {
	r := load(t, apnicList, ripeList, someNames)
	apnic := time.Date(2014, 12, 24, 0, 0, 0, 0, time.UTC)
	ripe := time.Date(2014, 6, 30, 0, 0, 0, 0, time.UTC)
	const both = "RIR delegated statistics: apnic 2014-12-24, ripencc 2014-06-30"
	const justAPNIC, justRIPE = "RIR delegated statistics: apnic 2014-12-24", "RIR delegated statistics: ripencc 2014-06-30"
	kp := []checks.ASN{131279}
	tests := []struct {
		text string
		want checks.Footprint
	}{
		{"North Korea", checks.Footprint{Name: "North Korea", Country: "KP", Prefixes: space("175.45.176.0/22 198.51.100.0/24"), Origins: kp, Home: kp, AsOf: ripe, Source: both}},
		{"TO", checks.Footprint{
			Name: "Tonga", Country: "TO", Origins: []checks.ASN{38198, 38199}, Home: []checks.ASN{38198, 38199}, AsOf: apnic, Source: justAPNIC,
			Prefixes: space("202.134.24.0/21 203.0.113.3/32 203.0.113.4/30 203.0.113.8/29 203.0.113.16/28 203.0.113.32/27 203.0.113.64/26 203.0.113.128/25 203.0.114.0/23 2400:6400::/32"),
		}},
		// Two rows that touch are one prefix: counting units are prefixes, not rows.
		{"syria", checks.Footprint{Name: "Syria", Country: "SY", Prefixes: space("5.0.0.0/15"), Origins: []checks.ASN{29386}, Home: []checks.ASN{29386}, AsOf: ripe, Source: justRIPE}},
		{"US", checks.Footprint{
			Name: "United States", Country: "US", Origins: []checks.ASN{8347}, Home: []checks.ASN{8347}, AsOf: ripe, Source: justRIPE,
			Notes: []string{
				"no address space is registered to US, only AS numbers",
				"no list of arin was given, where most of US is usually registered: what it holds is missing here",
			},
		}},
		{"AS131279", checks.Footprint{Name: "STAR-KP Ryugyong-dong", Country: "KP", Origins: kp, Home: kp, AsOf: apnic, Source: justAPNIC}},
		{"AS38199", checks.Footprint{Country: "TO", Origins: []checks.ASN{38199}, Home: []checks.ASN{38198, 38199}, AsOf: apnic, Source: justAPNIC}},
		{"AS3320", checks.Footprint{Origins: []checks.ASN{3320}, AsOf: ripe, Source: justRIPE, Notes: []string{"AS3320 is registered to EU, so its country is not known"}}},
		{"AS3356", checks.Footprint{
			Name: "LEVEL3 - Level 3 Communications, Inc.", Country: "US", Origins: []checks.ASN{3356}, Home: []checks.ASN{8347},
			Notes: []string{
				"AS3356 is in no registry list given: that it is in US stands in the list of AS names",
				"no list of arin was given: the networks of US are known in part only",
			},
		}},
		{"AS64500", checks.Footprint{Name: "X Y Z", Origins: []checks.ASN{64500}, Notes: []string{"AS64500 is in no registry list given (apnic 2014-12-24, ripencc 2014-06-30)"}}},
		{"175.45.177.0/24", checks.Footprint{Country: "KP", Prefixes: space("175.45.177.0/24"), Home: kp, AsOf: apnic, Source: justAPNIC}},
		{"175.45.176.1", checks.Footprint{Country: "KP", Prefixes: space("175.45.176.1/32"), Home: kp, AsOf: apnic, Source: justAPNIC}},
		{"2400:6400:1::1", checks.Footprint{Country: "TO", Prefixes: space("2400:6400:1::1/128"), Home: []checks.ASN{38198, 38199}, AsOf: apnic, Source: justAPNIC}},
		{"175.45.0.0/16", checks.Footprint{
			Country: "KP", Prefixes: space("175.45.0.0/16"), Home: kp, AsOf: apnic, Source: justAPNIC,
			Notes: []string{"only a part of 175.45.0.0/16 is registered in the lists given, to KP"},
		}},
		{"0.0.0.0/0", checks.Footprint{Prefixes: space("0.0.0.0/0"), AsOf: ripe, Source: both, Notes: []string{"0.0.0.0/0 holds space of EU, KP, SY, TO and ZZ, so its country is not known"}}},
		{"192.0.2.1", checks.Footprint{Prefixes: space("192.0.2.1/32"), AsOf: ripe, Source: justRIPE, Notes: []string{"192.0.2.1 is registered to EU, so its country is not known"}}},
		{"233.252.0.1", checks.Footprint{Prefixes: space("233.252.0.1/32"), AsOf: ripe, Source: justRIPE, Notes: []string{"233.252.0.1 is registered, but the list names no country"}}},
		{"8.8.8.8", checks.Footprint{Prefixes: space("8.8.8.8/32"), Notes: []string{"8.8.8.8 is in no registry list given (apnic 2014-12-24, ripencc 2014-06-30)"}}},
		{"::/0", checks.Footprint{
			Country: "TO", Prefixes: space("::/0"), Home: []checks.ASN{38198, 38199}, AsOf: apnic, Source: justAPNIC,
			Notes: []string{"only a part of ::/0 is registered in the lists given, to TO"},
		}},
		{"example.org", checks.Footprint{}},
		{"https://example.org/x", checks.Footprint{}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got := footprint(t, r, tt.text)
			tt.want.Target = got.Target
			if d := cmp.Diff(tt.want, got, equal); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func space(text string) []netip.Prefix {
	var out []netip.Prefix
	for s := range strings.FieldsSeq(text) {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestFootprintOfNothing(t *testing.T) {
	r := load(t, apnicList, ripeList)
	tests := []struct {
		target checks.Target
		want   NotRegisteredError
		say    string
	}{
		{
			checks.Country("GA"),
			NotRegisteredError{Country: "GA", Lists: []string{"apnic 2014-12-24", "ripencc 2014-06-30"}, Usual: "afrinic", Missing: true},
			"no address space is registered to GA (Gabon) in the lists given (apnic 2014-12-24, ripencc 2014-06-30): add the delegated statistics of afrinic, which would hold it",
		},
		{
			checks.Country("TV"),
			NotRegisteredError{Country: "TV", Lists: []string{"apnic 2014-12-24", "ripencc 2014-06-30"}, Usual: "apnic"},
			"no address space is registered to TV (Tuvalu) in the lists given (apnic 2014-12-24, ripencc 2014-06-30)",
		},
		{
			checks.Country("QQ"),
			NotRegisteredError{Country: "QQ", Lists: []string{"apnic 2014-12-24", "ripencc 2014-06-30"}},
			"no address space is registered to QQ in the lists given (apnic 2014-12-24, ripencc 2014-06-30)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.target.String(), func(t *testing.T) {
			_, err := r.Footprint(tt.target)
			got, ok := errors.AsType[*NotRegisteredError](err)
			if !ok {
				t.Fatalf("got %v, want a NotRegisteredError", err)
			}
			if d := cmp.Diff(tt.want, *got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if err.Error() != tt.say {
				t.Errorf("got  %s\nwant %s", err, tt.say)
			}
		})
	}
	if _, err := r.Footprint(checks.Target{}); !errors.Is(err, checks.ErrName) {
		t.Errorf("the empty target: got %v, want ErrName", err)
	}
	// Parse refuses EU, but its rows can be asked for, with a note.
	fp, err := r.Footprint(checks.Country("EU"))
	if err != nil || fp.Country != "" || len(fp.Notes) != 1 || !strings.HasPrefix(fp.Notes[0], "EU is no country") {
		t.Errorf("EU: got %+v, %v", fp, err)
	}
}

// Two lists that disagree: the newer one holds the place, and it is said.
func TestFootprintOfMovedSpace(t *testing.T) {
	moved := "2|ripencc|20150101|1|19830705|20150101|+0200\nripencc|KR|ipv4|175.45.178.0|256|20150101|allocated\n"
	r := load(t, apnicList, moved)
	if got, want := prefixStrings(footprint(t, r, "KP")), "175.45.176.0/23 175.45.179.0/24"; got != want {
		t.Errorf("KP: got %s, want %s", got, want)
	}
	if got := footprint(t, r, "175.45.178.9").Country; got != "KR" {
		t.Errorf("175.45.178.9: got %q, want KR", got)
	}
	want := "1 range of IPv4 addresses is registered to two countries: the newer list counts, and within a list the smaller range"
	if got := r.Choices(); !slices.Contains(got, want) {
		t.Errorf("choices are %q, want %q", got, want)
	}
}

func TestASNames(t *testing.T) {
	r := load(t, apnicList, someNames, "1 LVLT-1, US\n64503\n131279 STAR-KP, KP\n7 A|B, GB\n")
	tests := []struct {
		asn           checks.ASN
		name, country string
	}{
		{131279, "STAR-KP", "KP"}, // the later file
		{1, "LVLT-1", "US"},
		{7, "A|B", "GB"},
		{3356, "LEVEL3 - Level 3 Communications, Inc.", "US"},
		{64500, "X Y Z", ""},
		{64501, "", ""},
		{64502, "FOO, Inc.", ""},
		{38198, "", "TO"},
		{0, "", ""},
		{4200000000, "", ""},
	}
	for _, tt := range tests {
		if name, country := r.ASName(tt.asn), r.Country(tt.asn); name != tt.name || country != tt.country {
			t.Errorf("%v: got %q in %q, want %q in %q", tt.asn, name, country, tt.name, tt.country)
		}
	}
	bad := load(t, "1 LVLT-1, US\nnonsense here\n")
	if got, want := reasons(bad), "list-1: 1 entry is no AS number and a name, left out"; len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A Registry is read by many at once; the race detector watches.
func TestFootprintConcurrently(t *testing.T) {
	r := load(t, apnicList, ripeList, someNames)
	want := prefixStrings(footprint(t, r, "KP"))
	done := make(chan string)
	for range 8 {
		go func() {
			fp, err := r.Footprint(checks.Country("KP"))
			if err != nil {
				done <- err.Error()
				return
			}
			fp.Prefixes[0] = netip.Prefix{} // a caller's own copy
			done <- prefixStrings(footprint(t, r, "KP"))
		}()
	}
	for range 8 {
		if got := <-done; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
