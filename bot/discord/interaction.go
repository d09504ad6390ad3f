package discord

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// How long an interaction may be answered: Discord drops one that had no answer
// after three seconds, and takes edits for 15 minutes.
// https://discord.com/developers/docs/interactions/receiving-and-responding
const (
	grace        = time.Second // for an answer that needs no "is thinking"
	tokenLife    = 15 * time.Minute
	tokenMargin  = 30 * time.Second
	completeTime = 2500 * time.Millisecond
)

// first gives the first answer to an interaction, over the way that it came.
type first func(ctx context.Context, r callback) error

// callback is a first answer.
// https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object
type callback struct {
	Type discordgo.InteractionResponseType `json:"type"`
	Data any                               `json:"data,omitempty"`
}

// deferral is the data of "is thinking".
type deferral struct {
	Flags int `json:"flags,omitempty"`
}

// ephemeral messages are seen by nobody but whoever asked.
const ephemeral = int(discordgo.MessageFlagsEphemeral)

// Sentences for people who get no other answer.
const (
	sayFailed  = "This did not work, and nothing was changed that was not announced. Try again; the operator finds the reason in the log."
	sayBusy    = "Too many people are asking at the moment. Try again in a minute."
	sayUnknown = "This command is not known here: the commands of this bot have changed. Reload Discord (Ctrl+R) and try again."
	sayManager = "This button changes what the whole channel gets, so it needs the permission Manage Channels here. Ask somebody who has it."
)

// accept starts to answer an interaction, in a goroutine that Close waits for, and
// reports whether it did. ctx lends its values; the interaction has its own time.
func (c *Client) accept(ctx context.Context, i *discordgo.Interaction, f first) bool {
	if i == nil || i.ID == "" || i.Token == "" || !snowflake(i.ID) || !snowflake(i.AppID) {
		c.log.Warn("discord: an interaction that cannot be read was ignored")
		return false
	}
	if !c.seen.set(i.ID, "") {
		c.log.Warn("discord: an interaction that was taken in before came again and was ignored", "id", i.ID)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.work.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				c.log.Error("discord: answering an interaction panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tokenLife-tokenMargin)
		defer cancel()
		c.work.Go(func() {
			select {
			case <-c.closing:
				cancel()
			case <-ctx.Done():
			}
		})
		select {
		case c.busy <- struct{}{}:
			defer func() { <-c.busy }()
			c.answer(ctx, i, f, true)
		default:
			c.answer(ctx, i, f, false)
		}
	})
	return true
}

func (c *Client) answer(ctx context.Context, i *discordgo.Interaction, f first, free bool) {
	if i.Type == discordgo.InteractionApplicationCommandAutocomplete {
		c.suggest(ctx, i, f)
		return
	}
	x := &exchange{c: c, i: i, first: f, direct: i.GuildID == ""}
	r, say := c.request(i)
	if !free {
		say = sayBusy
	}
	if say == "" && c.o.Handle == nil {
		say = sayUnknown
	}
	if say != "" {
		x.tell(ctx, say)
		return
	}
	stop := x.deferLater(ctx)
	err := c.handle(ctx, r, x)
	stop()
	if err != nil {
		c.log.Error("discord: handling a command", "command", firstWords(r.Line), "channel", r.Channel.String(), "err", err)
	}
	if !x.finished() {
		x.tell(ctx, sayFailed)
	}
}

// handle calls the handler and turns a panic of it into an error, so that the
// person still gets an answer.
func (c *Client) handle(ctx context.Context, r chat.Request, x *exchange) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.o.Handle(ctx, r, func(reply chat.Reply) error { return x.reply(ctx, reply) })
}

