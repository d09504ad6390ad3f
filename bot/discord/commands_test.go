package discord

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

func TestRegistration(t *testing.T) {
	list := Registration(chat.Commands())
	if len(list) != 2 || list[0].Name != "isitdown" || list[1].Name != "outages" {
		t.Fatalf("got %+v", list)
	}
	if p := list[0].DefaultMemberPermissions; p != nil {
		t.Errorf("asking needs the permission %d", *p)
	}
	if p := list[1].DefaultMemberPermissions; p == nil || *p != discordgo.PermissionManageChannels {
		t.Error("following does not need Manage Channels")
	}
	if n := len(list[1].Options); n+1 != len(chat.Commands()) || n > maxOptions {
		t.Errorf("got %d subcommands of a table of %d", n, len(chat.Commands()))
	}
	body, err := Manifest(chat.Commands())
	if err != nil {
		t.Fatal(err)
	}
	err = chattest.LoadDiscordSchemas(t).Check(chattest.Call{Method: "PUT", Path: "/api/v9/applications/5/commands", Body: body})
	if err != nil {
		t.Error(err)
	}
}

// Commands are registered when Discord has others, and left alone when it has them,
// with whatever it added.
func TestRegister(t *testing.T) {
	known := func() string {
		list := Registration(chat.Commands())
		list[0], list[1] = list[1], list[0]
		for _, c := range list {
			c.ID, c.ApplicationID, c.Version = "1", "5", "2"
			off := false
			c.NSFW = &off
		}
		b, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}()
	const get, put = "GET applications/5/commands", "PUT applications/5/commands"
	tests := []struct {
		name   string
		answer *http.Response
		guild  string
		want   []string
	}{
		{"known", chattest.Respond(200, "application/json", known), "", []string{get}},
		{"none", chattest.Respond(200, "application/json", `[]`), "", []string{get, put}},
		{"others", chattest.Respond(200, "application/json", `[null,{"name":"isitdown"}]`), "", []string{get, put}},
		{"not to be read", chattest.Respond(404, "application/json", `{}`), "", []string{get, put}},
		{"of a guild", chattest.Respond(200, "application/json", `[]`), "1", []string{"GET applications/5/guilds/1/commands", "PUT applications/5/guilds/1/commands"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{answer: func(method, _ string) *http.Response {
				if method == http.MethodGet {
					return tt.answer
				}
				return nil
			}}
			c, _ := newClient(t, f, func(o *Options) { o.Guild = tt.guild })
			changed, err := c.Register(t.Context())
			if err != nil || changed != (len(tt.want) == 2) {
				t.Errorf("got %v, %v", changed, err)
			}
			if diff := cmp.Diff(tt.want, f.list()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	f := &fake{answer: func(string, string) *http.Response {
		return chattest.Respond(200, "application/json", `{"id":"5","name":"isitdown"}`)
	}}
	c, _ := newClient(t, f, nil)
	if got, err := c.Check(t.Context()); err != nil || got != (Identity{"5", "isitdown"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	f.answer = func(string, string) *http.Response { return chattest.Respond(401, "application/json", `{"code":0}`) }
	_, err := c.Check(t.Context())
	if got := asRefusal(t, err); got.Trouble != chat.TenantLost {
		t.Errorf("got %v", got)
	}
}
