package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"isitdown/bot/chat"
)

// slash is a slash command as Slack sends it, in Socket Mode and as a form.
// https://docs.slack.dev/interactivity/implementing-slash-commands
type slash struct {
	TeamID       string `json:"team_id"`
	EnterpriseID string `json:"enterprise_id"`
	OrgInstall   truth  `json:"is_enterprise_install"`
	ChannelID    string `json:"channel_id"`
	UserID       string `json:"user_id"`
	UserName     string `json:"user_name"`
	Command      string `json:"command"`
	Text         string `json:"text"`
	ResponseURL  string `json:"response_url"`
	TriggerID    string `json:"trigger_id"`
}

// truth is a boolean that Slack writes in both ways, true and "true".
type truth bool

// UnmarshalJSON reads either.
func (t *truth) UnmarshalJSON(b []byte) error {
	*t = string(b) == "true" || string(b) == `"true"`
	return nil
}

// slashOf reads the body of a request over HTTP. The query of the address is not looked at.
func slashOf(body []byte) (slash, error) {
	v, err := url.ParseQuery(string(body))
	if err != nil {
		return slash{}, fmt.Errorf("reading a slash command: %w", err)
	}
	return slash{
		TeamID: v.Get("team_id"), EnterpriseID: v.Get("enterprise_id"), OrgInstall: v.Get("is_enterprise_install") == "true",
		ChannelID: v.Get("channel_id"), UserID: v.Get("user_id"), UserName: v.Get("user_name"),
		Command: v.Get("command"), Text: v.Get("text"), ResponseURL: v.Get("response_url"), TriggerID: v.Get("trigger_id"),
	}, nil
}

// tenantOf names the workspace, or the organisation where the app is installed for all of it.
func tenantOf(team, enterprise string, org bool) string {
	if org && enterprise != "" {
		return enterprise
	}
	return team
}

// line is the command as typed, without the slash.
func (s slash) line() string {
	typed := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s.Text)
	return strings.TrimSpace(strings.TrimPrefix(s.Command, "/") + " " + strings.TrimSpace(typed))
}

// maxEcho bounds what is said back of a command while it is worked on.
const maxEcho = 200

// command takes in a slash command and gives what Slack is told at once: nothing, or a
// small message that only whoever typed the command sees.
func (c *Client) command(ctx context.Context, s slash) any {
	if s.Command == "" || s.TeamID == "" || s.UserID == "" || !c.seen.first(s.TriggerID) {
		return nil
	}
	r := chat.Request{
		ID:      s.TriggerID,
		Channel: chat.Channel{Platform: Platform, Tenant: tenantOf(s.TeamID, s.EnterpriseID, bool(s.OrgInstall)), ID: s.ChannelID},
		Person:  chat.Person{ID: s.UserID, Name: clean(s.UserName, false)},
		Line:    s.line(),
		// In a direct message nobody else sees the answer.
		Private: strings.HasPrefix(s.ChannelID, "D"),
	}
	a := &answer{c: c, url: s.ResponseURL, request: r, replaces: true}
	// Only this command asks the network; the others answer before one could read that
	// they are being worked on.
	asks := strings.EqualFold(s.Command, "/isitdown") && strings.TrimSpace(s.Text) != ""
	a.progress = asks
	c.handle(ctx, a, s.TeamID)
	if !asks {
		return nil
	}
	return ephemeral("Checking " + shorten(strings.TrimSpace(strings.TrimPrefix(clean(r.Line, false), "isitdown")), maxEcho) + " ...")
}

// ephemeral is a message of one plain sentence, for one pair of eyes.
func ephemeral(s string) map[string]any {
	return map[string]any{
		"response_type": "ephemeral", "text": escape(s),
		"blocks": []any{map[string]any{"type": "section", "text": plain(s)}},
	}
}

// press is a button that was pressed. Only what is used is read, so that what Slack adds
// to messages and views is no reason to fail.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
type press struct {
	Type        string `json:"type"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	Team        struct {
		ID string `json:"id"`
	} `json:"team"`
	Enterprise struct {
		ID string `json:"id"`
	} `json:"enterprise"`
	OrgInstall truth `json:"is_enterprise_install"`
	User       struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
		TeamID   string `json:"team_id"`
	} `json:"user"`
	Container struct {
		Type      string `json:"type"`
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Message struct {
		ThreadTS string `json:"thread_ts"`
	} `json:"message"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Actions []struct {
		ID    string `json:"action_id"`
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"actions"`
}

// interaction takes in what somebody did with a message or with App Home. There is nothing
// to tell Slack at once.
func (c *Client) interaction(ctx context.Context, payload []byte) error {
	var p press
	if err := json.Unmarshal(payload, &p); err != nil {
		return fmt.Errorf("reading an interaction: %w", err)
	}
	if p.Type != "block_actions" || p.User.ID == "" || len(p.Actions) == 0 {
		return nil // nothing that we offer
	}
	action := p.Actions[0]
	if action.Type != "button" || action.Value == "" || len(action.Value) > chat.MaxButtonLine || !c.seen.first(p.TriggerID) {
		return nil
	}
	home := p.Container.Type == "view"
	channel := cmp.Or(p.Channel.ID, p.Container.ChannelID)
	if home {
		channel = p.User.ID
	}
	if channel == "" {
		return nil
	}
	name := cmp.Or(p.User.Username, p.User.Name)
	r := chat.Request{
		ID: p.TriggerID,
		Channel: chat.Channel{
			Platform: Platform, ID: channel,
			Tenant: tenantOf(p.Team.ID, p.Enterprise.ID, bool(p.OrgInstall)),
		},
		Person: chat.Person{
			ID: p.User.ID, Name: clean(name, false),
			Guest: p.User.TeamID != "" && p.Team.ID != "" && p.User.TeamID != p.Team.ID,
		},
		Line: action.Value, Private: home || strings.HasPrefix(channel, "D"),
	}
	a := &answer{c: c, url: p.ResponseURL, request: r, home: home}
	if !p.Container.Ephemeral && !home {
		a.thread = cmp.Or(p.Message.ThreadTS, p.Container.ThreadTS, p.Container.MessageTS)
	}
	c.handle(ctx, a, p.Team.ID)
	return nil
}

// handle has a request answered, beside what brought it.
func (c *Client) handle(ctx context.Context, a *answer, team string) {
	c.spawn(ctx, "request", func(ctx context.Context) {
		r := a.request
		r.Person = c.person(ctx, r.Channel.Tenant, team, r.Person)
		r.Ready = func(ctx context.Context) error { return c.Ready(ctx, r.Channel) }
		if err := c.o.Handle(ctx, r, func(reply chat.Reply) error { return a.reply(ctx, reply) }); err != nil {
			c.log.Error("answering a request from Slack", "id", r.ID, "channel", r.Channel.String(), "err", quiet(err))
		}
	})
}
