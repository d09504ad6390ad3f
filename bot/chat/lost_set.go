package chat

import (
	"slices"
	"strings"

	"isitdown/checks"
)

// maxSuspects is how many origins, or ASes next to them, are named one by one.
const maxSuspects = 4

// members are the candidates of a set, sorted by what they are.
type members struct {
	origins, hops    []checks.ASN // who may have withdrawn, and the far ends of their links
	middle           []checks.Element
	networks         []checks.ASN
	rejected, filter bool
}

// links sorts the set of an attribution.
func links(a *checks.Attribution) members {
	var m members
	for _, c := range a.Set {
		switch c.Kind {
		case checks.OriginWithdrew:
			m.origins = append(m.origins, c.Element.AS)
		case checks.AdjacencyFailed:
			if slices.Contains(a.Origins, c.Element.To) {
				m.hops = append(m.hops, c.Element.AS)
			} else {
				m.middle = append(m.middle, c.Element)
			}
		case checks.NetworkFailed:
			m.networks = append(m.networks, c.Element.AS)
		case checks.Rejected:
			m.rejected = true
		case checks.Filtered:
			m.filter = true
		}
	}
	m.origins, m.hops = distinct(m.origins), distinct(m.hops)
	return m
}

// whether words a set that has the origin in it: outside observers cannot tell its
// members apart.
func whether(v *checks.Verdict, a *checks.Attribution) string {
	m := links(a)
	parts := []string{withdrewText(v, a, m.origins)}
	if len(m.hops) == 0 && len(m.networks) == 0 && len(m.middle) == 0 {
		parts = append(parts, "something between there and the vantage points failed (no upstream was visible before)")
	}
	if len(m.hops) > 0 {
		parts = append(parts, linkText(m), filteredText(m.hops))
	}
	for _, e := range m.middle[:min(len(m.middle), maxSuspects)] {
		parts = append(parts, "the "+linkNoun(e)+" failed")
	}
	for _, n := range m.networks[:min(len(m.networks), maxSuspects)] {
		parts = append(parts, n.String()+" itself failed")
	}
	if more := max(0, len(m.middle)-maxSuspects) + max(0, len(m.networks)-maxSuspects); more > 0 {
		parts = append(parts, "one of "+count(more, "other link or network", "other links or networks")+" failed")
	}
	if m.filter {
		parts = append(parts, "a network in between filtered them")
	}
	if m.rejected {
		parts = append(parts, "networks that drop RPKI-invalid routes rejected them")
	}
	return "cannot tell from outside whether " + orList(parts)
}

// withdrewText says of the origins that they withdrew: all their routes, or these.
func withdrewText(v *checks.Verdict, a *checks.Attribution, origins []checks.ASN) string {
	if len(origins) == 0 {
		origins = a.Origins
	}
	what := "its routes"
	if len(origins) != 1 {
		what = "their routes"
	}
	if len(v.Disappeared) > 1 || anyVisibleOf(v, origins) {
		what = "these routes"
	}
	switch n := len(origins); {
	case n == 0:
		return "the origin withdrew " + what
	case n > maxSuspects:
		return "the " + count(n, "origin network", "origin networks") + " withdrew " + what
	}
	return asList(origins) + " withdrew " + what
}

// anyVisibleOf reports whether a prefix of one of the origins is still visible.
func anyVisibleOf(v *checks.Verdict, origins []checks.ASN) bool {
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		if p.Visible && slices.ContainsFunc(p.Origins, func(o checks.ASN) bool { return slices.Contains(origins, o) }) {
			return true
		}
	}
	return false
}

// linkText names the links between origins and the networks next to them.
func linkText(m members) string {
	switch many := len(m.origins) > 1; {
	case len(m.hops) > maxListed && many:
		return "their links to " + count(len(m.hops), "network", "networks") + " failed"
	case len(m.hops) > maxListed:
		return "its links to " + count(len(m.hops), "network", "networks") + " failed"
	case many:
		return "their links to " + asList(m.hops) + " failed"
	case len(m.hops) > 1:
		return "its links to " + asList(m.hops) + " failed"
	}
	return "the link to " + asList(m.hops) + " failed"
}

func filteredText(hops []checks.ASN) string {
	if len(hops) > maxListed {
		return "these networks filtered them"
	}
	return asList(hops) + " filtered them"
}

func linkNoun(e checks.Element) string {
	return "link between " + e.AS.String() + " and " + e.To.String()
}

// elementNoun names an AS, or a link by both its ends.
func elementNoun(e checks.Element) string {
	if e.Adjacency() {
		return "the " + linkNoun(e)
	}
	return e.String()
}

