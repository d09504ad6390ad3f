package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack/slacktest"

	"isitdown/bot/chat"
)

// socketed is a client in Socket Mode and the Slack that it talks to.
type socketed struct {
	*Client
	srv *slacktest.Server
	mu  sync.Mutex
	// What came in, by the path it came to.
	got    map[string][]string
	events []chat.Event
	ended  chan error
	dead   atomic.Bool // the tokens are no longer taken
}

// socket starts both. handle answers requests.
func socket(t *testing.T, handle chat.Handle) *socketed {
	t.Helper()
	s := &socketed{got: make(map[string][]string), ended: make(chan error, 1)}
	keep := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.got[r.URL.Path] = append(s.got[r.URL.Path], string(b))
			fmt.Fprint(w, answer)
		}
	}
	s.srv = slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/respond", keep("ok"))
		c.Handle("/views.publish", keep(`{"ok":true,"view":{}}`))
		c.Handle("/chat.postMessage", keep(`{"ok":true,"channel":"C061EG9SL","ts":"1503435956.000247"}`))
		c.Handle("/apps.connections.open", func(w http.ResponseWriter, _ *http.Request) {
			if s.dead.Load() {
				fmt.Fprint(w, `{"ok":false,"error":"invalid_auth"}`)
				return
			}
			fmt.Fprintf(w, `{"ok":true,"url":%q}`, s.srv.GetWSURL())
		})
		c.Handle("/auth.test", func(w http.ResponseWriter, _ *http.Request) {
			if s.dead.Load() {
				fmt.Fprint(w, `{"ok":false,"error":"invalid_auth"}`)
				return
			}
			fmt.Fprintf(w, `{"ok":true,"team_id":%q,"user_id":"U0BOT"}`, ourTeam)
		})
	})
	s.srv.Start()
	var err error
	s.Client, err = New(Options{
		HTTP: &http.Client{Timeout: 5 * time.Second}, APIURL: s.srv.GetAPIURL(), Logger: logTo(t, "xoxb-secret", "xapp-secret"),
		BotToken: "xoxb-secret", AppToken: "xapp-secret", Handle: handle,
		Event: func(_ context.Context, e chat.Event) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	drained := make(chan struct{})
	go func() { // a stand-in that is not read from stops
		for {
			select {
			case <-s.srv.SeenFeed:
			case <-drained:
				return
			}
		}
	}()
	go func() { s.ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-s.ended; err != nil && !s.dead.Load() {
			t.Errorf("Run ended with %v", err)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		s.srv.Stop()
		close(drained)
	})
	waitFor(t, "two connections", func() bool { return s.Connected() == 2 })
	return s
}

// send gives Slack something to deliver and waits until it is acknowledged.
func (s *socketed) send(t *testing.T, id, kind, payload string) (ack string) {
	t.Helper()
	envelope := fmt.Sprintf(`{"envelope_id":%q,"type":%q,"accepts_response_payload":true,"payload":%s}`, id, kind, payload)
	waitFor(t, "an acknowledgement of "+id, func() bool {
		s.srv.SendToWebsocket(envelope)
		for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			for _, m := range s.srv.GetSeenInboundMessages() {
				if strings.Contains(m, `"`+id+`"`) {
					ack = m
					return true
				}
			}
		}
		return false // a connection that is gone may have swallowed it
	})
	return ack
}

func (s *socketed) posts(path string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got[path])
}

func (s *socketed) command(trigger, text string) string {
	return fmt.Sprintf(`{"team_id":%q,"channel_id":"C061EG9SL","user_id":"U1","user_name":"ana","command":"/isitdown","text":%q,`+
		`"response_url":%q,"trigger_id":%q,"is_enterprise_install":"false"}`, ourTeam, text, s.srv.GetAPIURL()+"respond", trigger)
}

