package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// Credentials keeps what a workspace gave when it let the app in. The bytes are secret, and
// for this package alone to read.
type Credentials interface {
	// Load gives what Save took, and nothing where it took nothing.
	Load(tenant string) ([]byte, error)
	// Save replaces what was there; nil removes it.
	Save(tenant string, data []byte) error
}

// refreshBefore is how long before its end a token is exchanged for the next: they last
// 12 hours. https://docs.slack.dev/authentication/using-token-rotation
const refreshBefore = time.Hour

// grant is what an installation gave.
type grant struct {
	Version int       `json:"version"`
	Token   string    `json:"token"`
	Refresh string    `json:"refresh,omitempty"` // "" where tokens do not rotate
	Expires time.Time `json:"expires,omitzero"`
	BotUser string    `json:"bot_user,omitempty"`
	Scopes  string    `json:"scopes,omitempty"`
	By      string    `json:"by,omitempty"` // who installed it
	At      time.Time `json:"at,omitzero"`  // when
}

const grantVersion = 1

// tenant is what is held of one workspace. Whoever has taken from turn may use the rest: one
// refresh at a time, and the others wait for it.
type tenant struct {
	turn  chan struct{}
	grant grant
}

// tokens gives each workspace its token.
type tokens struct {
	c  *Client
	mu sync.Mutex
	// tenants has one entry under "" for the token that came with the settings.
	tenants map[string]*tenant
	self    *api.AuthTestResponse // of the token that came with the settings, once it is known
}

func (t *tokens) tenant(id string) *tenant {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tenants[id] == nil {
		t.tenants[id] = &tenant{turn: make(chan struct{}, 1)}
	}
	return t.tenants[id]
}

// take waits for its turn.
func (n *tenant) take(ctx context.Context) (release func(), err error) {
	select {
	case n.turn <- struct{}{}:
		return func() { <-n.turn }, nil
	case <-ctx.Done():
		return nil, &chat.Refusal{Trouble: chat.NotSent, Err: fmt.Errorf("waiting for a token: %w", ctx.Err())}
	}
}

// of gives the token of a workspace. Its error is a refusal.
func (t *tokens) of(ctx context.Context, id string) (string, error) {
	if t.c.o.Install == nil {
		return t.own(ctx, id)
	}
	n := t.tenant(id)
	release, err := n.take(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	if n.grant.Token == "" {
		if err := t.load(id, n); err != nil {
			return "", err
		}
	}
	left := time.Until(n.grant.Expires)
	if n.grant.Refresh == "" || left > refreshBefore {
		return n.grant.Token, nil
	}
	if err := t.refresh(ctx, id, n); err != nil {
		if r, ok := errors.AsType[*chat.Refusal](err); left > time.Minute && (!ok || r.Trouble != chat.TenantLost) {
			t.c.log.Warn("renewing a Slack token; the old one is used for now", "tenant", id, "err", err)
			return n.grant.Token, nil
		}
		return "", err
	}
	return n.grant.Token, nil
}

// own gives the token of the settings, and makes sure that it is that of this workspace.
func (t *tokens) own(ctx context.Context, id string) (string, error) {
	self, err := t.identity(ctx)
	if err != nil {
		return "", err
	}
	if id != self.TeamID && (id != self.EnterpriseID || id == "") {
		return "", &chat.Refusal{
			Trouble: chat.TenantLost, Say: sayGone,
			Err: fmt.Errorf("the bot token is that of workspace %s, not of %q", self.TeamID, id),
		}
	}
	return t.c.o.BotToken, nil
}

// identity asks Slack once whose the token of the settings is.
func (t *tokens) identity(ctx context.Context) (*api.AuthTestResponse, error) {
	n := t.tenant("")
	release, err := n.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if t.self != nil {
		return t.self, nil
	}
	watched, a := watch(ctx)
	self, err := t.c.api(t.c.o.BotToken).AuthTestContext(watched)
	if err != nil {
		r := refuse("auth.test", a, err)
		if r.Trouble == chat.Unclear { // nothing was posted, whatever became of the question
			r.Trouble = chat.NotSent
		}
		return nil, r
	}
	t.self = self
	return self, nil
}

func (t *tokens) load(id string, n *tenant) error {
	data, err := t.c.o.Install.Credentials.Load(id)
	if err != nil {
		return &chat.Refusal{Trouble: chat.NotSent, Err: fmt.Errorf("loading the credentials of %s: %w", id, err)}
	}
	if len(data) == 0 {
		return &chat.Refusal{Trouble: chat.TenantLost, Say: sayGone, Err: fmt.Errorf("workspace %s has not installed the app", id)}
	}
	var g grant
	if err := json.Unmarshal(data, &g); err != nil || g.Version != grantVersion || g.Token == "" {
		// The error of a decoder may quote what it read.
		return &chat.Refusal{Trouble: chat.TenantLost, Say: sayGone, Err: fmt.Errorf("the credentials kept for %s cannot be read: have the app installed again", id)}
	}
	n.grant = g
	return nil
}

// refresh exchanges the refresh token, and keeps what it got before anybody uses it.
func (t *tokens) refresh(ctx context.Context, id string, n *tenant) error {
	in := t.c.o.Install
	watched, a := watch(ctx)
	got, err := api.RefreshOAuthV2TokenContext(watched, t.c.http, in.ClientID, in.ClientSecret, n.grant.Refresh, api.OAuthOptionAPIURL(t.c.o.APIURL))
	if err != nil {
		r := refuse("oauth.v2.access", a, err)
		if r.Trouble == chat.Unclear {
			r.Trouble = chat.NotSent
		}
		return r
	}
	g := n.grant
	g.Token, g.Refresh = got.AccessToken, got.RefreshToken
	g.Expires = time.Now().Add(time.Duration(got.ExpiresIn) * time.Second)
	if err := t.save(id, g); err != nil {
		// It works until the program ends, and the old one may already not.
		t.c.log.Error("keeping a renewed Slack token", "tenant", id, "err", err)
	}
	n.grant = g
	return nil
}

func (t *tokens) save(id string, g grant) error {
	data, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("encoding credentials: %w", err)
	}
	if err := t.c.o.Install.Credentials.Save(id, data); err != nil {
		return fmt.Errorf("saving the credentials of %s: %w", id, err)
	}
	return nil
}

