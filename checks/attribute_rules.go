package checks

import (
	"cmp"
	"slices"
	"time"
)

// finder looks for the set of one group.
type finder struct {
	*assessment
	*evidence
	scores []Score // the best first
	joint  bool    // of several origins
	at     Attribution

	healthy, failed, unknown []lastHop // of main, by what other origins' routes did
}

// failing reports whether most of the other origins' routes through an element went.
func failing(p Passage) bool {
	s, known := p.Survival()
	return known && s < healthyFrom
}

// passages gives how other origins' routes fared, by element. Of a recording of updates
// alone nothing is known of those that did not move.
func (a *assessment) passages() map[Element]Passage {
	if a.MovedOnly {
		return nil
	}
	m := make(map[Element]Passage, len(a.in.Elsewhere.Passages))
	for _, p := range a.in.Elsewhere.Passages {
		m[p.Element] = p
	}
	return m
}

// scores weighs every AS and adjacency on the lost ways but the origin and what joins it
// to the next: how much of the loss it covers, times how much of what others had through
// it went too. The best come first.
func (a *assessment) scores(e *evidence) []Score {
	list := make([]Score, 0, len(e.passes))
	own := Element{AS: e.sole()}
	for x, n := range e.passes {
		if n == e.ends[x] || x == own {
			continue
		}
		p := a.through[x]
		p.Element = x
		s := Score{Element: x, Coverage: ratio(n, e.readable), Passage: p}
		if survival, known := p.Survival(); known {
			s.Score = s.Coverage * (1 - survival)
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(x, y Score) int {
		return cmp.Or(
			cmp.Compare(y.Score, x.Score), cmp.Compare(y.Coverage, x.Coverage),
			cmp.Compare(x.Element.AS, y.Element.AS), cmp.Compare(x.Element.To, y.Element.To),
		)
	})
	return list
}

// rule tries the rules in their order. Where nearly nobody has a route left, an element that
// part of the lost ones did not pass is not all that happened.
func (d *finder) rule() {
	d.judge()
	total := float64(d.lost + d.kept)
	none := float64(d.kept) < keptNone*total
	stuck := !none && float64(d.lost) >= stuckLost*total && float64(d.kept-d.unchanged) < keptNone*total
	invalid, recent := d.invalid()
	switch best := d.best(); {
	case d.readable*2 < d.lost:
		d.at.because("of most lost routes the path before is not in the data")
	case best >= separates && (!none || d.joint || len(d.healthy) < len(d.main()) && d.scores[0].Coverage >= explainsAll):
		d.at.Rule = RuleSeparator
		d.near(best)
	case invalid && recent && !none:
		d.at.Rule, d.at.Set = RuleRejected, []Candidate{{Kind: Rejected}}
		if stuck {
			d.at.because("the routes that are left have not changed: those of a loss that never arrived there would look the same")
		}
	case none || stuck || float64(d.still()) < keptNone*total:
		d.lastHop(stuck, invalid)
	default:
		d.at.Rule = RulePartial
		d.divide()
	}
	d.tell()
}

// best gives the best score; zero where there is none.
func (d *finder) best() float64 {
	if len(d.scores) == 0 {
		return 0
	}
	return d.scores[0].Score
}

// judge parts the ASes next to the origin by how others' routes through them fared.
func (d *finder) judge() {
	for _, h := range d.main() {
		switch s, known := d.through[Element{AS: h.asn}].Survival(); {
		case !known:
			d.unknown = append(d.unknown, h)
		case s < healthyFrom:
			d.failed = append(d.failed, h)
		default:
			d.healthy = append(d.healthy, h)
		}
	}
}

// near adds the elements that are not told apart from the best, and are not healthy.
func (d *finder) near(best float64) {
	tolerance := d.tolerance()
	for _, s := range d.scores {
		if failing(s.Passage) && s.Score >= best-tolerance || d.hidden(s) {
			d.may(elementFailed(s.Element), s.Element)
		}
	}
}

// hidden reports whether an element may be what failed although too few networks were
// reached through it to score it: all lost routes passed it, and so did most of what others
// lost through the best. The one link over a network with three customers is such a thing:
// one of them was not seen across it, and the network itself has a score.
func (d *finder) hidden(s Score) bool {
	if _, known := s.Passage.Survival(); known || s.Coverage < explainsAll {
		return false
	}
	best := d.scores[0].Passage
	gone := s.Passage.Before - s.Passage.Still
	return gone > 0 && failing(best) && gone*2 >= best.Before-best.Still
}

// tolerance is how far two scores may lie apart and mean the same: some withdrawals never
// arrive, of others' routes as of the target's. If what scores best did fail, then who still
// holds an unchanged route of the target through it is stuck, and holds others' routes
// through what failed with it too.
func (d *finder) tolerance() float64 {
	if len(d.scores) == 0 {
		return nearBest + usuallyStuck
	}
	stuck := d.stillThrough(func(w Way) bool { return w.Passes(d.scores[0].Element) })
	return nearBest + usuallyStuck + ratio(min(stuck, d.unchanged), d.lost+d.kept)
}

// elementFailed is the kind of candidate that an element on the way is.
func elementFailed(x Element) CandidateKind {
	if x.Adjacency() {
		return AdjacencyFailed
	}
	return NetworkFailed
}

// may adds a candidate, once.
func (d *finder) may(kind CandidateKind, x Element) {
	if c := (Candidate{kind, x}); !slices.Contains(d.at.Set, c) {
		d.at.Set = append(d.at.Set, c)
	}
}

// lastHop is the rules for routes of which nearly nobody has any, or any through the ASes
// that carried what was lost: the origin, or what joins it to these.
func (d *finder) lastHop(stuck, invalid bool) {
	for _, o := range d.origins {
		d.may(OriginWithdrew, Element{AS: o})
	}
	d.adjacencies()
	switch {
	case d.share(d.failed) >= 0.5: // part of what was behind them went, too little to be the reason
		d.at.Rule = RuleMixed
		for _, h := range d.failed {
			d.may(NetworkFailed, Element{AS: h.asn})
		}
		d.near(d.best())
	case len(d.healthy) == 0: // where others carried it as well, one that failed explains nothing
		d.at.Rule = RuleUntold
		d.untold()
	case stuck:
		d.at.Rule = RuleStuck
	case len(d.healthy) > 1 && len(d.healthy) == len(d.main()) && d.atOnce():
		d.at.Rule = RuleSeveral
	default:
		d.at.Rule = RuleLastHop
	}
	if d.best() >= separates {
		d.near(d.best())
	}
	if invalid {
		d.may(Rejected, Element{})
	}
	if stuck {
		d.may(StuckRoutes, Element{})
		d.may(Filtered, Element{})
	}
}

// share gives the part of the lost routes that some of the ASes next to the origin carried.
func (d *finder) share(list []lastHop) float64 {
	n := 0
	for _, h := range list {
		n += h.n
	}
	return ratio(n, d.readable)
}

// adjacencies adds those of the origins that carried enough of what was lost.
func (d *finder) adjacencies() {
	type adjacency struct {
		Element
		n int
	}
	var list []adjacency
	for x, n := range d.ends {
		if x.Adjacency() && float64(n) >= mainCarrier*float64(d.readable) {
			list = append(list, adjacency{x, n})
		}
	}
	slices.SortFunc(list, func(x, y adjacency) int {
		return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.AS, y.AS), cmp.Compare(x.To, y.To))
	})
	for _, x := range list {
		d.may(AdjacencyFailed, x.Element)
	}
}

