package chat

import (
	"fmt"
	"strings"
	"testing"
)

// longTexts are messages with one text of so many bytes: a URL, or somebody's joke.
func longTexts(length int) map[string]Message {
	return map[string]Message{
		"a word":           {Headline: "x", Parts: []Part{{Text: strings.Repeat("a", length)}}},
		"held together":    {Headline: "x", Parts: []Part{{Text: strings.Repeat("9 of 9 prefixes ", length/16)}}},
		"columns":          {Headline: "x", Parts: []Part{{Text: "  " + strings.Repeat("a", length), Fixed: true}}},
		"columns of words": {Headline: "x", Parts: []Part{{Text: strings.Repeat("word ", length/5), Fixed: true}}},
		"wide":             {Headline: "x", Parts: []Part{{Text: strings.Repeat("語", length/3)}}},
		"of no width":      {Headline: "x", Parts: []Part{{Text: strings.Repeat("e"+strings.Repeat("\u0301", 99)+" ", length/200)}}},
		"a headline":       {Headline: strings.Repeat("a", length)},
		"a note":           {Headline: "x", Notes: []Note{{By: strings.Repeat("a", length), Text: strings.Repeat("b", length)}}},
	}
}

// Of a text of any length nothing is lost, but for the places where lines break.
func TestLongWords(t *testing.T) {
	letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
	for name, m := range longTexts(20_000) {
		got := letters(m.Text(Columns))
		var want strings.Builder
		want.WriteString(letters(m.Headline))
		for _, p := range m.Parts {
			want.WriteString(letters(p.Text))
		}
		if name == "a note" { // it has a title, a time and a name before it
			if n := strings.Count(got, "b"); n < 20_000 {
				t.Errorf("%s: %d characters of 20,000 are left", name, n)
			}
			continue
		}
		if got != want.String() {
			t.Errorf("%s: %d characters of %d are left, or they are others", name, len(got), len(want.String()))
		}
	}
}

// A very long word takes time in proportion to its length: ten times the bytes, ten
// times the time.
func BenchmarkLongWords(b *testing.B) {
	for _, length := range []int{100_000, 1_000_000} {
		for name, m := range longTexts(length) {
			b.Run(fmt.Sprint(name, "/", length), func(b *testing.B) {
				for b.Loop() {
					m.Text(Columns)
				}
			})
		}
	}
}

// What is too long for its columns goes on further in, and nothing of it is lost.
func TestFixedGoesOn(t *testing.T) {
	got := Message{Headline: "x", Parts: []Part{{Fixed: true, Text: "  time   " + strings.Repeat("a", 50) + " end\n" + strings.Repeat("b", 90)}}}.Text(40)
	want := "x\n" +
		"  time\n" +
		"      " + strings.Repeat("a", 34) + "\n" +
		"      " + strings.Repeat("a", 16) + " end\n" +
		strings.Repeat("b", 40) + "\n" +
		"    " + strings.Repeat("b", 36) + "\n" +
		"    " + strings.Repeat("b", 14) + "\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
