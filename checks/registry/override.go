package registry

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"

	"isitdown/checks"
)

// ownOverrides is the reviewed file that comes with the program.
//
//go:embed overrides.txt
var ownOverrides string

// maxOverrides bounds the lines of one file: each is a person's decision.
const maxOverrides = 10_000

// maxReason bounds the reason of an override, in bytes: notices carry it.
const maxReason = 300

// override is one line of an override file: a person's reviewed decision that a
// prefix or a network does, or does not, count as registered to a country.
type override struct {
	file   string
	line   int
	add    bool
	cc     code
	prefix netip.Prefix // or
	asn    checks.ASN
	day    time.Time
	reason string
}

// readOverrides reads an override file. It is strict: the first line that is not
// right is an error, for half a decision is none.
func readOverrides(file string, r io.Reader) ([]override, error) {
	var out []override
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\uFEFF"))
		if text == "" || text[0] == '#' {
			continue
		}
		o, err := parseOverride(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if len(out) == maxOverrides {
			return nil, fmt.Errorf("line %d: there are more than %d overrides, which nobody can have reviewed", n, maxOverrides)
		}
		o.file, o.line = file, n
		out = append(out, o)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after line %d overrides: %w", len(out), err)
	}
	return out, nil
}

// parseOverride reads: add|remove CODE PREFIX|ASN yyyy-mm-dd "reason".
func parseOverride(text string) (override, error) {
	f := strings.Fields(text)
	if len(f) < 5 {
		return override{}, errors.New(`write: add KP 192.0.2.0/24 2014-12-31 "reason" (or remove; an AS number may stand for the prefix)`)
	}
	var o override
	switch f[0] {
	case "add":
		o.add = true
	case "remove":
	default:
		return override{}, fmt.Errorf("%s is neither add nor remove", quote(f[0]))
	}
	if CountryName(f[1]) == "" || f[1] != strings.ToUpper(f[1]) {
		return override{}, fmt.Errorf("%s is no ISO 3166 code in capitals", quote(f[1]))
	}
	o.cc = code{f[1][0], f[1][1]}
	t, err := checks.ParseTarget(f[2])
	if err != nil {
		return override{}, err
	}
	switch t.Kind() {
	case checks.KindASN:
		o.asn = t.ASN()
	case checks.KindPrefix:
		o.prefix = t.Prefix()
	default:
		return override{}, fmt.Errorf("%s is neither a prefix nor an AS number", quote(f[2]))
	}
	switch bits := o.prefix.Bits(); {
	case !o.prefix.IsValid():
	case bits < checks.MinCoverBits:
		return override{}, fmt.Errorf("%v is shorter than /%d: name the prefixes that are meant", o.prefix, checks.MinCoverBits)
	case o.prefix.Addr().Is6() && bits > 64:
		return override{}, fmt.Errorf("%v is longer than /64, the smallest IPv6 network that is registered", o.prefix)
	}
	if o.day, err = time.Parse(time.DateOnly, f[3]); err != nil {
		return override{}, fmt.Errorf("%s is no date: write yyyy-mm-dd, the day it was decided", quote(f[3]))
	}
	o.reason, err = parseReason(text)
	return o, err
}

// parseReason takes the quoted end of a line.
func parseReason(text string) (string, error) {
	i := strings.IndexByte(text, '"')
	if i < 0 {
		return "", errors.New("the reason is missing: put it in double quotes at the end")
	}
	if len(strings.Fields(text[:i])) != 4 {
		return "", errors.New("something stands between the date and the quoted reason")
	}
	reason, err := strconv.Unquote(text[i:])
	if err != nil || strings.ContainsFunc(reason, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errors.New(`the reason must be printable text in double quotes, with \" for a quote in it, and end the line`)
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return "", fmt.Errorf("the reason must have 1 to %d bytes", maxReason)
	}
	return reason, nil
}

// what gives the prefix or the network that o is about.
func (o override) what() string {
	if o.asn != 0 {
		return o.asn.String()
	}
	return o.prefix.String()
}

// note says what the override did, for the footprint.
func (o override) note(applied bool) string {
	verb, done := "removed", "is not registered to "+o.cc.String()+" in the lists: no effect"
	if o.add {
		verb, done = "added", "is registered to "+o.cc.String()+" in the lists already: no effect"
	}
	text := fmt.Sprintf("override of %s: %s %s (%s)", o.day.Format(time.DateOnly), o.what(), verb, o.reason)
	if !applied {
		text += "; it " + done
	}
	return text
}
