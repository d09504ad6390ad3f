package route

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// covers says what stands in for k1: "PREFIX AS through AS xN", "+" for an
// accepted one.
func coverText(list []checks.Cover) (out []string) {
	for _, c := range list {
		text := c.Prefix.String() + " " + c.Origin.String()
		if c.Upstream != 0 {
			text += " through " + c.Upstream.String()
		}
		if c.Accepted {
			text += " +"
		}
		out = append(out, text)
	}
	return out
}

func TestCovers(t *testing.T) {
	tests := []struct {
		name, script string
		state        checks.State
		k1           string
		covers       []string
	}{
		{
			"the /22 of the same origin was there already",
			"0s dump 1-40 k1 k2 k\n119m beat 1-40\n2h withdraw 1-40 k1",
			checks.Up, "40/40",
			[]string{"175.45.176.0/22 AS131279 through AS4837 +"},
		},
		{
			"the /22 comes instead", steady + "2h announce 1-40 k via 20485\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Up, "40/40",
			[]string{"175.45.176.0/22 AS131279 through AS20485 +"},
		},
		{
			"a /8 of the same origin is the shortest that counts", steady + "2h announce 1-40 175.0.0.0/8\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Up, "40/40",
			[]string{"175.0.0.0/8 AS131279 through AS4837 +"},
		},
		{
			"a /7 does not", steady + "2h announce 1-40 174.0.0.0/7\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Down, "0/40", nil,
		},
		{
			"nor does a default route", steady + "2h announce 1-40 0.0.0.0/0 path 4837\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Down, "0/40", nil,
		},
		{
			"another AS announces the /22 (E15)", steady + "2h announce 1-40 k path 4837\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Degraded, "0/40",
			[]string{"175.45.176.0/22 AS4837"},
		},
		{
			"a few odd ones have some cover: withdrawn all the same", steady + "2h announce 1-8 175.45.0.0/16 path 64500\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Down, "0/40",
			[]string{"175.45.0.0/16 AS64500"},
		},
		{
			"more than the residual are covered by another AS", steady + "2h announce 1-9 175.45.0.0/16 path 64500\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Degraded, "0/40",
			[]string{"175.45.0.0/16 AS64500"},
		},
		{
			"an accepted cover behind a longer foreign one", steady + "2h announce 1-40 175.45.176.0/23 path 64500\n2h announce 1-40 k\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Up, "40/40",
			[]string{"175.45.176.0/22 AS131279 through AS4837 +"},
		},
		{
			"its more-specifics took its place", steady + "2h announce 1-40 175.45.176.0/25 175.45.176.128/25\n2h withdraw 1-40 k1",
			checks.Up, "40/40", nil,
		},
		{
			"its more-specifics, one missing", steady + "2h announce 1-40 175.45.176.0/25 175.45.176.128/26\n2h withdraw 1-40 k1",
			checks.Degraded, "0/40", nil,
		},
		{
			"more-specifics of another AS", steady + "2h announce 1-40 175.45.176.0/25 175.45.176.128/25 path 64500\n2h withdraw 1-40 k1",
			checks.Degraded, "0/40", nil,
		},
		{
			"another AS announces the same prefix and all believe it (E16)", steady + "2h announce 1-40 k1 path 3356 64500",
			checks.Degraded, "0/40",
			[]string{"175.45.176.0/24 AS64500 through AS3356"},
		},
		{
			"a third believe it: never plain up", steady + "2h announce 1-13 k1 path 3356 64500",
			checks.Degraded, "27/40",
			[]string{"175.45.176.0/24 AS64500 through AS3356"},
		},
		{
			"all four at all: never withdrawn", steady + "2h announce 1-40 k1 k2 k3 k4 path 3356 64500",
			checks.Degraded, "0/40",
			[]string{"175.45.176.0/24 AS64500 through AS3356"},
		},
		{
			"a takeover hides the accepted route over it", "0s dump 1-40 k1 k2 k\n119m beat 1-40\n2h announce 1-40 k1 path 3356 64500",
			checks.Degraded, "0/40",
			[]string{"175.45.176.0/24 AS64500 through AS3356"},
		},
		{
			"several origins from the beginning are normal", "0s dump 1-20 k1\n0s dump 21-40 k1 path 3356 64500\n119m beat 1-40\n2h announce 1-20 k1 path 3356 64500",
			checks.Up, "40/40", nil,
		},
		{
			"another AS of the country", steady + "2h announce 1-40 k path 4837\n2h announce 1-40 k1 path 3356 131280",
			checks.Degraded, "0/40",
			[]string{"175.45.176.0/24 AS131280 through AS3356"},
		},
		{
			"a cover whose origin is the vantage point itself", steady + "2h announce 1-10 k path -\n2h withdraw 1-40 k1 k2 k3 k4",
			checks.Degraded, "0/40",
			[]string{
				"175.45.176.0/22 AS1", "175.45.176.0/22 AS2", "175.45.176.0/22 AS3", "175.45.176.0/22 AS4", "175.45.176.0/22 AS5",
				"175.45.176.0/22 AS6", "175.45.176.0/22 AS7", "175.45.176.0/22 AS8", "175.45.176.0/22 AS9", "175.45.176.0/22 AS10",
			},
		},
		{
			"what stands in is withdrawn too, by sessions that then end", "0s dump 1-40 k1 k2 k3 k4 k\n119m beat 1-40\n2h withdraw 1-40 k1\n2h10m withdraw 1-15 k k2 k3 k4\n2h10m20s down 1-15",
			checks.Up, "25/25",
			[]string{"175.45.176.0/22 AS131279 through AS4837 +"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t).play(tt.script)
			at := (d.now.Sub(began) + d.rib.rules.Settle).String()
			v, o := d.at(at), d.prefix(at, "k1")
			if v.State != tt.state || ratio(o) != tt.k1 {
				t.Errorf("%v, %s of those asked see k1; want %v, %s (reasons %q)", v.State, ratio(o), tt.state, tt.k1, v.Reasons)
			}
			if diff := cmp.Diff(tt.covers, coverText(o.Covers)); tt.covers != nil && diff != "" {
				t.Errorf("covers (-want +got):\n%s", diff)
			}
			if split := strings.HasPrefix(tt.name, "its more-specifics took"); o.Split != split {
				t.Errorf("split is %v, want %v", o.Split, split)
			}
		})
	}
}

