package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	api "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"isitdown/bot/chat"
)

// sockets counts the connections that are up.
type sockets struct{ up atomic.Int32 }

// Connected gives how many Socket Mode connections are up.
func (c *Client) Connected() int { return int(c.sockets.up.Load()) }

const (
	// maxFrame bounds what one message of Socket Mode may be, in bytes.
	maxFrame = 4 << 20
	// Between one end of a connection and the next attempt, doubled each time. slack-go
	// waits by itself between the attempts that it makes.
	leastPause, mostPause = time.Second, time.Minute
	// stable is how long a connection must hold for the pause to be short again.
	stable = 5 * time.Minute
)

// Run keeps the connections of Socket Mode until the context ends, which is no error, or
// until Slack does not take the app-level token any more, which is. A workspace whose bot token is
// gone as well is told of as [chat.TenantGone]; one that takes it is told of as
// [chat.TenantBack] once, since it may have removed the app and installed it again with
// another token. Without an app-level token, that is all that Run does.
func (c *Client) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var loops sync.WaitGroup
	if c.o.Install == nil {
		loops.Go(func() { c.greet(ctx) })
	}
	if c.o.AppToken == "" {
		loops.Wait()
		<-ctx.Done()
		return nil
	}
	lost := make(chan error, c.o.Connections)
	for range c.o.Connections {
		loops.Go(func() {
			if err := c.keep(ctx); err != nil {
				lost <- err
				cancel() // the other has the same token
			}
		})
	}
	loops.Wait()
	select {
	case err := <-lost:
		c.revoked(context.WithoutCancel(ctx))
		return fmt.Errorf("socket mode: Slack does not take the app-level token; make a new one and start again: %w", err)
	default:
		return nil
	}
}

// greet asks whose the bot token is until Slack has said it.
func (c *Client) greet(ctx context.Context) {
	for pause := leastPause; ; pause = min(2*pause, mostPause) {
		self, err := c.tokens.identity(ctx)
		if err == nil {
			c.tell(ctx, chat.Event{
				Kind: chat.TenantBack, Channel: chat.Channel{Platform: Platform, Tenant: self.TeamID},
				Why: "Slack takes the bot token",
			})
			return
		}
		if ctx.Err() != nil {
			return
		}
		c.log.Error("asking Slack whose the bot token is", "err", err)
		if r, ok := errors.AsType[*chat.Refusal](err); ok && r.Trouble == chat.TenantLost {
			return // it takes another token, and another start
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// keep holds one connection, and makes it anew whatever ends it.
func (c *Client) keep(ctx context.Context) error {
	pause := leastPause
	for {
		began := time.Now()
		err := c.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if refusesToken(err) {
			return err
		}
		if time.Since(began) > stable {
			pause = leastPause
		}
		c.log.Warn("a Socket Mode connection ended; it is made again", "err", quiet(err), "after", pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, mostPause)
	}
}

// refusesToken reports whether an attempt to connect failed for good.
func refusesToken(err error) bool {
	if answer, ok := errors.AsType[api.SlackErrorResponse](err); ok {
		t, _, _ := meaning(answer.Err)
		return t == chat.TenantLost
	}
	return false
}

// revoked asks whether the bot token is gone too, and tells of the workspace if it is: as long
// as it works, incidents can still be posted.
func (c *Client) revoked(ctx context.Context) {
	if c.o.Install != nil {
		return // each has its own, and calls with it will tell
	}
	watched, a := watch(ctx)
	known := c.tokens.known()
	if known == nil {
		return // the bot token never worked: there is nobody to tell of
	}
	_, err := c.api(c.o.BotToken).AuthTestContext(watched)
	if err == nil || refuse("auth.test", a, err).Trouble != chat.TenantLost {
		return
	}
	c.tell(ctx, chat.Event{
		Kind: chat.TenantGone, Channel: chat.Channel{Platform: Platform, Tenant: known.TeamID},
		Why: "Slack takes neither the app-level token nor the bot token any more",
	})
}

// connect holds one connection until it ends for good, through all the renewals that Slack
// asks for.
func (c *Client) connect(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	app := api.New(c.o.BotToken, api.OptionAppLevelToken(c.o.AppToken), api.OptionHTTPClient(c.http), api.OptionAPIURL(c.o.APIURL))
	s := socketmode.New(app, socketmode.OptionReadLimit(maxFrame), socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ended := make(chan error, 1)
	up := false
	defer func() {
		cancel()
		if up {
			c.sockets.up.Add(-1)
		}
	}()
	go func() {
		defer func() {
			if r := recover(); r != nil {
				ended <- fmt.Errorf("slack-go made the program panic: %v\n%s", r, debug.Stack())
			}
		}()
		ended <- s.RunContext(ctx)
	}()
	for {
		select {
		case err := <-ended:
			return err
		case e := <-s.Events:
			c.received(ctx, s, e, &up)
		}
	}
}

// received deals with what came over a connection. It must be quick.
func (c *Client) received(ctx context.Context, s *socketmode.Client, e socketmode.Event, up *bool) {
	defer c.recovered("socket mode event")
	isUp := *up
	switch e.Type {
	case socketmode.EventTypeConnected, socketmode.EventTypeHello:
		isUp = true
	case socketmode.EventTypeConnecting, socketmode.EventTypeInvalidAuth:
		isUp = false
	case socketmode.EventTypeConnectionError:
		isUp = false
		if failed, ok := e.Data.(*api.ConnectionErrorEvent); ok {
			c.log.Warn("connecting to Slack's Socket Mode", "attempt", failed.Attempt, "err", quiet(failed.ErrorObj), "again_after", failed.Backoff)
		}
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
			c.bad(ctx, s, bad)
		}
	}
	switch {
	case isUp && !*up:
		c.sockets.up.Add(1)
	case !isUp && *up:
		c.sockets.up.Add(-1)
	}
	*up = isUp
	if e.Request != nil && e.Request.EnvelopeID != "" {
		c.request(ctx, s, e)
	}
}

// request acknowledges what asks for it, and has it dealt with.
func (c *Client) request(ctx context.Context, s *socketmode.Client, e socketmode.Event) {
	var answer any
	var err error
	switch e.Type {
	case socketmode.EventTypeSlashCommand:
		var cmd slash
		if err = json.Unmarshal(e.Request.Payload, &cmd); err == nil {
			answer = c.command(ctx, cmd)
		}
	case socketmode.EventTypeInteractive:
		err = c.interaction(ctx, e.Request.Payload)
	case socketmode.EventTypeEventsAPI:
		err = c.event(ctx, e.Request.Payload)
	}
	if err != nil {
		c.log.Warn("something of Slack's could not be read", "type", e.Type, "err", err)
	}
	if err := s.AckCtx(ctx, e.Request.EnvelopeID, answer); err != nil && ctx.Err() == nil {
		c.log.Warn("acknowledging a Socket Mode request", "type", e.Type, "err", err)
	}
}

// bad acknowledges what slack-go could not read, so that Slack does not send it again.
func (c *Client) bad(ctx context.Context, s *socketmode.Client, b *socketmode.ErrorBadMessage) {
	c.log.Debug("slack-go could not read a message of Socket Mode", "err", b.Cause)
	var m struct {
		ID      string          `json:"envelope_id"`
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(b.Message, &m) != nil || m.ID == "" {
		return
	}
	c.request(ctx, s, socketmode.Event{
		Type: socketmode.EventType(m.Type), Request: &socketmode.Request{Type: m.Type, EnvelopeID: m.ID, Payload: m.Payload},
	})
}
