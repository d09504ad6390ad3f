package discord

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// Payload is the JSON body of a message, as it is created, edited or given as
// the answer to an interaction, with the files that travel beside it.
type Payload struct {
	Content         string                       `json:"content"`
	Embeds          []*discordgo.MessageEmbed    `json:"embeds"`
	Components      []discordgo.MessageComponent `json:"components"`
	AllowedMentions Mentions                     `json:"allowed_mentions"`
	Attachments     []Attachment                 `json:"attachments"`
	Nonce           string                       `json:"nonce,omitempty"`
	EnforceNonce    bool                         `json:"enforce_nonce,omitempty"`
	Flags           int                          `json:"flags,omitempty"`

	Files []*discordgo.File `json:"-"`
}

// Mentions says who may be pinged: nobody.
type Mentions struct {
	Parse []string `json:"parse"`
}

// Attachment describes a file that is sent along; ID is its place among them.
type Attachment struct {
	ID          string `json:"id"`
	Filename    string `json:"filename"`
	Description string `json:"description,omitempty"` // the alt text
}

// colour stands beside the state word of the headline, which says the same; 0 is
// none.
func colour(t chat.Tone) int {
	switch t {
	case chat.ToneDown:
		return 0xd83a3a
	case chat.ToneDegraded:
		return 0xe08a1e
	case chat.ToneUp:
		return 0x2e9e5b
	case chat.ToneUnknown:
		return 0x7a8599
	}
	return 0
}

const (
	utcLayout   = "2 Jan 2006 15:04 UTC"
	textColumns = 100 // of the text file
)

// Render gives a message as Discord shows it. The headline is the content, since
// that is what a lock screen shows, and what a reader sees who has embeds turned
// off; the rest is in embeds with the colour of the tone. What does not fit goes
// into an attached text file that has the whole message, and the message says so.
func Render(m chat.Message, p *chat.Picture) Payload {
	out := newPayload()
	pg := page{colour: colour(m.Tone), reserve: min(length(m.Footer), maxFooter) + reserved}
	var long bool
	out.Content, long = shorten(escape(oneLine(m.Headline), false), maxContent)
	pg.left = long
	if long {
		pg.part(chat.Part{Text: m.Headline})
	}
	for _, part := range m.Parts {
		pg.part(part)
	}
	if line := stamps(m.Stamps); line != "" {
		pg.paragraph(line)
	}
	if m.Quote != "" {
		pg.paragraph("> " + escape(oneLine(m.Quote), true))
	}
	pg.notes(m.Notes)
	rows, rest := buttons(m.Buttons)
	for _, b := range rest {
		pg.paragraph(escape(oneLine(b.Label), false) + ": /" + escape(oneLine(b.Line), false))
	}
	out.Components = rows
	if p != nil && len(p.PNG) > 0 {
		out.attach(p.Name, "image/png", p.PNG, p.Alt)
	}
	if pg.footer(m.Footer); pg.left {
		pg.more()
		out.attach(fileName, "text/plain; charset=utf-8", []byte(text(m)), "The whole message as text")
	}
	out.Embeds = append(out.Embeds, pg.embeds...)
	return out
}

// Short gives the form that fits anywhere and needs no permission but to write:
// [chat.Message.Short] as plain content.
func Short(m chat.Message) Payload {
	out := newPayload()
	m = m.Short()
	lines := []string{escape(oneLine(m.Headline), false)}
	if m.Quote != "" {
		lines = append(lines, "> "+escape(oneLine(m.Quote), false))
	}
	for _, p := range m.Parts {
		lines = append(lines, escape(oneLine(p.Text), false))
	}
	if m.Footer != "" {
		lines = append(lines, escape(oneLine(m.Footer), false))
	}
	out.Content, _ = shorten(strings.Join(lines, "\n"), maxContent)
	return out
}

func newPayload() Payload {
	return Payload{
		Embeds: []*discordgo.MessageEmbed{}, Components: []discordgo.MessageComponent{},
		AllowedMentions: Mentions{Parse: []string{}}, Attachments: []Attachment{},
	}
}

// attach adds a file. Its name is made of letters that need no quoting.
func (p *Payload) attach(name, kind string, data []byte, alt string) {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && wordRune(r) || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, name)
	alt, _ = shorten(oneLine(alt), maxAltText)
	p.Attachments = append(p.Attachments, Attachment{ID: strconv.Itoa(len(p.Files)), Filename: name, Description: alt})
	p.Files = append(p.Files, &discordgo.File{Name: name, ContentType: kind, Reader: strings.NewReader(string(data))})
}

// stamps says the moments in UTC, and in each reader's own time.
func stamps(all []chat.Stamp) string {
	var parts []string
	for _, s := range all {
		at := s.At.UTC()
		parts = append(parts, fmt.Sprintf("%s %s (<t:%d:f> where you are)", escape(oneLine(s.Label), false), at.Format(utcLayout), at.Unix()))
	}
	if len(parts) == 0 {
		return ""
	}
	return "**Times** " + strings.Join(parts, " · ")
}

// buttons gives rows of buttons, and those that cannot be one: a line that is too
// long, one too many, or the same line twice, which Discord refuses.
func buttons(all []chat.Button) (rows []discordgo.MessageComponent, rest []chat.Button) {
	rows = []discordgo.MessageComponent{}
	seen := make(map[string]bool)
	var row []discordgo.MessageComponent
	for _, b := range all {
		label, _ := shorten(oneLine(b.Label), maxLabel)
		switch {
		case seen[b.Line]:
			continue
		case b.Line == "" || len(b.Line) > maxCustomID || len(seen) == maxRows*maxRowButtons:
			rest = append(rest, b)
			continue
		}
		seen[b.Line] = true
		row = append(row, discordgo.Button{Label: label, Style: discordgo.SecondaryButton, CustomID: b.Line})
		if len(row) == maxRowButtons {
			rows, row = append(rows, discordgo.ActionsRow{Components: row}), nil
		}
	}
	if len(row) > 0 {
		rows = append(rows, discordgo.ActionsRow{Components: row})
	}
	return rows, rest
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// text is the whole message as it goes into a file: nothing is escaped, for a
// file has no markup.
func text(m chat.Message) string {
	var b strings.Builder
	b.WriteString(m.Text(textColumns))
	for _, btn := range m.Buttons {
		fmt.Fprintf(&b, "%s: /%s\n", oneLine(btn.Label), oneLine(btn.Line))
	}
	return b.String()
}

// nameOf gives what a thread is called: the headline, shortened.
func nameOf(m chat.Message) string {
	for _, s := range []string{m.Headline, m.Footer, "isitdown"} {
		if name, _ := shorten(oneLine(s), maxThreadName); name != "" {
			return name
		}
	}
	return ""
}

// Announcement gives what the channel sees of a message that stands in whole in a
// thread: headline, quote, caveats, and the way there.
func Announcement(m chat.Message, thread string) Payload {
	out := newPayload()
	pg := page{colour: colour(m.Tone), reserve: reserved}
	out.Content, _ = shorten(escape(oneLine(m.Headline), false), maxContent)
	if m.Quote != "" {
		pg.paragraph("> " + escape(oneLine(m.Quote), true))
	}
	for _, part := range m.Parts {
		if part.Caveat {
			pg.part(part)
		}
	}
	pg.paragraph("Details in the thread: <#" + thread + ">")
	if footer, _ := shorten(m.Footer, maxFooter); footer != "" {
		pg.footer(footer)
	}
	out.Embeds = append(out.Embeds, pg.embeds...)
	return out
}
