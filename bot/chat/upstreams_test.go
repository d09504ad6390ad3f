package chat

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// dependenceSample is an answer about dependence with what it rests on.
type dependenceSample struct {
	name    string
	in      checks.Case
	caveats []string
	json    bool
}

// seenThrough gives n vantage points, numbered from first, that reach a prefix by a path.
func seenThrough(first, n int, path ...checks.ASN) (list []checks.PathSeen) {
	for i := range n {
		peer := checks.ASN(first + i)
		list = append(list, checks.PathSeen{Path: checks.MakePath(append([]checks.ASN{peer}, path...)...), Peers: []checks.ASN{peer}})
	}
	return list
}

// dependenceCase makes a case of which all is visible, now as in the 24 hours before.
func dependenceCase(f checks.Footprint, routes map[string][]checks.PathSeen) checks.Case {
	now := utc("2014-12-22 15:00:00")
	c := checks.Case{
		Footprint: f, Now: now, Rules: checks.DefaultRules(),
		Baseline: checks.Baseline{AsOf: now, Window: 24 * time.Hour, Since: now.Add(-48 * time.Hour)},
		Vantage: checks.Vantage{
			Source: "route-views2, rrc00", Live: 40, FullFeed: 40, FullFeed6: 40, Voting: 40, Voting6: 40, Usual: 40, Usual6: 40,
			Collectors: 2, NewestAt: now.Add(-2 * time.Second),
		},
	}
	var prefixes []netip.Prefix
	for text := range routes {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	checks.SortPrefixes(prefixes)
	for _, p := range prefixes {
		paths := routes[p.String()]
		c.Baseline.Prefixes = append(c.Baseline.Prefixes, checks.BaselinePrefix{Prefix: p, Paths: paths})
		c.Observations = append(c.Observations, checks.Observation{
			Check: "route", Prefix: p, At: now, Asked: len(paths), Seen: len(paths), Sighted: len(paths), Paths: paths,
		})
	}
	return c
}

func dependenceSamples() []dependenceSample {
	kp := checks.Footprint{
		Target: checks.Country("KP"), Name: "North Korea", Country: "KP", Home: []checks.ASN{131279}, Origins: []checks.ASN{131279},
		Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")}, Source: "RIR delegated statistics: apnic 2014-12-21",
	}
	through := append(seenThrough(1000, 30, 174, 4837, 131279), seenThrough(1030, 10, 6453, 4837, 131279)...)
	one := dependenceCase(kp, map[string][]checks.PathSeen{
		"175.45.176.0/24": through, "175.45.177.0/24": through, "175.45.178.0/24": through, "175.45.179.0/24": through,
	})
	earlier := one
	earlier.Past = checks.Past{
		Since: one.Now.AddDate(0, 0, -30), Source: "RIPEstat",
		Carriers: []checks.PastCarrier{{ASN: 4837, Held: 30 * 24 * time.Hour, Last: one.Now}, {ASN: 22351, Held: 5 * time.Hour, Last: one.Now.AddDate(0, 0, -9)}},
	}
	network := checks.Footprint{Target: checks.Network(131279), Name: "Star-KP", Origins: []checks.ASN{131279}, Home: []checks.ASN{131279}}
	two := append(seenThrough(1000, 30, 4837, 131279), seenThrough(1030, 10, 20485, 131279)...)
	several := dependenceCase(network, map[string][]checks.PathSeen{
		"175.45.176.0/24": two, "175.45.177.0/24": seenThrough(1000, 40, 4837, 131279), "2001:db8::/32": two[:35],
	})
	few := dependenceCase(network, map[string][]checks.PathSeen{"175.45.176.0/24": two[:1]})
	few.Vantage.Voting, few.Vantage.Live, few.Vantage.FullFeed = 1, 1, 1
	many := map[string][]checks.PathSeen{}
	for i := range 24 {
		via := checks.ASN(300 + i%2)
		if i == 7 {
			via = 4837
		}
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, byte(i), 0}), 24)
		many[prefix.String()] = seenThrough(1000, 40, 4837, via, checks.ASN(500+i))
	}
	land := checks.Footprint{Target: checks.Country("TO"), Name: "Tonga", Country: "TO", Home: []checks.ASN{300, 301}}
	for i := range 24 {
		land.Home = append(land.Home, checks.ASN(500+i))
	}
	nothing := dependenceCase(kp, nil)
	nothing.Gaps = []checks.Gap{{Check: "route", Reason: "RIPEstat did not answer within 20 s"}}
	return []dependenceSample{
		{"one", one, []string{"Reconstruction from published times, not recorded BGP."}, true},
		{"earlier", earlier, nil, true},
		{"several", several, nil, true},
		{"few", few, nil, false},
		{"many", dependenceCase(land, many), nil, false},
		{"nothing", nothing, nil, true},
	}
}

