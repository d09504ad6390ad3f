package checks

import (
	"fmt"
	"strings"
	"testing"
)

// parsePath reads "3356 4837 {1,2}".
func parsePath(t *testing.T, text string) (p Path) {
	t.Helper()
	for w := range strings.FieldsSeq(text) {
		hop := Hop{}
		for m := range strings.SplitSeq(strings.Trim(w, "{}"), ",") {
			var a ASN
			if _, err := fmt.Sscan(m, &a); err != nil {
				t.Fatal(err)
			}
			hop = append(hop, a)
		}
		p = append(p, hop)
	}
	return p
}

// upstreams writes "AS4837 100>50 (AS3356, AS1299)": the share before and now in
// per cent, and who is behind.
func upstreams(list []Upstream) string {
	var out []string
	for _, u := range list {
		text := fmt.Sprintf("%s %.0f>%.0f", u.ASN, 100*u.ShareBefore, 100*u.Share)
		var behind []string
		for _, b := range u.Behind {
			behind = append(behind, b.ASN.String())
		}
		if len(behind) > 0 {
			text += " (" + strings.Join(behind, " ") + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// AS131279 and AS131280 are at home.
func TestCarriers(t *testing.T) {
	tests := []struct {
		name          string
		before, now   []string // paths of AS1, AS2 and so on, one prefix
		last, borders string
		none          int
	}{
		{
			"one upstream",
			[]string{"1 3356 4837 131279", "2 1299 4837 131279"},
			[]string{"1 3356 4837 131279", "2 1299 4837 131279"},
			"AS4837 100>100 (AS1299 AS3356)", "AS4837 100>100 (AS1299 AS3356)", 0,
		},
		{
			"route servers and private numbers carry nothing",
			[]string{"1 3356 6695 4837 64512 131279", "2 6777 1299 4837 15169 131279"},
			[]string{"1 3356 6695 4837 64512 131279", "2 6777 1299 4837 15169 131279"},
			"AS4837 100>100 (AS1299 AS3356)", "AS4837 100>100 (AS1299 AS3356)", 0,
		},
		{
			"changed for one of two",
			[]string{"1 3356 4837 131279", "2 1299 4837 131279"},
			[]string{"1 3356 4837 131279", "2 1299 20485 131279"},
			"AS4837 100>50 (AS3356 AS1299), AS20485 0>50 (AS1299)", "AS4837 100>50 (AS3356 AS1299), AS20485 0>50 (AS1299)", 0,
		},
		{
			"prepends are passed over",
			[]string{"1 3356 4837 4837 131279 131279 131279"},
			[]string{"1 3356 4837 131279 131279"},
			"AS4837 100>100 (AS3356)", "AS4837 100>100 (AS3356)", 0,
		},
		{
			"a network of the country in between",
			[]string{"1 3356 4837 131280 131279"},
			[]string{"1 3356 4837 131280 131279"},
			"AS131280 100>100 (AS4837)", "AS4837 100>100 (AS3356)", 0,
		},
		{
			"an AS_SET is passed over",
			[]string{"1 3356 4837 {7,8} 131279"},
			[]string{"1 3356 4837 {7,8}"},
			"AS4837 100>100 (AS3356)", "AS4837 100>100 (AS3356)", 0,
		},
		{
			"an origin abroad is its own border",
			[]string{"1 3356 4837"},
			[]string{"1 3356 4837"},
			"AS3356 100>100 (AS1)", "AS4837 100>100 (AS3356)", 0,
		},
		{
			"a peer that does not prepend itself: none visible", []string{"131279"}, []string{"131279"}, "", "", 1,
		},
		{
			"a path at home alone: a last hop, no border", []string{"131280 131279"}, []string{"131280 131279"}, "AS131280 100>100", "", 1,
		},
		{
			"the vantage point itself is next to it", []string{"4837 131279"}, []string{"4837 131279"}, "AS4837 100>100", "AS4837 100>100", 0,
		},
		{
			"an empty path", []string{"", "2 4837 131279"}, []string{"", "2 4837 131279"}, "AS4837 100>100 (AS2)", "AS4837 100>100 (AS2)", 0,
		},
		{
			"gone: the shares are of before",
			[]string{"1 3356 4837 131279", "2 20485 131279"},
			nil,
			"AS4837 50>0 (AS3356), AS20485 50>0 (AS2)", "AS4837 50>0 (AS3356), AS20485 50>0 (AS2)", 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := testCase(1)
			c.Footprint.Home = []ASN{131279, 131280}
			c.Rules.RouteServers = []ASN{15169}
			c.Baseline.Prefixes[0].Paths, c.Observations[0].Paths = nil, nil
			for i, text := range tt.before {
				c.Baseline.Prefixes[0].Paths = append(c.Baseline.Prefixes[0].Paths, PathSeen{parsePath(t, text), []ASN{ASN(i + 1)}})
			}
			for i, text := range tt.now {
				c.Observations[0].Paths = append(c.Observations[0].Paths, PathSeen{parsePath(t, text), []ASN{ASN(i + 1)}})
			}
			v := Assess(c)
			if got := upstreams(v.LastHops); got != tt.last {
				t.Errorf("last hops %s, want %s", got, tt.last)
			}
			if got := upstreams(v.Borders); got != tt.borders {
				t.Errorf("borders %s, want %s", got, tt.borders)
			}
			if v.NoUpstream != tt.none {
				t.Errorf("no upstream visible for %d prefixes, want %d", v.NoUpstream, tt.none)
			}
		})
	}
}

// Twelve of fourteen prefixes whose only path is the origin alone, as a peer has
// them that does not prepend itself: no upstream is visible, and none is guessed.
func TestCarriersWithoutForeignAS(t *testing.T) {
	c := testCase(14)
	for i := range 12 {
		alone := []PathSeen{{MakePath(131279), []ASN{1}}}
		c.Baseline.Prefixes[i].Paths, c.Observations[i].Paths = alone, alone
	}
	v := Assess(c)
	if v.NoUpstream != 12 || upstreams(v.Borders) != "AS4837 87>87 (AS3356)" {
		t.Errorf("no upstream for %d, borders %s; want 12, AS4837 of 80 in 92 paths", v.NoUpstream, upstreams(v.Borders))
	}
}

// Of a network it is the last hop that counts, wherever the network is.
func TestCarriersOfANetwork(t *testing.T) {
	c := testCase(1)
	c.Footprint.Target = Network(131279)
	alone := []PathSeen{{MakePath(131280, 131279), []ASN{1}}}
	c.Footprint.Home = []ASN{131279, 131280}
	c.Baseline.Prefixes[0].Paths, c.Observations[0].Paths = alone, alone
	v := Assess(c)
	if got := upstreams(v.Upstreams()); got != "AS131280 100>100" || v.NoUpstream != 0 {
		t.Errorf("upstreams %s, none for %d; want AS131280 100>100, none for 0", got, v.NoUpstream)
	}
}

func TestBehindIsLimited(t *testing.T) {
	c := testCase(1)
	for i := range 5 {
		c.Observations[0].Paths = append(c.Observations[0].Paths, PathSeen{MakePath(9, ASN(100+i), 4837, 131279), []ASN{ASN(50 + i)}})
	}
	if n := len(Assess(c).LastHops[0].Behind); n != MaxBehind {
		t.Errorf("%d are listed behind, want %d", n, MaxBehind)
	}
}

// A route that updates alone imply has no path, and nobody carries it.
func TestCarriersOfImpliedRoutes(t *testing.T) {
	c := Case{Baseline: Baseline{MovedOnly: true, Prefixes: []BaselinePrefix{{
		Prefix: prefixes("192.0.2.0/24")[0],
		Paths:  []PathSeen{{Peers: []ASN{1299, 2914}}, {Path: MakePath(174, 3356, 64496), Peers: []ASN{174}}},
	}}}}
	last, _, _ := carriers(&c)
	if len(last) != 1 || last[0].ASN != 3356 || last[0].ShareBefore != 1 || last[0].Hegemony != 1 {
		t.Errorf("carriers %+v, want AS3356 on all paths that were seen", last)
	}
	if b := last[0].Behind; len(b) != 1 || b[0].ASN != 174 || b[0].Hegemony != 1 {
		t.Errorf("behind it %+v, want AS174 with its own hegemony", b)
	}
}

// What vantage points carried that cannot be asked now is unseen, of all that was or is.
func TestUnseenCarriers(t *testing.T) {
	c := testCase(1)
	paths := []PathSeen{
		{parsePath(t, "3356 4837 131279"), []ASN{1, 2}}, {parsePath(t, "1299 20485 131279"), []ASN{3}}, {parsePath(t, "2914 20485 131279"), []ASN{4}},
	}
	c.Baseline.Prefixes[0].Paths = paths
	o := &c.Observations[0]
	o.Asked, o.Seen, o.Missing, o.Paths = 2, 1, []ASN{2}, []PathSeen{{paths[0].Path, []ASN{1}}}
	unseen := map[ASN]float64{}
	for _, u := range Assess(c).LastHops {
		unseen[u.ASN] = u.Unseen
	}
	// Of one route that is there and two that cannot be asked about.
	if unseen[20485] != 2.0/3 || unseen[4837] != 0 {
		t.Errorf("got %v, want two thirds of AS20485 and nothing of AS4837", unseen)
	}
	o.Asked, o.Missing = 4, []ASN{2, 3, 4}
	for _, u := range Assess(c).LastHops {
		if u.Unseen != 0 {
			t.Errorf("all were asked, and %g of %s is unseen", u.Unseen, u.ASN)
		}
	}
}
