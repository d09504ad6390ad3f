package chat

import (
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// visibleRecord writes all units that there are counts in.
func visibleRecord(v *VerdictRecord) string {
	a := &v.Announced
	var parts []string
	if c := a.IPv4.Prefixes; c.Of > 0 {
		parts = append(parts, "IPv4: "+kOfN(c.Seen, c.Of)+" "+unitPrefix(c.Of)+", "+
			kOfN(a.IPv4.Slash24s.Seen, a.IPv4.Slash24s.Of)+" /24s, "+
			kOfN(a.IPv4.Addresses.Seen, a.IPv4.Addresses.Of)+" addresses (addresses, not people)")
	}
	if c := a.IPv6.Prefixes; c.Of > 0 {
		parts = append(parts, "IPv6: "+kOfN(c.Seen, c.Of)+" "+unitPrefix(c.Of))
	}
	text := strings.Join(parts, "; ")
	if a.MovedOnly && text != "" {
		text += dot + "of those that moved in this recording"
	}
	return text
}

// seenRecord says who could be asked and how fresh the data is.
func seenRecord(v *VerdictRecord) string {
	a := &v.Announced
	w := &a.VantagePoints
	if w.Live == 0 && a.Newest == nil && named(&checks.Verdict{Target: recordTarget(v)}) {
		return "" // routing knows no names
	}
	parts := []string{count(w.Voting, "vantage point votes", "vantage points vote") + " (of " + thousands(uint64(max(0, w.Live))) +
		" heard, " + thousands(uint64(max(0, w.Usual))) + " usual)"}
	if w.VotingIPv6 > 0 {
		parts = append(parts, thousands(uint64(w.VotingIPv6))+" on IPv6")
	}
	if n := a.Collectors.Live; n > 0 {
		parts = append(parts, count(n, "collector", "collectors"))
	}
	text := strings.Join(parts, ", ")
	if a.Source != "" {
		text += " (" + clean(a.Source) + ")"
	}
	if a.Newest != nil {
		text += dot + "newest message " + a.Newest.UTC().Format(time.DateTime) + nbsp + "UTC"
	}
	return text
}

func evidenceRecord(v *VerdictRecord) string {
	text := clean(v.Evidence)
	lost := lostRoutes(v) && text != checks.EvidenceNone.String()
	switch {
	case lost:
		text += " that the routes are gone"
	case text != checks.EvidenceNone.String():
		text += evidenceOf(verdictOf(v))
	}
	if why := phrases(v.Reasons); why != "" {
		text += ": " + why
	}
	text = strings.TrimSuffix(text, ".")
	if lost {
		text += "; " + gradeRecord(v)
	}
	text += "."
	if raise := phrases(v.Raise); raise != "" {
		text += " Would add to it: " + raise + "."
	}
	return text
}

// lostRoutes reports whether routes of the target's own were lost.
func lostRoutes(v *VerdictRecord) bool {
	if len(v.Attribution) == 0 {
		return len(v.Disappeared) > 0
	}
	for i := range v.Attribution {
		if v.Attribution[i].Rule != checks.RuleTakenOver.String() {
			return v.State == checks.Down.String() || v.State == checks.Degraded.String()
		}
	}
	return false
}

// gradeRecord grades what is said of what disappeared; records from before there were
// rules said no more than weak.
func gradeRecord(v *VerdictRecord) string {
	if len(v.Attribution) == 0 {
		return gradeWords(checks.EvidenceWeak.String(), len(v.Disappeared))
	}
	return gradeWords(clean(v.Attribution[0].Grade), v.Attribution[0].Counts.Set)
}

// lostRecord gives what may have disappeared as the set that it is.
func lostRecord(v *VerdictRecord) string {
	if len(v.Disappeared) == 0 {
		return ""
	}
	return "one of these, or several; from outside they cannot be told apart: " + phrases(v.Disappeared) + "."
}

func baselineRecord(t *Telling) string {
	b := &t.Verdict.Baseline
	if b.AsOf == nil {
		return ""
	}
	text := "what was usual as of " + dated(*b.AsOf)
	if b.WindowSeconds > 0 {
		text = "what was usual in the " + span(time.Duration(b.WindowSeconds)*time.Second) + " before " + dated(*b.AsOf)
	}
	switch {
	case b.Frozen && t.Kind == Resolved:
		text += "; held as it was until the incident was over"
	case b.Frozen:
		text += "; held as it is while the incident is open"
	}
	return text
}

func countedRecord(v *VerdictRecord) string {
	r := &v.Registered
	source := clean(r.Source)
	if r.AsOf != "" && !strings.Contains(source, r.AsOf) {
		source += " of " + clean(r.AsOf)
	}
	return joinNonEmpty("; ", clean(r.Rule), strings.TrimSpace(source), phrases(r.Notes))
}

func missingRecord(v *VerdictRecord) string {
	var parts []string
	for _, g := range v.Gaps {
		if g.Check != "reach" || v.Answering != nil {
			parts = append(parts, g.Reason)
		}
	}
	return phrases(parts)
}

// notKnownRecord says what the verdict does not tell.
func notKnownRecord(r *VerdictRecord, kind Kind) string {
	v := verdictOf(r)
	if kind == Answer || v.State != checks.Up {
		return notKnownText(v)
	}
	return backUnknowns(v)
}

// upstreamRecords writes everybody who carried, the largest share first.
func upstreamRecords(list []UpstreamRecord, of func(UpstreamRecord) float64) string {
	list = slices.DeleteFunc(slices.Clone(list), func(u UpstreamRecord) bool { return of(u) < leastShare })
	slices.SortStableFunc(list, func(a, b UpstreamRecord) int {
		switch {
		case of(a) > of(b):
			return -1
		case of(a) < of(b):
			return 1
		}
		return 0
	})
	var parts []string
	for _, u := range list {
		parts = append(parts, joinNonEmpty(" ", clean(u.ASN), shorten(u.Name, maxName))+" "+percent(of(u)))
	}
	if len(parts) == 0 {
		return ""
	}
	return listSome(parts, 20) + " of observed paths"
}
