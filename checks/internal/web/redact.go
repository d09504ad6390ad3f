package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"isitdown/checks"
)

const (
	hidden = "(secret)"
	// shortestSecret is the fewest bytes that are taken out of a text: anything
	// shorter would be found where it is none.
	shortestSecret = 6
	// longestURL bounds an address in an error, in characters.
	longestURL = 200
)

// redactor takes secrets out of texts.
type redactor struct{ secrets []string }

func newRedactor(secrets []string, h http.Header) redactor {
	all := slices.Clone(secrets)
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Key", "X-Auth-Token"} {
		for _, value := range h.Values(name) {
			all = append(all, value)
			if _, token, ok := strings.Cut(value, " "); ok {
				all = append(all, token)
			}
		}
	}
	var r redactor
	for _, s := range all {
		if len(s) < shortestSecret {
			continue
		}
		quoted := strconv.Quote(s)
		r.secrets = append(r.secrets, s, quoted[1:len(quoted)-1], url.QueryEscape(s), url.PathEscape(s))
	}
	// The longest first: one secret may be part of another.
	slices.SortFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
	r.secrets = slices.Compact(r.secrets)
	return r
}

// text gives s without the secrets.
func (r redactor) text(s string) string {
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, hidden)
	}
	return s
}

// url gives an address as an error shows it: without user, fragment, and the
// values of parameters that are, by their names, secrets.
func (r redactor) url(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	var b strings.Builder
	b.WriteString(u.Scheme + "://" + u.Host + u.EscapedPath())
	separator := byte('?')
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if secretName(name) {
			value = hidden
		}
		b.WriteByte(separator)
		b.WriteString(name + "=" + value)
		separator = '&'
	}
	return checks.OneLine(r.text(b.String()), longestURL)
}

// secretName tells the names of parameters whose values are not shown.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"token", "key", "secret", "pass", "auth", "sig", "credential", "session"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// quote gives foreign text as it stands in a sentence.
func quote(s string) string { return strconv.Quote(checks.OneLine(s, 120)) }
