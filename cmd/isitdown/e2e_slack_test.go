package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
	"isitdown/bot/slack"
)

// The whole bot in a workspace that keeps state, on a Web API that we did not write.
// What people do comes over HTTP, signed as Slack signs it.
func TestServeOnSlack(t *testing.T) {
	t.Parallel()
	p := newSlackStand(t)
	s := rehearse(t, p.app(), "kp-2014")
	p.listens(t)
	t.Run("not a member", func(t *testing.T) {
		var made struct{ Channel struct{ ID string } }
		p.api.Call(t, chattest.SlackPersonToken, "conversations.create", url.Values{"name": {"quiet"}}, &made)
		in := p.places()[0]
		in.ID = made.Channel.ID
		answer, _ := p.ask(t, in, "outages subscribe KP")
		wants(t, "the answer where the bot is no member", answer, "/invite @isitdown and run this again")
	})
	t.Run("forged", func(t *testing.T) {
		if status := p.post(t, "/slack/commands", "a wrong secret", url.Values{"command": {"/outages"}, "text": {"list"}}.Encode()).StatusCode; status != http.StatusUnauthorized {
			t.Errorf("got %d, want 401", status)
		}
	})
	theStory(t, s, p)
}

// app is set up for the stand.
func (p *slackStand) app() *app {
	a := &app{
		console: console{out: io.Discard, err: io.Discard}, config: defaultConfig(), log: slog.New(slog.DiscardHandler),
		http: p.client, slackAPI: p.api.URL,
	}
	a.config.Slack = slackConfig{Mode: modeHTTP, BotToken: secret{chattest.SlackBotToken}, SigningSecret: secret{p.secret}}
	a.config.Serve.Listen = p.address
	return a
}

// listens waits until the bot takes requests.
func (p *slackStand) listens(t *testing.T) {
	t.Helper()
	eventually(t, "it listens", func() bool {
		resp, err := http.Get("http://" + p.address + "/healthz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type slackStand struct {
	api             *chattest.SlackAPI
	client          *http.Client // the bot's
	schema          *chattest.Schema
	secret, address string

	mu        sync.Mutex
	n         int                 // of requests
	said      map[string][]string // what was said to a request, by its address to reply to
	forbidden bool
}

// newSlackStand starts one, for a bot that listens where it says.
func newSlackStand(t *testing.T) *slackStand {
	t.Helper()
	p := &slackStand{api: chattest.Emulate(t), secret: "8f742231b10e8888abcd99yyyzzz85a5", address: freeAddress(t)}
	if os.Getenv("ISITDOWN_TESTDATA") != "" { // without it the messages are not held against Slack's types
		p.schema = chattest.LoadSchema(t, "specs/slack-blockkit.schema.json", "#/definitions/SlackMessage")
	}
	p.client = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) { return p.call(t, r) }), Timeout: 10 * time.Second}
	return p
}

// call looks at what the bot sends before it goes where it has to.
func (p *slackStand) call(t *testing.T, r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if strings.Contains(r.URL.Path, "/reply-to/") {
		var m struct {
			Text   string          `json:"text"`
			Blocks json.RawMessage `json:"blocks,omitempty"`
		}
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, err
		}
		if payload, err := json.Marshal(m); err == nil && m.Text != "" { // the rest is no part of a message
			p.check(t, "an answer", payload)
		}
		p.mu.Lock()
		p.said[r.URL.Path] = append(p.said[r.URL.Path], m.Text+"\n"+blocksText(body))
		p.mu.Unlock()
		return chattest.Respond(200, "text/plain", "ok"), nil
	}
	method := path.Base(r.URL.Path)
	if strings.HasPrefix(method, "chat.") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		payload, err := json.Marshal(map[string]any{"text": form.Get("text"), "blocks": json.RawMessage(form.Get("blocks"))})
		if err == nil && method != "chat.delete" {
			p.check(t, method, payload)
		}
		p.mu.Lock()
		no := p.forbidden
		p.mu.Unlock()
		if no {
			return chattest.Respond(200, "application/json", `{"ok":false,"error":"restricted_action"}`), nil
		}
	}
	return p.api.Client.Transport.RoundTrip(r)
}

func (p *slackStand) check(t *testing.T, what string, payload []byte) {
	if p.schema == nil {
		return
	}
	if err := chattest.CheckSlackMessage(p.schema, payload); err != nil {
		t.Errorf("%s: %v\n%s", what, err, payload)
	}
}

func (p *slackStand) places() [2]chat.Channel {
	at := func(id string) chat.Channel {
		return chat.Channel{Platform: slack.Platform, Tenant: p.api.Team, ID: id}
	}
	return [2]chat.Channel{at(p.api.Channel), at(p.api.Private)}
}

// post sends the bot what Slack would, signed now.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func (p *slackStand) post(t *testing.T, to, secret, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address+to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	stamp := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// replyTo makes an address to reply to, and gives the number of the request.
func (p *slackStand) replyTo() (address, key, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if p.said == nil {
		p.said = map[string][]string{}
	}
	key = fmt.Sprintf("/api/reply-to/%d", p.n)
	return strings.TrimSuffix(p.api.URL, "/api/") + key, key, fmt.Sprintf("trigger.%d", p.n)
}

