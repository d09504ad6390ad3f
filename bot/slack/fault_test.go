package slack

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/bot/chat"
)

const ourTeam = "T024BE7LD"

// faulty gives a client whose Slack knows the token and answers everything else with h.
func faulty(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth.test") {
			fmt.Fprintf(w, `{"ok":true,"team":"Newsroom","team_id":%q,"user":"isitdown","user_id":"U0BOT"}`, ourTeam)
			return
		}
		h(w, r)
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	return clientOf(t, srv.URL+"/api/", srv.Client())
}

func clientOf(t *testing.T, url string, h *http.Client) *Client {
	t.Helper()
	c, err := New(Options{HTTP: h, APIURL: url, Logger: logTo(t, "xoxb-secret"), Handle: noHandle, Event: noEvent, BotToken: "xoxb-secret"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func here() chat.Channel { return chat.Channel{Platform: Platform, Tenant: ourTeam, ID: "C061EG9SL"} }

// cut takes the connection away without an answer.
func cut(t *testing.T, w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

func TestFaults(t *testing.T) {
	code := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"ok":false,"error":%q}`, s) }
	}
	page := func(status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if len(header) > 0 {
				w.Header().Set("Retry-After", header[0])
			}
			w.WriteHeader(status)
			fmt.Fprint(w, "<!DOCTYPE html><title>Something went wrong</title>")
		}
	}
	status := func(n int, retry string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if retry != "" {
				w.Header().Set("Retry-After", retry)
			}
			w.WriteHeader(n)
			fmt.Fprint(w, `{"ok":false,"error":"ratelimited"}`)
		}
	}
	tests := []struct {
		name  string
		h     http.HandlerFunc
		want  chat.Trouble
		after time.Duration
	}{
		{"429", status(429, "17"), chat.RateLimited, 17 * time.Second},
		{"429 without a time", status(429, ""), chat.RateLimited, longWait},
		{"429 with a time that is none", status(429, "soon"), chat.RateLimited, longWait},
		{"429 for years", status(429, "99999999"), chat.RateLimited, maxRetryAfter},
		{"429 as a page", page(429), chat.RateLimited, longWait},
		{"429 as a page with a time", page(429, "90"), chat.RateLimited, 90 * time.Second},
		{"a page", page(200), chat.RateLimited, longWait},
		{"a page that forbids", page(403), chat.RateLimited, longWait},
		{"503", status(503, "3"), chat.NotSent, 3 * time.Second},
		{"503 as a page", page(503), chat.NotSent, longWait},
		{"500", status(500, ""), chat.Unclear, 0},
		{"502 as a page", page(502), chat.Unclear, longWait},
		{"413", status(413, ""), chat.TooLong, 0},
		{"405", status(405, ""), chat.NotSent, longWait},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{") }, chat.Unclear, 0},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, chat.Unclear, 0},
		{"no message", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) }, chat.Unclear, 0},
		{"a cut", func(w http.ResponseWriter, _ *http.Request) { cut(t, w) }, chat.Unclear, 0},
		{"half an answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"ok":true,"ts":`)
			w.(http.Flusher).Flush()
			cut(t, w)
		}, chat.Unclear, 0},
		{"revoked", code("token_revoked"), chat.TenantLost, 0},
		{"inactive", code("account_inactive"), chat.TenantLost, 0},
		{"expired without rotation", code("token_expired"), chat.TenantLost, 0},
		{"restricted", code("restricted_action"), chat.Forbidden, 0},
		{"scope", code("missing_scope"), chat.Forbidden, 0},
		{"blocks", code("msg_blocks_too_long"), chat.TooLong, 0},
		{"arguments", code("invalid_blocks"), chat.TooLong, 0},
		{"thread", code("thread_not_found"), chat.RootLost, 0},
		{"edits", code("edit_window_closed"), chat.EditsSpent, 0},
		{"limited", code("ratelimited"), chat.RateLimited, longWait},
		{"their fault", code("fatal_error"), chat.Unclear, 0},
		{"not up", code("service_unavailable"), chat.NotSent, 0},
		{"new code", code("something_new"), chat.NotSent, longWait},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var calls atomic.Int32
			c := faulty(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); tt.h(w, r) })
			_, err := c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: opened(), Key: "k"})
			r := wantRefusal(t, err, tt.want)
			if r.RetryAfter != tt.after {
				t.Errorf("got %v to wait, want %v", r.RetryAfter, tt.after)
			}
			if calls.Load() != 1 {
				t.Errorf("got %d calls, want one attempt", calls.Load())
			}
			if strings.Contains(err.Error(), "xoxb") || strings.Contains(err.Error(), "http:") {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

// What never left is told from what may have arrived.
func TestSentOrNot(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String() + "/api/"
	l.Close()
	c := clientOf(t, nobody, &http.Client{})
	_, err = c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: opened()})
	wantRefusal(t, err, chat.NotSent)

	// The workspace is known, and then Slack cannot be reached.
	c = faulty(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := c.tokens.identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.o.APIURL = nobody
	_, err = c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: opened()})
	wantRefusal(t, err, chat.NotSent)

	// The request arrives, and the time is up before an answer does.
	arrived := make(chan struct{})
	c = faulty(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // a server notices that nobody waits only once it has read
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err = c.Send(ctx, chat.Outgoing{Channel: here(), Message: opened()})
	wantRefusal(t, err, chat.Unclear)

	// The time is up before it begins.
	done, stop := context.WithCancel(t.Context())
	stop()
	_, err = c.Send(done, chat.Outgoing{Channel: here(), Message: opened()})
	wantRefusal(t, err, chat.NotSent)
}
