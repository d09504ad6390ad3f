package chat

import (
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// homeWindow is how far back it is said that nobody else carried a target: that is how
// far [checks.Attribution.SingleHomed] looks.
const homeWindow = 30 * 24 * time.Hour

// homeText says whether anybody else carried the target lately, as far as is known;
// "" where nothing is, or where groups of prefixes differ.
func homeText(v *checks.Verdict) string {
	past := !v.Past.Since.IsZero() && v.At.After(v.Past.Since)
	var only checks.ASN
	for i := range v.Disappeared {
		a := &v.Disappeared[i]
		alone := a.SingleHomed || !past && len(a.Carriers) == 1 && a.Carriers[0].ShareBefore >= 1
		if !alone || len(a.Carriers) == 0 || only != 0 && a.Carriers[0].ASN != only {
			return formerText(v)
		}
		only = a.Carriers[0].ASN
	}
	if only == 0 {
		return formerText(v)
	}
	text := "no other upstream in the paths that are seen"
	if past {
		text = "no other upstream in " + strings.TrimSuffix(span(min(homeWindow, v.At.Sub(v.Past.Since)).Round(time.Hour)), ".")
		if s := shorten(v.Past.Source, maxName); s != "" {
			text += " (" + s + ")"
		}
	}
	if us := carriers(v.Upstreams(), before); len(us) == 1 && us[0].ASN == only {
		return text
	}
	return only.String() + " alone stood next to " + originsOf(v) + ": " + text
}

// originsOf names the origins of all groups.
func originsOf(v *checks.Verdict) string {
	var all []checks.ASN
	for i := range v.Disappeared {
		all = append(all, v.Disappeared[i].Origins...)
	}
	if all = distinct(all); len(all) > maxSuspects || len(all) == 0 {
		return "the origins"
	}
	return asList(all)
}

// formerText names who else carried the target in the time that Past goes back to.
func formerText(v *checks.Verdict) string {
	var parts []string
	for _, c := range v.Past.Carriers {
		now := func(u checks.Upstream) bool { return u.ASN == c.ASN && u.ShareBefore >= leastShare }
		if c.Held > 0 && c.Held < time.Hour || slices.ContainsFunc(v.LastHops, now) || slices.ContainsFunc(v.Borders, now) {
			continue
		}
		part := c.ASN.String()
		if !c.Last.IsZero() {
			part += " until " + near(c.Last, v.At)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 || v.Past.Since.IsZero() || !v.At.After(v.Past.Since) {
		return ""
	}
	return "earlier in the " + span(v.At.Sub(v.Past.Since).Round(time.Hour)) + " before also " + listSome(parts, maxSuspects)
}
