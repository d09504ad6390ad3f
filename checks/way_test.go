package checks

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWay(t *testing.T) {
	tests := []struct {
		name, path string
		way        string // 0 for a place that is not readable
		elements   string
	}{
		{"plain", "3356 4837 131279", "3356 4837 131279", "AS3356 AS3356-AS4837 AS4837 AS4837-AS131279 AS131279"},
		{"prepends", "3356 3356 4837 131279 131279 131279", "3356 4837 131279", "AS3356 AS3356-AS4837 AS4837 AS4837-AS131279 AS131279"},
		{"a set before the origin", "3356 {4837,9929} 131279", "3356 0 131279", "AS3356 AS131279"},
		{"a set of one is an AS", "3356 {4837} 131279", "3356 4837 131279", "AS3356 AS3356-AS4837 AS4837 AS4837-AS131279 AS131279"},
		{"a set at the end", "3356 4837 {131279,9929}", "3356 4837 0", "AS3356 AS3356-AS4837 AS4837"},
		{"a private AS", "3356 4837 64512 131279", "3356 4837 0 131279", "AS3356 AS3356-AS4837 AS4837 AS131279"},
		{"private numbers and a set side by side", "3356 64512 4200000000 {1,2} 131279", "3356 0 131279", "AS3356 AS131279"},
		{"a private AS inside of prepends", "3356 4837 64512 4837 131279", "3356 4837 131279", "AS3356 AS3356-AS4837 AS4837 AS4837-AS131279 AS131279"},
		{"AS_TRANS", "3356 23456 131279", "3356 0 131279", "AS3356 AS131279"},
		{"a route server", "3356 6695 131279", "3356 131279", "AS3356 AS3356-AS131279 AS131279"},
		{"a route server that prepends, between prepends", "3356 6695 6695 3356 131279", "3356 131279", "AS3356 AS3356-AS131279 AS131279"},
		{"a route server of the operator's", "3356 15169 131279", "3356 131279", "AS3356 AS3356-AS131279 AS131279"},
		{"poisoned by the origin", "3356 4837 131279 7018 131279", "3356 4837 131279", "AS3356 AS3356-AS4837 AS4837 AS4837-AS131279 AS131279"},
		{"a loop on the way", "3356 4837 9929 7018 4837 131279", "3356 4837 131279", "AS3356 AS3356-AS4837 AS4837 AS4837-AS131279 AS131279"},
		{"a loop within a loop", "3356 174 4837 174 3356 131279", "3356 131279", "AS3356 AS3356-AS131279 AS131279"},
		{"its own route", "", "", ""},
		{"the origin itself", "131279", "131279", "AS131279"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			way := testPath(tt.path).Way(15169)
			var want Way
			for _, h := range testPath(tt.way) {
				want = append(want, h[0])
			}
			if !slices.Equal(way, want) {
				t.Errorf("way %v, want %v", way, want)
			}
			var elements []string
			for x := range way.Elements() {
				elements = append(elements, x.String())
			}
			if got := strings.Join(elements, " "); got != tt.elements {
				t.Errorf("elements %s, want %s", got, tt.elements)
			}
		})
	}
}

func TestWayEnds(t *testing.T) {
	tests := []struct {
		path            string
		origin, lastHop ASN
		nearest         ASN
		joined          bool
	}{
		{"3356 4837 131279", 131279, 4837, 4837, true},
		{"3356 4837 64512 131279", 131279, 0, 4837, false},
		{"3356 4837 {131279,9929}", 0, 4837, 4837, false},
		{"3356 4837 64512", 0, 4837, 4837, false},
		{"131279", 131279, 0, 0, false},
		{"", 0, 0, 0, false},
	}
	for _, tt := range tests {
		w := testPath(tt.path).Way()
		a, joined := w.nearest()
		if w.Origin() != tt.origin || w.LastHop() != tt.lastHop || a != tt.nearest || joined != tt.joined {
			t.Errorf("%q: origin %s, last hop %s, nearest %s joined %t", tt.path, w.Origin(), w.LastHop(), a, joined)
		}
	}
}

// A way names nobody twice, no route server and nobody private, and prepends change
// nothing of it. Elements allocate nothing.
func TestWayHolds(t *testing.T) {
	as := rapid.SampledFrom([]string{"3356", "1299", "174", "4837", "131279", "64512", "{1,2}", "6695", "0", "9121"})
	rapid.Check(t, func(t *rapid.T) {
		hops := rapid.SliceOfN(as, 0, 12).Draw(t, "hops")
		path := testPath(strings.Join(hops, " "))
		way := path.Way()
		for i, a := range way {
			if a.RouteServer() || a != 0 && (a.Private() || slices.Contains(way[:i], a)) || a == 0 && i > 0 && way[i-1] == 0 {
				t.Errorf("%s: %v", path, way)
			}
		}
		var prepended Path
		for _, h := range path {
			prepended = append(prepended, h, h)
		}
		if got := prepended.AppendWay(make(Way, 3), nil); !slices.Equal(got, way) {
			t.Errorf("%s: %v, prepended %v", path, way, got)
		}
	})
}

func TestWayAllocatesNothing(t *testing.T) {
	path, way, n := testPath("3356 6695 3356 174 64512 4837 4837 131279"), make(Way, 0, 8), 0
	servers := []ASN{15169}
	got := testing.AllocsPerRun(100, func() {
		way = path.AppendWay(way, servers)
		for range way.Elements() {
			n++
		}
	})
	if got != 0 || n == 0 {
		t.Errorf("%g allocations for %d elements", got, n)
	}
}