// divide looks for what parts the lost routes from those that are kept, where too few other
// networks were seen there to score it. What is kept shows that the origin announces, and
// whatever it passes stands; what all lost routes passed and next to none of the kept ones
// does may be what went. Where that is so of the ASes next to the origin nothing is told,
// for the origin may have stopped announcing there; unless routes by way of them have come
// since the loss.
func (d *finder) divide() {
	gone := func(n, left int) bool { return float64(n) >= stuckLost*float64(n+left) }
	parts := func(x Element, n int) bool {
		return ratio(n, d.readable) >= explainsAll && gone(n, d.stillThrough(func(w Way) bool { return w.Passes(x) }))
	}
	still := d.still()
	if came := still - d.unchanged; gone(d.readable, still) && float64(came) < keptNone*float64(d.lost+d.kept) {
		return
	}
	var set []Element
	for _, s := range d.scores {
		_, known := s.Passage.Survival()
		if (!known || failing(s.Passage)) && parts(s.Element, d.passes[s.Element]) {
			set = append(set, s.Element)
		}
	}
	if len(set) == 0 || len(d.through) == 0 {
		return
	}
	d.at.Rule = RuleDivide
	for _, x := range set {
		d.may(elementFailed(x), x)
	}
}

// untold adds what may have failed between the origin and the first element of which
// something is known: all that every lost route passed. Where nothing at all is known of
// others that is only the AS next to the origin.
func (d *finder) untold() {
	anything := slices.ContainsFunc(d.scores, func(s Score) bool { _, known := s.Passage.Survival(); return known })
	for _, s := range d.scores {
		if _, known := s.Passage.Survival(); known || s.Coverage < explainsAll {
			continue
		}
		if anything || len(d.unknown) > 0 && s.Element == (Element{AS: d.unknown[0].asn}) {
			d.may(elementFailed(s.Element), s.Element)
		}
	}
}

// atOnce reports whether all that was lost went within a few minutes.
func (d *finder) atOnce() bool {
	var first, last time.Time
	for _, n := range d.list {
		c := n.obs.Lost
		if c.Half.IsZero() {
			return false
		}
		from := c.First
		if from.IsZero() {
			from = c.Half
		}
		if first.IsZero() || from.Before(first) {
			first = from
		}
		if c.Half.After(last) {
			last = c.Half
		}
	}
	return last.Sub(first) <= wentTogether
}

// invalid reports whether RPKI calls all of the lost routes invalid; recent, whether nearly
// all vantage points had them before, so that they cannot have been invalid for long: the
// networks that drop such routes would not have handed them on. A route that has been
// invalid for years is still seen by up to half, and its loss is a loss like any other.
func (d *finder) invalid() (invalid, recent bool) {
	state, asked, voting := map[RouteOrigin]Validity{}, 0, 0
	for _, v := range d.at.RPKI {
		state[v.Route] = v.State
	}
	for _, n := range d.list {
		for _, o := range n.base.Origins {
			if state[RouteOrigin{n.obs.Prefix, o}] != Invalid {
				return false, false
			}
		}
		k, _ := d.in.Vantage.voting(n.obs.Prefix.Addr().Is6())
		asked, voting = asked+n.obs.Asked, voting+k
	}
	return len(d.origins) > 0, float64(asked) >= validBefore*float64(voting)
}
