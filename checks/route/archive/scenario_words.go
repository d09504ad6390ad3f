package archive

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"isitdown/checks"
)

// word is one word of a line, or a text in quotation marks.
type word struct {
	text   string
	quoted bool
}

// splitWords cuts a line at its blanks. What follows a # outside of quotation
// marks is a comment.
func splitWords(line string) ([]word, error) {
	var words []word
	for {
		line = strings.TrimLeft(line, " \t")
		switch {
		case line == "" || line[0] == '#':
			return words, nil
		case line[0] == '"':
			text, rest, err := quotedText(line[1:])
			if err != nil {
				return nil, err
			}
			words = append(words, word{text, true})
			line = rest
		default:
			end := strings.IndexAny(line, " \t#\"")
			if end < 0 {
				end = len(line)
			}
			words = append(words, word{line[:end], false})
			line = line[end:]
		}
	}
}

// quotedText reads up to the closing mark; \" and \\ stand for themselves.
func quotedText(s string) (text, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			text = strings.TrimSpace(b.String())
			if text == "" {
				return "", "", errors.New("there is nothing between the quotation marks: write a text")
			}
			return text, s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", errors.New(`the text has no closing quotation mark: write it as "..." on one line, and a mark inside as \"`)
}

// printableText reports whether a line holds nothing but text.
func printableText(line string) bool {
	return utf8.ValidString(line) && !strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) })
}

// quoteWord gives foreign text as it stands in a sentence, cut where it is long.
func quoteWord(s string) string {
	const most = 60
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// The years that MRT's 32 bits of seconds can hold, less a margin.
const minYear, maxYear = 1980, 2100

// parseTime reads RFC 3339, with or without seconds.
func parseTime(s string) (time.Time, error) {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t = t.UTC().Truncate(time.Microsecond); t.Year() < minYear || t.Year() >= maxYear {
			return t, fmt.Errorf("the year of %s is not between %d and %d", quoteWord(s), minYear, maxYear-1)
		}
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%s is no time: write it as 2014-12-22T16:15Z or 2014-12-22T16:15:30Z", quoteWord(s))
}

// parseSpan reads a duration between least and most.
func parseSpan(s string, least, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%s is no duration: write it as 90s, 7m or 1h30m", quoteWord(s))
	}
	if d < least || d > most {
		return 0, fmt.Errorf("%v is not between %v and %v", d, least, most)
	}
	return d.Truncate(time.Microsecond), nil
}

// parseAS reads "4837" or "AS4837".
func parseAS(s string) (checks.ASN, error) {
	digits := s
	if len(s) > 2 && strings.EqualFold(s[:2], "AS") {
		digits = s[2:]
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%s is no AS number: write it as 4837", quoteWord(s))
	}
	return checks.ASN(n), nil
}

// parseCIDR reads a prefix without bits beyond its length.
func parseCIDR(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil || p.Addr().Is4In6():
		return p, fmt.Errorf("%s is no prefix: write it as 175.45.176.0/24 or 2001:db8::/32", quoteWord(s))
	case p.Masked() != p:
		return p, fmt.Errorf("%s has bits set beyond its length: did you mean %v?", quoteWord(s), p.Masked())
	}
	return p, nil
}

// isName reports whether s may name a collector or a network.
func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && (i == 0 || !strings.ContainsRune("-._", rune(c))) {
			return false
		}
	}
	return true
}
