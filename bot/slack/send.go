package slack

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// deliveryEvent names the metadata by which a message can be found again.
const deliveryEvent = "isitdown_delivery"

// maxFollowing is how many messages the rest of a long one may fill; more become a file.
const maxFollowing = 2

// Send shows one thing in a channel: it is the client's [chat.Send]. A picture, and what
// is too long for one message, follow in the thread; where they fail the message
// stands, and the operator is told. To edit twice is to edit once, so an edit is never marked
// as a repeat; it has no picture.
func (c *Client) Send(ctx context.Context, o chat.Outgoing) (chat.Posted, error) {
	token, err := c.tokens.of(ctx, o.Channel.Tenant)
	if err != nil {
		return chat.Posted{}, err
	}
	edit := o.Edit != ""
	pages, err := render(o.Message, form{short: o.Short, repeat: o.Repeat && !edit, edit: edit})
	if err != nil {
		return chat.Posted{}, &chat.Refusal{Trouble: chat.TooLong, Err: err}
	}
	sender := c.api(token)
	method, options := "chat.postMessage", postOptions(pages[0], o)
	if edit {
		method = "chat.update"
	}
	watched, a := watch(ctx)
	_, ts, _, err := sender.SendMessageContext(watched, o.Channel.ID, options...)
	if err != nil || ts == "" {
		if err == nil {
			err = fmt.Errorf("the answer names no message")
		}
		return chat.Posted{}, c.tokens.refused(ctx, o.Channel.Tenant, refuse(method, a, err))
	}
	posted := chat.Posted{Channel: o.Channel, ID: ts}
	if !edit {
		c.follow(ctx, sender, o, pages[1:], cmp.Or(o.Thread, ts))
	}
	return posted, nil
}

// postOptions are everything about a message. Its text is shown as it is (markup and
// links off), names in it are no mentions, and nothing is unfurled.
func postOptions(p page, o chat.Outgoing) []api.MsgOption {
	options := []api.MsgOption{
		api.MsgOptionText(p.text, false), // escaped by us
		api.MsgOptionDisableMarkdown(), api.MsgOptionParse(false), api.MsgOptionLinkNames(false),
		api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl(),
	}
	// An empty list takes away the blocks of a message that is edited.
	options = append(options, api.MsgOptionBlocks(p.blocks...))
	if o.Key != "" {
		options = append(options, api.MsgOptionMetadata(api.SlackMetadata{
			EventType: deliveryEvent, EventPayload: map[string]any{"key": o.Key},
		}))
	}
	switch {
	case o.Edit != "":
		options = append(options, api.MsgOptionUpdate(o.Edit))
	case o.Thread != "" && o.Announce:
		options = append(options, api.MsgOptionTS(o.Thread), api.MsgOptionBroadcast())
	case o.Thread != "":
		options = append(options, api.MsgOptionTS(o.Thread))
	}
	return options
}

// follow posts the rest of a message and its picture into a thread.
func (c *Client) follow(ctx context.Context, sender *api.Client, o chat.Outgoing, rest []page, thread string) {
	if len(rest) <= maxFollowing {
		for _, p := range rest {
			next := chat.Outgoing{Thread: thread}
			if _, _, _, err := sender.SendMessageContext(ctx, o.Channel.ID, postOptions(p, next)...); err != nil {
				c.log.Error("posting the rest of a message to Slack", "key", o.Key, "channel", o.Channel.String(), "err", quiet(err))
				break // in this order or not at all
			}
		}
	} else if err := c.uploadText(ctx, sender, o, thread); err != nil {
		c.log.Error("uploading the rest of a message to Slack", "key", o.Key, "channel", o.Channel.String(), "err", quiet(err))
	}
	if o.Picture == nil {
		return
	}
	if err := c.upload(ctx, sender, o.Channel.ID, thread, *o.Picture); err != nil {
		c.log.Warn("uploading a picture to Slack; the message has its facts", "key", o.Key, "channel", o.Channel.String(), "err", quiet(err))
	}
}

// upload puts a picture straight into a channel and its thread: one that is uploaded first and
// shown by a block of a message later is often refused. Only a picture may have alternative
// text: with one, other files are taken and never shown (slackapi/python-slack-sdk#1818).
func (c *Client) upload(ctx context.Context, sender *api.Client, channel, thread string, p chat.Picture) error {
	alt := clean(p.Alt, false)
	_, err := sender.UploadFileContext(ctx, api.UploadFileParameters{
		Filename: p.Name, Title: shorten(cmp.Or(alt, p.Name), maxHeader), AltTxt: shorten(cmp.Or(alt, p.Name), maxAlt),
		FileSize: len(p.PNG), Reader: bytes.NewReader(p.PNG),
		Channel: channel, ThreadTimestamp: thread,
	})
	if err != nil {
		return fmt.Errorf("uploading %s: %w", p.Name, quiet(err))
	}
	return nil
}

// uploadText puts a whole message into a thread as a file of text.
func (c *Client) uploadText(ctx context.Context, sender *api.Client, o chat.Outgoing, thread string) error {
	content := plainText(o.Message)
	_, err := sender.UploadFileContext(ctx, api.UploadFileParameters{
		Filename: "isitdown.txt", Title: shorten(clean(o.Message.Headline, false), maxHeader),
		FileSize: len(content), Content: content, SnippetType: "text",
		Channel: o.Channel.ID, ThreadTimestamp: thread,
	})
	if err != nil {
		return fmt.Errorf("uploading a text: %w", quiet(err))
	}
	return nil
}

// plainText writes everything that a message says.
func plainText(m chat.Message) string {
	lines := []string{clean(m.Headline, false)}
	for _, p := range m.Parts {
		if p.Fixed {
			lines = append(lines, clean(p.Label, false), cleanLines(p.Text))
			continue
		}
		lines = append(lines, labelled(p))
	}
	for _, n := range m.Notes {
		lines = append(lines, noteLine(n))
	}
	lines = append(lines, clean(m.Quote, false), clean(m.Footer, false))
	var b strings.Builder
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			b.WriteString(line + "\n\n")
		}
	}
	return b.String()
}
