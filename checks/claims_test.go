package checks

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func claim(service, rests string) Claim { return Claim{Service: service, Text: "x", Rests: rests} }

func TestGroupClaims(t *testing.T) {
	tests := []struct {
		name   string
		claims []Claim
		source string
		want   []ClaimGroup
	}{
		{name: "nothing is nothing"},
		{
			name:   "the collectors of the verdict are one voice with it",
			claims: []Claim{claim("IODA", RestsCollectors), claim("IODA", RestsProbing)},
			source: "RIPE RIS rrc00, rrc23",
			want: []ClaimGroup{
				{Rests: RestsCollectors, Own: true, Claims: []Claim{claim("IODA", RestsCollectors)}},
				{Rests: RestsProbing, Claims: []Claim{claim("IODA", RestsProbing)}},
			},
		},
		{
			name:   "own routers are not the collectors",
			claims: []Claim{claim("IODA", RestsCollectors)},
			source: "edge1 (own router)",
			want:   []ClaimGroup{{Rests: RestsCollectors, Claims: []Claim{claim("IODA", RestsCollectors)}}},
		},
		{
			name:   "a file of RouteViews is RouteViews",
			claims: []Claim{claim("IODA", RestsCollectors)},
			source: "route-views2, rib.20261122.1200.bz2",
			want:   []ClaimGroup{{Rests: RestsCollectors, Own: true, Claims: []Claim{claim("IODA", RestsCollectors)}}},
		},
		{
			name:   "two services with the same probes are one",
			claims: []Claim{claim("A", "Active probing"), claim("B", RestsTelescope), claim("C", RestsProbing)},
			want: []ClaimGroup{
				{Rests: "Active probing", Claims: []Claim{claim("A", "Active probing"), claim("C", RestsProbing)}},
				{Rests: RestsTelescope, Claims: []Claim{claim("B", RestsTelescope)}},
			},
		},
		{
			name:   "one that shares with two joins them",
			claims: []Claim{claim("A", "RIPE RIS"), claim("B", "RouteViews"), claim("C", RestsCollectors)},
			want: []ClaimGroup{{
				Rests: "RIPE RIS", Claims: []Claim{claim("A", "RIPE RIS"), claim("C", RestsCollectors), claim("B", "RouteViews")},
			}},
		},
		{
			name:   "who does not say is one voice a service",
			claims: []Claim{claim("A", ""), claim("B", ""), claim("A", "")},
			source: "",
			want: []ClaimGroup{
				{Claims: []Claim{claim("A", ""), claim("A", "")}},
				{Claims: []Claim{claim("B", "")}},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, GroupClaims(tt.claims, tt.source)); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		})
	}
}

// No claim is lost and none is counted in two groups, whatever they rest on.
func TestGroupClaimsKeepsEveryClaim(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 1))
	for range 2000 {
		claims := randomClaims(rnd)
		groups := GroupClaims(claims, "RIPE RIS rrc00")
		var all []string
		for _, g := range groups {
			for _, c := range g.Claims {
				all = append(all, c.Text)
			}
		}
		var want []string
		for _, c := range claims {
			want = append(want, c.Text)
		}
		slices.Sort(all)
		slices.Sort(want)
		if !slices.Equal(all, want) {
			t.Fatalf("%v became %v", claims, groups)
		}
		for i := range groups {
			for j := range groups[:i] {
				for _, a := range groups[i].Claims {
					for _, b := range groups[j].Claims {
						if a.Rests != "" && overlap(bodies(a.Rests), bodies(b.Rests)) {
							t.Fatalf("%v and %v are in two groups", a, b)
						}
					}
				}
			}
		}
	}
}

func randomClaims(rnd *rand.Rand) []Claim {
	rests := []string{"", RestsCollectors, "RIPE RIS", "RouteViews", RestsProbing, RestsTelescope, "Globalping's probes", "rrc23"}
	var out []Claim
	for i := range rnd.IntN(7) {
		c := Claim{
			Service: []string{"IODA", "Globalping", "Cloudflare Radar"}[rnd.IntN(3)], Text: string(rune('a' + i)),
			Rests: rests[rnd.IntN(len(rests))], Link: "https://example.org/", At: noon.Add(-time.Duration(rnd.IntN(90)) * time.Minute),
		}
		if n := rnd.IntN(3); n > 0 {
			loss := n == 1
			c.Loss = &loss
		}
		out = append(out, c)
	}
	return out
}

// What others say stands beside a verdict and changes nothing in it: not its
// state, not its grade, not its reasons, not what would raise it.
func TestClaimsChangeNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 2))
	for range 3000 {
		c := testCase(1 + rnd.IntN(25))
		c.addIPv6(rnd.IntN(3))
		for i := range c.Observations {
			if rnd.IntN(2) == 0 {
				seen := rnd.IntN(41)
				c.lose(i, seen, rnd.IntN(seen+1))
			}
		}
		if rnd.IntN(3) == 0 {
			c.loseAll()
		}
		if rnd.IntN(4) == 0 {
			c.Vantage.Voting, c.Vantage.Voting6 = rnd.IntN(41), rnd.IntN(41)
		}
		if rnd.IntN(5) == 0 {
			c.Vantage.NewestAt = noon.Add(-time.Duration(rnd.IntN(60)) * time.Minute)
		}
		c.Baseline.MovedOnly = rnd.IntN(4) == 0
		without := Assess(c)
		c.Claims = randomClaims(rnd)
		with := Assess(c)
		if diff := cmp.Diff(c.Claims, with.Claims); diff != "" {
			t.Fatalf("the claims (-given +kept):\n%s", diff)
		}
		with.Claims = nil
		if !reflect.DeepEqual(without, with) {
			t.Fatalf("claims %v changed\n%+v into\n%+v", c.Claims, without, with)
		}
	}
}
