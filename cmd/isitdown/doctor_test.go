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
	if d := diagnoseClock(time.Unix(0, 0)); d[0].mark != problem || !strings.Contains(d[0].text, "NTP") {
		t.Errorf("in 1970: got %+v", d)
	}
	if d := diagnoseClock(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); d[0].mark != fine {
		t.Errorf("in 2027: got %+v", d)
	}
}
