package route

import (
	"slices"
	"strings"
	"testing"

	"isitdown/checks"
)

func wholePaths(r *Rules) { r.FullPaths = true }

// The cases are small reconstructions of events whose course is documented: the shapes
// and paths are theirs, the number of prefixes and vantage points is not.
func TestWhatOthersAnnounce(t *testing.T) {
	tests := []struct {
		name   string
		target checks.Footprint
		script string
		scenes []scene
	}{
		{
			// 25 August 2017, 03:22 UTC: AS15169 passes what its traffic engineering had
			// learned on to AS701, more than 160,000 prefixes, 25,000 of them more-specifics
			// of AS4713, whose own routes stay (D. Madory, "Large BGP leak by Google disrupts
			// Internet in Japan").
			"a leak of more-specifics, 2017: the network they belong to", networkOf(4713), `
			0s dump 1-40 153.128.0.0/9 path 2914 4713
			119m beat 1-40
			2h announce 1-12 153.128.0.0/16 153.129.0.0/16 path 701 15169 4713`,
			[]scene{{"2h1m", checks.Up, []string{
				"new more-specific 153.128.0.0/16 AS4713 via AS15169 12/40 since 2h0m0s",
				"new more-specific 153.129.0.0/16 AS4713 via AS15169 12/40 since 2h0m0s",
			}, "153.128.0.0/16, inside 153.128.0.0/9, is announced by AS4713 via AS15169 at 12 of 40 vantage points; 153.128.0.0/9 of AS4713 stays"}},
		},
		{
			"a leak of more-specifics, 2017: the network that passes them on", networkOf(15169), `
			0s dump 1-40 8.8.8.0/24 path 3356 15169
			0s announce 1-40 153.128.0.0/9 path 2914 4713
			119m beat 1-40
			2h announce 1-12 153.128.0.0/16 153.129.0.0/16 path 701 15169 4713`,
			[]scene{{"2h1m", checks.Up, []string{
				"mid-path 153.128.0.0/16 AS4713 via AS15169 through AS15169 12/40 since 2h0m0s",
				"mid-path 153.129.0.0/16 AS4713 via AS15169 through AS15169 12/40 since 2h0m0s",
			}, "AS15169 stands in the middle of the path to 153.128.0.0/16 of AS4713 at 12 of 40 vantage points, where it did not before"}},
		},
		{
			// 24 June 2019, 10:34:21 to 12:37 UTC: "701 396531 33154" in every leaked path,
			// some 20,000 prefixes of 2,400 networks, many more-specifics that a route
			// optimizer at AS33154 had made (NANOG list, June 2019).
			"a leak through a customer, 2019: the customer", networkOf(396531), `
			0s dump 1-40 192.92.159.0/24 path 701 396531
			0s announce 1-40 104.20.0.0/20 path 3356 13335
			119m beat 1-40
			2h announce 1-30 104.20.0.0/21 path 701 396531 33154 3356 13335
			2h10m beat 1-40
			3h withdraw 1-30 104.20.0.0/21`,
			[]scene{
				{"1h59m30s", checks.Up, nil, ""},
				{
					"2h10m", checks.Up,
					[]string{"mid-path 104.20.0.0/21 AS13335 via AS3356 through AS396531 30/40 since 2h0m0s"},
					"AS396531 stands in the middle of the path to 104.20.0.0/21 of AS13335 at 30 of 40",
				},
				{"3h1m", checks.Up, nil, ""},
			},
		},
		{
			"a leak through a customer, 2019: a network whose routes leak", networkOf(13335), `
			0s dump 1-40 104.20.0.0/20 path 3356 13335
			119m beat 1-40
			2h announce 1-30 104.20.0.0/21 path 701 396531 33154 3356 13335`,
			[]scene{{"2h10m", checks.Up, []string{
				"new more-specific 104.20.0.0/21 AS13335 via AS3356 30/40 since 2h0m0s",
			}, "104.20.0.0/21, inside 104.20.0.0/20, is announced by AS13335 via AS3356 at 30 of 40"}},
		},
		{
			"a leak through a customer, 2019: one that has customers, and then many more", networkOf(33154), `
			0s dump 1-40 192.0.0.0/24 path 3356 33154
			0s announce 1-40 198.18.1.0/24 path 3356 33154 64500
			119m beat 1-40
			2h announce 1-40 198.18.2.0/24 path 3356 33154 64500
			2h5m announce 1-30 104.20.0.0/21 path 701 396531 33154 3356 13335`,
			[]scene{
				{"2h1m", checks.Up, nil, ""}, // one more of a customer: every day's business
				{"2h6m", checks.Up, []string{
					"mid-path 198.18.2.0/24 AS64500 via AS33154 through AS33154 40/40 since 2h0m0s",
					"mid-path 104.20.0.0/21 AS13335 via AS3356 through AS33154 30/40 since 2h5m0s",
				}, "AS33154 stands in the middle"},
			},
		},
		{
			// RFC 7999: routes to one address, that its networks drop the traffic of.
			"blackholes are routes to single addresses that few have", networkOf(64501), `
			0s dump 1-40 n1 path 3356 64501
			119m beat 1-40
			2h announce 1-3 198.18.1.7/32 path 3356 64501
			2h announce 4-6 198.18.1.8/32 path 6939`,
			[]scene{{"2h1m", checks.Up, []string{
				"more-specific 198.18.1.8/32 AS6939 3/40 since 2h0m0s",
				"new more-specific 198.18.1.7/32 AS64501 via AS3356 3/40 since 2h0m0s",
			}, ""}},
		},
		{
			"a customer's part of its provider's space was always there", networkOf(64501), `
			0s dump 1-40 198.18.0.0/16 path 3356 64501
			0s announce 1-40 n1 path 3356 64501 64502
			119m beat 1-40
			2h announce 1-40 n1 path 174 64502
			2h1m withdraw 1-40 n1
			2h2m announce 1-40 n1 path 3356 64501 64502`,
			[]scene{
				{"1h59m", checks.Up, []string{"more-specific 198.18.1.0/24 AS64502 via AS64501 40/40"}, ""},
				{"2h0m30s", checks.Up, []string{"more-specific 198.18.1.0/24 AS64502 via AS174 40/40"}, ""},
				{"2h3m", checks.Up, []string{"more-specific 198.18.1.0/24 AS64502 via AS64501 40/40"}, ""},
			},
		},
		{
			"several networks announce a prefix by design", networkOf(64501), `
			0s dump 1-20 n1 path 3356 64501
			0s dump 21-40 n1 path 174 64502
			119m beat 1-40
			2h announce 1-2 n1 path 174 64502`,
			[]scene{
				{"1h59m", checks.Up, []string{"origin 198.18.1.0/24 AS64502 via AS174 20/40"}, ""},
				{"2h1m", checks.Degraded, []string{"origin 198.18.1.0/24 AS64502 via AS174 22/40"}, "198.18.1.0/24 comes from another origin at 2 of 20"},
			},
		},
		{
			"a single dump has no before", networkOf(64501), `
			0s dump 1-30 n1 path 174 64502
			0s dump 31-40 n1 path 3356 64501`,
			[]scene{{"1s", checks.Up, []string{"origin 198.18.1.0/24 AS64502 via AS174 30/40"}, ""}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			play(t, followed(t, tt.target, wholePaths), tt.script, tt.scenes)
		})
	}
}

