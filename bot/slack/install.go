package slack

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// Install is how workspaces let the app in, by OAuth v2.
// https://docs.slack.dev/authentication/installing-with-oauth
type Install struct {
	ClientID, ClientSecret string
	// PublicURL is where browsers reach Handler: "https://bot.example.org".
	PublicURL string
	// AuthorizeURL is where browsers are sent; "" is Slack's own.
	AuthorizeURL string
	Credentials  Credentials
}

// Format leaves the secrets out, whatever the verb.
func (i Install) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "installation at %q", i.PublicURL) }

const authorizeURL = "https://slack.com/oauth/v2/authorize"

func (i *Install) validate() error {
	u, err := url.Parse(i.PublicURL)
	switch {
	case i.ClientID == "" || i.ClientSecret == "" || i.Credentials == nil:
		return errors.New("an installation in Slack needs client id, client secret and a place for credentials")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1":
		return errors.New("the public address of an installation in Slack is no https address")
	}
	return nil
}

func (i *Install) redirectURL() string { return strings.TrimSuffix(i.PublicURL, "/") + PathCallback }

// states are the installations that were begun in a browser and not yet ended: each can be ended
// once, by that browser, within ten minutes.
type states struct {
	mu    sync.Mutex
	until map[string]time.Time
}

const (
	stateTime   = 10 * time.Minute
	maxStates   = 1000
	stateCookie = "isitdown-slack-install"
)

func newStates() *states { return &states{until: make(map[string]time.Time)} }

// begin gives a new state.
func (s *states) begin() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for state, until := range s.until {
		if now.After(until) {
			delete(s.until, state)
		}
	}
	if len(s.until) >= maxStates {
		clear(s.until) // somebody is playing; the others press the button again
	}
	state := rand.Text()
	s.until[state] = now.Add(stateTime)
	return state
}

// end reports whether state was begun, and ends it.
func (s *states) end(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.until[state]
	delete(s.until, state)
	return ok && time.Now().Before(until)
}

// serveInstall sends a browser to Slack, to be asked whether the app may come in.
func (c *Client) serveInstall(w http.ResponseWriter, r *http.Request) {
	in := c.o.Install
	state := c.states.begin()
	http.SetCookie(w, &http.Cookie{
		Name: stateCookie, Value: state, Path: PathCallback, MaxAge: int(stateTime.Seconds()),
		HttpOnly: true, Secure: strings.HasPrefix(in.PublicURL, "https:"), SameSite: http.SameSiteLaxMode,
	})
	to := in.AuthorizeURL
	if to == "" {
		to = authorizeURL
	}
	q := url.Values{
		"client_id": {in.ClientID}, "scope": {strings.Join(botScopes(c.o.People), ",")},
		"redirect_uri": {in.redirectURL()}, "state": {state},
	}
	http.Redirect(w, r, to+"?"+q.Encode(), http.StatusFound)
}

// serveCallback takes a browser that comes back.
func (c *Client) serveCallback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	cookie, err := r.Cookie(stateCookie)
	known := c.states.end(q.Get("state"))
	http.SetCookie(w, &http.Cookie{Name: stateCookie, Path: PathCallback, MaxAge: -1})
	switch {
	case err != nil || !known || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(q.Get("state"))) != 1:
		show(w, http.StatusBadRequest, "This installation was not begun here, or too long ago. Begin again at "+PathInstall+".")
		return
	case q.Get("error") != "":
		show(w, http.StatusOK, "isitdown was not installed. Nothing was changed.")
		return
	case q.Get("code") == "":
		show(w, http.StatusBadRequest, "Slack sent no code. Begin again at "+PathInstall+".")
		return
	}
	team, err := c.install(r.Context(), q.Get("code"))
	if err != nil {
		c.log.Error("installing the app in a Slack workspace", "err", err)
		show(w, http.StatusBadGateway, "Slack did not let isitdown in. Begin again at "+PathInstall+"; the operator has been told.")
		return
	}
	show(w, http.StatusOK, "isitdown is installed in "+team+". Invite it to a channel with /invite @isitdown, and run /outages help there.")
}

// install exchanges the code for a token and keeps it.
func (c *Client) install(ctx context.Context, code string) (team string, err error) {
	in := c.o.Install
	watched, a := watch(ctx)
	got, err := api.GetOAuthV2ResponseContext(watched, c.http, in.ClientID, in.ClientSecret, code, in.redirectURL(), api.OAuthOptionAPIURL(c.o.APIURL))
	if err != nil {
		return "", refuse("oauth.v2.access", a, err)
	}
	id := tenantOf(got.Team.ID, got.Enterprise.ID, got.IsEnterpriseInstall)
	if id == "" || got.AccessToken == "" || got.TokenType != "" && got.TokenType != "bot" {
		return "", errors.New("oauth.v2.access: the answer has no workspace or no bot token")
	}
	g := grant{
		Version: grantVersion, Token: got.AccessToken, Refresh: got.RefreshToken,
		BotUser: got.BotUserID, Scopes: got.Scope, By: got.AuthedUser.ID, At: time.Now(),
	}
	if got.ExpiresIn > 0 {
		g.Expires = g.At.Add(time.Duration(got.ExpiresIn) * time.Second)
	}
	if err := c.tokens.adopt(ctx, id, g); err != nil {
		return "", err
	}
	c.tell(ctx, chat.Event{
		Kind: chat.TenantBack, Channel: chat.Channel{Platform: Platform, Tenant: id},
		Why: "the workspace installed the app",
	})
	team = clean(got.Team.Name, false)
	if team == "" {
		team = id
	}
	return team, nil
}

// show writes one sentence as a page.
func show(w http.ResponseWriter, status int, sentence string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><title>isitdown</title><p>%s\n", html.EscapeString(sentence))
}
