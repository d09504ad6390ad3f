package chat

import (
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
)

// minPercent is how many prefixes it takes before a percentage of them means
// anything.
const minPercent = 20

// usualPeers is how many voting full-feed peers it takes by default to call
// anything down; with fewer, how many there were belongs in the headline.
const usualPeers = 10

// tally sorts the prefixes of one family by what became of them.
type tally struct {
	of, visible uint64
	// withdrawn are gone with nothing in their place, foreign are covered by a
	// route of another network only, rejected are left at the few vantage points that
	// take RPKI-invalid routes, unknown could not be judged.
	withdrawn, foreign, rejected, unknown uint64
	// accepted and split are visible: through a covering route of an accepted
	// origin, or as more-specifics.
	accepted, split uint64
	listed          uint64 // prefixes that the verdict names one by one
}

// gone counts the prefixes that are not visible and known not to be.
func (t tally) gone() uint64 { return t.withdrawn + t.foreign + t.rejected }

// tallies counts IPv4 and IPv6, which are never added up.
func tallies(v *checks.Verdict) (v4, v6 tally) {
	v4 = tally{of: v.IPv4.Prefixes.Of, visible: v.IPv4.Prefixes.Seen}
	v6 = tally{of: v.IPv6.Prefixes.Of, visible: v.IPv6.Prefixes.Seen}
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		t := &v4
		if p.Prefix.Addr().Is6() {
			t = &v6
		}
		t.listed++
		switch fateOf(v, p) {
		case fateUnknown:
			t.unknown++
		case fateVisible:
			switch {
			case p.Split:
				t.split++
			case standsIn(p, true):
				t.accepted++
			}
		case fateWithdrawn:
			t.withdrawn++
		case fateForeign:
			t.foreign++
		case fateRejected:
			t.rejected++
		}
	}
	for _, t := range []*tally{&v4, &v6} {
		// A list that is bounded leaves out what is visible, and the rest of what is gone.
		if rest := t.of - min(t.of, t.visible+t.gone()+t.unknown); t.listed < t.of {
			t.withdrawn += rest
		} else {
			t.unknown += rest
		}
	}
	return v4, v6
}

// standsIn reports whether covering routes of accepted origins, or of others,
// stand in for p at half of the vantage points.
func standsIn(p *checks.PrefixState, accepted bool) bool {
	peers := 0
	for _, c := range p.CoveredBy {
		if c.Accepted == accepted {
			peers += c.Peers
		}
	}
	return peers > 0 && peers*2 >= p.Of
}

// fate is what became of a prefix.
type fate int

const (
	fateUnknown   fate = iota // too few could be asked
	fateVisible               // enough vantage points have it
	fateWithdrawn             // gone with nothing in its place
	fateForeign               // only other networks' routes lead to it
	fateRejected              // left where RPKI-invalid routes are taken
)

// fateOf says what became of a prefix of the verdict.
func fateOf(v *checks.Verdict, p *checks.PrefixState) fate {
	switch {
	case p.Visible:
		return fateVisible
	case !p.Known:
		return fateUnknown
	case standsIn(p, false):
		return fateForeign
	}
	switch {
	case explainedBy(v, p.Prefix, checks.RuleTakenOver):
		return fateForeign
	case explainedBy(v, p.Prefix, checks.RuleRejected):
		return fateRejected
	}
	return fateWithdrawn
}

// explainedBy reports whether a rule explains the loss of a prefix.
func explainedBy(v *checks.Verdict, p netip.Prefix, rule checks.AttributionRule) bool {
	return slices.ContainsFunc(v.Disappeared, func(a checks.Attribution) bool {
		if a.Rule != rule {
			return false
		}
		_, ok := slices.BinarySearchFunc(a.Prefixes, p, checks.ComparePrefixes)
		return ok
	})
}

// isWithdrawn reports whether p is gone with nothing in its place.
func isWithdrawn(v *checks.Verdict, p *checks.PrefixState) bool { return fateOf(v, p) == fateWithdrawn }

// isForeign reports whether only another network's route leads to p.
func isForeign(v *checks.Verdict, p *checks.PrefixState) bool { return fateOf(v, p) == fateForeign }

// isRejected reports whether p is left only where RPKI-invalid routes are taken.
func isRejected(v *checks.Verdict, p *checks.PrefixState) bool { return fateOf(v, p) == fateRejected }

// isLost reports whether routes of the target's own to p are missing.
func isLost(v *checks.Verdict, p *checks.PrefixState) bool {
	return isWithdrawn(v, p) || isRejected(v, p)
}

func isVisible(_ *checks.Verdict, p *checks.PrefixState) bool { return p.Visible }

