package chat

import (
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// Upstreams words what the routes of a target hang on. Caveats are the sentences that
// must stand on everything made from it.
func Upstreams(d checks.Dependence, caveats ...string) Message {
	v := dependenceFacts(&d)
	m := Message{Headline: plain(cutTo(upstreamsHeadline(&d), MaxHeadline))}
	add := func(label, text string) {
		if text != "" {
			m.Parts = append(m.Parts, Part{Label: label, Text: plain(text)})
		}
	}
	if !d.Known() {
		m.Tone = ToneUnknown
		add("", sentence(phrases(d.Reasons)))
	}
	add("", upstreamsSeen(&d, v))
	for _, f := range []struct {
		label string
		r     *checks.Reliance
	}{{"IPv4", &d.IPv4}, {"IPv6", &d.IPv6}} {
		if f.r.Announced.Prefixes.Of == 0 {
			add(f.label, absent(v, f.label))
			continue
		}
		add(f.label, relianceCounts(&d, f.r))
		add("Upstream", carriedBy(&d, f.r))
		add("Origins", homesText(&d, f.r))
		add("Hangs on", hingesText(f.r))
	}
	if d.Known() {
		add("Limits", sentence(phrases(append(slices.Clone(d.Reasons), upstreamsLimit))))
	}
	add("Counted", countedText(v))
	add("Missing", gapsText(v))
	m.Parts = append(m.Parts, caveatParts(caveats)...)
	return m
}

// upstreamsLimit is said with every answer about dependence.
const upstreamsLimit = "this is what observed paths show: a backup that carries nothing now is not visible, " +
	"nor are capacity, cables and contracts"

// dependenceFacts gives what the words of verdicts need, of what is known without one.
func dependenceFacts(d *checks.Dependence) *checks.Verdict {
	return &checks.Verdict{
		Target: d.Target, Name: d.Name, At: d.At, Registered: d.Registered, Vantage: d.Vantage, MovedOnly: d.MovedOnly,
		IPv4: d.IPv4.Announced, IPv6: d.IPv6.Announced, Reasons: d.Reasons, Gaps: d.Gaps,
		BaselineAsOf: d.BaselineAsOf, BaselineWindow: d.BaselineWindow,
	}
}

// upstreamsHeadline names who carries the family that has paths, IPv4 first.
func upstreamsHeadline(d *checks.Dependence) string {
	head := "UPSTREAMS: " + Subject(d.Target, d.Name) + ": "
	for _, r := range []*checks.Reliance{&d.IPv4, &d.IPv6} {
		if r.Paths == 0 {
			continue
		}
		text := carriedBrief(upstreamsOf(d, r), MaxHeadline-display(head)-len(" (IPv6)"))
		if text == "" {
			text = "no upstream visible in the paths that are seen"
		}
		if r == &d.IPv6 {
			text += " (IPv6)"
		}
		return head + text
	}
	return head + "not known"
}

// maxHeaded is how many upstreams a headline names: the list follows it.
const maxHeaded = 3

// carriedBrief says who carries most within a headline's room: by their names where they
// fit, and else by their numbers.
func carriedBrief(us []checks.Upstream, room int) string {
	cs := carriers(us, now)
	if text := carriedText(us, now, "carries"); len(cs) <= maxHeaded && display(text) <= room {
		return text
	}
	var parts []string
	for _, u := range cs[:min(maxHeaded, len(cs))] {
		parts = append(parts, u.ASN.String()+" "+percent(u.Share))
	}
	text := strings.Join(parts, ", ")
	if more := len(cs) - maxHeaded; more > 0 {
		text += " and " + count(more, "other", "others")
	}
	return text + " of observed paths"
}

func upstreamsOf(d *checks.Dependence, r *checks.Reliance) []checks.Upstream {
	var list []checks.Upstream
	for _, c := range d.Upstreams(r) {
		list = append(list, c.Upstream)
	}
	return list
}

// upstreamsSeen says of what moment it is and who saw it.
func upstreamsSeen(d *checks.Dependence, v *checks.Verdict) string {
	points := max(d.IPv4.Points, d.IPv6.Points)
	seen := ""
	if points > 0 {
		seen = "paths seen from " + count(points, "vantage point", "vantage points")
		if s := shorten(d.Vantage.Source, 80); s != "" {
			seen += " (" + s + ")"
		}
	}
	return joinNonEmpty(dot, "As of "+fullDated(d.At), seen, ageText(v))
}

// relianceCounts says how much there is that could be lost.
func relianceCounts(d *checks.Dependence, r *checks.Reliance) string {
	p, a := r.Announced.Prefixes, r.Announced.Addresses
	text := kOfN(p.Seen, p.Of) + " "
	if d.MovedOnly {
		text += "moved "
	}
	text += unitPrefix(p.Of) + " visible"
	if a.Of > 0 {
		text += ", " + kOfN(a.Seen, a.Of) + " addresses"
	}
	return text
}

// carriedBy says who carries a family, and how much of it.
func carriedBy(d *checks.Dependence, r *checks.Reliance) string {
	list := d.Upstreams(r)
	var parts []string
	for _, c := range list[:min(maxListed, len(list))] {
		text := asName(c.Upstream) + ": " + percent(c.Share) + " of paths, " + partText(c.Carried) + ", hegemony " + hegemonyText(c.Hegemony)
		if c.ShareBefore == 0 && !d.MovedOnly {
			text += ", not in the baseline"
		}
		parts = append(parts, text)
	}
	if more := len(list) - maxListed; more > 0 {
		parts = append(parts, count(more, "other", "others")+" with less")
	}
	if r.NoUpstream > 0 {
		parts = append(parts, "no upstream visible for "+count(r.NoUpstream, "prefix", "prefixes"))
	}
	return joinNonEmpty("; ", strings.Join(parts, "; "), behindText(upstreamsOf(d, r), now))
}

// hegemonyText writes two places, and does not round to all or nothing.
func hegemonyText(h float64) string {
	switch {
	case h > 0.99 && h < 1:
		return "0.99"
	case h > 0 && h < 0.01:
		return "below" + nbsp + "0.01"
	}
	hundred := uint64(h*100 + 0.5)
	return thousands(hundred/100) + "." + string(rune('0'+hundred/10%10)) + string(rune('0'+hundred%10))
}

// partText writes "3 of 4 prefixes (768 of 1,024 addresses)", "all 4 prefixes", or "its
// one prefix".
func partText(c checks.Counts) string {
	p, a := c.Prefixes, c.Addresses
	if p.Seen == p.Of && a.Seen == a.Of && p.Of > 1 {
		return strings.TrimSuffix(allOf(p.Of), " ") + " " + unitPrefix(p.Of)
	}
	if p.Of == 1 && p.Seen == 1 && a.Seen == a.Of {
		return "its one prefix"
	}
	text := kOfN(p.Seen, p.Of) + " " + unitPrefix(p.Of)
	if a.Of > 0 {
		text += " (" + kOfN(a.Seen, a.Of) + " addresses)"
	}
	return text
}

// fewOrigins is how many origins are told of one by one.
const fewOrigins = 3

// homesText says which origins have one upstream.
func homesText(d *checks.Dependence, r *checks.Reliance) string {
	if len(r.Homes) > fewOrigins {
		return homesCount(d, r)
	}
	var parts []string
	for i := range r.Homes {
		h := &r.Homes[i]
		name := asName(checks.Upstream{ASN: h.Origin, Name: h.Name})
		switch {
		case h.Single:
			parts = append(parts, name+" has one upstream, "+h.Hops[0].String()+", in the paths that are seen"+sinceText(d, h.Since))
		case len(h.Hops) == 0:
			parts = append(parts, name+": who is next to it cannot be told")
		case len(h.Hops) == 1 && len(h.Earlier) == 0:
			parts = append(parts, name+": "+h.Hops[0].String()+" is next to it, and on some paths it cannot be told who is")
		default:
			text := name + ": " + count(len(h.Hops), "AS is", "ASes are") + " next to it now, " + asnList(h.Hops)
			if len(h.Earlier) > 0 {
				text += "; before, " + asnList(h.Earlier) + " also"
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// homesCount counts many origins by how they are connected.
func homesCount(d *checks.Dependence, r *checks.Reliance) string {
	single, since := 0, time.Time{}
	byHop := map[checks.ASN]int{}
	for i := range r.Homes {
		if h := &r.Homes[i]; h.Single {
			single, since = single+1, h.Since
			byHop[h.Hops[0]]++
		}
	}
	text := kOfN(uint64(single), uint64(len(r.Homes))) + " origins " + plural(single, "has", "have") + " one upstream in the paths that are seen"
	if single == 0 {
		return text
	}
	text += sinceText(d, since)
	var hops []checks.ASN
	for a := range byHop {
		hops = append(hops, a)
	}
	slices.SortFunc(hops, func(a, b checks.ASN) int { return compareBy(byHop[b], byHop[a], a, b) })
	var parts []string
	for _, a := range hops[:min(len(hops), fewOrigins)] {
		parts = append(parts, a.String()+" of "+count(byHop[a], "origin", "origins"))
	}
	if more := len(hops) - fewOrigins; more > 0 {
		parts = append(parts, count(more, "other AS", "other ASes")+" of the rest")
	}
	return text + ": " + list(parts)
}

func compareBy(m, n int, a, b checks.ASN) int {
	switch {
	case m != n:
		return m - n
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// sinceText says how far back no other upstream was seen.
func sinceText(d *checks.Dependence, since time.Time) string {
	if since.IsZero() {
		return " now; what was before is not known"
	}
	return " since " + near(since, d.At)
}

func asnList(asns []checks.ASN) string {
	parts := make([]string, len(asns))
	for i, a := range asns {
		parts[i] = a.String()
	}
	return listSome(parts, maxListed)
}
