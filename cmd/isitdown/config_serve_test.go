package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot"
)

var sameSecret = cmp.Comparer(func(a, b secret) bool { return a == b })

func TestServeConfigRefuses(t *testing.T) {
	tests := []struct{ name, text, say string }{
		{"grace", "[serve]\ngrace = \"0s\"", "serve.grace is 0s: write more than 0"},
		{"listen", "[serve]\nlisten = \"8080\"", "serve.listen is \"8080\": write an address and a port"},
		{"level", "[serve]\nlog_level = \"loud\"", "one of auto, debug, info, warn, error"},
		{"slack mode", "[slack]\nmode = \"rtm\"", "slack.mode is \"rtm\": write one of socket, http"},
		{"half of OAuth", "[slack]\nclient_id = \"1.2\"", "slack.client_id and slack.client_secret go together"},
		{"OAuth on http", "[serve]\nlisten = \":80\"\n[slack]\nclient_id = \"1.2\"\nclient_secret = \"x\"\npublic_url = \"http://bot.example.org\"", "write the https address"},
		{"nowhere to listen", "[slack]\nmode = \"http\"\nbot_token = \"x\"", "serve.listen is empty"},
		{"discord mode", "[discord]\nmode = \"socket\"", "one of gateway, http"},
		{"no key", "[discord]\nmode = \"http\"\ntoken = \"x\"", "discord.public_key is empty"},
		{"short key", "[discord]\npublic_key = \"abcd\"", "not 32 bytes"},
		{"id", "[discord]\napplication_id = \"my bot\"", "discord.application_id is \"my bot\""},
		{"rate", "[outbox]\nchannel_every = \"-1s\"", "outbox.channel_every is -1s"},
		{"never give up", "[outbox]\ngive_up = \"0s\"", "outbox.give_up is 0s"},
		{"days", "[retention]\naudit_days = 0", "retention.audit_days is 0"},
		{"limit", "[limits]\nsubscriptions = -5", "limits.subscriptions is -5"},
		{"a secret of the wrong kind", "[slack]\nbot_token = [\"xoxb-very-secret\"]", "the value is of the wrong kind"},
		{"misspelt", "[slack]\ntoken = \"xoxb-very-secret\"", "there is no setting slack.token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConfig([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.say) {
				t.Fatalf("got %v, want an error with %q", err, tt.say)
			}
			if strings.Contains(err.Error(), "very-secret") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestFromEnvironment(t *testing.T) {
	files := map[string]string{"/run/secrets/discord": "from-a-file\n"}
	read := func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, errors.New("no such file")
		}
		return []byte(text), nil
	}
	from := func(env map[string]string) (config, error) {
		c := defaultConfig()
		c.Slack.BotToken = secret{"of-the-settings"}
		c.Slack.AppToken = secret{"kept"}
		err := c.fromEnvironment(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, read)
		return c, err
	}
	got, err := from(map[string]string{
		"ISITDOWN_SLACK_BOT_TOKEN": "xoxb-1", "ISITDOWN_DISCORD_TOKEN_FILE": "/run/secrets/discord",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []secret{{"xoxb-1"}, {"kept"}, {"from-a-file"}}
	if diff := cmp.Diff(want, got.secrets(), sameSecret); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, env := range map[string]map[string]string{
		"both":    {"ISITDOWN_SLACK_APP_TOKEN": "very-secret", "ISITDOWN_SLACK_APP_TOKEN_FILE": "/run/secrets/discord"},
		"no file": {"ISITDOWN_SLACK_CLIENT_SECRET_FILE": "/nowhere"},
	} {
		_, err := from(env)
		if err == nil || !strings.Contains(err.Error(), "ISITDOWN_SLACK_") || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%s: got %v, want an error that names the variable and not its value", name, err)
		}
	}
}

// The defaults stand once more in package bot; they are the same.
func TestServeDefaultsArePackages(t *testing.T) {
	c := defaultConfig()
	if got, want := c.Retention.retention(), (bot.Retention{Incidents: 365, Deliveries: 30, Digests: 90, Audit: 365}); got != want {
		t.Errorf("retention: got %+v, want %+v", got, want)
	}
	if got, want := c.Limits.limits(), (bot.Limits{Subscriptions: 200, Tenant: 5000, Note: 1000, PerMinute: 30}); got != want {
		t.Errorf("limits: got %+v, want %+v", got, want)
	}
	got := c.Outbox.settings()
	if want := (bot.SendRate{PerSecond: 1, Burst: 3}); got.Channel != want {
		t.Errorf("rate of a channel: got %+v, want %+v", got.Channel, want)
	}
	if want := (bot.SendRate{PerSecond: 20, Burst: 20}); got.Tenant != want {
		t.Errorf("rate of a tenant: got %+v, want %+v", got.Tenant, want)
	}
	if got.Workers != 32 || got.Late != 5*time.Minute || got.GiveUp != 24*time.Hour {
		t.Errorf("got %d workers, late after %s, giving up after %s; want 32, 5 min, 24 h", got.Workers, got.Late, got.GiveUp)
	}
}
