package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// Ready asks Slack whether the bot can post in a channel. Its error is a refusal whose
// Say is what a person has to do.
func (c *Client) Ready(ctx context.Context, channel chat.Channel) error {
	if !strings.HasPrefix(channel.ID, "C") && !strings.HasPrefix(channel.ID, "G") {
		return &chat.Refusal{Trouble: chat.Forbidden, Say: sayNoChannel, Err: errors.New("this is no channel")}
	}
	token, err := c.tokens.of(ctx, channel.Tenant)
	if err != nil {
		return err
	}
	watched, a := watch(ctx)
	info, err := c.api(token).GetConversationInfoContext(watched, &api.GetConversationInfoInput{ChannelID: channel.ID})
	if err != nil {
		r := refuse("conversations.info", a, err)
		if r.Trouble == chat.ChannelLost && r.Say == sayInvite { // a private channel looks like none to who is not in it
			r.Trouble = chat.Forbidden
		}
		return c.tokens.refused(ctx, channel.Tenant, r)
	}
	switch {
	case info.IsArchived:
		return &chat.Refusal{Trouble: chat.ChannelLost, Say: sayArchived, Err: errors.New("the channel is archived")}
	case !info.IsMember:
		return &chat.Refusal{Trouble: chat.Forbidden, Say: sayInvite, Err: errors.New("the bot is not in the channel")}
	case info.IsReadOnly:
		return &chat.Refusal{Trouble: chat.Forbidden, Say: sayRestricted, Err: errors.New("the channel is read-only")}
	}
	return nil
}

// Check asks Slack whose the bot token is: for an operator who wants to know whether the
// settings work. With an installation there is no one token to ask about.
func (c *Client) Check(ctx context.Context) (who string, err error) {
	if c.o.Install != nil {
		return "workspaces install the app themselves", nil
	}
	self, err := c.tokens.identity(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s in workspace %s (%s)", clean(self.User, false), clean(self.Team, false), self.TeamID), nil
}
