package rpki

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"isitdown/checks"
)

// load makes a set of lines "prefix maxLength asn".
func load(t testing.TB, lines ...string) *Set {
	t.Helper()
	var list []string
	for _, line := range lines {
		f := strings.Fields(line)
		list = append(list, fmt.Sprintf(`{"asn":%s,"prefix":"%s","maxLength":%s,"ta":"test"}`, f[2], f[0], f[1]))
	}
	s, err := Load(strings.NewReader(`{"metadata":{"buildtime":"2025-03-18T09:40:00Z"},"roas":[`+strings.Join(list, ",")+`]}`), "vrps.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func route(prefix string, origin checks.ASN) checks.RouteOrigin {
	return checks.RouteOrigin{Prefix: netip.MustParsePrefix(prefix), Origin: origin}
}

// The definitions of RFC 6811, section 2, one by one, and AS0 of RFC 6483, section 4.
func TestValidate(t *testing.T) {
	s := load(
		t,
		"175.45.176.0/22 22 131279", // the ROA of March 2025: https://labs.ripe.net/author/romain_fontugne/
		"10.1.0.0/16 24 64496",
		"10.1.0.0/16 16 64497",
		"10.1.2.0/24 24 64498",
		"192.0.2.0/24 32 0",
		"198.51.100.0/24 24 0",
		"198.51.100.0/24 24 64499",
		"203.0.113.0/24 24 64500",
		"203.0.113.0/24 24 64501",
		"203.0.113.0/24 24 64502",
		"203.0.113.0/24 24 64503",
		"203.0.113.0/24 24 64504",
		"2001:db8::/32 48 64496",
		"2001:db8:1::/48 128 64497",
		"0.0.0.0/1 1 64505",
	)
	tests := []struct {
		route  checks.RouteOrigin
		want   checks.Validity
		reason string // a part of it
	}{
		{route("175.45.176.0/24", 131279), checks.Invalid, "the ROA for 175.45.176.0/22 of AS131279 allows no longer prefix than /22"},
		{route("175.45.176.0/22", 131279), checks.Valid, "the ROA for 175.45.176.0/22 of AS131279"},
		{route("175.45.176.0/21", 131279), checks.NotFound, "no ROA covers it"}, // a covering route is not covered
		{route("175.45.176.0/22", 64496), checks.Invalid, "the ROA for 175.45.176.0/22 is of AS131279, not of AS64496"},
		{route("175.45.176.0/24", 64496), checks.Invalid, "is of AS131279, not of AS64496"},

		{route("10.1.0.0/16", 64496), checks.Valid, ""},
		{route("10.1.0.0/16", 64497), checks.Valid, ""},
		{route("10.1.9.0/24", 64496), checks.Valid, "10.1.0.0/16"},
		{route("10.1.9.0/24", 64497), checks.Invalid, "allows no longer prefix than /16"},
		{route("10.1.9.0/25", 64496), checks.Invalid, "allows no longer prefix than /24"},
		{route("10.1.2.0/24", 64496), checks.Valid, "10.1.0.0/16"}, // a ROA for a more-specific takes nothing away
		{route("10.1.2.0/24", 64498), checks.Valid, "10.1.2.0/24"},
		{route("10.1.2.0/24", 64999), checks.Invalid, "the ROA for 10.1.2.0/24 is of AS64498"}, // the nearest is named
		{route("10.1.0.0/16", 64498), checks.Invalid, "AS64496, AS64497"},                      // that of AS64498 lies inside
		{route("10.1.9.0/24", 0), checks.Invalid, "it has no single origin"},                   // an AS_SET
		{route("200.2.0.0/16", 0), checks.NotFound, ""},

		{route("192.0.2.0/24", 64496), checks.Invalid, "of AS0: no network may announce it"},
		{route("192.0.2.7/32", 64496), checks.Invalid, "of AS0"},
		{route("192.0.2.0/24", 0), checks.Invalid, "of AS0"},         // AS0 matches nothing, itself included
		{route("198.51.100.0/24", 64499), checks.Valid, "AS64499"},   // another ROA beside one of AS0
		{route("198.51.100.0/24", 64500), checks.Invalid, "AS64499"}, // and is the one to be named
		{route("203.0.113.0/24", 1), checks.Invalid, "AS64500, AS64501, AS64502, 2 more, not of AS1"},
		{route("0.0.0.0/1", 64505), checks.Valid, ""},
		{route("0.0.0.0/0", 64505), checks.NotFound, ""},
		{route("128.0.0.0/2", 64505), checks.NotFound, ""},
		{route("100.0.0.0/8", 64505), checks.Invalid, "/1"},

		{route("2001:db8::/48", 64496), checks.Valid, ""},
		{route("2001:db8::/49", 64496), checks.Invalid, "/48"},
		{route("2001:db8:1::1/128", 64497), checks.Valid, ""},
		{route("2001:db8:2::/48", 64497), checks.Invalid, ""},
		{route("2001:db9::/32", 64496), checks.NotFound, ""},
		{route("2001:da0::/27", 64496), checks.NotFound, ""},
		{checks.RouteOrigin{}, checks.ValidityUnknown, "no route"},
	}
	for _, tt := range tests {
		got := s.Validate(tt.route)
		if got.State != tt.want || !strings.Contains(got.Reason, tt.reason) {
			t.Errorf("%v of %v: got %v (%s), want %v (%s)", tt.route.Prefix, tt.route.Origin, got.State, got.Reason, tt.want, tt.reason)
		}
		if got.Route != tt.route || got.Source != "vrps.json" || !got.AsOf.Equal(s.AsOf) {
			t.Errorf("%v: got %+v: not the route, the source and the time that were asked about", tt.route, got)
		}
	}
}

// A bit behind the length of a route changes nothing.
func TestValidateMasks(t *testing.T) {
	s := load(t, "10.1.0.0/16 24 64496")
	if got := s.Validate(route("10.1.9.77/24", 64496)); got.State != checks.Valid {
		t.Errorf("got %v, want valid", got.State)
	}
}

// The table agrees with the two sentences of the RFC, taken one VRP after another.
func TestValidateAgreesWithNaive(t *testing.T) {
	type listed struct {
		p   netip.Prefix
		max int
		asn checks.ASN
	}
	prefix := func(t *rapid.T, name string) netip.Prefix {
		// Few different bits, so that prefixes cover and equal one another.
		high := byte(rapid.IntRange(0, 3).Draw(t, name+" high"))
		low := byte(rapid.SampledFrom([]int{0, 64, 128, 192}).Draw(t, name+" low"))
		if rapid.Bool().Draw(t, name+" v6") {
			a := netip.AddrFrom16([16]byte{0x20, high, low, 0, 0, 0, 0, high, low, 15: low})
			return netip.PrefixFrom(a, rapid.SampledFrom([]int{0, 7, 15, 16, 17, 18, 63, 64, 65, 66, 72, 127, 128}).Draw(t, name+" bits")).Masked()
		}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, high, low, low}), rapid.IntRange(0, 32).Draw(t, name+" bits")).Masked()
	}
	rapid.Check(t, func(t *rapid.T) {
		var list []listed
		var lines []string
		for i := range rapid.IntRange(1, 25).Draw(t, "vrps") {
			p := prefix(t, fmt.Sprint("vrp ", i))
			l := listed{p, rapid.IntRange(p.Bits(), p.Addr().BitLen()).Draw(t, "max"), checks.ASN(rapid.IntRange(0, 3).Draw(t, "asn"))}
			list = append(list, l)
			lines = append(lines, fmt.Sprintf(`{"prefix":%q,"maxLength":%d,"asn":"AS%d"}`, l.p, l.max, l.asn))
		}
		s, err := Load(strings.NewReader(`{"roas":[`+strings.Join(lines, ",")+`]}`), "x")
		if err != nil {
			t.Fatal(err)
		}
		r := checks.RouteOrigin{Prefix: prefix(t, "route"), Origin: checks.ASN(rapid.IntRange(0, 3).Draw(t, "origin"))}
		want := checks.NotFound
		for _, l := range list {
			if l.p.Addr().Is6() != r.Prefix.Addr().Is6() || l.p.Bits() > r.Prefix.Bits() || !l.p.Contains(r.Prefix.Addr()) {
				continue
			}
			if want == checks.NotFound {
				want = checks.Invalid
			}
			if r.Origin != 0 && l.asn == r.Origin && r.Prefix.Bits() <= l.max {
				want = checks.Valid
			}
		}
		if got := s.Validate(r); got.State != want || got.Reason == "" {
			t.Fatalf("%v of %v: got %v (%s), want %v", r.Prefix, r.Origin, got.State, got.Reason, want)
		}
	})
}
