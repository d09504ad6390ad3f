package slack

import (
	"context"
	"strings"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// homeLine is the command whose answer App Home shows. It is asked outside any channel, so
// that the channel's ID is the person's.
const homeLine = "outages list"

// maxHome is how many blocks a view may have.
const maxHome = 100

// opened shows App Home to somebody who has opened it.
func (c *Client) opened(ctx context.Context, id, tenant, user string) {
	r := chat.Request{
		ID: id, Channel: chat.Channel{Platform: Platform, Tenant: tenant, ID: user},
		Person: chat.Person{ID: user}, Line: homeLine, Private: true,
	}
	c.handle(ctx, &answer{c: c, request: r, home: true}, tenant)
}

// publish shows a reply as somebody's App Home, with a way back to the list.
func (c *Client) publish(ctx context.Context, r chat.Request, m chat.Message) error {
	pages, err := render(m, form{})
	if err != nil {
		return err
	}
	var blocks []api.Block
	for _, p := range pages {
		blocks = append(blocks, p.blocks...)
	}
	back := buttons([]chat.Button{{Label: "Back to the list", Line: homeLine}})
	if strings.TrimSpace(r.Line) == homeLine {
		back = nil
	}
	if room := maxHome - len(back) - 1; len(blocks) > room {
		blocks = append(blocks[:room], aside("There is more: run /"+r.Line+" in a channel.")...)
	}
	token, err := c.tokens.of(ctx, r.Channel.Tenant)
	if err != nil {
		return err
	}
	watched, at := watch(ctx)
	_, err = c.api(token).PublishViewContext(watched, api.PublishViewContextRequest{
		UserID: r.Person.ID,
		View:   api.HomeTabViewRequest{Type: api.VTHomeTab, Blocks: api.Blocks{BlockSet: append(blocks, back...)}},
	})
	if err != nil {
		return c.tokens.refused(ctx, r.Channel.Tenant, refuse("views.publish", at, err))
	}
	return nil
}
