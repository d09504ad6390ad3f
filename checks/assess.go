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
	Elsewhere    Elsewhere
	Past         Past
	RPKI         []OriginValidity // of the baseline's routes, as far as it is known
	Reach        Reach
	Claims       []Claim // of outside services; they change neither state nor grade
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
	a.announced()
	a.answering()
	v.State = a.state()
	a.times()
	a.silenceTimes()
	v.LastHops, v.Borders, v.NoUpstream = carriers(&c)
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
func (a *assessment) fresh() bool {
	return a.in.Rules.MaxAge <= 0 || a.in.Now.Sub(a.in.Vantage.NewestAt) <= a.in.Rules.MaxAge
}

// voting gives how many vote on a family, and how many usually do.
func (v *Vantage) voting(ipv6 bool) (now, usual int) {
	if ipv6 {
		return v.Voting6, v.Usual6
	}
	return v.Voting, v.Usual
}

// enough reports whether so many vote on a family that a missing route may be
// called a loss.
func (a *assessment) enough(ipv6 bool) bool {
	voting, usual := a.in.Vantage.voting(ipv6)
	return voting >= a.in.Rules.MinVoting && voting*2 >= usual && a.fresh()
}

// asked reports whether so many were asked about one prefix that its absence may
// be called a loss. Many vantage points that never had it do not make up for few
// that did.
func (a *assessment) asked(o *Observation) bool {
	return a.enough(o.Prefix.Addr().Is6()) && o.Asked >= max(1, a.in.Rules.MinVoting)
}

func (a *assessment) prefix(o *Observation) {
	s := PrefixState{Prefix: o.Prefix, Seen: o.Seen, Of: o.Asked, CoveredBy: o.Covers, Split: o.Split, Lost: o.Lost, Origins: o.Origins}
	if a.asked(o) {
		s.Known = true
		s.Visible = o.Seen*2 >= o.Asked
	} else { // what is seen can be said, a loss cannot
		if o.Seen == 0 || !a.enough(o.Prefix.Addr().Is6()) {
			s.Seen, s.Of = max(o.Sighted, o.Seen), a.in.Vantage.Live
		}
		s.Visible = s.Seen > 0 && a.fresh()
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
	accepted, foreign, taken := 0, 0, 0
	for _, c := range o.Covers {
		switch {
		case c.Accepted:
			accepted += c.Peers
		case c.Prefix == o.Prefix:
			taken += c.Peers
			fallthrough
		default:
			foreign += c.Peers
		}
	}
	ipv6 := o.Prefix.Addr().Is6()
	residual := residual4
	if ipv6 {
		residual = residual6
	}
	switch {
	case !s.Known && a.enough(ipv6):
		a.unasked++
		return
	case !s.Known:
		a.unsure++
		return
	case !s.Visible:
		a.missing++
	case accepted > 0 && accepted*2 >= o.Asked:
		a.CoveredAccepted++
	}
	switch {
	case !a.asked(o):
	case taken > 0 && taken*100 >= takenOver*o.Asked, !s.Visible && foreign*100 > residual*o.Asked:
		a.foreign++
		a.CoveredForeign++
	case !s.Visible && (o.Seen == 0 || o.Stuck == o.Seen && o.Seen*100 <= residual*o.Asked && !a.rejects(o)):
		a.gone++
		a.Stuck = max(a.Stuck, o.Stuck)
	}
	if taken > 0 {
		a.because("%s comes from another origin at %d of %d vantage points", o.Prefix, taken, o.Asked)
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
	n := int(a.IPv4.Prefixes.Of + a.IPv6.Prefixes.Of)
	switch {
	case n == 0 || !a.fresh():
		a.Announced = ExtentUnknown
	case a.gone == n && a.whole():
		a.Announced = ExtentNone
	case a.MovedOnly && a.missing == n && !a.whole():
		a.Announced = ExtentPart
		a.because("degraded and not down, for prefixes that did not move may still be announced")
	case a.taken(n), a.losing(n):
		a.Announced = ExtentPart
	case a.unsure > 0:
		a.Announced = ExtentUnknown
	default:
		a.Announced = ExtentAll
	}
}

// taken reports whether other networks' routes stand in for so many of the n
// prefixes that the target is announced in part. For a network one is enough; a
// country of many networks is judged by the share, as for losses.
func (a *assessment) taken(n int) bool {
	if a.Target.Kind() != KindCountry || n < fewPrefixes {
		return a.foreign > 0
	}
	return short(Count{uint64(max(0, n-a.foreign)), uint64(n)})
}

// losing reports whether so much of the n prefixes is missing that the target is
// announced in part. What moved in a recording of updates alone is no measure of a
// country: there the registered space is.
func (a *assessment) losing(n int) bool {
	if a.MovedOnly && len(a.in.Footprint.Prefixes) > 0 {
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
	return a.missing > 0 && n < fewPrefixes ||
		a.enough(false) && short(a.IPv4.Addresses) || a.enough(true) && short(a.IPv6.Prefixes)
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
func short(c Count) bool { return c.Seen*100 < partBelow*c.Of }

// times finds the onset of the present loss, or the end of the last one.
func (a *assessment) times() {
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