// 4 March 2013: a path that somebody made up leads through AS131279 to AS51040 ("Not
// counting the network involved in the recent Pirate Bay hoax", Renesys). Nothing of North
// Korea changes by it.
func TestInTheMiddleOfAForgedPath(t *testing.T) {
	script := steady + "2h announce 1-40 194.71.107.0/24 path 3257 22351 131279 51040\n2h1m beat 1-40"
	before, after := "1h59m30s", "2h1m"
	for _, whole := range []bool{true, false} {
		d := watching(t, func(r *Rules) { r.FullPaths = whole })
		lines := d.updates(script)
		var then checks.Verdict
		for _, u := range lines {
			if u.At.After(began.Add(duration(t, before))) && then.At.IsZero() {
				then = d.at(before)
			}
			d.apply(u)
		}
		s := scene{after, checks.Up, nil, ""}
		if whole {
			s.foreign = []string{"mid-path 194.71.107.0/24 AS51040 via AS131279 through AS131279 40/40 since 2h0m0s"}
			s.reason = "AS131279 stands in the middle of the path to 194.71.107.0/24 of AS51040 at 40 of 40 vantage points, where it did not before"
		}
		now := d.at(after)
		s.look(t, now)
		if now.IPv4 != then.IPv4 || !slices.EqualFunc(now.Upstreams(), then.Upstreams(), func(a, b checks.Upstream) bool { return a.ASN == b.ASN && a.Share == b.Share }) {
			t.Errorf("what is announced and who carries it: %+v %+v, want as before: %+v %+v", now.IPv4, now.Upstreams(), then.IPv4, then.Upstreams())
		}
	}
}

