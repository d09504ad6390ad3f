package world

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// maxDetailed is how many prefixes of one target are looked at one by one. A target of so
// many or fewer is assessed as one that is followed.
const maxDetailed = 64

// maxLost is how many of the prefixes that a larger target lost are.
const maxLost = 32

// ready has counted what has come until now, as far as that is soon done.
func (s *State) ready(now time.Time) {
	s.advance(now)
	if s.turned || s.elected.IsZero() {
		s.elect(now)
	}
	s.catchUp(time.Now().Add(sliceOf))
	s.vantage.NewestAt = s.rib.Newest()
}

// doubts gives why nothing can be said of the present, and what every answer has to mention.
func (s *State) doubts(now time.Time) (missing string, gaps []checks.Gap) {
	if s.opts.Doubt != nil {
		missing, gaps = s.opts.Doubt(now)
	}
	switch {
	case missing != "":
	case s.rib.Tableless(): // the rest of the world may stand or not
		missing = "there are updates alone, and no table: what did not change since they began is not in them"
	case s.vantage.Live == 0:
		missing = "no session with a vantage point is up"
	}
	if n := s.behind(); n > 0 {
		gaps = append(slices.Clone(gaps), checks.Gap{
			Check: "route", Reason: fmt.Sprintf("routes of %d prefixes are still being counted: much came at once, or vantage points came or went", n),
		})
	}
	return missing, append(slices.Clone(gaps), s.crowded()...)
}

// crowded says what was left out because there is too much of it.
func (s *State) crowded() (gaps []checks.Gap) {
	for _, c := range []struct {
		n    int
		what string
	}{
		{s.rib.Refused(), "messages of sessions beyond the 65,535 that are kept"},
		{s.rib.LeftOut(), "routes to prefixes beyond the " + thousands(s.opts.Rules.MaxPrefixes) + " that are kept"},
	} {
		if c.n > 0 {
			gaps = append(gaps, checks.Gap{Check: "route", Reason: fmt.Sprintf("%s %s were left out since the start", thousands(c.n), c.what)})
		}
	}
	return gaps
}

// Countries gives the verdicts of all countries, by their codes. They hold no prefixes, no
// upstreams and no candidate sets: [State.Verdict] gives these.
func (s *State) Countries(now time.Time) []checks.Verdict {
	cases, missing := s.countryCases(now)
	list := make([]checks.Verdict, len(cases))
	for i := range cases {
		list[i] = doubted(checks.Assess(cases[i]), missing)
	}
	slices.SortFunc(list, func(a, b checks.Verdict) int { return cmp.Compare(a.Target.Text(), b.Target.Text()) })
	return list
}

func (s *State) countryCases(now time.Time) (cases []checks.Case, missing string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready(now)
	b := s.benches(now)
	missing, gaps := s.doubts(now)
	for n := 1; n < len(s.countries.list); n++ {
		if g := &s.countries.list[n]; g.prefixes+g.prefixes6 > 0 {
			cases = append(cases, s.brief(g, s.judge(g, now, b), b, now, gaps))
		}
	}
	return cases, missing
}

// doubted makes a verdict Unknown where nothing can be said.
func doubted(v checks.Verdict, missing string) checks.Verdict {
	if missing != "" {
		v.State, v.Announced, v.Evidence = checks.Unknown, checks.ExtentUnknown, checks.EvidenceNone
		v.Reasons, v.Onset, v.Disappeared = []string{missing}, checks.Interval{}, nil
	}
	return v
}

// brief gives the case of a country or a network by its numbers alone.
func (s *State) brief(g *group, t *tally, b *[2]checks.Bench, now time.Time, gaps []checks.Gap) checks.Case {
	c := s.caseOf(g, now, gaps)
	c.Totals = g.totals(t, b, float64(g.least))
	if t != nil {
		c.Vantage.LosingCollectors = t.losing.len()
	}
	return c
}

// caseOf begins the case of a country or a network.
func (s *State) caseOf(g *group, now time.Time, gaps []checks.Gap) checks.Case {
	f := checks.Footprint{Target: checks.Network(g.asn)}
	switch {
	case g.code != "":
		f = checks.Footprint{Target: checks.Country(g.code), Country: g.code}
		if s.opts.Country != nil {
			f.Name = s.opts.Country(g.code)
		}
	case s.opts.Network != nil:
		f.Name, f.Country = s.opts.Network(g.asn)
	}
	if g.asn != 0 {
		f.Origins = []checks.ASN{g.asn}
	}
	return s.caseFor(f, now, gaps)
}

func (s *State) caseFor(f checks.Footprint, now time.Time, gaps []checks.Gap) checks.Case {
	return checks.Case{
		Footprint: f, Vantage: s.vantage, Gaps: gaps, Now: now, Rules: s.opts.Assess,
		Baseline: checks.Baseline{AsOf: now, Window: s.opts.Rules.BaselineWindow, Since: s.rib.First()},
	}
}

// prefixStates gives some of the prefixes that are not well, by their numbers.
func (s *State) prefixStates(t *tally, of int, b *[2]checks.Bench) []checks.PrefixState {
	var list []checks.PrefixState
	for _, row := range s.largest(t.rows, 8) {
		x := s.suspects[row]
		ballot := x.ballot(of)
		j := b[family(ballot.IPv6)].Judge(ballot, nil)
		p := checks.PrefixState{Prefix: s.tab.Prefix(row), Seen: j.Seen, Of: j.Of, Visible: j.Visible, Known: j.Known, Lost: x.crossing()}
		p.Origins = slices.Sorted(slices.Values(s.originsOf(s.usual(row))))
		if len(p.Origins) == 1 {
			p.Origin = p.Origins[0]
		}
		list = append(list, p)
	}
	return list
}

