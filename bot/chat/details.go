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
		add("Present", a.nowText())
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
	m.Parts = a.addAttribution(m.Parts)
	add("Probes", probesRecord(v))
	m.Parts = addOthers(m.Parts, v)
	add("Evidence", evidenceRecord(v))
	add("Baseline", baselineRecord(t))
	add("Counted", countedRecord(v))
	add("Missing", missingRecord(v))
	add("Not known", notKnownRecord(v, t.Kind))
	m.Parts = addFixed(m.Parts, "Prefix by prefix", prefixLines(v.Prefixes))
	m.Parts = addFixed(m.Parts, "Host by host (UTC)", hostLines(v))
	m.Parts = append(m.Parts, caveatParts(v.Caveats)...)
	return m
}

func factsText(f *IncidentRecord) string {
	kind := clean(f.Kind)
	if kind == Unstable.String() {
		kind = "unstable spell"
	}
	text := kind + ", at worst " + clean(f.Worst) + ", lost " + times(f.Losses)
	if f.Reopened > 0 {
		text += ", opened again"
	}
	if f.Reopened > 1 {
		text += " " + times(f.Reopened)
	}
	if f.FollowedBy != nil {
		text += ", followed by outage " + clean(*f.FollowedBy)
	}
	if f.Seconds != nil {
		text += dot + "lasted " + span(time.Duration(*f.Seconds)*time.Second)
	}
	return text
}

// times writes "once", "12 times".
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return count(max(0, n), "time", "times")
}

// intervalText dates an interval to the second with all that is known of it.
func intervalText(r *IntervalRecord) string {
	if r == nil {
		return ""
	}
	i := r.interval()
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

// interval reads back what intervalRecord wrote.
func (r *IntervalRecord) interval() checks.Interval {
	if r == nil {
		return checks.Interval{}
	}
	return checks.Interval{After: moment(r.After), By: moment(r.By), Half: moment(r.Half), Ninety: moment(r.Ninety)}
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
		IPv6:    checks.Counts{Prefixes: checks.Count(f.Depth.IPv6.Prefixes)},
		Answers: f.Depth.Answering.answers(), Routes: f.Depth.Routes,
	})
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
	var text strings.Builder
	text.WriteString(pad(state, len("not visible")) + "  " + kOfN(uint64(max(0, p.Seen)), uint64(max(0, p.Of))))
	if p.Lost != nil {
		text.WriteString("  since " + p.Lost.UTC().Format(time.DateTime))
	}
	if len(p.Origins) > 0 {
		var origins []string
		for _, o := range p.Origins {
			origins = append(origins, clean(o))
		}
		text.WriteString("  " + listSome(origins, 3))
	}
	for _, c := range p.CoveredBy {
		text.WriteString("  covered by " + joinNonEmpty(" ", clean(c.Prefix), clean(c.Origin)))
	}
	if p.Split {
		text.WriteString("  split into more-specifics")
	}
	return text.String()
}
