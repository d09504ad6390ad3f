package checks

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var lately = time.Date(2008, 2, 24, 18, 47, 0, 0, time.UTC)

func foreign(kind ForeignKind, prefix string, origin ASN, peers int, since time.Time) Foreign {
	return Foreign{Kind: kind, Prefix: netip.MustParsePrefix(prefix), Origin: origin, Peers: peers, Of: 40, Since: since}
}

func TestMergeForeign(t *testing.T) {
	flood := func(origin ASN, n, peers int) (list []Foreign) {
		for i := range n {
			list = append(list, foreign(ForeignSpecific, fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255), origin, peers, lately))
		}
		return list
	}
	short := func(list []Foreign) (out []string) {
		for _, f := range list {
			out = append(out, fmt.Sprintf("%s %s %s %d", f.Kind, f.Prefix, f.Origin, f.Peers))
		}
		return out
	}
	tests := []struct {
		name string
		all  []Foreign
		want []string
	}{
		{"nothing", nil, nil},
		{
			"the same route seen of two prefixes counts once, where most see it",
			[]Foreign{foreign(ForeignCover, "10.0.0.0/8", 64500, 3, lately), foreign(ForeignCover, "10.0.0.0/8", 64500, 7, lately)},
			[]string{"covering 10.0.0.0/8 AS64500 7"},
		},
		{
			"what was seen to come is first, then what most have",
			[]Foreign{
				foreign(ForeignOrigin, "10.0.0.0/24", 64500, 40, time.Time{}),
				foreign(ForeignSpecific, "10.0.1.0/24", 64501, 4, lately),
				foreign(ForeignSpecific, "10.0.2.0/24", 64502, 9, lately),
			},
			[]string{"more-specific 10.0.2.0/24 AS64502 9", "more-specific 10.0.1.0/24 AS64501 4", "origin 10.0.0.0/24 AS64500 40"},
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, short(MergeForeign(tt.all))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	got := MergeForeign(append(flood(64500, 1000, 40), foreign(ForeignSpecific, "10.9.0.0/16", 64501, 2, lately)))
	if len(got) != MaxForeign || got[len(got)-1].Origin != 64501 {
		t.Errorf("beside a flood: %d routes, the last of %s, want %d, of AS64501", len(got), got[len(got)-1].Origin, MaxForeign)
	}
}

// The sentences that tell of others' routes, and when there are none.
func TestForeignReasons(t *testing.T) {
	specific := Foreign{
		Kind: ForeignSpecific, Prefix: netip.MustParsePrefix("175.45.176.0/25"), Origin: 17557, Upstream: 3491,
		Peers: 36, Of: 40, Concerns: netip.MustParsePrefix("175.45.176.0/24"), Since: lately,
	}
	change := func(f func(*Foreign)) Foreign {
		x := specific
		f(&x)
		return x
	}
	tests := []struct {
		name string
		list []Foreign
		want []string
	}{
		{
			"a more-specific",
			[]Foreign{specific},
			[]string{"175.45.176.0/25, inside 175.45.176.0/24, is announced by AS17557 via AS3491 at 36 of 40 vantage points; 175.45.176.0/24 of AS131279 stays"},
		},
		{
			"no upstream in common",
			[]Foreign{change(func(f *Foreign) { f.Upstream = 0 })},
			[]string{"175.45.176.0/25, inside 175.45.176.0/24, is announced by AS17557 at 36 of 40 vantage points; 175.45.176.0/24 of AS131279 stays"},
		},
		{"nobody saw it come", []Foreign{change(func(f *Foreign) { f.Since = time.Time{} })}, nil},
		{"few have it", []Foreign{change(func(f *Foreign) { f.Peers = 3 })}, nil},
		{"the prefix itself has its reason elsewhere", []Foreign{change(func(f *Foreign) { f.Kind = ForeignOrigin })}, nil},
		{
			"in the middle of a path",
			[]Foreign{change(func(f *Foreign) { f.Kind, f.Through, f.Concerns = MidPath, 131279, netip.Prefix{} })},
			[]string{"AS131279 stands in the middle of the path to 175.45.176.0/25 of AS17557 at 36 of 40 vantage points, where it did not before"},
		},
		{
			"more than are told one by one",
			[]Foreign{
				specific, change(func(f *Foreign) { f.Origin = 1 }), change(func(f *Foreign) { f.Origin = 2 }), change(func(f *Foreign) { f.Origin = 3 }), change(func(f *Foreign) { f.Origin = 4 }),
			},
			[]string{"announced by AS1 via", "announced by AS2 via", "announced by AS3 via", "2 more routes like those"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := testCase(4)
			c.Observations[0].Foreign = tt.list
			v := Assess(c)
			var got []string
			for _, r := range v.Reasons {
				if strings.Contains(r, "announced by") || strings.Contains(r, "in the middle") || strings.Contains(r, "like th") {
					got = append(got, r)
				}
			}
			if len(got) != len(tt.want) || v.State != Up {
				t.Fatalf("%s, %q, want up, %q", v.State, got, tt.want)
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("%q, want %q", got[i], tt.want[i])
				}
			}
			c.Now = c.Now.Add(time.Hour)
			for _, r := range Assess(c).Reasons {
				if strings.Contains(r, "announced by") || strings.Contains(r, "in the middle") {
					t.Errorf("of data an hour old it says %q", r)
				}
			}
		})
	}
}

