package checks

import (
	"strings"
	"unicode"
)

// OneLine makes foreign text fit to be shown: one line of printable characters, the
// first so many of them, and "…" where there are more. What steers a terminal or turns
// the direction of writing counts as space; bytes that are no UTF-8 become U+FFFD.
func OneLine(text string, most int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			space = n > 0
			continue
		}
		if space && n < most {
			b.WriteByte(' ')
			n, space = n+1, false
		}
		if n >= most {
			return strings.TrimSuffix(b.String(), " ") + "…"
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
