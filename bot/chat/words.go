package chat

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"isitdown/checks"
)

// nbsp holds together what must not be torn apart at the end of a line; layout
// and the one-line texts turn it into a space.
const nbsp = "\u00a0"

// dot stands between the facts of a line; it never begins one.
const dot = nbsp + "· "

// maxName is how many characters of a foreign name are printed.
const maxName = 40

// clean makes foreign text safe for a screen: control characters (terminal
// escape sequences start with one), characters that turn or hide text, and bytes
// that are not UTF-8 are gone, and white space is single spaces.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// shorten cleans s and cuts it after most characters.
func shorten(s string, most int) string {
	r := []rune(clean(s))
	if len(r) <= most {
		return string(r)
	}
	return strings.TrimSpace(string(r[:most-1])) + "…"
}

// thousands writes n with separators: "1,024".
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count writes n with the right form of its unit: "1 prefix", "1,024 prefixes".
func count[N int | uint64](n N, one, many string) string {
	if n == 1 {
		return "1" + nbsp + one
	}
	return thousands(uint64(n)) + nbsp + many
}

// isAre gives the verb for n things.
func isAre[N int | uint64](n N) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// kOfN writes "3 of 4".
func kOfN(k, n uint64) string {
	return thousands(k) + nbsp + "of" + nbsp + thousands(n)
}

// percent writes a part of one. It says "100 %" only of all and "0 %" only of
// nothing.
func percent(part float64) string {
	p := math.Round(part*1e8) / 1e6 // a sum of shares may miss 1 by a hair
	text := strconv.FormatFloat(math.Round(p), 'f', 0, 64)
	switch {
	case p > 0 && p < 0.1:
		text = "less than 0.1"
	case p < 100 && p > 99.9:
		text = "more than 99.9"
	case p > 0 && p < 1, p < 100 && p >= 99.5:
		text = strconv.FormatFloat(math.Floor(p*10)/10, 'f', 1, 64)
	}
	return strings.ReplaceAll(text, " ", nbsp) + nbsp + "%"
}

// list joins with commas and a last "and".
func list(parts []string) string {
	switch n := len(parts); n {
	case 0:
		return ""
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}

// listSome is list for at most most parts, and says how many more there are.
func listSome(parts []string, most int) string {
	if len(parts) <= most {
		return list(parts)
	}
	return strings.Join(parts[:most], ", ") + " and" + nbsp + thousands(uint64(len(parts)-most)) + nbsp + "more"
}

// phrases joins reasons that were written elsewhere into one line.
func phrases(parts []string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSuffix(clean(p), "."); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "; ")
}

// withArticle puts "the" before names of countries that English says it with.
func withArticle(country string) string {
	first, _, _ := strings.Cut(country, " ")
	last := country[strings.LastIndex(country, " ")+1:]
	switch {
	case first == "United" || first == "Republic" || first == "DR",
		slices.Contains(namesInPlural[:], last):
		return "the " + country
	}
	return country
}

// namesInPlural end the names of countries that take an article, though not all of
// them are plurals.
var namesInPlural = [...]string{
	"Islands", "Republic", "Netherlands", "Philippines", "Maldives", "Bahamas", "Comoros", "Seychelles", "Gambia", "Emirates",
	"Territory", "Territories",
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return strings.TrimSuffix(string(r), ".") + "."
}

// plain turns held-together text into ordinary one-line text.
func plain(s string) string { return strings.ReplaceAll(s, nbsp, " ") }

// asName writes an AS with its name where that is known: "AS4837 China Unicom".
func asName(u checks.Upstream) string {
	if name := shorten(u.Name, maxName); name != "" {
		return u.ASN.String() + " " + name
	}
	return u.ASN.String()
}

// asNumbers writes the numbers of us.
func asNumbers(us []checks.Upstream) []string {
	out := make([]string, len(us))
	for i, u := range us {
		out[i] = u.ASN.String()
	}
	return out
}

// sameASes reports whether a and b are the same set of ASes.
func sameASes(a, b []checks.Upstream) bool {
	set := func(us []checks.Upstream) []string {
		s := asNumbers(us)
		slices.Sort(s)
		return s
	}
	return slices.Equal(set(a), set(b))
}