// takenOver reports whether the prefixes that only another network's routes lead
// to are themselves announced, by that network: no wider route covers them.
func takenOver(v *checks.Verdict) bool {
	any := false
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		if !isForeign(v, p) {
			continue
		}
		for _, c := range p.CoveredBy {
			if !c.Accepted && c.Prefix != p.Prefix {
				return false
			}
		}
		any = true
	}
	return any
}

// lastLoss gives when half of the vantage points had lost the last of the
// prefixes that are gone, where that was well after the onset; zero where they
// went together.
func lastLoss(v *checks.Verdict) time.Time {
	onset := Point(v.Onset)
	if onset.IsZero() || wide(v.Onset) || lossOf(v) != lossRoutes {
		return time.Time{}
	}
	var first, last time.Time
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		if p.Visible || !p.Known || p.Lost.Half.IsZero() {
			continue
		}
		if first.IsZero() || p.Lost.Half.Before(first) {
			first = p.Lost.Half
		}
		if p.Lost.Half.After(last) {
			last = p.Lost.Half
		}
	}
	if last.Sub(first) < wideInterval || last.Sub(onset) < wideInterval {
		return time.Time{}
	}
	return last
}

// voting counts the vantage points whose vote counts, of the family that the
// target has.
func voting(v *checks.Verdict) int {
	if v.IPv4.Prefixes.Of == 0 && v.IPv6.Prefixes.Of > 0 {
		return v.Vantage.Voting6
	}
	return v.Vantage.Voting
}

// seers counts the vantage points that have the prefixes which are visible: of
// the prefix that most of them have.
func seers(v *checks.Verdict) int {
	most := 0
	for i := range v.Prefixes {
		if v.Prefixes[i].Visible {
			most = max(most, v.Prefixes[i].Seen)
		}
	}
	return most
}

// few reports whether so few vantage points vote that their number belongs
// wherever something is said to be announced.
func few(v *checks.Verdict) bool { return voting(v) < usualPeers && !v.Vantage.Declared }

// anyWithdrawn reports whether the verdict holds a withdrawn prefix.
func anyWithdrawn(v *checks.Verdict) bool {
	v4, v6 := tallies(v)
	return v4.withdrawn+v6.withdrawn > 0
}

// anyRejected reports whether it holds one that is left only where RPKI-invalid routes
// are taken.
func anyRejected(v *checks.Verdict) bool {
	v4, v6 := tallies(v)
	return v4.rejected+v6.rejected > 0
}

// lossOfRoutes reports whether the verdict is worse than up because routes of the
// target's own went.
func lossOfRoutes(v *checks.Verdict) bool {
	return lossOf(v) == lossRoutes && (anyWithdrawn(v) || anyRejected(v))
}

// family is one line of counts: its tally and what it is called where both
// families have something to count.
type family struct {
	tally
	name string // "IPv4 ", "IPv6 ", or "" where the other has nothing
}

// families gives those that have prefixes to count.
func families(v *checks.Verdict) []family {
	v4, v6 := tallies(v)
	switch {
	case v4.of > 0 && v6.of > 0:
		return []family{{v4, "IPv4" + nbsp}, {v6, "IPv6" + nbsp}}
	case v4.of > 0:
		return []family{{tally: v4}}
	case v6.of > 0:
		return []family{{tally: v6}}
	}
	return nil
}

// single gives the prefix of a verdict about exactly one.
func single(v *checks.Verdict) (netip.Prefix, bool) {
	if k := v.Target.Kind(); k != checks.KindPrefix && k != checks.KindAddress {
		return netip.Prefix{}, false
	}
	if len(v.Prefixes) == 1 && v.IPv4.Prefixes.Of+v.IPv6.Prefixes.Of == 1 {
		return v.Prefixes[0].Prefix, true
	}
	return netip.Prefix{}, false
}

// votes are those on several prefixes: the fewest and the most that agreed, and
// out of how many.
type votes struct {
	low, high, of int
	even          bool // all were asked of the same number of vantage points
	any           bool
}

// tallyVotes sums up the votes on the prefixes of one family that pick takes: of
// those who lost them, or of those who have them.
func tallyVotes(v *checks.Verdict, is6, lost bool, pick func(*checks.Verdict, *checks.PrefixState) bool) votes {
	var s votes
	worst := 0.0
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		if p.Prefix.Addr().Is6() != is6 || !pick(v, p) || p.Of == 0 {
			continue
		}
		k := p.Seen
		if lost {
			k = p.Of - p.Seen
		}
		part := float64(k) / float64(p.Of)
		if !s.any {
			s, worst = votes{low: k, high: k, of: p.Of, even: true, any: true}, part
			continue
		}
		if s.of != p.Of {
			s.even = false
		}
		if s.even {
			s.low, s.high = min(s.low, k), max(s.high, k)
		} else if part < worst {
			s.low, s.of = k, p.Of
		}
		worst = min(worst, part)
	}
	return s
}
