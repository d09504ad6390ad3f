package registry

import (
	"errors"
	"strings"
	"testing"

	"isitdown/checks"
)

// endless repeats a text for ever.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		k := copy(b[n:], e.text[e.at:])
		n += k
		e.at = (e.at + k) % len(e.text)
	}
	return n, nil
}

// TestEndless: a few kilobytes of gzip can hold gigabytes. Whatever they repeat,
// reading ends.
func TestEndless(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"lines that cannot be read", "a|b\n", "line 1: 2 fields"},
		{"headers", "2|apnic|20141221|1|19830101|20141221|+0000\n", "reading stopped"},
		{"names", "1 " + strings.Repeat("x", 30_000) + "\n", "MiB"},
		{"no names", "1 LVLT-1, US\nx\n", "without a name"},
		{"overrides", "add KP AS64500 2014-12-31 \"x\"\n", "overrides"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l Loader
			err := l.Add("endless", &endless{text: tt.text})
			text := ""
			if err != nil {
				text = err.Error()
			}
			for _, li := range l.lists {
				text += li.cut
			}
			if !strings.Contains(text, tt.want) {
				t.Errorf("reading it ended with %.200q, want something about %q", text, tt.want)
			}
		})
	}
}

// TestAllNumbersOfOneCountry: a country that claims all AS numbers must not take
// gigabytes.
func TestAllNumbersOfOneCountry(t *testing.T) {
	var b strings.Builder
	b.WriteString("2|apnic|20141221|1|19830101|20141221|+0000\n")
	for _, start := range []string{"1", "131073", "262145", "393217", "524289", "655361", "786433", "917505", "1048577"} {
		b.WriteString("apnic|KP|asn|" + start + "|131072|20100101|allocated\n")
	}
	var l Loader
	if err := l.Add("list", strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	r, err := l.Registry()
	if err != nil {
		t.Fatal(err)
	}
	fp, err := r.Footprint(checks.Country("KP"))
	if _, missing := errors.AsType[*NotRegisteredError](err); missing || err != nil {
		t.Fatal(err)
	}
	if got := len(fp.Origins); got != maxNetworks {
		t.Errorf("%d AS numbers, want %d", got, maxNetworks)
	}
	if !strings.Contains(strings.Join(fp.Notes, "\n"), "they are damaged") {
		t.Errorf("the notes %q do not say that numbers were left out", fp.Notes)
	}
}