// Where the route that stood in for a lost one goes too, that is when the prefix
// was lost, and it settles like any other withdrawal.
func TestCoverLost(t *testing.T) {
	d := watching(t).play("0s dump 1-40 k1 k2 k3 k4 k\n119m beat 1-40\n2h withdraw 1-40 k1\n2h40m withdraw 1-30 k\n2h41m withdraw 31-40 k\n")
	d.expect(
		want{at: "2h40m29s", state: checks.Up, k1: "40/40"},
		want{at: "2h40m30s", state: checks.Degraded, k1: "10/40", seen: 3, of: 5},
		want{at: "2h41m30s", state: checks.Degraded, k1: "0/40"},
	)
	o := d.prefix("2h41m30s", "k1")
	if got, want := crossed(o.Lost), "2h40m0s 2h40m0s 2h41m0s"; got != want {
		t.Errorf("lost at %s, want %s", got, want)
	}
}

func TestVisibleFromHalf(t *testing.T) {
	tests := []struct {
		name, script string
		state        checks.State
		seen         uint64
		stuck        int
	}{
		{"half of them have all four", steady + "2h withdraw 1-20 k1 k2 k3 k4", checks.Up, 4, 0},
		{"fewer", steady + "2h withdraw 1-21 k1 k2 k3 k4", checks.Degraded, none, 0},
		{"one of four is gone", steady + "2h withdraw 1-40 k1", checks.Degraded, 3, 0},
		{"one of four is gone but for stuck routes", steady + "2h withdraw 1-36 k1", checks.Degraded, 3, 4},
		{"a fifth is stuck", steady + "2h withdraw 1-32 k1 k2 k3 k4", checks.Down, none, 8},
		{"more than a fifth", steady + "2h withdraw 1-31 k1 k2 k3 k4", checks.Degraded, none, 0},
		{"a fifth, one of which found another path", steady + "2h withdraw 1-32 k1 k2 k3 k4\n2h1s announce 40 k1 k2 k3 k4 via 1299", checks.Degraded, none, 0},
		{"the other path was there before", steady + "2h announce 40 k1 k2 k3 k4 via 1299\n2h1s withdraw 1-32 k1 k2 k3 k4", checks.Down, none, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t).play(tt.script)
			d.expect(want{at: "2h1m", state: tt.state, seen: tt.seen, of: 4})
			if v := d.at("2h1m"); v.Stuck != tt.stuck {
				t.Errorf("%d stuck, want %d", v.Stuck, tt.stuck)
			}
		})
	}
}

