package world

import (
	"cmp"
	"slices"
	"time"

	"isitdown/checks"
)

// World says how everything stands: how many countries and networks are up or not, and all
// that is Down or Degraded. What that holds prefix by prefix is bounded, and there are no
// upstreams and no candidate sets: [State.Verdict] gives these.
func (s *State) World(now time.Time) checks.World {
	w, cases := s.survey(now)
	for i := range cases {
		c := &cases[i]
		v := checks.Assess(c.Case)
		census := &w.Networks
		if v.Target.Kind() == checks.KindCountry {
			census = &w.Countries
		}
		if census.Add(v.State); v.State == checks.Down || v.State == checks.Degraded {
			v.Prefixes = c.prefixes
			w.Outages = append(w.Outages, v)
		}
	}
	slices.SortStableFunc(w.Outages, byWeight)
	return w
}

// surveyed is a country or a network that is not well.
type surveyed struct {
	checks.Case
	prefixes []checks.PrefixState
}

// survey counts what is well, and gives what is not, to be assessed.
func (s *State) survey(now time.Time) (w checks.World, cases []surveyed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready(now)
	w = checks.World{At: s.rib.Newest(), Vantage: s.vantage, MinAddresses: s.opts.MinAddresses, MinPrefixes6: s.opts.MinPrefixes6}
	w.Vantage.Needed = s.opts.Assess.MinVoting
	w.Missing, w.Gaps = s.doubts(now)
	b := s.benches(now)
	if w.Missing == "" && !b[0].Fresh() {
		w.Missing = "the newest routing data is too old to speak for now"
	}
	look := func(list []group, c *checks.Census) {
		for n := 1; n < len(list); n++ {
			g := &list[n]
			if !g.watched || g.prefixes+g.prefixes6 == 0 {
				continue
			}
			if w.Missing != "" {
				c.Add(checks.Unknown)
				continue
			}
			t := s.judge(g, now, b)
			if t == nil {
				c.Add(checks.Up)
				continue
			}
			cases = append(cases, surveyed{s.brief(g, t, b, now, nil), s.prefixStates(t, kindOf(g), b)})
		}
	}
	look(s.countries.list, &w.Countries)
	look(s.networks.list, &w.Networks)
	return w, cases
}

// byWeight puts countries before networks, what is Down before what is Degraded, and those
// that lost most addresses first.
func byWeight(a, b checks.Verdict) int {
	lost := func(v *checks.Verdict) uint64 { return v.IPv4.Addresses.Of - v.IPv4.Addresses.Seen }
	lost6 := func(v *checks.Verdict) uint64 { return v.IPv6.Prefixes.Of - v.IPv6.Prefixes.Seen }
	return cmp.Or(
		cmp.Compare(a.Target.Kind(), b.Target.Kind()), cmp.Compare(b.State, a.State),
		cmp.Compare(lost(&b), lost(&a)), cmp.Compare(lost6(&b), lost6(&a)),
		cmp.Compare(a.Target.String(), b.Target.String()),
	)
}