func (s *dependenceSample) made() checks.Dependence {
	d := checks.Depend(s.in)
	d.NameASes(func(a checks.ASN) string {
		return map[checks.ASN]string{4837: "China Unicom", 131279: "Star-KP", 174: "Cogent", 6453: "Tata"}[a]
	})
	return d
}

func TestGoldenUpstreams(t *testing.T) {
	for _, s := range dependenceSamples() {
		t.Run(s.name, func(t *testing.T) {
			d := s.made()
			golden(t, "upstreams-"+s.name+".golden", []byte(Upstreams(d, s.caveats...).Text(Columns)))
			if !s.json {
				return
			}
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(UpstreamsJSON(d, s.caveats...)); err != nil {
				t.Fatal(err)
			}
			golden(t, "upstreams-"+s.name+".json", b.Bytes())
		})
	}
}

// What is said about dependence keeps to the words of notices, and never says that nothing
// else exists: only that nothing else is seen.
func TestUpstreamsWords(t *testing.T) {
	for _, s := range dependenceSamples() {
		d := s.made()
		m := Upstreams(d, s.caveats...)
		text := strings.Join(strings.Fields(m.Text(Columns)), " ") + " " + UpstreamsJSON(d, s.caveats...).Sentence
		for _, word := range forbidden {
			if got := word.FindString(text); got != "" {
				t.Errorf("%s: says %q", s.name, got)
			}
		}
		if got := onePlural.FindString(text) + manySingle.FindString(text); got != "" {
			t.Errorf("%s: says %q", s.name, got)
		}
		if d.Known() && !strings.Contains(text, "a backup that carries nothing now is not visible") {
			t.Errorf("%s: does not say what cannot be seen: %s", s.name, text)
		}
		if n := len([]rune(m.Headline)); n > MaxHeadline {
			t.Errorf("%s: a headline of %d characters", s.name, n)
		}
	}
}

// Names of networks are foreign text, here as everywhere.
func TestUpstreamsHostileNames(t *testing.T) {
	s := dependenceSamples()[0]
	d := checks.Depend(s.in)
	d.NameASes(func(checks.ASN) string { return "\x1b[31mAS\u202e<!channel>\n" + strings.Repeat("x", 500) })
	text := Upstreams(d).Text(Columns)
	record, err := json.Marshal(UpstreamsJSON(d))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"\x1b", "\u202e", strings.Repeat("x", 100)} {
		if strings.Contains(text, bad) {
			t.Errorf("the text holds %q", bad)
		}
	}
	if strings.ContainsAny(string(record), "\x1b\u202e") {
		t.Errorf("the record holds what steers a screen: %s", record)
	}
}

// A headline names upstreams as far as it has room for, and never breaks off.
func TestUpstreamsHeadlineHasRoom(t *testing.T) {
	long := strings.Repeat("Long name of a network ", 2)
	for _, n := range []int{1, 3, 4, 30} {
		var us []checks.Upstream
		for i := range n {
			us = append(us, checks.Upstream{ASN: checks.ASN(64500 + i), Name: long, Share: 1 / float64(n)})
		}
		for _, room := range []int{100, 160} {
			text := carriedBrief(us, room)
			if !strings.Contains(text, "of observed paths") || display(text) > room {
				t.Errorf("%d upstreams in %d columns: %q", n, room, text)
			}
			if rest := n - maxHeaded; rest > 0 && !strings.Contains(text, count(rest, "other", "others")) {
				t.Errorf("of %d upstreams the rest is not counted: %q", n, text)
			}
		}
	}
}
