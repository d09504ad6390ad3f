package chat

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// Details says everything that is known of the incident, prefix by prefix.
func (a Account) Details() Message {
	m := a.message("DETAILS")
	if len(a.Tellings) == 0 {
		return m
	}
	t := &a.Tellings[len(a.Tellings)-1]
	v := &t.Verdict
	add := func(label, text string) { m.Parts = addPart(m.Parts, label, text) }
	if f := t.Facts; f != nil {
		add("Incident", factsText(f))
		add("Began", intervalText(f.Onset))
		add("Ended", intervalText(f.End))
		add("Depth", depthRecordText(f))
	}
	add("Visible", visibleRecord(v))
	add("Seen", seenRecord(v))
	if f := t.Facts; f != nil && len(f.UpstreamBefore) > 0 {
		add("Before", upstreamRecords(f.UpstreamBefore, func(u UpstreamRecord) float64 { return u.ShareBefore }))
		add("After", upstreamRecords(f.UpstreamAfter, func(u UpstreamRecord) float64 { return u.Share }))
	} else {
		add("Before", upstreamRecords(v.Upstreams, func(u UpstreamRecord) float64 { return u.ShareBefore }))
	}
	add("Now", upstreamRecords(v.Upstreams, func(u UpstreamRecord) float64 { return u.Share }))
	if len(v.Upstreams) > 0 && v.State != checks.Up.String() {
		add("", notCulprits)
	}
	add("Lost", lostRecord(v))
	add("Probes", probesRecord(v))
	add("Evidence", evidenceRecord(v))
	add("Baseline", baselineRecord(v))
	add("Counted", countedRecord(v))
	add("Missing", missingRecord(v))
	add("Not known", notKnownRecord(v, t.Kind))
	m.Parts = addFixed(m.Parts, "Prefix by prefix", prefixLines(v.Prefixes))
	m.Parts = append(m.Parts, caveatParts(v.Caveats)...)
	return m
}

func factsText(f *IncidentRecord) string {
	kind := clean(f.Kind)
	if kind == Unstable.String() {
		kind = "unstable spell"
	}
	text := kind + ", at worst " + clean(f.Worst) + ", lost " + count(max(0, f.Losses), "time", "times")
	if f.Reopened > 0 {
		text += ", opened again " + count(f.Reopened, "time", "times")
	}
	if f.FollowedBy != nil {
		text += ", followed by outage " + clean(*f.FollowedBy)
	}
	if f.Seconds != nil {
		text += dot + "lasted " + span(time.Duration(*f.Seconds)*time.Second)
	}
	return text
}

// intervalText dates an interval to the second with all that is known of it.
func intervalText(r *IntervalRecord) string {
	if r == nil {
		return ""
	}
	i := checks.Interval{After: moment(r.After), By: moment(r.By), Half: moment(r.Half), Ninety: moment(r.Ninety)}
	at := Point(i)
	if at.IsZero() {
		return ""
	}
	var more []string
	for _, e := range []struct {
		name string
		at   time.Time
	}{
		{"half of the vantage points at", i.Half},
		{"not before", i.After},
		{"not after", i.By},
		{"nine in ten of the vantage points by", i.Ninety},
	} {
		if !e.at.IsZero() {
			more = append(more, e.name+" "+second(e.at, at))
		}
	}
	return fullDated(at) + " (" + strings.Join(more, ", ") + ")"
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func depthRecordText(f *IncidentRecord) string {
	return depthText(&Incident{
		IPv4: checks.Counts{
			Prefixes: checks.Count(f.Depth.IPv4.Prefixes), Slash24s: checks.Count(f.Depth.IPv4.Slash24s),
			Addresses: checks.Count(f.Depth.IPv4.Addresses),
		},
		IPv6: checks.Counts{Prefixes: checks.Count(f.Depth.IPv6.Prefixes)},
	})
}

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
	if why := phrases(v.Reasons); why != "" {
		text += ": " + why
	}
	text = strings.TrimSuffix(text, ".") + "."
	if raise := phrases(v.Raise); raise != "" {
		text += " Would add to it: " + raise + "."
	}
	return text
}

