package registry

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/biter777/countries"

	"isitdown/checks"
)

// maxName bounds what is looked up as a country's name, in characters; the
// longest formal name has about 80.
const maxName = 120

// maxSuggestions is how many countries an error asks about at most.
const maxSuggestions = 6

// NameError says that a text names no country exactly.
type NameError struct {
	Text string
	// Suggestions are the codes of the countries that may have been meant, the
	// likeliest first; empty when nothing is near.
	Suggestions []string
	// Why is a sentence for codes that are known to be no country's; else "".
	Why string
}

func (e *NameError) Error() string {
	text := fmt.Sprintf("no country is called %s exactly", quote(e.Text))
	if e.Why != "" {
		text = e.Why
	}
	switch {
	case len(e.Suggestions) > 0:
		var list []string
		for _, code := range e.Suggestions {
			list = append(list, fmt.Sprintf("%s (%s)", code, CountryName(code)))
		}
		last := len(list) - 1
		if last > 0 {
			list = []string{strings.Join(list[:last], ", "), list[last]}
		}
		text += ": did you mean " + strings.Join(list, " or ") + "?"
	case e.Why == "":
		text += ": give its ISO 3166 code, a network (AS4837), a prefix, an address, a host (example.org) or a URL"
	}
	return text
}

// Parse reads what a person typed as a target: everything that
// [checks.ParseTarget] reads, and countries by their ISO 3166 codes of two and
// three letters and by their names: short and formal ones in English, those of
// CLDR in other languages, and common other names. Case, accents and punctuation
// do not matter, and "North Korea (KP)" reads back as well.
//
// Nothing is guessed. A text that fits two places, or none exactly, is a
// [*NameError] that asks back.
func Parse(text string) (checks.Target, error) {
	text = strings.TrimSpace(text)
	t, err := checks.ParseTarget(text)
	switch {
	case err == nil && t.Kind() == checks.KindCountry:
		return parseCode2(t.Text())
	case err == nil:
		return t, nil
	case !errors.Is(err, checks.ErrName) || text == "" || strings.Contains(text, "://"):
		return checks.Target{}, err
	case utf8.RuneCountInString(text) > maxName:
		return checks.Target{}, fmt.Errorf("the target is longer than the %d characters a country's name may have: %w", maxName, checks.ErrName)
	}
	if t, ok, err := parseBracketed(text); ok {
		return t, err
	}
	return parseName(text)
}

// parseCode2 checks two letters against ISO 3166.
func parseCode2(text string) (checks.Target, error) {
	cc := codeAlias(text)
	if _, ok := places()[cc]; ok {
		return checks.Country(cc), nil
	}
	e := &NameError{Text: text, Why: text + " is no ISO 3166 country code", Suggestions: asked(strings.ToLower(text))}
	if about := regionCode(text); about != "" {
		e.Why = about + "; ask for one country, network or prefix"
	} else if len(e.Suggestions) == 0 {
		e.Why += ": check the two letters, or write the country's name"
	}
	return checks.Target{}, e
}

// parseBracketed reads a name with a code in brackets after it, as notices write
// countries. Both must say the same.
func parseBracketed(text string) (t checks.Target, ok bool, err error) {
	i := strings.LastIndexByte(text, '(')
	if i < 0 || !strings.HasSuffix(text, ")") {
		return t, false, nil
	}
	name, code := text[:i], strings.TrimSpace(text[i+1:len(text)-1])
	if len(code) != 2 {
		return t, false, nil
	}
	c, err := checks.ParseTarget(code)
	if err != nil {
		return t, false, nil
	}
	if t, err = parseCode2(c.Text()); err != nil {
		return t, true, err
	}
	if slices.Contains(lookUp(name), t.Text()) {
		return t, true, nil
	}
	return checks.Target{}, true, &NameError{
		Text:        text,
		Why:         fmt.Sprintf("%s is %s, not %s", t.Text(), CountryName(t.Text()), quote(strings.TrimSpace(name))),
		Suggestions: append(slices.Clone(lookUp(name)), t.Text()),
	}
}

