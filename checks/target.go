package checks

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind says what a [Target] is.
type Kind int

// The kinds of target.
const (
	KindInvalid Kind = iota
	KindCountry
	KindASN
	KindPrefix
	KindAddress
	KindHost
	KindURL
	KindWorld
)

// String gives the lower-case word used in JSON.
func (k Kind) String() string {
	return [...]string{"invalid", "country", "asn", "prefix", "address", "host", "url", "world"}[k]
}

// Target is what is asked about: exactly one of a country, a network, a prefix,
// an address, a host or a URL. It is comparable; the zero value is invalid.
//
// Every Target is held in one normal form, so that two questions about the same
// thing are equal, and [ParseTarget] reads back exactly what String writes.
type Target struct {
	kind   Kind
	asn    ASN
	prefix netip.Prefix // prefix, or address with all its bits
	text   string       // country code, host or URL
}

// Kind says which of the kinds t is.
func (t Target) Kind() Kind { return t.kind }

// ASN gives the AS number of a network; zero for other kinds.
func (t Target) ASN() ASN { return t.asn }

// Prefix gives the prefix asked about; of an address its /32 or /128; the zero
// prefix for other kinds.
func (t Target) Prefix() netip.Prefix { return t.prefix }

// Text gives the upper-case ISO 3166 code of a country, the name of a host, or
// a URL; "" for other kinds.
func (t Target) Text() string { return t.text }

// ErrName is what [ParseTarget] wraps when the text has none of the forms that
// syntax alone can tell: it may still be the name of a country, which is for a
// list of names to decide. Any other error is about text whose form is clear.
var ErrName = errors.New("give a country, a network (AS4837), a prefix, an address, a host or a URL")

// Country gives the target for a two-letter ISO 3166 code in either case,
// whether or not such a country exists; the zero Target for anything else.
func Country(code string) Target {
	if len(code) != 2 || !isLetter(code[0]) || !isLetter(code[1]) {
		return Target{}
	}
	return Target{kind: KindCountry, text: strings.ToUpper(code)}
}

// Network gives the target for an AS; the zero Target for AS0.
func Network(a ASN) Target {
	if a == 0 {
		return Target{}
	}
	return Target{kind: KindASN, asn: a}
}

// Worldwide gives the target that stands for everything: each country and each network of
// some size. It can be subscribed to; it has no footprint.
func Worldwide() Target { return Target{kind: KindWorld, text: "world"} }

// String writes t in its normal form: "KP", "AS4837" (asplain, RFC 5396),
// "175.45.176.0/22", "2001:db8::1" (RFC 5952), "example.org",
// "https://example.org". The zero Target gives "".
func (t Target) String() string {
	switch t.kind {
	case KindASN:
		return t.asn.String()
	case KindPrefix:
		return t.prefix.String()
	case KindAddress:
		return t.prefix.Addr().String()
	}
	return t.text
}

// ParseTarget reads what a person typed as a target, by its form alone: whether
// such a country or network exists is for the registries to say. Space around
// it is dropped. It knows
//
//	KP                  two letters: a country
//	AS4837, as 4837     a network; asdot (AS2.207, RFC 5396) is read too
//	175.45.176.0/22     a prefix, with no bit set beyond its length; of full
//	                    length (/32, /128) it stays a prefix, not an address
//	8.8.8.8, 2001::1    an address; IPv4-mapped IPv6 becomes IPv4
//	example.org         a host: letters, digits and hyphens, at least one dot
//	world               everything
//	https://example.org http or https; fragment and default port are dropped
//
// The error is one sentence that can be shown to a person.
func ParseTarget(s string) (Target, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return Target{}, fmt.Errorf("the target is empty: %w", ErrName)
	case len(s) > maxURL:
		return Target{}, fmt.Errorf("the target is longer than %d characters: %w", maxURL, ErrName)
	case !printable(s):
		return Target{}, errors.New("the target holds control characters: type it again by hand")
	case strings.EqualFold(s, "world"):
		return Worldwide(), nil
	case strings.Contains(s, "://"):
		return parseURL(s)
	case strings.Contains(s, "/"):
		return parsePrefix(s)
	case len(s) == 2 && isLetter(s[0]) && isLetter(s[1]):
		return Country(s), nil
	case looksLikeASN(s):
		a, err := ParseASN(s)
		return Network(a), err
	case strings.Contains(s, ":"), allOf(s, isDigitOrDot):
		return parseAddress(s)
	}
	host, err := parseHost(s)
	if err != nil {
		return Target{}, err
	}
	return Target{kind: KindHost, text: host}, nil
}

