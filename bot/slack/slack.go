// Package slack is the bot in Slack: it renders messages as Block Kit, sends them with the Web
// API, and takes in commands, presses of buttons and events, through Socket Mode or over HTTP.
//
// It promises that nobody is mentioned and that nothing is markup which other
// people wrote, that every call is made once (the outbox decides about another), that
// each error says whether the message may have been shown, and that a request which
// arrives twice is handled once. No token reaches a log or an error.
//
// It leaves out what is said and to whom, and where credentials are kept.
package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// Platform is the name of Slack in a channel.
const Platform = "slack"

// Options are what a client is made of. Either BotToken or Install must be set.
type Options struct {
	// HTTP makes every call; its timeout bounds one of them. Socket Mode's two
	// long-lived connections are made with the environment's proxy settings instead.
	HTTP *http.Client
	// APIURL ends in a slash; "" is Slack's own.
	APIURL string
	Logger *slog.Logger

	// Handle answers requests, Event takes in what happens to workspaces and channels.
	Handle chat.Handle
	Event  func(context.Context, chat.Event) error

	// BotToken is that of the one workspace, "xoxb-...".
	BotToken string
	// AppToken opens Socket Mode, "xapp-...".
	AppToken string
	// SigningSecret is what requests over HTTP are checked with.
	SigningSecret string
	// Install lets further workspaces in; nil for the one of BotToken.
	Install *Install

	// Connections are how many Socket Mode connections are kept, so that none is missed
	// while another is renewed; 0 stands for 2.
	Connections int
	// People has everybody who gives a command looked up, so that it is known who may
	// manage the workspace and who is a guest. It needs the scope users:read.
	People bool
}

// Format leaves the secrets out, whatever the verb.
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "slack at %q, socket mode %t, installation %t", o.APIURL, o.AppToken != "", o.Install != nil)
}

// Client is one app of Slack's, in one workspace or in several. Its methods may
// be called from several goroutines.
type Client struct {
	o    Options
	http *http.Client // counts what went out: see wire
	log  *slog.Logger

	tokens  *tokens
	seen    *seen
	people  *people
	states  *states // of installations under way
	sockets sockets

	mu      sync.Mutex
	closed  bool
	cancels map[*context.CancelFunc]struct{}
	tasks   sync.WaitGroup
}

// New makes a client and calls nobody.
func New(o Options) (*Client, error) {
	switch {
	case o.HTTP == nil || o.Logger == nil:
		return nil, errors.New("a Slack client needs an HTTP client and a logger")
	case o.Handle == nil || o.Event == nil:
		return nil, errors.New("a Slack client needs somebody to answer requests and to hear of events")
	case (o.BotToken == "") == (o.Install == nil):
		return nil, errors.New("a Slack client needs a bot token, or the settings of an installation, and not both")
	}
	o.APIURL = cmp.Or(o.APIURL, api.APIURL)
	if !strings.HasSuffix(o.APIURL, "/") {
		return nil, errors.New("the address of Slack's API does not end in a slash")
	}
	if o.Install != nil {
		if err := o.Install.validate(); err != nil {
			return nil, err
		}
	}
	o.Connections = cmp.Or(o.Connections, 2)
	c := &Client{
		o: o, http: count(o.HTTP), log: o.Logger,
		seen: newSeen(), people: newPeople(), states: newStates(),
		cancels: make(map[*context.CancelFunc]struct{}),
	}
	c.tokens = &tokens{c: c, tenants: make(map[string]*tenant)}
	return c, nil
}

// Format leaves the secrets out, whatever the verb.
func (c *Client) Format(f fmt.State, verb rune) { c.o.Format(f, verb) }

// requestTime is how long an answer may take: the address to reply to works for 30 minutes.
const requestTime = 30 * time.Minute

// spawn runs f beside what called for it, outlives the context that it came with, and
// catches a panic. It does nothing once the client is closed.
func (c *Client) spawn(ctx context.Context, what string, f func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		cancel()
		return
	}
	c.cancels[&cancel] = struct{}{}
	c.tasks.Go(func() {
		defer func() {
			cancel()
			c.mu.Lock()
			delete(c.cancels, &cancel)
			c.mu.Unlock()
		}()
		defer c.recovered(what)
		f(ctx)
	})
}

// recovered keeps one bad request from ending the program. It is to be deferred.
func (c *Client) recovered(what string) {
	if r := recover(); r != nil {
		c.panicked(what, r)
	}
}

func (c *Client) panicked(what string, value any) {
	c.log.Error("a Slack request made the program panic; it was given up", "what", what, "panic", value, "stack", string(debug.Stack()))
}

// Close takes no more requests and waits for those in hand; once the context ends they are told to
// stop, and waited for. End the context of Run before.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	done := make(chan struct{})
	go func() {
		c.tasks.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	for cancel := range c.cancels {
		(*cancel)()
	}
	c.mu.Unlock()
	<-done
	return ctx.Err()
}

// api gives a caller of the Web API for one token. slack-go makes no second attempt
// unless it is asked to.
func (c *Client) api(token string) *api.Client {
	return api.New(token, api.OptionHTTPClient(c.http), api.OptionAPIURL(c.o.APIURL))
}

// tell passes on an event.
func (c *Client) tell(ctx context.Context, e chat.Event) {
	if err := c.o.Event(ctx, e); err != nil {
		c.log.Error("taking in an event of Slack's", "event", e.Why, "channel", e.Channel.String(), "err", err)
	}
}

// quiet takes the address out of an error of an HTTP call: those that Slack gives to reply
// and to upload to are as good as passwords.
func quiet(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
