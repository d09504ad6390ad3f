package checks

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"time"
)

// Rules are the thresholds of an assessment.
type Rules struct {
	// MinVoting is how many voting vantage points it takes to call anything
	// Down or Degraded. An operator who vouches for his own routers lowers it.
	MinVoting int
	// MaxAge is how old the newest routing data may be before nothing is
	// claimed any more.
	MaxAge time.Duration
}

// DefaultRules are the published values.
func DefaultRules() Rules { return Rules{MinVoting: 10, MaxAge: 15 * time.Minute} }

// Thresholds of docs/methods.md, sections 2 and 6.
const (
	partBelow      = 0.9  // visible share of the space below which it is "part"
	fewPrefixes    = 20   // below this number one missing prefix is "part"
	residual4      = 0.20 // peers that may keep a stuck IPv4 route when all is gone
	residual6      = 0.30 // the same for IPv6
	strongVoting   = 30
	strongSources  = 3    // collectors
	strongCoverage = 0.95 // of the vantage points agree
)

// Case is everything that an assessment rests on.
type Case struct {
	Footprint    Footprint
	Baseline     Baseline
	Vantage      Vantage
	Observations []Observation
	Gaps         []Gap
	Now          time.Time
	Rules        Rules
}

// Assess makes the verdict of a case. It is a pure function: the same case
// gives the same verdict.
func Assess(c Case) Verdict {
	v := Verdict{
		Target: c.Footprint.Target, Name: c.Footprint.Name, At: c.Now,
		Vantage: c.Vantage, MovedOnly: c.Baseline.MovedOnly, Frozen: c.Baseline.Frozen,
		Gaps: slices.Clone(c.Gaps), Registered: c.Footprint,
		BaselineAsOf: c.Baseline.AsOf, BaselineWindow: c.Baseline.Window,
	}
	a := assessment{in: &c, Verdict: &v}
	for i := range c.Observations {
		a.prefix(&c.Observations[i])
	}
	a.count()
	a.announced()
	v.State = stateOf(v.Announced, v.Answering)
	a.times()
	v.LastHops, v.Borders, v.NoUpstream = carriers(&c)
	a.grade()
	return v
}

// stateOf is the table of docs/methods.md, section 6, as far as routing goes.
func stateOf(announced, answering Extent) State {
	switch {
	case announced == ExtentNone && answering == ExtentAll:
		return Unknown // sources disagree
	case announced == ExtentNone:
		return Down
	case announced == ExtentPart:
		return Degraded
	case announced == ExtentAll && (answering == ExtentNone || answering == ExtentPart):
		return Degraded
	case announced == ExtentAll:
		return Up
	}
	return Unknown
}

// assessment is a verdict in the making.
type assessment struct {
	in *Case
	*Verdict
	foreign int // prefixes that another origin's route covers
	gone    int // prefixes gone beyond the residual
	unsure  int // prefixes not seen, and too few asked to say more
	unasked int // prefixes that none of those who vote had before
}

// fresh reports whether the newest data still speaks for now.
func (a *assessment) fresh() bool {
	return a.in.Rules.MaxAge <= 0 || a.in.Now.Sub(a.in.Vantage.NewestAt) <= a.in.Rules.MaxAge
}

// enough reports whether so many vote on a family that a missing route may be
// called a loss.
func (a *assessment) enough(p netip.Prefix) bool {
	v := &a.in.Vantage
	voting, usual := v.Voting, v.Usual
	if p.Addr().Is6() {
		voting, usual = v.Voting6, v.Usual6
	}
	return voting >= a.in.Rules.MinVoting && voting*2 >= usual && a.fresh()
}

func (a *assessment) prefix(o *Observation) {
	s := PrefixState{Prefix: o.Prefix, Seen: o.Seen, Of: o.Asked, CoveredBy: o.Covers, Split: o.Split, Lost: o.Lost, Origins: o.Origins}
	if a.enough(o.Prefix) && o.Asked > 0 {
		s.Known = true
		s.Visible = o.Seen*2 >= o.Asked
	} else {
		s.Seen, s.Of = o.Sighted, a.in.Vantage.Live
		s.Visible = o.Sighted > 0 && a.fresh()
		s.Known = s.Visible
	}
	if len(s.Origins) == 0 {
		s.Origins = a.before(o.Prefix).Origins
	}
	if len(s.Origins) == 1 {
		s.Origin = s.Origins[0]
	}
	a.tally(&s, o)
	a.Prefixes = append(a.Prefixes, s)
	a.Changes += o.Changes
}

