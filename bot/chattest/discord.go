package chattest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Discord is discord-digital-twin at work: REST and gateway of a Discord with one
// guild, two channels and a person who gives commands. It knows no permissions, no
// limits of size and no rate limits.
type Discord struct {
	Token    string
	Bot      string // the application's id too
	Guild    string
	Channels []string
	User     string

	base *url.URL
	p    *Process
	ask  sync.Mutex // one question at a time

	mu     sync.Mutex
	calls  []Call
	answer func(*http.Request, Call) *http.Response
	check  func(Call) error
	failed []error
}

// Call is one call of Discord's REST API.
type Call struct {
	Method, Path string // "/api/v9/channels/1/messages"
	Body         []byte // JSON; that of a multipart body's payload_json
	Files        map[string]int
}

// Twin starts one, and has every call that goes through its transport held against
// Discord's own schemas where the folder of real data is there.
func Twin(t testing.TB) *Discord {
	t.Helper()
	p := Start(t, "discord.mjs")
	var ready struct {
		URL, Token, Bot, Guild, User string
		Channels                     []string
	}
	if err := json.Unmarshal([]byte(p.Ready), &ready); err != nil {
		t.Fatalf("discord.mjs said %q: %v", p.Ready, err)
	}
	base, err := url.Parse(ready.URL)
	if err != nil {
		t.Fatal(err)
	}
	d := &Discord{
		Token: ready.Token, Bot: ready.Bot, Guild: ready.Guild, Channels: ready.Channels, User: ready.User,
		base: base, p: p,
	}
	if dataFolder() != "" {
		d.check = LoadDiscordSchemas(t).Check
	}
	t.Cleanup(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, err := range d.failed {
			t.Error(err)
		}
	})
	return d
}

// Do has the twin do something and reads the answer into out, if that is not nil.
// The deeds are in .ci/chat/discord.mjs.
func (d *Discord) Do(t testing.TB, deed string, with map[string]any, out any) {
	t.Helper()
	d.ask.Lock()
	defer d.ask.Unlock()
	question := maps.Clone(with)
	if question == nil {
		question = make(map[string]any)
	}
	question["do"] = deed
	b, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	d.p.Say(t, string(b))
	line := d.p.Line(t, 20*time.Second)
	var got struct {
		OK    json.RawMessage
		Error string
	}
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%s: the twin said %q", deed, line)
	}
	if got.Error != "" {
		t.Fatalf("%s: %s", deed, got.Error)
	}
	if out != nil {
		if err := json.Unmarshal(got.OK, out); err != nil {
			t.Fatalf("%s: reading %s: %v", deed, got.OK, err)
		}
	}
}

// Slash gives a slash command as the person, with Discord's options, and returns
// the id of the interaction.
func (d *Discord) Slash(t testing.TB, channel, name string, options ...any) string {
	t.Helper()
	return d.interact(t, "slash", map[string]any{"channel": channel, "name": name, "options": options})
}

// Type asks for suggestions while the person types an option.
func (d *Discord) Type(t testing.TB, channel, name string, options ...any) string {
	t.Helper()
	return d.interact(t, "complete", map[string]any{"channel": channel, "name": name, "options": options})
}

// Press presses the button of a message that has the custom id.
func (d *Discord) Press(t testing.TB, channel, message, custom string) string {
	t.Helper()
	return d.interact(t, "press", map[string]any{"channel": channel, "message": message, "custom": custom})
}

func (d *Discord) interact(t testing.TB, deed string, with map[string]any) string {
	t.Helper()
	var made struct{ ID string }
	d.Do(t, deed, with, &made)
	return made.ID
}

// Option is an option of a slash command with a text.
func Option(name, value string) map[string]any {
	return map[string]any{"name": name, "type": 3, "value": value}
}

// Focused is the option that is being typed.
func Focused(name, value string) map[string]any {
	return map[string]any{"name": name, "type": 3, "value": value, "focused": true}
}

// Sub is a subcommand with its options.
func Sub(name string, options ...any) map[string]any {
	return map[string]any{"name": name, "type": 1, "options": options}
}

// DiscordMessage is a message as the person sees it.
type DiscordMessage struct {
	ID, Content string
	Flags       int
	Embeds      []struct {
		Title, Description string
		Color              int
		Fields             []struct{ Name, Value string }
		Footer             struct{ Text string }
	}
	Components []struct {
		Components []struct {
			Label    string
			CustomID string `json:"custom_id"`
		}
	}
}

