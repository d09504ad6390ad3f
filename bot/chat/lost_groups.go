package chat

import (
	"slices"

	"isitdown/checks"
)

// maxGroups is how many further groups of prefixes a notice names.
const maxGroups = 3

// otherGroups says which prefixes went otherwise than the largest group.
func otherGroups(list []checks.Attribution) string {
	if len(list) == 0 {
		return ""
	}
	var parts []string
	for i := range list {
		parts = append(parts, groupName(&list[i])+" ("+inShort(&list[i])+")")
	}
	return "Apart from these, and looked at by themselves: " + listSome(parts, maxGroups) + "."
}

// inShort is what a group's loss comes to, in a few words.
func inShort(a *checks.Attribution) string {
	switch {
	case a.Rule == checks.RuleTakenOver:
		return "announced by others instead"
	case a.Rule == checks.RuleRejected:
		return "consistent with rejection as RPKI-invalid"
	case a.Rule == checks.RulePartial:
		return "no single element explains it"
	case len(a.Set) == 0:
		return untellable
	case slices.ContainsFunc(a.Set, func(c checks.Candidate) bool { return c.Kind == checks.OriginWithdrew }):
		return "the origin, or something next to it"
	}
	for _, c := range a.Set {
		if c.Kind == checks.AdjacencyFailed || c.Kind == checks.NetworkFailed {
			return "consistent with " + candidateNoun(c) + otherMembers(len(a.Set)-1)
		}
	}
	return untellable
}

func otherMembers(n int) string {
	if n == 0 {
		return ""
	}
	return " or " + count(n, "other", "others")
}

// groupName names the prefixes of a group: "53 prefixes of AS29256".
func groupName(a *checks.Attribution) string {
	text := count(len(a.Prefixes), "prefix", "prefixes")
	if len(a.Prefixes) == 1 {
		text = a.Prefixes[0].String()
	}
	switch n := len(a.Origins); {
	case n == 0:
		return text
	case n > maxSuspects:
		return text + " of " + count(n, "origin network", "origin networks")
	}
	return text + " of " + asList(a.Origins)
}
