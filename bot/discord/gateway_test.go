package discord

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// Connections keep their distance, and the last of a day are not used up.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := "900"
		f := &fake{answer: func(string, string) *http.Response {
			return chattest.Respond(200, "application/json", `{"url":"wss://x","shards":2,"session_start_limit":{"total":1000,"remaining":`+left+`,"reset_after":7200000,"max_concurrency":1}}`)
		}}
		c, log := newClient(t, f, nil)
		g := &gateway{c: c}
		began := time.Now()
		for n := range 3 {
			if err := g.turn(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, want := time.Since(began), time.Duration(n)*identifyGap; got != want {
				t.Errorf("connection %d after %v, want %v", n+1, got, want)
			}
		}
		left, began = "20", time.Now()
		if err := g.turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(began); got != 2*time.Hour {
			t.Errorf("with few connections left: waited %v, want until there are more", got)
		}
		if !strings.Contains(log.String(), "too many connections today") {
			t.Errorf("the log does not say so:\n%s", log)
		}
	})
}

// While Discord cannot be reached it is asked again, ever more slowly; when it
// refuses the token, there is no use in that.
func TestInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		f := &fake{answer: func(string, string) *http.Response {
			if n++; n < 4 {
				return chattest.Respond(502, "text/html", "<html>")
			}
			return chattest.Respond(200, "application/json", `{"url":"wss://x","shards":1}`)
		}}
		c, _ := newClient(t, f, nil)
		g, began := &gateway{c: c}, time.Now()
		if _, err := g.info(t.Context()); err != nil || time.Since(began) != 7*time.Second {
			t.Errorf("got %v after %v, want an answer after 1 + 2 + 4 s", err, time.Since(began))
		}
		if s := c.Status(); s.Connected || !strings.Contains(s.Problem, "cannot be reached") {
			t.Errorf("got status %+v", s)
		}
		f.answer = func(string, string) *http.Response { return chattest.Respond(401, "application/json", `{}`) }
		if _, err := g.info(t.Context()); !errors.Is(err, errFatal) || !strings.Contains(err.Error(), "copy it again") {
			t.Errorf("got %v", err)
		}
	})
}

func TestClosed(t *testing.T) {
	for text, want := range map[string]string{
		"websocket: close 4004: Authentication failed.":  "copy it again",
		"websocket: close 4011 (x): Sharding required.":  "start the program again",
		"websocket: close 4014: Disallowed intent(s).":   "does not let the bot",
		"websocket: close 4000: unknown":                 "connecting: close code 4000",
		"websocket: close 1006 (abnormal closure): EOF":  "connecting: close code 1006",
		"dial tcp 127.0.0.1:1: connect: connection lost": "connecting: dial tcp",
	} {
		err := closed(errors.New(text))
		if !strings.Contains(err.Error(), want) || errors.Is(err, errFatal) == strings.HasPrefix(want, "connecting") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// An event that cannot be taken in is logged, and the next one is taken in.
func TestEventsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		c, log := newClient(t, &fake{}, func(o *Options) {
			o.Event = func(_ context.Context, e chat.Event) error {
				switch seen = append(seen, e.Channel.ID); e.Channel.ID {
				case "1":
					panic("no disk")
				case "2":
					return errors.New("no store")
				}
				return nil
			}
		})
		g := &gateway{c: c, events: make(chan chat.Event, 3)}
		for _, id := range []string{"1", "2", "3", "4"} {
			g.event(chat.ChannelGone, "9", id, "the channel was deleted")
		}
		ctx, cancel := context.WithCancel(t.Context())
		go g.tell(ctx, ctx.Done())
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got := strings.Join(seen, " "); got != "1 2 3" {
			t.Errorf("took in %q", got)
		}
		for _, want := range []string{"no disk", "no store", "one was dropped"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q", want)
			}
		}
	})
}
