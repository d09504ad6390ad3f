package checks

import (
	"net/netip"
	"testing"
	"time"
)

// Few who keep an invalid route do not drop such routes: it is not gone. Few who keep a
// route of which that is not said hold a stuck one.
func TestRejectedIsNotGone(t *testing.T) {
	p := netip.MustParsePrefix("175.45.176.0/24")
	now := time.Date(2025, 3, 18, 10, 20, 0, 0, time.UTC)
	said := func(states ...Validity) (list []OriginValidity) {
		for i, s := range states {
			list = append(list, OriginValidity{Route: RouteOrigin{p, ASN(131279 + i)}, State: s})
		}
		return list
	}
	for name, tt := range map[string]struct {
		seen, asked int
		origins     []ASN
		rpki        []OriginValidity
		want        State
	}{
		"invalid":                           {4, 36, []ASN{131279}, said(Invalid), Degraded},
		"invalid, and nobody has it":        {0, 36, []ASN{131279}, said(Invalid), Down},
		"invalid, and nearly nobody has it": {1, 36, []ASN{131279}, said(Invalid), Down},
		"valid":                             {4, 36, []ASN{131279}, said(Valid), Down},
		"not found":                         {4, 36, []ASN{131279}, said(NotFound), Down},
		"not asked":                         {4, 36, []ASN{131279}, nil, Down},
		"another origin's is invalid":       {4, 36, []ASN{131280}, said(Invalid), Down},
		"one of two is invalid":             {4, 36, []ASN{131279, 131280}, said(Invalid, Valid), Down},
		"both are invalid":                  {4, 36, []ASN{131279, 131280}, said(Invalid, Invalid), Degraded},
		"few ever had it":                   {2, 14, []ASN{131279}, said(Invalid), Down},
	} {
		t.Run(name, func(t *testing.T) {
			v := Assess(Case{
				Footprint: Footprint{Target: Network(131279)}, Now: now, Rules: DefaultRules(), RPKI: tt.rpki,
				Baseline:     Baseline{Prefixes: []BaselinePrefix{{Prefix: p, Origins: tt.origins}}},
				Vantage:      Vantage{Live: 36, FullFeed: 36, Voting: 36, Usual: 36, Collectors: 3, NewestAt: now},
				Observations: []Observation{{Check: "route", Prefix: p, Asked: tt.asked, Seen: tt.seen, Stuck: tt.seen, Sighted: tt.seen}},
			})
			if v.State != tt.want {
				t.Errorf("%v, want %v", v.State, tt.want)
			}
		})
	}
}
