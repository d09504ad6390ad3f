package main

import (
	"fmt"
	"time"

	"isitdown/bot"
)

// The sections that only serve reads. What each setting means stands in
// config.example.toml.

type serveConfig struct {
	DB       string   `toml:"db"`
	Grace    duration `toml:"grace"`
	Listen   string   `toml:"listen"`
	LogLevel string   `toml:"log_level"`
	LogJSON  bool     `toml:"log_json"`
}

type slackConfig struct {
	Mode          string `toml:"mode"`
	BotToken      secret `toml:"bot_token"`
	AppToken      secret `toml:"app_token"`
	SigningSecret secret `toml:"signing_secret"`
	ClientID      string `toml:"client_id"`
	ClientSecret  secret `toml:"client_secret"`
	PublicURL     string `toml:"public_url"`
	AdminsOnly    bool   `toml:"admins_only"`
}

type discordConfig struct {
	Mode          string `toml:"mode"`
	Token         secret `toml:"token"`
	ApplicationID string `toml:"application_id"`
	PublicKey     string `toml:"public_key"`
	Guild         string `toml:"guild"`
}

type outboxConfig struct {
	ChannelEvery duration `toml:"channel_every"`
	ChannelBurst int      `toml:"channel_burst"`
	TenantEvery  duration `toml:"tenant_every"`
	TenantBurst  int      `toml:"tenant_burst"`
	LateAfter    duration `toml:"late_after"`
	GiveUp       duration `toml:"give_up"`
	Workers      int      `toml:"workers"`
}

type retentionConfig struct {
	IncidentDays int `toml:"incident_days"`
	DeliveryDays int `toml:"delivery_days"`
	AuditDays    int `toml:"audit_days"`
	DigestDays   int `toml:"digest_days"`
}

type limitsConfig struct {
	Subscriptions     int `toml:"subscriptions"`
	Tenant            int `toml:"tenant_subscriptions"`
	NoteLength        int `toml:"note_length"`
	RequestsPerMinute int `toml:"requests_per_minute"`
	ProbesPerMinute   int `toml:"probes_per_minute"`
}

// The ways in which a platform reaches the bot.
const (
	modeSocket  = "socket"
	modeGateway = "gateway"
	modeHTTP    = "http"
)

func defaultServe() serveConfig {
	return serveConfig{Grace: duration{10 * time.Second}, LogLevel: "auto"}
}

func defaultOutbox() outboxConfig {
	return outboxConfig{
		ChannelEvery: duration{time.Second}, ChannelBurst: 3,
		TenantEvery: duration{50 * time.Millisecond}, TenantBurst: 20,
		LateAfter: duration{5 * time.Minute}, GiveUp: duration{24 * time.Hour}, Workers: 32,
	}
}

func defaultRetention() retentionConfig {
	return retentionConfig{IncidentDays: 365, DeliveryDays: 30, AuditDays: 365, DigestDays: 90}
}

func defaultLimits() limitsConfig {
	return limitsConfig{Subscriptions: 200, Tenant: 5000, NoteLength: 1000, RequestsPerMinute: 30, ProbesPerMinute: 6}
}

// configured reports whether there is anything to reach Slack with.
func (c *slackConfig) configured() bool { return c.BotToken.set() || c.ClientSecret.set() }

// configured reports whether there is anything to reach Discord with.
func (c *discordConfig) configured() bool { return c.Token.set() }

// credential is a secret of the configuration, and the environment variable
// that sets it too.
type credential struct {
	setting, variable string
	value             *secret
}

// credentials lists every secret of the configuration that has one place; the
// passwords of routers are beside them.
func (c *config) credentials() []credential {
	return []credential{
		{"slack.bot_token", "ISITDOWN_SLACK_BOT_TOKEN", &c.Slack.BotToken},
		{"slack.app_token", "ISITDOWN_SLACK_APP_TOKEN", &c.Slack.AppToken},
		{"slack.signing_secret", "ISITDOWN_SLACK_SIGNING_SECRET", &c.Slack.SigningSecret},
		{"slack.client_secret", "ISITDOWN_SLACK_CLIENT_SECRET", &c.Slack.ClientSecret},
		{"discord.token", "ISITDOWN_DISCORD_TOKEN", &c.Discord.Token},
		{"globalping.token", "ISITDOWN_GLOBALPING_TOKEN", &c.Globalping.Token},
		{"radar.token", "ISITDOWN_RADAR_TOKEN", &c.Radar.Token},
	}
}

// secrets lists those that are set.
func (c *config) secrets() []secret {
	var list []secret
	for _, known := range c.credentials() {
		if known.value.set() {
			list = append(list, *known.value)
		}
	}
	for _, r := range c.Routers {
		if r.Password.set() {
			list = append(list, r.Password)
		}
	}
	return list
}

func (c *outboxConfig) settings() bot.OutboxSettings {
	return bot.OutboxSettings{
		Workers: c.Workers,
		Channel: bot.SendRate{PerSecond: 1 / c.ChannelEvery.Seconds(), Burst: c.ChannelBurst},
		Tenant:  bot.SendRate{PerSecond: 1 / c.TenantEvery.Seconds(), Burst: c.TenantBurst},
		Late:    c.LateAfter.Duration, GiveUp: c.GiveUp.Duration,
	}
}

func (c *retentionConfig) retention() bot.Retention {
	return bot.Retention{Incidents: c.IncidentDays, Deliveries: c.DeliveryDays, Digests: c.DigestDays, Audit: c.AuditDays}
}

func (c *limitsConfig) limits() bot.Limits {
	return bot.Limits{Subscriptions: c.Subscriptions, Tenant: c.Tenant, Note: c.NoteLength, PerMinute: c.RequestsPerMinute}
}

// fromEnvironment takes over the secrets of the environment: VARIABLE holds one,
// VARIABLE_FILE names a file that does. They win over the file of settings. The
// error names the variable and never what it holds.
func (c *config) fromEnvironment(look func(string) (string, bool), read func(string) ([]byte, error)) error {
	for _, known := range c.credentials() {
		text, direct := look(known.variable)
		name, inFile := look(known.variable + "_FILE")
		direct, inFile = direct && text != "", inFile && name != "" // an empty one is as good as none
		switch {
		case direct && inFile:
			return fmt.Errorf("%s and %s_FILE are both set: unset one of them", known.variable, known.variable)
		case inFile:
			data, err := read(name)
			if err != nil {
				return fmt.Errorf("reading the file that %s_FILE names: %w", known.variable, err)
			}
			text, direct = string(data), true
		}
		if !direct {
			continue
		}
		if err := known.value.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%s: %w", known.variable, err)
		}
	}
	return nil
}