// request turns an interaction into what the bot is asked, or says why not.
func (c *Client) request(i *discordgo.Interaction) (r chat.Request, say string) {
	line, managed, ok := c.line(i)
	if !ok {
		return r, sayUnknown
	}
	r = chat.Request{
		ID: i.ID, Line: line, Channel: place(i), Person: person(i), Private: i.GuildID == "",
		Ready: func(context.Context) error { return ready(i) },
	}
	if i.GuildID == "" {
		r.Person.Admin = true // of what is between the two of them
	} else if i.Type == discordgo.InteractionApplicationCommand {
		// Who may give a command is for the guild to say: by default those who may
		// manage channels, and whoever its owners allow. Discord holds that, and to
		// look again would overrule the owners.
		r.Person.Admin = true
	} else if managed && !r.Person.Admin {
		return r, sayManager // Discord lets everybody press
	}
	return r, ""
}

// line gives the command line of a slash command or a button, and whether it
// needs the right to manage the channel.
func (c *Client) line(i *discordgo.Interaction) (line string, managed, ok bool) {
	switch data := i.Data.(type) {
	case discordgo.ApplicationCommandInteractionData:
		spec, options, ok := c.spec(data)
		if !ok {
			return "", false, false
		}
		values := make(map[string]string)
		for _, o := range options {
			values[o.Name] = fmt.Sprint(o.Value)
		}
		return spec.Line(values), spec.Manages, true
	case discordgo.MessageComponentInteractionData:
		line = data.CustomID
		for _, s := range c.o.Commands {
			if strings.HasPrefix(line+" ", s.Title()+" ") {
				return line, s.Manages, true
			}
		}
	}
	return "", false, false
}

// spec finds the command of the table, and the options that were given.
func (c *Client) spec(data discordgo.ApplicationCommandInteractionData) (chat.Spec, []*discordgo.ApplicationCommandInteractionDataOption, bool) {
	name, options := "", data.Options
	if len(options) == 1 && options[0] != nil && options[0].Type == discordgo.ApplicationCommandOptionSubCommand {
		name, options = options[0].Name, options[0].Options
	}
	options = slices.DeleteFunc(slices.Clone(options), func(o *discordgo.ApplicationCommandInteractionDataOption) bool { return o == nil })
	for _, s := range c.o.Commands {
		if s.Command == data.Name && s.Name == name {
			return s, options, true
		}
	}
	return chat.Spec{}, nil, false
}

func place(i *discordgo.Interaction) chat.Channel {
	return chat.Channel{Platform: Platform, Tenant: tenant(i.GuildID, i.ChannelID), ID: i.ChannelID}
}

// tenant gives the guild, or for a conversation between the bot and one person a
// tenant of its own: what a tenant shares, such as notes, is not for everybody else
// who writes to the bot.
func tenant(guild, channel string) string {
	if guild == "" {
		return Direct + ":" + channel
	}
	return guild
}

// person gives who asks. The name is the one that the guild knows them by.
func person(i *discordgo.Interaction) chat.Person {
	u, p := i.User, chat.Person{}
	if m := i.Member; m != nil {
		u, p.Name = m.User, m.Nick
		p.Admin = m.Permissions&(discordgo.PermissionAdministrator|discordgo.PermissionManageChannels) != 0
	}
	if u == nil {
		return p
	}
	p.ID = u.ID
	for _, name := range []string{u.GlobalName, u.Username} {
		if p.Name == "" {
			p.Name = name
		}
	}
	p.Name = oneLine(p.Name)
	return p
}

// acknowledged logs what became of a first answer. One that came too late, or
// second, is no fault that anybody could mend.
func (c *Client) acknowledged(what string, err error) {
	switch code(err) {
	case codeUnknownInteraction, codeAlreadyAnswered:
		c.log.Warn("discord: "+what+": it came too late or twice", "err", err)
	default:
		if err != nil {
			c.log.Error("discord: "+what, "err", err)
		}
	}
}

func firstWords(line string) string {
	words := strings.Fields(line)
	return strings.Join(words[:min(2, len(words))], " ")
}

// firstCall gives the first answer to an interaction by a call of its own.
func (c *Client) firstCall(i *discordgo.Interaction) first {
	return func(ctx context.Context, r callback) error {
		return c.do(ctx, request{
			what: "giving a first answer", method: http.MethodPost, free: true, body: r,
			path: "interactions/" + i.ID + "/" + url.PathEscape(i.Token) + "/callback",
		})
	}
}
