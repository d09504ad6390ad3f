package chart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// MaxAlt is how long an alt text gets, in characters: Discord takes 1,024.
const MaxAlt = 1000

// Alt says in a sentence what the chart shows, with numbers and times, and repeats
// its caveats. It has at most MaxAlt characters. Data that cannot be drawn gets
// a text all the same.
func (d Data) Alt() string {
	title := tidy(d.Title)
	if title == "" {
		title = "Chart"
	}
	if err := d.check(); err != nil {
		return limit(title+": "+err.Error()+".", MaxAlt)
	}
	spans := d.spans()
	parts := []string{"from " + dated(d.From) + " to " + dated(d.To) + " UTC", courseText(spans, tidy(d.Unit))}
	if text := outageText(d.outages()); text != "" {
		parts = append(parts, text)
	}
	if text := spellText(d.spells(), d.From); text != "" {
		parts = append(parts, text)
	}
	if text := blindText(blind(spans), d); text != "" {
		parts = append(parts, text)
	}
	var text strings.Builder
	text.WriteString(title + ", " + strings.Join(parts, "; ") + ".")
	for _, c := range d.Caveats {
		if c = tidy(c); c != "" {
			text.WriteString(" " + strings.TrimSuffix(c, ".") + ".")
		}
	}
	return limit(text.String(), MaxAlt)
}

// courseText gives the first, the lowest and the last value.
func courseText(spans []span, unit string) string {
	var known []span
	for _, s := range spans {
		if s.known {
			known = append(known, s)
		}
	}
	if len(known) == 0 {
		return unlined(spans)
	}
	first, low, last := known[0], known[0], known[len(known)-1]
	level := true
	for _, s := range known {
		level = level && s.seen == first.seen && s.of == first.of
		if s.seen < low.seen {
			low = s
		}
	}
	if unit != "" {
		unit = " " + unit
	}
	start, end := amount(first)+unit, amount(last)
	at := " at first"
	if first.from.After(spans[0].from) { // nothing is known of what was before, or it is not drawn
		at = " from " + dated(first.from) + " on"
	}
	switch {
	case level && len(spans) == len(known):
		return start + " throughout"
	case level && len(known) == 1 && first.from.After(spans[0].from) && first.to.Equal(spans[len(spans)-1].to):
		return start + at
	case level:
		return start + " wherever it is known and drawn"
	case low == last:
		return start + at + ", " + end + " from " + dated(low.from) + " on"
	case low.seen == first.seen && low.seen == 0:
		return start + at + ", " + end + " at the end"
	case low.seen == first.seen:
		return start + at + ", never fewer, " + end + " at the end"
	}
	return start + at + ", " + amount(low) + " at the lowest, first at " + dated(low.from) + ", " + end + " at the end"
}

// unlined says why there is no line at all.
func unlined(spans []span) string {
	if slices.ContainsFunc(spans, func(s span) bool { return s.counted }) {
		return "losses too many to draw one by one"
	}
	return "nothing is known of that time"
}

// amount writes "4 of 4", or "4" where nobody knows of how many.
func amount(s span) string {
	if s.of == 0 {
		return thousands(s.seen)
	}
	return thousands(s.seen) + " of " + thousands(s.of)
}

// mostNamed is how many outages and gaps an alt text lists.
const mostNamed = 3

func outageText(bands []Band) string {
	if len(bands) == 0 {
		return ""
	}
	parts := bandTexts(bands)
	if len(bands) == 1 {
		return "outage " + parts[0]
	}
	return strconv.Itoa(len(bands)) + " outages: " + strings.Join(parts, ", ") + more(len(bands))
}

// spellText leaves out when a spell began that is older than the picture.
func spellText(bands []Band, from time.Time) string {
	if len(bands) == 0 {
		return ""
	}
	parts := bandTexts(bands)
	switch first := bands[0]; {
	case first.Start.After(from):
	case first.End.IsZero():
		parts[0] = "in all of it"
	default:
		parts[0] = "until " + dated(first.End)
	}
	return "in and out too often to draw " + strings.Join(parts, ", ") + more(len(bands))
}

// bandTexts dates the first of the bands.
func bandTexts(bands []Band) []string {
	var parts []string
	for _, b := range bands[:min(mostNamed, len(bands))] {
		if b.End.IsZero() {
			parts = append(parts, "since "+dated(b.Start))
		} else {
			parts = append(parts, "from "+dated(b.Start)+" to "+dated(b.End))
		}
	}
	return parts
}

func blindText(gaps []Band, d Data) string {
	if len(gaps) == 0 || len(gaps) == 1 && gaps[0].Start.Equal(d.From) && gaps[0].End.Equal(d.To) {
		return ""
	}
	var parts []string
	for _, b := range gaps[:min(mostNamed, len(gaps))] {
		parts = append(parts, "from "+dated(b.Start)+" to "+dated(b.End))
	}
	return "no data " + strings.Join(parts, ", ") + more(len(gaps))
}

func more(n int) string {
	if n <= mostNamed {
		return ""
	}
	return fmt.Sprintf(" and %d more", n-mostNamed)
}

// dated writes a moment with its day, to the minute, or to the second where that is
// what it is known to.
func dated(t time.Time) string {
	t = t.UTC()
	if t.Second() != 0 {
		return t.Format("2 Jan 2006 15:04:05")
	}
	return t.Format("2 Jan 2006 15:04")
}

// thousands writes n with separators: "1,024".
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// tidy gives text in one line, without control characters and without those that
// turn or hide text.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// limit cuts s to most characters, and shows that it did.
func limit(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimSpace(string(r[:most-1])) + "…"
}
