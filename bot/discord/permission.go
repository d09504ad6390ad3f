package discord

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// needs are the permissions without which notices cannot be shown, with the
// names that Discord's settings have for them.
// https://discord.com/developers/docs/topics/permissions
var needs = [...]struct {
	bit  int64
	name string
}{
	{discordgo.PermissionViewChannel, "View Channel"},
	{discordgo.PermissionSendMessages, "Send Messages"},
	{discordgo.PermissionEmbedLinks, "Embed Links"},
	{discordgo.PermissionAttachFiles, "Attach Files"},
	{discordgo.PermissionCreatePublicThreads, "Create Public Threads"},
	{discordgo.PermissionSendMessagesInThreads, "Send Messages in Threads"},
}

// Permissions is the set of them, for the address by which the bot is invited.
func Permissions() int64 {
	var bits int64
	for _, n := range needs {
		bits |= n.bit
	}
	return bits
}

// ready says which permissions are missing where the interaction took place.
func ready(i *discordgo.Interaction) error {
	if i.GuildID == "" || i.AppPermissions&discordgo.PermissionAdministrator != 0 {
		return nil
	}
	var missing []string
	for _, n := range needs {
		if i.AppPermissions&n.bit == 0 {
			missing = append(missing, n.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	names, word := strings.Join(missing, ", "), "permission"
	if n := len(missing); n > 1 {
		names, word = strings.Join(missing[:n-1], ", ")+" and "+missing[n-1], "permissions"
	}
	return &chat.Refusal{
		Trouble: chat.Forbidden,
		Say:     fmt.Sprintf("I cannot post here yet. Give me the %s %s in this channel, and run this again.", word, names),
		Err:     errors.New("discord: missing in the channel: " + strings.Join(missing, ", ")),
	}
}
