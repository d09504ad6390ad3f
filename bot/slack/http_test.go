package slack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// overHTTP is a client that Slack reaches over HTTP.
type overHTTP struct {
	*Client
	url      string
	mu       sync.Mutex
	requests []chat.Request
	events   []chat.Event
}

func serveHTTP(t *testing.T) *overHTTP {
	t.Helper()
	o := &overHTTP{}
	var err error
	o.Client, err = New(Options{
		HTTP: &http.Client{Timeout: 5 * time.Second}, APIURL: "http://127.0.0.1:1/api/", Logger: logTo(t, chattest.SlackSigningSecret),
		BotToken: "xoxb-secret", SigningSecret: chattest.SlackSigningSecret,
		Handle: func(_ context.Context, r chat.Request, _ func(chat.Reply) error) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.requests = append(o.requests, r)
			return nil
		},
		Event: func(_ context.Context, e chat.Event) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.events = append(o.events, e)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(o.Handler())
	t.Cleanup(srv.Close)
	t.Cleanup(func() { o.Close(context.Background()) })
	o.url = srv.URL
	return o
}

func (o *overHTTP) post(t *testing.T, path, kind, body string, h http.Header) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = h.Clone()
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func signed(body string) http.Header {
	return chattest.SignSlack(chattest.SlackSigningSecret, time.Now(), body)
}

func slashForm(trigger, text string) string {
	return url.Values{
		"command": {"/isitdown"}, "text": {text}, "team_id": {ourTeam}, "channel_id": {"C061EG9SL"}, "user_id": {"U1"},
		"user_name": {"ana"}, "trigger_id": {trigger}, "response_url": {"https://hooks.slack.com/commands/T1/2/x"},
	}.Encode()
}

func pressForm(trigger, line string) string {
	return url.Values{"payload": {fmt.Sprintf(`{"type":"block_actions","trigger_id":%q,"team":{"id":%q},"user":{"id":"U1"},"channel":{"id":"C061EG9SL"},`+
		`"container":{"type":"message","message_ts":"1.2"},"actions":[{"type":"button","action_id":"isitdown-1","value":%q}]}`, trigger, ourTeam, line)}}.Encode()
}

func archived(id string) string {
	return fmt.Sprintf(`{"type":"event_callback","team_id":%q,"event_id":%q,"event_time":1700000000,"event":{"type":"channel_archive","channel":"C1","user":"U1"}}`, ourTeam, id)
}

// Our signatures are Slack's: its published example, and its own receiver lets through what we let
// through.
func TestSignatures(t *testing.T) {
	h := chattest.SignSlack(chattest.SlackSigningSecret, time.Unix(chattest.SlackExampleTime, 0), chattest.SlackExampleBody)
	if got := h.Get("X-Slack-Signature"); got != chattest.SlackExampleSignature {
		t.Fatalf("got %s, want %s", got, chattest.SlackExampleSignature)
	}
	bolt, ours := chattest.Bolt(t), serveHTTP(t)
	for _, tt := range []struct{ path, kind, body, want, detail string }{
		{PathCommands, formType, slashForm("t1", "KP <b>"), "command", "/isitdown KP <b>"},
		{PathInteractivity, formType, pressForm("t2", "outages why x"), "action", "outages why x"},
		{PathEvents, jsonType, archived("Ev1"), "event", "channel_archive"},
	} {
		h := signed(tt.body)
		if got := bolt.Post(t, tt.kind, tt.body, h); got != http.StatusOK {
			t.Errorf("Slack's own receiver answers %s with %d", tt.path, got)
		}
		if kind, detail := bolt.Next(t); kind != tt.want || detail != tt.detail {
			t.Errorf("Slack's own receiver reads %s %q, want %s %q", kind, detail, tt.want, tt.detail)
		}
		if got, body := ours.post(t, tt.path, tt.kind, tt.body, h); got != http.StatusOK {
			t.Errorf("we answer %s with %d %s", tt.path, got, body)
		}
		forged := signed(tt.body + " ")
		if got := bolt.Post(t, tt.kind, tt.body, forged); got < 400 {
			t.Errorf("Slack's own receiver lets a forged %s through", tt.path)
		}
		if got, _ := ours.post(t, tt.path, tt.kind, tt.body, forged); got != http.StatusUnauthorized {
			t.Errorf("we answer a forged %s with %d", tt.path, got)
		}
	}
	waitFor(t, "what was asked", func() bool {
		ours.mu.Lock()
		defer ours.mu.Unlock()
		return len(ours.requests) == 2 && len(ours.events) == 1
	})
}

func TestRefusedRequests(t *testing.T) {
	o := serveHTTP(t)
	body := slashForm("t1", "KP")
	good := signed(body)
	if got, answer := o.post(t, PathCommands, formType, body, good); got != 200 || !strings.Contains(answer, "Checking KP") {
		t.Fatalf("got %d %s", got, answer)
	}
	edit := func(f func(http.Header)) http.Header { h := signed(body); f(h); return h }
	for name, tt := range map[string]struct {
		h    http.Header
		body string
		want int
	}{
		"replayed": {good, body, 401},
		"replayed in capitals": {func() http.Header {
			h := good.Clone()
			h.Set("X-Slack-Signature", "v0="+strings.ToUpper(h.Get("X-Slack-Signature")[3:]))
			return h
		}(), body, 401},
		"changed":       {signed(body), body + "&text=other", 401},
		"old":           {chattest.SignSlack(chattest.SlackSigningSecret, time.Now().Add(-6*time.Minute), body), body, 401},
		"from tomorrow": {chattest.SignSlack(chattest.SlackSigningSecret, time.Now().Add(24*time.Hour), body), body, 401},
		"another's":     {chattest.SignSlack("another secret", time.Now(), body), body, 401},
		"unsigned":      {http.Header{}, body, 401},
		"no signature":  {edit(func(h http.Header) { h.Del("X-Slack-Signature") }), body, 401},
		"no version":    {edit(func(h http.Header) { h.Set("X-Slack-Signature", h.Get("X-Slack-Signature")[3:]) }), body, 401},
		"no hex":        {edit(func(h http.Header) { h.Set("X-Slack-Signature", "v0=zz") }), body, 401},
		"no number":     {edit(func(h http.Header) { h.Set("X-Slack-Request-Timestamp", "now") }), body, 401},
		"other time": {edit(func(h http.Header) {
			h.Set("X-Slack-Request-Timestamp", strconv.FormatInt(time.Now().Unix()+1, 10))
		}), body, 401},
		"too large": {signed(strings.Repeat("a", maxBody+1)), strings.Repeat("a", maxBody+1), 413},
	} {
		if got, _ := o.post(t, PathCommands, formType, tt.body, tt.h); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
	for _, p := range []string{PathCommands, PathInteractivity, PathEvents} {
		resp, err := http.Get(o.url + p + "?" + body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: got %d", p, resp.StatusCode)
		}
	}
	// The same command with a new signature is the same command; what is in the address is nothing.
	if got, answer := o.post(t, PathCommands+"?text=CN&payload={}", formType, body+"&x=1", signed(body+"&x=1")); got != 200 || answer != "" {
		t.Errorf("got %d %q, want nothing said a second time", got, answer)
	}
	for path, body := range map[string]string{PathInteractivity: "payload={", PathEvents: "{", PathCommands: "%zz"} {
		if got, _ := o.post(t, path, formType, body, signed(body)); got != 400 {
			t.Errorf("%s: got %d for what cannot be read", path, got)
		}
	}
	ask := `{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","token":"x"}`
	if got, answer := o.post(t, PathEvents, jsonType, ask, signed(ask)); got != 200 || answer != "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" {
		t.Errorf("got %d %q, want the challenge", got, answer)
	}
	o.Close(context.Background())
	if len(o.requests) != 1 {
		t.Errorf("got %d requests, want one", len(o.requests))
	}
	// Closed is closed.
	late := slashForm("t9", "KP")
	if got, _ := o.post(t, PathCommands, formType, late, signed(late)); got != 200 || len(o.requests) != 1 {
		t.Errorf("got %d, and %d requests", got, len(o.requests))
	}
}

// What is replied goes to Slack alone.
func TestMayReplyTo(t *testing.T) {
	c := clientOf(t, "https://slack.com/api/", &http.Client{})
	for address, want := range map[string]bool{
		"https://hooks.slack.com/commands/T1/2/x": true, "https://hooks.slack-gov.com/actions/T1/2/x": true,
		"http://hooks.slack.com/commands/T1/2/x": false, "https://hooks.slack.com.evil.example/x": false, "https://evil.example/hooks.slack.com": false,
		"https://hooks.slack.com@evil.example/x": false, "https://user@hooks.slack.com/x": false, "": false, "https://slack.com/x": false, "://": false,
		"https://hooks.slack.com:8443/x": false,
	} {
		if got := c.mayReplyTo(address) == nil; got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
}

// FuzzInbound holds that no bytes from outside do more than be refused.
func FuzzInbound(f *testing.F) {
	f.Add([]byte(archived("Ev1")))
	f.Add([]byte(`{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},"channel":{"id":"C1"},"actions":[{"type":"button","value":"outages list"}]}`))
	f.Add([]byte(`{"type":"event_callback","team_id":"T1","event":{"type":"app_home_opened","user":{"id":"U1"}}}`))
	f.Add([]byte(`command=%2Fisitdown&text=KP&team_id=T1&user_id=U1`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := New(Options{
			HTTP:   &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })},
			Logger: logTo(t), BotToken: "x", Event: noEvent,
			Handle: func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
				if r.Channel.Tenant == "" && r.Line == "" {
					t.Error("a request of nobody for nothing")
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.interaction(t.Context(), b)
		c.event(t.Context(), b)
		if s, err := slashOf(b); err == nil {
			c.command(t.Context(), s)
		}
		c.Close(context.Background())
	})
}
