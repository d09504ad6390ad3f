package chat

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// lossBlocks is the body of a notice about something down or degraded: whole.
func lossBlocks(n *Notice) []block {
	v := &n.Verdict
	blocks := []block{{text: sinceLine(n, v.Onset)}, {text: lastLossLine(v)}, {text: incidentLine(n)}}
	blocks = append(blocks, countBlocks(v, true)...)
	present := nowText(v)
	if v4, v6 := tallies(v); v4.visible+v4.foreign+v4.rejected+v6.visible+v6.foreign+v6.rejected == 0 {
		present = "" // what stuck routes show carries nothing
	}
	blocks = append(blocks,
		block{label: "Seen", text: seenText(v, false)},
		block{label: "Gone", text: goneList(v)},
		block{label: "Covered", text: coveredText(v)},
		block{label: "Before", text: beforeText(v)},
		block{label: "Now", text: present},
		block{label: "Lost", text: lostText(v)},
		block{label: "Beside", text: besideText(v)},
		block{label: "Weighed", text: weighedText(n)},
	)
	blocks = append(blocks, probeBlocks(v)...)
	return append(blocks,
		othersBlock(v),
		block{label: "Evidence", text: evidenceText(v)},
		block{label: "Counted", text: countedText(v)},
		block{label: "Missing", text: gapsText(v)},
		block{label: "Not known", text: notKnownText(v)},
	)
}

// upBlocks is the body where all is well: short.
func upBlocks(n *Notice) []block {
	v := &n.Verdict
	blocks := countBlocks(v, false)
	seen := seenText(v, true)
	if v.Evidence >= checks.EvidenceModerate && seen != "" {
		seen += dot + "evidence " + v.Evidence.String()
	}
	blocks = append(blocks, block{label: "Seen", text: seen})
	upstream := joinNonEmpty("; ", carriedText(v.Upstreams(), now, "carried"), behindText(v.Upstreams(), now))
	if set := carriers(v.Upstreams(), before); len(set) > 0 && !v.MovedOnly && !sameASes(set, carriers(v.Upstreams(), now)) {
		upstream = joinNonEmpty("; ", upstream, windowText(v)+" "+shares(set, before))
	}
	upstream = joinNonEmpty("; ", noUpstreamText(v), upstream)
	blocks = append(blocks,
		block{label: "Upstream", text: upstream},
		block{label: "Covered", text: coveredText(v)},
		block{label: "Beside", text: besideText(v)},
	)
	if probed(v) {
		blocks = append(blocks, probeBlocks(v)...)
	}
	blocks = append(blocks, othersBlock(v))
	if v.Evidence < checks.EvidenceModerate || seen == "" {
		blocks = append(blocks, block{label: "Evidence", text: evidenceText(v)})
	}
	return append(blocks,
		block{label: "Counted", text: countedText(v)},
		block{label: "Missing", text: gapsText(v)},
		block{label: "Not known", text: notKnownText(v)},
	)
}

// unknownBlocks says why nothing is claimed, and what was claimed last.
func unknownBlocks(n *Notice) []block {
	v := &n.Verdict
	why := sentence(phrases(v.Reasons))
	if why == "" {
		why = "The routing data at hand does not tell."
	}
	last := lastText(n)
	blocks := []block{
		{text: joinNonEmpty(" ", why, last, claimUntil(v))},
		{text: incidentLine(n)},
	}
	blocks = append(blocks, countBlocks(v, false)...)
	blocks = append(blocks,
		block{label: "Seen", text: seenText(v, true)},
		block{label: "Upstream", text: joinNonEmpty("; ", noUpstreamText(v), carriedText(v.Upstreams(), now, "carried"))},
	)
	blocks = append(blocks, probeBlocks(v)...)
	return append(blocks,
		othersBlock(v),
		block{label: "Evidence", text: evidenceText(v)},
		block{label: "Counted", text: countedText(v)},
		block{label: "Missing", text: gapsText(v)},
		block{label: "Not known", text: notKnownText(v)},
	)
}

// lastText says what was claimed last.
func lastText(n *Notice) string {
	v, k := &n.Verdict, n.LastKnown
	if k.State == checks.Unknown || k.At.IsZero() {
		return ""
	}
	return joinNonEmpty(", ", "Last known: "+k.State.String()+" at "+near(k.At, v.At), prefixCounts(k.IPv4, k.IPv6),
		k.Answers.text()) + "."
}

