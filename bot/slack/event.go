package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"isitdown/bot/chat"
)

// envelope is an event with what is around it. Only what is used is read.
// https://docs.slack.dev/apis/events-api/#event-structure
type envelope struct {
	Type           string `json:"type"`
	Challenge      string `json:"challenge"`
	TeamID         string `json:"team_id"`
	EnterpriseID   string `json:"enterprise_id"`
	ID             string `json:"event_id"`
	Time           int64  `json:"event_time"`
	Authorizations []struct {
		TeamID       string `json:"team_id"`
		EnterpriseID string `json:"enterprise_id"`
		OrgInstall   truth  `json:"is_enterprise_install"`
	} `json:"authorizations"`
	Event struct {
		Type    string          `json:"type"`
		Channel json.RawMessage `json:"channel"` // an ID, or an object that has one
		User    json.RawMessage `json:"user"`    // the same
		Tab     string          `json:"tab"`
		Tokens  struct {
			Bot []string `json:"bot"`
		} `json:"tokens"`
	} `json:"event"`
}

// idIn reads an ID that stands by itself or in an object.
func idIn(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var object struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &object) == nil {
		return object.ID
	}
	return ""
}

func (e *envelope) tenant() string {
	for _, a := range e.Authorizations {
		if a.OrgInstall {
			return tenantOf(a.TeamID, a.EnterpriseID, true)
		}
	}
	if e.TeamID != "" || len(e.Authorizations) == 0 {
		return e.TeamID
	}
	return e.Authorizations[0].TeamID
}

// event takes in an event. It returns before it is dealt with.
func (c *Client) event(ctx context.Context, payload []byte) error {
	var e envelope
	if err := json.Unmarshal(payload, &e); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	if e.Type != "event_callback" || e.tenant() == "" || !c.seen.first(e.ID) {
		return nil
	}
	if e.Event.Type == "app_home_opened" {
		if user := idIn(e.Event.User); user != "" && e.Event.Tab != "messages" {
			c.opened(ctx, e.ID, e.tenant(), user)
		}
		return nil
	}
	c.spawn(ctx, "event", func(ctx context.Context) { c.happened(ctx, &e) })
	return nil
}

// happened tells of what became of a workspace or a channel.
func (c *Client) happened(ctx context.Context, e *envelope) {
	in := chat.Channel{Platform: Platform, Tenant: e.tenant(), ID: idIn(e.Event.Channel)}
	workspace := chat.Channel{Platform: Platform, Tenant: in.Tenant}
	switch e.Event.Type {
	case "app_uninstalled":
		c.uninstalled(ctx, e, workspace, "the workspace removed the app")
	case "tokens_revoked":
		if len(e.Event.Tokens.Bot) > 0 {
			c.uninstalled(ctx, e, workspace, "the workspace revoked the app's token")
		}
	case "channel_archive", "group_archive":
		c.gone(ctx, in, "the channel was archived")
	case "channel_deleted", "group_deleted":
		c.gone(ctx, in, "the channel was deleted")
	case "channel_left", "group_left":
		c.gone(ctx, in, "the bot was removed from the channel")
	case "member_left_channel":
		if bot := c.tokens.botUser(ctx, in.Tenant); bot != "" && idIn(e.Event.User) == bot {
			c.gone(ctx, in, "the bot was removed from the channel")
		}
	}
}

func (c *Client) gone(ctx context.Context, channel chat.Channel, why string) {
	if channel.ID != "" {
		c.tell(ctx, chat.Event{Kind: chat.ChannelGone, Channel: channel, Why: why})
	}
}

// uninstalled forgets a workspace, unless the app was installed again since.
func (c *Client) uninstalled(ctx context.Context, e *envelope, workspace chat.Channel, why string) {
	stale, err := c.tokens.drop(ctx, workspace.Tenant, time.Unix(e.Time, 0))
	if err != nil {
		c.log.Error("forgetting a Slack workspace", "tenant", workspace.Tenant, "err", err)
	}
	if !stale {
		c.tell(ctx, chat.Event{Kind: chat.TenantGone, Channel: workspace, Why: why})
	}
}
