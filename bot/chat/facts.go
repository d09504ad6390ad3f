package chat

import (
	"strings"
	"time"

	"isitdown/checks"
)

// countBlocks says how much, IPv4 and IPv6 each on its own line; a family that
// has nothing to count is named beside the other. People is true where a reader
// might take addresses for people.
func countBlocks(v *checks.Verdict, people bool) []block {
	v4, v6 := tallies(v)
	var blocks []block
	if v4.of > 0 {
		text := prefixCount(v, v4)
		if a := v.IPv4.Addresses; a.Of > 0 {
			text += ", " + kOfN(a.Seen, a.Of) + " addresses" + part(v, a)
			if people {
				text += " (addresses, not people)"
			}
		}
		if v6.of == 0 {
			text = joinNonEmpty(" · ", text, absent(v, "IPv6"))
		}
		blocks = append(blocks, block{label: "IPv4", text: text})
	}
	if v6.of > 0 {
		text := prefixCount(v, v6)
		if v4.of == 0 {
			text = joinNonEmpty(" · ", text, absent(v, "IPv4"))
		}
		blocks = append(blocks, block{label: "IPv6", text: text})
	}
	return blocks
}

// prefixCount writes "3 of 4 prefixes visible" and what became of the others.
func prefixCount(v *checks.Verdict, t tally) string {
	text := kOfN(t.visible, t.of) + " " + unitPrefix(t.of)
	if v.MovedOnly {
		text += " that moved in this recording"
	}
	text += " visible"
	if t.of >= minPercent && t.visible > 0 && t.visible < t.of {
		text += " (" + percent(float64(t.visible)/float64(t.of)) + ")"
	}
	if t.foreign > 0 {
		text += ", " + thousands(t.foreign) + " covered only by " + foreignName(v)
	}
	if t.unknown > 0 {
		text += ", " + thousands(t.unknown) + " not known"
	}
	return text
}

// part adds the percentage of addresses where there are prefixes enough for
// one.
func part(v *checks.Verdict, c checks.Count) string {
	if v.IPv4.Prefixes.Of < minPercent || c.Seen == 0 || c.Seen >= c.Of {
		return ""
	}
	return " (" + percent(float64(c.Seen)/float64(c.Of)) + ")"
}

// absent says why a family has no line; "" where nobody would expect one.
func absent(v *checks.Verdict, family string) string {
	switch v.Target.Kind() {
	case checks.KindCountry:
		for _, p := range v.Registered.Prefixes {
			if p.Addr().Is6() == (family == "IPv6") {
				return family + " registered, none announced before"
			}
		}
		return family + " none registered"
	case checks.KindASN:
		return family + " none announced before"
	}
	return ""
}

// seenText says who saw it: votes, collectors, source, age, and who was left out.
func seenText(v *checks.Verdict) string {
	w := &v.Vantage
	if w.Live == 0 && w.Voting == 0 && w.NewestAt.IsZero() {
		return ""
	}
	text := votesText(v)
	if w.Collectors > 1 {
		text += ", " + count(w.Collectors, "collector", "collectors")
	}
	if s := shorten(w.Source, 80); s != "" {
		text += " (" + s + ")"
	}
	text = joinNonEmpty(" · ", text, ageText(v), leftOut(w))
	return joinNonEmpty(". ", text, stuckText(v))
}

// votesText says at how many vantage points the prefixes are gone, or visible.
func votesText(v *checks.Verdict) string {
	w := &v.Vantage
	points := func(n int) string {
		if v.MovedOnly {
			return count(n, "peer in the recording", "peers in the recording")
		}
		return count(n, "vantage point", "vantage points")
	}
	if lossOfRoutes(v) {
		return "withdrawn at " + rangeText(tallyVotes(v, true, isWithdrawn), w.Voting, points)
	}
	seen := tallyVotes(v, false, func(p *checks.PrefixState) bool { return p.Visible })
	if !seen.any {
		return points(w.Voting) + " could be asked"
	}
	if w.Voting < usualPeers {
		return "announced, seen by " + points(max(seen.high, seen.low))
	}
	return "visible at " + rangeText(seen, w.Voting, points)
}