func parseName(text string) (checks.Target, error) {
	codes := lookUp(text)
	switch {
	case len(codes) == 1 && asked(key(text)) == nil:
		return checks.Country(codes[0]), nil
	case len(codes) > 0:
		e := &NameError{Text: text, Suggestions: codes}
		if len(codes) > 1 {
			e.Why = fmt.Sprintf("%s fits several places", quote(text))
		}
		return checks.Target{}, e
	}
	return checks.Target{}, &NameError{Text: text, Suggestions: suggest(text)}
}

// lookUp gives the countries that name fits exactly, or that it is known to be
// asked back with.
func lookUp(name string) []string {
	k := key(name)
	if codes := asked(k); codes != nil {
		return codes
	}
	if codes := names()[k]; codes != nil {
		return codes
	}
	codes := slices.Clone(foreignNames()[k])
	if len(codes) > 0 {
		// "Nigēra" is Niger in Latvian, and sooner a slip for Nigeria.
		codes = append(codes, nearest(names(), k, 1)...)
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	return codes[:min(len(codes), maxSuggestions)]
}

// suggest gives the countries that name comes near to: by few typing errors, by
// being some of the words of their names, or by being a known bad spelling.
func suggest(name string) []string {
	k := key(name)
	out := nearest(names(), k, 3)
	fit := fitting(words(name))
	if len(fit) > maxSuggestions {
		return out[:min(len(out), maxSuggestions)] // words like "islands" say nothing
	}
	if code := countries.ByName(name).Alpha2(); CountryName(code) != "" && len(k) > 2 {
		fit = append(fit, code)
	}
	for _, code := range fit {
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	if len(out) == 0 {
		out = nearest(foreignNames(), k, 3)
	}
	return out[:min(len(out), maxSuggestions)]
}

// nearest gives the countries whose keys are few typing errors away from k, the
// fewest first: at most as many as given, and no more than one in four letters.
func nearest(x nameIndex, k string, most int) []string {
	r := []rune(k)
	limit := min(len(r)/4, most)
	found := map[string]int{}
	for other, codes := range x {
		n := utf8.RuneCountInString(other)
		if n < 4 || n-len(r) > limit || len(r)-n > limit {
			continue
		}
		// One slip leaves the first letter or the last as it was.
		if first, _ := utf8.DecodeRuneInString(other); limit == 1 && first != r[0] && !strings.HasSuffix(other, string(r[len(r)-1])) {
			continue
		}
		if d := distance(r, []rune(other), limit); d <= limit {
			for _, code := range codes {
				if have, ok := found[code]; !ok || d < have {
					found[code] = d
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return cmp.Or(cmp.Compare(found[a], found[b]), cmp.Compare(a, b))
	})
}

// fitting gives the countries whose names hold all the words, or have a word that
// begins with one of four letters and more.
func fitting(query []string) []string {
	var out []string
	for code, p := range places() {
		for _, name := range append([]string{p.name}, p.aliases...) {
			if fits(query, words(name)) {
				out = append(out, code)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

func fits(query, name []string) bool {
	for _, q := range query {
		if !slices.ContainsFunc(name, func(w string) bool { return w == q || len(q) >= 4 && strings.HasPrefix(w, q) }) {
			return false
		}
	}
	return len(query) > 0
}

// distance counts the typing errors between a and b: letters left out, put in,
// replaced, or swapped with their neighbour (optimal string alignment). Of more
// than limit it may give any number above limit.
func distance(a, b []rune, limit int) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	least := 0 // of row
	for i := range a {
		next[0] = i + 1
		nextLeast := i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d := min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			next[j+1] = d
			nextLeast = min(nextLeast, d)
		}
		// Every later number comes from one of these two rows and is no smaller.
		if least > limit && nextLeast > limit {
			return limit + 1
		}
		before, row, next, least = row, next, before, nextLeast
	}
	return row[len(b)]
}

// quote gives foreign text as it stands in a sentence, cut where it is long.
func quote(s string) string {
	const most = 60
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}
