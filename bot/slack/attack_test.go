package slack

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// A code that is not known here is a no to this message, perhaps: the outbox is told so.
func TestUnknownCodesAreOdd(t *testing.T) {
	for code, want := range map[string]bool{"brand_new_code": true, "service_unavailable": false, "ratelimited": false} {
		r := refuse("chat.postMessage", &attempt{status: http.StatusOK}, api.SlackErrorResponse{Err: code})
		if r.Odd != want || want && r.Trouble != chat.NotSent {
			t.Errorf("%s: odd %v, %v", code, r.Odd, r.Trouble)
		}
	}
}

// Whoever writes a client or its options into a log writes no secret.
func TestNoSecretIsPrinted(t *testing.T) {
	in := &Install{ClientID: "1", ClientSecret: "SECRET1", PublicURL: "https://bot.example.org", Credentials: noCredentials{}}
	o := Options{
		HTTP: http.DefaultClient, Logger: slog.New(slog.DiscardHandler), AppToken: "SECRET2", SigningSecret: "SECRET3", Install: in,
		Handle: func(context.Context, chat.Request, func(chat.Reply) error) error { return nil },
		Event:  func(context.Context, chat.Event) error { return nil },
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	o.BotToken = "SECRET4"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{o, &o, c, *in, in, []any{c, o}} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "SECRET") || strings.Contains(text, fmt.Sprintf("%x", "SECRET")) {
				t.Errorf("%s of a %T: %s", verb, v, text)
			}
		}
	}
}

type noCredentials struct{}

func (noCredentials) Load(string) ([]byte, error) { return nil, nil }
func (noCredentials) Save(string, []byte) error   { return nil }
