package checks

import (
	"fmt"
	"math"
	"slices"
)

func (at *Attribution) because(format string, args ...any) {
	at.Reasons = append(at.Reasons, fmt.Sprintf(format, args...))
}

func (at *Attribution) raise(format string, args ...any) {
	at.Raise = append(at.Raise, fmt.Sprintf(format, args...))
}

// tell gives the reasons for the rule, with their numbers.
func (d *finder) tell() {
	at := &d.at
	total := d.lost + d.kept
	at.because("%d of %d routes of these prefixes (one for each vantage point and prefix) are lost", d.lost, total)
	if d.kept > 0 {
		at.because("%d kept, %d of them unchanged since before the loss; below %.0f %% counts as none", d.kept, d.unchanged, 100*keptNone)
	}
	if d.moved > 0 {
		at.because("%d of the lost routes had left the path of the last %.0f hours before they went: theirs is the path they had then",
			d.moved, d.in.Baseline.Window.Hours())
	}
	for _, h := range d.healthy {
		at.because("%s", d.healthText(h.asn, "is healthy"))
	}
	for _, h := range d.failed {
		at.because("%s", d.healthText(h.asn, "lost others' routes too"))
	}
	for _, h := range d.unknown {
		p := d.through[Element{AS: h.asn}]
		at.because("%d other networks were seen behind %s, and it takes %d to tell whether it failed itself", p.Origins, h.asn, MinSurvivors)
	}
	if at.Rule == RuleSeparator {
		at.because("the best score is %.2f, and %.2f or more explains a loss; what lies within %.2f of it is not told apart",
			d.best(), separates, d.tolerance())
	}
	if m := d.in.Elsewhere.Missing; m != "" && !d.MovedOnly {
		at.because("%s", m)
	}
	for _, s := range at.Siblings {
		if s.Networks > 0 {
			at.because("%s", s.fateText())
		}
	}
	if len(at.Carriers) == 1 && !at.SingleHomed && !d.in.Past.covers(at.Origins...) {
		at.because("who carried these prefixes before the last %.0f hours is not known", d.in.Baseline.Window.Hours())
	}
}

// healthText says how others' routes through an AS fared.
func (d *finder) healthText(u ASN, word string) string {
	p := d.through[Element{AS: u}]
	return fmt.Sprintf("%s %s: %d of %d routes of %d other %s still pass it", u, word, p.Still, p.Before, p.Origins, plural(p.Origins, "network", "networks"))
}

// usual gives the part of networks that is lost in any window, as far as it is known. Of
// none in so many windows it is taken to be three by as many (the "rule of three", the
// upper end of a 95 % interval).
func (s Siblings) usual() (p float64, known bool) {
	if s.History <= 0 || s.Networks <= 0 {
		return 0, false
	}
	seen := max(1, float64(s.History)/float64(SiblingWindow)) * float64(s.Networks)
	return min(1, max(s.Usual, 3/seen)), true
}

// fated reports whether more networks went than chance would have.
func (s Siblings) fated() bool {
	p, known := s.usual()
	return known && s.Lost > 0 && binomialTail(s.Networks, s.Lost, p) < sharedFate
}

// fateText says how the other networks behind an upstream fared.
func (s Siblings) fateText() string {
	text := fmt.Sprintf("of %d other networks reached through %s before, %d lost visibility within %.0f minutes", s.Networks, s.Upstream, s.Lost, SiblingWindow.Minutes())
	p, known := s.usual()
	if !known {
		return text + " (how many usually do is not known)"
	}
	usual := percentText(p)
	if p > s.Usual { // what was seen in so short a time, or of so few, allows for that
		usual += " at most"
	}
	if s.fated() {
		return fmt.Sprintf("%s (usual: %s): more than chance would have (p < %g)", text, usual, sharedFate)
	}
	return fmt.Sprintf("%s (usual: %s)", text, usual)
}

