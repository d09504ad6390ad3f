package chat

import (
	"regexp"
	"strings"
)

// Text writes the message as plain text of at most width columns (0 stands for
// Columns), every part of it, with no character that could do anything to a
// screen but show, wherever the message came from.
func (m Message) Text(width int) string {
	p := page{head: spaced(held(m.Headline)), notes: m.Notes, quote: held(m.Quote), footer: held(m.Footer)}
	for _, part := range m.Parts {
		b := block{label: shorten(part.Label, labelColumns-1), links: part.Links, fixed: part.Fixed}
		if b.text = held(part.Text); part.Fixed {
			b.label, b.text = clean(part.Label), cleanLines(part.Text)
		}
		p.body = append(p.body, b)
	}
	return layout(p.blocks(), width)
}

// Short gives the form that fits anywhere: headline, caveats, quote, footer, and
// how to get the rest.
func (m Message) Short() Message {
	s := Message{
		Tone: m.Tone, Headline: m.Headline, Quote: m.Quote, Footer: m.Footer, More: m.More, Stamps: m.Stamps, Buttons: m.Buttons,
	}
	for _, p := range m.Parts {
		if p.Caveat {
			s.Parts = append(s.Parts, p)
		}
	}
	rest := "This is the short form"
	if len(m.Notes) > 0 {
		rest += ", without " + count(len(m.Notes), "note by people", "notes by people")
	}
	rest += ": the whole was too long for this place."
	if m.More != "" && len(m.More) <= maxMore {
		rest += " All of it: /" + m.More
	}
	s.Parts = append(s.Parts, Part{Text: plain(rest)})
	return s
}

// maxMore is how long a command is that a short form still repeats, in bytes.
const maxMore = 400

// Plain gives a message of a headline and sentences. Either may hold foreign text.
// A headline that is too long for one stands below its beginning as a whole.
func Plain(headline string, sentences ...string) Message {
	m := Message{Headline: shorten(headline, MaxHeadline)}
	if whole := clean(headline); whole != m.Headline {
		m.Parts = []Part{{Text: whole}}
	}
	for _, s := range sentences {
		if s = clean(s); s != "" {
			m.Parts = append(m.Parts, Part{Text: s})
		}
	}
	return m
}

// Refused gives the answer to a command that was not understood or cannot be
// done; err is a sentence for a person, such as those of [ParseCommand].
func Refused(err error) Message {
	return Plain(ended(clean(err.Error())), "Every command with examples: /outages help")
}

// ended begins with a capital and ends as a sentence does.
func ended(s string) string {
	if strings.HasSuffix(s, "?") {
		return strings.TrimSuffix(sentence(s), ".")
	}
	return sentence(s)
}

// Clean makes foreign text safe to stand in a line of a message: without control
// characters, without characters that turn or hide text, in single spaces.
func Clean(s string) string { return clean(s) }

// cleanLines is clean for text whose lines and columns matter.
func cleanLines(s string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		var words []string
		for word := range strings.SplitSeq(text, " ") { // runs of spaces stay
			words = append(words, clean(word))
		}
		lines = append(lines, strings.TrimRight(strings.Repeat(" ", indent)+strings.Join(words, " "), " "))
	}
	return strings.Join(lines, "\n")
}

// together finds the spaces in a message that a line should not end at: before a
// unit, a month or a zone, and inside a duration.
var together = regexp.MustCompile(
	`(\d) ((?:of|UTC|s|min|h|days|prefix|prefixes|networks|addresses|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|%)` +
		`|(\d of|\d h) (\d)|(\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)) (\d)`)

// held cleans text of a message and holds together what belongs together, which
// a message that was stored no longer tells.
func held(s string) string {
	s = strings.ReplaceAll(clean(s), " · ", dot)
	for range 2 { // neighbours overlap: "9 of 40 prefixes"
		s = together.ReplaceAllString(s, "$1$3$5"+nbsp+"$2$4$6")
	}
	return s
}

// spaced sets a state word off from the rest of its headline, for plain text:
// "DOWN  North Korea" for "DOWN: North Korea".
func spaced(head string) string {
	word, rest, ok := strings.Cut(head, ": ")
	if !ok || word == "" || strings.ToUpper(word) != word || strings.ContainsFunc(word, notUpper) {
		return head
	}
	return word + nbsp + nbsp + rest
}

func notUpper(r rune) bool { return r < 'A' || r > 'Z' }

// NotesTitle stands above what people said, wherever it is shown.
const NotesTitle = "Notes by people, not by isitdown"

// maxAuthor is how many characters of a person's name are shown.
const maxAuthor = 40

// Line gives the note as one line: "22 Dec 2014 17:05 UTC · Ana (acknowledged): we
// see it too". Who said it and when stand before the words.
func (n Note) Line() string { return plain(n.line()) }

func (n Note) line() string {
	by := shorten(n.By, maxAuthor)
	if by == "" {
		by = "somebody"
	}
	if n.Ack {
		by += " (acknowledged)"
	}
	return joinNonEmpty(": ", joinNonEmpty(dot, dated(n.At), clean(n.Incident), by), clean(n.Text))
}

// noteBlocks sets the words of people apart from the bot's own.
func noteBlocks(notes []Note) []block {
	if len(notes) == 0 {
		return nil
	}
	blocks := []block{{text: NotesTitle + ":"}}
	for _, n := range notes {
		blocks = append(blocks, block{prefix: "  ", text: n.line()})
	}
	return blocks
}

// cleanNotes gives the notes with the foreign text in them cleaned. In a message
// about one incident they do not name it.
func cleanNotes(notes []Note, about string) []Note {
	var list []Note
	for _, n := range notes {
		if n.Incident == about {
			n.Incident = ""
		}
		n.At, n.By, n.Text, n.Incident = n.At.UTC(), shorten(n.By, maxAuthor), clean(n.Text), clean(n.Incident)
		list = append(list, n)
	}
	return list
}
