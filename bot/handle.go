package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// refusal is a no, as a sentence for whoever asked.
type refusal string

func (r refusal) Error() string { return string(r) }

// refusef makes one. What is foreign in it is cleaned where it is shown.
func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// claimFor is how long a request is remembered: longer than any platform goes on
// delivering it.
const claimFor = 24 * time.Hour

// request is a chat.Request on its way through.
type request struct {
	chat.Request
	command chat.Command
	now     time.Time // of the data
	partial func(text string) error
}

// Handle answers a request: it is the bot's [chat.Handle]. The error is for the
// operator; whoever asked was told in any case, as far as they can be reached.
func (b *Bot) Handle(ctx context.Context, r chat.Request, reply func(chat.Reply) error) error {
	fresh, err := b.claim(&r)
	if err != nil {
		return errors.Join(fmt.Errorf("handling a request of %s: %w", r.Channel, err), reply(failure()))
	}
	if !fresh {
		return nil
	}
	q := request{Request: r, now: b.c.Now(), partial: func(text string) error {
		return reply(chat.Reply{Message: chat.Plain(text), Partial: true})
	}}
	answer, err := b.answer(ctx, &q)
	var no refusal
	switch {
	case errors.As(err, &no):
		answer, err = chat.Reply{Message: chat.Refused(no), Private: true}, nil
	case err != nil:
		answer = failure()
		err = fmt.Errorf("handling a request of %s: %w", r.Channel, err)
	}
	if failed := reply(answer); failed != nil {
		err = errors.Join(err, b.replyLater(&q, answer, failed))
	}
	return err
}

// failure is what a person hears of an error that is for the operator.
func failure() chat.Reply {
	return chat.Reply{Private: true, Message: chat.Plain(
		"This could not be done because of an error here", "The operator finds it in the log. Try again in a minute.")}
}

// claim reports whether a request is to be handled: not twice.
func (b *Bot) claim(r *chat.Request) (fresh bool, err error) {
	if r.ID == "" {
		return true, nil
	}
	id := strconv.Quote(r.Channel.Platform + "/" + r.ID) // no control characters in a key
	if len(id) > 500 {
		return false, fmt.Errorf("the id of a request of %s is %d bytes long", r.Channel, len(r.ID))
	}
	err = b.c.Store.Update(func(tx *Tx) error {
		now := time.Now()
		fresh, err = tx.Claim(id, now, now.Add(claimFor))
		return err
	})
	return fresh, err
}

// replyLater takes an answer that could not be given, because asking it took
// longer than the platform waits, to the channel, if it is for all to see and
// the channel knows the bot.
func (b *Bot) replyLater(r *request, a chat.Reply, failed error) error {
	no, ok := errors.AsType[*chat.Refusal](failed)
	if !ok || no.Trouble == chat.Unclear || a.Private || r.Private || r.ID == "" {
		return fmt.Errorf("answering in %s: %w", r.Channel, failed)
	}
	m := a.Message
	m.Parts = append(m.Parts, chat.Part{Text: "This answers a command that was given earlier: /" + chat.Clean(r.Line)})
	err := b.c.Store.Update(func(tx *Tx) error {
		subs, err := tx.Subscriptions(r.Channel)
		if err != nil {
			return err
		}
		if len(subs) == 0 || subs[0].Suspended != "" {
			return fmt.Errorf("answering in %s: %w", r.Channel, failed)
		}
		_, err = tx.Enqueue(Delivery{
			Key:     r.Channel.String() + "/answer/" + strconv.Quote(r.ID) + "/" + Plain.String(),
			Channel: r.Channel, Op: Plain, Message: m, Observed: r.now,
		})
		return err
	})
	return err
}

// answer says what there is to say to a request.
func (b *Bot) answer(ctx context.Context, r *request) (chat.Reply, error) {
	if who := r.Person.ID; who != "" && !b.rates.allow(r.Channel.Platform+"/"+r.Channel.Tenant+"/"+who, b.c.Limits.PerMinute, time.Now()) {
		return chat.Reply{}, refusef("that was more than %d requests in a minute: wait until the next one, and ask again", b.c.Limits.PerMinute)
	}
	if c, ok := chat.ParseChannel(r.Channel.String()); !ok || c != r.Channel {
		return chat.Reply{}, fmt.Errorf("a request from %q, which is no channel", r.Channel)
	}
	var err error
	if r.command, err = chat.ParseCommand(r.Line, r.now); err != nil {
		return chat.Reply{}, refusal(err.Error())
	}
	if err := b.allowed(r); err != nil {
		return chat.Reply{}, err
	}
	return b.do(ctx, r)
}