// Text is everything that the message says.
func (m DiscordMessage) Text() string {
	parts := []string{m.Content}
	for _, e := range m.Embeds {
		parts = append(parts, e.Title, e.Description)
		for _, f := range e.Fields {
			parts = append(parts, f.Name, f.Value)
		}
		parts = append(parts, e.Footer.Text)
	}
	return strings.Join(parts, "\n")
}

// Messages lists the messages of a channel or a thread, oldest first. A thread
// begins with its root message.
func (d *Discord) Messages(t testing.TB, channel string) (list []DiscordMessage) {
	t.Helper()
	d.Do(t, "messages", map[string]any{"channel": channel}, &list)
	return list
}

// DiscordThread is a thread and the message that it was made from.
type DiscordThread struct{ ID, Name, Root string }

// Threads lists the threads of a channel.
func (d *Discord) Threads(t testing.TB, channel string) (list []DiscordThread) {
	t.Helper()
	d.Do(t, "threads", map[string]any{"channel": channel}, &list)
	return list
}

// DiscordAnswer is what became of an interaction.
type DiscordAnswer struct {
	Acknowledged bool
	Type         int
	Message      string
	Data         struct {
		Flags   int
		Content string
		Choices []struct{ Name, Value string }
	}
}

// Answer tells what became of an interaction so far.
func (d *Discord) Answer(t testing.TB, id string) (a DiscordAnswer) {
	t.Helper()
	d.Do(t, "answer", map[string]any{"id": id}, &a)
	return a
}

// Connected counts the connections to the gateway that have identified.
func (d *Discord) Connected(t testing.TB) int {
	t.Helper()
	var got struct{ Count int }
	d.Do(t, "connected", nil, &got)
	return got.Count
}

// Instead lets f answer calls in the twin's place; where it gives nil, the twin
// does. nil ends that.
func (d *Discord) Instead(f func(*http.Request, Call) *http.Response) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = f
}

// Calls gives the calls so far whose method and path contain what is asked for:
// "POST", "/threads".
func (d *Discord) Calls(method, path string) (list []Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if strings.Contains(c.Method, method) && strings.Contains(c.Path, path) {
			list = append(list, c)
		}
	}
	return list
}

// Client gives an HTTP client that finds the twin where it looks for Discord.
func (d *Discord) Client() *http.Client { return &http.Client{Transport: twinTransport{d}} }

// twinTransport says to the twin what is meant for Discord, in the way that the
// twin understands: it speaks version 10, has one address of the gateway, and
// takes no files.
type twinTransport struct{ d *Discord }

// RoundTrip is for http.Client.
func (tt twinTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	d := tt.d
	c, err := readCall(r)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.calls = append(d.calls, c)
	answer := d.answer
	if d.check != nil {
		if err := d.check(c); err != nil {
			d.failed = append(d.failed, fmt.Errorf("%s %s: %w\n%s", c.Method, c.Path, err, c.Body))
		}
	}
	d.mu.Unlock()
	if answer != nil {
		if resp := answer(r, c); resp != nil {
			resp.Request = r
			return resp, nil
		}
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.Host = d.base.Scheme, d.base.Host, d.base.Host
	out.URL.Path = strings.Replace(out.URL.Path, "/api/v9/", "/api/v10/", 1)
	if strings.HasSuffix(out.URL.Path, "/gateway") {
		out.URL.Path += "/bot"
	}
	out.Body, out.ContentLength = http.NoBody, 0
	if len(c.Body) > 0 {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(c.Body)), int64(len(c.Body))
		out.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultTransport.RoundTrip(out)
}

// readCall reads a request as a whole.
func readCall(r *http.Request) (Call, error) {
	c := Call{Method: r.Method, Path: r.URL.Path, Files: make(map[string]int)}
	if r.Body == nil {
		return c, nil
	}
	defer r.Body.Close()
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		b, err := io.ReadAll(r.Body)
		c.Body = b
		return c, err
	}
	for parts := multipart.NewReader(r.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return c, err
		}
		if part.FormName() == "payload_json" {
			c.Body = b
		} else {
			c.Files[part.FileName()] = len(b)
		}
	}
}

// Respond makes an answer of Discord's, for Instead.
func Respond(status int, kind, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {kind}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
