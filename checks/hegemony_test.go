package checks

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// path reads "1 2 {3,4}".
func path(t testing.TB, s string) Path {
	t.Helper()
	var p Path
	for field := range strings.FieldsSeq(s) {
		var hop Hop
		for n := range strings.SplitSeq(strings.Trim(field, "{}"), ",") {
			a, err := strconv.ParseUint(n, 10, 32)
			if err != nil {
				t.Fatalf("path %q: %v", s, err)
			}
			hop = append(hop, ASN(a))
		}
		p = append(p, hop)
	}
	return p
}

func sameHegemony(t *testing.T, scope string, got, want map[ASN]float64) {
	t.Helper()
	for a, w := range want {
		if g := got[a]; math.Abs(g-w) > 1e-9 {
			t.Errorf("scope %s, %v: got %.12f, want %.12f", scope, a, g, w)
		}
	}
	for a, g := range got {
		if _, ok := want[a]; !ok {
			t.Errorf("scope %s, %v: got %.12f, want it absent", scope, a, g)
		}
	}
}

// The code of the Internet Health Report gives the global scope, and the
// virtual origin in it, the number -1.
const theirGlobal = "-1"

type hegemonyCase struct {
	Name   string
	Params struct {
		Alpha  float64
		AF     int
		Sparse bool
	}
	Routes []struct {
		PeerASN string     `json:"peer_asn"`
		PeerIP  netip.Addr `json:"peer_ip"`
		Prefix  netip.Prefix
		ASPath  string `json:"as_path"`
	}
	Expected struct {
		TotalPeers int `json:"total_peers"`
		Scopes     map[string]struct {
			Hege    map[string]float64
			NbPeers int `json:"nb_peers"`
		}
	}
}

func TestHegemonyVectors(t *testing.T) {
	data := os.Getenv("ISITDOWN_TESTDATA")
	if data == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	raw, err := os.ReadFile(filepath.Join(data, "vectors", "hegemony.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []hegemonyCase }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 16 {
		t.Errorf("got %d cases, want 16", len(file.Cases))
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t) })
	}
}

func (c hegemonyCase) run(t *testing.T) {
	if c.Params.Alpha != 0.1 || c.Params.Sparse {
		t.Fatalf("got parameters %+v, want alpha 0.1 and not sparse", c.Params)
	}
	var routes []ViewRoute
	for _, r := range c.Routes {
		routes = append(routes, ViewRoute{Peer: path(t, r.PeerASN)[0][0], Session: r.PeerIP, Prefix: r.Prefix, Path: path(t, r.ASPath)})
	}
	scopes, viewpoints := Hegemony(slices.Values(routes), HegemonyOptions{
		IPv6:     c.Params.AF == 6,
		Global:   true,
		SeenOnly: c.Name == "multi_ip_peer_as", // the one case where their code departs from their text
	})
	if viewpoints != c.Expected.TotalPeers {
		t.Errorf("viewpoints: got %d, want %d", viewpoints, c.Expected.TotalPeers)
	}
	if len(scopes) != len(c.Expected.Scopes) {
		t.Errorf("got %d scopes, want %d", len(scopes), len(c.Expected.Scopes))
	}
	for name, s := range c.Expected.Scopes {
		scope, want := GlobalScope, make(map[ASN]float64)
		if name != theirGlobal {
			scope = path(t, name)[0][0]
		}
		for a, h := range s.Hege {
			if a != theirGlobal {
				want[path(t, a)[0][0]] = h
			}
		}
		got, ok := scopes[scope]
		if !ok || got.Viewpoints != s.NbPeers {
			t.Errorf("scope %s: got %d viewpoints (there: %v), want %d", name, got.Viewpoints, ok, s.NbPeers)
		}
		sameHegemony(t, name, got.Hegemony, want)
	}
}

