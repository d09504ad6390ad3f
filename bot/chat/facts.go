package chat

import (
	"net/netip"
	"strings"
	"time"

	"isitdown/checks"
)

// countBlocks says how much, IPv4 and IPv6 each on its own line, of which one may
// say that there is nothing to count. People is true where a reader
// might take addresses for people.
func countBlocks(v *checks.Verdict, people bool) []block {
	v4, v6 := tallies(v)
	var blocks []block
	if v4.of > 0 {
		text := prefixCount(v, v4)
		if a := v.IPv4.Addresses; a.Of > 0 && v4.unknown < v4.of {
			notes := partOf(a, v.IPv4.Prefixes)
			if people {
				notes = joinNonEmpty("; ", notes, "addresses, not people")
			}
			text += ", " + kOfN(a.Seen, a.Of) + " addresses"
			if notes != "" {
				text += " (" + notes + ")"
			}
		}
		blocks = append(blocks, block{label: "IPv4", text: text})
	} else if v6.of > 0 {
		blocks = append(blocks, block{label: "IPv4", text: absent(v, "IPv4")})
	}
	switch {
	case v6.of > 0:
		blocks = append(blocks, block{label: "IPv6", text: prefixCount(v, v6)})
	case v4.of > 0:
		blocks = append(blocks, block{label: "IPv6", text: absent(v, "IPv6")})
	}
	return blocks
}

// prefixCount writes "3 of 4 prefixes visible" and what became of the others.
func prefixCount(v *checks.Verdict, t tally) string {
	if t.unknown == t.of {
		return count(t.of, "prefix", "prefixes") + ", not known whether visible"
	}
	text := kOfN(t.visible, t.of) + " "
	if v.MovedOnly {
		text += "moved "
	}
	text += unitPrefix(t.of) + " visible"
	if part := partOf(checks.Count{Seen: t.visible, Of: t.of}, checks.Count{Of: t.of}); part != "" {
		text += " (" + part + ")"
	}
	if t.foreign > 0 {
		text += ", " + thousands(t.foreign) + " " + onlyBy(v)
	}
	if t.unknown > 0 {
		text += ", " + thousands(t.unknown) + " not known"
	}
	return text
}

// partOf is the percentage of a count, where there are prefixes enough for one and
// it says more than the count.
func partOf(c, prefixes checks.Count) string {
	if prefixes.Of < minPercent || c.Seen == 0 || c.Seen >= c.Of {
		return ""
	}
	return percent(float64(c.Seen) / float64(c.Of))
}

// absent says why a family has no counts; "" where nobody would expect any.
func absent(v *checks.Verdict, family string) string {
	none := "none announced"
	tables := v.Vantage.FullFeed
	if family == "IPv6" {
		tables = v.Vantage.FullFeed6
	}
	switch {
	case v.MovedOnly:
		none = "none moved in this recording"
	case tables == 0:
		none = "not known: no full " + family + " table in this data"
	}
	switch v.Target.Kind() {
	case checks.KindCountry:
		for _, p := range v.Registered.Prefixes {
			if p.Addr().Is6() == (family == "IPv6") {
				return "registered, " + none
			}
		}
		return "none registered"
	case checks.KindASN:
		return none
	}
	return ""
}

// goneList names withdrawn prefixes where others are left, and how many IPv4 addresses no
// other route leads to any more.
func goneList(v *checks.Verdict) string {
	if v.State != checks.Degraded {
		return ""
	}
	var parts []string
	var known, left []netip.Prefix
	for i := range v.Prefixes {
		p := &v.Prefixes[i]
		switch {
		case isWithdrawn(v, p):
			parts = append(parts, p.Prefix.String())
		case p.Known:
			left = append(left, p.Prefix)
		}
		if p.Known {
			known = append(known, p.Prefix)
		}
	}
	if v4, v6 := tallies(v); v4.listed < v4.of || v6.listed < v6.of {
		return fewOf(parts, v4.withdrawn+v6.withdrawn) // of the others it is not known which they are
	}
	text, all := listSome(parts, maxListed), checks.MeasureIPv4(known).Addresses
	if lost := all - checks.MeasureIPv4(left).Addresses; text != "" && lost > 0 {
		text += ": " + kOfN(lost, all) + nbsp + "addresses"
	}
	return text
}