func percentText(p float64) string {
	if p < 0.1 {
		return fmt.Sprintf("%.2g %%", 100*p)
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}

// binomialTail is the probability of k or more of n with probability p each.
func binomialTail(n, k int, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n || p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	choose := func(k int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c
	}
	sum := 0.0
	for i := k; i <= n; i++ {
		term := math.Exp(choose(i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		sum += term
		if float64(i) > float64(n)*p && term < 1e-18 {
			break
		}
	}
	return min(1, sum)
}

// singleHomed reports whether one AS carried all that is seen, and no other did before.
func (d *finder) singleHomed() bool {
	list := d.at.Carriers
	if len(list) == 0 || list[0].ShareBefore < 1 || !d.in.Past.covers(d.at.Origins...) ||
		slices.ContainsFunc(d.hops, func(h lastHop) bool { return h.asn != list[0].ASN }) {
		return false
	}
	for _, c := range d.in.Past.Carriers {
		if c.ASN != list[0].ASN && c.Held >= pastCarrier && d.in.Now.Sub(c.Last) <= pastWindow {
			return false
		}
	}
	return true
}

// gradeAttribution says how much the set rests on.
func (d *finder) gradeAttribution() {
	at := &d.at
	switch {
	case len(at.Set) == 0, at.alternatives() > 3:
		at.Grade = EvidenceNone
		if len(at.Set) > 0 {
			at.because("%d things may have failed: which of them is not determinable from the paths that are seen", at.alternatives())
		}
	case at.Rule == RuleUntold && len(d.in.Elsewhere.Passages) == 0, d.MovedOnly:
		at.Grade = EvidenceNone
	default:
		at.Grade = EvidenceWeak
		if d.moderate() {
			at.Grade = EvidenceModerate
		}
	}
}

// alternatives counts the members of the set that exclude each other. Stuck routes are
// what any of the others may leave.
func (at *Attribution) alternatives() (n int) {
	for _, c := range at.Set {
		if c.Kind != StuckRoutes {
			n++
		}
	}
	return n
}

// moderate reports whether all holds that a moderate grade needs, and says what does not.
func (d *finder) moderate() bool {
	voting := math.MaxInt
	for _, n := range d.list {
		k, _ := d.in.Vantage.voting(n.obs.Prefix.Addr().Is6())
		voting = min(voting, k)
	}
	good := true
	need := func(ok bool, format string, args ...any) {
		if !ok {
			good = false
			d.at.raise(format, args...)
		}
	}
	need(voting >= strongVoting, "%d full-feed vantage points or more (there are %d)", strongVoting, voting)
	need(d.in.Vantage.Collectors >= strongSources, "%d collectors or more", strongSources)
	need(ratio(d.lost, d.lost+d.kept) >= strongCoverage, "agreement of %.0f %% of the vantage points", 100*strongCoverage)
	need(d.in.Vantage.Resets == 0, "no session of a vantage point that ended or came up around the loss")
	need(d.conclusive(), "%d other networks or more behind each of the ASes next to the origin, whose routes nearly all stayed or went", conclusiveOrigins)
	need(!d.sampled(), "whole tables, and not a look at a few other networks")
	return good
}

// sampled reports whether that something on the way failed is read from a few networks
// that were looked up. One that still has its routes shows that an upstream carries
// others; a handful that lost theirs may all be of somebody who had them go.
func (d *finder) sampled() bool { return d.at.Rule == RuleSeparator && d.in.Elsewhere.Sample }

// conclusive reports whether other origins' routes, or the networks behind the ASes next
// to the origin, speak clearly: that these stayed whole, or that what lies beyond did not.
func (d *finder) conclusive() bool {
	switch d.at.Rule {
	case RuleLastHop, RuleSeveral, RuleStuck:
		return len(d.main()) > 0 && !slices.ContainsFunc(d.main(), func(h lastHop) bool { return !d.whole(h.asn) })
	case RuleSeparator:
		p := d.scores[0].Passage
		s, _ := p.Survival()
		return p.Origins >= conclusiveOrigins && s <= 1-separates && d.scores[0].Coverage >= strongCoverage
	}
	return false
}

// whole reports whether an AS next to the origin is healthy beyond doubt.
func (d *finder) whole(u ASN) bool {
	p := d.through[Element{AS: u}]
	if s, _ := p.Survival(); p.Origins >= conclusiveOrigins && s >= separates {
		return true
	}
	return slices.ContainsFunc(d.at.Siblings, func(s Siblings) bool {
		return s.Upstream == u && s.Networks >= conclusiveOrigins && ratio(s.Lost, s.Networks) <= 1-strongCoverage && !s.fated()
	})
}
