package main

import (
	"fmt"

	"isitdown/bot/chat"
	"isitdown/bot/discord"
	"isitdown/bot/slack"
)

// manifestCommand writes what a platform has to know of the bot, made from the one
// table of commands.
type manifestCommand struct {
	Platform string `arg:"" enum:"slack,discord" help:"slack: the manifest to make an app from. discord: the commands, which serve registers by itself."`
}

func (c *manifestCommand) run(a *app) (int, error) {
	var text []byte
	var err error
	switch s := &a.config.Slack; c.Platform {
	case slack.Platform:
		text, err = slack.Manifest(chat.Commands(), slack.App{
			PublicURL: s.PublicURL, HTTP: s.Mode == modeHTTP, Install: s.ClientID != "", People: s.AdminsOnly,
		})
	default:
		text, err = discord.Manifest(chat.Commands())
	}
	if err != nil {
		return 0, fmt.Errorf("making the manifest of %s: %w", c.Platform, err)
	}
	if _, err := fmt.Fprintf(a.out, "%s\n", text); err != nil {
		return 0, fmt.Errorf("writing the manifest: %w", err)
	}
	return 0, nil
}
