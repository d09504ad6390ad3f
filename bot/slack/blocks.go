package slack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// Slack's limits, https://docs.slack.dev/reference/block-kit/blocks.
const (
	maxBlocks  = 50
	maxHeader  = 150
	maxSection = 3000 // of one text
	maxContext = 10   // elements
	maxActions = 25   // buttons
	maxLabel   = 75   // of a button
	maxValue   = 2000 // of a button
	maxAlt     = 1000 // of an upload, https://docs.slack.dev/reference/methods/files.getUploadURLExternal
)

// The text of parts is in rich text, which Slack shows as it is: nothing in it is
// read as markup, so nothing in it has to be escaped.

func text(s string) api.RichTextSectionElement { return api.NewRichTextSectionTextElement(s, nil) }

func bold(s string) api.RichTextSectionElement {
	return api.NewRichTextSectionTextElement(s, &api.RichTextSectionTextStyle{Bold: true})
}

func section(e ...api.RichTextSectionElement) api.RichTextElement {
	return api.NewRichTextSection(e...)
}

func quote(s string) api.RichTextElement {
	return &api.RichTextQuote{Type: api.RTEQuote, Elements: []api.RichTextSectionElement{text(s)}}
}

func fixed(s string) api.RichTextElement {
	return &api.RichTextPreformatted{Type: api.RTEPreformatted, Elements: []api.RichTextSectionElement{text(s)}}
}

func rich(e ...api.RichTextElement) api.Block { return api.NewRichTextBlock("", e...) }

// headline shows the sentence that a reader sees first, as large as it may be.
func headline(s string) []api.Block {
	if units(s) <= maxHeader {
		return []api.Block{api.NewHeaderBlock(plain(s))}
	}
	var list []api.Block
	for _, p := range pieces(s, maxSection) {
		list = append(list, rich(section(bold(p))))
	}
	return list
}

func plain(s string) *api.TextBlockObject {
	off := false
	return &api.TextBlockObject{Type: api.PlainTextType, Text: s, Emoji: &off}
}

// part shows one paragraph, in several blocks where it is very long.
func part(p chat.Part) []api.Block {
	label, body := clean(p.Label, false), strings.Trim(p.Text, "\n")
	if p.Fixed {
		body = cleanLines(body)
	} else {
		body = clean(body, true)
	}
	var list []api.Block
	for i, piece := range pieces(body, maxSection-maxLabel) {
		named := label != "" && i == 0
		switch {
		case p.Fixed && named:
			list = append(list, rich(section(bold(shorten(label, maxLabel))), fixed(piece)))
		case p.Fixed:
			list = append(list, rich(fixed(piece)))
		case named:
			list = append(list, rich(section(append([]api.RichTextSectionElement{bold(shorten(label, maxLabel) + "  ")}, linked(piece, p.Links)...)...)))
		default:
			list = append(list, rich(section(linked(piece, p.Links)...)))
		}
	}
	return list
}

// linked shows text in which the addresses that the bot put there can be followed.
// They are shown in full: nothing hides where a link leads. Any other address is
// foreign text and stays text.
func linked(s string, links []string) []api.RichTextSectionElement {
	var list []api.RichTextSectionElement
	from := 0
	for at := 0; at < len(s); {
		end := at + strings.IndexByte(s[at:]+" ", ' ')
		if word := s[at:end]; slices.Contains(links, word) {
			if at > from {
				list = append(list, text(s[from:at]))
			}
			list = append(list, api.NewRichTextSectionLinkElement(word, word, nil))
			from = end
		}
		at = end + 1
	}
	if from < len(s) {
		list = append(list, text(s[from:]))
	}
	return list
}

// cleanLines is clean for text with columns: the spaces at the start of a line count.
func cleanLines(s string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		b.WriteString(line[:indent] + clean(line[indent:], false) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// note shows what a person said in a block of its own, with who said it and when.
func note(n chat.Note) []api.Block {
	by := shorten(clean(n.By, false), maxHeader)
	said := by + " said"
	if n.Ack {
		said = by + " has taken notice"
	}
	said += about(n)
	if !n.At.IsZero() {
		said += ", " + utc(n.At)
	}
	head := section(bold("A person's note  "), text(said))
	words := pieces(clean(n.Text, true), maxSection-2*maxHeader)
	if len(words) == 0 {
		return []api.Block{rich(head)}
	}
	list := []api.Block{rich(head, quote(words[0]))}
	for _, w := range words[1:] {
		list = append(list, rich(quote(w)))
	}
	return list
}

// about names what a note is about where the message has several incidents.
func about(n chat.Note) string {
	if id := shorten(clean(n.Incident, false), maxLabel); id != "" {
		return " of " + id
	}
	return ""
}

func quoted(s string) []api.Block {
	var list []api.Block
	for _, p := range pieces(clean(s, true), maxSection) {
		list = append(list, rich(quote(p)))
	}
	return list
}

// stamps show moments in each reader's own time, beside the one in UTC. This is the only
// markup there is, and all of it is ours.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
func stamps(list []chat.Stamp) []api.Block {
	var elements []api.MixedElement
	for _, s := range list {
		label := strings.TrimSpace(strings.Map(letters, clean(s.Label, false)))
		t := fmt.Sprintf("%s <!date^%d^{date_short_pretty} {time}|%s> (%s)",
			shorten(label, maxLabel), s.At.Unix(), utc(s.At), utc(s.At))
		elements = append(elements, &api.TextBlockObject{Type: api.MarkdownType, Text: strings.TrimSpace(t), Verbatim: true})
	}
	return contexts(elements)
}

// letters drops what could be markup in a label.
func letters(r rune) rune {
	if strings.ContainsRune("*_~`<>&|:#@", r) {
		return -1
	}
	return r
}

func contexts(elements []api.MixedElement) []api.Block {
	var list []api.Block
	for len(elements) > 0 {
		n := min(len(elements), maxContext)
		list = append(list, api.NewContextBlock("", elements[:n]...))
		elements = elements[n:]
	}
	return list
}

// aside is a small grey line.
func aside(s string) []api.Block {
	var list []api.Block
	for _, p := range pieces(s, maxSection) {
		list = append(list, api.NewContextBlock("", plain(p)))
	}
	return list
}

// footer shows the tone as a dot: the words in front have said the same.
func footer(tone chat.Tone, s string) []api.Block {
	dots := [...]string{"", "🔴", "🟠", "🟢", "⚪"}
	s = clean(s, false)
	if tone > 0 && int(tone) < len(dots) {
		s = strings.TrimSpace(dots[tone] + " " + s)
	}
	return aside(s)
}

// buttons give their line when they are pressed. One whose line is longer than Slack
// takes is shown as the command that it stands for.
func buttons(list []chat.Button) (blocks []api.Block) {
	var elements []api.BlockElement
	for i, b := range list {
		label := clean(b.Label, false)
		if label == "" || b.Line == "" {
			continue
		}
		if units(b.Line) > maxValue {
			blocks = append(blocks, aside(label+": /"+clean(b.Line, false))...)
			continue
		}
		id := "isitdown-" + strconv.Itoa(i+1)
		elements = append(elements, api.NewButtonBlockElement(id, b.Line, plain(shorten(label, maxLabel))))
	}
	for len(elements) > 0 {
		n := min(len(elements), maxActions)
		blocks = append(blocks, api.NewActionBlock("", elements[:n]...))
		elements = elements[n:]
	}
	return blocks
}

// utc writes a moment as it stands beside Slack's own: "2014-12-22 16:15 UTC".
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }
