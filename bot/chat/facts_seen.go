package chat

import "isitdown/checks"

// seenText says who saw it: votes, collectors, source, age, and who was left out.
// Dated is true where the notice says nowhere else which moment it is about.
func seenText(v *checks.Verdict, dated bool) string {
	if named(v) && !routed(v) {
		return "" // routing knows no names
	}
	w := &v.Vantage
	when := ""
	if dated {
		when = "as of " + fullDated(v.At)
	}
	text := votesText(v)
	if n := voting(v); n > 0 && w.FullFeedSessions > n {
		text += " (" + count(w.FullFeedSessions, "full-feed session", "full-feed sessions") + ")"
	}
	if w.Collectors > 1 && voting(v) > 0 {
		text += ", " + count(w.Collectors, "collector", "collectors")
	}
	if s := shorten(w.Source, 80); s != "" {
		text += " (" + s + ")"
	}
	text = joinNonEmpty(dot, text, when, ageText(v), leftOut(w))
	return joinNonEmpty(". ", text, halfText(v), stuckText(v))
}

// halfText says from when a prefix counts as visible, where the vantage points do
// not agree: "withdrawn at 28 of 40" beside "0 visible" needs it.
func halfText(v *checks.Verdict) string {
	if !lossOfRoutes(v) {
		return ""
	}
	for _, is6 := range []bool{false, true} {
		if s := tallyVotes(v, is6, true, isLost); s.any && s.low < s.of {
			return "A prefix counts as visible where at least half of those that had it still have it"
		}
	}
	return ""
}

// votesText says at how many vantage points the prefixes are gone, or visible.
func votesText(v *checks.Verdict) string {
	points := func(n int) string {
		if v.MovedOnly {
			return count(n, "peer in the recording", "peers in the recording")
		}
		return count(n, "vantage point", "vantage points")
	}
	lost := lossOfRoutes(v) || disagree(v)
	word, pick := "visible at ", isVisible
	switch {
	case lost && anyRejected(v):
		word, pick = "missing at ", isLost
	case lost:
		word, pick = "withdrawn at ", isWithdrawn
	}
	v4, v6 := tallyVotes(v, false, lost, pick), tallyVotes(v, true, lost, pick)
	switch {
	case !v4.any && !v6.any && max(v.Vantage.Voting, v.Vantage.Voting6) == 0:
		return "no vantage point could be asked"
	case !v4.any && !v6.any:
		return points(max(v.Vantage.Voting, v.Vantage.Voting6)) + " could be asked"
	case !lost && few(v):
		return "by " + points(seers(v))
	case !v4.any:
		return word + v6.text(points)
	case !v6.any:
		return word + v4.text(points)
	}
	if v4 == v6 {
		return word + v4.text(points) + ", IPv4 and IPv6 alike"
	}
	return word + v4.text(points) + ", IPv6 at " + v6.text(points)
}

// text writes "40 of 40 vantage points", or the spread over the prefixes.
func (s votes) text(points func(int) string) string {
	switch {
	case s.even && s.low == s.high:
		return thousands(uint64(s.low)) + nbsp + "of" + nbsp + points(s.of)
	case s.even:
		return thousands(uint64(s.low)) + " to " + thousands(uint64(s.high)) + nbsp + "of" + nbsp + points(s.of) +
			", prefix by prefix"
	}
	return thousands(uint64(s.low)) + nbsp + "of" + nbsp + points(s.of) + " where they agree least"
}

// ageText says how old the newest routing message is.
func ageText(v *checks.Verdict) string {
	newest := v.Vantage.NewestAt
	if newest.IsZero() {
		return ""
	}
	return hold("data " + span(v.At.Sub(newest)) + " old")
}

// leftOut counts who is heard but has no vote, and why.
func leftOut(w *checks.Vantage) string {
	var parts []string
	if w.Partial > 0 {
		parts = append(parts, count(w.Partial, "partial feed", "partial feeds"))
	}
	if w.Syncing > 0 {
		parts = append(parts, thousands(uint64(w.Syncing))+" with "+plural(w.Syncing, "a table", "tables")+" not known to be whole")
	}
	if len(parts) == 0 {
		return ""
	}
	return list(parts) + " left out"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// stuckText explains the vantage points that still show a withdrawn route.
func stuckText(v *checks.Verdict) string {
	if v.Stuck == 0 || !lossOfRoutes(v) {
		return ""
	}
	return count(v.Stuck, "vantage point still shows", "vantage points still show") +
		" a route unchanged since before the loss: some withdrawals never arrive, so as few as that do not count as announced"
}
