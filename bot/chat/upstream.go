package chat

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// leastShare is the share of paths below which an upstream is not listed.
const leastShare = 0.005

func now(u checks.Upstream) float64    { return u.Share }
func before(u checks.Upstream) float64 { return u.ShareBefore }

// carriers gives the upstreams worth listing, the largest share first.
func carriers(us []checks.Upstream, share func(checks.Upstream) float64) []checks.Upstream {
	var out []checks.Upstream
	for _, u := range us {
		if share(u) >= leastShare {
			out = append(out, u)
		}
	}
	slices.SortStableFunc(out, func(a, b checks.Upstream) int {
		switch {
		case share(a) > share(b):
			return -1
		case share(a) < share(b):
			return 1
		}
		return cmp.Compare(a.ASN, b.ASN)
	})
	return out
}

// notCulprits is said wherever upstreams stand beside a loss.
const notCulprits = "Upstream is who carried the routes, not who caused the outage."

// maxListed bounds the upstreams and prefixes that a line lists.
const maxListed = 5

// carriedText writes "AS4837 China Unicom carried 100 % of observed paths"; the verb
// is "carried" or "carries". "" when nobody did.
func carriedText(us []checks.Upstream, share func(checks.Upstream) float64, verb string) string {
	cs := carriers(us, share)
	if len(cs) == 0 {
		return ""
	}
	if len(cs) == 1 {
		return asName(cs[0]) + " " + verb + " " + percent(share(cs[0])) + " of observed paths"
	}
	var parts []string
	for _, u := range cs[:min(maxListed, len(cs))] {
		parts = append(parts, asName(u)+" "+percent(share(u)))
	}
	text := strings.Join(parts, ", ")
	if more := len(cs) - maxListed; more > 0 {
		text += " and " + count(more, "other", "others")
	}
	return text + " of observed paths"
}

// mainShare is the share of paths from which on it is said who stands behind an
// upstream.
const mainShare = 0.1

// behindText names the ASes on the far side of the main upstreams; "" when none
// is visible.
func behindText(us []checks.Upstream, share func(checks.Upstream) float64) string {
	var parts []string
	cs := carriers(us, share)
	for _, u := range cs {
		if len(u.Behind) == 0 || share(u) < mainShare && len(cs) > 1 {
			continue
		}
		var names []string
		for _, b := range u.Behind {
			names = append(names, asName(b))
		}
		part := "behind it " + list(names)
		if len(cs) > 1 {
			part = "behind " + u.ASN.String() + ": " + list(names)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// windowText dates what "before" means: "in the 24 h before", or less where no more is known.
func windowText(v *checks.Verdict) string {
	switch {
	case v.MovedOnly:
		return "earlier in this recording"
	case v.BaselineWindow >= time.Minute:
		text := "in the " + strings.TrimSuffix(span(v.BaselineWindow.Round(time.Minute)), ".") + " before"
		if onset := Point(v.Onset); v.Frozen && onset.Sub(v.BaselineAsOf) > staleAge {
			text += " " + near(v.BaselineAsOf, v.At) // held since then by an incident
		}
		return text
	}
	return "before"
}

// noUpstreamText says for how many prefixes no path shows a foreign AS.
func noUpstreamText(v *checks.Verdict) string {
	if v.NoUpstream == 0 {
		return ""
	}
	from := "from any vantage point"
	if voting(v) == 1 || v.Vantage.Live == 1 {
		from = "from this vantage point"
	}
	of := v.IPv4.Prefixes.Of + v.IPv6.Prefixes.Of
	if uint64(v.NoUpstream) == of {
		return "no upstream visible " + from
	}
	if v.IPv4.Prefixes.Of > 0 && v.IPv6.Prefixes.Of > 0 {
		return "no upstream visible " + from + " for " + count(v.NoUpstream, "prefix", "prefixes")
	}
	return "no upstream visible " + from + " for " + kOfN(uint64(v.NoUpstream), of) + " " + unitPrefix(of)
}

func unitPrefix(n uint64) string {
	if n == 1 {
		return "prefix"
	}
	return "prefixes"
}

// afterText compares the upstreams after an outage with those before it.
func afterText(i *Incident) string {
	switch {
	case len(i.UpstreamAfter) == 0 && len(i.UpstreamBefore) == 0:
		return ""
	case len(i.UpstreamAfter) == 0:
		return "not visible yet; before it was " + list(asNumbers(i.UpstreamBefore))
	case len(i.UpstreamBefore) == 0:
		return carriedText(i.UpstreamAfter, now, "carries") + "; who carried it before was not seen"
	case sameASes(i.UpstreamBefore, i.UpstreamAfter):
		as := "same upstream as before: "
		if len(i.UpstreamAfter) > 1 {
			as = "same upstreams as before: "
		}
		return as + carriedText(i.UpstreamAfter, now, "carries")
	}
	return "changed: " + carriedText(i.UpstreamAfter, now, "carries") + "; before " +
		carriedText(i.UpstreamBefore, before, "carried")
}

func distinct(as []checks.ASN) []checks.ASN {
	slices.Sort(as)
	return slices.Compact(as)
}

func asList(as []checks.ASN) string {
	parts := make([]string, len(as))
	for i, a := range as {
		parts[i] = a.String()
	}
	return list(parts)
}