// ParseASN reads an AS number as people write it: "AS4837", "as4837", "AS 4837",
// and asdot "AS2.207" (RFC 5396). A bare number is refused, because it may be
// anything, and so is AS0 (RFC 7607).
func ParseASN(s string) (ASN, error) {
	s = strings.TrimSpace(s)
	digits := s
	if len(s) >= 2 && strings.EqualFold(s[:2], "AS") {
		digits = strings.TrimLeft(s[2:], " ")
	} else if n, err := parseASDigits(s); err == nil {
		return 0, fmt.Errorf("%s is a bare number: did you mean %v?", quote(s), n)
	}
	n, err := parseASDigits(digits)
	if err != nil || len(digits) == len(s) {
		return 0, fmt.Errorf("%s is not an AS number: write AS and a number from 1 to 4294967295, as in AS4837", quote(s))
	}
	if n == 0 {
		return 0, errors.New("AS0 is no network: it is reserved (RFC 7607), give another AS number")
	}
	return n, nil
}

// parseASDigits reads asplain, or asdot with both halves below 65536.
func parseASDigits(s string) (ASN, error) {
	high, low, dotted := strings.Cut(s, ".")
	if !dotted {
		n, err := strconv.ParseUint(s, 10, 32)
		return ASN(n), err
	}
	h, err := strconv.ParseUint(high, 10, 16)
	if err != nil {
		return 0, err
	}
	l, err := strconv.ParseUint(low, 10, 16)
	return ASN(h<<16 | l), err
}

// looksLikeASN reports whether s can only be meant as an AS number: "AS", with
// or without the N that some add, and then digits; or digits alone.
func looksLikeASN(s string) bool {
	if allOf(s, isDigit) {
		return true
	}
	if len(s) < 3 || !strings.EqualFold(s[:2], "AS") {
		return false
	}
	rest := s[2:]
	if rest[0] == 'n' || rest[0] == 'N' {
		rest = rest[1:]
	}
	rest = strings.TrimLeft(rest, " ")
	return rest != "" && allOf(rest, isDigitOrDot)
}

func parsePrefix(s string) (Target, error) {
	addr, _, _ := strings.Cut(s, "/")
	p, err := netip.ParsePrefix(s)
	if err != nil {
		if _, hostErr := parseHost(addr); hostErr == nil {
			return Target{}, fmt.Errorf("%s is neither a prefix nor a URL: did you mean %s?", quote(s), quote("https://"+s))
		}
		if strings.Contains(s, "%") {
			return Target{}, fmt.Errorf("%s has a zone, which means something on one machine only: leave out the part after %%", quote(s))
		}
		return Target{}, fmt.Errorf("%s is not a prefix: write an address, a slash and a length, as in 175.45.176.0/22 or 2001:db8::/32", quote(s))
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return Target{}, fmt.Errorf("%s reaches beyond the IPv4-mapped addresses: write it as an IPv4 prefix", quote(s))
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if m := p.Masked(); m != p {
		return Target{}, fmt.Errorf("%s has bits set beyond its length: did you mean %v?", quote(s), m)
	}
	return Target{kind: KindPrefix, prefix: p}, nil
}

func parseAddress(s string) (Target, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		if host, port, ok := strings.Cut(s, ":"); ok && !strings.Contains(port, ":") {
			if _, err := parseHost(host); err == nil {
				return Target{}, fmt.Errorf("%s is neither a host nor a URL: did you mean %s?", quote(s), quote("https://"+s))
			}
			if _, err := netip.ParseAddr(host); err == nil {
				return Target{}, fmt.Errorf("%s is an address with a port: leave out the port, or give a URL", quote(s))
			}
		}
		return Target{}, fmt.Errorf("%s is not an address: write four numbers from 0 to 255 as in 8.8.8.8, or IPv6 as in 2001:db8::1", quote(s))
	}
	if a.Zone() != "" {
		return Target{}, fmt.Errorf("%s has a zone, which means something on one machine only: leave out the part after %%", quote(s))
	}
	a = a.Unmap()
	return Target{kind: KindAddress, prefix: netip.PrefixFrom(a, a.BitLen())}, nil
}

// quote gives s as it stands in a sentence, cut where it is long.
func quote(s string) string {
	const most = 80
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func isLetter(c byte) bool     { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool      { return c >= '0' && c <= '9' }
func isDigitOrDot(c byte) bool { return isDigit(c) || c == '.' }

// allOf reports whether every byte of s passes ok.
func allOf(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
