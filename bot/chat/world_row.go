package chat

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// WorldRow is an outage of the world in the words that a table has room for. No cell has a
// control character in it.
type WorldRow struct {
	State   string // DOWN, DEGRADED
	Subject string // North Korea (KP)
	// Seen is how much is visible: "0 of 1,024 addresses"; below 20 prefixes these are said
	// too, and IPv6 where it has lost something.
	Seen     string
	Since    string // 16:15 UTC
	Upstream string // who carried most of the paths before: AS4837 (100 %)
	Evidence string
}

// WorldRowOf writes a verdict as a row; now is when it is read.
func WorldRowOf(v *checks.Verdict, now time.Time) WorldRow {
	r := WorldRow{
		State: strings.ToUpper(v.State.String()), Subject: plain(subject(v)),
		Seen: plain(seenShort(v)), Evidence: v.Evidence.String(),
		Since: plain(strings.TrimPrefix(since(v.Onset, func(t time.Time) string { return near(t, now) }), "since ")),
	}
	if list := v.Upstreams(); len(list) > 0 {
		u := slices.MaxFunc(list, func(a, b checks.Upstream) int { return cmp.Compare(a.ShareBefore, b.ShareBefore) })
		if u.ShareBefore > 0 {
			r.Upstream = plain(u.ASN.String() + " (" + percent(u.ShareBefore) + ")")
		}
	}
	return r
}

// fewPrefixes is below how many prefixes they are counted one by one.
const fewPrefixes = 20

// seenShort writes how much of a target is visible, in its units.
func seenShort(v *checks.Verdict) string {
	var parts []string
	four, six := v.IPv4, v.IPv6.Prefixes
	if four.Prefixes.Of > 0 {
		if four.Prefixes.Of < fewPrefixes {
			parts = append(parts, kOfN(four.Prefixes.Seen, four.Prefixes.Of)+" "+prefixesWord(four.Prefixes.Of))
		}
		parts = append(parts, kOfN(four.Addresses.Seen, four.Addresses.Of)+" addresses")
	}
	if six.Of > 0 && (six.Seen < six.Of || four.Prefixes.Of == 0) {
		parts = append(parts, kOfN(six.Seen, six.Of)+" IPv6 "+prefixesWord(six.Of))
	}
	return strings.Join(parts, ", ")
}

func prefixesWord(n uint64) string {
	if n == 1 {
		return "prefix"
	}
	return "prefixes"
}

// Fit makes text exactly so many columns of a terminal wide: cut, which a … shows, or filled
// up with spaces.
func Fit(text string, columns int) string {
	if display(text) <= columns {
		return pad(text, columns)
	}
	left := columns - 1
	for i, r := range text {
		if left -= runeColumns(r); left < 0 {
			return pad(text[:i]+"…", columns)
		}
	}
	return text
}
