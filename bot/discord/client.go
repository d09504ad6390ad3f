package discord

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// Platform is what a [chat.Channel] of Discord has as its platform. Its tenant is a
// guild, or [Direct] with the channel behind it, and its ID a channel or a thread.
const Platform = "discord"

// Direct begins the tenant of direct messages, as Discord's own addresses name it:
// "@me:7". Each conversation is one, for people who write to the bot have nothing
// in common.
const Direct = "@me"

// Options are what a [Client] needs. Token is a must; Handle, Complete and Commands
// for whoever takes commands.
type Options struct {
	Token string // of the bot, without "Bot " before it
	// Application is the application's id; "" asks Discord for it.
	Application string
	// PublicKey is the application's key in hex, for interactions over HTTP.
	PublicKey string
	// Guild registers the commands in this guild alone, at once; "" everywhere.
	Guild string
	HTTP  *http.Client // nil for one of our own
	// Logger gets what an operator has to know; nil for nobody.
	Logger *slog.Logger

	Handle   chat.Handle
	Complete chat.Complete // nil suggests nothing
	// Event takes in what happens to guilds and channels; nil for nobody.
	Event func(context.Context, chat.Event) error
	// Commands is the table of commands, chat.Commands().
	Commands []chat.Spec
}

// Format leaves the secrets out, whatever the verb.
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "discord application %q, guild %q", o.Application, o.Guild)
}

// callTime bounds one call, files included.
const callTime = 30 * time.Second

// Client is the bot at Discord. Its methods may be called from several goroutines.
type Client struct {
	o       Options
	rest    *discordgo.Session // for REST alone, never opened
	log     *slog.Logger
	gate    gate
	threads memory // root message -> its thread
	told    memory // key -> message in the thread, where the one in the channel is missing

	closing chan struct{}  // closed where what is still at work has to stop
	work    sync.WaitGroup // interactions being answered
	busy    chan struct{}  // as many as may be answered at a time
	seen    memory         // ids of interactions

	mu     sync.Mutex
	closed bool // no interaction is taken in any more
	app    string
	shards map[int]bool // whether each is connected
	state  Status

	// stale is how old the last heartbeat's acknowledgement gets before the
	// connection is given up.
	stale time.Duration
}

// Format leaves the secrets out, whatever the verb.
func (c *Client) Format(f fmt.State, verb rune) { c.o.Format(f, verb) }

// Status says how the connection is, for a check of health.
type Status struct {
	// Connected is true while every shard of the gateway is.
	Connected bool
	// Since is when that last changed.
	Since time.Time
	// Problem is why not, as a sentence for the operator.
	Problem string
}

// most bounds the interactions that are answered at a time.
const most = 64

// New makes a client. It talks to nobody yet.
func New(o Options) (*Client, error) {
	o.Token = strings.TrimPrefix(strings.TrimSpace(o.Token), "Bot ")
	if o.Token == "" {
		return nil, errors.New("discord: there is no bot token: copy it from the page Bot of the application at https://discord.com/developers/applications")
	}
	if strings.ContainsAny(o.Token, " \t\r\n") {
		return nil, errors.New("discord: the bot token has white space in it: copy it again")
	}
	for name, id := range map[string]string{"application": o.Application, "guild": o.Guild} {
		if id != "" && !snowflake(id) {
			return nil, fmt.Errorf("discord: %q is not the id of the %s: it is a number, which Discord copies for you in developer mode", id, name)
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{}
	}
	s, err := discordgo.New("Bot " + o.Token)
	if err != nil {
		return nil, fmt.Errorf("discord: making a session: %w", err)
	}
	c := &Client{
		o: o, rest: s, log: o.Logger, app: o.Application,
		closing: make(chan struct{}), busy: make(chan struct{}, most), stale: 3 * heartbeat,
	}
	s.Client = c.recording(o.HTTP)
	s.MaxRestRetries, s.ShouldRetryOnRateLimit = 0, false
	s.LogLevel = -1 // it would write past our logger; what counts comes back as an error
	s.UserAgent = "DiscordBot (isitdown, 1)"
	return c, nil
}

// Status tells how the connection is.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Identity is who the token belongs to.
type Identity struct{ Application, Name string }

// Check asks Discord whose the token is: a doctor's question. Its error is a
// *chat.Refusal, TenantLost where the token is not valid.
func (c *Client) Check(ctx context.Context) (Identity, error) {
	var app struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := c.do(ctx, request{what: "asking for the application", method: http.MethodGet, path: "applications/@me", out: &app}); err != nil {
		return Identity{}, err
	}
	c.mu.Lock()
	c.app = app.ID
	c.mu.Unlock()
	return Identity{Application: app.ID, Name: app.Name}, nil
}

// application gives the application's id, which the first call asks for.
func (c *Client) application(ctx context.Context) (string, error) {
	c.mu.Lock()
	app := c.app
	c.mu.Unlock()
	if app != "" {
		return app, nil
	}
	who, err := c.Check(ctx)
	return who.Application, err
}

// Close takes in no more interactions, and waits for those that are being answered
// until ctx ends: then they are told to stop, and waited for. Run and the HTTP
// server are for their callers to end first.
func (c *Client) Close(ctx context.Context) {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.mu.Unlock()
	if again {
		c.work.Wait()
		return
	}
	done := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		c.work.Wait()
		close(done)
	})
	select {
	case <-done:
	case <-ctx.Done():
	}
	close(c.closing)
	waiting.Wait()
	c.rest.Client.CloseIdleConnections()
}
