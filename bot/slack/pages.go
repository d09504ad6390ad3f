package slack

import (
	"encoding/json"
	"fmt"
	"strings"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// Slack refuses a message near 13,200 characters of JSON, which it documents
// nowhere (msg_blocks_too_long). Text and blocks together stay below 10,000 bytes.
const (
	blockBudget = 7000
	textBudget  = 2400
	// tailBudget is what quote, footer and buttons may take of the first message;
	// what would take more becomes part of the body.
	tailBudget = 3000
)

// What ends a message whose rest is elsewhere.
const (
	continued = "Continued in the next message."
	elsewhere = "The rest is in the thread." // of an edit: the thread was told the whole
)

// form says how a message is to be shown.
type form struct {
	short  bool // as one text, without blocks
	repeat bool // it may have been shown already
	edit   bool // in the place of another, so on one page
}

// page is one message of Slack's.
type page struct {
	text   string
	blocks []api.Block
}

// Pages renders a message as what Slack is sent, {"text": ..., "blocks": [...]}.
// There is one page for nearly every message; what does not fit one follows in
// the next, in the same thread. The short form is a single text without blocks.
func Pages(m chat.Message, short bool) ([]json.RawMessage, error) {
	pages, err := render(m, form{short: short})
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	for _, p := range pages {
		b, err := json.Marshal(struct {
			Text   string      `json:"text"`
			Blocks []api.Block `json:"blocks,omitempty"`
		}{p.text, p.blocks})
		if err != nil {
			return nil, fmt.Errorf("encoding a message for Slack: %w", err)
		}
		list = append(list, b)
	}
	return list, nil
}

// render gives the pages of m; there is at least one, and none has an empty text.
func render(m chat.Message, f form) ([]page, error) {
	head := clean(m.Headline, false)
	if head == "" {
		head = "isitdown"
	}
	if f.repeat {
		head += " (repeat)"
	}
	if f.short {
		return []page{{text: shortText(head, m)}}, nil
	}
	top := headline(head)
	var body []api.Block
	body = append(body, top[1:]...)
	for _, p := range m.Parts {
		body = append(body, part(p)...)
	}
	tail := quoted(m.Quote)
	if len(m.Notes) > 0 { // or the quotation would read as the last person's words
		body, tail = append(body, tail...), nil
	}
	for _, n := range m.Notes {
		body = append(body, note(n)...)
	}
	tail = append(tail, stamps(m.Stamps)...)
	tail = append(tail, footer(m.Tone, m.Footer)...)
	tail = append(tail, buttons(m.Buttons)...)
	if n, err := size(tail); err != nil {
		return nil, err
	} else if n > tailBudget || len(tail) > maxBlocks/2 {
		body, tail = append(body, tail...), nil
	}
	more := continued
	if f.edit {
		more = elsewhere
	}
	if all := showsAll(m); all != "" {
		more += " " + all
	}
	pages, err := paginate(top[:1], body, tail, aside(more))
	if err != nil {
		return nil, err
	}
	pages[0].text = fallback(head, m)
	for i := range pages[1:] {
		pages[i+1].text = fmt.Sprintf("%s (continued, %d of %d)", escape(shorten(head, maxHeader)), i+2, len(pages))
	}
	return pages, nil
}

// paginate puts the body between top and tail, and what does not fit there on further
// pages; more says so.
func paginate(top, body, tail, more []api.Block) ([]page, error) {
	edges, err := size(top, tail, more)
	if err != nil {
		return nil, err
	}
	n, err := fill(body, blockBudget-edges, maxBlocks-len(top)-len(tail)-len(more))
	if err != nil {
		return nil, err
	}
	first := append(top[:len(top):len(top)], body[:n]...)
	rest := body[n:]
	if len(rest) > 0 {
		first = append(first, more...)
	}
	pages := []page{{blocks: append(first, tail...)}}
	for len(rest) > 0 {
		n, err := fill(rest, blockBudget, maxBlocks)
		if err != nil {
			return nil, err
		}
		n = max(n, 1) // one block is always below the budget of a page
		pages = append(pages, page{blocks: rest[:n]})
		rest = rest[n:]
	}
	return pages, nil
}

// fill counts how many of the first blocks fit so many bytes and places.
func fill(blocks []api.Block, bytes, places int) (int, error) {
	for i, b := range blocks {
		n, err := size([]api.Block{b})
		if err != nil {
			return 0, err
		}
		if bytes -= n; bytes < 0 || i >= places {
			return i, nil
		}
	}
	return len(blocks), nil
}

// size is how many bytes blocks take as JSON.
func size(lists ...[]api.Block) (int, error) {
	n := 0
	for _, list := range lists {
		for _, b := range list {
			enc, err := json.Marshal(b)
			if err != nil {
				return 0, fmt.Errorf("encoding a block for Slack: %w", err)
			}
			n += len(enc) + 1
		}
	}
	return n, nil
}

// fallback is what a lock screen and a screen reader get: the headline, then as many
// whole paragraphs as there is room for. It is markup to Slack, so it is escaped.
func fallback(head string, m chat.Message) string {
	lines := append([]string{shorten(head, maxSection/2)}, caveats(m)...)
	for _, p := range m.Parts {
		if !p.Fixed && !p.Caveat {
			lines = append(lines, labelled(p))
		}
	}
	for _, n := range m.Notes {
		lines = append(lines, noteLine(n))
	}
	lines = append(lines, clean(m.Quote, false), clean(m.Footer, false))
	return fit(lines, textBudget)
}

// shortText is the form that fits anywhere.
func shortText(head string, m chat.Message) string {
	lines := append([]string{shorten(head, maxSection/2)}, caveats(m)...)
	lines = append(lines, clean(m.Quote, false), clean(m.Footer, false), showsAll(m))
	return fit(lines, textBudget)
}

// showsAll names the command for all of it; nobody types one that is very long.
func showsAll(m chat.Message) string {
	line := clean(m.More, false)
	if line == "" || units(line) > maxHeader {
		return ""
	}
	return "/" + line + " shows all of it."
}

// caveats are what no form goes without.
func caveats(m chat.Message) []string {
	var list []string
	for _, p := range m.Parts {
		if p.Caveat {
			list = append(list, labelled(p))
		}
	}
	return list
}

func labelled(p chat.Part) string {
	line := clean(p.Text, false)
	if label := clean(p.Label, false); label != "" {
		line = label + ": " + line
	}
	return line
}

func noteLine(n chat.Note) string {
	verb := "said"
	if n.Ack {
		verb = "has taken notice"
	}
	line := clean(n.By, false) + " " + verb + about(n) + " at " + utc(n.At)
	if words := clean(n.Text, false); words != "" {
		line += ": “" + words + "”"
	}
	return line
}

// fit joins escaped lines as long as they take at most most bytes as JSON. The first is
// there in any case, if need be without its end.
func fit(lines []string, most int) string {
	first := escape(lines[0])
	for n := maxSection / 2; costOf(first) > most && n > 0; n /= 2 {
		first = escape(shorten(lines[0], n))
	}
	var b strings.Builder
	b.WriteString(first)
	left := most - costOf(first)
	for _, line := range lines[1:] {
		line = escape(line)
		if n := costOf("\n" + line); line != "" && n <= left {
			b.WriteString("\n" + line)
			left -= n
		}
	}
	return b.String()
}
