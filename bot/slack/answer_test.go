package slack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// answering gives an answer to somebody in a channel of a workspace that keeps state. Its
// address to reply to is none of Slack's, so that the other way is taken.
func answering(c *Client, s *chattest.SlackAPI) *answer {
	return &answer{c: c, url: "https://evil.example/", replaces: true, request: chat.Request{
		Channel: chat.Channel{Platform: Platform, Tenant: s.Team, ID: s.Channel}, Person: chat.Person{ID: s.Person}, Line: "isitdown KP",
	}}
}

// Where the address to reply to does not work, the Web API does.
func TestAnswersByWebAPI(t *testing.T) {
	calls := &recorder{}
	c, s := emulated(t, func(o *Options) { o.HTTP = calls.before(o.HTTP) })
	a := answering(c, s)
	if err := a.reply(t.Context(), chat.Reply{Message: list(), Private: true}); err != nil {
		t.Error(err)
	}
	if got := calls.values("chat.postEphemeral", "user"); len(got) != 1 || got[0] != s.Person {
		t.Errorf("got ephemeral messages for %q, want one for whoever asked", got)
	}
	if err := a.reply(t.Context(), chat.Reply{Message: opened()}); err != nil {
		t.Error(err)
	}
	if got := s.History(t, s.Channel); len(got) != 1 || !strings.HasPrefix(got[0].Text, "DOWN") {
		t.Fatalf("got %+v, want the answer in the channel", got)
	}
	// With a picture, and with more than fits one message, the bot posts by itself.
	if err := a.reply(t.Context(), chat.Reply{Message: long(), Picture: png()}); err != nil {
		t.Error(err)
	}
	root := s.History(t, s.Channel)[0]
	if got := s.Thread(t, s.Channel, root.TS); len(got) != 3 || len(got[2].Files) != 1 {
		t.Errorf("got %+v, want the answer, its rest and its picture", got)
	}
	if got := calls.values("", ""); len(got) != 0 {
		t.Errorf("something went to an address that is not Slack's: %q", got)
	}
}

func TestHomeIsTaken(t *testing.T) {
	calls := &recorder{}
	c, s := emulated(t, func(o *Options) {
		o.HTTP = calls.before(o.HTTP)
		o.Handle = func(_ context.Context, _ chat.Request, reply func(chat.Reply) error) error {
			return errors.Join(reply(chat.Reply{Message: list(), Partial: true}), reply(chat.Reply{Message: long(), Private: true}))
		}
	})
	c.opened(t.Context(), "Ev1", s.Team, s.Person)
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(calls.calls); got != 2 { // whose token it is, and one view
		t.Errorf("got %d calls", got)
	}
}

// Who may manage the workspace is asked where that matters, and remembered for a while.
func TestPeople(t *testing.T) {
	calls := &recorder{}
	c, s := emulated(t, func(o *Options) { o.HTTP, o.People = calls.before(o.HTTP), true })
	ana, bot := chat.Person{ID: s.Person, Name: "ana"}, chat.Person{ID: s.Bot}
	for range 3 {
		if got := c.person(t.Context(), s.Team, s.Team, ana); !got.Admin || got.Guest || got.Name != "ana" {
			t.Errorf("got %+v, want an admin", got)
		}
	}
	if got := c.person(t.Context(), s.Team, s.Team, bot); got.Admin {
		t.Errorf("got %+v, want no admin", got)
	}
	if got := c.person(t.Context(), s.Team, "T0OTHER", chat.Person{ID: "U0NOBODY"}); got.Admin {
		t.Errorf("got %+v of somebody whom Slack does not know", got)
	}
	if got := calls.values("users.info", "user"); len(got) != 3 {
		t.Errorf("got questions about %q, want one about each", got)
	}
}

// The address to reply to is used five times at most, and what it says counts.
func TestAddressIsUsedUp(t *testing.T) {
	var used atomic.Int32
	c := faulty(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/respond" {
			t.Errorf("got a call of %s", r.URL.Path)
		}
		switch used.Add(1) {
		case 2:
			w.Write([]byte(`{"ok":false,"error":"used_url"}`))
		case 3:
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Write([]byte("ok"))
		}
	})
	a := &answer{c: c, url: c.o.APIURL + "respond", request: chat.Request{Channel: here()}, began: time.Now()}
	for i, want := range []bool{true, false, false, true, true, false, false} {
		err := a.respond(t.Context(), response{Type: "ephemeral", page: page{text: "x"}})
		if got := err == nil; got != want {
			t.Errorf("reply %d: %v", i+1, err)
		}
		if err != nil && (strings.Contains(err.Error(), "http:") || strings.Contains(err.Error(), url.PathEscape(a.url))) {
			t.Errorf("the error has the address in it: %v", err)
		}
	}
	if used.Load() != maxReplies {
		t.Errorf("the address was used %d times, want %d", used.Load(), maxReplies)
	}
}

// Closing waits for what is in hand, and ends it when there is no more time.
func TestClose(t *testing.T) {
	began := make(chan struct{})
	c := faulty(t, func(http.ResponseWriter, *http.Request) {})
	c.o.Handle = func(ctx context.Context, _ chat.Request, _ func(chat.Reply) error) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}
	c.command(t.Context(), slash{Command: "/outages", Text: "list", TeamID: ourTeam, UserID: "U1", TriggerID: "t1"})
	<-began
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
