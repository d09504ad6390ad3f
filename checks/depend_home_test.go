package checks

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDependHomes(t *testing.T) {
	one := []pathsOf{{12, []ASN{10, 200, 300}}}
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	month := now.AddDate(0, 0, -30)
	for _, tt := range []struct {
		name  string
		c     dependCase
		since time.Time // of the baseline
		want  []Homing
	}{
		{
			"one upstream, and no history",
			dependCase{routes: map[string][]pathsOf{"192.0.2.0/24": one}},
			time.Time{},
			[]Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{200}, Single: true}},
		},
		{
			"one upstream for as long as the baseline looks back",
			dependCase{routes: map[string][]pathsOf{"192.0.2.0/24": one}},
			now.Add(-48 * time.Hour),
			[]Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{200}, Single: true, Since: now.Add(-24 * time.Hour)}},
		},
		{
			"a dump of a moment has no history",
			dependCase{routes: map[string][]pathsOf{"192.0.2.0/24": one}},
			now.Add(-time.Second),
			[]Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{200}, Single: true}},
		},
		{"another one in the baseline", dependCase{
			routes:   map[string][]pathsOf{"192.0.2.0/24": one},
			baseline: map[string][]pathsOf{"192.0.2.0/24": {{12, []ASN{10, 210, 300}}}},
		}, time.Time{}, []Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{200}, Earlier: []ASN{210}}}},
		{"another one for five hours of the last month", dependCase{
			routes: map[string][]pathsOf{"192.0.2.0/24": one},
			past:   Past{Since: month, Carriers: []PastCarrier{{ASN: 210, Held: 5 * time.Hour}, {ASN: 220, Held: 10 * time.Minute}}},
		}, time.Time{}, []Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{200}, Earlier: []ASN{210}, Since: month}}},
		{"of two origins the past does not say whose it is", dependCase{
			routes: map[string][]pathsOf{"192.0.2.0/24": one, "198.51.100.0/24": {{12, []ASN{10, 200, 301}}}},
			past:   Past{Since: month, Carriers: []PastCarrier{{ASN: 210, Held: 5 * time.Hour}}},
		}, time.Time{}, []Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{200}, Single: true}, {Origin: 301, Prefixes: 1, Hops: []ASN{200}, Single: true}}},
		{
			"a private number hides who is next to it",
			dependCase{routes: map[string][]pathsOf{"192.0.2.0/24": {{6, []ASN{200, 300}}, {6, []ASN{200, 64512, 300}}}}},
			time.Time{},
			[]Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{200}}},
		},
		{
			"two, the more used one first",
			dependCase{routes: map[string][]pathsOf{"192.0.2.0/24": {{3, []ASN{200, 300}}, {9, []ASN{210, 300, 300}}}}},
			time.Time{},
			[]Homing{{Origin: 300, Prefixes: 1, Hops: []ASN{210, 200}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.target, tt.c.min = Country("XX"), 10
			c := tt.c.made()
			c.Baseline.Since = tt.since
			if diff := cmp.Diff(tt.want, Depend(c).IPv4.Homes); diff != "" {
				t.Errorf("homes (-want +got):\n%s", diff)
			}
		})
	}
}

// What there is too little of is not said, and the reason is.
func TestDependWithTooLittle(t *testing.T) {
	few := dependCase{target: Network(300), min: 10, routes: map[string][]pathsOf{"192.0.2.0/24": {{9, []ASN{200, 300}}}}}.made()
	d := Depend(few)
	if !d.Known() || len(d.IPv4.LastHops) != 1 || len(d.IPv4.Networks)+len(d.IPv4.Links) > 0 || len(d.Reasons) != 1 {
		t.Errorf("of nine vantage points: known %v, last hops %v, networks %v, reasons %q", d.Known(), d.IPv4.LastHops, d.IPv4.Networks, d.Reasons)
	}
	inside := dependCase{target: Country("XX"), home: []ASN{1001, 1002, 1003, 300}, min: 10, routes: map[string][]pathsOf{"192.0.2.0/24": {{12, []ASN{200, 300}}}}}.made()
	if d := Depend(inside); d.IPv4.Tested != (Count{0, 1}) {
		t.Errorf("three of twelve vantage points lie inside the country: %v tested, want none of one", d.IPv4.Tested)
	}
	old := dependCase{target: Network(300), min: 10, routes: map[string][]pathsOf{"192.0.2.0/24": {{12, []ASN{200, 300}}}}}.made()
	old.Now = old.Now.Add(2 * time.Hour)
	if d := Depend(old); d.Known() || len(d.Reasons) != 1 {
		t.Errorf("of data two hours old: known %v, reasons %q", d.Known(), d.Reasons)
	}
	gone := dependCase{target: Network(300), min: 10, routes: map[string][]pathsOf{"192.0.2.0/24": {{12, []ASN{200, 300}}}}}.made()
	gone.Observations[0].Seen, gone.Observations[0].Paths = 1, gone.Observations[0].Paths[:1]
	if d := Depend(gone); d.Known() || d.IPv4.Announced.Prefixes != (Count{0, 1}) {
		t.Errorf("of a prefix that is withdrawn: known %v, announced %v", d.Known(), d.IPv4.Announced.Prefixes)
	}
}

// Nothing is said of a time before the first route was seen.
func TestBaselineKnown(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for since, want := range map[time.Time]time.Duration{
		{}:                           24 * time.Hour, // where that is not known
		now.Add(-48 * time.Hour):     24 * time.Hour,
		now.Add(-90 * time.Minute):   90 * time.Minute,
		now:                          0,
		now.Add(time.Minute):         0,
		now.Add(-24 * time.Hour):     24 * time.Hour,
		now.Add(-1439 * time.Minute): 1439 * time.Minute,
	} {
		c := dependCase{target: Country("XX"), min: 10, routes: map[string][]pathsOf{"192.0.2.0/24": {{12, []ASN{200, 300}}}}}.made()
		c.Baseline.AsOf, c.Baseline.Window, c.Baseline.Since = now, 24*time.Hour, since
		if v := Assess(c); v.BaselineWindow != want {
			t.Errorf("since %v: a verdict speaks of %v, want %v", since, v.BaselineWindow, want)
		}
		if d := Depend(c); d.BaselineWindow != want {
			t.Errorf("since %v: what it hangs on is of %v, want %v", since, d.BaselineWindow, want)
		}
	}
}