// rangeText writes "40 of 40 vantage points", or the spread over the prefixes.
func rangeText(s votes, voting int, points func(int) string) string {
	switch {
	case !s.any:
		return points(voting)
	case s.even && s.low == s.high:
		return thousands(uint64(s.low)) + nbsp + "of" + nbsp + points(s.of)
	case s.even:
		return thousands(uint64(s.low)) + " to " + thousands(uint64(s.high)) + nbsp + "of" + nbsp + points(s.of) +
			", prefix by prefix"
	}
	return "no fewer than " + thousands(uint64(s.low)) + nbsp + "of" + nbsp + points(s.of) + " for any prefix"
}

// ageText says how old the newest routing message is.
func ageText(v *checks.Verdict) string {
	newest := v.Vantage.NewestAt
	if newest.IsZero() {
		return ""
	}
	return "data " + span(v.At.Sub(newest)) + " old"
}

// leftOut counts who is heard but has no vote, and why.
func leftOut(w *checks.Vantage) string {
	var parts []string
	if w.Partial > 0 {
		parts = append(parts, count(w.Partial, "partial feed", "partial feeds"))
	}
	if w.Syncing > 0 {
		parts = append(parts, thousands(uint64(w.Syncing))+" still sending "+plural(w.Syncing, "its table", "their tables"))
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
	verb, path := "show", "paths"
	if v.Stuck == 1 {
		verb, path = "shows", "a path"
	}
	return thousands(uint64(v.Stuck)) + nbsp + "still " + verb + " " + path +
		" unchanged since before the loss: some withdrawals never arrive, so that few do not count as announced"
}

// goneList names withdrawn prefixes where others are left.
func goneList(v *checks.Verdict) string {
	if v.State != checks.Degraded {
		return ""
	}
	var parts []string
	for i := range v.Prefixes {
		if isWithdrawn(&v.Prefixes[i]) {
			parts = append(parts, v.Prefixes[i].Prefix.String())
		}
	}
	return listSome(parts, maxListed)
}

// coveredText names the routes that stand in for prefixes, and those that gave
// way to their own more-specifics.
func coveredText(v *checks.Verdict) string {
	type cover struct{ by, note string }
	var order []cover
	covered := map[cover][]string{}
	var split []string
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		if p.Visible && p.Split {
			split = append(split, p.Prefix.String())
			continue
		}
		for _, c := range p.CoveredBy {
			if c.Accepted != p.Visible {
				continue
			}
			k := cover{by: "AS" + strings.TrimPrefix(c.Origin.String(), "AS")}
			if c.Accepted {
				k = cover{by: c.Prefix.String() + " from " + c.Origin.String()}
			} else {
				k.note = ", another network"
			}
			if len(covered[k]) == 0 {
				order = append(order, k)
			}
			covered[k] = append(covered[k], p.Prefix.String())
			break // the cover that most vantage points see
		}
	}
	var parts []string
	for _, k := range order[:min(maxListed, len(order))] {
		parts = append(parts, listSome(covered[k], maxListed)+" covered by "+k.by+k.note)
	}
	if more := len(order) - maxListed; more > 0 {
		parts = append(parts, count(more, "other covering route", "other covering routes"))
	}
	if len(split) > 0 {
		parts = append(parts, listSome(split, maxListed)+" announced as more-specifics instead")
	}
	return strings.Join(parts, "; ")
}

// beforeText says who carried the target before the loss.
func beforeText(v *checks.Verdict) string {
	text := carriedText(v.Upstreams(), before, "carried")
	if text == "" {
		return noUpstreamText(v)
	}
	text = joinNonEmpty("; ", text+" "+windowText(v), behindText(v.Upstreams(), before), noUpstreamText(v))
	return text + ". " + notCulprits
}

// nowText says who carries what is left.
func nowText(v *checks.Verdict) string {
	return joinNonEmpty("; ", carriedText(v.Upstreams(), now, "carries"), behindText(v.Upstreams(), now))
}