// lostRecord gives what may have disappeared as the set that it is.
func lostRecord(v *VerdictRecord) string {
	if len(v.Disappeared) == 0 {
		return ""
	}
	return "one of these, or several; from outside they cannot be told apart: " + phrases(v.Disappeared) + "."
}

func probesRecord(v *VerdictRecord) string {
	if v.Answering != nil {
		return map[string]string{
			"none": "none of the usual targets answered", "part": "some of the usual targets answered",
			"all": "the usual targets answered",
		}[v.Answering.Extent]
	}
	var why []string
	for _, g := range v.Gaps {
		if g.Check == "reach" {
			why = append(why, g.Reason)
		}
	}
	return joinNonEmpty(": ", "not run", phrases(why))
}

func baselineRecord(v *VerdictRecord) string {
	b := &v.Baseline
	if b.AsOf == nil {
		return ""
	}
	text := "what was usual as of " + dated(*b.AsOf)
	if b.WindowSeconds > 0 {
		text = "what was usual in the " + span(time.Duration(b.WindowSeconds)*time.Second) + " before " + dated(*b.AsOf)
	}
	if b.Frozen {
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
		if g.Check != "reach" {
			parts = append(parts, g.Reason)
		}
	}
	return phrases(parts)
}

// notKnownRecord says what the verdict does not tell.
func notKnownRecord(r *VerdictRecord, kind Kind) string {
	v := &checks.Verdict{State: recordState(r)}
	for e := checks.ExtentUnknown; e <= checks.ExtentAll; e++ {
		if e.String() == r.Announced.Extent {
			v.Announced = e
		}
		if r.Answering != nil && e.String() == r.Answering.Extent {
			v.Answering = e
		}
	}
	for _, g := range r.Gaps {
		v.Gaps = append(v.Gaps, checks.Gap{Check: g.Check, Reason: g.Reason})
	}
	if text := notKnownText(v); kind == Answer || v.State != checks.Up {
		return text
	}
	return "the cause; whether anything inside answers again (" + probeReason(v) + "); how many people were affected."
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

// prefixLines gives a line for each prefix: those that are gone first.
func prefixLines(list []PrefixRecord) []string {
	rank := func(p PrefixRecord) int {
		switch {
		case !p.Known:
			return 1
		case p.Visible:
			return 2
		}
		return 0
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b PrefixRecord) int { return rank(a) - rank(b) })
	width := 0
	for _, p := range list {
		width = max(width, len(p.Prefix))
	}
	var lines []string
	for _, p := range list[:min(len(list), maxRecords)] {
		lines = append(lines, pad(clean(p.Prefix), min(width, 43))+"  "+prefixRecordText(&p))
	}
	if n := len(list) - len(lines); n > 0 {
		lines = append(lines, thousands(uint64(n))+" more not listed: "+moreText(list[len(lines):]))
	}
	return lines
}

func moreText(list []PrefixRecord) string {
	gone, unknown := 0, 0
	for _, p := range list {
		switch {
		case !p.Known:
			unknown++
		case !p.Visible:
			gone++
		}
	}
	return strconv.Itoa(gone) + " not visible, " + strconv.Itoa(unknown) + " not known, " + strconv.Itoa(len(list)-gone-unknown) + " visible"
}

func prefixRecordText(p *PrefixRecord) string {
	state := "not visible"
	switch {
	case !p.Known:
		state = "not known"
	case p.Visible:
		state = "visible"
	}
	text := pad(state, len("not visible")) + "  " + kOfN(uint64(max(0, p.Seen)), uint64(max(0, p.Of)))
	if p.Lost != nil {
		text += "  since " + p.Lost.UTC().Format(time.DateTime)
	}
	if len(p.Origins) > 0 {
		var origins []string
		for _, o := range p.Origins {
			origins = append(origins, clean(o))
		}
		text += "  " + listSome(origins, 3)
	}
	for _, c := range p.CoveredBy {
		text += "  covered by " + joinNonEmpty(" ", clean(c.Prefix), clean(c.Origin))
	}
	if p.Split {
		text += "  split into more-specifics"
	}
	return text
}
