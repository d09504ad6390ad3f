package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// logLevels are the values of serve.log_level.
var logLevels = [...]string{"auto", "debug", "info", "warn", "error"}

func (c *serveConfig) validate() error {
	var listen error
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			listen = fmt.Errorf("serve.listen is %q: write an address and a port, as in \"127.0.0.1:8080\"", c.Listen)
		}
	}
	return errors.Join(
		positive("serve.grace", c.Grace),
		listen,
		oneOf("serve.log_level", c.LogLevel, logLevels[:]),
	)
}

// validate says what does not go together. What is missing altogether is for serve to
// say: other commands work without it.
func (c *slackConfig) validate(s *serveConfig) error {
	errs := []error{oneOf("slack.mode", c.Mode, []string{modeSocket, modeHTTP})}
	if c.ClientSecret.set() != (c.ClientID != "") {
		errs = append(errs, errors.New("slack.client_id and slack.client_secret go together: set both, or neither"))
	}
	if c.ClientID != "" {
		errs = append(errs, publicURL("slack.public_url", c.PublicURL))
	}
	if (c.Mode == modeHTTP || c.ClientID != "") && c.configured() && s.Listen == "" {
		errs = append(errs, errors.New("slack wants to be reached over HTTP, and serve.listen is empty: set it, as in \"127.0.0.1:8080\""))
	}
	return errors.Join(errs...)
}

func (c *discordConfig) validate(s *serveConfig) error {
	errs := []error{
		oneOf("discord.mode", c.Mode, []string{modeGateway, modeHTTP}),
		snowflake("discord.application_id", c.ApplicationID),
		snowflake("discord.guild", c.Guild),
	}
	if key, err := hex.DecodeString(c.PublicKey); c.PublicKey != "" && (err != nil || len(key) != 32) {
		errs = append(errs, errors.New("discord.public_key is not 32 bytes in hexadecimal: copy it from the General Information of the application"))
	}
	if c.Mode == modeHTTP && c.configured() {
		if c.PublicKey == "" {
			errs = append(errs, errors.New("discord.mode is \"http\" and discord.public_key is empty: copy it from the General Information of the application"))
		}
		if s.Listen == "" {
			errs = append(errs, errors.New("discord.mode is \"http\" and serve.listen is empty: set it, as in \"127.0.0.1:8080\""))
		}
	}
	return errors.Join(errs...)
}

func (c *outboxConfig) validate() error {
	return errors.Join(
		positive("outbox.channel_every", c.ChannelEvery),
		atLeastOne("outbox.channel_burst", c.ChannelBurst),
		positive("outbox.tenant_every", c.TenantEvery),
		atLeastOne("outbox.tenant_burst", c.TenantBurst),
		positive("outbox.late_after", c.LateAfter),
		positive("outbox.give_up", c.GiveUp),
		atLeastOne("outbox.workers", c.Workers),
	)
}

func (c *retentionConfig) validate() error {
	return errors.Join(
		atLeastOne("retention.incident_days", c.IncidentDays),
		atLeastOne("retention.delivery_days", c.DeliveryDays),
		atLeastOne("retention.audit_days", c.AuditDays),
		atLeastOne("retention.digest_days", c.DigestDays),
	)
}

func (c *limitsConfig) validate() error {
	return errors.Join(
		atLeastOne("limits.subscriptions", c.Subscriptions),
		atLeastOne("limits.tenant_subscriptions", c.Tenant),
		atLeastOne("limits.note_length", c.NoteLength),
		atLeastOne("limits.requests_per_minute", c.RequestsPerMinute),
		atLeastOne("limits.probes_per_minute", c.ProbesPerMinute),
	)
}

func oneOf(name, v string, values []string) error {
	if !slices.Contains(values, v) {
		return fmt.Errorf("%s is %q: write one of %s", name, v, strings.Join(values, ", "))
	}
	return nil
}

// publicURL refuses what a browser on another machine could not open.
func publicURL(name, v string) error {
	if u, err := url.Parse(v); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s is %q: write the https address under which others reach this bot, as in \"https://bot.example.org\"", name, v)
	}
	return nil
}

// snowflake refuses what is no id of Discord; an empty one is not set.
func snowflake(name, v string) error {
	if len(v) > 20 || strings.Trim(v, "0123456789") != "" {
		return fmt.Errorf("%s is %q: write the number that Discord shows with Copy ID", name, v)
	}
	return nil
}
