package discord

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// asRefusal reads an error of Send, and holds it against the token.
func asRefusal(t testing.TB, err error) *chat.Refusal {
	t.Helper()
	ref, ok := errors.AsType[*chat.Refusal](err)
	if !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	if s := fmt.Sprintf("%v %+v %#v", err, err, ref.Err); strings.Contains(s, token) {
		t.Errorf("an error has the token in it: %s", s)
	}
	return ref
}

// Every answer of Discord's that means something, and what it means.
func TestRefusals(t *testing.T) {
	code := func(status, code int) *http.Response {
		return chattest.Respond(status, "application/json", fmt.Sprintf(`{"message":"no","code":%d}`, code))
	}
	tests := []struct {
		name   string
		answer *http.Response
		want   chat.Trouble
		say    string
		wait   time.Duration
		whole  bool
	}{
		{"unknown channel", code(404, 10003), chat.ChannelLost, "", 0, false},
		{"unknown guild", code(404, 10004), chat.TenantLost, "", 0, false},
		{"unknown message", code(404, 10008), chat.RootLost, "", 0, false},
		{"missing access", code(403, 50001), chat.Forbidden, "View Channel", 0, false},
		{"missing permission", code(403, 50013), chat.Forbidden, "Send Messages, Embed Links and Attach Files", 0, false},
		{"archived thread", code(400, 50083), chat.Forbidden, "Manage Threads", 0, false},
		{"locked thread", code(400, 160005), chat.Forbidden, "locked", 0, false},
		{"edits spent", code(429, 30046), chat.EditsSpent, "", 0, false},
		{"edits spent with 400", code(400, 30046), chat.EditsSpent, "", 0, false},
		{"closed messages of a person", code(403, 50007), chat.ChannelLost, "", 0, false},
		{"bad token", code(401, 0), chat.TenantLost, "", 0, true},
		{"bad form", code(400, 50035), chat.TooLong, "", 0, false},
		{"too large", chattest.Respond(413, "application/json", `{}`), chat.TooLong, "", 0, false},
		{"slow mode", code(400, 20016), chat.RateLimited, "", defaultWait, false},
		{"other 403", code(403, 1), chat.Forbidden, "permissions", 0, false},
		{"other 404", code(404, 0), chat.NotSent, "", 0, false},
		{
			"429 of a channel", chattest.Respond(429, "application/json", `{"message":"slow down","retry_after":1.5,"global":false}`, "Retry-After", "2", "X-RateLimit-Reset-After", "1.5"),
			chat.RateLimited, "", 2 * time.Second, false,
		},
		{
			"429 of the bot", chattest.Respond(429, "application/json", `{"retry_after":3,"global":true}`, "Retry-After", "3", "X-RateLimit-Global", "true"),
			chat.RateLimited, "", 3 * time.Second, true,
		},
		{"429 of the wall", chattest.Respond(429, "text/html", `<html>error code: 1015</html>`), chat.RateLimited, "", wallWait, true},
		{"429 of the wall with a time", chattest.Respond(429, "text/html", `<html>`, "Retry-After", "3600"), chat.RateLimited, "", time.Hour, true},
		{"403 of the wall", chattest.Respond(403, "text/html", `<html>banned</html>`), chat.RateLimited, "", wallWait, true},
		{"429 with nonsense", chattest.Respond(429, "text/plain", `slow`, "Retry-After", "-5"), chat.RateLimited, "", defaultWait, false},
		{"500", chattest.Respond(500, "application/json", `{}`), chat.Unclear, "", 0, false},
		{"502", chattest.Respond(502, "text/html", `<html>`), chat.Unclear, "", 0, false},
		{"503 with a time", chattest.Respond(503, "text/plain", `no`, "Retry-After", "7"), chat.Unclear, "", 7 * time.Second, false},
		{"answer that cannot be read", chattest.Respond(200, "application/json", `{"id":`), chat.Unclear, "", 0, false},
		{"answer without an id", chattest.Respond(200, "application/json", `{}`), chat.Unclear, "", 0, false},
		{"200 in HTML", chattest.Respond(200, "text/html", `<html>log in to the hotel</html>`), chat.Unclear, "", 0, false},
		{"redirection", chattest.Respond(302, "text/plain", ``, "Location", "https://evil.example/"), chat.NotSent, "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{answer: func(string, string) *http.Response { return tt.answer }}
			c, _ := newClient(t, f, nil)
			_, err := c.Send(t.Context(), chat.Outgoing{Channel: channel("7"), Key: "k", Message: down()})
			got := asRefusal(t, err)
			if got.Trouble != tt.want || got.RetryAfter != tt.wait || got.Whole != tt.whole || !strings.Contains(got.Say, tt.say) {
				t.Errorf("got %+v, want %v after %v, whole %v, say %q", got, tt.want, tt.wait, tt.whole, tt.say)
			}
			if (tt.say == "") != (got.Say == "") {
				t.Errorf("got the sentence %q, want one with %q", got.Say, tt.say)
			}
			if n := len(f.list()); n != 1 {
				t.Errorf("got %d attempts, want one", n)
			}
		})
	}
}