// candidateNoun names what a candidate is of.
func candidateNoun(c checks.Candidate) string {
	switch c.Kind {
	case checks.OriginWithdrew:
		return c.Element.AS.String() + " withdrawing the routes"
	case checks.AdjacencyFailed:
		return "the " + linkNoun(c.Element)
	case checks.NetworkFailed:
		return c.Element.AS.String() + " itself"
	case checks.Rejected:
		return "rejection by networks that drop RPKI-invalid routes"
	case checks.StuckRoutes:
		return "routes whose withdrawal never arrived"
	}
	return "filtering by a network in between"
}

// candidateText is a candidate as a sentence of its own: what may have happened.
func candidateText(a *checks.Attribution, c checks.Candidate) string {
	switch c.Kind {
	case checks.OriginWithdrew:
		return c.Element.AS.String() + " withdrew the routes"
	case checks.AdjacencyFailed:
		text := "the " + linkNoun(c.Element) + " failed"
		if slices.Contains(a.Origins, c.Element.To) {
			text += ", or " + c.Element.AS.String() + " filtered the routes"
		}
		return text
	case checks.NetworkFailed:
		return c.Element.AS.String() + " itself failed: others' routes through it went too"
	case checks.Rejected:
		return "networks that drop RPKI-invalid routes rejected the routes"
	case checks.StuckRoutes:
		return "what is left are routes whose withdrawal never arrived"
	case checks.Filtered:
		return "a network in between filtered the routes"
	}
	return ""
}

// disappeared lists what may have disappeared, over all groups, each once: outside
// observers cannot tell the members of one group apart.
func disappeared(v *checks.Verdict) []string {
	var set []string
	for i := range v.Disappeared {
		a := &v.Disappeared[i]
		for _, c := range a.Set[:min(len(a.Set), maxMembers)] {
			if text := candidateText(a, c); text != "" && !slices.Contains(set, text) {
				set = append(set, text)
			}
		}
	}
	return set
}

// originNames names the origins of a group.
func originNames(a *checks.Attribution) string {
	switch n := len(a.Origins); {
	case n == 0:
		return "the origin"
	case n > maxSuspects:
		return "the " + count(n, "origin network", "origin networks")
	}
	return asList(a.Origins)
}

// orList joins with commas and a last "or", as a set is read: with a comma before it
// where there are more than two.
func orList(parts []string) string {
	if len(parts) < 3 {
		return strings.Join(parts, " or ")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + ", or " + parts[len(parts)-1]
}

// wellBelow is the part of other networks that may be lost where an upstream is still
// called healthy.
const wellBelow = 0.05

// healthText says how other networks behind the upstreams fared.
func healthText(a *checks.Attribution) string {
	hops := links(a).hops
	if len(hops) != 1 {
		if text := siblingCounts(a, hops); text != "" {
			return "They still carry others: " + text + "."
		}
		return ""
	}
	u := hops[0]
	for _, s := range a.Siblings {
		if s.Upstream != u || s.Networks <= 0 {
			continue
		}
		text := u.String() + " still carries others: "
		if float64(s.Lost) <= wellBelow*float64(s.Networks) {
			text = u.String() + " itself is healthy: "
		}
		return text + kOfN(uint64(max(0, s.Networks-s.Lost)), uint64(s.Networks)) + " other " + plural(s.Networks, "network", "networks") +
			behindWord(a) + " stayed visible."
	}
	for _, s := range a.Scores {
		if s.Element == (checks.Element{AS: u}) && s.Passage.Before > 0 {
			return u.String() + " still carries others: " + kOfN(uint64(s.Passage.Still), uint64(s.Passage.Before)) + " routes of " +
				otherNetworks(a, s.Passage.Origins) + " through it remain."
		}
	}
	return ""
}

// behindWord says of other networks that they lie behind an upstream.
func behindWord(a *checks.Attribution) string {
	if a.Sample {
		return " looked up behind it"
	}
	return " behind it"
}

// siblingCounts writes, upstream by upstream, how many other networks behind it
// stayed visible; "" where none of it is known.
func siblingCounts(a *checks.Attribution, hops []checks.ASN) string {
	var parts []string
	for _, u := range hops {
		for _, s := range a.Siblings {
			if s.Upstream == u && s.Networks > 0 {
				parts = append(parts, kOfN(uint64(max(0, s.Networks-s.Lost)), uint64(s.Networks))+" ("+u.String()+")")
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	others := "of the other networks behind them "
	if a.Sample {
		others = "of the other networks looked up behind them "
	}
	return others + listSome(parts, maxSuspects) + " stayed visible"
}