// 6 November 2017, 18:00 UTC, for 90 minutes: AS3356 leaks more-specifics of its customers,
// AS33667 among them. Its part in their routes grows; nothing is lost.
func TestALeakMovesShares(t *testing.T) {
	d := followed(t, networkOf(33667), wholePaths).play(`
		0s dump 1-40 73.0.0.0/9 path 7922 33667
		119m beat 1-40
		2h announce 1-30 73.0.0.0/16 73.1.0.0/16 path 3356 33667`)
	v := d.at("2h1m")
	if v.State != checks.Up || len(v.Disappeared) > 0 || len(v.Foreign) != 2 || v.Foreign[0].Kind != checks.NewSpecific || v.Foreign[0].Upstream != 3356 {
		t.Errorf("%s, %+v, want up, with two new more-specifics via AS3356", v.State, v.Foreign)
	}
	d.play("3h2m beat 1-40") // by now they belong to what is there
	v = d.at("3h2m")
	k := slices.IndexFunc(v.LastHops, func(u checks.Upstream) bool { return u.ASN == 3356 })
	if v.State != checks.Up || k < 0 || v.LastHops[k].Share < 0.5 {
		t.Errorf("%s, carried by %+v, want up, and most of it by AS3356", v.State, v.LastHops)
	}
}

// RIPE RIS announces beacons for two hours and withdraws them for two: what is withdrawn
// is down, and that is the origin's doing.
func TestABeaconIsDown(t *testing.T) {
	f := ofPrefix(t, "84.205.67.0/24")
	d := followed(t, f).play(`
		0s dump 1-40 84.205.67.0/24 path 1299 12654
		119m beat 1-40
		2h withdraw 1-40 84.205.67.0/24
		2h5m beat 1-40`)
	v := d.at("2h5m")
	if v.State != checks.Down || len(v.Foreign) > 0 || len(v.Disappeared) != 1 {
		t.Fatalf("%s, foreign %+v, disappeared %+v, want down, and one attribution", v.State, v.Foreign, v.Disappeared)
	}
	a := v.Disappeared[0]
	if a.Rule == checks.RuleTakenOver || !slices.ContainsFunc(a.Set, func(c checks.Candidate) bool { return c.Kind == checks.OriginWithdrew && c.Element.AS == 12654 }) {
		t.Errorf("%s: %+v, want the origin among what may have failed", a.Rule, a.Set)
	}
}

// Where others' routes stand in the place of the target's nothing is said to have failed.
func TestTakenOver(t *testing.T) {
	tests := []struct {
		name, script string
		taken        bool
	}{
		{"the prefix itself at all", steady + "2h announce 1-40 k1 path 3356 64500", true},
		{"the prefix itself at half, the rest without", steady + "2h announce 1-20 k1 path 3356 64500\n2h withdraw 21-40 k1", true},
		{"the prefix itself at few, the rest without", steady + "2h announce 1-10 k1 path 3356 64500\n2h withdraw 11-40 k1", false},
		{"a new route over it", steady + "2h announce 1-40 k path 3356 64500\n2h withdraw 1-40 k1", true},
		{"one that was always over it", "0s dump 1-40 k1 k2 k3 k4\n0s announce 1-40 175.45.0.0/16 path 3356 64500\n119m beat 1-40\n2h withdraw 1-40 k1", false},
		{"new more-specifics that make it up", steady + "2h announce 1-40 175.45.176.0/25 175.45.176.128/25 path 3356 64500\n2h withdraw 1-40 k1", true},
		{"a new more-specific that is a quarter of it", steady + "2h announce 1-40 175.45.176.0/26 path 3356 64500\n2h withdraw 1-40 k1", false},
		{"nothing", steady + "2h withdraw 1-40 k1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := watching(t).play(tt.script + "\n2h2m beat 1-40").at("2h2m")
			if len(v.Disappeared) != 1 {
				t.Fatalf("%d attributions, want one: %+v", len(v.Disappeared), v.Disappeared)
			}
			a := v.Disappeared[0]
			if got := a.Rule == checks.RuleTakenOver; got != tt.taken || tt.taken && (len(a.Foreign) == 0 || len(a.Set) > 0) {
				t.Errorf("%s, set %v, foreign %v: taken over %v, want %v", a.Rule, a.Set, foreignText(a.Foreign), got, tt.taken)
			}
			if tt.taken && strings.Contains(strings.Join(append(v.Reasons, a.Reasons...), " "), "withdr") {
				t.Errorf("a withdrawal is spoken of: %q %q", v.Reasons, a.Reasons)
			}
		})
	}
}