// replies decodes what was sent to the address to reply to.
func (s *socketed) replies(t *testing.T) (list []map[string]any) {
	t.Helper()
	for _, p := range s.posts("/respond") {
		var v map[string]any
		if err := json.Unmarshal([]byte(p), &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// A command is acknowledged at once, answered in part and in whole, and handled once however
// often it is delivered.
func TestCommandOverSocket(t *testing.T) {
	var mu sync.Mutex
	var requests []chat.Request
	s := socket(t, func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
		mu.Lock()
		requests = append(requests, r)
		mu.Unlock()
		return errors.Join(
			reply(chat.Reply{Message: chat.Message{Headline: "first"}, Partial: true}),
			reply(chat.Reply{Message: chat.Message{Headline: "second"}, Partial: true}),
			reply(chat.Reply{Message: chat.Message{Headline: "third"}, Partial: true}),
			reply(chat.Reply{Message: opened()}),
		)
	})
	ack := s.send(t, "e1", "slash_commands", s.command("t1", "KP <b> &amp;"))
	if !strings.Contains(ack, `Checking KP`) || !strings.Contains(ack, `"ephemeral"`) || len(ack) > 2048 {
		t.Errorf("got %s", ack)
	}
	s.send(t, "e2", "slash_commands", s.command("t1", "KP"))
	waitFor(t, "the whole answer", func() bool { return len(s.posts("/respond")) == 4 })
	time.Sleep(50 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	if len(requests) != 1 {
		t.Fatalf("got %d requests, want the one that was given", len(requests))
	}
	r := requests[0]
	if r.ID != "t1" || r.Line != "isitdown KP <b> &" || r.Channel != here() || r.Person.Name != "ana" || r.Person.ID != "U1" || r.Private || r.Ready == nil {
		t.Errorf("got %+v", r)
	}
	got := s.replies(t)
	for i, want := range []struct {
		kind            any
		replace, remove any
	}{{"ephemeral", true, nil}, {"ephemeral", true, nil}, {"in_channel", false, nil}, {nil, false, true}} {
		if got[i]["response_type"] != want.kind || got[i]["replace_original"] != want.replace || got[i]["delete_original"] != want.remove {
			t.Errorf("reply %d is %v, want %+v", i, got[i], want)
		}
	}
	if !strings.HasPrefix(got[2]["text"].(string), "DOWN") {
		t.Errorf("the whole is %v", got[2]["text"])
	}
}

// A button's line is a request; the answer goes to the thread, and the notice stays as it is.
func TestButtonOverSocket(t *testing.T) {
	var request atomic.Pointer[chat.Request]
	s := socket(t, func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
		request.Store(&r)
		return errors.Join(reply(chat.Reply{Message: list(), Partial: true}), reply(chat.Reply{Message: list(), Private: r.Line == "outages list"}))
	})
	press := func(trigger, line, team string, ephemeral bool) string {
		return fmt.Sprintf(`{"type":"block_actions","trigger_id":%q,"response_url":%q,"team":{"id":%q},"user":{"id":"U1","username":"ana","team_id":%q},`+
			`"channel":{"id":"C061EG9SL"},"container":{"type":"message","message_ts":"1.2","channel_id":"C061EG9SL","is_ephemeral":%v},"message":{"ts":"1.2"},`+
			`"actions":[{"action_id":"isitdown-1","type":"button","value":%q}]}`, trigger, s.srv.GetAPIURL()+"respond", ourTeam, team, ephemeral, line)
	}
	s.send(t, "b1", "interactive", press("b1", "outages why KP-20141222-1", ourTeam, false))
	waitFor(t, "an answer", func() bool { return len(s.posts("/chat.postMessage")) == 1 })
	form, err := url.ParseQuery(s.posts("/chat.postMessage")[0])
	if err != nil || form.Get("thread_ts") != "1.2" || form.Get("channel") != "C061EG9SL" {
		t.Errorf("got %v, %v", form, err)
	}
	if r := request.Load(); r.Line != "outages why KP-20141222-1" || r.ID != "b1" || r.Person.Guest {
		t.Errorf("got %+v", r)
	}
	s.send(t, "b2", "interactive", press("b2", "outages list", "T0OTHER", false))
	waitFor(t, "a whisper", func() bool { return len(s.posts("/respond")) == 1 })
	if got := s.replies(t)[0]; got["response_type"] != "ephemeral" || got["replace_original"] != false {
		t.Errorf("got %v, want a message that replaces nothing", got)
	}
	if r := request.Load(); !r.Person.Guest {
		t.Error("somebody of another workspace is no guest")
	}
	s.send(t, "b3", "interactive", press("b3", strings.Repeat("x", 101), ourTeam, false)) // not ours
	s.send(t, "b4", "interactive", press("b1", "outages why KP-20141222-1", ourTeam, false))
	s.send(t, "b5", "interactive", `{"type":"view_submission","user":{"id":"U1"}}`)
	time.Sleep(50 * time.Millisecond)
	if n := len(s.posts("/chat.postMessage")); n != 1 {
		t.Errorf("got %d answers, want one", n)
	}
}

func TestEventsOverSocket(t *testing.T) {
	s := socket(t, func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
		return reply(chat.Reply{Message: chat.Message{Headline: r.Line + " for " + r.Person.ID + " in " + r.Channel.ID, Buttons: opened().Buttons}, Private: true})
	})
	n := 0
	event := func(id, inner string) {
		n++
		s.send(t, fmt.Sprintf("v%d", n), "events_api", fmt.Sprintf(
			`{"type":"event_callback","team_id":%q,"event_id":%q,"event_time":1700000000,"event":%s}`, ourTeam, id, inner))
	}
	event("Ev1", `{"type":"channel_archive","channel":"C1","user":"U1","event_ts":"1.1"}`)
	event("Ev1", `{"type":"channel_archive","channel":"C1","user":"U1","event_ts":"1.1"}`) // again
	event("Ev2", `{"type":"group_deleted","channel":"G1","event_ts":"1.1"}`)
	event("Ev3", `{"type":"member_left_channel","channel":"C2","user":"U0BOT","channel_type":"C","team":"T024BE7LD","event_ts":"1.1"}`)
	event("Ev4", `{"type":"member_left_channel","channel":"C3","user":"U1","channel_type":"C","team":"T024BE7LD","event_ts":"1.1"}`)
	event("Ev5", `{"type":"tokens_revoked","tokens":{"oauth":["U1"],"bot":[]},"event_ts":"1.1"}`)
	event("Ev6", `{"type":"tokens_revoked","tokens":{"bot":["U0BOT"]},"event_ts":"1.1"}`)
	event("Ev7", `{"type":"app_uninstalled"}`)
	event("Ev8", `{"type":"something_that_slack_go_has_not_heard_of","event_ts":"1.1"}`)
	event("Ev9", `{"type":"app_home_opened","user":"U1","channel":"D1","tab":"home","event_ts":"1.1"}`)
	waitFor(t, "App Home", func() bool { return len(s.posts("/views.publish")) == 1 })
	if got := s.posts("/views.publish")[0]; !strings.Contains(got, "outages list for U1 in U1") || !strings.Contains(got, `"type":"home"`) || strings.Contains(got, "Back to the list") {
		t.Errorf("got %s", got)
	}
	s.send(t, "h1", "interactive", fmt.Sprintf(`{"type":"block_actions","trigger_id":"h1","team":{"id":%q},"user":{"id":"U1","username":"ana"},`+
		`"container":{"type":"view","view_id":"V1"},"view":{"id":"V1","type":"home"},"actions":[{"type":"button","value":"outages why x"}]}`, ourTeam))
	waitFor(t, "the answer in App Home", func() bool { return len(s.posts("/views.publish")) == 2 })
	if got := s.posts("/views.publish")[1]; !strings.Contains(got, "outages why x for U1 in U1") || !strings.Contains(got, "Back to the list") {
		t.Errorf("got %s", got)
	}
	waitFor(t, "the events", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.events) >= 6 })
	time.Sleep(50 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []string
	for _, e := range s.events {
		got = append(got, fmt.Sprintf("%d %s", e.Kind, e.Channel))
	}
	slices.Sort(got)
	want := []string{
		fmt.Sprintf("%d slack/%s/", chat.TenantGone, ourTeam), fmt.Sprintf("%d slack/%s/", chat.TenantGone, ourTeam),
		fmt.Sprintf("%d slack/%s/", chat.TenantBack, ourTeam),
		fmt.Sprintf("%d slack/%s/C1", chat.ChannelGone, ourTeam), fmt.Sprintf("%d slack/%s/C2", chat.ChannelGone, ourTeam),
		fmt.Sprintf("%d slack/%s/G1", chat.ChannelGone, ourTeam),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got events %q, want %q", got, want)
	}
}

