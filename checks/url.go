package checks

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Limits of what may be asked about.
const (
	maxURL   = 2048 // characters; what browsers and proxies are known to carry
	maxHost  = 253  // characters without the trailing dot (RFC 1035, section 3.1)
	maxLabel = 63   // characters between two dots (RFC 1035, section 2.3.4)
)

// parseHost reads a host name (RFC 1123, section 2.1): at least two labels of
// letters, digits and inner hyphens. It gives it in lower case without the
// trailing dot. A last label that resolvers may take for a number is refused,
// so that no address in disguise passes for a name, and one of a single letter
// belongs to an abbreviation ("U.S.A.") rather than to a domain.
func parseHost(s string) (string, error) {
	name := strings.TrimSuffix(s, ".")
	if allOf(name, func(c byte) bool { return c < 0x80 }) {
		name = strings.ToLower(name) // of others the Kelvin sign would become a k
	}
	switch {
	case strings.ContainsAny(name, " '(),"), !strings.Contains(name, "."):
		return "", fmt.Errorf("%s is nothing that can be looked up: %w", quote(s), ErrName)
	case !allOf(name, func(c byte) bool { return c < 0x80 }):
		return "", fmt.Errorf("%s has letters beyond ASCII: give the host in its xn-- form (punycode)", quote(s))
	case len(name) > maxHost:
		return "", fmt.Errorf("%s is longer than the %d characters a host name may have: check it", quote(s), maxHost)
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return "", fmt.Errorf("%s is not a host name: %w", quote(s), err)
		}
	}
	last := labels[len(labels)-1]
	if len(last) == 1 && isLetter(last[0]) {
		return "", fmt.Errorf("%s is nothing that can be looked up: %w", quote(s), ErrName)
	}
	if numeric(last) {
		return "", fmt.Errorf("%s is neither a host nor an address: a host does not end in a number, an IPv4 address has four numbers", quote(s))
	}
	return name, nil
}

func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("there is nothing between two dots")
	case len(label) > maxLabel:
		return fmt.Errorf("a part between dots has more than %d characters", maxLabel)
	case label[0] == '-' || label[len(label)-1] == '-':
		return fmt.Errorf("%s begins or ends with a hyphen", quote(label))
	case strings.Contains(label, "_"):
		return errors.New("host names hold no underscore")
	case !allOf(label, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' }):
		return errors.New("only letters, digits, hyphens and dots may stand in it")
	}
	return nil
}

// numeric reports whether resolvers may read label as a number: digits, or 0x
// and hexadecimal digits (inet_aton).
func numeric(label string) bool {
	if allOf(label, isDigit) {
		return true
	}
	hex, ok := strings.CutPrefix(label, "0x")
	return ok && allOf(hex, func(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' })
}

// parseURL reads an absolute http or https URL (RFC 3986) into a form that
// stays the same when it is read again: scheme and host in lower case, no
// fragment, no default port, no "/" that stands alone.
func parseURL(s string) (Target, error) {
	if strings.ContainsAny(s, " \t\\") {
		return Target{}, fmt.Errorf("%s has a space or backslash in it: write spaces in a URL as %%20", quote(s))
	}
	u, err := url.Parse(s)
	if err != nil {
		return Target{}, fmt.Errorf("%s is not a URL: check its spelling, as in https://example.org/path", quote(s))
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return Target{}, fmt.Errorf("%s is not a web address: only http and https URLs can be checked", quote(s))
	}
	if u.User != nil {
		// The sentence leaves the URL out: it holds a password.
		return Target{}, errors.New("the URL holds a user name or password: leave out the part before @")
	}
	host, err := normalHost(u.Hostname(), strings.HasPrefix(u.Host, "["))
	if err != nil {
		return Target{}, err
	}
	port, err := normalPort(u)
	if err != nil {
		return Target{}, err
	}
	path, query := escape(cmp.Or(u.RawPath, u.EscapedPath())), escape(u.RawQuery)
	switch {
	case query != "":
		query = "?" + query
		path = cmp.Or(path, "/")
	case path == "/":
		path = ""
	}
	text := u.Scheme + "://" + host + port + path + query
	if len(text) > maxURL {
		return Target{}, fmt.Errorf("the URL is longer than %d characters once it is escaped: give a shorter one", maxURL)
	}
	return Target{kind: KindURL, text: text}, nil
}

// normalHost gives the host of a URL as it is written there: a name, an IPv4
// address, or an IPv6 address in brackets.
func normalHost(host string, bracketed bool) (string, error) {
	if host == "" {
		return "", errors.New("the URL has no host: write it as in https://example.org/path")
	}
	if !bracketed && !allOf(host, isDigitOrDot) {
		return parseHost(host)
	}
	a, err := netip.ParseAddr(host)
	if err != nil || bracketed && a.Is4() {
		return "", fmt.Errorf("%s is not an address: write four numbers from 0 to 255 as in 8.8.8.8, or IPv6 in brackets as in [2001:db8::1]", quote(host))
	}
	if a.Zone() != "" {
		return "", fmt.Errorf("%s has a zone, which means something on one machine only: leave out the part after %%", quote(host))
	}
	if a = a.Unmap(); a.Is6() {
		return "[" + a.String() + "]", nil
	}
	return a.String(), nil
}

// normalPort gives ":8080", or "" for the port that the scheme implies.
func normalPort(u *url.URL) (string, error) {
	if u.Port() == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("port %s of the URL does not exist: give one from 1 to 65535", quote(u.Port()))
	}
	if u.Scheme == "http" && n == 80 || u.Scheme == "https" && n == 443 {
		return "", nil
	}
	return ":" + strconv.FormatUint(n, 10), nil
}

// escape escapes every byte of a path or a query that may not stand in a URL.
// Escapes already there are left alone: %2F is not a slash.
func escape(raw string) string {
	var b strings.Builder
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>`{|}^", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