// tally counts what a prefix means for the whole.
func (a *assessment) tally(s *PrefixState, o *Observation) {
	accepted, foreign := 0, 0
	for _, c := range o.Covers {
		if c.Accepted {
			accepted += c.Peers
		} else {
			foreign += c.Peers
		}
	}
	switch {
	case !s.Known && a.enough(s.Prefix):
		a.unasked++
	case !s.Known:
		a.unsure++
	case s.Visible:
		if accepted*2 >= max(o.Asked, 1) {
			a.CoveredAccepted++
		}
	case foreign*2 >= o.Asked:
		a.foreign++
		a.CoveredForeign++
	default:
		residual := residual4
		if o.Prefix.Addr().Is6() {
			residual = residual6
		}
		if o.Seen == 0 || o.Stuck == o.Seen && float64(o.Seen) <= residual*float64(o.Asked) {
			a.gone++
			a.Stuck = max(a.Stuck, o.Stuck)
		}
	}
}

// before gives the prefix as the baseline has it.
func (a *assessment) before(p netip.Prefix) BaselinePrefix {
	i, ok := slices.BinarySearchFunc(a.in.Baseline.Prefixes, p, func(b BaselinePrefix, p netip.Prefix) int { return ComparePrefixes(b.Prefix, p) })
	if !ok {
		return BaselinePrefix{Prefix: p}
	}
	return a.in.Baseline.Prefixes[i]
}

// count fills in k of n for both families.
func (a *assessment) count() {
	var all, seen []netip.Prefix
	for _, s := range a.Prefixes {
		if !s.Known && a.enough(s.Prefix) {
			continue // nobody could be asked about it
		}
		all = append(all, s.Prefix)
		counts := &a.IPv4
		if s.Prefix.Addr().Is6() {
			counts = &a.IPv6
		}
		counts.Prefixes.Of++
		if s.Visible {
			seen = append(seen, s.Prefix)
			counts.Prefixes.Seen++
		}
	}
	is, was := MeasureIPv4(seen), MeasureIPv4(all)
	a.IPv4.Addresses = Count{is.Addresses, was.Addresses}
	a.IPv4.Slash24s = Count{is.Slash24s, was.Slash24s}
}

// announced decides how much of the target is announced.
func (a *assessment) announced() {
	n := int(a.IPv4.Prefixes.Of + a.IPv6.Prefixes.Of)
	visible := int(a.IPv4.Prefixes.Seen + a.IPv6.Prefixes.Seen)
	switch {
	case n == 0 || !a.fresh():
		a.Announced = ExtentUnknown
	case a.unsure > 0:
		a.Announced = ExtentUnknown
	case a.gone == n && a.whole():
		a.Announced = ExtentNone
	case a.gone == n:
		a.Announced = ExtentPart
		a.because("prefixes that did not move in the recording may still be announced")
	case a.foreign > 0, short(a.IPv4.Addresses), short(a.IPv6.Prefixes), n < fewPrefixes && visible < n:
		a.Announced = ExtentPart
	default:
		a.Announced = ExtentAll
	}
}

// whole reports whether the baseline can stand for all of the target. That of a
// recording of updates alone holds what moved; only where it makes up all the
// registered space can nothing else be announced.
func (a *assessment) whole() bool {
	if !a.MovedOnly {
		return true
	}
	moved := make([]netip.Prefix, 0, len(a.Prefixes))
	for _, s := range a.Prefixes {
		moved = append(moved, s.Prefix)
	}
	for _, p := range a.in.Footprint.Prefixes {
		if !Fills(moved, p) {
			return false
		}
	}
	return len(a.in.Footprint.Prefixes) > 0
}

// short reports whether a count is below the share that still is "all".
func short(c Count) bool { return float64(c.Seen) < partBelow*float64(c.Of) }

// times finds the onset of the present loss, or the end of the last one.
func (a *assessment) times() {
	if a.State == Down || a.State == Degraded {
		a.onset()
		return
	}
	for i := range a.in.Observations {
		o := &a.in.Observations[i]
		if !o.Back.Half.IsZero() && o.Back.Half.After(a.End.Half) {
			a.End = Interval{After: o.Back.First, By: o.Back.Half, Half: o.Back.Half, Ninety: o.Back.Ninety}
		}
	}
}