// allowed reports why a person may not do what they ask; nil if they may.
func (b *Bot) allowed(r *request) error {
	manages, speaks := false, false
	switch r.command.Verb {
	case chat.Subscribe, chat.Unsubscribe, chat.Mute, chat.Unmute, chat.DigestDaily, chat.DigestWeekly, chat.DigestOff:
		manages = true
	case chat.Acknowledge, chat.Annotate:
		speaks = true
	}
	switch {
	case (manages || speaks) && r.Person.Guest:
		return refusef("guests can ask, but cannot change what this channel gets or add to it: ask a member to do it")
	case manages && b.c.AdminsOnly && !r.Person.Admin:
		return refusef("only those who may manage this channel can change what it gets: ask one of them")
	}
	return nil
}

// do hands the command to what it is about.
func (b *Bot) do(ctx context.Context, r *request) (chat.Reply, error) {
	switch r.command.Verb {
	case chat.Check:
		return b.check(ctx, r)
	case chat.Subscribe:
		return b.subscribe(ctx, r)
	case chat.Unsubscribe:
		return b.unsubscribe(r)
	case chat.List:
		return b.list(ctx, r)
	case chat.Mute:
		return b.mute(r)
	case chat.Unmute:
		return b.unmute(r)
	case chat.Acknowledge, chat.Annotate:
		return b.annotate(r)
	case chat.DigestDaily, chat.DigestWeekly:
		return b.planDigest(ctx, r)
	case chat.DigestOff:
		return b.endDigest(r)
	case chat.Now:
		return b.current(r)
	case chat.Why, chat.Details:
		return b.account(r)
	case chat.ShowTimeline:
		return b.history(r)
	case chat.Help:
		return chat.Reply{Message: chat.HelpOn(r.command.Text), Private: true}, nil
	}
	return chat.Reply{}, fmt.Errorf("a command of an unknown kind: %d", r.command.Verb)
}

// target finds out what was typed for a target: a name, or the ID of an incident.
func (b *Bot) target(tx *Tx, c chat.Channel, typed string) (checks.Target, error) {
	i, ok, err := findIncident(tx, typed)
	if ok && err == nil {
		ok, err = knows(tx, c, &i)
	}
	if err != nil {
		return checks.Target{}, err
	}
	if ok {
		return i.Target, nil
	}
	return b.resolve(typed)
}

// resolve reads a target as people write it.
func (b *Bot) resolve(typed string) (checks.Target, error) {
	if strings.EqualFold(strings.TrimSpace(typed), checks.Worldwide().String()) {
		return checks.Worldwide(), nil
	}
	t, err := b.c.Resolve(typed)
	if err != nil {
		return checks.Target{}, refusal(err.Error())
	}
	return t, nil
}

// ready asks the platform whether the channel can be posted to; whoever asked
// hears what to do about it.
func (r *request) ready(ctx context.Context) error {
	if r.Ready == nil {
		return nil
	}
	err := r.Ready(ctx)
	if err == nil {
		return nil
	}
	no, ok := errors.AsType[*chat.Refusal](err)
	switch {
	case ok && no.Say != "":
		return refusal(no.Say)
	case ok && no.Trouble == chat.Forbidden, ok && no.Trouble == chat.ChannelLost:
		return refusef("isitdown cannot post in this channel: let it in, and run this again")
	}
	return fmt.Errorf("asking whether %s can be posted to: %w", r.Channel, err)
}

// audit notes who changed what.
func (r *request) audit(tx *Tx, format string, args ...any) error {
	return tx.AppendAudit(Audit{At: time.Now(), Channel: r.Channel, By: r.Person, What: fmt.Sprintf(format, args...)})
}

// by names whoever asked, as others are to read it.
func (r *request) by() string {
	return cmp.Or(chat.Clean(r.Person.Name), chat.Clean(r.Person.ID), "somebody")
}

// change writes what a command changes and tells whatever follows from it.
func (b *Bot) change(w *work) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		b.changed.Store(true)
		select {
		case b.nudge <- struct{}{}:
		default:
		}
	}()
	return b.commit(w)
}
