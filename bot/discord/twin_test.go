package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// live is a client that is connected to a twin.
type live struct {
	*Client
	d    *chattest.Discord
	log  *logged
	stop func() error // ends Run, and gives what it returned

	mu       sync.Mutex
	requests []chat.Request
	events   []chat.Event
}

// connect starts a twin and a client that is connected to it.
func connect(t *testing.T, d *chattest.Discord, handle func(chat.Request, func(chat.Reply) error) error, change func(*Options)) *live {
	t.Helper()
	l := &live{d: d}
	l.Client, l.log = newClient(t, d.Client().Transport, func(o *Options) {
		o.Token, o.Application = d.Token, d.Bot
		o.Handle = func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
			l.mu.Lock()
			l.requests = append(l.requests, r)
			l.mu.Unlock()
			return handle(r, reply)
		}
		o.Event = func(_ context.Context, e chat.Event) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.events = append(l.events, e)
			return nil
		}
		if change != nil {
			change(o)
		}
	})
	return l
}

// run connects to the gateway and waits until that is done.
func (l *live) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	var once sync.Once
	var err error
	l.stop = func() error {
		once.Do(func() {
			cancel()
			err = <-ended
			l.Close(t.Context())
		})
		return err
	}
	t.Cleanup(func() {
		if err := l.stop(); err != nil {
			t.Errorf("Run ended with %v", err)
		}
		if t.Failed() {
			t.Log(l.log)
		}
	})
	eventually(t, "the gateway is connected", func() bool { return l.Status().Connected })
}

// eventually waits for what takes a while.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not come to pass that %s", what)
		}
	}
}

func (l *live) seen() (requests []chat.Request, events []chat.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests), slices.Clone(l.events)
}

