package discord

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"isitdown/bot/chat"
)

// Send shows one thing: it is the client's [chat.Send].
//
// A reply goes into the thread of its root message, which is made when it is first
// needed. An announcement is shown in whole there, and in the channel by its
// headline, its quote and a link to the thread: Discord cannot show one message in
// both places, and a reply or a forward would need the permission to read what
// people write. Where a channel can have no threads, everything goes into the channel.
//
// Every new message carries a nonce made from the key, by which Discord dedupes for
// some minutes; so an attempt that is repeated soon posts nothing twice. A later
// one says "(repeat)".
func (c *Client) Send(ctx context.Context, o chat.Outgoing) (chat.Posted, error) {
	for _, id := range []string{o.Channel.ID, o.Edit, o.Thread} {
		if id != "" && !snowflake(id) {
			return chat.Posted{}, &chat.Refusal{Trouble: chat.ChannelLost, Err: fmt.Errorf("discord: %q is no id", id)}
		}
	}
	if o.Channel.Platform != Platform || o.Channel.ID == "" {
		return chat.Posted{}, &chat.Refusal{Trouble: chat.ChannelLost, Err: fmt.Errorf("discord: %s is no channel of Discord", o.Channel)}
	}
	id, err := c.send(ctx, o)
	if err != nil {
		return chat.Posted{}, err
	}
	return chat.Posted{Channel: o.Channel, ID: id}, nil
}

// nonceLife is for how long Discord dedupes for certain; it says "a few minutes".
const nonceLife = 2 * time.Minute

func (c *Client) send(ctx context.Context, o chat.Outgoing) (string, error) {
	if o.Repeat && o.Edit == "" && time.Since(o.Tried) > nonceLife {
		o.Message.Headline += " (repeat)"
	}
	p := Render(o.Message, o.Picture)
	if o.Short {
		p = Short(o.Message)
	}
	switch {
	case o.Edit != "":
		return c.edit(ctx, o, p)
	case o.Thread == "":
		return c.post(ctx, o.Channel.ID, nonce(o.Key), p, false)
	case !o.Announce:
		id, _, err := c.reply(ctx, o, p)
		return id, err
	}
	return c.announce(ctx, o, p)
}

// announce posts into the thread and then into the channel. A second attempt does
// not repeat the first half.
func (c *Client) announce(ctx context.Context, o chat.Outgoing, p Payload) (string, error) {
	id, said := c.told.get(o.Key)
	thread, known := c.threads.get(o.Thread)
	if !said || !known {
		var err error
		if id, thread, err = c.reply(ctx, o, p); err != nil {
			return "", err
		}
		if thread == "" { // it stands in the channel
			return id, nil
		}
		c.told.set(o.Key, id)
	}
	if _, err := c.post(ctx, o.Channel.ID, nonce(o.Key+"/channel"), Announcement(o.Message, thread), false); err != nil {
		return "", err
	}
	c.told.forget(o.Key)
	return id, nil
}

// reply posts into the thread of a root, and gives the thread; "" where the channel
// can have none, and the message stands in the channel.
func (c *Client) reply(ctx context.Context, o chat.Outgoing, p Payload) (id, thread string, err error) {
	thread, known := c.threads.get(o.Thread)
	for attempt := 0; ; attempt++ {
		if !known {
			if thread, err = c.createThread(ctx, o); err != nil {
				return "", "", err
			}
		}
		if thread == "" {
			id, err = c.post(ctx, o.Channel.ID, nonce(o.Key), p, false)
			return id, "", err
		}
		id, err = c.post(ctx, thread, nonce(o.Key), p, true)
		if code(err) != codeUnknownChannel {
			return id, thread, err
		}
		// Somebody deleted the thread. Discord may let us make it again; if not,
		// the incident goes on with a new root.
		c.threads.forget(o.Thread)
		if known = false; attempt > 0 {
			return "", "", &chat.Refusal{Trouble: chat.RootLost, Err: err}
		}
	}
}

// archiveAfter is how many minutes without a message put a thread away. A message
// brings it back.
const archiveAfter = 1440

// createThread makes the thread of a root message, or finds that there is one:
// it has the id of the message.
// https://discord.com/developers/docs/resources/channel#start-thread-from-message
func (c *Client) createThread(ctx context.Context, o chat.Outgoing) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	body := struct {
		Name string `json:"name"`
		Auto int    `json:"auto_archive_duration"`
	}{nameOf(o.Message), archiveAfter}
	err := c.do(ctx, request{
		what: "making a thread", method: http.MethodPost, thread: true,
		path: "channels/" + o.Channel.ID + "/messages/" + o.Thread + "/threads", body: body, out: &made,
	})
	switch code(err) {
	case codeThreadExists:
		made.ID, err = o.Thread, nil
	case codeWrongChannelType, codeTooManyThreads, codeTooManyNewsThreads:
		c.log.Info("discord: no thread here, so everything goes into the channel", "channel", o.Channel.String(), "why", err)
		made.ID, err = "", nil
	}
	if err != nil {
		return "", err
	}
	if made.ID != "" && !snowflake(made.ID) {
		return "", &chat.Refusal{Trouble: chat.Unclear, Err: errors.New("discord: making a thread: the answer has no id")}
	}
	c.threads.set(o.Thread, made.ID)
	return made.ID, nil
}

func (c *Client) post(ctx context.Context, channel, nonce string, p Payload, thread bool) (string, error) {
	p.Nonce, p.EnforceNonce = nonce, true
	var m struct {
		ID string `json:"id"`
	}
	err := c.do(ctx, request{
		what: "posting a message", method: http.MethodPost, path: "channels/" + channel + "/messages",
		body: p, files: p.Files, out: &m, thread: thread,
	})
	if err == nil && !snowflake(m.ID) {
		err = &chat.Refusal{Trouble: chat.Unclear, Err: errors.New("discord: posting a message: the answer has no id")}
	}
	return m.ID, err
}

func (c *Client) edit(ctx context.Context, o chat.Outgoing, p Payload) (string, error) {
	err := c.do(ctx, request{
		what: "editing a message", method: http.MethodPatch, path: "channels/" + o.Channel.ID + "/messages/" + o.Edit,
		body: p, files: p.Files,
	})
	return o.Edit, err
}

// nonce makes the nonce of a key. 25 characters of base64 are 150 bits of its hash.
func nonce(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:maxNonce]
}
