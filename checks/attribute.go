package checks

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Thresholds of docs/attribution.md. Shares are of pairs of a vantage point and a prefix.
const (
	// goOnShare is the share of those asked that must have lost a prefix.
	goOnShare = 0.5
	// keptNone is the share below which nearly nobody has kept the routes.
	keptNone = 0.03
	// stuckLost is the share that must be lost before what is left may be stuck routes.
	stuckLost = 0.8
	// healthyFrom is the survival from which an AS counts as healthy.
	healthyFrom = 0.5
	// separates is the score from which an element explains a loss.
	separates = 0.8
	// nearBest is how far behind the best score one is not told apart from it.
	nearBest = 0.02
	// usuallyStuck is the part of withdrawals that a vantage point misses (2.7 % of IPv6,
	// 1.8 % of IPv4: Fontugne and others, "BGP Zombies", PAM 2019), and with that the part
	// of others' routes that stay seen through what failed.
	usuallyStuck = 0.027
	// explainsAll is the coverage that one element needs to explain several groups, or to
	// stand in a set of which the survival is not known.
	explainsAll = 0.98
	// validBefore is the share of the vantage points that must have had a route that RPKI
	// calls invalid for its rejection to be new.
	validBefore = 0.8
	// mainCarrier is the share of the lost routes that an AS next to the origin must have
	// carried for its adjacency to stand in a set. Less than one in twenty is one or two
	// vantage points with a path of their own (a direct session at an exchange, say):
	// whether that went as well decides nothing.
	mainCarrier = 0.05
	// wentTogether is how far apart losses may lie to count as one: a withdrawal takes
	// some two minutes to arrive everywhere.
	wentTogether = SiblingWindow
	// sharedFate is the probability below which so many lost networks are no chance.
	sharedFate = 0.001
	// conclusiveOrigins is how many other origins make a survival conclusive: had each
	// been lost with one half, all of them would stay (or go) together once in 32 times.
	conclusiveOrigins = 5
	// pastCarrier is for how long another AS must have carried the routes within
	// pastWindow to speak against a single upstream.
	pastCarrier, pastWindow = time.Hour, 30 * 24 * time.Hour
	// maxAttributions is how many groups are told.
	maxAttributions = 5
)

// attribute says of the routes that were lost what their loss is explained by: one
// attribution for each group that went together, the largest first. Of a country there may
// be thousands, and only the largest are looked into.
func (a *assessment) attribute() {
	l := a.losses()
	a.through = a.passages()
	groups := a.groups(l)
	left, prefixes := 0, 0
	for _, g := range groups {
		if len(a.Disappeared) >= maxAttributions {
			left, prefixes = left+1, prefixes+len(g.list)
			continue
		}
		a.Disappeared = append(a.Disappeared, g.explain(a, l)...)
	}
	if left > 0 {
		a.because("%d more %s of lost prefixes (%d in all) went on %s own: what explains these is not told",
			left, plural(left, "group", "groups"), prefixes, plural(left, "its", "their"))
	}
}

// group is losses that go together.
type group struct {
	list      []*loss
	taken     bool    // others' routes stand in their place
	joint     []Score // of one element that explains several origins
	addresses uint64  // IPv4
}

// groups parts the losses by what happened to them, when and to whom; those of one time
// that one element explains stay together. The largest come first.
func (a *assessment) groups(l *losses) (groups []group) {
	var taken, rest []*loss
	for i := range l.list {
		if n := &l.list[i]; n.taken {
			taken = append(taken, n)
		} else {
			rest = append(rest, n)
		}
	}
	for _, list := range byOrigins(taken) {
		groups = append(groups, group{list: list, taken: true})
	}
	for _, together := range byTime(rest) {
		lists := byOrigins(together)
		if len(lists) > 1 {
			e := l.weigh(together)
			if s := a.scores(e); slices.ContainsFunc(s, explainsGroups) || a.shared(e, s) {
				groups = append(groups, group{list: together, joint: s})
				continue
			}
		}
		for _, list := range lists {
			groups = append(groups, group{list: list})
		}
	}
	for i := range groups {
		groups[i].addresses = MeasureIPv4(lostPrefixes(groups[i].list)).Addresses
	}
	slices.SortStableFunc(groups, func(x, y group) int {
		return cmp.Or(
			cmp.Compare(y.addresses, x.addresses), cmp.Compare(len(y.list), len(x.list)),
			ComparePrefixes(x.list[0].obs.Prefix, y.list[0].obs.Prefix),
		)
	})
	return groups
}

