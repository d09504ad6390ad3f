package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// Registration gives what Discord has to know of the commands. A command of which
// any part changes what a channel gets is for those who may manage channels, as
// long as a guild's owners say nothing else; Discord can hold that of a whole
// command only. Commands work where the bot is a member, and in direct messages.
// https://discord.com/developers/docs/interactions/application-commands
func Registration(specs []chat.Spec) []*discordgo.ApplicationCommand {
	var list []*discordgo.ApplicationCommand
	byName := make(map[string]*discordgo.ApplicationCommand)
	for _, s := range specs {
		cmd := byName[s.Command]
		if cmd == nil {
			cmd = &discordgo.ApplicationCommand{
				Type: discordgo.ChatApplicationCommand, Name: s.Command, Description: describe(s.Help),
				IntegrationTypes: &[]discordgo.ApplicationIntegrationType{discordgo.ApplicationIntegrationGuildInstall},
				Contexts:         &[]discordgo.InteractionContextType{discordgo.InteractionContextGuild, discordgo.InteractionContextBotDM},
			}
			byName[s.Command] = cmd
			list = append(list, cmd)
		}
		if s.Manages {
			manage := int64(discordgo.PermissionManageChannels)
			cmd.DefaultMemberPermissions = &manage
		}
		if s.Name == "" {
			cmd.Options = options(s)
			continue
		}
		cmd.Description = describe(commandHelp(s.Command))
		cmd.Options = append(cmd.Options, &discordgo.ApplicationCommandOption{
			Type: discordgo.ApplicationCommandOptionSubCommand, Name: s.Name, Description: describe(s.Help), Options: options(s),
		})
	}
	return list
}

// commandHelp describes a command that has subcommands. Discord shows it nowhere
// but in its settings.
func commandHelp(command string) string {
	if command == "outages" {
		return "Follow outages of countries, networks, prefixes and hosts in this channel"
	}
	return command
}

func options(s chat.Spec) []*discordgo.ApplicationCommandOption {
	var list []*discordgo.ApplicationCommandOption
	for _, p := range s.Parameters {
		o := &discordgo.ApplicationCommandOption{
			Type: discordgo.ApplicationCommandOptionString, Name: p.Name, Description: describe(p.Help),
			Required: p.Required, Autocomplete: p.Source != chat.SourceNone,
		}
		if len(p.Choices) > 0 && len(p.Choices) <= maxChoices {
			o.Autocomplete = false // Discord takes one or the other
			for _, c := range p.Choices {
				o.Choices = append(o.Choices, &discordgo.ApplicationCommandOptionChoice{Name: c, Value: c})
			}
		}
		list = append(list, o)
	}
	return list
}

// describe keeps a line of help within Discord's limit, which the table of
// commands keeps to anyway.
func describe(s string) string {
	s, _ = shorten(oneLine(s), maxCommandText)
	return s
}

// Manifest is the registration as JSON, to look at or to register by hand.
func Manifest(specs []chat.Spec) ([]byte, error) {
	b, err := json.MarshalIndent(Registration(specs), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the registration of commands: %w", err)
	}
	return append(b, '\n'), nil
}

// Register tells Discord of the commands, all at once, unless it knows them as
// they are: a change takes them away from people for a moment, and Discord allows
// 200 new ones a day. It reports whether there was a change.
func (c *Client) Register(ctx context.Context) (changed bool, err error) {
	app, err := c.application(ctx)
	if err != nil {
		return false, err
	}
	path := "applications/" + app + "/commands"
	if c.o.Guild != "" {
		path = "applications/" + app + "/guilds/" + c.o.Guild + "/commands"
	}
	want := Registration(c.o.Commands)
	var have []*discordgo.ApplicationCommand
	// What cannot be read is written anew.
	err = c.do(ctx, request{what: "reading the commands", method: http.MethodGet, path: path, out: &have})
	if err == nil && sameCommands(have, want) {
		return false, nil
	}
	if ref, ok := err.(*chat.Refusal); ok && ref.Trouble == chat.TenantLost {
		return false, err
	}
	return true, c.do(ctx, request{what: "registering the commands", method: http.MethodPut, path: path, body: want})
}

// sameCommands compares what a registration says, whatever order, ids and
// defaults Discord adds to it.
func sameCommands(have, want []*discordgo.ApplicationCommand) bool {
	index := func(list []*discordgo.ApplicationCommand) map[string]any {
		out := make(map[string]any)
		for _, cmd := range list {
			if cmd != nil {
				out[cmd.Name] = essence(cmd)
			}
		}
		return out
	}
	return len(have) == len(want) && reflect.DeepEqual(index(have), index(want))
}

// essence is what of a command is ours.
func essence(cmd *discordgo.ApplicationCommand) any {
	var permissions int64
	if p := cmd.DefaultMemberPermissions; p != nil {
		permissions = *p
	}
	var contexts []discordgo.InteractionContextType
	if cmd.Contexts != nil {
		contexts = *cmd.Contexts
	}
	return []any{cmd.Name, cmd.Description, permissions, contexts, essenceOfOptions(cmd.Options)}
}

func essenceOfOptions(list []*discordgo.ApplicationCommandOption) []any {
	out := []any{}
	for _, o := range list {
		if o == nil {
			continue
		}
		choices := []any{}
		for _, c := range o.Choices {
			choices = append(choices, c.Name, c.Value)
		}
		out = append(out, []any{o.Type, o.Name, o.Description, o.Required, o.Autocomplete, choices, essenceOfOptions(o.Options)})
	}
	return out
}
