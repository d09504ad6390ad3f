package chat

import (
	"context"
	"strings"
)

// Channel is where a conversation takes place. It is comparable, and the zero
// value is nowhere. Tenant is a Slack workspace (team_id, or enterprise_id where
// the app is installed for the enterprise), a Discord guild, or "local" for a
// terminal.
type Channel struct{ Platform, Tenant, ID string }

// String gives "slack/T024BE7LD/C061EG9SL".
func (c Channel) String() string { return c.Platform + "/" + c.Tenant + "/" + c.ID }

// ParseChannel reads what String writes; ok is false for anything else.
func ParseChannel(s string) (c Channel, ok bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Channel{}, false
	}
	return Channel{parts[0], parts[1], parts[2]}, true
}

// Person is who asks, as their platform knows them. Name is foreign text.
type Person struct {
	ID, Name string
	Admin    bool // may manage the channel or the workspace, as far as is known
	Guest    bool // a guest account, or one of another workspace
}

// Request is a command that somebody gave, or a button that they pressed.
type Request struct {
	// ID is the platform's own id of what happened. The same id twice is the same
	// request, delivered again.
	ID      string
	Channel Channel
	Person  Person
	// Line is the command as typed, without the slash: "isitdown KP",
	// "outages subscribe KP level:down".
	Line string
	// Ready reports whether the bot can post in the channel, as a *Refusal whose Say
	// is what a person has to do about it. It is asked only before the bot promises
	// to post; nil means yes.
	Ready func(context.Context) error
	// Private is set where the answer is seen by nobody but the person: App Home,
	// a direct message, a prompt. App Home is no channel: there the channel's ID is
	// that of the person.
	Private bool
}

// Reply is what a command gets back.
type Reply struct {
	Message Message
	// Private replies are for the eyes of whoever asked; the others are for the
	// channel.
	Private bool
	// Partial replies are replaced by the next one of the same request.
	Partial bool
	// Picture goes with the message; nil for none.
	Picture *Picture
}

// Handle answers a request. It calls reply at least once, the last time with a
// reply that is not Partial, and returns when there is no more to say. A
// request that was handled before is not handled again.
type Handle func(ctx context.Context, r Request, reply func(Reply) error) error

// Choice is one suggestion of autocomplete: what is shown, and what is typed for it.
type Choice struct{ Name, Value string }

// Complete suggests at most 25 choices for what has been typed so far of a
// parameter of the command table; source is its [Source] as a string.
type Complete func(ctx context.Context, c Channel, source, typed string) []Choice

// EventKind says what happened to a place where the bot is.
type EventKind int

// The kinds of event. A tenant that is gone has removed the bot or revoked its
// token; a channel that is gone has been archived or deleted, or the bot was
// removed from it.
const (
	TenantGone EventKind = iota
	TenantBack
	ChannelGone
	ChannelBack
)

// Event is something that happened to a place where the bot is. For a tenant
// the channel's ID is empty.
type Event struct {
	Kind    EventKind
	Channel Channel
	Why     string // one sentence for the operator
}