// Two sessions of AS1 and one session each of AS2 and AS3; three viewpoints, so
// nothing is trimmed. AS100 announces a /22 of 1,024 addresses; AS200 a /24
// inside it, which the second session of AS1 has not got.
//
//	AS1 session 1: /22 by 1 10 100 weighs 768; /24 by 1 {20,21} 200
//	AS1 session 2: /22 by 1 11 100 weighs 1,024
//	AS2:           /22 by 2 10 10 100 666 100 weighs 768; /24 by 2 20 200
//	AS3:           only a prefix of its own: counts 0 for both
func handRoutes(t *testing.T) []ViewRoute {
	s1, s2 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	wide, narrow := netip.MustParsePrefix("10.0.0.0/22"), netip.MustParsePrefix("10.0.1.0/24")
	return []ViewRoute{
		{1, s1, narrow, path(t, "1 {20,21} 200")}, // order must not matter
		{1, s1, wide, path(t, "1 10 100")},
		{1, s1, wide, path(t, "1 99 100")}, // a second route for the same prefix
		{1, s2, wide, path(t, "1 11 100")},
		{2, s1, wide, path(t, "2 10 10 100 666 100")},
		{2, s1, narrow, path(t, "2 20 200")},
		{2, s1, netip.MustParsePrefix("0.0.0.0/0"), path(t, "2 55")},
		{2, s1, netip.MustParsePrefix("2001:db8::/32"), path(t, "2 66")},
		{3, s1, netip.MustParsePrefix("192.0.2.0/24"), nil}, // its own
	}
}

func TestHegemonyByHand(t *testing.T) {
	scopes, viewpoints := Hegemony(slices.Values(handRoutes(t)), HegemonyOptions{})
	if viewpoints != 3 {
		t.Errorf("viewpoints: got %d, want 3", viewpoints)
	}
	// AS10 is on 1/2 of AS1's sessions, all of AS2, none of AS3: (0.5+1+0)/3.
	sameHegemony(t, "100", scopes[100].Hegemony, map[ASN]float64{100: 2.0 / 3, 1: 1.0 / 3, 2: 1.0 / 3, 10: 0.5, 11: 0.5 / 3})
	// One of AS1's two sessions sees AS200, half of that by AS20: (0.25+1+0)/3.
	sameHegemony(t, "200", scopes[200].Hegemony, map[ASN]float64{200: 0.5, 1: 0.5 / 3, 2: 1.0 / 3, 20: 1.25 / 3, 21: 0.25 / 3})
	sameHegemony(t, "3", scopes[3].Hegemony, map[ASN]float64{3: 1.0 / 3})
	if got := scopes[100]; got.Viewpoints != 2 || got.Space != 1024 {
		t.Errorf("AS100: got %d viewpoints and %g addresses, want 2 and 1024", got.Viewpoints, got.Space)
	}
	if _, ok := scopes[GlobalScope]; ok || len(scopes) != 3 {
		t.Errorf("got scopes %v, want 3, 100 and 200", slices.Sorted(maps.Keys(scopes)))
	}

	seen, _ := Hegemony(slices.Values(handRoutes(t)), HegemonyOptions{SeenOnly: true})
	// Over the sessions that saw it, AS10 and AS11 are on all of AS1's.
	sameHegemony(t, "100, sessions that saw it", seen[100].Hegemony, map[ASN]float64{100: 2.0 / 3, 1: 1.0 / 3, 2: 1.0 / 3, 10: 2.0 / 3, 11: 1.0 / 3})
}