// adopt takes over what an installation gave.
func (t *tokens) adopt(ctx context.Context, id string, g grant) error {
	n := t.tenant(id)
	release, err := n.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := t.save(id, g); err != nil {
		return err
	}
	n.grant = g
	return nil
}

// drop forgets a workspace that removed the app at a moment. stale reports that the
// app was installed again since.
func (t *tokens) drop(ctx context.Context, id string, at time.Time) (stale bool, err error) {
	if t.c.o.Install == nil {
		return false, nil
	}
	n := t.tenant(id)
	release, err := n.take(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	if n.grant.Token == "" {
		_ = t.load(id, n) // one that cannot be read is as good as none
	}
	if at.Before(n.grant.At) {
		return true, nil
	}
	n.grant = grant{}
	if err := t.c.o.Install.Credentials.Save(id, nil); err != nil {
		return false, fmt.Errorf("removing the credentials of %s: %w", id, err)
	}
	return false, nil
}

// botUser gives the id of the bot's own account in a workspace, "" where it is not known.
func (t *tokens) botUser(ctx context.Context, id string) string {
	if _, err := t.of(ctx, id); err != nil {
		return ""
	}
	if t.c.o.Install == nil {
		self, err := t.identity(ctx)
		if err != nil {
			return ""
		}
		return self.UserID
	}
	n := t.tenant(id)
	release, err := n.take(ctx)
	if err != nil {
		return ""
	}
	defer release()
	return n.grant.BotUser
}

// refused takes note of what a call with a token came to: an expired one is renewed with
// the next call.
func (t *tokens) refused(ctx context.Context, id string, r *chat.Refusal) *chat.Refusal {
	answer, ok := errors.AsType[api.SlackErrorResponse](r.Err)
	if !ok || answer.Err != "token_expired" || t.c.o.Install == nil {
		return r
	}
	n := t.tenant(id)
	release, err := n.take(ctx)
	if err != nil {
		return r
	}
	defer release()
	if n.grant.Refresh == "" {
		return r
	}
	n.grant.Expires = time.Time{}
	return &chat.Refusal{Trouble: chat.NotSent, Err: r.Err}
}

// known gives whose the token of the settings is, nil where Slack has not said yet.
func (t *tokens) known() *api.AuthTestResponse {
	n := t.tenant("")
	n.turn <- struct{}{}
	defer func() { <-n.turn }()
	return t.self
}