// onset is the time at which the losses, taken in their order, first made the
// target less than whole: half of the vantage points had then lost the prefix
// that made the difference.
func (a *assessment) onset() {
	lost := make([]int, 0, len(a.Prefixes))
	for i, s := range a.Prefixes {
		if !s.Visible && !s.Lost.Half.IsZero() {
			lost = append(lost, i)
		}
	}
	if len(lost) == 0 {
		return
	}
	slices.SortStableFunc(lost, func(x, y int) int { return a.Prefixes[x].Lost.Half.Compare(a.Prefixes[y].Lost.Half) })
	k := sort.Search(len(lost), func(k int) bool { return a.lessThanWhole(lost[:k+1]) })
	if k == len(lost) { // only another origin's routes make the difference
		k = 0
	}
	half := a.Prefixes[lost[k]].Lost
	a.Onset = Interval{After: a.Prefixes[lost[0]].Lost.First, By: half.Half, Half: half.Half, Ninety: half.Ninety}
}

// lessThanWhole reports whether the target would be announced in part with just
// the given prefixes lost.
func (a *assessment) lessThanWhole(lost []int) bool {
	b := assessment{in: a.in, Verdict: &Verdict{Prefixes: slices.Clone(a.Prefixes)}}
	for i := range b.Prefixes {
		b.Prefixes[i].Visible = b.Prefixes[i].Known
	}
	for _, i := range lost {
		b.Prefixes[i].Visible = false
	}
	b.count()
	b.announced()
	return b.Announced != ExtentAll
}

// grade says how much the verdict rests on, why, and what would raise it.
func (a *assessment) grade() {
	v := &a.in.Vantage
	voting := v.Voting
	if a.IPv4.Prefixes.Of == 0 {
		voting = v.Voting6
	}
	switch {
	case v.Live == 0 && len(a.in.Observations) == 0:
		a.Evidence = EvidenceNone
		a.because("no routing data was given")
	case !a.fresh():
		a.Evidence = EvidenceNone
		a.because("the newest routing data is of %s, %s before the time asked about", a.clock(v.NewestAt), a.in.Now.Sub(v.NewestAt).Round(time.Second))
		a.raise("newer routing data")
	case len(a.in.Observations) == 0:
		a.Evidence = EvidenceNone
		a.because("no route of this target was seen in the data: whether it was ever announced cannot be told from it")
		a.raise("a table dump from before")
	case voting < a.in.Rules.MinVoting:
		a.Evidence = EvidenceWeak
		a.because("%d settled full-feed vantage %s, and it takes %d to call a loss", voting, plural(voting, "point", "points"), a.in.Rules.MinVoting)
		a.raise("a table dump or feed with at least %d full-feed vantage points", a.in.Rules.MinVoting)
	case voting*2 < v.Usual:
		a.Evidence = EvidenceWeak
		a.because("only %d of the usual %d vantage points are there", voting, v.Usual)
		a.raise("the return of the missing vantage points")
	case a.MovedOnly:
		a.Evidence = EvidenceWeak
		a.because("the recording holds updates alone: prefixes that did not move are not in it")
		a.raise("a table dump from before the recording")
	default:
		a.gradeFull(voting)
	}
	if a.Answering == ExtentUnknown {
		a.raise("probes of hosts inside")
	}
}

// gradeFull grades a case with enough voting vantage points.
func (a *assessment) gradeFull(voting int) {
	agree := a.agreement()
	a.Evidence = EvidenceModerate
	a.because("%d full-feed vantage points on %d %s, %.0f %% of them agree", voting, a.in.Vantage.Collectors,
		plural(a.in.Vantage.Collectors, "collector", "collectors"), 100*agree)
	switch {
	case voting < strongVoting:
		a.raise("%d full-feed vantage points or more", strongVoting)
	case a.in.Vantage.Collectors < strongSources:
		a.raise("%d collectors or more", strongSources)
	case agree < strongCoverage:
		a.because("the vantage points disagree")
	case len(a.Gaps) > 0 && a.routeGap():
		a.because("part of the routing data could not be used")
	default:
		a.Evidence = EvidenceStrong
	}
}

func (a *assessment) routeGap() bool {
	return slices.ContainsFunc(a.Gaps, func(g Gap) bool { return g.Check == "route" })
}

