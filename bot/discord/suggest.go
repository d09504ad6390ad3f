package discord

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// suggestions is the data of autocomplete.
type suggestions struct {
	Choices []suggestion `json:"choices"`
}

type suggestion struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// suggest answers autocomplete. Whatever happens, there is an answer: an empty
// list lets the person type.
func (c *Client) suggest(ctx context.Context, i *discordgo.Interaction, f first) {
	list := suggestions{Choices: []suggestion{}}
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("discord: autocomplete panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			list.Choices = []suggestion{}
		}
		c.acknowledged("answering autocomplete", f(ctx, callback{discordgo.InteractionApplicationCommandAutocompleteResult, list}))
	}()
	source, typed := c.focused(i)
	if source == chat.SourceNone || c.o.Complete == nil {
		return
	}
	short, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	for _, choice := range c.o.Complete(short, place(i), string(source), typed) {
		name, _ := shorten(oneLine(choice.Name), maxChoice)
		if len(list.Choices) == maxChoices {
			break
		}
		if name == "" || choice.Value == "" || length(choice.Value) > maxChoice {
			continue
		}
		list.Choices = append(list.Choices, suggestion{name, choice.Value})
	}
}

// focused gives what is being typed, and where suggestions for it come from.
func (c *Client) focused(i *discordgo.Interaction) (chat.Source, string) {
	data, ok := i.Data.(discordgo.ApplicationCommandInteractionData)
	if !ok {
		return chat.SourceNone, ""
	}
	spec, options, _ := c.spec(data)
	for _, o := range options {
		for _, p := range spec.Parameters {
			if o.Focused && p.Name == o.Name {
				return p.Source, fmt.Sprint(o.Value)
			}
		}
	}
	return chat.SourceNone, ""
}
