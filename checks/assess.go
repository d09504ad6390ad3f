package checks

import (
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
	// MaxReachAge is the same for probes; zero stands for ten minutes.
	MaxReachAge time.Duration
	// RouteServers are ASes that hand routes on at an exchange and carry nothing, beyond
	// those that [ASN.RouteServer] knows: who looks for carriers passes over them.
	RouteServers []ASN
}

// DefaultRules are the published values.
func DefaultRules() Rules {
	return Rules{MinVoting: 10, MaxAge: 15 * time.Minute, MaxReachAge: maxReachAge}
}

// Thresholds of docs/methods.md, sections 4 and 5.
const (
	partBelow      = 90 // per cent of the space, less of which visible is "part"
	fewPrefixes    = 20 // below this number one missing prefix is "part"
	residual4      = 20 // per cent of peers that may keep a stuck IPv4 route when all is gone
	residual6      = 30 // the same for IPv6
	takenOver      = 10 // per cent of peers with another origin for the same prefix, from which that is no noise
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
	// Totals are set where the observations are of some of the prefixes only: what is
	// decided of the whole then rests on these, and what is told of its parts on those.
	Totals    *Totals
	Elsewhere Elsewhere
	Past      Past
	RPKI      []OriginValidity // of the baseline's routes, as far as it is known
	Reach     Reach
	Claims    []Claim // of outside services; they change neither state nor grade
	Gaps      []Gap
	Now       time.Time
	Rules     Rules
}

// Assess makes the verdict of a case. It is a pure function: the same case
// gives the same verdict.
func Assess(c Case) Verdict {
	v := Verdict{
		Target: c.Footprint.Target, Name: c.Footprint.Name, At: c.Now,
		Vantage: c.Vantage, MovedOnly: c.Baseline.MovedOnly, Frozen: c.Baseline.Frozen,
		Claims: slices.Clone(c.Claims), Gaps: slices.Clone(c.Gaps), Registered: c.Footprint,
		BaselineAsOf: c.Baseline.AsOf, BaselineWindow: c.Baseline.known(),
	}
	v.Vantage.Needed = c.Rules.MinVoting
	a := assessment{in: &c, Verdict: &v}
	for i := range c.Observations {
		a.prefix(&c.Observations[i])
	}
	a.besides()
	a.count()
	a.total()
	a.announced()
	a.answering()
	v.State = a.state()
	a.times()
	a.silenceTimes()
	if c.Totals != nil {
		v.LastHops, v.Borders = c.Totals.LastHops, c.Totals.Borders
	} else {
		v.LastHops, v.Borders, v.NoUpstream = carriers(&c)
	}
	v.Past = c.Past
	a.attribute()
	a.grade()
	return v
}