// largest gives the rows that hold most addresses, at most so many, in the order of their
// prefixes.
func (s *State) largest(rows []table.Row, most int) []table.Row {
	if len(rows) > most {
		rows = slices.Clone(rows)
		slices.SortFunc(rows, func(a, b table.Row) int {
			return cmp.Or(cmp.Compare(s.rows.weight[b], s.rows.weight[a]), cmp.Compare(a, b))
		})
		rows = rows[:most]
	}
	slices.SortFunc(rows, func(a, b table.Row) int { return checks.ComparePrefixes(s.tab.Prefix(a), s.tab.Prefix(b)) })
	return rows
}

// Verdict gives the whole answer about a country, a network, a prefix or an address; ok is
// false for other targets, and for those of which nothing is usual. A target of few prefixes
// is assessed prefix by prefix, a larger one by its numbers and the largest of what it lost.
func (s *State) Verdict(t checks.Target, now time.Time) (v checks.Verdict, ok bool) {
	c, missing, ok := s.caseAbout(t, now)
	if !ok {
		return checks.Verdict{Target: t, At: now, Vantage: c.Vantage, Gaps: c.Gaps}, false
	}
	v = checks.Assess(c)
	if c.Totals == nil && len(c.Observations) == 0 {
		v.Reasons = []string{unusual}
	}
	if c.Totals == nil && t.Kind() == checks.KindCountry {
		s.mu.Lock()
		v.Borders, v.NoUpstream = s.abroad(v.LastHops, c.Footprint.Country), 0
		s.mu.Unlock()
	}
	return doubted(v, missing), true
}

// unusual is why nothing is said of a target that once had prefixes.
const unusual = "none of its prefixes counts as usual any more: all were gone for longer than 7 days, or nobody is left who had them"

// caseAbout gathers what there is to be said of a target. It is assessed when others may have
// the state again.
func (s *State) caseAbout(t checks.Target, now time.Time) (c checks.Case, missing string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready(now)
	missing, gaps := s.doubts(now)
	switch t.Kind() {
	case checks.KindCountry:
		n := s.countries.by[t.Text()]
		c, ok = s.caseOfGroup(&s.countries.list[n], n, now, gaps)
	case checks.KindASN:
		n := s.networks.by[t.ASN()]
		c, ok = s.caseOfGroup(&s.networks.list[n], n, now, gaps)
	case checks.KindPrefix, checks.KindAddress:
		c, ok = s.caseOfSpace(t, now, gaps)
	}
	if !ok {
		c.Vantage, c.Gaps = s.vantage, gaps
	}
	return c, missing, ok
}

func (s *State) caseOfGroup(g *group, n uint32, now time.Time, gaps []checks.Gap) (c checks.Case, ok bool) {
	if n == 0 {
		return c, false
	}
	c = s.caseOf(g, now, gaps)
	if int(g.prefixes+g.prefixes6) <= s.most {
		rows := rowsOf(s, s.rows.network, n)
		if kindOf(g) == ofCountry {
			rows = rowsOf(s, s.rows.country, uint16(n))
		}
		s.detailed(&c, rows)
		return c, true
	}
	b := s.benches(now)
	t := s.judge(g, now, b)
	c.Totals = g.totals(t, b, float64(g.least))
	c.Totals.LastHops, c.Totals.Borders = s.carriers(g, n)
	if t != nil {
		c.Vantage.LosingCollectors = t.losing.len()
		s.detail(&c, s.largest(t.rows, min(s.most, maxLost)))
		if len(t.rows) > maxLost {
			c.Gaps = append(slices.Clone(c.Gaps), checks.Gap{
				Check: "route", Reason: fmt.Sprintf("of %d prefixes that are not as usual the %d largest are looked at one by one", len(t.rows), maxLost),
			})
		}
	}
	return c, true
}

// rowsOf gives the placed rows that belong to a country or a network, of all rows.
func rowsOf[N uint16 | uint32](s *State, all []N, n N) (list []table.Row) {
	for row, of := range all {
		if of == n && s.rows.marks[row]&(placed|empty) == placed {
			list = append(list, table.Row(row))
		}
	}
	return list
}

// caseOfSpace is the case of a prefix or an address: of what is usual inside it, or
// else of the longest over it.
func (s *State) caseOfSpace(t checks.Target, now time.Time, gaps []checks.Gap) (c checks.Case, ok bool) {
	var rows []table.Row
	for _, row := range s.tab.Subnets(t.Prefix()) {
		if s.rows.is(row, placed) && !s.rows.is(row, empty) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		if over := s.over(t.Prefix()); over != 0 {
			rows = []table.Row{over}
		}
	}
	if len(rows) == 0 {
		return c, false
	}
	f := checks.Footprint{Target: t, Prefixes: []netip.Prefix{t.Prefix()}}
	if s.opts.Locate != nil {
		f.Country = s.opts.Locate(t.Prefix())
	}
	c = s.caseFor(f, now, gaps)
	if len(rows) <= s.most {
		s.detailed(&c, rows)
		return c, true
	}
	g, tallied, b := group{}, &tally{least: 1}, s.benches(now)
	for _, row := range rows {
		g.add(s.tab.Prefix(row).Addr().Is6(), s.rows.weight[row], 1)
		if x := s.suspects[row]; x != nil && x.settled(s.clock, s.settle()) {
			s.add(tallied, row, x, ofNetwork, b)
		}
	}
	c.Totals = g.totals(tallied, b, 1)
	c.Vantage.LosingCollectors = tallied.losing.len()
	s.detail(&c, s.largest(tallied.rows, min(s.most, maxLost)))
	return c, true
}