// A person gives commands, presses buttons and types, and sees the answers.
func TestTwinCommands(t *testing.T) {
	t.Parallel()
	d := chattest.Twin(t)
	l := connect(t, d, func(r chat.Request, reply func(chat.Reply) error) error {
		switch r.Line {
		case "isitdown KP": // takes its time, and tells what it has
			time.Sleep(grace + 200*time.Millisecond)
			if err := reply(chat.Reply{Message: chat.Plain("UNKNOWN: North Korea: looking"), Partial: true}); err != nil {
				return err
			}
			return reply(chat.Reply{Message: down(), Picture: &chat.Picture{Name: "KP.png", PNG: []byte("png"), Alt: "a chart"}})
		case "outages list":
			return reply(chat.Reply{Message: chat.Plain("This channel is subscribed to nothing."), Private: true})
		}
		return reply(chat.Reply{Message: chat.Plain("UP: " + r.Line)})
	}, func(o *Options) {
		o.Complete = func(_ context.Context, _ chat.Channel, source, typed string) []chat.Choice {
			return []chat.Choice{{Name: "North Korea (KP)", Value: "KP"}, {Name: source + " " + typed, Value: "x"}}
		}
	})
	place := d.Channels[0]
	if changed, err := l.Register(t.Context()); err != nil || !changed {
		t.Fatalf("registering: %v, %v", changed, err)
	}
	var commands []string
	if d.Do(t, "commands", nil, &commands); !slices.Equal(commands, []string{"isitdown", "outages"}) {
		t.Errorf("the twin knows commands %q", commands)
	}
	l.run(t)

	t.Run("slash command", func(t *testing.T) {
		id := d.Slash(t, place, "isitdown", chattest.Option("target", "KP"))
		eventually(t, "the command is acknowledged", func() bool { return d.Answer(t, id).Acknowledged })
		if a := d.Answer(t, id); a.Type != 5 {
			t.Errorf("the first answer has type %d, want 5", a.Type)
		}
		eventually(t, "the answer is whole", func() bool {
			list := d.Messages(t, place)
			return len(list) == 1 && strings.HasPrefix(list[0].Content, "DOWN: North Korea (KP)")
		})
		m := d.Messages(t, place)[0]
		for _, part := range []string{"0 of 1,024 addresses", "CHINA169", "36 of 36 vantage points", "KP-20141222-1 · update 1"} {
			if !strings.Contains(m.Text(), part) {
				t.Errorf("the answer lacks %q:\n%s", part, m.Text())
			}
		}
	})
	t.Run("button", func(t *testing.T) {
		m := d.Messages(t, place)[0]
		why := m.Components[0].Components[1]
		id := d.Press(t, place, m.ID, why.CustomID)
		eventually(t, "the press is answered", func() bool { return d.Answer(t, id).Type == 4 })
		if got := d.Answer(t, id).Data.Content; got != "UP: outages why KP-20141222-1" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("private", func(t *testing.T) {
		id := d.Slash(t, place, "outages", chattest.Sub("list"))
		eventually(t, "the command is answered", func() bool { return d.Answer(t, id).Acknowledged })
		if a := d.Answer(t, id); a.Type != 4 || a.Data.Flags != ephemeral {
			t.Errorf("got %+v, want a message for one person", a)
		}
	})
	t.Run("autocomplete", func(t *testing.T) {
		id := d.Type(t, place, "outages", chattest.Sub("subscribe", chattest.Focused("target", "nor")))
		eventually(t, "there are suggestions", func() bool { return d.Answer(t, id).Type == 8 })
		got := d.Answer(t, id).Data.Choices
		if len(got) != 2 || got[0].Value != "KP" || got[1].Name != "target nor" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("unknown command", func(t *testing.T) {
		id := d.Slash(t, place, "frobnicate")
		eventually(t, "the command is answered", func() bool { return d.Answer(t, id).Acknowledged })
		if got := d.Answer(t, id).Data.Content; !strings.Contains(got, "not known here") {
			t.Errorf("got %q", got)
		}
	})
	requests, _ := l.seen()
	for _, r := range requests {
		if r.Channel != (chat.Channel{Platform: Platform, Tenant: d.Guild, ID: place}) || r.Person.ID != d.User || r.Person.Name != "kim" || r.Private {
			t.Errorf("got %+v", r)
		}
		if err := r.Ready(t.Context()); err != nil {
			t.Errorf("%s: not ready: %v", r.Line, err)
		}
	}
}

// An incident's life in a channel, and what people may delete of it.
func TestTwinThreads(t *testing.T) {
	t.Parallel()
	d := chattest.Twin(t)
	l := connect(t, d, nil, nil)
	place := chat.Channel{Platform: Platform, Tenant: d.Guild, ID: d.Channels[0]}
	n := 0
	send := func(o chat.Outgoing) (string, error) {
		n++
		o.Channel, o.Key = place, fmt.Sprint("key ", n)
		p, err := l.Send(t.Context(), o)
		return p.ID, err
	}
	must := func(o chat.Outgoing) string {
		t.Helper()
		id, err := send(o)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	chart := &chat.Picture{Name: "KP-20141222-1.png", PNG: []byte("png"), Alt: "Four prefixes until 16:15 UTC, none after it."}
	root := must(chat.Outgoing{Message: down()})
	must(chat.Outgoing{Thread: root, Message: chat.Plain("DEGRADED: North Korea (KP): 1 of 4 networks visible"), Picture: chart})
	must(chat.Outgoing{Thread: root, Message: chat.Plain("DOWN: North Korea (KP): 4 of 4 networks withdrawn again")})
	must(chat.Outgoing{Thread: root, Announce: true, Message: back(), Picture: chart})
	must(chat.Outgoing{Edit: root, Message: back()})

	threads := d.Threads(t, place.ID)
	if len(threads) != 1 || threads[0].Root != root || threads[0].Name != "DEGRADED: North Korea (KP): 1 of 4 networks visible" {
		t.Fatalf("got threads %+v, want one from the root", threads)
	}
	if list := d.Messages(t, threads[0].ID); len(list) != 4 || !strings.HasPrefix(list[3].Content, "BACK: ") || len(list[3].Embeds[0].Fields) != 1 {
		t.Errorf("got %d messages in the thread, want the root, two updates and the resolution", len(list))
	}
	list := d.Messages(t, place.ID)
	if len(list) != 2 || list[0].ID != root || !strings.HasPrefix(list[0].Content, "BACK: ") || !strings.Contains(list[1].Text(), "<#"+threads[0].ID+">") {
		t.Errorf("got %+v, want the edited root and the way to the thread", list)
	}
	files := 0
	for _, c := range d.Calls("POST", "/messages") {
		files += len(c.Files)
	}
	if files != 2 {
		t.Errorf("got %d charts, want two", files)
	}

	// Somebody deletes the thread: the next reply makes it again.
	d.Do(t, "deleteThread", map[string]any{"channel": threads[0].ID}, nil)
	must(chat.Outgoing{Thread: root, Message: chat.Plain("DOWN: again")})
	if again := d.Threads(t, place.ID); len(again) != 1 || again[0].ID == threads[0].ID {
		t.Errorf("got threads %+v, want a new one", again)
	}
	// Somebody deletes the root: that needs a new one.
	d.Do(t, "deleteMessage", map[string]any{"channel": place.ID, "message": root}, nil)
	_, err := send(chat.Outgoing{Edit: root, Message: back()})
	if got := asRefusal(t, err); got.Trouble != chat.RootLost {
		t.Errorf("editing a deleted root: got %v", got)
	}
	// Discord refuses what we may not do.
	d.Instead(func(*http.Request, chattest.Call) *http.Response {
		return chattest.Respond(403, "application/json", `{"message":"Missing Permissions","code":50013}`)
	})
	_, err = send(chat.Outgoing{Message: down()})
	if got := asRefusal(t, err); got.Trouble != chat.Forbidden || !strings.Contains(got.Say, "Send Messages") {
		t.Errorf("without permission: got %+v", got)
	}
	d.Instead(nil)
	d.Do(t, "deleteChannel", map[string]any{"channel": place.ID}, nil)
	_, err = send(chat.Outgoing{Message: down()})
	if got := asRefusal(t, err); got.Trouble != chat.ChannelLost {
		t.Errorf("in a deleted channel: got %v", got)
	}
}

// What happens to guilds and channels reaches the bot; an outage of Discord's is
// no removal.
func TestTwinEvents(t *testing.T) {
	t.Parallel()
	d := chattest.Twin(t)
	l := connect(t, d, nil, nil)
	l.run(t)
	dispatch := func(event string, data map[string]any) {
		d.Do(t, "dispatch", map[string]any{"event": event, "data": data}, nil)
	}
	dispatch("GUILD_DELETE", map[string]any{"id": d.Guild, "unavailable": true})
	dispatch("GUILD_CREATE", map[string]any{"id": d.Guild})
	d.Do(t, "raw", map[string]any{"text": `{"op":0,"t":"INTERACTION_CREATE","s":99,"d":{"id":7}}`}, nil)
	d.Do(t, "raw", map[string]any{"text": `{"op":0,"t":"INTERACTION_CREATE","s":99,"d":null}`}, nil)
	d.Do(t, "raw", map[string]any{"text": `{"op":0,"t":"GUILD_DELETE","s":99,"d":null}`}, nil)
	d.Do(t, "raw", map[string]any{"text": `{"op":0,"t":"CHANNEL_DELETE","s":99,"d":{"id":7}}`}, nil)
	dispatch("GUILD_DELETE", map[string]any{"id": d.Guild})
	dispatch("GUILD_CREATE", map[string]any{"id": d.Guild})
	d.Do(t, "deleteChannel", map[string]any{"channel": d.Channels[1]}, nil)
	eventually(t, "the last event is there", func() bool {
		_, events := l.seen()
		return len(events) > 0 && events[len(events)-1].Kind == chat.ChannelGone
	})
	var got []string
	_, events := l.seen()
	for _, e := range events {
		got = append(got, fmt.Sprint(e.Kind, " ", e.Channel))
	}
	want := []string{
		fmt.Sprint(chat.TenantGone, " discord/", d.Guild, "/"), fmt.Sprint(chat.TenantBack, " discord/", d.Guild, "/"),
		fmt.Sprint(chat.ChannelGone, " discord/", d.Guild, "/", d.Channels[1]),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got events %q, want %q", got, want)
	}
	if !l.Status().Connected || strings.Contains(l.log.String(), "panic") {
		t.Errorf("the connection did not survive: %+v", l.Status())
	}
}

// A lost connection is made anew, whoever loses it; nothing is left behind by Close.
func TestTwinReconnect(t *testing.T) {
	d := chattest.Twin(t) // not in parallel: it counts goroutines
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	before := runtime.NumGoroutine()
	l := connect(t, d, func(r chat.Request, reply func(chat.Reply) error) error {
		return reply(chat.Reply{Message: chat.Plain("UP: " + r.Line)})
	}, nil)
	l.run(t)
	for _, tt := range []struct {
		name string
		lose func()
	}{
		{"cut", func() { d.Do(t, "hangUp", nil, nil) }},
		{"asked to reconnect", func() { d.Do(t, "raw", map[string]any{"text": `{"op":7,"d":null}`}, nil) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			since := l.Status().Since
			tt.lose()
			eventually(t, "there is a new connection", func() bool { s := l.Status(); return s.Connected && s.Since.After(since) })
			id := d.Slash(t, d.Channels[0], "outages", chattest.Sub("now"))
			eventually(t, "a command is answered", func() bool { return d.Answer(t, id).Acknowledged })
			if n := d.Connected(t); n != 1 {
				t.Errorf("got %d connections, want one", n)
			}
		})
	}
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	eventually(t, "every goroutine has ended", func() bool {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		return runtime.NumGoroutine() <= before
	})
}

// A connection on which no heartbeat is answered is given up.
func TestTwinWatchdog(t *testing.T) {
	t.Parallel()
	d := chattest.Twin(t)
	l := connect(t, d, nil, nil)
	l.stale = 1500 * time.Millisecond // the twin asks for a heartbeat every 45 s
	l.run(t)
	first := l.Status().Since
	eventually(t, "there is a new connection", func() bool { s := l.Status(); return s.Connected && s.Since.After(first) })
	if !strings.Contains(l.log.String(), "no heartbeat was acknowledged") {
		t.Errorf("the log does not say why:\n%s", l.log)
	}
}

// A token that is not valid ends Run with a sentence for the operator.
func TestTwinBadToken(t *testing.T) {
	t.Parallel()
	d := chattest.Twin(t)
	l := connect(t, d, nil, func(o *Options) { o.Token = "wrong" })
	err := l.Run(t.Context())
	if !errors.Is(err, errFatal) || !strings.Contains(err.Error(), "copy it again") || !strings.Contains(err.Error(), "4004") {
		t.Errorf("got %v", err)
	}
	if s := l.Status(); s.Connected || !strings.Contains(s.Problem, "token") {
		t.Errorf("got status %+v", s)
	}
	l.Close(t.Context())
}
