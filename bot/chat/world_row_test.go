package chat

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

func TestWorldRow(t *testing.T) {
	now := time.Date(2014, 12, 23, 1, 0, 0, 0, time.UTC)
	gone := time.Date(2014, 12, 22, 16, 15, 30, 0, time.UTC)
	star := []checks.Upstream{{ASN: 20485, ShareBefore: 0.25}, {ASN: 4837, ShareBefore: 0.75}}
	for _, tt := range []struct {
		name string
		v    checks.Verdict
		want WorldRow
	}{
		{
			"a country of four prefixes",
			checks.Verdict{
				Target: checks.Country("KP"), Name: "North Korea", State: checks.Down, Evidence: checks.EvidenceStrong,
				IPv4:  checks.Counts{Prefixes: checks.Count{Of: 4}, Addresses: checks.Count{Of: 1024}},
				Onset: checks.Interval{Half: gone}, Borders: star,
			},
			WorldRow{"DOWN", "North Korea (KP)", "0 of 4 prefixes, 0 of 1,024 addresses", "22 Dec 16:15 UTC", "AS4837 (75 %)", "strong"},
		},
		{
			"a network with IPv6 that is whole",
			checks.Verdict{
				Target: checks.Network(64500), State: checks.Degraded, Evidence: checks.EvidenceModerate,
				IPv4: checks.Counts{Prefixes: checks.Count{Seen: 60, Of: 90}, Addresses: checks.Count{Seen: 300_000, Of: 400_000}},
				IPv6: checks.Counts{Prefixes: checks.Count{Seen: 9, Of: 9}}, LastHops: star[:1],
				Onset: checks.Interval{After: now.Add(-20 * time.Minute), By: now.Add(-10 * time.Minute)},
			},
			WorldRow{"DEGRADED", "AS64500", "300,000 of 400,000 addresses", "some time between 00:40 and 00:50 UTC", "AS20485 (25 %)", "moderate"},
		},
		{
			"IPv6 alone, and a hostile name",
			checks.Verdict{
				Target: checks.Network(64501), Name: "A\x1b[31mB\nC", State: checks.Down, Evidence: checks.EvidenceWeak,
				IPv6: checks.Counts{Prefixes: checks.Count{Of: 1}},
			},
			WorldRow{"DOWN", "AS64501 (A[31mB C)", "0 of 1 IPv6 prefix", "", "", "weak"},
		},
	} {
		if diff := cmp.Diff(tt.want, WorldRowOf(&tt.v, now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		text    string
		columns int
		want    string
	}{
		{"abc", 5, "abc  "},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"", 0, ""},
		{"ab", 1, "…"},
		{"朝鲜民主", 8, "朝鲜民主"},
		{"朝鲜民主", 6, "朝鲜… "},
		{"朝鲜民主", 5, "朝鲜…"},
	} {
		if got := Fit(tt.text, tt.columns); got != tt.want {
			t.Errorf("%q in %d columns: got %q, want %q", tt.text, tt.columns, got, tt.want)
		}
	}
}

// The state of a world claims nothing where nothing is known.
func TestWorldState(t *testing.T) {
	up := checks.Census{Watched: 2, Up: 1, Unknown: 1}
	down := checks.World{Countries: up, Outages: []checks.Verdict{{State: checks.Degraded}, {State: checks.Down}}}
	for _, tt := range []struct {
		name string
		w    checks.World
		want checks.State
	}{
		{"nothing", checks.World{}, checks.Unknown},
		{"all unknown", checks.World{Countries: checks.Census{Watched: 2, Unknown: 2}}, checks.Unknown},
		{"up, and old", checks.World{Countries: up, Missing: "the stream is behind"}, checks.Unknown},
		{"up", checks.World{Countries: up}, checks.Up},
		{"networks alone", checks.World{Networks: up}, checks.Up},
		{"down", down, checks.Down},
	} {
		if got := WorldState(&tt.w); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	data, err := json.Marshal(WorldJSON(checks.World{Gaps: []checks.Gap{{Check: "route", Reason: "a\x07b"}}}, 0))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(data); !strings.Contains(got, `"state":"unknown"`) || !strings.Contains(got, `"reason":"ab"`) || !strings.Contains(got, `"outages":[]`) {
		t.Errorf("the record of nothing is %s", got)
	}
}

// Where too few vote to call anything lost, the line that counts them says so.
func TestFewVoting(t *testing.T) {
	for _, tt := range []struct {
		four, six int
		want      string
	}{
		{312, 298, ""},
		{10, 10, ""},
		{0, 0, ""},
		{0, 21, ""}, // that there are none says it
		{12, 0, ""},
		{9, 21, ": fewer than the 10 that it takes to call an IPv4 route lost"},
		{12, 3, ": fewer than the 10 that it takes to call an IPv6 route lost"},
		{9, 3, ": fewer than the 10 that it takes to call a route lost"},
		{1, 0, ": fewer than the 10 that it takes to call a route lost"},
	} {
		if got := fewVoting(&checks.Vantage{Voting: tt.four, Voting6: tt.six, Needed: 10}); got != tt.want {
			t.Errorf("%d and %d of IPv6: got %q, want %q", tt.four, tt.six, got, tt.want)
		}
	}
}
