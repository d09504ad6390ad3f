package discord

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// token stands for the secret that no error and no log line may have.
const token = "s3cret-bot-token"

// channel is a place of Discord's.
func channel(id string) chat.Channel { return chat.Channel{Platform: Platform, Tenant: "1", ID: id} }

// fake answers as a Discord without a network, so that it works in a bubble.
type fake struct {
	mu     sync.Mutex
	calls  []chattest.Call
	answer func(method, path string) *http.Response // nil: messages with ids
}

// RoundTrip is for http.Client.
func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/v9/")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, chattest.Call{Method: r.Method, Path: path, Body: body})
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if f.answer != nil {
		if resp := f.answer(r.Method, path); resp != nil {
			resp.Request = r
			return resp, nil
		}
	}
	resp := chattest.Respond(200, "application/json", fmt.Sprintf(`{"id":"%d"}`, 1000+len(f.calls)))
	resp.Request = r
	return resp, nil
}

// list gives the calls as "METHOD path".
func (f *fake) list() (list []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		list = append(list, c.Method+" "+c.Path)
	}
	return list
}

// last reads the body of the last call.
func (f *fake) last(t testing.TB, out any) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		t.Fatal("there was no call")
	}
	body := f.calls[len(f.calls)-1].Body
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
}

// logged is a log to look at.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write is for slog.
func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// String gives what was logged.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newClient makes a client over transport. Its log, and every error of its that the
// test hands to secret, is held against the token.
func newClient(t testing.TB, transport http.RoundTripper, change func(*Options)) (*Client, *logged) {
	t.Helper()
	log := &logged{}
	o := Options{
		Token: token, Application: "5", Commands: chat.Commands(), HTTP: &http.Client{Transport: transport},
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s := log.String(); strings.Contains(s, o.Token) {
			t.Errorf("the log has the token in it:\n%s", s)
		}
	})
	return c, log
}
