package chat

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"isitdown/checks"
)

// MaxLine is how long a command line may be, in bytes.
const MaxLine = 2000

// The quotes that begin and end a name of several words. Telephones type the
// curly ones.
const quotes = "\"“”„«»"

// token is a word of a line, or several in quotes.
type token struct {
	text   string
	quoted bool
	// key is set for "key:value", where key is an option of the grammar.
	key string
}

// is reports whether t is the word w, not quoted, in either case.
func (t token) is(w string) bool { return !t.quoted && t.key == "" && strings.EqualFold(t.text, w) }

// scanner cuts a line into tokens, one at a time: behind some commands the rest of
// the line is a person's words and no tokens at all.
type scanner struct {
	rest string
	err  error // a quote that does not end
}

// newScanner refuses lines that no honest keyboard types.
func newScanner(line string) (*scanner, error) {
	switch {
	case len(line) > MaxLine:
		return nil, errors.New("that line is too long: say it in at most 2,000 characters")
	case !utf8.ValidString(line):
		return nil, errors.New("that line is not valid UTF-8: type it again by hand")
	}
	for _, r := range line {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r) {
			return nil, errors.New("that line holds invisible control characters: type it again by hand")
		}
	}
	return &scanner{rest: strings.TrimSpace(line)}, nil
}

// next takes the next token; ok is false at the end of the line.
func (s *scanner) next() (t token, ok bool) {
	for {
		t, ok = s.raw()
		if t.text = clean(t.text); !ok || t.text != "" || t.key != "" {
			return t, ok
		}
	}
}

func (s *scanner) raw() (t token, ok bool) {
	s.rest = strings.TrimLeftFunc(s.rest, unicode.IsSpace)
	if s.rest == "" {
		return token{}, false
	}
	if startsWithQuote(s.rest) {
		return token{text: s.quoted(), quoted: true}, true
	}
	end := strings.IndexFunc(s.rest, unicode.IsSpace)
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	if key, value, found := strings.Cut(word, ":"); found && isOption(key) {
		t.key = strings.ToLower(key)
		s.rest = s.rest[len(key)+1:]
		if value == "" { // "level: down"
			s.rest = strings.TrimLeftFunc(s.rest, unicode.IsSpace)
			end = strings.IndexFunc(s.rest+" ", unicode.IsSpace)
			value = s.rest[:end]
		}
		if startsWithQuote(s.rest) {
			t.text = s.quoted()
			return t, true
		}
		t.text, s.rest = value, s.rest[len(value):]
		return t, true
	}
	s.rest = s.rest[end:]
	return token{text: word}, true
}

func startsWithQuote(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune(quotes, r)
}

// quoted takes what stands between quotes. A backslash before a quote or another
// backslash takes it as it is.
func (s *scanner) quoted() string {
	text, rest, ok := unquote(s.rest)
	if !ok && s.err == nil {
		s.err = errors.New("a quote has no end: close it with \", or leave quotes out")
	}
	s.rest = rest
	return text
}

// unquote reads a text in quotes at the start of s; ok is false without an end.
func unquote(s string) (text, rest string, ok bool) {
	var b strings.Builder
	escaped := false
	for i, r := range s {
		isQuote := strings.ContainsRune(quotes, r)
		switch {
		case i == 0:
		case escaped:
			if !isQuote && r != '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case isQuote:
			return b.String(), s[i+utf8.RuneLen(r):], true
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), "", false
}

// free takes the rest of the line as a person's words. Quotes around all of it
// fall away; any others are theirs.
func (s *scanner) free() string {
	text := strings.TrimSpace(s.rest)
	s.rest = ""
	if startsWithQuote(text) {
		if inner, rest, ok := unquote(text); ok && strings.TrimSpace(rest) == "" {
			text = inner
		}
	}
	return clean(text)
}

// quote writes s so that the scanner takes it as one token.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range clean(s) {
		if r == '\\' || strings.ContainsRune(quotes, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// quoteWord quotes an option's value where it is more than a word.
func quoteWord(s string) string {
	s = clean(s)
	if s == "" || strings.ContainsFunc(s, unicode.IsSpace) || strings.ContainsAny(s, quotes) {
		return quote(s)
	}
	return s
}

// bare are the targets that need no quotes: words that no command, option or
// duration looks like.
var bare = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:?=&%+-]*$`)

// quoteTarget writes what was typed for a target; a name is quoted, whatever it is.
func quoteTarget(s string) string {
	if s == "" || isIncident(s) {
		return s
	}
	if _, err := checks.ParseTarget(s); err == nil && bare.MatchString(s) {
		return s
	}
	return quote(s)
}

// quoteFree writes a person's words, in quotes where they would be taken for
// something else at the place where they stand.
func quoteFree(s string) string {
	s = clean(s)
	if startsWithQuote(s) || s != "" && s[0] >= '0' && s[0] <= '9' {
		return quote(s)
	}
	return s
}
