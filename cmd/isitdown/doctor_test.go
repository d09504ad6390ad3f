package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chattest"
)

// found gives the one line about a thing.
func found(t *testing.T, list []diagnosis, what string) diagnosis {
	t.Helper()
	for _, d := range list {
		if d.what == what {
			return d
		}
	}
	t.Fatalf("nothing is said of %s: %v", what, list)
	return diagnosis{}
}

// The doctor asks each platform whose the token is.
func TestDoctorAsksSlack(t *testing.T) {
	api := chattest.Emulate(t)
	a := testApp()
	a.http, a.slackAPI = api.Client, api.URL
	a.config.Slack.BotToken = secret{chattest.SlackBotToken}
	d := found(t, a.diagnoseSlack(t.Context()), "slack")
	if d.mark != problem || !strings.Contains(d.text, "slack.app_token is missing") {
		t.Errorf("without the app token: got %+v", d)
	}
	a.config.Slack.AppToken = secret{"xapp-1-secret"}
	d = found(t, a.diagnoseSlack(t.Context()), "slack")
	if d.mark != fine || !strings.Contains(d.text, api.Team) {
		t.Errorf("got %+v, want the workspace %s", d, api.Team)
	}
	a.slackAPI = "http://127.0.0.1:1/api/"
	d = found(t, a.diagnoseSlack(t.Context()), "slack")
	if d.mark != problem || strings.Contains(d.text, chattest.SlackBotToken) {
		t.Errorf("nobody there: got %+v", d)
	}
}

func TestDoctorAsksDiscord(t *testing.T) {
	d := chattest.Twin(t)
	a := testApp()
	a.http, a.config.Discord.Token = d.Client(), secret{d.Token}
	got := found(t, a.diagnoseDiscord(t.Context()), "discord")
	if got.mark != fine || !strings.Contains(got.text, "client_id="+d.Bot) {
		t.Errorf("got %+v, want the address to invite the bot %s", got, d.Bot)
	}
	a.config.Discord.Token = secret{"not-the-token-of-anybody"}
	d.Instead(func(*http.Request, chattest.Call) *http.Response { // the twin takes any token
		return chattest.Respond(401, "application/json", `{"message":"401: Unauthorized","code":0}`)
	})
	got = found(t, a.diagnoseDiscord(t.Context()), "discord")
	if got.mark != problem || strings.Contains(got.text, "not-the-token") {
		t.Errorf("a wrong token: got %+v", got)
	}
}

func TestDoctorClock(t *testing.T) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		off  []time.Duration // of the services' clocks
		age  string
		now  time.Time
		mark mark
		say  string
	}{
		{name: "older than the program", now: time.Unix(0, 0), mark: problem, say: "NTP"},
		{name: "nothing to compare with", now: now, mark: note, say: "no service answered"},
		{name: "right", off: []time.Duration{0}, now: now, mark: fine, say: "1 clock read"},
		{name: "one service is off", off: []time.Duration{time.Hour, 0, -time.Hour}, now: now, mark: fine, say: "3 clocks read"},
		{name: "ahead", off: []time.Duration{-time.Hour, -2 * time.Hour}, now: now, mark: problem, say: "it is 1h0m"},
		{name: "behind", off: []time.Duration{time.Hour}, now: now, mark: problem, say: "behind the clocks"},
		{name: "kept by a cache", off: []time.Duration{-time.Hour}, age: "3600", now: now, mark: note, say: "no service answered"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var read clocks
			services := roundTripper(func(r *http.Request) (*http.Response, error) {
				off, err := time.ParseDuration(r.URL.Query().Get("off"))
				if err != nil {
					t.Error(err)
				}
				h := http.Header{"Date": {time.Now().Add(off).UTC().Format(http.TimeFormat)}}
				if test.age != "" {
					h.Set("Age", test.age)
				}
				return &http.Response{StatusCode: http.StatusNoContent, Header: h, Body: http.NoBody}, nil
			})
			client := read.overhear(&http.Client{Transport: services})
			for _, off := range test.off {
				reply, err := client.Get("http://service.test/?off=" + off.String())
				if err != nil {
					t.Fatal(err)
				}
				reply.Body.Close()
			}
			if d := read.diagnose(test.now); d.mark != test.mark || !strings.Contains(d.text, test.say) {
				t.Errorf("got %s %q, want %s with %q", d.mark, d.text, test.mark, test.say)
			}
		})
	}
}
