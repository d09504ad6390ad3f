package chat

import (
	"net/netip"

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
	// route of another network only, unknown could not be judged.
	withdrawn, foreign, unknown uint64
	// accepted and split are visible: through a covering route of an accepted
	// origin, or as more-specifics.
	accepted, split uint64
}

// gone counts the prefixes that are not visible and known not to be.
func (t tally) gone() uint64 { return t.withdrawn + t.foreign }

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
		switch {
		case p.Visible && p.Split:
			t.split++
		case p.Visible:
			if standsIn(p.CoveredBy, true) {
				t.accepted++
			}
		case !p.Known:
			t.unknown++
		case standsIn(p.CoveredBy, false):
			t.foreign++
		}
	}
	for _, t := range []*tally{&v4, &v6} {
		t.withdrawn = t.of - min(t.of, t.visible+t.unknown+t.foreign)
	}
	return v4, v6
}

// standsIn reports whether one of covers is accepted, or is not.
func standsIn(covers []checks.Cover, accepted bool) bool {
	for _, c := range covers {
		if c.Accepted == accepted {
			return true
		}
	}
	return false
}

// isWithdrawn reports whether p is gone with nothing in its place.
func isWithdrawn(p *checks.PrefixState) bool {
	return !p.Visible && p.Known && !standsIn(p.CoveredBy, false)
}

// anyWithdrawn reports whether the verdict holds a withdrawn prefix.
func anyWithdrawn(v *checks.Verdict) bool {
	v4, v6 := tallies(v)
	return v4.withdrawn+v6.withdrawn > 0
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

// span of votes over several prefixes: the least and the most of them that
// voted one way, and out of how many.
type votes struct {
	low, high, of int
	even          bool // all were asked of the same number of vantage points
	any           bool
}

// tallyVotes sums up the votes on the prefixes that pick takes: those who lost
// them, or those who have them.
func tallyVotes(v *checks.Verdict, lost bool, pick func(*checks.PrefixState) bool) votes {
	var s votes
	worst := 0.0
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		if !pick(p) || p.Of == 0 {
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
