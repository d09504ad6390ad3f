package slack

import (
	"encoding/json"
	"strings"
	"testing"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

func TestManifest(t *testing.T) {
	for name, app := range map[string]App{
		"manifest-socket": {},
		"manifest-http":   {PublicURL: "https://bot.example.org/", HTTP: true, Install: true, People: true},
	} {
		b, err := Manifest(chat.Commands(), app)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", b)
	}
	for _, bad := range []App{{HTTP: true}, {Install: true}, {PublicURL: "http://bot.example.org", HTTP: true}} {
		if _, err := Manifest(chat.Commands(), bad); err == nil {
			t.Errorf("%+v makes a manifest", bad)
		}
	}
}

func TestManifestIsTaken(t *testing.T) {
	schema := chattest.LoadSchema(t, "specs/slack-manifest.schema.2.0.0.json", "")
	for _, app := range []App{{}, {People: true}, {PublicURL: "https://bot.example.org", HTTP: true}, {PublicURL: "https://bot.example.org", Install: true}} {
		b, err := Manifest(chat.Commands(), app)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Check(b); err != nil {
			t.Errorf("%+v: %v", app, err)
		}
	}
	if schema.Check([]byte(`{"display_information":{"name":7}}`)) == nil {
		t.Error("anything is taken")
	}
}

// The manifest asks for no more than docs/slack.md explains, names each command, and does not have
// tokens end that nobody renews.
func TestManifestIsLeast(t *testing.T) {
	b, err := Manifest(chat.Commands(), App{})
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.OAuth.Scopes.Bot, " "); got != "commands chat:write files:write channels:read groups:read" {
		t.Errorf("got scopes %s", got)
	}
	if m.Settings.Rotation || !m.Settings.Socket {
		t.Error("one workspace in Socket Mode has a token that nobody renews")
	}
	var names []string
	for _, c := range m.Features.Commands {
		names = append(names, c.Command)
	}
	if got := strings.Join(names, " "); got != "/isitdown /outages" {
		t.Errorf("got commands %s", got)
	}
	for _, s := range chat.Commands() {
		if !strings.Contains(m.Features.Commands[0].Hint+m.Features.Commands[1].Hint, s.Name) {
			t.Errorf("%s is not hinted at", s.Title())
		}
	}
}
