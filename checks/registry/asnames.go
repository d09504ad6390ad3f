package registry

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"isitdown/checks"
)

// maxNames bounds a list of AS names in JSON, in bytes; real ones have 4 to 8 MiB.
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
	var list map[string]string
	if err := json.Unmarshal(data, &list); err != nil {
		return 0, fmt.Errorf("it begins as AS names in JSON, but: %w", err)
	}
	for number, text := range list {
		if !addName(names, number, text) {
			bad++
		}
	}
	if len(list) > 0 && bad == len(list) {
		return 0, errors.New("no key of the JSON object is an AS number")
	}
	return bad, nil
}

// readNamesText reads a name a line, "1 LVLT-1, US", as the RIPE NCC publishes
// them.
func readNamesText(r *bufio.Reader, names map[checks.ASN]asName) (bad int, err error) {
	for {
		line, err := readLine(r)
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
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}
