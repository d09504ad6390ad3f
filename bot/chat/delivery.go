package chat

import (
	"context"
	"time"
)

// Outgoing is one thing to show in a channel: one call of a platform.
type Outgoing struct {
	Channel Channel
	// Edit is the id of the message to change; "" posts a new one.
	Edit string
	// Thread is the id of the root message whose thread a new message goes to; ""
	// for the channel itself.
	Thread string
	// Announce: a message of a thread that is also visible in the channel.
	Announce bool
	// Key is the same for every attempt at the same message. A platform that can
	// dedupe does so by it.
	Key string
	// Repeat: the message may have been posted already. A platform that cannot
	// dedupe marks it "(repeat)".
	Repeat bool
	// Tried is when the first attempt that may have been shown was made; zero
	// unless Repeat. A platform that dedupes only for minutes marks a later one too.
	Tried time.Time
	// Short asks for the form that fits anywhere: headline, quote and footer.
	Short   bool
	Message Message
	Picture *Picture
}

// Posted is where a message has come to be.
type Posted struct {
	Channel Channel
	ID      string // Slack's ts, Discord's message id
}

// Send shows one thing on a platform. It makes one attempt, keeps to the
// context, and never sleeps to wait for a rate limit. Any error that it returns
// is a *Refusal or wraps one; an error that is not one is treated as Unclear.
type Send func(ctx context.Context, o Outgoing) (Posted, error)

// Trouble says what a failed call means for whoever has to deliver.
type Trouble int

// The kinds of trouble.
const (
	// Unclear: the message may or may not have been shown (a timeout, a 5xx
	// after the request was sent).
	Unclear Trouble = iota
	// NotSent: it was certainly not shown; trying again later may help (no
	// connection, a 5xx or a body of HTML before the request was taken).
	NotSent
	// RateLimited: not shown; RetryAfter says when to try again.
	RateLimited
	// ChannelLost: the channel is archived, deleted or unknown.
	ChannelLost
	// Forbidden: the bot may not post there; Say tells which permission is missing.
	Forbidden
	// TenantLost: the token is revoked, or the bot was removed.
	TenantLost
	// TooLong: the platform finds the message too large or malformed; the short form is next.
	TooLong
	// RootLost: the message to edit, or the root of the thread, is deleted.
	RootLost
	// EditsSpent: the message can no longer be edited as often as this (Discord 30046).
	EditsSpent
)

// String gives the word used in logs and metrics: "rate_limited".
func (t Trouble) String() string {
	return [...]string{
		"unclear", "not_sent", "rate_limited", "channel_lost", "forbidden", "tenant_lost", "too_long", "root_lost", "edits_spent",
	}[t]
}

// Refusal is a platform's no, in terms that do not depend on the platform.
type Refusal struct {
	Trouble Trouble
	// RetryAfter is how long the platform asked to wait; zero where it did not say.
	RetryAfter time.Duration
	// Whole: the limit is of the whole tenant or token, not of this channel.
	Whole bool
	// Odd: the platform took the call and said no, for a reason that is not known
	// here. Waiting alone may not help, however long.
	Odd bool
	// Say is one sentence for a person about what to do: "/invite @isitdown and run
	// this again". "" where there is nothing to say.
	Say string
	// Err is for the operator: the platform's own code, never a token.
	Err error
}

// Error gives the platform's own word for it.
func (r *Refusal) Error() string {
	if r.Err == nil {
		return r.Trouble.String()
	}
	return r.Trouble.String() + ": " + r.Err.Error()
}

// Unwrap gives the platform's error.
func (r *Refusal) Unwrap() error { return r.Err }