// probesText says what the probes found: a fact of its own.
func probesText(v *checks.Verdict) string {
	switch v.Answering {
	case checks.ExtentAll:
		return "usual targets answer"
	case checks.ExtentPart:
		return "some usual targets answer, others do not"
	case checks.ExtentNone:
		return "no usual target answers"
	}
	return probeReason(v)
}

// probeReason says why nothing was probed.
func probeReason(v *checks.Verdict) string {
	if v.Answering != checks.ExtentUnknown {
		return probesText(v)
	}
	var reasons []string
	for _, g := range v.Gaps {
		if g.Check == "reach" {
			reasons = append(reasons, g.Reason)
		}
	}
	if text := phrases(reasons); text != "" {
		return "probes not run: " + text
	}
	return "probes not run"
}

// evidenceText grades what the verdict rests on, why, and what would add.
func evidenceText(v *checks.Verdict) string {
	text := v.Evidence.String()
	if lossOfRoutes(v) && v.Evidence > checks.EvidenceNone {
		text += " that the routes are gone"
	}
	if why := phrases(v.Reasons); why != "" && v.State != checks.Unknown {
		text += ": " + why
	}
	if lossOfRoutes(v) {
		text += "; weak on what disappeared"
	}
	text = sentence(text)
	if raise := phrases(v.Raise); raise != "" {
		text += " Would add to it: " + raise + "."
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// rule words the definition of what is counted.
func rule(v *checks.Verdict) string {
	target := shorten(v.Target.String(), 80)
	switch v.Target.Kind() {
	case checks.KindCountry:
		return "prefixes announced inside the space registered to " + target
	case checks.KindASN:
		return "prefixes originated by " + target
	case checks.KindPrefix:
		return "prefixes announced inside " + target + ", or over it"
	}
	return "the prefixes that cover " + target
}

// countedText names the definition, the list it rests on and its age.
func countedText(v *checks.Verdict) string {
	f := &v.Registered
	text := rule(v)
	if s := shorten(f.Source, 120); s != "" {
		text += "; " + s
	}
	if date := f.AsOf.UTC().Format(time.DateOnly); !f.AsOf.IsZero() && !strings.Contains(f.Source, date) {
		text += ", as of " + date
	}
	return joinNonEmpty("; ", text, phrases(f.Notes))
}

// gapsText lists what could have been used and was not there; probes have their
// own line.
func gapsText(v *checks.Verdict) string {
	var parts []string
	for _, g := range v.Gaps {
		if g.Check != "reach" {
			parts = append(parts, g.Reason)
		}
	}
	return phrases(parts)
}

// notKnownText says what the verdict does not tell; every notice has it.
func notKnownText(v *checks.Verdict) string {
	probed := v.Answering != checks.ExtentUnknown
	switch v.State {
	case checks.Up:
		if probed {
			return "throttling, blocked apps and mobile-only cuts: neither routing nor probes show them."
		}
		return "whether anything inside answers (" + probeReason(v) +
			"); throttling, blocked apps and mobile-only cuts do not show in routing."
	case checks.Down:
		return "the cause; whether anything inside still works; how many people are affected."
	case checks.Degraded:
		if v.Announced == checks.ExtentAll {
			return "the cause: why targets are silent does not show from outside; how many people are affected."
		}
		return "the cause; whether what is still announced answers; how many people are affected."
	}
	return "whether it is up or down now, and why."
}

// depthText says how deep an incident went: the fewest that were visible.
func depthText(i *Incident) string {
	var parts []string
	for _, f := range []struct {
		checks.Counts
		name string
	}{{i.IPv4, "IPv4"}, {i.IPv6, "IPv6"}} {
		p := f.Prefixes
		if p.Of == 0 || p.Seen == p.Of {
			continue
		}
		text := kOfN(p.Of-p.Seen, p.Of) + " " + f.name + nbsp + unitPrefix(p.Of)
		if a := f.Addresses; a.Of > a.Seen {
			text += ", " + kOfN(a.Of-a.Seen, a.Of) + " addresses"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return ""
	}
	return "at worst " + strings.Join(parts, "; ") + " not visible"
}