// claimUntil says what it takes before something is claimed again.
func claimUntil(v *checks.Verdict) string {
	w := &v.Vantage
	switch {
	case disagree(v):
		return "Nothing is claimed until they agree."
	case nonexistent(v):
		return "Is it spelt right?"
	case v.Probing.Guard.Void != "" && (named(v) || v.Announced == checks.ExtentAll):
		return "Nothing is claimed until our own network passes its test again."
	case named(v) && neverAnswered(v):
		return "Nothing is claimed until it has answered once: what stands behind a firewall looks the same. Try it from another network."
	case named(v) && probed(v), v.Announced == checks.ExtentAll:
		return "Nothing is claimed until probes tell."
	case needsProbes(v):
		return "Nothing is claimed until it is probed. Ask for its address to learn whether that is announced."
	case w.Live == 0 && w.NewestAt.IsZero():
		return "Nothing is claimed until there is routing data."
	case w.Live == 0, v.At.Sub(w.NewestAt) >= staleAge:
		return "Nothing is claimed until it returns."
	case len(v.Prefixes) == 0:
		return "Nothing is claimed until a route to it has been seen."
	case few(v):
		return "Nothing is claimed until at least " + strconv.Itoa(cmp.Or(w.Needed, usualPeers)) + " full-feed vantage points can be asked."
	}
	return "Nothing is claimed until there is more to go on."
}

// backBlocks is the body of a return: how long, how deep, by whom now.
func backBlocks(n *Notice) []block {
	v, i := &n.Verdict, &n.Incident
	watch := ""
	if i.Recovering && !i.WatchUntil.IsZero() {
		watch = "Watching for relapse until " + near(i.WatchUntil, v.At) + "."
	}
	if n.Kind == Resolved {
		watch = "No relapse by " + near(v.At, Point(i.End)) + ": the incident is resolved."
	}
	depth := depthText(i)
	if i.Changes > 1 {
		depth = joinNonEmpty("; ", depth, "lost "+strconv.Itoa(i.Changes)+nbsp+"times in all")
	}
	blocks := []block{
		{text: spanLine(n, i.Onset, i.End)},
		{label: "Depth", text: depth},
	}
	blocks = append(blocks, countBlocks(v, false)...)
	return append(blocks,
		block{label: "Seen", text: seenText(v, false)},
		block{label: "Upstream", text: afterText(i)},
		block{label: "Covered", text: coveredText(v)},
		block{label: "Asked", text: askedText(v)},
		block{label: "Probes", text: foundText(v)},
		othersBlock(v),
		block{label: "Evidence", text: evidenceText(v)},
		block{label: "Missing", text: gapsText(v)},
		block{label: "Not known", text: backUnknowns(v)},
		block{text: watch},
	)
}

// unstableBlocks is the body of the one message about an unstable spell.
func unstableBlocks(n *Notice) []block {
	v, i := &n.Verdict, &n.Incident
	when := sinceLine(n, i.Onset)
	if n.Kind == Resolved {
		when = spanLine(n, i.Onset, i.End)
	}
	times := count(i.Changes, "time", "times")
	what := "Lost and back " + times + "; no single loss held long enough to be an outage."
	switch {
	case n.Kind == Resolved && i.FollowedBy != "":
		what = "Lost and back " + times + "; then a loss held: outage " + i.FollowedBy + "."
	case n.Kind != Resolved:
		what = "Lost " + times + " so far; no single loss has held long enough to be an outage. This message is kept up to date."
	}
	if v.State == checks.Unknown {
		what = joinNonEmpty(" ", sentence(phrases(v.Reasons)), claimUntil(v), what)
	}
	blocks := []block{{text: when}, {text: what}, {label: "Depth", text: depthText(i)}}
	blocks = append(blocks, countBlocks(v, false)...)
	upstream := joinNonEmpty("; ", noUpstreamText(v), carriedText(v.Upstreams(), now, "carries"))
	switch {
	case n.Kind == Resolved && i.FollowedBy != "":
		upstream = "" // the outage's own message says it
	case n.Kind == Resolved:
		upstream = afterText(i)
	}
	return append(blocks,
		block{label: "Seen", text: seenText(v, false)},
		block{label: "Upstream", text: upstream},
		block{label: "Probes", text: foundText(v)},
		othersBlock(v),
		block{label: "Evidence", text: evidenceText(v)},
		block{label: "Missing", text: gapsText(v)},
		block{label: "Not known", text: "the cause; " + insideText(v) + "how many people are affected."},
	)
}

// changedBlocks is the body of a change of upstream.
func changedBlocks(n *Notice) []block {
	v := &n.Verdict
	blocks := []block{{text: joinNonEmpty(dot, fullDated(v.At), n.local(v.At))}}
	blocks = append(blocks, countBlocks(v, false)...)
	return append(blocks,
		block{label: "Seen", text: seenText(v, false)},
		block{label: "Now", text: joinNonEmpty("; ", carriedText(n.New, now, "carries"),
			behindText(matching(v.Upstreams(), n.New), now))},
		block{label: "Before", text: list(asNames(n.Old))},
		block{label: "Covered", text: coveredText(v)},
		block{label: "Probes", text: foundText(v)},
		othersBlock(v),
		block{label: "Evidence", text: evidenceText(v)},
		block{label: "Missing", text: gapsText(v)},
		block{label: "Not known", text: strings.TrimSuffix("why it changed, and who changed it; "+insideText(v), "; ") + "."},
	)
}