// AS100 announces 1,024 addresses and hangs on AS7 wholly; AS200 announces 256
// (its /25s lie inside its /24) and hangs on AS7 by half: (1024 + 128) / 1280.
func TestBaselineHegemony(t *testing.T) {
	half := []PathSeen{{path(t, "1 7 200"), []ASN{1}}, {path(t, "2 8 200"), []ASN{2}}}
	got := BaselineHegemony([]BaselinePrefix{
		{Prefix: netip.MustParsePrefix("10.0.0.0/22"), Paths: []PathSeen{{path(t, "7 100"), []ASN{1, 2}}}},
		{Prefix: netip.MustParsePrefix("10.1.0.0/24"), Paths: half},
		{Prefix: netip.MustParsePrefix("10.1.0.0/25"), Paths: half},
		{Prefix: netip.MustParsePrefix("2001:db8::/32"), Paths: []PathSeen{{path(t, "9 100"), []ASN{1, 2}}}},
	})
	sameHegemony(t, "both", got, map[ASN]float64{100: 0.8, 200: 0.2, 7: 0.9, 8: 0.1, 1: 0.1, 2: 0.1})

	// Without IPv4 the IPv6 prefixes count, each 1.
	got = BaselineHegemony([]BaselinePrefix{
		{Prefix: netip.MustParsePrefix("10.0.0.0/22")},
		{Prefix: netip.MustParsePrefix("2001:db8::/32"), Paths: []PathSeen{{path(t, "1 7 100"), []ASN{1}}}},
		{Prefix: netip.MustParsePrefix("2001:db8:1::/48"), Paths: []PathSeen{{path(t, "1 8 100"), []ASN{1}}, {nil, []ASN{9}}}},
	})
	// Viewpoint AS9 originates the /48 itself: 0 for AS100, 1 for AS9. Space:
	// 2 prefixes of AS100, 1 of AS9.
	sameHegemony(t, "IPv6", got, map[ASN]float64{100: 1.0 / 3, 1: 1.0 / 3, 7: 0.5 / 3, 8: 0.5 / 3, 9: 0.5 / 3})

	for _, none := range [][]BaselinePrefix{nil, {{Prefix: netip.MustParsePrefix("10.0.0.0/22")}}} {
		if got := BaselineHegemony(none); got != nil {
			t.Errorf("without paths: got %v, want nil", got)
		}
	}
}

// Two runs give the same bits, whatever the order of maps.
func TestHegemonyRepeats(t *testing.T) {
	prefixes := countryBaseline(50, 30)
	want := BaselineHegemony(prefixes)
	if len(want) == 0 {
		t.Fatal("got nothing to compare")
	}
	for range 20 {
		if got := BaselineHegemony(prefixes); !maps.Equal(got, want) {
			t.Fatal("a second run differs")
		}
	}
}

func TestTrimmedMean(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		n      int
		want   float64
	}{
		{[]float64{1}, 1, 1},
		{[]float64{1, 1}, 20, 0},                                // both are cut as the highest
		{[]float64{1, 1, 1}, 20, 1.0 / 16},                      // one is left of 16
		{[]float64{9, 1, 2, 3, 4, 5, 6, 7, 8, 10}, 10, 44. / 8}, // without 1 and 10
		{[]float64{.5, .25}, 9, .75 / 9},
		{nil, 5, 0},
	} {
		if got := trimmedMean(slices.Clone(tt.values), tt.n); math.Abs(got-tt.want) > 1e-15 {
			t.Errorf("%v of %d: got %g, want %g", tt.values, tt.n, got, tt.want)
		}
	}
}

// countryBaseline makes a country: each peer reaches each prefix by a path of
// its own of five ASes, ten prefixes an origin, every tenth a covering /16.
func countryBaseline(peers, prefixes int) []BaselinePrefix {
	list := make([]BaselinePrefix, prefixes)
	for i := range list {
		bits := 24
		if i%10 == 0 {
			bits = 16
		}
		addr := netip.AddrFrom4([4]byte{10 + byte(i/2560), byte(i / 10), byte(i % 10), 0})
		list[i].Prefix = netip.PrefixFrom(addr, bits)
		for p := range peers {
			mid, border, origin := ASN(3000+p%12), ASN(5000+(p+i/10)%4), ASN(10000+i/10)
			list[i].Paths = append(list[i].Paths, PathSeen{
				Path: MakePath(ASN(100+p), mid, border, border, origin), Peers: []ASN{ASN(100 + p)},
			})
		}
	}
	return list
}

// One country as a full baseline holds it: 600 viewpoints, 3,000 prefixes.
func BenchmarkBaselineHegemony(b *testing.B) {
	for _, peers := range []int{60, 600} {
		b.Run(fmt.Sprintf("peers=%d/prefixes=3000", peers), func(b *testing.B) {
			prefixes := countryBaseline(peers, 3000)
			b.ReportAllocs()
			for b.Loop() {
				BaselineHegemony(prefixes)
			}
		})
	}
}