func lostPrefixes(list []*loss) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(list))
	for i, n := range list {
		prefixes[i] = n.obs.Prefix
	}
	return prefixes
}

// explain attributes one group, and where nothing explains all of it, its parts by each
// set of last hops.
func (g *group) explain(a *assessment, l *losses) []Attribution {
	e := l.weigh(g.list)
	if g.taken {
		return []Attribution{a.replaced(e)}
	}
	if g.joint != nil {
		return []Attribution{a.attribution(e, g.joint, true)}
	}
	one := a.attribution(e, a.scores(e), false)
	if one.Rule != RulePartial && one.Rule != RuleMixed {
		return []Attribution{one}
	}
	parts := l.byLastHops(g.list)
	if len(parts) < 2 || len(parts) > maxAttributions {
		return []Attribution{one}
	}
	all := make([]Attribution, 0, len(parts))
	for _, list := range parts {
		e := l.weigh(list)
		all = append(all, a.attribution(e, a.scores(e), false))
	}
	return all
}

// explainsGroups reports whether an element that failed by the measure of other origins'
// routes stands on all lost ways.
func explainsGroups(s Score) bool {
	return s.Score >= separates && s.Coverage >= explainsAll
}

// shared reports whether several origins went together of which nobody can tell whether
// what they have in common failed: behind a country's only way out the networks have
// nobody but each other, and each by itself would tell less.
func (a *assessment) shared(e *evidence, scores []Score) bool {
	common := slices.ContainsFunc(scores, func(s Score) bool {
		_, known := s.Passage.Survival()
		return !known && s.Coverage >= explainsAll
	})
	return common && len(e.origins) >= MinSurvivors && a.attribution(e, scores, true).Rule == RuleUntold
}

// attribution makes the whole answer about one group; joint is for several origins that
// one element explains.
func (a *assessment) attribution(e *evidence, scores []Score, joint bool) Attribution {
	d := finder{assessment: a, evidence: e, scores: scores, joint: joint, at: a.begin(e)}
	d.at.Scores = slices.Clip(scores[:min(len(scores), MaxScores)])
	d.at.SingleHomed = d.singleHomed()
	d.at.RPKI = a.validity(e)
	d.rule()
	d.gradeAttribution()
	return d.at
}

// begin fills in what is counted, whatever explains it.
func (a *assessment) begin(e *evidence) Attribution {
	at := Attribution{
		Origins: e.origins, Lost: e.lost, Kept: e.kept, KeptUnchanged: e.unchanged,
		Prefixes: lostPrefixes(e.list), Carriers: e.carriers(), Sample: a.in.Elsewhere.Sample,
	}
	if !a.MovedOnly {
		for _, s := range a.in.Elsewhere.Siblings {
			if slices.ContainsFunc(at.Carriers, func(u Upstream) bool { return u.ASN == s.Upstream && u.ShareBefore > 0 }) {
				at.Siblings = append(at.Siblings, s)
			}
		}
	}
	return at
}

// replaced is the answer where others' routes stand in the place of what was lost: it is
// no withdrawal, and nothing is looked for that failed.
func (a *assessment) replaced(e *evidence) Attribution {
	at := a.begin(e)
	at.Rule, at.RPKI = RuleTakenOver, a.validity(e)
	at.Foreign, _ = a.takenOver(at.Prefixes)
	at.Grade = EvidenceWeak
	at.because("%d of %d routes of these prefixes (one for each vantage point and prefix) are no longer there, and others' routes stand in their place",
		e.lost, e.lost+e.kept)
	at.raise("validity by RPKI, and word from who holds the addresses")
	return at
}

// validity gives what RPKI says of the lost routes.
func (a *assessment) validity(e *evidence) (list []OriginValidity) {
	if len(a.in.RPKI) == 0 {
		return nil
	}
	lost := make(map[netip.Prefix]bool, len(e.list))
	for _, n := range e.list {
		lost[n.obs.Prefix] = true
	}
	for _, v := range a.in.RPKI {
		if lost[v.Route.Prefix] {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(x, y OriginValidity) int {
		return cmp.Or(ComparePrefixes(x.Route.Prefix, y.Route.Prefix), cmp.Compare(x.Route.Origin, y.Route.Origin))
	})
	return list
}