// matching gives the upstreams of all that are also in some.
func matching(all, some []checks.Upstream) []checks.Upstream {
	var out []checks.Upstream
	for _, u := range all {
		for _, s := range some {
			if s.ASN == u.ASN {
				out = append(out, u)
			}
		}
	}
	return out
}

func asNames(us []checks.Upstream) []string {
	out := make([]string, len(us))
	for i, u := range us {
		out[i] = asName(u)
	}
	return out
}

// sinceLine dates a loss: UTC, local times, how long so far.
func sinceLine(n *Notice, i checks.Interval) string {
	v := &n.Verdict
	p := Point(i)
	switch {
	case p.IsZero():
		return "Since when is not known" + dot + "as of " + fullDated(v.At) + ofLocal(n.local(v.At))
	case wide(i):
		return joinNonEmpty(dot, "Between "+between(i, fullDated), n.localSpan(i.After, i.By), elapsed(p, v.At)+" or more so far")
	}
	return joinNonEmpty(dot, fullDated(p)+spread(i), n.local(p), elapsed(p, v.At)+" so far")
}

// lastLossLine says when the last prefix went, where they did not go together.
func lastLossLine(v *checks.Verdict) string {
	last := lastLoss(v)
	if last.IsZero() {
		return ""
	}
	return "They did not go together: the last was gone at " + near(last, Point(v.Onset)) + "."
}

// spread writes when the first vantage point saw it, and nine in ten, where that
// is well before or after half of them did: " (first loss 15:31:05)".
func spread(i checks.Interval) string {
	var parts []string
	if !i.Half.IsZero() && !i.After.IsZero() && i.Half.Sub(i.After) >= slowSpread {
		parts = append(parts, "first loss "+second(i.After, i.Half))
	}
	if !i.Half.IsZero() && i.Ninety.Sub(i.Half) >= wideInterval {
		parts = append(parts, "nine in ten vantage points by "+second(i.Ninety, i.Half))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// slowSpread is from when on the first loss is worth a time of its own: routes
// take half a minute to go everywhere at the best of times.
const slowSpread = 30 * time.Second

// second writes a time to the second, with its day where that is not day's.
func second(t, day time.Time) string {
	if sameDay(t.UTC(), day.UTC()) {
		return t.UTC().Format(time.TimeOnly)
	}
	return hold(t.UTC().Format("2 Jan 15:04:05"))
}

func ofLocal(s string) string {
	if s == "" {
		return ""
	}
	return dot + s
}

// spanLine dates something that is over, and says how long it was.
func spanLine(n *Notice, onset, end checks.Interval) string {
	from, to := Point(onset), Point(end)
	text := fullDated(from) + " - " + near(to, from)
	if there := n.localSpan(from, to); there != "" {
		text += " (" + there + ")"
	}
	return joinNonEmpty(dot, text, elapsed(from, to), doubt("began", onset), doubt("ended", end))
}

// doubt says that only the two ends of an interval are known.
func doubt(what string, i checks.Interval) string {
	if !wide(i) {
		return ""
	}
	return what + " between " + between(i, dated)
}

// incidentLine says what the loss of the moment does not: that the incident is
// older, or has come back.
func incidentLine(n *Notice) string {
	v, i := &n.Verdict, &n.Incident
	if i.ID == "" || i.Kind != Outage {
		return ""
	}
	began := Point(i.Onset)
	switch {
	case v.State == checks.Unknown:
		return "The incident that began at " + near(began, v.At) + " stays open until it is known again."
	case i.Changes > 1:
		return "Loss " + strconv.Itoa(i.Changes) + " of an incident that began " + dated(began) + "."
	case !Point(v.Onset).IsZero() && Point(v.Onset).Sub(began) > time.Minute:
		return "The incident began " + dated(began) + "."
	}
	return ""
}

// footer names the incident and which telling of it this is.
func footer(n *Notice) string {
	i := &n.Incident
	if i.ID == "" || n.Kind == Answer || n.Kind == UpstreamChanged {
		return ""
	}
	parts := []string{i.ID, n.Kind.String()}
	if n.Kind == Updated {
		parts[1] = "update " + strconv.Itoa(i.Revision-1)
	}
	if i.Reopened > 0 {
		again := "open again"
		if i.Reopened > 1 {
			again += " (" + strconv.Itoa(i.Reopened) + " times)"
		}
		if n.Kind == Updated && !i.Recovering {
			parts = append(parts, again)
		}
	}
	return strings.Join(parts, dot)
}