// fewOf lists a few of so many.
func fewOf(parts []string, all uint64) string {
	shown := parts[:min(len(parts), maxListed)]
	if more := all - min(all, uint64(len(shown))); more > 0 && len(shown) > 0 {
		return strings.Join(shown, ", ") + " and" + nbsp + thousands(more) + nbsp + "more"
	}
	return list(shown)
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
		if !p.Visible && (!isForeign(v, p) || toldForeign(v, p.Prefix)) || p.Visible && !standsIn(p, true) {
			continue
		}
		for _, c := range p.CoveredBy {
			if c.Accepted != p.Visible {
				continue
			}
			k := cover{by: "covered by " + c.Prefix.String() + " from " + c.Origin.String()}
			if !c.Accepted {
				k.note = ", another network"
			}
			if c.Prefix == p.Prefix {
				k.by, k.note = "announced by "+c.Origin.String(), " instead"
			}
			if c.Upstream != 0 {
				k.by += " via " + c.Upstream.String()
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
		parts = append(parts, listSome(covered[k], maxListed)+" "+k.by+k.note)
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
	text = joinNonEmpty("; ", text+" "+windowText(v), homeText(v), behindText(v.Upstreams(), before), noUpstreamText(v))
	return text + ". " + notCulprits
}

// nowText says who carries what is left.
func nowText(v *checks.Verdict) string {
	return joinNonEmpty("; ", carriedText(v.Upstreams(), now, "carries"), behindText(v.Upstreams(), now))
}

// evidenceText grades what the verdict rests on, why, and what would add.
func evidenceText(v *checks.Verdict) string {
	text := v.Evidence.String()
	if v.Evidence > checks.EvidenceNone {
		text += evidenceOf(v)
	}
	if why := phrases(ownReasons(v)); why != "" && v.State != checks.Unknown {
		text += ": " + why
	}
	if lossOfRoutes(v) {
		text = joinNonEmpty("; ", text, gradeText(v))
	}
	text = sentence(text)
	if raise := phrases(v.Raise); raise != "" {
		text += " Would add to it: " + raise + "."
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// evidenceOf says what a grade is of: of what is lost, not of anything behind it.
func evidenceOf(v *checks.Verdict) string {
	switch {
	case lossOfRoutes(v) && anyRejected(v):
		return " that most vantage points lost the routes"
	case lossOfRoutes(v):
		return " that the routes are gone"
	case lossOf(v) == lossSilent && v.Answering == checks.ExtentPart && named(v) && v.Probing.VotesCast > 1:
		return " that some vantage points get no answer"
	case lossOf(v) == lossSilent && v.Answering == checks.ExtentPart:
		return " that a part does not answer"
	case lossOf(v) == lossSilent:
		return " that it does not answer"
	case lossOf(v) == lossFailing:
		return " that it cannot serve"
	}
	return ""
}

// rule words the definition of what is counted.
func rule(v *checks.Verdict) string {
	text := space(v)
	if v.MovedOnly && text != "" {
		text += ", as far as they moved in this recording"
	}
	return text
}

func space(v *checks.Verdict) string {
	target := shorten(v.Target.String(), 80)
	switch v.Target.Kind() {
	case checks.KindCountry:
		return "prefixes announced inside the space registered to " + target
	case checks.KindASN:
		return "prefixes originated by " + target
	case checks.KindPrefix:
		return "prefixes announced inside " + target + ", or over it"
	}
	if v.Target.Kind() != checks.KindAddress {
		return ""
	}
	return "the prefixes that cover " + target
}

// countedText names the definition, the list it rests on and its age.
func countedText(v *checks.Verdict) string {
	if named(v) && !routed(v) {
		return ""
	}
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
// own line, and no clause is said twice: gaps of one source begin with the same words,
// and one of them can be the reason.
func gapsText(v *checks.Verdict) string {
	said := map[string]bool{}
	for _, r := range v.Reasons {
		for clause := range strings.SplitSeq(r, "; ") {
			said[clause] = true
		}
	}
	var parts []string
	for _, g := range v.Gaps {
		if g.Check == "reach" && !probed(v) {
			continue
		}
		for clause := range strings.SplitSeq(g.Reason, "; ") {
			if !said[clause] {
				parts = append(parts, clause)
				said[clause] = true
			}
		}
	}
	return phrases(parts)
}

// notKnownText says what the verdict does not tell; every notice has it.
func notKnownText(v *checks.Verdict) string {
	switch v.State {
	case checks.Up:
		switch {
		case v.Answering == checks.ExtentUnknown:
			return "whether anything inside answers (" + probeReason(v) + ")."
		case named(v):
			return "whether others can reach it, and whether it works as it should: a probe asks one question from one place."
		}
		return "throttling, blocked apps and mobile-only cuts: neither routing nor probes show them."
	case checks.Down, checks.Degraded:
		return "the cause; " + lossUnknowns(v) + "how many people are affected."
	}
	return "whether it is up or down now, and why."
}

// lossUnknowns says what a loss leaves open, besides the cause and how many it affects.
func lossUnknowns(v *checks.Verdict) string {
	switch lossOf(v) {
	case lossSilent:
		return "why hosts are silent does not show from outside; "
	case lossFailing:
		return "what in the service fails; "
	}
	probed := v.Answering != checks.ExtentUnknown
	switch {
	case v.State == checks.Down:
		return "whether anything inside still works; "
	case probed:
		return ""
	}
	return "whether what is still announced answers; "
}

// backUnknowns says what a return leaves open.
func backUnknowns(v *checks.Verdict) string {
	if v.Answering == checks.ExtentUnknown {
		return "the cause; whether anything inside answers again (" + probeReason(v) + "); how many people were affected."
	}
	return "the cause; how many people were affected."
}

// worstText writes "(at worst 2 of 3 prefixes)" of an incident in which not all was
// gone; "" where all was.
func worstText(i *Incident) string {
	if i.silenceAlone() {
		if i.Answers.Extent == checks.ExtentPart {
			return "(" + i.Answers.worst() + ")"
		}
		return ""
	}
	var parts []string
	all := true
	for _, f := range []struct {
		checks.Count
		name string
	}{{i.IPv4.Prefixes, "IPv4"}, {i.IPv6.Prefixes, "IPv6"}} {
		all = all && f.Seen == 0
		if f.Seen < f.Of {
			parts = append(parts, kOfN(f.Seen, f.Of)+" "+f.name+nbsp+unitPrefix(f.Of))
		}
	}
	if all || len(parts) == 0 {
		return ""
	}
	return "(at worst " + list(parts) + " visible)"
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
	if len(parts) == 0 || i.silenceAlone() {
		return i.Answers.worst()
	}
	return joinNonEmpty("; ", "at worst "+strings.Join(parts, "; ")+" not visible", i.Answers.worst())
}
