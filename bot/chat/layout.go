package chat

import (
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Columns is the width that notices are written for unless another is asked for.
const Columns = 80

// minColumns is the least width that text is wrapped to; below it a line of labels
// would leave no room.
const minColumns = 40

// labelColumns is the width of the column of labels.
const labelColumns = 10

// block is one paragraph of a notice. Its label stands in the first column, which
// is labelColumns wide unless it says otherwise; a block without one uses the
// whole width. A prefix stands before every line.
//
// The lines of a fixed block stand below its label as they are.
type block struct {
	label, text, prefix string
	column              int
	links               []string // addresses in text that are the bot's own
	fixed, caveat       bool
}

// layout sets blocks to at most width columns, one newline after each line.
func layout(blocks []block, width int) string {
	if width <= 0 {
		width = Columns
	}
	width = max(width, minColumns)
	var b strings.Builder
	for _, bl := range blocks {
		if bl.text == "" {
			continue
		}
		if bl.fixed {
			setFixed(&b, bl, width)
			continue
		}
		first, rest := bl.prefix, bl.prefix
		if bl.label != "" {
			column := bl.column
			if column == 0 {
				column = labelColumns
			}
			first = pad(bl.label, column)
			rest = strings.Repeat(" ", column)
		}
		for i, line := range wrapLinked(bl.text, width-display(rest), width, bl.links) {
			switch {
			case i == 0:
				b.WriteString(first)
			case !line.flush:
				b.WriteString(rest)
			}
			b.WriteString(plain(line.text))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// setFixed writes lines whose columns matter. One that is too long goes on in the
// next line, further in than it began.
func setFixed(b *strings.Builder, bl block, width int) {
	if bl.label != "" {
		b.WriteString(bl.label + "\n")
	}
	for line := range strings.SplitSeq(bl.text, "\n") {
		line = strings.TrimRight(line, " ")
		indent := min(len(line)-len(strings.TrimLeft(line, " "))+4, width/2)
		lead := ""
		for {
			head := cut(line, width-len(lead))
			if head == line {
				break
			}
			if i := strings.LastIndex(head, " "); i > indent-len(lead) {
				head = head[:i]
			}
			b.WriteString(lead + strings.TrimRight(head, " ") + "\n")
			lead, line = strings.Repeat(" ", indent), strings.TrimLeft(line[len(head):], " ")
		}
		b.WriteString(lead + line + "\n")
	}
}

// setLine is one line of a block; one that is flush begins in the first column.
type setLine struct {
	text  string
	flush bool
}

// wrapLinked is wrap for text with addresses. One that is too long for a line of the
// block but not for one of its own gets that, from the first column on: an address
// that is torn apart leads nowhere.
func wrapLinked(text string, width, whole int, links []string) []setLine {
	var lines []setLine
	var words []string
	flow := func() {
		if len(words) > 0 {
			for _, l := range wrap(strings.Join(words, " "), width) {
				lines = append(lines, setLine{text: l})
			}
		}
		words = nil
	}
	for word := range strings.SplitSeq(text, " ") {
		link, goesOn := strings.CutSuffix(word, strings.TrimSuffix(dot, " "))
		if n := len(link); n <= width || n > whole || len(lines)+len(words) == 0 || !slices.Contains(links, link) {
			words = append(words, word)
			continue
		}
		flow()
		lines = append(lines, setLine{text: link, flush: true})
		if goesOn {
			words = append(words, "·")
		}
	}
	flow()
	return lines
}

// wrap breaks text at spaces into lines of at most width columns. What is longer
// is broken where it was held together, or where it must be.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		switch {
		case line == "" && len(lines) == 0:
			line = word
		case display(line)+1+display(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
		for { // looking at no more than fits, or a very long word would take very long
			head := cut(line, width)
			if head == line {
				break
			}
			if i := strings.LastIndex(head, nbsp); i > 0 {
				lines = append(lines, head[:i])
				line = line[i+len(nbsp):]
				continue
			}
			lines = append(lines, head)
			line = line[len(head):]
		}
	}
	return append(lines, line)
}

// cut gives the longest start of s that fits width columns, at least one character.
func cut(s string, width int) string {
	n := 0
	for i, r := range s {
		n += runeColumns(r)
		if n > width && i > 0 {
			return s[:i]
		}
	}
	return s
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-display(s)))
}

// display measures columns; wide characters take two. The measure does not
// depend on the reader's locale, so that two runs give the same text.
func display(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	c := runewidth.Condition{StrictEmojiNeutral: true}
	return c.RuneWidth(r)
}
