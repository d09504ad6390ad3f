package checks

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// grade says how much the verdict rests on, why, and what would raise it.
func (a *assessment) grade() {
	v := &a.in.Vantage
	known := a.known()
	has4 := a.hasIPv4()
	ipv6 := !has4 && known > 0 || a.unsure > 0 && a.enough(false)
	family := ""
	if ipv6 && has4 {
		family = "IPv6 "
	}
	voting, usual := v.voting(ipv6)
	switch {
	case a.nothing():
		a.Evidence = EvidenceNone
	case voting < a.in.Rules.MinVoting:
		a.Evidence = EvidenceWeak
		if why := a.routeGapReason(); voting == 0 && why != "" {
			a.because("%s", why)
		}
		a.because("%d settled full-feed %svantage %s, and it takes %d to call a loss", voting, family, plural(voting, "point", "points"), a.in.Rules.MinVoting)
		a.raise("a table dump or feed with at least %d full-feed %svantage points", a.in.Rules.MinVoting, family)
	case voting*2 < usual:
		a.Evidence = EvidenceWeak
		a.because("only %d of the usual %d %svantage points are there", voting, usual, family)
		a.raise("the return of the missing vantage points")
	case a.unasked == known:
		a.Evidence = EvidenceNone
		a.because("too few of those vantage points that can be asked now had a route of this target before")
		a.raise("the return of the missing vantage points")
	case a.MovedOnly:
		a.Evidence = EvidenceWeak
		a.because("the recording holds updates alone: prefixes that did not move are not in it")
		a.raise("a table dump from before the recording")
	case voting < DefaultRules().MinVoting:
		a.Evidence = EvidenceWeak
		a.because("%d full-feed %svantage %s, enough by this installation's own rule", voting, family, plural(voting, "point", "points"))
		a.raise("at least %d full-feed %svantage points", DefaultRules().MinVoting, family)
	default:
		a.gradeFull(voting)
	}
	if n := a.unasked; n > 0 && n < known {
		a.because("%d %s left out of the counts: too few of those asked had %s before", n, plural(n, "prefix is", "prefixes are"), plural(n, "it", "them"))
	}
	a.gradeProbes()
}

// known counts the prefixes of the target, whatever can be said of them.
func (a *assessment) known() int {
	if t := a.in.Totals; t != nil {
		return t.Prefixes() + t.Unasked
	}
	return len(a.in.Observations)
}

func (a *assessment) hasIPv4() bool {
	return a.IPv4.Prefixes.Of > 0 || slices.ContainsFunc(a.Prefixes, func(s PrefixState) bool { return s.Prefix.Addr().Is4() })
}

// nameless reports whether the target is a name, which routing does not know.
func (a *assessment) nameless() bool {
	return a.Target.Kind() == KindHost || a.Target.Kind() == KindURL
}

// nothing reports whether there is nothing to rest a verdict on, and says why.
func (a *assessment) nothing() bool {
	v := &a.in.Vantage
	switch {
	case a.nameless() && a.probes.At.IsZero():
		a.because("routing knows addresses and no host names, and nothing was probed")
	case a.nameless():
		a.because("routing knows addresses and no host names: this is by probes alone")
	case v.Live == 0 && a.known() == 0:
		a.because("%s", a.whyNoData())
		a.raise("routing data of that time")
	case !a.fresh():
		a.because("the newest routing data is of %s, too old to speak for the time asked about", clockText(v.NewestAt))
		a.raise("newer routing data")
	case a.known() == 0:
		a.because("no route of this target was seen in the data: whether it was ever announced cannot be told from it")
		a.raise("a table dump from before")
	default:
		return false
	}
	return true
}

// whyNoData says why there is no routing data: the gap about it, where there is one.
func (a *assessment) whyNoData() string {
	return cmp.Or(a.routeGapReason(), "no routing data was given")
}

// routeGapReason gives the first of the gaps about routes, "" where there is none.
func (a *assessment) routeGapReason() string {
	for _, g := range a.Gaps {
		if g.Check == "route" {
			return g.Reason
		}
	}
	return ""
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
		a.raise("agreement of %.0f %% of the vantage points", 100*strongCoverage)
	case len(a.Gaps) > 0 && a.routeGap():
		a.because("part of the routing data could not be used")
	default:
		a.Evidence = EvidenceStrong
	}
}

// agreement is the smallest share of vantage points that say of a prefix what
// the verdict says of it, among the prefixes that enough were asked about.
func (a *assessment) agreement() float64 {
	if t := a.in.Totals; t != nil {
		return t.Agreement
	}
	least := 1.0
	for i := range a.in.Observations {
		if s := &a.Prefixes[i]; a.asked(&a.in.Observations[i]) {
			share := ratio(s.Seen, s.Of)
			if !s.Visible {
				share = 1 - share
			}
			least = min(least, share)
		}
	}
	return least
}

func (a *assessment) routeGap() bool {
	return slices.ContainsFunc(a.Gaps, func(g Gap) bool { return g.Check == "route" })
}

func (a *assessment) because(format string, args ...any) {
	a.Reasons = append(a.Reasons, fmt.Sprintf(format, args...))
}

func (a *assessment) raise(format string, args ...any) {
	a.Raise = append(a.Raise, fmt.Sprintf(format, args...))
}

func clockText(t time.Time) string { return t.UTC().Format("15:04:05 UTC on 2 January 2006") }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
