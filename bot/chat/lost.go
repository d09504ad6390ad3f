package chat

import (
	"cmp"
	"fmt"
	"strings"

	"isitdown/checks"
)

// untellable is said where the paths do not tell what disappeared.
const untellable = "not determinable from the paths that are seen"

// lostText says what the loss of routes is explained by: a sentence or two on the
// largest group of prefixes, and how many went otherwise. "" where nothing was lost.
func lostText(v *checks.Verdict) string {
	switch {
	case lossOf(v) != lossRoutes:
		return ""
	case len(v.Disappeared) == 0 && lossOfRoutes(v):
		return untellable + "."
	case len(v.Disappeared) == 0:
		return ""
	}
	first := &v.Disappeared[0]
	text := ruleText(v, first)
	if len(v.Disappeared) > 1 {
		text = groupName(first) + ": " + text
	}
	return joinNonEmpty(" ", text, otherGroups(v.Disappeared[1:]))
}

// ruleText is what the rule says that explains a group.
func ruleText(v *checks.Verdict, a *checks.Attribution) string {
	switch a.Rule {
	case checks.RuleTakenOver:
		return takenOverText(v, a)
	case checks.RuleLastHop:
		return joinNonEmpty(" ", whether(v, a)+".", healthText(a))
	case checks.RuleSeveral:
		return whether(v, a) + ". " + severalText(a)
	case checks.RuleSeparator:
		return separatorText(a)
	case checks.RuleRejected:
		return rejectedText(a)
	case checks.RuleStuck:
		return joinNonEmpty(" ", whether(v, a)+".", stuckRoutes(a), healthText(a))
	case checks.RuleUntold:
		return untoldText(v, a)
	case checks.RulePartial:
		return partialText(a)
	case checks.RuleMixed:
		return mixedText(v, a)
	case checks.RuleDivide:
		return dividedText(a)
	}
	return joinNonEmpty(": ", untellable, phrases(a.Reasons[:min(1, len(a.Reasons))])) + "."
}

// severalText says why several healthy upstreams speak for what they have in common.
func severalText(a *checks.Attribution) string {
	hops := links(a).hops
	who := asList(hops)
	if n := len(hops); n > maxListed || n == 0 {
		who = "all " + count(max(n, len(a.Carriers)), "upstream", "upstreams")
	}
	within, others := span(checks.SiblingWindow), ""
	if text := siblingCounts(a, hops); text != "" {
		others = ": " + text
	}
	return "The routes went from " + who + " within " + within + " of one another, and each still carries others" + others +
		". That is more consistent with something on the side of " + originNames(a) + ", or that its links share, than with any one upstream."
}

// separatorText says which elements stood on the lost paths, and what went with them.
func separatorText(a *checks.Attribution) string {
	if len(a.Set) == 0 {
		return untellable + "."
	}
	var best checks.Score
	for _, s := range a.Scores {
		if s.Element == a.Set[0].Element {
			best = s
		}
	}
	text := ""
	switch {
	case best.Coverage >= 1:
		text = "every lost path led through " + elementNoun(best.Element)
	case best.Coverage > 0:
		text = percent(best.Coverage) + " of the lost paths led through " + elementNoun(best.Element)
	}
	p := best.Passage
	if gone := p.Before - p.Still; p.Before > 0 && text != "" {
		text += ", and " + kOfN(uint64(max(0, gone)), uint64(p.Before)) + " routes of " + otherNetworks(a, p.Origins) + " through it went too"
	}
	return joinNonEmpty(". ", text, oneOfText(a)) + "."
}

// oneOfText names a set of elements on the way.
func oneOfText(a *checks.Attribution) string {
	var nouns []string
	for _, c := range a.Set[:min(len(a.Set), maxListed)] {
		nouns = append(nouns, candidateNoun(c))
	}
	if more := len(a.Set) - maxListed; more > 0 {
		nouns = append(nouns, count(more, "other", "others"))
	}
	as, apart := "What disappeared is consistent with ", ""
	if a.Grade >= checks.EvidenceModerate {
		as = "What disappeared is likely "
	}
	if len(nouns) > 1 {
		as, apart = as+"one of these: ", " (from outside they cannot be told apart)"
	}
	return as + orList(nouns) + apart
}

// dividedText says what parts the lost routes from the kept ones.
func dividedText(a *checks.Attribution) string {
	if len(a.Set) == 0 {
		return untellable + "."
	}
	return fmt.Sprintf("a part was lost: all of it led through %s, and next to nothing of what is kept does. Too few other networks were seen there to tell more. %s.",
		elementNoun(a.Set[0].Element), oneOfText(a))
}

