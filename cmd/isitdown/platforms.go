package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/bot/discord"
	"isitdown/bot/slack"
)

// platform is a chat platform as serve sees it.
type platform struct {
	name string
	send chat.Send
	// run keeps its connection until the context ends; nil where the platform
	// comes to us.
	run func(context.Context) error
	// close lets requests in hand end.
	close func(context.Context) error
	// connected reports whether requests come in, and why not.
	connected func() (ok bool, problem string)
	// routes are what it wants to be reached under over HTTP.
	routes map[string]http.Handler

	mu      sync.Mutex
	problem string // why run ended last
}

// answerer is what a platform needs of the bot.
type answerer struct {
	handle   chat.Handle
	complete chat.Complete
	event    func(context.Context, chat.Event) error
}

// callTimeout bounds one call of a platform.
const callTimeout = 30 * time.Second

// platforms makes the clients of the platforms that are set up. One whose settings are
// wrong is an error: it would never work.
func (a *app) platforms(to answerer, store *bot.Store) ([]*platform, error) {
	var list []*platform
	if a.config.Slack.configured() {
		p, err := a.slack(to, store)
		if err != nil {
			return nil, &failure{exitUsage, err}
		}
		list = append(list, p)
	}
	if a.config.Discord.configured() {
		p, err := a.discord(to)
		if err != nil {
			return nil, &failure{exitUsage, err}
		}
		list = append(list, p)
	}
	return list, nil
}

// slackOptions are the settings of Slack as its client takes them.
func (a *app) slackOptions(to answerer) slack.Options {
	c := &a.config.Slack
	o := slack.Options{
		HTTP: a.client(), APIURL: a.slackAPI, Logger: a.log.With("platform", slack.Platform), Handle: to.handle, Event: to.event,
		BotToken: c.BotToken.reveal(), People: c.AdminsOnly,
	}
	if c.Mode == modeSocket {
		o.AppToken = c.AppToken.reveal()
	} else {
		o.SigningSecret = c.SigningSecret.reveal()
	}
	return o
}

func (a *app) slack(to answerer, store *bot.Store) (*platform, error) {
	c := &a.config.Slack
	switch {
	case c.Mode == modeSocket && !c.AppToken.set():
		return nil, errors.New("slack.app_token is missing, which mode \"socket\" needs: make one with the scope connections:write and set ISITDOWN_SLACK_APP_TOKEN")
	case c.Mode == modeHTTP && !c.SigningSecret.set():
		return nil, errors.New("slack.signing_secret is missing, which mode \"http\" needs: copy it from the Basic Information of the app and set ISITDOWN_SLACK_SIGNING_SECRET")
	}
	o := a.slackOptions(to)
	if c.ClientID != "" {
		o.Install = &slack.Install{
			ClientID: c.ClientID, ClientSecret: c.ClientSecret.reveal(), PublicURL: c.PublicURL, Credentials: credentials{store},
		}
	}
	client, err := slack.New(o)
	if err != nil {
		return nil, fmt.Errorf("setting up Slack: %w", err)
	}
	p := &platform{name: slack.Platform, send: client.Send, close: client.Close, run: client.Run, connected: func() (bool, string) { return true, "" }}
	if c.Mode == modeSocket {
		p.connected = func() (bool, string) {
			return client.Connected() > 0, "no Socket Mode connection is up"
		}
	}
	if c.Mode == modeHTTP || c.ClientID != "" {
		p.routes = map[string]http.Handler{"/slack/": client.Handler()}
	}
	return p, nil
}

func (a *app) discordOptions(to answerer) discord.Options {
	c := &a.config.Discord
	return discord.Options{
		Token: c.Token.reveal(), Application: c.ApplicationID, PublicKey: c.PublicKey, Guild: c.Guild,
		HTTP: a.client(), Logger: a.log.With("platform", discord.Platform),
		Handle: to.handle, Complete: to.complete, Event: to.event, Commands: chat.Commands(),
	}
}

func (a *app) discord(to answerer) (*platform, error) {
	client, err := discord.New(a.discordOptions(to))
	if err != nil {
		return nil, fmt.Errorf("setting up Discord: %w", err)
	}
	p := &platform{
		name: discord.Platform, send: client.Send,
		close: func(ctx context.Context) error { client.Close(ctx); return nil },
		run: func(ctx context.Context) error {
			if err := a.register(ctx, client); err != nil {
				return err
			}
			return client.Run(ctx)
		},
		connected: func() (bool, string) { s := client.Status(); return s.Connected, s.Problem },
	}
	if a.config.Discord.Mode != modeHTTP {
		return p, nil
	}
	h, err := client.Interactions()
	if err != nil {
		return nil, fmt.Errorf("setting up Discord: %w", err)
	}
	p.routes = map[string]http.Handler{"/discord/interactions": h}
	p.run = func(ctx context.Context) error {
		if err := a.register(ctx, client); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	p.connected = func() (bool, string) { return true, "" }
	return p, nil
}

// register tells Discord of the commands. Where that fails, those that it knows
// already still work; only a token that is not valid ends everything.
func (a *app) register(ctx context.Context, client *discord.Client) error {
	changed, err := client.Register(ctx)
	if refusal, ok := errors.AsType[*chat.Refusal](err); ok && refusal.Trouble == chat.TenantLost {
		return fmt.Errorf("telling Discord of the commands: %w", err)
	}
	switch {
	case err != nil:
		a.log.Error("discord: the commands could not be registered; those that Discord knows still work", "error", err)
	case changed:
		a.log.Info("discord: the commands were registered anew")
	}
	return nil
}

// Between the end of a platform's connection and the next attempt, doubled each time.
const (
	leastRetry = 5 * time.Second
	mostRetry  = 5 * time.Minute
)

// keep runs the platform until the context ends. One that fails is said to, and tried
// again; it never stops the others.
func (p *platform) keep(ctx context.Context, log *slog.Logger) {
	if p.run == nil {
		return
	}
	for wait := leastRetry; ; wait = min(2*wait, mostRetry) {
		began := time.Now()
		err := p.run(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("its connection ended")
		}
		if time.Since(began) > mostRetry {
			wait = leastRetry
		}
		p.fault(err.Error())
		log.Error("a platform does not work; it is tried again", "platform", p.name, "in", wait, "err", err)
		select {
		case <-time.After(wait):
			p.fault("")
		case <-ctx.Done():
			return
		}
	}
}

func (p *platform) fault(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problem = text
}

// finding says whether the platform works.
func (p *platform) finding() finding {
	p.mu.Lock()
	problem := p.problem
	p.mu.Unlock()
	ok, why := p.connected()
	switch {
	case problem != "":
		return finding{p.name, false, problem}
	case !ok && why == "":
		why = "it is not connected"
	case ok:
		why = ""
	}
	return finding{p.name, ok, why}
}

// credentials keeps Slack's installations in the store.
type credentials struct{ store *bot.Store }

// Load gives what Save took.
func (c credentials) Load(tenant string) (data []byte, err error) {
	err = c.store.View(func(tx *bot.Tx) error {
		data = tx.Credential(slack.Platform, tenant)
		return nil
	})
	return data, err
}

// Save replaces what was there; nil removes it.
func (c credentials) Save(tenant string, data []byte) error {
	return c.store.Update(func(tx *bot.Tx) error {
		if data == nil {
			return tx.DeleteCredential(slack.Platform, tenant)
		}
		return tx.PutCredential(slack.Platform, tenant, data)
	})
}