func TestVisibleIPv6(t *testing.T) {
	table := "0s dump 1-40 " + names("s", 1, 20) + "\n119m beat 1-40\n"
	tests := []struct {
		name, script string
		state        checks.State
		seen6        uint64
	}{
		{"three in ten are stuck", table + "2h withdraw 1-28 " + names("s", 1, 20), checks.Down, none},
		{"more than that", table + "2h withdraw 1-27 " + names("s", 1, 20), checks.Degraded, none},
		{"18 of 20 are nine tenths", table + "2h withdraw 1-40 s1 s2", checks.Up, 18},
		{"17 of 20 are not", table + "2h withdraw 1-40 s1 s2 s3", checks.Degraded, 17},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			watching(t).play(tt.script).expect(want{at: "2h1m", state: tt.state, seen6: tt.seen6, of6: 20})
		})
	}
}

// IPv4 is counted in addresses, IPv6 in prefixes, and they are not added up.
func TestShareOfTheSpace(t *testing.T) {
	table := "0s dump 1-40 198.18.128.0/20 " + names("n", 1, 24) + " " + names("s", 1, 10) + "\n119m beat 1-40\n"
	tests := []struct {
		name, script string
		state        checks.State
	}{
		{"4 small ones of 25: 90 % of the addresses", table + "2h withdraw 1-40 n1 n2 n3 n4", checks.Up},
		{"5 small ones", table + "2h withdraw 1-40 n1 n2 n3 n4 n5", checks.Degraded},
		{"one large one", table + "2h withdraw 1-40 198.18.128.0/20", checks.Degraded},
		{"one of ten IPv6 prefixes", table + "2h withdraw 1-40 s1", checks.Up},
		{"two of ten", table + "2h withdraw 1-40 s1 s2", checks.Degraded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			watching(t).play(tt.script).expect(want{at: "2h1m", state: tt.state})
		})
	}
}

func TestCollectorsThatLose(t *testing.T) {
	tests := []struct {
		name, script       string
		collectors, losing int
	}{
		{"nothing is lost", steady, 3, 0},
		{"one vantage point each is not a collector", steady + "2h withdraw 1-3 k1", 3, 0},
		{"all", steady + "2h withdraw 1-40 k1", 3, 3},
		{
			"two of three", steady + "2h withdraw 1,2,4,5,7,8,10,11,13,14,16,17,19,20,22,23,25,26,28,29,31,32,34,35,37,38,40,3 k1\n",
			3, 2,
		},
		{"partial feeds have no collector", "0s dump 1,4,7,10,13,16,19,22,25,28 k1\n0s dump 2,3 k1 fill 3\n119m beat 1,4,7,10,13,16,19,22,25,28", 1, 0},
	}
	for _, tt := range tests {
		v := watching(t).play(tt.script).at("2h1m").Vantage
		if v.Collectors != tt.collectors || v.LosingCollectors != tt.losing {
			t.Errorf("%s: %d of %d collectors lose it, want %d of %d", tt.name, v.LosingCollectors, v.Collectors, tt.losing, tt.collectors)
		}
	}
}

// What a vantage point has that is not asked is sighted, and only that.
func TestSighted(t *testing.T) {
	d := watching(t).play(k4 + "0s dump 41-43 k1 k2 k3 k4 fill 20\n119m beat 1-43\n2h withdraw 1-40 k1\n2h1m up 44\n2h1m announce 44 k1\n2h2m announce 45 k1 path 3356 64500\n")
	o := d.prefix("2h3m", "k1")
	if ratio(o) != "0/40" || o.Sighted != 4 {
		t.Errorf("%s of those asked, %d sighted; want 0/40, 4", ratio(o), o.Sighted)
	}
	if diff := cmp.Diff([]checks.ASN{home}, o.Origins); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
}
