package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// An address to reply to works five times, for 30 minutes.
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
const (
	maxReplies    = 5
	keptForWhole  = 3 // of them, for the answer after the partial ones
	replyDeadline = 29 * time.Minute
)

// answer is where the replies to one request go.
type answer struct {
	c       *Client
	url     string // to reply to
	request chat.Request
	thread  string // whose button it was; "" for none
	home    bool   // the button was one of App Home
	// replaces: what only the asker sees is replaced by the next. A button's message
	// must not be: it is everybody's.
	replaces bool

	mu       sync.Mutex
	began    time.Time
	used     int
	progress bool // there is something to replace
}

// reply shows one reply.
func (a *answer) reply(ctx context.Context, r chat.Reply) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.began.IsZero() {
		a.began = time.Now()
	}
	private := r.Private || r.Partial || a.request.Private
	switch {
	case a.home:
		if r.Partial {
			return nil
		}
		return a.c.publish(ctx, a.request, r.Message)
	case r.Partial && (!a.replaces || a.used+1+keptForWhole > maxReplies):
		return nil // the whole is to come
	case private:
		return a.whisper(ctx, r)
	}
	return a.speak(ctx, r)
}

// whisper shows a reply to whoever asked.
func (a *answer) whisper(ctx context.Context, r chat.Reply) error {
	pages, err := render(r.Message, form{})
	if err != nil {
		return err
	}
	for _, p := range pages {
		err := a.respond(ctx, response{Type: "ephemeral", page: p, Replace: a.progress})
		if err != nil {
			err = a.ephemeral(ctx, p, err)
		}
		if err != nil {
			return err
		}
		a.progress = r.Partial
	}
	return nil
}

// speak shows a reply to the channel. What belongs to a thread, has a picture or is long is
// posted by the bot itself where it may; the address to reply to works everywhere.
func (a *answer) speak(ctx context.Context, r chat.Reply) error {
	pages, err := render(r.Message, form{})
	if err != nil {
		return err
	}
	if a.thread != "" || r.Picture != nil || len(pages) > 1 {
		_, err := a.c.Send(ctx, chat.Outgoing{
			Channel: a.request.Channel, Thread: a.thread, Message: r.Message, Picture: r.Picture,
		})
		if err == nil {
			return a.finish(ctx)
		}
		if refusal, ok := errors.AsType[*chat.Refusal](err); !ok || refusal.Trouble == chat.Unclear {
			return err // it may be there: not again by another way
		}
		a.c.log.Debug("a reply goes the other way", "channel", a.request.Channel.String(), "err", err)
	}
	for _, p := range pages {
		err := a.respond(ctx, response{Type: "in_channel", page: p, Thread: a.thread})
		if refusal, ok := errors.AsType[*chat.Refusal](err); ok && refusal.Trouble != chat.Unclear {
			_, err = a.c.post(ctx, a.request.Channel, a.thread, p)
		}
		if err != nil {
			return err
		}
	}
	return a.finish(ctx)
}

// finish takes away the word that the request is being worked on.
func (a *answer) finish(ctx context.Context) error {
	if !a.progress {
		return nil
	}
	a.progress = false
	if err := a.respond(ctx, response{Delete: true}); err != nil {
		a.c.log.Debug("taking away a message to the asker", "channel", a.request.Channel.String(), "err", err)
	}
	return nil
}

// response is what Slack takes at an address to reply to.
type response struct {
	page
	Type            string
	Thread          string
	Replace, Delete bool
}

// MarshalJSON writes what Slack reads.
func (r response) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type    string      `json:"response_type,omitempty"`
		Text    string      `json:"text,omitempty"`
		Blocks  []api.Block `json:"blocks,omitempty"`
		Thread  string      `json:"thread_ts,omitempty"`
		Mrkdwn  bool        `json:"mrkdwn"`
		Parse   string      `json:"parse,omitempty"`
		Links   bool        `json:"unfurl_links"`
		Media   bool        `json:"unfurl_media"`
		Replace bool        `json:"replace_original"`
		Delete  bool        `json:"delete_original,omitempty"`
	}{r.Type, r.text, r.blocks, r.Thread, false, "none", false, false, r.Replace, r.Delete})
}

// respond posts to the address to reply to. Its error is a refusal.
func (a *answer) respond(ctx context.Context, r response) error {
	if err := a.c.mayReplyTo(a.url); err != nil {
		return &chat.Refusal{Trouble: chat.NotSent, Err: err}
	}
	if a.used >= maxReplies || time.Since(a.began) > replyDeadline {
		return &chat.Refusal{Trouble: chat.NotSent, Err: errors.New("the address to reply to is used up")}
	}
	a.used++
	body, err := json.Marshal(r)
	if err != nil {
		return &chat.Refusal{Trouble: chat.TooLong, Err: fmt.Errorf("encoding a reply: %w", err)}
	}
	watched, at := watch(ctx)
	req, err := http.NewRequestWithContext(watched, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return &chat.Refusal{Trouble: chat.NotSent, Err: errors.New("the address to reply to is none")}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	h := *a.c.http
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := h.Do(req)
	if err != nil {
		return refuse("response_url", at, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case resp.StatusCode != http.StatusOK:
		return refuse("response_url", at, fmt.Errorf("HTTP %d", resp.StatusCode))
	case err != nil:
		return refuse("response_url", at, err)
	}
	// "ok", {"ok":true}, or {"ok":false,"error":"used_url"}.
	var no api.SlackResponse
	if json.Unmarshal(answer, &no) == nil && !no.Ok && no.Error != "" {
		return refuse("response_url", at, no.Err())
	}
	return nil
}

// mayReplyTo refuses addresses that are not Slack's own: what is replied is not for others.
// Its error does not quote the address, which is as good as a password.
func (c *Client) mayReplyTo(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Host == "" {
		return errors.New("there is no address to reply to")
	}
	if u.Scheme == "https" && (u.Host == "hooks.slack.com" || u.Host == "hooks.slack-gov.com") {
		return nil
	}
	ours, err := url.Parse(c.o.APIURL)
	if err == nil && c.o.APIURL != api.APIURL && u.Scheme == ours.Scheme && strings.EqualFold(u.Host, ours.Host) {
		return nil // what stands in for Slack as a whole
	}
	return errors.New("the address to reply to is not Slack's")
}

// ephemeral shows a page to whoever asked in the other way there is. why is what the
// first way came to.
func (a *answer) ephemeral(ctx context.Context, p page, why error) error {
	token, err := a.c.tokens.of(ctx, a.request.Channel.Tenant)
	if err != nil {
		return errors.Join(why, err)
	}
	options := append(postOptions(p, chat.Outgoing{}), api.MsgOptionPostEphemeral(a.request.Person.ID))
	watched, at := watch(ctx)
	if _, _, _, err := a.c.api(token).SendMessageContext(watched, a.request.Channel.ID, options...); err != nil {
		return errors.Join(why, refuse("chat.postEphemeral", at, err))
	}
	return nil
}

// post shows one page in a channel. Its error is a refusal.
func (c *Client) post(ctx context.Context, channel chat.Channel, thread string, p page) (string, error) {
	token, err := c.tokens.of(ctx, channel.Tenant)
	if err != nil {
		return "", err
	}
	watched, at := watch(ctx)
	_, ts, _, err := c.api(token).SendMessageContext(watched, channel.ID, postOptions(p, chat.Outgoing{Thread: thread})...)
	if err != nil {
		return "", c.tokens.refused(ctx, channel.Tenant, refuse("chat.postMessage", at, err))
	}
	return ts, nil
}
