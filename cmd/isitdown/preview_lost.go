package main

import (
	"net/netip"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// The samples of what disappeared are of a network that does not exist, assessed as any
// other: only what is seen is made up.
const (
	lostOrigin checks.ASN = 1000001
	lostPoints            = 36
	inventedAS            = "Ruritania Telecom (AS1000001) does not exist; all that is seen of it is invented, as an example."
)

// lostNet is AS1000001 with two prefixes, seen by 36 vantage points, before and after
// something happened to it.
type lostNet struct {
	c checks.Case
}

// lostPoint gives the nth vantage point, ascending.
func lostPoint(n int) checks.ASN { return checks.ASN(1000100 + n) }

// newLostNet makes the network with the given ways from the vantage points to the origin,
// which take turns; keep of the vantage points still have the routes.
func newLostNet(at time.Time, keep int, ways ...[]checks.ASN) *lostNet {
	lost := at.Add(-40 * time.Minute)
	n := &lostNet{c: checks.Case{
		Footprint: checks.Footprint{Target: checks.Network(lostOrigin), Name: "Ruritania Telecom"},
		Vantage: checks.Vantage{
			Source: "RIPE RIS", Live: lostPoints, FullFeed: lostPoints, Voting: lostPoints, Usual: lostPoints, Collectors: 4,
			LosingCollectors: 4, NewestAt: at.Add(-3 * time.Second),
		},
		Baseline: checks.Baseline{AsOf: lost, Window: 24 * time.Hour, Frozen: true},
		Past:     checks.Past{Since: at.Add(-30 * 24 * time.Hour), Source: "RIPEstat"},
		Now:      at, Rules: checks.DefaultRules(),
	}}
	for _, text := range []string{"198.51.100.0/24", "203.0.113.0/24"} {
		p := netip.MustParsePrefix(text)
		base := checks.BaselinePrefix{Prefix: p, Origins: []checks.ASN{lostOrigin}}
		o := checks.Observation{
			Check: "route", Source: "RIPE RIS", At: n.c.Vantage.NewestAt, Prefix: p, Asked: lostPoints, Seen: keep, Sighted: keep, Stuck: keep,
			Lost: checks.Crossing{First: lost, Half: lost.Add(30 * time.Second), Ninety: lost.Add(80 * time.Second)},
		}
		for i := range lostPoints {
			hops := append([]checks.ASN{lostPoint(i)}, ways[i%len(ways)]...)
			seen := checks.PathSeen{Path: lostPath(append(hops, lostOrigin)), Peers: []checks.ASN{lostPoint(i)}}
			base.Paths = append(base.Paths, seen)
			if i < keep {
				o.Paths, o.Origins = append(o.Paths, seen), base.Origins
			} else {
				o.Missing = append(o.Missing, lostPoint(i))
			}
		}
		n.c.Baseline.Prefixes = append(n.c.Baseline.Prefixes, base)
		n.c.Observations = append(n.c.Observations, o)
	}
	n.c.Elsewhere = checks.Elsewhere{From: lost.Add(-5 * time.Minute), To: at}
	return n
}

func lostPath(hops []checks.ASN) checks.Path {
	path := make(checks.Path, len(hops))
	for i, a := range hops {
		path[i] = checks.Hop{a}
	}
	return path
}

// elsewhere adds how other networks' routes through an AS, or an adjacency, fared.
func (n *lostNet) elsewhere(e checks.Element, origins, before, still int) {
	n.c.Elsewhere.Passages = append(n.c.Elsewhere.Passages, checks.Passage{Element: e, Origins: origins, Before: before, Still: still})
	if !e.Adjacency() && still == before {
		n.c.Elsewhere.Siblings = append(n.c.Elsewhere.Siblings, checks.Siblings{
			Upstream: e.AS, Networks: origins, Usual: .0005, History: 7 * 24 * time.Hour,
		})
	}
}

// foreign lets another network announce something at so many vantage points.
func (n *lostNet) foreign(kind checks.ForeignKind, prefix string, concerns, peers int) {
	o := &n.c.Observations[concerns]
	f := checks.Foreign{
		Kind: kind, Prefix: netip.MustParsePrefix(prefix), Origin: 1000030, Upstream: 1000031, Peers: peers, Of: lostPoints,
		Concerns: o.Prefix, Since: o.Lost.First,
	}
	o.Foreign = append(o.Foreign, f)
	if kind == checks.ForeignOrigin {
		o.Covers = append(o.Covers, checks.Cover{Prefix: f.Prefix, Origin: f.Origin, Upstream: f.Upstream, Peers: peers})
	}
}

func (n *lostNet) answer(name, title string) sample {
	return answer(name, title, chat.Notice{Verdict: checks.Assess(n.c), Caveats: []string{inventedAS}})
}

// lost is what is said of what disappeared, rule by rule.
func (g *gatherer) lost() []sample {
	if g.err != nil {
		return nil
	}
	at := g.p.xx.asked[1].Verdict.At
	a, b, c, far := checks.ASN(1000010), checks.ASN(1000011), checks.ASN(1000012), checks.ASN(1000020)
	link := checks.Element{AS: far, To: a}

	several := newLostNet(at, 0, []checks.ASN{a}, []checks.ASN{b}, []checks.ASN{c})
	for i, u := range []checks.ASN{a, b, c} {
		several.elsewhere(checks.Element{AS: u}, 40+7*i, 36*(40+7*i), 36*(40+7*i))
	}
	separator := newLostNet(at, 0, []checks.ASN{far, a})
	separator.elsewhere(checks.Element{AS: a}, 30, 900, 90)
	separator.elsewhere(link, 32, 1000, 60)
	separator.elsewhere(checks.Element{AS: far}, 210, 7560, 6640)

	rejected := newLostNet(at, 4, []checks.ASN{a})
	rejected.elsewhere(checks.Element{AS: a}, 61, 2196, 2196)
	for _, p := range rejected.c.Baseline.Prefixes {
		rejected.c.RPKI = append(rejected.c.RPKI, checks.OriginValidity{
			Route: checks.RouteOrigin{Prefix: p.Prefix, Origin: lostOrigin}, State: checks.Invalid,
			Reason: "the ROA for 198.51.100.0/22 of AS1000001 allows no longer prefix than /22", AsOf: at.Add(-25 * time.Minute), Source: "vrps.json",
		})
	}
	stuck := newLostNet(at, 3, []checks.ASN{a})
	stuck.elsewhere(checks.Element{AS: a}, 61, 2196, 2196)

	taken := newLostNet(at, 0, []checks.ASN{a})
	taken.c.Observations[1] = taken.stands(1)
	taken.foreign(checks.ForeignOrigin, "198.51.100.0/24", 0, lostPoints)

	beside := newLostNet(at, lostPoints, []checks.ASN{a})
	beside.foreign(checks.ForeignSpecific, "203.0.113.128/25", 1, 30)

	untold := newLostNet(at, 0, []checks.ASN{a})
	untold.elsewhere(checks.Element{AS: a}, 2, 72, 72)
	return []sample{
		several.answer("lost-several", "Several upstreams at once, each of them healthy"),
		separator.answer("lost-separator", "Something further out, through which others' routes went too"),
		rejected.answer("lost-rejected", "Rejected by those who drop RPKI-invalid routes"),
		stuck.answer("lost-stuck", "A few routes are left as they were"),
		untold.answer("lost-untold", "Too few others behind the upstream to tell"),
		taken.answer("lost-taken-over", "Announced by another network instead"),
		beside.answer("beside", "Up, and another network announces a part of it"),
	}
}

// stands gives an observation as if nothing had been lost.
func (n *lostNet) stands(i int) checks.Observation {
	o := n.c.Observations[i]
	o.Seen, o.Sighted, o.Missing, o.Stuck, o.Lost = o.Asked, o.Asked, nil, 0, checks.Crossing{}
	o.Paths, o.Origins = n.c.Baseline.Prefixes[i].Paths, []checks.ASN{lostOrigin}
	return o
}