// stateOf is the table of docs/methods.md, section 5: what two facts come to.
func stateOf(announced, answering Extent) State {
	switch {
	case announced == ExtentNone && (answering == ExtentAll || answering == ExtentPart):
		return Unknown // sources disagree: one answer is enough for that
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
	probes  finding
	foreign int // prefixes that another origin's route covers, or takes over
	gone    int // prefixes gone beyond the residual
	missing int // prefixes not visible, gone or not
	unsure  int // prefixes not seen, and too few vote to say more
	unasked int // prefixes not seen, and too few of those who vote had them before
	through map[Element]Passage
	invalid map[RouteOrigin]bool // by RPKI; nil until somebody asks
}

// fresh reports whether the newest data still speaks for now.
func (a *assessment) fresh() bool { return a.in.Rules.fresh(&a.in.Vantage, a.in.Now) }

// voting gives how many vote on a family, and how many usually do.
func (v *Vantage) voting(ipv6 bool) (now, usual int) {
	if ipv6 {
		return v.Voting6, v.Usual6
	}
	return v.Voting, v.Usual
}

// bench gives what a prefix of a family is judged by.
func (a *assessment) bench(ipv6 bool) *Bench {
	b := a.in.Rules.Bench(&a.in.Vantage, ipv6, a.in.Now)
	return &b
}

// enough reports whether so many vote on a family that a missing route may be
// called a loss.
func (a *assessment) enough(ipv6 bool) bool { return a.bench(ipv6).enough }

// asked reports whether the absence of a prefix may be called a loss.
func (a *assessment) asked(o *Observation) bool {
	return a.bench(o.Prefix.Addr().Is6()).asked(o.Asked)
}

func (a *assessment) prefix(o *Observation) {
	j := a.bench(o.Prefix.Addr().Is6()).Judge(o.Ballot(), func() bool { return a.rejects(o) })
	s := PrefixState{
		Prefix: o.Prefix, Seen: j.Seen, Of: j.Of, Known: j.Known, Visible: j.Visible,
		CoveredBy: o.Covers, Split: o.Split, Lost: o.Lost, Origins: o.Origins,
	}
	if len(s.Origins) == 0 {
		s.Origins = a.before(o.Prefix).Origins
	}
	if len(s.Origins) == 1 {
		s.Origin = s.Origins[0]
	}
	a.tally(j, o)
	a.Prefixes = append(a.Prefixes, s)
	a.Changes += o.Changes
}

// tally counts what a prefix means for the whole.
func (a *assessment) tally(j Judgement, o *Observation) {
	switch {
	case j.Unasked:
		a.unasked++
		return
	case j.Unsure:
		a.unsure++
		return
	case !j.Visible:
		a.missing++
	case j.CoveredAccepted:
		a.CoveredAccepted++
	}
	switch {
	case j.Foreign:
		a.foreign++
		a.CoveredForeign++
	case j.Gone:
		a.gone++
		a.Stuck = max(a.Stuck, o.Stuck)
	}
	if j.Taken > 0 {
		a.because("%s comes from another origin at %d of %d vantage points", o.Prefix, j.Taken, o.Asked)
	}
}

// total takes the numbers of the whole in place of those of the prefixes that are observed.
func (a *assessment) total() {
	t := a.in.Totals
	if t == nil {
		return
	}
	a.IPv4, a.IPv6 = t.IPv4, t.IPv6
	a.missing, a.gone, a.foreign, a.unsure, a.unasked = t.Missing, t.Gone, t.Foreign, t.Unsure, t.Unasked
	a.CoveredAccepted, a.CoveredForeign, a.Stuck = t.CoveredAccepted, t.Foreign, t.Stuck
}

// standing gives the numbers that decide.
func (a *assessment) standing() *Standing {
	return &Standing{
		Country: a.Target.Kind() == KindCountry, IPv4: a.IPv4, IPv6: a.IPv6,
		Missing: a.missing, Gone: a.gone, Foreign: a.foreign, Unsure: a.unsure,
		Enough: a.enough(false), Enough6: a.enough(true),
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
		if !s.Known && a.enough(s.Prefix.Addr().Is6()) {
			continue // too few could be asked about it
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

// announced decides how much of the target is announced. A loss that is certain
// stands, even where nothing can be said of the other address family.
func (a *assessment) announced() {
	s := a.standing()
	n := s.Prefixes()
	switch {
	case n == 0 || !a.fresh():
		a.Announced = ExtentUnknown
	case !a.MovedOnly:
		a.Announced = s.Announced()
	case a.gone == n && a.whole():
		a.Announced = ExtentNone
	case a.missing == n && !a.whole():
		a.Announced = ExtentPart
		a.because("degraded and not down, for prefixes that did not move may still be announced")
	case s.taken(n), a.losing(s, n):
		a.Announced = ExtentPart
	case a.unsure > 0:
		a.Announced = ExtentUnknown
	default:
		a.Announced = ExtentAll
	}
}

// losing is [Standing.losing] of a recording of updates alone. What moved in one is no
// measure of a country: there the registered space is.
func (a *assessment) losing(s *Standing, n int) bool {
	if len(a.in.Footprint.Prefixes) == 0 {
		return s.losing(n)
	}
	var missing []netip.Prefix
	for _, s := range a.Prefixes {
		if s.Known && !s.Visible {
			missing = append(missing, s.Prefix)
		}
	}
	is4, of4 := MeasureIPv4(missing).Addresses, MeasureIPv4(a.in.Footprint.Prefixes).Addresses
	is6, of6 := measureIPv6(missing), measureIPv6(a.in.Footprint.Prefixes)
	return a.enough(false) && short(Count{of4 - min(is4, of4), of4}) || a.enough(true) && is6*100 > (100-partBelow)*of6
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

// times finds the onset of the present loss, or the end of the last one.
func (a *assessment) times() {
	if t := a.in.Totals; t != nil {
		if a.State == Down || a.State == Degraded {
			a.Onset = t.Onset
		} else {
			a.End = t.End
		}
		return
	}
	if a.State == Down || a.State == Degraded {
		a.onset()
		return
	}
	for i := range a.in.Observations {
		o := &a.in.Observations[i]
		if !o.Back.Half.IsZero() && o.Back.Half.After(a.End.By) {
			a.End = o.Back.Interval()
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
	a.Onset = a.Prefixes[lost[k]].Lost.Interval()
}

// lessThanWhole reports whether the target would be announced in part with just
// the given prefixes lost.
func (a *assessment) lessThanWhole(lost []int) bool {
	b := assessment{in: a.in, Verdict: &Verdict{Prefixes: slices.Clone(a.Prefixes)}, missing: len(lost)}
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
