package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes foreign text safe to show: no control characters, and none that
// change the direction of what stands beside them or cannot be seen. Joiners stay: emoji
// and several scripts need them. Lines are kept only where lines is set.
func clean(s string, lines bool) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		const joiner, nonJoiner = '\u200d', '\u200c'
		switch {
		case r == '\n' && lines, r == joiner, r == nonJoiner:
			return r
		case r == '\n', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s))
}

// escape is what Slack asks for in every text that it may read as markup: with these three gone
// there is no mention, no link and no date.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// units counts s as Slack's limits do at worst: UTF-16 code units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += unitsOf(r)
	}
	return n
}

func unitsOf(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// shorten cuts s to at most most units, and shows that it did.
func shorten(s string, most int) string {
	if units(s) <= most {
		return s
	}
	return strings.TrimSpace(s[:fits(s, most-1)]) + "…"
}

// fits gives how many bytes of s are at most most units, whole characters only.
func fits(s string, most int) int {
	n := 0
	for i, r := range s {
		if n += unitsOf(r); n > most {
			return i
		}
	}
	return len(s)
}

// pieces cuts s into texts that take at most most bytes as JSON, which is never less than
// their units, at the end of a line if there is one in the second half, else at a space, else
// where it must be.
func pieces(s string, most int) []string {
	var list []string
	for {
		end := room(s, most)
		if end == len(s) {
			break
		}
		if i := strings.LastIndexByte(s[:end], '\n'); i > end/2 {
			end = i + 1
		} else if i := strings.LastIndexByte(s[:end], ' '); i > end/2 {
			end = i + 1
		}
		list = append(list, s[:end])
		s = s[end:]
	}
	if s != "" {
		list = append(list, s)
	}
	return list
}

// room gives how many bytes of s take at most most bytes as JSON, one character at least.
func room(s string, most int) int {
	n := 0
	for i, r := range s {
		if n += cost(r); n > most && i > 0 {
			return i
		}
	}
	return len(s)
}

// costOf is how many bytes s takes as JSON, without the quotation marks.
func costOf(s string) int {
	n := 0
	for _, r := range s {
		n += cost(r)
	}
	return n
}

// cost is how many bytes a character takes in what encoding/json writes, at most.
func cost(r rune) int {
	switch r {
	case '<', '>', '&', '\u2028', '\u2029', utf8.RuneError:
		return len(`\u003c`)
	case '"', '\\', '\n':
		return 2
	}
	return utf8.RuneLen(r)
}
