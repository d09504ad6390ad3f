package chat

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// What is shown of the claims of others. A service that says more is cut, and how
// much is left out is said.
const (
	maxClaims = 8   // in one notice
	maxClaim  = 240 // characters of one claim
	maxLink   = 300 // bytes of an address
)

// othersBlock says what outside services say, beside the verdict and never as a
// part of it: service by service, with what each claim rests on, when, and where a
// reader can check it. What rests on the same measurements is said to count once.
func othersBlock(v *checks.Verdict) block {
	text, links := othersText(v.Claims, v.Vantage.Source, v.At)
	return block{label: "Others", text: text, links: links}
}

// othersText gives the words of the claims, and the links in them.
func othersText(claims []checks.Claim, source string, now time.Time) (text string, links []string) {
	claims = slices.DeleteFunc(slices.Clone(claims), func(c checks.Claim) bool { return clean(c.Text) == "" })
	shown := claims[:min(len(claims), maxClaims)]
	notes := basisNotes(shown, claims, source)
	var services []string
	said := map[string][]string{}  // by service
	pages := map[string][]string{} // likewise
	for i, c := range shown {
		name := shorten(c.Service, maxName)
		if name == "" {
			name = "a service without a name"
		}
		if !slices.Contains(services, name) {
			services = append(services, name)
		}
		text := strings.TrimSuffix(shorten(c.Text, maxClaim), ".")
		if !c.At.IsZero() {
			text += ", as of " + near(c.At, now)
		}
		said[name] = addClaim(said[name], joinNonEmpty(" ", text, notes[i]))
		if link := safeLink(c.Link); link != "" && !slices.Contains(pages[name], link) {
			pages[name] = append(pages[name], link)
		}
	}
	var parts []string
	for _, name := range services {
		parts = append(parts, joinNonEmpty(" ", name+": "+strings.Join(said[name], "; "), strings.Join(pages[name], " ")))
		links = append(links, pages[name]...)
	}
	if left := len(claims) - len(shown); left > 0 {
		parts = append(parts, count(left, "more claim", "more claims")+" not listed")
	}
	return strings.Join(parts, dot), links
}

// addClaim adds a claim to what a service said; the reason that the claim before it
// gave as well, after a colon, stands once.
func addClaim(said []string, text string) []string {
	if n := len(said); n > 0 {
		before, why, ok := strings.Cut(said[n-1], ": ")
		if now, same, also := strings.Cut(text, ": "); ok && also && why == same {
			said[n-1] = before
			return append(said, now+": "+why)
		}
	}
	return append(said, text)
}

// basisNotes says of each of the claims that are shown what it rests on, so that
// nobody counts one body of measurements twice: once for a run of claims of one
// service, and not where the claim says so itself.
func basisNotes(shown, all []checks.Claim, source string) []string {
	groups := checks.GroupClaims(all, source)
	notes := make([]string, len(shown))
	for i, c := range shown {
		g := slices.IndexFunc(groups, func(g checks.ClaimGroup) bool {
			return slices.ContainsFunc(g.Claims, func(o checks.Claim) bool { return o.Service == c.Service && o.Rests == c.Rests })
		})
		notes[i] = basisNote(&groups[g])
		if rests := shorten(c.Rests, maxName); notes[i] == "(rests on "+rests+")" && strings.Contains(strings.ToLower(c.Text), strings.ToLower(rests)) {
			notes[i] = ""
		}
		if i > 0 && shown[i-1].Service == c.Service && notes[i-1] == notes[i] {
			notes[i-1] = ""
		}
	}
	return notes
}

// basisNote words what a group of claims rests on.
func basisNote(g *checks.ClaimGroup) string {
	rests := shorten(g.Rests, maxName)
	var services []string
	for _, c := range g.Claims {
		if name := shorten(c.Service, maxName); !slices.Contains(services, name) {
			services = append(services, name)
		}
	}
	switch {
	case g.Own: // what a verdict cites as its source are route collectors
		return "(rests on the same route collectors as above)"
	case rests == "":
		return ""
	case len(services) > 1:
		return "(" + list(services) + " rest on the same, " + rests + ", and count once)"
	}
	return "(rests on " + rests + ")"
}

// safeLink gives an address that may stand in a message, "" for any other: https,
// with no name of a user that could be taken for a host, and nothing that could end
// it early or hide where it leads.
func safeLink(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxLink || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	for _, r := range s {
		if r <= ' ' || r > '~' || strings.ContainsRune("<>\"`\\|^{}()[]*", r) {
			return ""
		}
	}
	return s
}

// claimRecord gives the record of a claim.
func claimRecord(c checks.Claim) ClaimRecord {
	return ClaimRecord{
		Service: clean(c.Service), Text: clean(c.Text), At: stamp(c.At), Link: safeLink(c.Link), Rests: clean(c.Rests), Loss: c.Loss,
	}
}

// othersRecord says of a verdict that was kept what others said of it then.
func othersRecord(v *VerdictRecord) (text string, links []string) {
	at, err := time.Parse(time.RFC3339, v.At)
	if err != nil {
		at = time.Time{} // then every time is written with its day
	}
	claims := make([]checks.Claim, 0, len(v.Claims))
	for _, c := range v.Claims {
		claims = append(claims, checks.Claim{Service: c.Service, Text: c.Text, At: moment(c.At), Link: c.Link, Rests: c.Rests, Loss: c.Loss})
	}
	return othersText(claims, v.Announced.Source, at)
}
