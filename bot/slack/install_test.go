package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// memory keeps credentials for a test.
type memory struct {
	mu   sync.Mutex
	data map[string][]byte
	err  error
}

func (m *memory) Load(tenant string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.data[tenant]), m.err
}

func (m *memory) Save(tenant string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		m.data = make(map[string][]byte)
	}
	m.data[tenant] = bytes.Clone(data)
	return m.err
}

// A workspace installs the app through a browser, gets a message, and removes the app.
func TestInstall(t *testing.T) {
	var events []chat.Event
	kept := &memory{}
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	s := chattest.Emulate(t, srv.URL+PathCallback)
	c, err := New(Options{
		HTTP: s.Client, APIURL: s.URL, Logger: logTo(t, "a-client-secret", "xoxb-"), Handle: noHandle, SigningSecret: chattest.SlackSigningSecret,
		Event: func(_ context.Context, e chat.Event) error { events = append(events, e); return nil },
		Install: &Install{
			ClientID: "12345.67890", ClientSecret: "a-client-secret", PublicURL: srv.URL,
			AuthorizeURL: strings.TrimSuffix(s.URL, "api/") + "oauth/v2/authorize", Credentials: kept,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", c.Handler())
	in := chat.Channel{Platform: Platform, Tenant: s.Team, ID: s.Channel}
	_, err = c.Send(t.Context(), chat.Outgoing{Channel: in, Message: opened()})
	wantRefusal(t, err, chat.TenantLost)

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	callback := authorize(t, browser, srv.URL, strings.TrimSuffix(s.URL, "/api/"))
	for _, forged := range []*http.Client{{}, {Jar: jar}} { // another browser; the same one, with another state
		address := callback
		if forged.Jar != nil {
			address = strings.Replace(callback, "state=", "state=X", 1)
		}
		if status, page := get(t, forged, address); status != http.StatusBadRequest {
			t.Errorf("got %d %s", status, page)
		}
	}
	// The first of them ended the installation: a state is good for one attempt.
	if status, page := get(t, browser, callback); status != http.StatusBadRequest {
		t.Errorf("got %d %s for a state that was tried", status, page)
	}
	callback = authorize(t, browser, srv.URL, strings.TrimSuffix(s.URL, "/api/"))
	status, page := get(t, browser, callback)
	if status != http.StatusOK || !strings.Contains(page, "installed in") {
		t.Fatalf("got %d %s", status, page)
	}
	if status, _ := get(t, browser, callback); status != http.StatusBadRequest {
		t.Errorf("got %d for a callback that came twice", status)
	}
	root := mustSend(t, c, chat.Outgoing{Channel: in, Message: opened()})
	if got := s.Thread(t, s.Channel, root); len(got) != 1 || !strings.HasPrefix(got[0].Text, "DOWN") {
		t.Errorf("got %+v", got)
	}
	old := fmt.Sprintf(`{"type":"event_callback","team_id":%q,"event_id":"Ev1","event_time":%d,"event":{"type":"app_uninstalled"}}`, s.Team, time.Now().Add(-time.Hour).Unix())
	if err := errors.Join(c.event(t.Context(), []byte(old)), c.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 || events[0].Kind != chat.TenantBack {
		t.Fatalf("got %+v, want that the workspace is there, whatever it did before", events)
	}
	c.happened(t.Context(), newEnvelope(s.Team, "app_uninstalled", time.Now().Add(time.Minute)))
	if len(events) != 2 || events[1].Kind != chat.TenantGone || len(kept.data[s.Team]) != 0 {
		t.Errorf("got %+v and %d bytes of credentials, want it forgotten", events, len(kept.data[s.Team]))
	}
}

func newEnvelope(team, kind string, at time.Time) *envelope {
	e := &envelope{Type: "event_callback", TeamID: team, Time: at.Unix()}
	e.Event.Type = kind
	return e
}

// authorize goes through the pages that ask whether the app may come in, and gives the
// address that the browser is sent back to.
func authorize(t *testing.T, browser *http.Client, ours, slack string) string {
	t.Helper()
	status, page := get(t, browser, ours+PathInstall)
	if status != http.StatusOK {
		t.Fatalf("got %d %.200s", status, page)
	}
	form := url.Values{}
	button, _, _ := strings.Cut(page[strings.Index(page, "<form"):], "</form>")
	for _, m := range regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(button, -1) {
		form.Set(m[1], strings.ReplaceAll(m[2], "&amp;", "&"))
	}
	stay := *browser
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stay.PostForm(slack+"/oauth/v2/authorize/callback", form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	to := resp.Header.Get("Location")
	if !strings.HasPrefix(to, ours+PathCallback) {
		t.Fatalf("the browser is sent to %q with %d", to, resp.StatusCode)
	}
	return to
}

func get(t *testing.T, browser *http.Client, address string) (int, string) {
	t.Helper()
	resp, err := browser.Get(address)
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

// rotating gives a client whose workspace's token ends after left, and a Slack that renews it with
// answer.
func rotating(t *testing.T, left time.Duration, answer http.HandlerFunc) (*Client, *memory, *atomic.Int32) {
	t.Helper()
	var used sync.Map
	var posted atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		switch {
		case strings.HasSuffix(r.URL.Path, "/oauth.v2.access"):
			if _, twice := used.LoadOrStore(r.PostForm.Get("refresh_token"), true); twice {
				t.Errorf("the refresh token %s was used twice", r.PostForm.Get("refresh_token"))
			}
			answer(w, r)
		case r.PostForm.Get("token") == "xoxe-new":
			posted.Add(1)
			fmt.Fprint(w, `{"ok":true,"channel":"C061EG9SL","ts":"1.2"}`)
		case left > 0:
			fmt.Fprint(w, `{"ok":true,"channel":"C061EG9SL","ts":"1.1"}`)
		default:
			fmt.Fprint(w, `{"ok":false,"error":"token_expired"}`)
		}
	}))
	t.Cleanup(srv.Close)
	kept := &memory{}
	c, err := New(Options{
		HTTP: srv.Client(), APIURL: srv.URL + "/api/", Logger: logTo(t, "xoxe-", "secret-of-client"), Handle: noHandle, Event: noEvent,
		Install: &Install{ClientID: "1", ClientSecret: "secret-of-client", PublicURL: "https://bot.example.org", Credentials: kept},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.tokens.save(ourTeam, grant{Version: grantVersion, Token: "xoxe-old", Refresh: "xoxe-1", Expires: time.Now().Add(left)}); err != nil {
		t.Fatal(err)
	}
	return c, kept, &posted
}

func renewed(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, `{"ok":true,"access_token":"xoxe-new","refresh_token":"xoxe-2","expires_in":43200,"token_type":"bot","team":{"id":"T024BE7LD"}}`)
}

// However many messages want to go out, a token is renewed once, and kept before it is used.
func TestRotation(t *testing.T) {
	c, kept, posted := rotating(t, time.Minute, renewed)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: list()}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if posted.Load() != 20 {
		t.Errorf("%d of 20 messages went out with the new token", posted.Load())
	}
	if data, _ := kept.Load(ourTeam); !strings.Contains(string(data), "xoxe-2") {
		t.Error("the new refresh token was not kept")
	}
}

// A token that cannot be renewed is used as long as it lasts; one that Slack will not renew is
// the end of the workspace.
func TestRotationFails(t *testing.T) {
	busy := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	c, _, _ := rotating(t, 30*time.Minute, busy)
	mustSend(t, c, chat.Outgoing{Channel: here(), Message: list()})
	c, _, _ = rotating(t, -time.Minute, busy)
	_, err := c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: list()})
	wantRefusal(t, err, chat.NotSent)
	c, _, _ = rotating(t, -time.Minute, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"ok":false,"error":"invalid_refresh_token"}`)
	})
	_, err = c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: list()})
	wantRefusal(t, err, chat.TenantLost)
	c, kept, _ := rotating(t, time.Hour, renewed)
	kept.data[ourTeam] = []byte(`{"version":1,"token":"xoxe-old`)
	_, err = c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: list()})
	if wantRefusal(t, err, chat.TenantLost); strings.Contains(err.Error(), "xoxe") {
		t.Errorf("the error quotes what was kept: %v", err)
	}
}

// Slack may end a token before its time: the next attempt renews it.
func TestExpiredEarly(t *testing.T) {
	c, _, posted := rotating(t, 0, renewed)
	n := c.tokens.tenant(ourTeam)
	n.grant = grant{Version: grantVersion, Token: "xoxe-old", Refresh: "xoxe-1", Expires: time.Now().Add(10 * time.Hour)}
	_, err := c.Send(t.Context(), chat.Outgoing{Channel: here(), Message: list()})
	wantRefusal(t, err, chat.NotSent)
	mustSend(t, c, chat.Outgoing{Channel: here(), Message: list()})
	if posted.Load() != 1 {
		t.Errorf("got %d messages, want one", posted.Load())
	}
}