// A route whose limit is spent is not asked again before its time; others are.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(_, path string) *http.Response {
			if strings.HasPrefix(path, "channels/7/") {
				return chattest.Respond(200, "application/json", `{"id":"1"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset-After", "1.5")
			}
			return nil
		}}
		c, _ := newClient(t, f, nil)
		send := func(id string) error {
			_, err := c.Send(t.Context(), chat.Outgoing{Channel: channel(id), Key: "k", Message: down()})
			return err
		}
		if err := send("7"); err != nil {
			t.Fatal(err)
		}
		if got := asRefusal(t, send("7")); got.Trouble != chat.RateLimited || got.RetryAfter != 1500*time.Millisecond {
			t.Errorf("got %+v, want 1.5 s to wait", got)
		}
		if err := send("8"); err != nil {
			t.Errorf("another channel: %v", err)
		}
		time.Sleep(1500 * time.Millisecond)
		if err := send("7"); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		f.answer = func(string, string) *http.Response {
			return chattest.Respond(429, "application/json", `{"retry_after":60,"global":true}`, "Retry-After", "60", "X-RateLimit-Global", "true")
		}
		asRefusal(t, send("9"))
		n := len(f.list())
		if got := asRefusal(t, send("10")); got.RetryAfter != time.Minute || len(f.list()) != n {
			t.Errorf("got %+v after %d calls, want no call within the bot's limit", got, len(f.list())-n)
		}
	})
}

// What cannot have arrived is told from what may have.
func TestUnanswered(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	cutting, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer cutting.Close()
	go func() {
		for {
			conn, err := cutting.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 1<<16))
			conn.Close()
		}
	}()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for _, tt := range []struct {
		name string
		addr net.Addr
		want chat.Trouble
	}{
		{"nobody listens", closed.Addr(), chat.NotSent},
		{"cut after the request", cutting.Addr(), chat.Unclear},
		{"no answer in time", mute.Addr(), chat.Unclear},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := newClient(t, redirect{tt.addr.String()}, nil)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := c.Send(ctx, chat.Outgoing{Channel: channel("7"), Key: "k", Message: down()})
			if got := asRefusal(t, err); got.Trouble != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// redirect sends what is meant for Discord to an address of the test's.
type redirect struct{ addr string }

// RoundTrip is for http.Client.
func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host = "http", r.addr
	return http.DefaultTransport.RoundTrip(out)
}

// Ids of an outgoing message become part of an address: nothing else may.
func TestSendRefusesWhatIsNoID(t *testing.T) {
	f := &fake{}
	c, _ := newClient(t, f, nil)
	for _, o := range []chat.Outgoing{
		{Channel: channel("../../users/@me")},
		{Channel: channel("7"), Edit: "1/../2"},
		{Channel: channel("7"), Thread: "x"},
		{Channel: channel("")},
		{Channel: chat.Channel{Platform: "slack", Tenant: "1", ID: "7"}},
	} {
		if _, err := c.Send(t.Context(), o); asRefusal(t, err).Trouble != chat.ChannelLost {
			t.Errorf("%+v: got %v", o, err)
		}
	}
	if calls := f.list(); len(calls) > 0 {
		t.Errorf("got calls %q, want none", calls)
	}
}

func TestNew(t *testing.T) {
	for name, o := range map[string]Options{"no token": {}, "white space": {Token: "a b"}, "no id": {Token: "x", Guild: "1/2"}} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "a b") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	o := Options{Token: token, PublicKey: "x"}
	if s := fmt.Sprintf("%v %+v %#v %s", o, o, o, o); strings.Contains(s, token) {
		t.Errorf("the options print their token: %s", s)
	}
}

// A code that is not known here is a no to this message, perhaps: the outbox is told so.
func TestUnknownCodesAreOdd(t *testing.T) {
	for _, tt := range []struct {
		status, code int
		want         bool
	}{{404, 99999, true}, {404, codeUnknownChannel, false}, {503, 0, false}, {429, 0, false}} {
		a := &answer{status: tt.status, header: http.Header{}}
		r := refuse(request{what: "posting"}, a, fmt.Appendf(nil, `{"code":%d,"message":"no"}`, tt.code), errors.New("HTTP"))
		if r.Odd != tt.want || tt.want && r.Trouble != chat.NotSent {
			t.Errorf("%+v: odd %v, %v", tt, r.Odd, r.Trouble)
		}
	}
}
