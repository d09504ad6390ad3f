package chattest

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SlackAPI is a stand-in for Slack's Web API that keeps state: emulate, from
// https://emulate.dev. It knows scopes and Slack's error codes; it has no Socket Mode, no
// rate limits, and does not look into blocks.
type SlackAPI struct {
	// URL is the address of the API, with a slash at its end.
	URL string
	// Client makes calls that the stand-in understands: it wants tokens in a header.
	Client *http.Client
	// Team is the workspace; Channel and Private are channels of it that the bot is in; Bot and
	// Person are members.
	Team, Channel, Private, Bot, Person string
}

// Tokens of the stand-in: the bot's with the scopes that docs/slack.md lists, one that has fewer, and
// one of a person who may do everything.
const (
	SlackBotToken    = "xoxb-bot"
	SlackNarrowToken = "xoxb-narrow"
	SlackPersonToken = "xoxp-ana"
)

// Emulate starts the stand-in. An installation by OAuth may end at one of the redirects.
func Emulate(t testing.TB, redirects ...string) *SlackAPI {
	t.Helper()
	p := Start(t, "emulate.mjs", append([]string{freePort(t)}, redirects...)...)
	var ready struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal([]byte(p.Ready), &ready); err != nil {
		t.Fatalf("%v: %s", err, p.Ready)
	}
	s := &SlackAPI{URL: ready.URL, Client: &http.Client{Transport: bearer{http.DefaultTransport}, Timeout: 10 * time.Second}}
	s.learn(t)
	return s
}

// learn looks up what the workspace called its things.
func (s *SlackAPI) learn(t testing.TB) {
	t.Helper()
	for _, who := range []struct {
		token string
		id    *string
	}{{SlackBotToken, &s.Bot}, {SlackPersonToken, &s.Person}} {
		var me struct {
			User string `json:"user_id"`
			Team string `json:"team_id"`
		}
		s.Call(t, who.token, "auth.test", nil, &me)
		*who.id, s.Team = me.User, me.Team
	}
	var list struct {
		Channels []struct{ ID, Name string }
	}
	s.Call(t, SlackPersonToken, "conversations.list", url.Values{"types": {"public_channel,private_channel"}}, &list)
	for _, c := range list.Channels {
		switch c.Name {
		case "outages":
			s.Channel = c.ID
		case "desk":
			s.Private = c.ID
		}
	}
	if s.Bot == "" || s.Team == "" || s.Channel == "" || s.Private == "" {
		t.Fatalf("the stand-in for Slack is not as it was seeded: %+v", s)
	}
}

// Call makes one call as whoever has the token, and fails the test where Slack says
// no. The answer is put into answer, unless that is nil.
func (s *SlackAPI) Call(t testing.TB, token, method string, values url.Values, answer any) {
	t.Helper()
	if values == nil {
		values = url.Values{}
	}
	values.Set("token", token)
	resp, err := s.Client.PostForm(s.URL+method, values)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	var head struct {
		OK    bool
		Error string
	}
	if err := errors.Join(err, json.Unmarshal(b, &head)); err != nil {
		t.Fatalf("%s: %v: %.300s", method, err, b)
	}
	if !head.OK {
		t.Fatalf("%s: %s", method, head.Error)
	}
	if answer != nil {
		if err := json.Unmarshal(b, answer); err != nil {
			t.Fatalf("%s: %v: %.300s", method, err, b)
		}
	}
}

// SlackMessage is what is in a channel.
type SlackMessage struct {
	TS        string          `json:"ts"`
	ThreadTS  string          `json:"thread_ts"`
	User      string          `json:"user"`
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks"`
	Broadcast bool            `json:"reply_broadcast"`
	Metadata  struct {
		Type    string            `json:"event_type"`
		Payload map[string]string `json:"event_payload"`
	} `json:"metadata"`
	Files []struct {
		Name  string `json:"name"`
		Title string `json:"title"`
		Alt   string `json:"alt_txt"`
		Size  int    `json:"size"`
	} `json:"files"`
}

// Thread gives a message and the replies to it, the oldest first.
func (s *SlackAPI) Thread(t testing.TB, channel, ts string) []SlackMessage {
	t.Helper()
	var answer struct{ Messages []SlackMessage }
	s.Call(t, SlackPersonToken, "conversations.replies", url.Values{"channel": {channel}, "ts": {ts}}, &answer)
	return answer.Messages
}

// History gives the messages of a channel, the newest first.
func (s *SlackAPI) History(t testing.TB, channel string) []SlackMessage {
	t.Helper()
	var answer struct{ Messages []SlackMessage }
	s.Call(t, SlackPersonToken, "conversations.history", url.Values{"channel": {channel}, "limit": {"200"}}, &answer)
	return answer.Messages
}

// bearer copies the token of a form, which is where Slack takes it too, to where the
// stand-in looks for it.
type bearer struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") != "" || r.GetBody == nil ||
		!strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return b.next.RoundTrip(r)
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if form, err := url.ParseQuery(string(text)); err == nil && form.Get("token") != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+form.Get("token"))
	}
	return b.next.RoundTrip(r)
}

// freePort gives a port of the loopback interface that nobody listened to a moment ago.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