// agreement is the smallest share of vantage points that say of a prefix what
// the verdict says of it.
func (a *assessment) agreement() float64 {
	least := 1.0
	for _, s := range a.Prefixes {
		if s.Of == 0 {
			continue
		}
		share := float64(s.Seen) / float64(s.Of)
		if !s.Visible {
			share = 1 - share
		}
		least = min(least, share)
	}
	return least
}

func (a *assessment) because(format string, args ...any) {
	a.Reasons = append(a.Reasons, fmt.Sprintf(format, args...))
}

func (a *assessment) raise(format string, args ...any) {
	a.Raise = append(a.Raise, fmt.Sprintf(format, args...))
}

func (*assessment) clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC on 2 January 2006") }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// carriers says who carries the target's routes now and who did before: the ASes
// next to the origins, and the first ASes outside the country. It counts the
// prefixes with paths in none of which such an AS is visible.
func carriers(c *Case) (lastHops, borders []Upstream, none int) {
	last, border := newCarrierCount(), newCarrierCount()
	abroad := len(c.Footprint.Home) > 0
	add := func(s PathSeen, when int) bool {
		origin := s.Path.Origin()
		next := last.add(s, when, func(a ASN) bool { return a == origin })
		if !abroad {
			return next
		}
		foreign := border.add(s, when, c.Footprint.Domestic)
		if c.Footprint.Target.Kind() == KindCountry {
			return foreign
		}
		return next
	}
	for _, b := range c.Baseline.Prefixes {
		for _, s := range b.Paths {
			add(s, before)
		}
	}
	for i := range c.Observations {
		visible := false
		for _, s := range c.Observations[i].Paths {
			visible = add(s, now) || visible
		}
		if len(c.Observations[i].Paths) > 0 && !visible {
			none++
		}
	}
	h := BaselineHegemony(c.Baseline.Prefixes)
	return last.list(h), border.list(h), none
}

// now and before index the counts of a carrier.
const (
	now = iota
	before
)

// carrierCount counts paths, one a vantage point and prefix, by who carries them.
type carrierCount struct {
	paths  [2]int
	by     map[ASN]*[2]int
	behind map[ASN]map[ASN]*[2]int
}

func newCarrierCount() *carrierCount {
	return &carrierCount{by: map[ASN]*[2]int{}, behind: map[ASN]map[ASN]*[2]int{}}
}

// add counts a path and reports whether a carrier is visible in it: the first
// AS, from the origin outwards, that is not inside. AS_SETs are passed over.
func (n *carrierCount) add(s PathSeen, when int, inside func(ASN) bool) bool {
	if len(s.Path) == 0 {
		return false
	}
	n.paths[when] += len(s.Peers)
	outward := func(i int, inside func(ASN) bool) int {
		for i >= 0 && (len(s.Path[i]) != 1 || inside(s.Path[i][0])) {
			i--
		}
		return i
	}
	i := outward(len(s.Path)-1, inside)
	if i < 0 {
		return false
	}
	carrier := s.Path[i][0]
	count(n.by, carrier, when, len(s.Peers))
	if i = outward(i, func(a ASN) bool { return a == carrier }); i >= 0 {
		if n.behind[carrier] == nil {
			n.behind[carrier] = map[ASN]*[2]int{}
		}
		count(n.behind[carrier], s.Path[i][0], when, len(s.Peers))
	}
	return true
}

func count(m map[ASN]*[2]int, a ASN, when, n int) {
	if m[a] == nil {
		m[a] = new([2]int)
	}
	m[a][when] += n
}

// list gives the carriers, most used now first, then most used before.
func (n *carrierCount) list(hegemony map[ASN]float64) []Upstream {
	out := shares(n.by, n.paths)
	for i := range out {
		u := &out[i]
		u.Hegemony = hegemony[u.ASN]
		u.Behind = shares(n.behind[u.ASN], *n.by[u.ASN])
		u.Behind = u.Behind[:min(len(u.Behind), MaxBehind)]
	}
	return out
}

func shares(by map[ASN]*[2]int, of [2]int) []Upstream {
	out := make([]Upstream, 0, len(by))
	for a, n := range by {
		out = append(out, Upstream{ASN: a, Share: ratio(n[now], of[now]), ShareBefore: ratio(n[before], of[before])})
	}
	slices.SortFunc(out, func(x, y Upstream) int {
		return cmp.Or(cmp.Compare(y.Share, x.Share), cmp.Compare(y.ShareBefore, x.ShareBefore), cmp.Compare(x.ASN, y.ASN))
	})
	return out
}

func ratio(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}
