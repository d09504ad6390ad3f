package discord

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// safeLink is an address that may stand as it is: Discord shows it in full, and
// it has no user name that could be taken for a host.
var safeLink = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][A-Za-z0-9._~:/?#!$&+,;=%-]*)?$`)

// invite is what Discord turns into a card even without a scheme.
var invite = regexp.MustCompile(`(?i)\b((?:discord|discordapp)\.(?:gg|com|me|io))/`)

// clean drops what a reader cannot see, or what turns the direction of text; line
// breaks stay. Message text has come through the same once, so this is the second
// lock on the door.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}

// escape makes plain text show as itself in Discord's Markdown: no emphasis, no
// mention, no time stamp, no list, no heading, no link that hides its address.
// Plain addresses stay links where links is true; elsewhere they are text, and no
// card is shown for them.
// https://support.discord.com/hc/en-us/articles/210298617
func escape(s string, links bool) string {
	var b strings.Builder
	for i, line := range strings.Split(clean(s), "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		escapeLine(&b, line, links)
	}
	if links {
		return b.String()
	}
	return invite.ReplaceAllString(b.String(), `${1}\/`)
}

func escapeLine(b *strings.Builder, line string, links bool) {
	start := len(line) - len(strings.TrimLeft(line, " "))
	b.WriteString(line[:start])
	line = line[start:]
	if n := listMark(line); n >= 0 {
		b.WriteString(line[:n] + `\` + line[n:n+1])
		line = line[n+1:]
	}
	for i, word := range strings.Split(line, " ") {
		if i > 0 {
			b.WriteByte(' ')
		}
		escapeWord(b, word, links)
	}
}

// listMark gives the place of the character that makes a line a heading, a list
// or small print; -1 if there is none. What else could begin a line so is escaped
// anywhere.
func listMark(line string) int {
	if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "-") || strings.HasPrefix(line, "+") {
		return 0
	}
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	if digits > 0 && digits < len(line) && (line[digits] == '.' || line[digits] == ')') && (digits+1 == len(line) || line[digits+1] == ' ') {
		return digits
	}
	return -1
}

func escapeWord(b *strings.Builder, word string, links bool) {
	at := strings.Index(word, "http")
	if links && at >= 0 {
		end := len(strings.TrimRight(word, ".,;:!?)]}'\""))
		before, _ := utf8.DecodeLastRuneInString(word[:at])
		if at < end && safeLink.MatchString(word[at:end]) && !wordRune(before) {
			escapeRunes(b, word[:at])
			b.WriteString(word[at:end])
			escapeRunes(b, word[end:])
			return
		}
	}
	escapeRunes(b, word)
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func escapeRunes(b *strings.Builder, s string) {
	for i, r := range s {
		if strings.ContainsRune("\\*_~`|<>[]@", r) || r == ':' && strings.HasPrefix(s[i:], "://") {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
}

// fence shows text with its columns and line breaks. Inside a block of code
// nothing is markup but the three backticks that end it.
func fence(s string) string {
	return "```\n" + strings.ReplaceAll(clean(s), "```", "'''") + "\n```"
}
