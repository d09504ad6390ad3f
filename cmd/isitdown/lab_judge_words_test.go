package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// says reports whether a text has some words in it, wherever its lines break. In words …
// is anything short, and ^ at their beginning that of a line.
func says(text, words string) bool {
	words, line := strings.CutPrefix(words, "^")
	var parts []string
	for part := range strings.SplitSeq(words, "…") {
		parts = append(parts, strings.ReplaceAll(regexp.QuoteMeta(part), " ", `[\s\x{a0}]+`))
	}
	pattern := "(?s)" + strings.Join(parts, ".{0,160}?")
	if line {
		pattern = "(?m)^" + pattern
	}
	return regexp.MustCompile(pattern).MatchString(text)
}

func labCounts(c checks.Counts) string {
	text := fmt.Sprintf("%d of %d", c.Prefixes.Seen, c.Prefixes.Of)
	if c.Addresses.Of > 0 {
		text += fmt.Sprintf(", %d of %d", c.Addresses.Seen, c.Addresses.Of)
	}
	return text
}

// labShares writes who carries how much, in the order of their numbers.
func labShares(list []checks.Upstream, share func(checks.Upstream) float64) string {
	var parts []string
	for _, u := range slices.SortedFunc(slices.Values(list), func(a, b checks.Upstream) int { return int(int64(a.ASN) - int64(b.ASN)) }) {
		if s := share(u); s > 0 {
			parts = append(parts, fmt.Sprintf("%s %.3g %%", u.ASN, 100*s))
		}
	}
	if parts == nil {
		return "nobody"
	}
	return strings.Join(parts, ", ")
}

// labForeign writes others' routes that came.
func labForeign(list []checks.Foreign) string {
	var parts []string
	for _, f := range list {
		if !f.Since.IsZero() {
			parts = append(parts, fmt.Sprintf("%s %s %s", f.Kind, f.Prefix, f.Origin))
		}
	}
	if parts == nil {
		return "none"
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// What the lab's table lays down has to be there word for word, and in full.
func TestLabWords(t *testing.T) {
	const text = "DOWN  North Korea (KP): 4 of 4\n          networks withdrawn\nIPv4      0 of\u00a04 prefixes visible\nPath      the last is 219.158.0.1 in AS4837"
	for words, want := range map[string]bool{
		"DOWN North Korea (KP): 4 of 4 networks": true, "^IPv4 0 of 4 prefixes": true, "last is 219.158.… in AS4837": true,
		"^0 of 4": false, "UP North": false, "219.158.… in AS1299": false, "(KP) 4": false, "down north": false,
	} {
		if got := says(text, words); got != want {
			t.Errorf("%q: got %t", words, got)
		}
	}
	for headline, want := range map[string]time.Duration{
		"BACK: x after 40 min": 40 * time.Minute, "BACK: x after about 9 h 31 min (at worst)": 571 * time.Minute, "BACK: x after 2 h": 2 * time.Hour,
	} {
		if got, ok := toldAfter(headline); !ok || got != want {
			t.Errorf("%q: got %v, %t", headline, got, ok)
		}
	}
	for set, want := range map[string]bool{
		homeSet: true, "origin AS131279": true, "adjacency AS4837-AS131279": false, "network AS4837, origin AS131279": false, "": false,
	} {
		if got := within(set, homeSet); got != want {
			t.Errorf("%q: got %t", set, got)
		}
	}
}

// A verdict that is not as the table has it is told in full.
func TestLabWrong(t *testing.T) {
	v := checks.Verdict{Target: checks.Country("KP"), Name: "North Korea", State: checks.Degraded, Announced: checks.ExtentPart}
	want := homeDown("cut")
	wrong := strings.Join(want.wrong(&v, answerText(&v)), "\n")
	for _, part := range []string{"state degraded", "announced: got", "IPv4: got", "upstreams before: got", "nothing is said of what disappeared", "does not say"} {
		if !strings.Contains(wrong, part) {
			t.Errorf("%q is not told: %s", part, wrong)
		}
	}
}