// otherNetworks counts the networks that were looked at beside the target.
func otherNetworks(a *checks.Attribution, n int) string {
	text := count(n, "other network", "other networks")
	if a.Sample {
		text += " looked up"
	}
	return text
}

// rejectedText names the rejection of RPKI-invalid routes and what it is read from.
func rejectedText(a *checks.Attribution) string {
	return "consistent with rejection by networks that drop RPKI-invalid routes: " +
		joinNonEmpty("; ", rpkiReason(a), keptText(a)) + "."
}

// rpkiReason gives why RPKI calls a route of the group invalid.
func rpkiReason(a *checks.Attribution) string {
	for _, o := range a.RPKI {
		if o.State != checks.Invalid {
			continue
		}
		text := shorten(strings.TrimSuffix(o.Reason, "."), maxReason)
		text = cmp.Or(text, "no ROA allows "+o.Route.Prefix.String()+" from "+o.Route.Origin.String())
		if !o.AsOf.IsZero() {
			text += " (as of " + dated(o.AsOf) + ")"
		}
		return text
	}
	return ""
}

// maxReason bounds a reason that was written elsewhere.
const maxReason = 200

// keptText says who still has the routes.
func keptText(a *checks.Attribution) string {
	if a.Lost+a.Kept == 0 {
		return ""
	}
	if len(a.Prefixes) == 1 {
		return kOf(a.Kept, count(a.Kept+a.Lost, "vantage point", "vantage points")) + " " + plural(a.Kept, "keeps", "keep") + " the route"
	}
	return kOf(a.Kept, count(a.Kept+a.Lost, "route", "routes")) + " " + plural(a.Kept, "is", "are") + " kept"
}

// stuckRoutes says what is left, and what that looks like.
func stuckRoutes(a *checks.Attribution) string {
	if a.Kept == 0 {
		return ""
	}
	left := kOf(a.Kept, count(a.Kept+a.Lost, "route", "routes")) + " " + plural(a.Kept, "is", "are") + " left"
	switch {
	case a.KeptUnchanged == a.Kept:
		left += ", unchanged since before the loss"
	case a.KeptUnchanged > 0:
		left += ", " + thousands(uint64(a.KeptUnchanged)) + " of them unchanged since before the loss"
	}
	return sentence(left + ": so they would be if the news of the loss had never arrived there")
}

// untoldText gives the set, with the upstreams themselves in it, and why.
func untoldText(v *checks.Verdict, a *checks.Attribution) string {
	hops := links(a).hops
	who := asList(hops)
	if n := len(hops); n > maxSuspects || n == 0 {
		who = "the upstreams"
	}
	behind := "too few other networks were seen behind " + who
	if a.Sample {
		behind = "too few of the other networks looked up were reached through " + who
	}
	itself := "it lost others' routes too"
	if len(hops) != 1 {
		itself = "these lost others' routes too"
	}
	return whether(v, a) + ": " + behind + " to tell whether " + itself + "."
}

// mixedText gives the set, and why the networks next to the origin stay in it.
func mixedText(v *checks.Verdict, a *checks.Attribution) string {
	hops := links(a).hops
	who, it := asList(hops), "it"
	if n := len(hops); n > maxSuspects || n != 1 {
		it = "them all"
	}
	if n := len(hops); n > maxSuspects || n == 0 {
		who = "the upstreams"
	}
	return whether(v, a) + ". Of what other networks had through " + who + " a part went too: too much to call " + it +
		" healthy, too little to explain the loss."
}

// partialText says how much was lost, and what comes nearest to explaining it.
func partialText(a *checks.Attribution) string {
	text := "a part was lost"
	if n := a.Lost + a.Kept; n > 0 {
		text += " (" + kOf(a.Lost, count(n, "route", "routes")) + ")"
	}
	text += " and no single element explains it"
	if len(a.Scores) > 0 && a.Scores[0].Coverage > 0 {
		s := a.Scores[0]
		text += "; " + elementNoun(s.Element) + ", which comes nearest, stood on " + percent(s.Coverage) + " of the lost paths"
	}
	return text + "."
}

// gradeText grades what is said of what disappeared; "" where nothing is.
func gradeText(v *checks.Verdict) string {
	if len(v.Disappeared) == 0 {
		return ""
	}
	a := &v.Disappeared[0]
	return gradeWords(gradeOf(a).String(), len(a.Set))
}

// gradeWords grades a set of so many members: of several that the paths do not tell apart
// something is known, that it is one of them.
func gradeWords(grade string, members int) string {
	switch {
	case grade != checks.EvidenceNone.String():
		return grade + " on what disappeared"
	case members > 1:
		return "which of the possibilities is true is " + untellable
	}
	return "what disappeared is " + untellable
}
