package checks

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dependCase is a case in which each prefix is reached from so many vantage points by the
// paths given: "path xN" is what N of them hold. The vantage points of a prefix are 1001,
// 1002 and so on, and stand first on their paths.
type dependCase struct {
	target   Target
	home     []ASN
	routes   map[string][]pathsOf
	min      int
	past     Past
	baseline map[string][]pathsOf
}

type pathsOf struct {
	n    int
	path []ASN
}

func (d dependCase) seen(list []pathsOf) (out []PathSeen, points int) {
	for _, p := range list {
		for range p.n {
			points++
			peer := ASN(1000 + points)
			out = append(out, PathSeen{Path: MakePath(append([]ASN{peer}, p.path...)...), Peers: []ASN{peer}})
		}
	}
	return out, points
}

func (d dependCase) made() Case {
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	c := Case{
		Footprint: Footprint{Target: d.target, Home: d.home}, Now: now, Past: d.past,
		Rules:    Rules{MinVoting: d.min, MaxAge: time.Hour},
		Baseline: Baseline{AsOf: now, Window: 24 * time.Hour},
	}
	most := 0
	for text, list := range d.routes {
		paths, points := d.seen(list)
		p := netip.MustParsePrefix(text)
		c.Observations = append(c.Observations, Observation{
			Check: "route", Prefix: p, At: now, Asked: points, Seen: points, Sighted: points, Paths: paths,
		})
		before := paths
		if list, ok := d.baseline[text]; ok {
			before, _ = d.seen(list)
		}
		c.Baseline.Prefixes = append(c.Baseline.Prefixes, BaselinePrefix{Prefix: p, Paths: before})
		most = max(most, points)
	}
	slices.SortFunc(c.Observations, func(a, b Observation) int { return ComparePrefixes(a.Prefix, b.Prefix) })
	slices.SortFunc(c.Baseline.Prefixes, func(a, b BaselinePrefix) int { return ComparePrefixes(a.Prefix, b.Prefix) })
	c.Vantage = Vantage{Live: most, FullFeed: most, Voting: most, Usual: most, FullFeed6: most, Voting6: most, Usual6: most, Collectors: 3, NewestAt: now}
	return c
}

// hung is what the tests look at of a hinge.
type hung struct {
	Element               string
	Prefixes, Addresses   uint64
	Most, Through, Around int
}

func hungOf(list []Hinge) (out []hung) {
	for _, h := range list {
		out = append(out, hung{h.Element.String(), h.Alone.Prefixes.Seen, h.Alone.Addresses.Seen, int(h.Most.Prefixes.Seen), h.Through, h.Around})
	}
	return out
}

func TestDependHinges(t *testing.T) {
	for _, tt := range []struct {
		name            string
		c               dependCase
		networks, links []hung
	}{
		{
			"one upstream: it and the link to it hold all; the network asked about is not listed",
			dependCase{target: Network(300), routes: map[string][]pathsOf{
				"192.0.2.0/24": {{6, []ASN{10, 200, 300}}, {6, []ASN{20, 200, 300}}},
			}},
			[]hung{{"AS200", 1, 256, 1, 12, 0}},
			[]hung{{"AS200-AS300", 1, 256, 1, 12, 0}},
		},
		{
			"two upstreams: neither holds it alone, however few use one of them",
			dependCase{target: Network(300), routes: map[string][]pathsOf{
				"192.0.2.0/24": {{9, []ASN{200, 300}}, {3, []ASN{210, 300}}},
			}},
			[]hung{{"AS200", 0, 0, 1, 9, 0}},
			[]hung{{"AS200-AS300", 0, 0, 1, 9, 0}},
		},
		{
			"one in forty has a way around: next to nobody, and said",
			dependCase{target: Network(300), routes: map[string][]pathsOf{
				"192.0.2.0/24": {{39, []ASN{200, 300}}, {1, []ASN{300}}},
			}},
			[]hung{{"AS200", 1, 256, 1, 39, 1}},
			[]hung{{"AS200-AS300", 1, 256, 1, 39, 1}},
		},
		{
			"a prefix inside another that has a second way stays covered",
			dependCase{target: Network(300), routes: map[string][]pathsOf{
				"10.0.0.0/16":  {{6, []ASN{200, 300}}, {6, []ASN{210, 300}}},
				"10.0.1.0/24":  {{12, []ASN{200, 300}}},
				"192.0.2.0/24": {{12, []ASN{200, 300}}},
			}},
			[]hung{{"AS200", 1, 256, 2, 30, 0}},
			[]hung{{"AS200-AS300", 1, 256, 2, 30, 0}},
		},
		{
			"the border is further out than the link to the origin",
			dependCase{target: Country("KP"), home: []ASN{300, 301}, routes: map[string][]pathsOf{
				"192.0.2.0/24":    {{12, []ASN{4837, 300}}},
				"198.51.100.0/24": {{12, []ASN{4837, 300, 301}}},
			}},
			[]hung{{"AS300", 2, 512, 2, 24, 0}, {"AS4837", 2, 512, 2, 24, 0}, {"AS301", 1, 256, 1, 12, 0}},
			[]hung{{"AS4837-AS300", 2, 512, 2, 24, 0}, {"AS300-AS301", 1, 256, 1, 12, 0}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.min = 10
			d := Depend(tt.c.made())
			if diff := cmp.Diff(tt.networks, hungOf(d.IPv4.Networks)); diff != "" {
				t.Errorf("networks (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.links, hungOf(d.IPv4.Links)); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}
