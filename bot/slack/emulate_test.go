package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// logTo writes what the operator would read into the test's own log, and holds it against the
// secrets that must not be in it.
func logTo(t *testing.T, secrets ...string) *slog.Logger {
	t.Helper()
	l := &testLog{t: t, secrets: secrets}
	t.Cleanup(l.close)
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testLog struct {
	t       *testing.T
	secrets []string
	mu      sync.Mutex
	all     strings.Builder
	closed  bool
}

// Write never fails.
func (l *testLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(b)
	if !l.closed {
		l.t.Logf("log: %s", strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

func (l *testLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, s := range l.secrets {
		if strings.Contains(l.all.String(), s) {
			l.t.Errorf("the log has the secret %q in it", s)
		}
	}
}

func noHandle(context.Context, chat.Request, func(chat.Reply) error) error { return nil }

func noEvent(context.Context, chat.Event) error { return nil }

// emulated gives a client of a workspace that keeps state.
func emulated(t *testing.T, change func(*Options)) (*Client, *chattest.SlackAPI) {
	t.Helper()
	s := chattest.Emulate(t)
	o := Options{
		HTTP: s.Client, APIURL: s.URL, Logger: logTo(t, chattest.SlackBotToken, chattest.SlackNarrowToken),
		Handle: noHandle, Event: noEvent, BotToken: chattest.SlackBotToken,
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func mustSend(t *testing.T, c *Client, o chat.Outgoing) string {
	t.Helper()
	p, err := c.Send(t.Context(), o)
	if err != nil {
		t.Fatalf("%+v: %v", o.Key, err)
	}
	if p.ID == "" || p.Channel != o.Channel {
		t.Errorf("got %+v", p)
	}
	return p.ID
}

// wantRefusal holds that an error is a refusal of that kind.
func wantRefusal(t *testing.T, err error, want chat.Trouble) *chat.Refusal {
	t.Helper()
	r, ok := errors.AsType[*chat.Refusal](err)
	if !ok || r.Trouble != want {
		t.Fatalf("got %v, want %v", err, want)
	}
	return r
}

func png() *chat.Picture {
	return &chat.Picture{Name: "KP-20141222-1.png", PNG: []byte("\x89PNG\r\n\x1a\nnot much of a picture"), Alt: "Visible prefixes of North Korea: 4 until 16:15 UTC, then 0."}
}

// One incident, from its opening to its end: root, reply with a picture, edit, announcement.
func TestIncidentInAChannel(t *testing.T) {
	schema := chattest.LoadSchema(t, "specs/slack-blockkit.schema.json", "#/definitions/SlackMessage")
	calls := &recorder{}
	c, s := emulated(t, func(o *Options) { o.HTTP = calls.before(o.HTTP) })
	in := chat.Channel{Platform: Platform, Tenant: s.Team, ID: s.Channel}
	root := mustSend(t, c, chat.Outgoing{Channel: in, Key: "k/1/root", Message: opened()})
	mustSend(t, c, chat.Outgoing{Channel: in, Thread: root, Key: "k/1/reply", Message: list(), Picture: png()})
	back := opened()
	back.Headline, back.Tone = "BACK: North Korea (KP): all 4 networks visible again after 9 h 31 min", chat.ToneUp
	mustSend(t, c, chat.Outgoing{Channel: in, Thread: root, Announce: true, Key: "k/2/announce", Message: back, Repeat: true})
	if got := mustSend(t, c, chat.Outgoing{Channel: in, Edit: root, Key: "k/2/edit", Message: back, Repeat: true}); got != root {
		t.Errorf("the edit of %s is %s", root, got)
	}

	thread := s.Thread(t, s.Channel, root)
	if len(thread) != 4 {
		t.Fatalf("got %d messages, want root, reply, picture and announcement: %+v", len(thread), thread)
	}
	for i, want := range []struct {
		text, key string
		broadcast bool
	}{
		{"BACK: North Korea", "k/2/edit", false},
		{"LIST: this channel", "k/1/reply", false},
		{"", "", false},
		{"BACK: North Korea", "k/2/announce", true},
	} {
		m := thread[i]
		if !strings.HasPrefix(m.Text, want.text) || m.Metadata.Payload["key"] != want.key || m.Broadcast != want.broadcast || m.User != s.Bot {
			t.Errorf("message %d is %+v, want %+v", i, m, want)
		}
		if want.key == "" {
			continue
		}
		payload, err := json.Marshal(map[string]any{"text": m.Text, "blocks": m.Blocks})
		if err != nil {
			t.Fatal(err)
		}
		if err := chattest.CheckSlackMessage(schema, payload); err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
	if !strings.Contains(thread[3].Text, "(repeat)") || strings.Contains(thread[0].Text, "(repeat)") {
		t.Error("only what may be there already is to be marked")
	}
	if files := thread[2].Files; len(files) != 1 || files[0].Name != png().Name || files[0].Title != png().Alt {
		t.Errorf("the picture is %+v", files)
	}
	// The stand-in looks for the alternative text under another name than Slack documents.
	if got := calls.values("files.getUploadURLExternal", "alt_txt"); len(got) != 1 || got[0] != png().Alt {
		t.Errorf("got alternative texts %q, want that of the picture", got)
	}
	for _, off := range []string{"unfurl_links", "unfurl_media", "link_names", "mrkdwn"} {
		if got := calls.values("chat.postMessage", off); len(got) != 3 || got[0] != "false" {
			t.Errorf("%s is %q, want false throughout", off, got)
		}
	}
}

// recorder keeps the forms that go out.
type recorder struct {
	mu    sync.Mutex
	calls []recorded
}

type recorded struct {
	method string
	form   url.Values
}

// before gives a client whose calls are recorded before they go where h's go.
func (r *recorder) before(h *http.Client) *http.Client {
	copied := *h
	copied.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			b, err := io.ReadAll(body)
			if err != nil {
				return nil, err
			}
			form, _ := url.ParseQuery(string(b)) // what is no form has no values
			r.mu.Lock()
			r.calls = append(r.calls, recorded{path.Base(req.URL.Path), form})
			r.mu.Unlock()
		}
		return h.Transport.RoundTrip(req)
	})
	return &copied
}

// values gives what the calls of a method had under a name.
func (r *recorder) values(method, name string) (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if c.method == method {
			list = append(list, c.form.Get(name))
		}
	}
	return list
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What is too long for a message goes on in its thread, a little of it as messages and
// much of it as a file.
func TestLongMessages(t *testing.T) {
	c, s := emulated(t, nil)
	in := chat.Channel{Platform: Platform, Tenant: s.Team, ID: s.Private}
	root := mustSend(t, c, chat.Outgoing{Channel: in, Message: long()})
	thread := s.Thread(t, s.Private, root)
	if len(thread) != 2 || !strings.Contains(string(thread[1].Blocks), "18:54 UTC") {
		t.Errorf("got %d messages, want the end of the timeline in the second", len(thread))
	}
	m := long()
	for range 5 {
		m.Parts = append(m.Parts, m.Parts[len(m.Parts)-1])
	}
	root = mustSend(t, c, chat.Outgoing{Channel: in, Message: m})
	thread = s.Thread(t, s.Private, root)
	if len(thread) != 2 || len(thread[1].Files) != 1 || thread[1].Files[0].Size != len(plainText(m)) {
		t.Errorf("got %+v, want a file with all of it", thread[1:])
	}
}

// What Slack says no to is told in the words of the outbox.
func TestRefusals(t *testing.T) {
	c, s := emulated(t, nil)
	in := chat.Channel{Platform: Platform, Tenant: s.Team, ID: s.Channel}
	root := mustSend(t, c, chat.Outgoing{Channel: in, Message: opened()})
	s.Call(t, chattest.SlackBotToken, "chat.delete", url.Values{"channel": {s.Channel}, "ts": {root}}, nil)
	_, err := c.Send(t.Context(), chat.Outgoing{Channel: in, Edit: root, Message: opened()})
	wantRefusal(t, err, chat.RootLost)

	_, err = c.Send(t.Context(), chat.Outgoing{Channel: chat.Channel{Platform: Platform, Tenant: s.Team, ID: "C0NOWHERE"}, Message: opened()})
	wantRefusal(t, err, chat.ChannelLost)

	s.Call(t, chattest.SlackPersonToken, "conversations.kick", url.Values{"channel": {s.Private}, "user": {s.Bot}}, nil)
	_, err = c.Send(t.Context(), chat.Outgoing{Channel: chat.Channel{Platform: Platform, Tenant: s.Team, ID: s.Private}, Message: opened()})
	if r := wantRefusal(t, err, chat.Forbidden); r.Say != "/invite @isitdown and run this again" {
		t.Errorf("got %q", r.Say)
	}

	s.Call(t, chattest.SlackPersonToken, "conversations.archive", url.Values{"channel": {s.Channel}}, nil)
	_, err = c.Send(t.Context(), chat.Outgoing{Channel: in, Message: opened()})
	wantRefusal(t, err, chat.ChannelLost)

	_, err = c.Send(t.Context(), chat.Outgoing{Channel: chat.Channel{Platform: Platform, Tenant: "T0OTHER", ID: s.Channel}, Message: opened()})
	if r := wantRefusal(t, err, chat.TenantLost); r.Say == "" {
		t.Error("a workspace that is not ours gets no word of what to do")
	}
}

// A picture that may not be sent does not keep the message from being sent.
func TestPictureIsAnExtra(t *testing.T) {
	c, s := emulated(t, func(o *Options) { o.BotToken = chattest.SlackNarrowToken })
	in := chat.Channel{Platform: Platform, Tenant: s.Team, ID: s.Channel}
	root := mustSend(t, c, chat.Outgoing{Channel: in, Message: opened(), Picture: png()})
	if thread := s.Thread(t, s.Channel, root); len(thread) != 1 {
		t.Errorf("got %d messages, want the one without a picture", len(thread))
	}
}

func TestReady(t *testing.T) {
	c, s := emulated(t, nil)
	in := func(id string) chat.Channel { return chat.Channel{Platform: Platform, Tenant: s.Team, ID: id} }
	for _, id := range []string{s.Channel, s.Private} {
		if err := c.Ready(t.Context(), in(id)); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	s.Call(t, chattest.SlackPersonToken, "conversations.kick", url.Values{"channel": {s.Private}, "user": {s.Bot}}, nil)
	for _, id := range []string{s.Private, "C0NOWHERE", "C000000002"} { // not in it, unknown or private, public
		if r := wantRefusal(t, c.Ready(t.Context(), in(id)), chat.Forbidden); r.Say != sayInvite {
			t.Errorf("%s: got %q", id, r.Say)
		}
	}
	s.Call(t, chattest.SlackPersonToken, "conversations.archive", url.Values{"channel": {s.Channel}}, nil)
	if r := wantRefusal(t, c.Ready(t.Context(), in(s.Channel)), chat.ChannelLost); r.Say != sayArchived {
		t.Errorf("got %q", r.Say)
	}
	if r := wantRefusal(t, c.Ready(t.Context(), in("D024BE91L")), chat.Forbidden); r.Say != sayNoChannel {
		t.Errorf("got %q", r.Say)
	}
	if who, err := c.Check(t.Context()); err != nil || !strings.Contains(who, s.Team) {
		t.Errorf("got %q, %v", who, err)
	}
}

// waitFor lets what goes on beside the test come to its end.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
