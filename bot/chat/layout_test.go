package chat

import (
	"strings"
	"testing"
	"time"
)

// A very long word, as a URL or somebody's joke is, takes time in proportion to its length:
// a million characters take a moment and not a minute.
func TestLongWordsAreQuick(t *testing.T) {
	const length = 1_000_000
	for name, m := range map[string]Message{
		"a word":           {Headline: "x", Parts: []Part{{Text: strings.Repeat("a", length)}}},
		"held together":    {Headline: "x", Parts: []Part{{Text: strings.Repeat("9 of 9 prefixes ", length/16)}}},
		"columns":          {Headline: "x", Parts: []Part{{Text: "  " + strings.Repeat("a", length), Fixed: true}}},
		"columns of words": {Headline: "x", Parts: []Part{{Text: strings.Repeat("word ", length/5), Fixed: true}}},
		"wide":             {Headline: "x", Parts: []Part{{Text: strings.Repeat("語", length/3)}}},
		"of no width":      {Headline: "x", Parts: []Part{{Text: strings.Repeat("e"+strings.Repeat("\u0301", 99)+" ", length/200)}}},
		"a headline":       {Headline: strings.Repeat("a", length)},
		"a note":           {Headline: "x", Notes: []Note{{By: strings.Repeat("a", length), Text: strings.Repeat("b", length)}}},
	} {
		start := time.Now()
		text := m.Text(Columns)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %v for %d characters", name, took, len(text))
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