// Slack renews connections when it likes, and one bad request is one bad request.
func TestSocketGoesOn(t *testing.T) {
	var handled atomic.Int32
	s := socket(t, func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
		if strings.Contains(r.Line, "panic") {
			panic("somebody found a way")
		}
		handled.Add(1)
		return reply(chat.Reply{Message: list(), Private: true})
	})
	s.send(t, "p1", "slash_commands", s.command("p1", "panic"))
	s.send(t, "p2", "slash_commands", `{"team_id":7}`)
	s.send(t, "p3", "interactive", `{"type":"block_actions","actions":[null],"user":{"id":"U1"}}`)
	s.srv.SendToWebsocket(`{"type":"disconnect","reason":"refresh_requested"}`)
	s.srv.SendToWebsocket(`not JSON`)
	waitFor(t, "two connections again", func() bool { return s.Connected() == 2 })
	s.send(t, "p4", "slash_commands", s.command("p4", strings.Repeat("KP ", 40_000)))
	waitFor(t, "an answer", func() bool { return handled.Load() == 1 })
}

// An app-level token that is no longer taken ends Run, and the workspace is told of where the bot
// token went with it.
func TestSocketRevoked(t *testing.T) {
	s := socket(t, noHandle)
	waitFor(t, "the greeting", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.events) == 1 })
	s.dead.Store(true)
	s.srv.SendToWebsocket(`{"type":"disconnect","reason":"link_disabled"}`)
	select {
	case err := <-s.ended:
		if err == nil || strings.Contains(err.Error(), "xapp") {
			t.Errorf("got %v, want what to do about the token", err)
		}
		s.ended <- nil
	case <-time.After(10 * time.Second):
		t.Fatal("Run goes on without a token")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) != 2 || s.events[0].Kind != chat.TenantBack || s.events[1].Kind != chat.TenantGone || s.events[1].Channel.Tenant != ourTeam {
		t.Errorf("got events %+v, want that the workspace is gone", s.events)
	}
}
