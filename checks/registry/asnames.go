package registry

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"isitdown/checks"
)

// maxNames bounds a list of AS names, in bytes; real ones have 4 to 8 MiB.
const maxNames = 128 << 20

// asName is what a list of names says about one network.
type asName struct {
	name string
	cc   code // zero when the list gives none
}

// readNamesJSON reads {"1":"LVLT-1 - Level 3 Communications, Inc., US", ...}.
func readNamesJSON(r io.Reader, names map[checks.ASN]asName) (bad int, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxNames+1))
	if err != nil {
		return 0, fmt.Errorf("the file cannot be read to its end: %w", err)
	}
	if len(data) > maxNames {
		return 0, fmt.Errorf("it has more than %d MiB", maxNames>>20)
	}
	var entries int
	add := func(number, text string) {
		entries++
		if !addName(names, number, text) {
			bad++
		}
	}
	if !scanObject(string(data), add) {
		// Anything out of the ordinary is left to the standard library: to read it
		// after all, or to say what is wrong.
		var list map[string]string
		if err := json.Unmarshal(data, &list); err != nil {
			return 0, fmt.Errorf("it begins as AS names in JSON, but: %w", err)
		}
		entries, bad = 0, 0
		for number, text := range list {
			add(number, text)
		}
	}
	if entries > 0 && bad == entries {
		return 0, errors.New("no key of the JSON object is an AS number")
	}
	return bad, nil
}

// scanObject goes through a JSON object of strings and reports whether text is
// one. It is several times as fast as encoding/json, because it hands out parts
// of text; strings with escapes are what that package makes of them.
func scanObject(text string, add func(key, value string)) bool {
	text, ok := strings.CutPrefix(skipSpace(text), "{")
	if text = skipSpace(text); ok && strings.HasPrefix(text, "}") {
		return skipSpace(text[1:]) == ""
	}
	for ok {
		var key, value string
		if key, text, ok = scanString(text); !ok {
			return false
		}
		if text, ok = strings.CutPrefix(skipSpace(text), ":"); !ok {
			return false
		}
		if value, text, ok = scanString(skipSpace(text)); !ok {
			return false
		}
		add(key, value)
		text = skipSpace(text)
		if rest, last := strings.CutPrefix(text, "}"); last {
			return skipSpace(rest) == ""
		}
		text, ok = strings.CutPrefix(text, ",")
		text = skipSpace(text)
	}
	return false
}

func skipSpace(text string) string { return strings.TrimLeft(text, " \t\r\n") }

// scanString takes one JSON string off the front of text.
func scanString(text string) (value, rest string, ok bool) {
	if text == "" || text[0] != '"' {
		return "", text, false
	}
	escaped := false
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return "", text, false
		case c == '"' && escaped:
			value, ok = unescape(text[:i+1])
			return value, text[i+1:], ok
		case c == '"':
			return text[1:i], text[i+1:], true
		}
	}
	return "", text, false
}

func unescape(literal string) (value string, ok bool) {
	err := json.Unmarshal([]byte(literal), &value)
	return value, err == nil
}

// readNamesText reads a name a line, "1 LVLT-1, US", as the RIPE NCC publishes
// them.
func readNamesText(r *bufio.Reader, names map[checks.ASN]asName) (bad int, err error) {
	for size := 0; ; {
		line, err := readLine(r)
		if size += len(line); size > maxNames || bad > maxBad {
			return bad, fmt.Errorf("it has more than %d MiB, or %d lines without a name", maxNames>>20, maxBad)
		}
		if text := strings.TrimSpace(string(line)); text != "" && text[0] != '#' {
			number, rest, _ := strings.Cut(text, " ")
			if !addName(names, number, rest) {
				bad++
			}
		}
		switch {
		case errors.Is(err, errLongLine):
			bad++
		case errors.Is(err, io.EOF):
			return bad, nil
		case err != nil:
			return bad, fmt.Errorf("the file cannot be read to its end: %w", err)
		}
	}
}

// addName keeps one name and reports whether it was one. AS0 is a placeholder in
// the lists.
func addName(names map[checks.ASN]asName, number, text string) bool {
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return false
	}
	name, cc := splitName(text)
	if name != "" && n != 0 {
		names[checks.ASN(n)] = asName{name, cc}
	}
	return true
}

// splitName takes the country off the end and makes one line of printable text
// of the rest: the words are those of whoever registered the network.
func splitName(text string) (string, code) {
	name := clean(text)
	i := strings.LastIndexByte(name, ',')
	if i < 0 {
		return name, code{}
	}
	cc, ok := parseCode([]byte(strings.TrimSpace(name[i+1:])))
	if !ok || strings.ToUpper(name[i+1:]) != name[i+1:] {
		return name, code{}
	}
	return strings.TrimRight(name[:i], " ,"), cc
}

// clean replaces what cannot be printed by spaces, and rows of spaces by one.
func clean(text string) string {
	if isClean(text) {
		return text
	}
	return checks.OneLine(text, len(text))
}

// isClean tells most names, for which clean has nothing to do: ASCII, and only
// single spaces inside.
func isClean(text string) bool {
	before := byte(' ')
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == ' ' && before == ' ' {
			return false
		}
		before = c
	}
	return before != ' '
}
