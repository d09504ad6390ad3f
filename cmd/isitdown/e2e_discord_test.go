package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
	"isitdown/bot/discord"
)

// The whole bot on a Discord that we did not write. Every call is held against Discord's
// own schemas.
func TestServeOnDiscord(t *testing.T) {
	t.Parallel()
	p := &discordStand{d: chattest.Twin(t)}
	s := rehearse(t, p.app(), "kp-2014")
	eventually(t, "the gateway is connected", func() bool { return s.platforms[0].finding().OK })
	theStory(t, s, p)
}

type discordStand struct{ d *chattest.Discord }

// app is set up for the stand.
func (p *discordStand) app() *app {
	a := &app{console: console{out: io.Discard, err: io.Discard}, config: defaultConfig(), log: slog.New(slog.DiscardHandler), http: p.d.Client()}
	a.config.Discord.Token, a.config.Discord.ApplicationID = secret{p.d.Token}, p.d.Bot
	return a
}

func (p *discordStand) places() [2]chat.Channel {
	at := func(i int) chat.Channel {
		return chat.Channel{Platform: discord.Platform, Tenant: p.d.Guild, ID: p.d.Channels[i]}
	}
	return [2]chat.Channel{at(0), at(1)}
}

func (p *discordStand) ask(t *testing.T, in chat.Channel, line string) (answer, acknowledged string) {
	t.Helper()
	before := len(p.d.Messages(t, in.ID))
	name, rest, _ := strings.Cut(line, " ")
	var options []any
	if name == "isitdown" {
		options = []any{chattest.Option("target", rest)}
	} else {
		c, err := chat.ParseCommand(line, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		verb, _, _ := strings.Cut(rest, " ")
		options = []any{chattest.Sub(verb, discordOptions(c)...)}
	}
	id := p.d.Slash(t, in.ID, name, options...)
	eventually(t, "a command is acknowledged: "+line, func() bool { return p.d.Answer(t, id).Acknowledged })
	acknowledged = "acknowledged"
	eventually(t, "a command is answered: "+line, func() bool {
		if got := p.d.Answer(t, id); got.Type == 4 {
			answer = got.Data.Content
		}
		if list := p.d.Messages(t, in.ID); len(list) > before {
			answer = strings.TrimSpace(list[len(list)-1].Text())
		}
		return answer != "" && !strings.HasPrefix(answer, "Checking")
	})
	return answer, acknowledged
}

// discordOptions are the options of a subcommand of the story.
func discordOptions(c chat.Command) (list []any) {
	add := func(name, value string) {
		if value != "" {
			list = append(list, chattest.Option(name, value))
		}
	}
	switch c.Verb {
	case chat.Subscribe:
		add("target", c.Target)
		add("level", c.Level.String())
	case chat.Mute:
		add("target", c.Target)
		add("duration", "12h")
	case chat.Acknowledge:
		add("id", c.Incident)
		add("note", c.Text)
	case chat.DigestDaily:
		add("when", "daily")
		add("time", fmt.Sprintf("%02d:%02d", c.Hour, c.Minute))
	}
	return list
}

func (p *discordStand) press(t *testing.T, in chat.Channel, message, line string) {
	t.Helper()
	for _, m := range p.d.Messages(t, in.ID) {
		for _, row := range m.Components {
			for _, b := range row.Components {
				if m.ID == message && strings.HasPrefix(b.CustomID, line) {
					p.d.Press(t, in.ID, message, b.CustomID)
					return
				}
			}
		}
	}
	t.Fatalf("message %s has no button %q", message, line)
}

func (p *discordStand) channel(t *testing.T, in chat.Channel) []message {
	t.Helper()
	return p.list(t, in.ID)
}

func (p *discordStand) list(t *testing.T, id string) (list []message) {
	t.Helper()
	for _, m := range p.d.Messages(t, id) {
		list = append(list, message{id: m.ID, text: m.Text()})
	}
	return list
}

// thread counts a picture with the message that it came with: the twin keeps no files.
func (p *discordStand) thread(t *testing.T, in chat.Channel, root string) []message {
	t.Helper()
	for _, th := range p.d.Threads(t, in.ID) {
		if th.Root != root {
			continue
		}
		list := p.list(t, th.ID)
		if len(list) > 0 && list[0].id == root {
			list = list[1:]
		}
		for _, c := range p.d.Calls("POST", "/channels/"+th.ID+"/messages") {
			for i := range list {
				if len(c.Files) > 0 && strings.Contains(string(c.Body), strings.SplitN(list[i].text, "\n", 2)[0]) {
					list[i].files++
				}
			}
		}
		return list
	}
	return nil
}

func (p *discordStand) remove(t *testing.T, in chat.Channel, message string) {
	t.Helper()
	p.d.Do(t, "deleteMessage", map[string]any{"channel": in.ID, "message": message}, nil)
}

func (p *discordStand) forbid(on bool) {
	if !on {
		p.d.Instead(nil)
		return
	}
	p.d.Instead(func(r *http.Request, _ chattest.Call) *http.Response {
		if r.Method == http.MethodGet {
			return nil
		}
		return chattest.Respond(403, "application/json", `{"message":"Missing Permissions","code":50013}`)
	})
}

func (p *discordStand) lose(t *testing.T, in chat.Channel) {
	t.Helper()
	p.d.Do(t, "deleteChannel", map[string]any{"channel": in.ID}, nil)
}

func (p *discordStand) uninstall(t *testing.T) {
	t.Helper()
	p.d.Do(t, "dispatch", map[string]any{"event": "GUILD_DELETE", "data": map[string]any{"id": p.d.Guild}}, nil)
}