func (p *slackStand) ask(t *testing.T, in chat.Channel, line string) (answer, acknowledged string) {
	t.Helper()
	command, text, _ := strings.Cut(line, " ")
	address, key, id := p.replyTo()
	before := len(p.channel(t, in))
	resp := p.post(t, slack.PathCommands, p.secret, url.Values{
		"command": {"/" + command}, "text": {text}, "team_id": {in.Tenant}, "channel_id": {in.ID},
		"user_id": {p.api.Person}, "user_name": {"ana"}, "response_url": {address}, "trigger_id": {id},
	}.Encode())
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: HTTP %d, %v", line, resp.StatusCode, err)
	}
	eventually(t, "a command is answered: "+line, func() bool {
		p.mu.Lock()
		said := slices.Clone(p.said[key])
		p.mu.Unlock()
		for _, s := range said {
			if s != "\n" { // the end of what was said at first
				answer = s
			}
		}
		if answer == "" {
			if list := p.channel(t, in); len(list) > before {
				answer = list[len(list)-1].text
			}
		}
		return answer != "" && !strings.HasPrefix(answer, "Checking")
	})
	return answer, string(body)
}

func (p *slackStand) press(t *testing.T, in chat.Channel, message, line string) {
	t.Helper()
	var value string
	for _, m := range p.history(t, in) {
		if m.TS == message {
			value = buttonValue(m.Blocks, line)
		}
	}
	if value == "" {
		t.Fatalf("message %s has no button %q", message, line)
	}
	address, _, id := p.replyTo()
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "trigger_id": id, "response_url": address,
		"team": map[string]any{"id": in.Tenant}, "user": map[string]any{"id": p.api.Person, "username": "ana"},
		"channel":   map[string]any{"id": in.ID},
		"container": map[string]any{"type": "message", "channel_id": in.ID, "message_ts": message},
		"actions":   []any{map[string]any{"type": "button", "action_id": "x", "value": value}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp := p.post(t, slack.PathInteractivity, p.secret, url.Values{"payload": {string(payload)}}.Encode()); resp.StatusCode != http.StatusOK {
		t.Fatalf("pressing %q: HTTP %d", value, resp.StatusCode)
	}
}

// buttonValue finds the value of a button that begins so.
func buttonValue(blocks json.RawMessage, line string) string {
	var list []struct {
		Elements []struct{ Type, Value string }
	}
	if json.Unmarshal(blocks, &list) != nil {
		return ""
	}
	for _, b := range list {
		for _, e := range b.Elements {
			if e.Type == "button" && strings.HasPrefix(e.Value, line) {
				return e.Value
			}
		}
	}
	return ""
}

// blocksText is everything that a message's blocks say.
func blocksText(payload []byte) string {
	var v any
	if json.Unmarshal(payload, &v) != nil {
		return ""
	}
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if text, ok := v["text"].(string); ok {
				b.WriteString(text + "\n")
			}
			for _, key := range []string{"blocks", "text", "fields", "elements"} {
				walk(v[key])
			}
		}
	}
	walk(v)
	return b.String()
}

func (p *slackStand) history(t *testing.T, in chat.Channel) []chattest.SlackMessage {
	t.Helper()
	list := p.api.History(t, in.ID)
	slices.Reverse(list)
	return list
}

func seenOnSlack(list []chattest.SlackMessage) (out []message) {
	for _, m := range list {
		out = append(out, message{id: m.TS, text: m.Text + "\n" + blocksText(m.Blocks), files: len(m.Files)})
	}
	return out
}

func (p *slackStand) channel(t *testing.T, in chat.Channel) []message {
	t.Helper()
	return seenOnSlack(slices.DeleteFunc(p.history(t, in), func(m chattest.SlackMessage) bool {
		return m.ThreadTS != "" && m.ThreadTS != m.TS
	}))
}

func (p *slackStand) thread(t *testing.T, in chat.Channel, root string) []message {
	t.Helper()
	return seenOnSlack(p.api.Thread(t, in.ID, root)[1:])
}

func (p *slackStand) remove(t *testing.T, in chat.Channel, message string) {
	t.Helper()
	p.api.Call(t, chattest.SlackBotToken, "chat.delete", url.Values{"channel": {in.ID}, "ts": {message}}, nil)
}

func (p *slackStand) forbid(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forbidden = on
}

// lose archives the channel; nobody tells the bot, so it learns of it from the next error.
func (p *slackStand) lose(t *testing.T, in chat.Channel) {
	t.Helper()
	p.api.Call(t, chattest.SlackPersonToken, "conversations.archive", url.Values{"channel": {in.ID}}, nil)
}

func (p *slackStand) uninstall(t *testing.T) {
	t.Helper()
	body := fmt.Sprintf(`{"type":"event_callback","team_id":%q,"event_id":"Ev1","event":{"type":"app_uninstalled"}}`, p.api.Team)
	if resp := p.post(t, slack.PathEvents, p.secret, body); resp.StatusCode != http.StatusOK {
		t.Fatalf("app_uninstalled: HTTP %d", resp.StatusCode)
	}
}
