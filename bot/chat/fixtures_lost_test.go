package chat

import (
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// kpLastHop explains the loss of North Korea's four networks.
func kpLastHop(kept int) checks.Attribution {
	link, up := checks.Element{AS: 4837, To: 131279}, checks.Element{AS: 4837}
	a := checks.Attribution{
		Origins: []checks.ASN{131279}, Rule: checks.RuleLastHop,
		Set: []checks.Candidate{
			{Kind: checks.OriginWithdrew, Element: checks.Element{AS: 131279}},
			{Kind: checks.AdjacencyFailed, Element: link},
		},
		Scores: []checks.Score{
			{Element: up, Coverage: 1, Passage: checks.Passage{Element: up, Origins: 61, Before: 2440, Still: 2440}},
			{Element: checks.Element{AS: 3356}, Coverage: .3, Score: .003, Passage: checks.Passage{Origins: 180, Before: 7000, Still: 6930}},
		},
		Lost: 160 - kept, Kept: kept, KeptUnchanged: kept,
		Carriers: []checks.Upstream{with(unicom, 0, 1)}, SingleHomed: true,
		Siblings: []checks.Siblings{{Upstream: 4837, Networks: 61, Usual: .0004, History: 7 * 24 * time.Hour}},
		Grade:    checks.EvidenceModerate,
		Reasons:  []string{"nobody has a route, and AS4837 still carries 2,440 of 2,440 routes of 61 other networks"},
		Raise:    []string{"a probe from a second network"},
	}
	for _, third := range []string{"176", "177", "178", "179"} {
		a.Prefixes = append(a.Prefixes, netip.MustParsePrefix("175.45."+third+".0/24"))
	}
	if kept > 0 {
		a.Rule = checks.RuleStuck
		a.Set = append(a.Set, checks.Candidate{Kind: checks.StuckRoutes}, checks.Candidate{Kind: checks.Filtered})
	}
	return a
}

// explained gives a verdict one attribution of all its prefixes that are not visible.
func explained(v checks.Verdict, a checks.Attribution) checks.Verdict {
	a.Prefixes = nil
	for _, p := range v.Prefixes {
		if !p.Visible && p.Known {
			a.Prefixes = append(a.Prefixes, p.Prefix)
		}
	}
	slices.SortFunc(a.Prefixes, checks.ComparePrefixes)
	v.Disappeared = []checks.Attribution{a}
	return v
}

// lostSamples have a notice for each rule that says what disappeared.
func lostSamples() []sample {
	list := []sample{
		{"lost-several", Notice{Verdict: lostSeveral(4)}},
		{"lost-several-many", Notice{Verdict: lostSeveral(12)}},
		{"lost-separator", Notice{Verdict: lostSeparator(checks.EvidenceModerate)}},
		{"lost-separator-weak", Notice{Verdict: lostSeparator(checks.EvidenceWeak)}},
		{"lost-rejected", Notice{Verdict: lostRejected()}},
		{"lost-rejected-one", Notice{Verdict: lostRejectedOne()}},
		{"lost-partial", Notice{Verdict: lostPartial()}},
		{"lost-untold", Notice{Verdict: lostUntold(false)}},
		{"lost-sample", Notice{Verdict: lostSampled()}},
		{"lost-taken-over", Notice{Verdict: lostTakenOver()}},
		{"lost-groups", Notice{Verdict: lostGroups()}},
		{"lost-none", Notice{Verdict: lostNone()}},
		{"lost-mixed", Notice{Verdict: lostMixed()}},
		{"lost-divide", Notice{Verdict: lostDivide()}},
		{"lost-seen-alone", Notice{Verdict: lostSeenAlone()}},
		{"two-origins", Notice{Verdict: twoOrigins()}},
		{"up-beside", Notice{Verdict: upBeside()}},
		{"up-leak", Notice{Verdict: upLeak()}},
		{"lost-homed-elsewhere", Notice{Verdict: lostHomed()}},
	}
	opened := Notice{Kind: Opened, Verdict: lostSeparator(checks.EvidenceModerate), Incident: outage(1)}
	return append(list, sample{"lost-separator-opened", opened})
}

// lostSeveral is a network of so many upstreams that all lost it at once.
func lostSeveral(n int) checks.Verdict {
	v := syria(0)
	a := checks.Attribution{
		Origins: []checks.ASN{29256}, Rule: checks.RuleSeveral, Lost: 3200, Grade: checks.EvidenceModerate,
		Set:     []checks.Candidate{{Kind: checks.OriginWithdrew, Element: checks.Element{AS: 29256}}},
		Reasons: []string{"all upstreams lost the routes within 2 min"}, Raise: []string{"3 collectors or more"},
	}
	for i := range n {
		u := []checks.ASN{9121, 6762, 3491, 6453, 3320, 3356, 174, 1299, 2914, 6939, 3257, 5511}[i]
		a.Set = append(a.Set, checks.Candidate{Kind: checks.AdjacencyFailed, Element: checks.Element{AS: u, To: 29256}})
		a.Carriers = append(a.Carriers, checks.Upstream{ASN: u, ShareBefore: 1 / float64(n)})
		a.Siblings = append(a.Siblings, checks.Siblings{Upstream: u, Networks: 40 + i, Lost: i % 2, Usual: .001, History: 50 * time.Hour})
		e := checks.Element{AS: u}
		a.Scores = append(a.Scores, checks.Score{
			Element: e, Coverage: 1 / float64(n), Passage: checks.Passage{Element: e, Origins: 40 + i, Before: 1400, Still: 1390},
		})
	}
	return explained(v, a)
}

// syria is a network of one origin with 100 IPv4 prefixes of which so many are visible.
func syria(visible int) checks.Verdict {
	v := bothFamilies(visible)
	v.IPv6 = checks.Counts{}
	v.Prefixes = v.Prefixes[:98]
	for i := range v.Prefixes {
		v.Prefixes[i].Origin, v.Prefixes[i].Origins = 29256, []checks.ASN{29256}
	}
	return v
}

func lostSeparator(grade checks.Evidence) checks.Verdict {
	link, far := checks.Element{AS: 64500, To: 64501}, checks.Element{AS: 64501}
	v := kpDown("2014-12-22 17:00:08")
	return explained(v, checks.Attribution{
		Origins: []checks.ASN{131279}, Rule: checks.RuleSeparator, Lost: 160, Grade: grade,
		Set: []checks.Candidate{{Kind: checks.AdjacencyFailed, Element: link}, {Kind: checks.NetworkFailed, Element: far}},
		Scores: []checks.Score{
			{Element: link, Coverage: 1, Score: .9, Passage: checks.Passage{Element: link, Origins: 50, Before: 400, Still: 40}},
			{Element: far, Coverage: 1, Score: .89, Passage: checks.Passage{Element: far, Origins: 52, Before: 410, Still: 45}},
			{Element: checks.Element{AS: 4837}, Coverage: 1, Score: .02, Passage: checks.Passage{Origins: 2, Before: 50, Still: 49}},
		},
		Carriers: []checks.Upstream{with(unicom, 0, 1)},
		Reasons:  []string{"AS64500-AS64501 scores 0.90, the next beyond 0.02 of it 0.02"}, Raise: []string{"more networks behind AS4837"},
	})
}

// lostRejected is North Korea with RPKI-invalid routes, which 4 of 36 keep.
func lostRejected() checks.Verdict {
	v := kp("2025-03-12 10:00:00", checks.Degraded, 4, 4, 4, 4)
	v.Announced, v.Onset = checks.ExtentPart, at("2025-03-12 08:12:00")
	for i := range v.Prefixes {
		v.Prefixes[i].Of = 36
	}
	v.Vantage = checks.Vantage{
		Source: "RIPE RIS", Live: 36, FullFeed: 36, Voting: 36, Usual: 36, Collectors: 3, NewestAt: v.At.Add(-8 * time.Second),
	}
	v.Evidence, v.Reasons = checks.EvidenceModerate, []string{"36 full-feed vantage points on 3 collectors, 89 % of them agree"}
	u := with(unicom, 1, 1)
	v.LastHops, v.Borders = []checks.Upstream{u}, []checks.Upstream{u}
	invalid := checks.OriginValidity{
		Route: checks.RouteOrigin{Prefix: v.Prefixes[0].Prefix, Origin: 131279}, State: checks.Invalid,
		Reason: "the ROA for 175.45.176.0/22 allows no longer prefix than /22", AsOf: utc("2025-03-12 09:40:00"), Source: "vrps.json",
	}
	return explained(v, checks.Attribution{
		Origins: []checks.ASN{131279}, Rule: checks.RuleRejected, Lost: 128, Kept: 16, KeptUnchanged: 12, Grade: checks.EvidenceWeak,
		Set:  []checks.Candidate{{Kind: checks.Rejected}},
		RPKI: []checks.OriginValidity{invalid}, Carriers: []checks.Upstream{u},
		Reasons: []string{"16 of 144 routes are kept and no element scores 0.80"},
		Raise:   []string{"vantage points that are known to drop RPKI-invalid routes"},
	})
}

func lostRejectedOne() checks.Verdict {
	v := lostRejected()
	p := v.Prefixes[0]
	a := v.Disappeared[0]
	v.Target, v.Name, v.Registered = target(p.Prefix.String()), "", checks.Footprint{}
	v.IPv4, v.Prefixes = checks.Counts{}, nil
	set(&v, 256, p)
	a.Lost, a.Kept, a.RPKI = 32, 4, slices.Clone(a.RPKI)
	a.RPKI[0].Reason, a.RPKI[0].AsOf = "", time.Time{}
	return explained(v, a)
}

func lostPartial() checks.Verdict {
	v := syria(40)
	e := checks.Element{AS: 3491}
	return explained(v, checks.Attribution{
		Origins: []checks.ASN{29256}, Rule: checks.RulePartial, Lost: 1100, Kept: 756, KeptUnchanged: 12,
		Scores: []checks.Score{{
			Element: e, Coverage: .61, Score: .01,
			Passage: checks.Passage{Element: e, Origins: 300, Before: 9000, Still: 8900},
		}},
		Carriers: v.Borders, Reasons: []string{"the best element scores 0.01, and it takes 0.80"},
	})
}

// lostUntold is a loss behind networks of which too little is seen.
func lostUntold(sample bool) checks.Verdict {
	v := moved()
	v.LastHops = []checks.Upstream{{ASN: 21497, Name: "UMC-AS", ShareBefore: 1}}
	e := checks.Element{AS: 21497}
	return explained(v, checks.Attribution{
		Origins: []checks.ASN{31148}, Rule: checks.RuleUntold, Lost: 304, Kept: 2, Sample: sample,
		Set: []checks.Candidate{
			{Kind: checks.OriginWithdrew, Element: checks.Element{AS: 31148}},
			{Kind: checks.AdjacencyFailed, Element: checks.Element{AS: 21497, To: 31148}},
			{Kind: checks.NetworkFailed, Element: e},
		},
		Scores:  []checks.Score{{Element: e, Coverage: 1, Passage: checks.Passage{Element: e, Origins: 2, Before: 30, Still: 30}}},
		Grade:   checks.EvidenceWeak,
		Reasons: []string{"the recording holds updates alone: of networks that did not move it shows nothing"},
		Raise:   []string{"a table dump from before the recording"},
	})
}

// lostSampled rests on eight networks that were looked up.
func lostSampled() checks.Verdict {
	v := kpDown("2014-12-22 17:00:08")
	a := kpLastHop(0)
	a.Sample, a.Grade, a.Siblings = true, checks.EvidenceWeak, []checks.Siblings{{Upstream: 4837, Networks: 8, Lost: 1}}
	a.Scores = a.Scores[:1]
	a.Scores[0].Passage = checks.Passage{Element: a.Scores[0].Element, Origins: 8, Before: 290, Still: 280}
	return explained(v, a)
}

// lostTakenOver is a network two of whose prefixes others announce in its place.
func lostTakenOver() checks.Verdict {
	v := covered(false)
	a := checks.Attribution{Origins: []checks.ASN{36867}, Rule: checks.RuleTakenOver, Lost: 114, Grade: checks.EvidenceModerate}
	for i := range v.Prefixes[:3] {
		p := &v.Prefixes[i]
		p.CoveredBy = []checks.Cover{{Prefix: p.Prefix, Origin: 17557, Upstream: 3491, Peers: 38}}
		a.Foreign = append(a.Foreign, checks.Foreign{
			Kind: checks.ForeignOrigin, Prefix: p.Prefix, Origin: 17557, Upstream: 3491, Peers: 38, Of: 38,
			Concerns: p.Prefix, Since: v.Onset.After,
		})
	}
	inside := checks.Foreign{
		Kind: checks.ForeignSpecific, Prefix: netip.MustParsePrefix("41.86.33.0/24"), Origin: 17557, Upstream: 3491, Peers: 30, Of: 38,
		Concerns: netip.MustParsePrefix("41.86.32.0/20"), Since: v.Onset.After,
	}
	v.Foreign = append(slices.Clone(a.Foreign), inside)
	return explained(v, a)
}

// lostGroups is Syria with five prefixes apart that went otherwise.
func lostGroups() checks.Verdict {
	v := bothFamilies(0)
	big := lostSeveral(4).Disappeared[0]
	big.Prefixes = nil
	untold := lostUntold(false).Disappeared[0]
	untold.Prefixes, untold.Origins = nil, []checks.ASN{29257}
	untold.Set = []checks.Candidate{
		{Kind: checks.OriginWithdrew, Element: checks.Element{AS: 29257}},
		{Kind: checks.AdjacencyFailed, Element: checks.Element{AS: 6453, To: 29257}},
	}
	six := untold
	six.Rule, six.Origins = checks.RulePartial, []checks.ASN{29256}
	for _, p := range v.Prefixes {
		switch {
		case p.Prefix.Addr().Is6():
			six.Prefixes = append(six.Prefixes, p.Prefix)
		case p.Origin == 29256:
			big.Prefixes = append(big.Prefixes, p.Prefix)
		default:
			untold.Prefixes = append(untold.Prefixes, p.Prefix)
		}
	}
	slices.SortFunc(six.Prefixes, checks.ComparePrefixes)
	v.Disappeared = []checks.Attribution{big, untold, six}
	return v
}

// lostNone is a loss of which nothing can be told.
func lostNone() checks.Verdict {
	return explained(syria(40), checks.Attribution{
		Origins: []checks.ASN{29256}, Reasons: []string{"the paths from before the loss are not known"},
	})
}

// lostMixed is a loss with which half of what others had behind the upstream went.
func lostMixed() checks.Verdict {
	v := kpDown("2014-12-22 17:00:08")
	a := kpLastHop(0)
	a.Rule, a.Grade, a.Siblings = checks.RuleMixed, checks.EvidenceWeak, []checks.Siblings{{Upstream: 4837, Networks: 61, Lost: 33}}
	a.Set = append(a.Set, checks.Candidate{Kind: checks.NetworkFailed, Element: checks.Element{AS: 4837}})
	a.Scores[0].Passage.Still, a.Scores[0].Score = 1100, .55
	a.Reasons = []string{"AS4837 lost others' routes too: 28 of 61 other networks behind it stayed visible"}
	return explained(v, a)
}

// lostDivide is a loss of a part, by something that too few others pass to be scored.
func lostDivide() checks.Verdict {
	a := lostPartial().Disappeared[0]
	link := checks.Element{AS: 3356, To: 4837}
	a.Rule, a.Grade = checks.RuleDivide, checks.EvidenceWeak
	a.Set = []checks.Candidate{{Kind: checks.AdjacencyFailed, Element: link}}
	a.Scores = []checks.Score{{Element: link, Coverage: 1, Passage: checks.Passage{Element: link, Origins: 1, Before: 30}}}
	return explained(lostPartial(), a)
}

// lostSeenAlone is a loss of which no past is known.
func lostSeenAlone() checks.Verdict {
	v := kpDown("2014-12-22 17:00:08")
	v.Past, v.Disappeared[0].SingleHomed = checks.Past{}, false
	return v
}

// twoOrigins is a prefix that another network announces too, while nobody lost it.
func twoOrigins() checks.Verdict {
	v := kp("2014-12-22 16:30:00", checks.Degraded)
	v.Onset, v.Announced, v.CoveredForeign = lostAt, checks.ExtentPart, 1
	v.Foreign = []checks.Foreign{{
		Kind: checks.ForeignOrigin, Prefix: v.Prefixes[1].Prefix, Origin: 64500, Upstream: 4837, Peers: 12, Of: 40,
		Concerns: v.Prefixes[1].Prefix, Since: lostAt.After,
	}}
	return v
}

// lostHomed is a network that another carried in the month before.
func lostHomed() checks.Verdict {
	v := kpDown("2014-12-22 17:00:08")
	a := kpLastHop(0)
	a.SingleHomed = false
	v.Past = checks.Past{
		Since: v.At.Add(-30 * 24 * time.Hour), Source: "RIPEstat",
		Carriers: []checks.PastCarrier{
			{ASN: 4837, Held: 29 * 24 * time.Hour, Last: v.At.Add(-time.Hour)},
			{ASN: 22351, Held: 5 * time.Hour, Last: utc("2014-12-03 08:00:00")},
		},
	}
	return explained(v, a)
}

// upBeside is YouTube in February 2008: another network announces a part of it, and
// its own route stays. Figures as RIPE NCC's case study has them, vantage points made up.
func upBeside() checks.Verdict {
	v := checks.Verdict{
		Target: checks.Network(36561), Name: "YOUTUBE", At: utc("2008-02-24 19:30:00"), State: checks.Up, Announced: checks.ExtentAll,
		Vantage: checks.Vantage{
			Source: "RIPE RIS", Live: 40, FullFeed: 40, Voting: 40, Usual: 40, Collectors: 12, NewestAt: utc("2008-02-24 19:29:40"),
		},
		Evidence: checks.EvidenceStrong, Reasons: []string{"40 full-feed vantage points on 12 collectors, 100 % of them agree"},
		BaselineWindow: 24 * time.Hour,
		LastHops:       []checks.Upstream{{ASN: 3549, Name: "GBLX", Share: 1, ShareBefore: 1}},
		Foreign: []checks.Foreign{{
			Kind: checks.ForeignSpecific, Prefix: netip.MustParsePrefix("208.65.153.0/24"), Origin: 17557, Upstream: 3491, Peers: 30, Of: 40,
			Concerns: netip.MustParsePrefix("208.65.152.0/22"), Since: utc("2008-02-24 18:47:45"),
		}},
	}
	set(&v, 1024, prefix("208.65.152.0/22", 40, 40, 36561))
	return v
}

// upLeak is a network in whose name others make up paths, four ways.
func upLeak() checks.Verdict {
	v := upBeside()
	own := v.Foreign[0]
	v.Foreign[0].Since = time.Time{} // it stood there before anybody looked
	own.Kind, own.Prefix, own.Origin, own.Upstream = checks.NewSpecific, netip.MustParsePrefix("208.65.153.0/25"), 36561, 0
	v.Foreign = append([]checks.Foreign{
		{Kind: checks.MidPath, Prefix: netip.MustParsePrefix("194.71.107.0/24"), Origin: 51040, Upstream: 36561, Through: 36561, Peers: 12, Of: 40, Since: v.At.Add(-time.Hour)},
		{Kind: checks.ForeignOrigin, Prefix: v.Prefixes[0].Prefix, Origin: 64500, Peers: 1, Of: 40},
		own,
		{Kind: checks.ForeignCover, Prefix: netip.MustParsePrefix("208.64.0.0/12"), Peers: 2, Of: 40},
	}, v.Foreign...)
	return v
}
