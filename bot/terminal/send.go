package terminal

import (
	"context"
	"strings"

	"isitdown/bot/chat"
)

// Send shows one message, as a [chat.Send]. A reply says to what, an edit is one line
// that begins with "updated:", for what a terminal has shown stays as it is, and of
// a picture the alt text is shown. The id it gives is the key of what was sent.
func (t *Terminal) Send(ctx context.Context, o chat.Outgoing) (chat.Posted, error) {
	if err := ctx.Err(); err != nil {
		return chat.Posted{}, &chat.Refusal{Trouble: chat.NotSent, Err: err}
	}
	posted := chat.Posted{Channel: o.Channel, ID: o.Key}
	if o.Edit != "" {
		posted.ID = o.Edit
	}
	if err := t.write(t.text(o) + "\n"); err != nil {
		return chat.Posted{}, &chat.Refusal{Trouble: chat.NotSent, Err: err}
	}
	return posted, nil
}

// text is everything that is shown of o.
func (t *Terminal) text(o chat.Outgoing) string {
	m := o.Message
	if o.Short {
		m = m.Short()
	}
	about, _, _ := strings.Cut(chat.Clean(m.Footer), " · ")
	if o.Edit != "" {
		line := chat.Message{Headline: "updated: " + strings.TrimPrefix(about+": ", ": ") + m.Headline}
		return line.Text(t.Width)
	}
	var b strings.Builder
	if o.Thread != "" {
		if about == "" {
			about = "an earlier notice"
		}
		b.WriteString("reply to " + about)
		if o.Repeat {
			b.WriteString(" (repeat)")
		}
		b.WriteString(":\n")
	} else if o.Repeat {
		b.WriteString("(repeat)\n")
	}
	b.WriteString(t.message(m, o.Picture))
	return b.String()
}

// message is m with what its buttons would do and what its picture shows.
func (t *Terminal) message(m chat.Message, picture *chat.Picture) string {
	text := m.Text(t.Width)
	if picture != nil {
		text += chat.Message{Headline: "Chart: " + picture.Alt}.Text(t.Width)
	}
	var lines []string
	for _, button := range m.Buttons {
		lines = append(lines, strings.TrimPrefix(button.Line, "outages "))
	}
	if len(lines) > 0 {
		text += chat.Message{Headline: "Type: " + strings.Join(lines, " · ")}.Text(t.Width)
	}
	return text
}
