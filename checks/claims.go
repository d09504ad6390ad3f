package checks

import (
	"regexp"
	"slices"
	"strings"
)

// What claims rest on, as a reader would cite it. Claims of one body of
// measurements count once, however many services repeat it, and those of the
// route collectors add nothing to a verdict that has the same collectors.
const (
	RestsCollectors = "RIPE RIS and RouteViews"
	RestsProbing    = "active probing"
	RestsTelescope  = "network telescope"
)

// ClaimGroup is what one body of measurements says, through however many
// services: it counts as one voice.
type ClaimGroup struct {
	Rests string // of its first claim; "" where the service does not say
	// Own is true where the verdict rests on the same measurements: the claims
	// then repeat it and support nothing.
	Own    bool
	Claims []Claim // in the order given
}

// GroupClaims puts together the claims that rest on the same measurements, in the
// order in which they first appear. Source is the verdict's own, as in
// [Vantage].Source. Claims that share one of several bodies share them all: who
// has RouteViews alone and who has it beside RIPE RIS are one voice. A claim that
// does not say what it rests on is grouped with those of the same service.
func GroupClaims(claims []Claim, source string) []ClaimGroup {
	var groups []ClaimGroup
	var bases [][]string // of each group
	own := bodies(source)
	for _, c := range claims {
		set := bodies(c.Rests)
		if len(set) == 0 {
			set = []string{"service " + strings.ToLower(c.Service)}
		}
		at := -1
		for i := 0; i < len(groups); i++ {
			switch {
			case !overlap(bases[i], set):
			case at < 0:
				at = i
				groups[i].Claims = append(groups[i].Claims, c)
				bases[i] = append(bases[i], set...)
				set = bases[i]
			default: // the claim joins two groups that stood apart
				groups[at].Claims = append(groups[at].Claims, groups[i].Claims...)
				bases[at] = append(bases[at], bases[i]...)
				set = bases[at]
				groups, bases = slices.Delete(groups, i, i+1), slices.Delete(bases, i, i+1)
				i--
			}
		}
		if at < 0 {
			groups = append(groups, ClaimGroup{Rests: c.Rests, Claims: []Claim{c}})
			bases = append(bases, set)
		}
	}
	for i := range groups {
		groups[i].Own = overlap(bases[i], own)
	}
	return groups
}

// bodies names the bodies of measurements in a text, in lower case, each by one
// name: collectors are cited by project, by name and by file.
func bodies(text string) []string {
	text = strings.ToLower(text)
	var list []string
	for _, b := range []struct {
		name  string
		marks *regexp.Regexp
	}{{"ripe ris", marksRIS}, {"routeviews", marksRouteViews}} {
		if b.marks.MatchString(text) {
			list = append(list, b.name)
		}
	}
	if text = strings.TrimSpace(text); len(list) == 0 && text != "" {
		list = []string{text}
	}
	return list
}

// Collectors are cited as "RIPE RIS", "rrc23" or "RIS Live", and as "RouteViews" or
// "route-views2".
var (
	marksRIS        = regexp.MustCompile(`\bripe ris\b|\bris live\b|\bripestat\b|\brrc[0-9]`)
	marksRouteViews = regexp.MustCompile(`\broute[- ]?views`)
)

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