// What stands in the place of a prefix that is lost, and what does not.
func TestInPlace(t *testing.T) {
	half, other, wide := "175.45.176.0/25", "175.45.176.128/25", "175.45.176.0/22"
	cover := func(prefix string, origin ASN, peers int) Cover {
		return Cover{Prefix: netip.MustParsePrefix(prefix), Origin: origin, Peers: peers}
	}
	tests := []struct {
		name    string
		seen    int
		foreign []Foreign
		covers  []Cover
		want    int // routes in its place
		yes     bool
	}{
		{"nothing", 0, nil, nil, 0, false},
		{"another origin", 0, []Foreign{foreign(ForeignOrigin, "175.45.176.0/24", 64500, 40, lately)}, []Cover{cover("175.45.176.0/24", 64500, 40)}, 1, true},
		{"at half of those without it", 20, []Foreign{foreign(ForeignOrigin, "175.45.176.0/24", 64500, 30, lately)}, []Cover{cover("175.45.176.0/24", 64500, 10)}, 1, true},
		{"at less than half of them", 20, []Foreign{foreign(ForeignOrigin, "175.45.176.0/24", 64500, 29, lately)}, []Cover{cover("175.45.176.0/24", 64500, 9)}, 0, false},
		{"beside it, and nobody is without", 40, []Foreign{foreign(ForeignOrigin, "175.45.176.0/24", 64500, 40, lately)}, nil, 0, false},
		{"two of them at a quarter each", 0, []Foreign{
			foreign(ForeignOrigin, "175.45.176.0/24", 64500, 10, lately), foreign(ForeignCover, wide, 64501, 10, lately),
		}, []Cover{cover("175.45.176.0/24", 64500, 10), cover(wide, 64501, 10)}, 2, true},
		{"a new cover", 0, []Foreign{foreign(ForeignCover, wide, 64500, 40, lately)}, []Cover{cover(wide, 64500, 40)}, 1, true},
		{"a cover that was always there", 0, []Foreign{foreign(ForeignCover, wide, 64500, 40, time.Time{})}, []Cover{cover(wide, 64500, 40)}, 0, false},
		{"half of it", 0, []Foreign{foreign(ForeignSpecific, half, 64500, 40, lately)}, nil, 1, true},
		{"a quarter of it", 0, []Foreign{foreign(ForeignSpecific, "175.45.176.0/26", 64500, 40, lately)}, nil, 0, false},
		{"both halves, at less than half", 0, []Foreign{foreign(ForeignSpecific, half, 64500, 19, lately), foreign(ForeignSpecific, other, 64500, 19, lately)}, nil, 0, false},
		{"a half that was always there", 0, []Foreign{foreign(ForeignSpecific, half, 64500, 40, time.Time{})}, nil, 0, false},
		{"its own more-specific", 0, []Foreign{foreign(NewSpecific, half, 131279, 40, lately)}, nil, 0, false},
		{"a path through the target", 0, []Foreign{foreign(MidPath, "10.0.0.0/8", 64500, 40, lately)}, nil, 0, false},
	}
	for _, tt := range tests {
		c := testCase(2)
		c.lose(0, tt.seen, 0)
		c.Observations[0].Foreign, c.Observations[0].Covers = tt.foreign, tt.covers
		a := assessment{in: &c, Verdict: &Verdict{}}
		list, yes := a.takenOver([]netip.Prefix{c.Observations[0].Prefix, c.Observations[1].Prefix})
		if len(list) != tt.want || yes != tt.yes {
			t.Errorf("%s: %v, %d routes, want %v, %d", tt.name, yes, len(list), tt.yes, tt.want)
		}
	}
}
