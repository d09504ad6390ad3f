package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"isitdown/bot/chat"
)

// App says how an app is to be set up.
type App struct {
	// PublicURL is where Slack reaches the bot over HTTP: "https://bot.example.org". ""
	// is Socket Mode without installation by others.
	PublicURL string
	// HTTP has commands, buttons and events sent to PublicURL.
	HTTP bool
	// Install lets further workspaces in, over PublicURL, with tokens that rotate.
	Install bool
	// People adds the scope users:read: see Options.
	People bool
}

// botScopes are the least that the bot works with; docs/slack.md says what each is for.
func botScopes(people bool) []string {
	scopes := []string{"commands", "chat:write", "files:write", "channels:read", "groups:read"}
	if people {
		scopes = append(scopes, "users:read")
	}
	return scopes
}

// botEvents are what the bot must hear of to know where it can still post.
func botEvents() []string {
	return []string{
		"app_home_opened", "app_uninstalled", "tokens_revoked", "channel_archive", "channel_deleted",
		"group_archive", "group_deleted", "member_left_channel",
	}
}

// The manifest's limits, https://docs.slack.dev/reference/app-manifest.
const (
	maxDescription = 140
	maxUsageHint   = 1000
)

type manifest struct {
	Metadata struct {
		Major int `json:"major_version"`
		Minor int `json:"minor_version"`
	} `json:"_metadata"`
	Display  display  `json:"display_information"`
	Features features `json:"features"`
	OAuth    oauth    `json:"oauth_config"`
	Settings settings `json:"settings"`
}

type display struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Background  string `json:"background_color"`
}

type features struct {
	Home struct {
		Tab      bool `json:"home_tab_enabled"`
		Messages bool `json:"messages_tab_enabled"`
		ReadOnly bool `json:"messages_tab_read_only_enabled"`
	} `json:"app_home"`
	Bot struct {
		Name   string `json:"display_name"`
		Always bool   `json:"always_online"`
	} `json:"bot_user"`
	Commands []slashCommand `json:"slash_commands"`
}

type slashCommand struct {
	Command     string `json:"command"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint,omitempty"`
	Escape      bool   `json:"should_escape"`
}

type oauth struct {
	Redirects []string `json:"redirect_urls,omitempty"`
	Scopes    struct {
		Bot []string `json:"bot"`
	} `json:"scopes"`
}

type settings struct {
	Events struct {
		URL  string   `json:"request_url,omitempty"`
		Bots []string `json:"bot_events"`
	} `json:"event_subscriptions"`
	Interactivity struct {
		On  bool   `json:"is_enabled"`
		URL string `json:"request_url,omitempty"`
	} `json:"interactivity"`
	Org      bool `json:"org_deploy_enabled"`
	Socket   bool `json:"socket_mode_enabled"`
	Rotation bool `json:"token_rotation_enabled"`
}

// Manifest gives the app's manifest, made from the table of commands: JSON to be pasted
// where Slack makes an app.
func Manifest(specs []chat.Spec, a App) ([]byte, error) {
	if (a.HTTP || a.Install) && a.PublicURL == "" {
		return nil, errors.New("a Slack app that is reached over HTTP needs a public address")
	}
	if u, err := url.Parse(a.PublicURL); a.PublicURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return nil, fmt.Errorf("%q is no https address", a.PublicURL)
	}
	base := strings.TrimSuffix(a.PublicURL, "/")
	var m manifest
	m.Metadata.Major, m.Metadata.Minor = 2, 1
	m.Display = display{"isitdown", "Tells whether a country, network, prefix or host is announced and answering", "#1a1d21"}
	m.Features.Home.Tab, m.Features.Home.ReadOnly = true, true
	m.Features.Bot.Name, m.Features.Bot.Always = "isitdown", true
	m.Features.Commands = slashCommands(specs)
	m.OAuth.Scopes.Bot = botScopes(a.People)
	m.Settings.Events.Bots = botEvents()
	m.Settings.Interactivity.On = true
	m.Settings.Socket = !a.HTTP
	if a.HTTP {
		for i := range m.Features.Commands {
			m.Features.Commands[i].URL = base + PathCommands
		}
		m.Settings.Events.URL, m.Settings.Interactivity.URL = base+PathEvents, base+PathInteractivity
	}
	if a.Install {
		m.OAuth.Redirects = []string{base + PathCallback}
		m.Settings.Rotation = true
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the manifest: %w", err)
	}
	return append(b, '\n'), nil
}

// slashCommands gives one command for each of the table's, with its subcommands as a hint.
func slashCommands(specs []chat.Spec) []slashCommand {
	var list []slashCommand
	for _, s := range specs {
		i := slices.IndexFunc(list, func(c slashCommand) bool { return c.Command == "/"+s.Command })
		if i < 0 {
			list = append(list, slashCommand{Command: "/" + s.Command, Description: shorten(s.Help, maxDescription)})
			i = len(list) - 1
		}
		c := &list[i]
		hint := strings.TrimSpace(strings.TrimPrefix(s.Usage(), c.Command))
		if s.Name != "" {
			hint = s.Name
			c.Description = "Subscribe this channel to outages, and ask about them"
		}
		if c.Hint != "" && hint != "" {
			hint = c.Hint + " | " + hint
		}
		if units(hint) <= maxUsageHint {
			c.Hint = hint
		}
	}
	return list
}
