package discord

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// exchange is what passes between a person and the bot in one interaction: at
// first nothing, or "is thinking", and then one message that is edited until the
// answer is whole.
type exchange struct {
	c      *Client
	i      *discordgo.Interaction
	first  first
	direct bool // in a direct message nothing is more private than all of it

	mu       sync.Mutex
	started  bool // Discord has a first answer
	opened   time.Time
	private  bool   // that one, or the message after it, is for one person's eyes
	message  string // what to edit; "" for the first answer
	whole    bool   // a reply that was not partial has gone out
	late     *chat.Refusal
	thinking bool // the first answer is still "is thinking"
}

// original is Discord's name for the message that the first answer made.
const original = "@original"

// errToken says that the time for an answer is over. The bot may still post in
// the channel.
var errToken = errors.New("discord: the interaction can no longer be answered")

// deferLater shows "is thinking" after the grace, unless there is an answer by
// then. The func that it gives ends that, and waits for it.
func (x *exchange) deferLater(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-time.After(grace):
			x.mu.Lock()
			defer x.mu.Unlock()
			if !x.started {
				x.begin(context.WithoutCancel(ctx), false)
			}
		case <-ctx.Done():
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

// begin shows "is thinking".
func (x *exchange) begin(ctx context.Context, private bool) {
	var data deferral
	if private {
		data.Flags = ephemeral
	}
	x.open(ctx, callback{discordgo.InteractionResponseDeferredChannelMessageWithSource, data}, private)
	x.thinking = x.late == nil
}

// open gives the first answer.
func (x *exchange) open(ctx context.Context, r callback, private bool) {
	err := x.first(ctx, r)
	x.started, x.private, x.opened = true, private, time.Now()
	if err == nil {
		return
	}
	x.c.acknowledged("giving a first answer", err)
	if code(err) != codeAlreadyAnswered { // then there is a message to edit
		x.late = &chat.Refusal{Trouble: chat.RootLost, Err: errors.Join(errToken, err)}
	}
}

// reply shows an answer, or as much of it as there is so far.
func (x *exchange) reply(ctx context.Context, r chat.Reply) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := Render(r.Message, r.Picture)
	private := (r.Private || x.private && r.Partial) && !x.direct
	if !x.started {
		if len(p.Files) == 0 {
			if private {
				p.Flags = ephemeral
			}
			x.open(ctx, callback{discordgo.InteractionResponseChannelMessageWithSource, p}, private)
			x.whole = x.late == nil && !r.Partial
			return x.lateness()
		}
		x.begin(ctx, private)
	}
	if x.late != nil {
		return x.late
	}
	err := x.show(ctx, p, private)
	if r.Partial && err != nil && !lost(err) {
		x.c.log.Warn("discord: a partial answer was not shown", "err", err)
		return nil // the next one replaces it
	}
	if lost(err) {
		x.late = &chat.Refusal{Trouble: chat.RootLost, Err: errors.Join(errToken, err)}
		return x.late
	}
	if err != nil {
		return err
	}
	x.thinking, x.whole = false, x.whole || !r.Partial
	return nil
}

// lateness is late as an error, nil where there is none.
func (x *exchange) lateness() error {
	if x.late == nil {
		return nil
	}
	return x.late
}

// lost reports whether an error says that the token is no longer good.
func lost(err error) bool {
	switch code(err) {
	case codeUnknownWebhook, codeUnknownInteraction, codeInvalidToken, codeUnknownMessage:
		return true
	}
	return false
}

// show edits the message of the answer. Who can see a message is fixed with the
// first answer, so an answer for other eyes is a message of its own.
func (x *exchange) show(ctx context.Context, p Payload, private bool) error {
	if private == x.private {
		message := x.message
		if message == "" {
			message = original
		}
		return x.call(ctx, "editing an answer", http.MethodPatch, "/messages/"+message, p, nil)
	}
	if x.thinking && x.message == "" {
		// A follow-up would take the place of "is thinking", in its visibility.
		if err := x.call(ctx, "taking \"is thinking\" away", http.MethodDelete, "/messages/"+original, Payload{}, nil); err != nil && code(err) != codeUnknownMessage {
			return err
		}
	}
	if private {
		p.Flags = ephemeral
	}
	var m struct {
		ID string `json:"id"`
	}
	if err := x.call(ctx, "answering", http.MethodPost, "", p, &m); err != nil {
		return err
	}
	if !snowflake(m.ID) {
		return &chat.Refusal{Trouble: chat.Unclear, Err: errors.New("discord: answering: the answer has no id")}
	}
	x.private, x.message = private, m.ID
	return nil
}

// patience is how long an answer waits for a rate limit; attempts how often.
const (
	patience = 5 * time.Second
	attempts = 4
	// early is how long after the first answer Discord may not know of it.
	early = time.Second
)

// call speaks to the webhook of the interaction. A short rate limit is waited
// for here, for no outbox does it.
func (x *exchange) call(ctx context.Context, what, method, path string, p Payload, out any) error {
	r := request{what: what, method: method, path: "webhooks/" + x.i.AppID + "/" + url.PathEscape(x.i.Token) + path, out: out, files: p.Files, free: true}
	if method != http.MethodDelete {
		r.body = p
	}
	for n := 1; ; n++ {
		err := x.c.do(ctx, r)
		wait, ok := x.again(err)
		if !ok || n == attempts {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// again says whether a call is worth another attempt, and when: after a short
// rate limit, and where Discord has not yet taken in the first answer, which
// travels back in the body of an HTTP interaction.
func (x *exchange) again(err error) (wait time.Duration, ok bool) {
	ref, _ := errors.AsType[*chat.Refusal](err)
	switch {
	case ref == nil:
		return 0, false
	case ref.Trouble == chat.RateLimited:
		return ref.RetryAfter, ref.RetryAfter <= patience
	}
	return early / 2, code(err) == codeUnknownWebhook && time.Since(x.opened) < early
}

// tell answers with a sentence for the person's eyes.
func (x *exchange) tell(ctx context.Context, say string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := x.reply(ctx, chat.Reply{Message: chat.Plain(say), Private: true}); err != nil {
		x.c.log.Warn("discord: telling a person that a command failed", "err", err)
	}
}

// finished reports whether the person has a whole answer, or can get none.
func (x *exchange) finished() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.whole || x.late != nil
}
