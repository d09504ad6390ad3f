package discord

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// refuseAt makes a fake that answers calls to paths with these ends by an error.
func refuseAt(codes map[string]int) *fake {
	return &fake{answer: func(_, path string) *http.Response {
		for end, code := range codes {
			if strings.HasSuffix(path, end) {
				return chattest.Respond(400, "application/json", fmt.Sprintf(`{"message":"no","code":%d}`, code))
			}
		}
		return nil
	}}
}

func TestThreads(t *testing.T) {
	const make50, say50, say7 = "POST channels/7/messages/50/threads", "POST channels/50/messages", "POST channels/7/messages"
	announcement := chat.Outgoing{Channel: channel("7"), Thread: "50", Key: "k", Announce: true, Message: back()}
	reply := announcement
	reply.Announce = false
	tests := []struct {
		name  string
		codes map[string]int
		known bool // that there is a thread
		o     chat.Outgoing
		want  []string
		fails bool
		is    chat.Trouble
	}{
		{"the first reply makes the thread", nil, false, reply, []string{make50, "POST channels/1001/messages"}, false, 0},
		{"the next one does not", nil, true, reply, []string{say50}, false, 0},
		{"it was made before a restart", map[string]int{"/threads": 160004}, false, reply, []string{make50, say50}, false, 0},
		{"no threads in this kind of channel", map[string]int{"/threads": 50024}, false, reply, []string{make50, say7}, false, 0},
		{"too many threads", map[string]int{"/threads": 160006}, false, announcement, []string{make50, say7}, false, 0},
		{"the root was deleted", map[string]int{"/threads": 10008}, false, reply, []string{make50}, true, chat.RootLost},
		{"the channel was deleted", map[string]int{"/threads": 10003}, false, reply, []string{make50}, true, chat.ChannelLost},
		{"threads are not allowed", map[string]int{"/threads": 50013}, false, reply, []string{make50}, true, chat.Forbidden},
		{"the thread was deleted", map[string]int{"/50/messages": 10003}, true, reply, []string{say50, make50, "POST channels/1002/messages"}, false, 0},
		{
			"the thread was deleted for good",
			map[string]int{"/50/messages": 10003, "/threads": 160004},
			true, reply,
			[]string{say50, make50, say50},
			true, chat.RootLost,
		},
		{"an announcement is in both places", nil, true, announcement, []string{say50, say7}, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := refuseAt(tt.codes)
			c, _ := newClient(t, f, nil)
			if tt.known {
				c.threads.set("50", "50")
			}
			_, err := c.Send(t.Context(), tt.o)
			if diff := cmp.Diff(tt.want, f.list()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if tt.fails {
				if got := asRefusal(t, err); got.Trouble != tt.is {
					t.Errorf("got %v, want %v", got, tt.is)
				}
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// An announcement of which one half went out is not repeated as a whole.
func TestAnnounceAgain(t *testing.T) {
	f := refuseAt(map[string]int{"/7/messages": 20016})
	c, _ := newClient(t, f, nil)
	c.threads.set("50", "50")
	o := chat.Outgoing{Channel: channel("7"), Thread: "50", Key: "k", Announce: true, Message: back()}
	_, err := c.Send(t.Context(), o)
	asRefusal(t, err)
	f.answer = nil
	if _, err = c.Send(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST channels/50/messages", "POST channels/7/messages", "POST channels/7/messages"}
	if diff := cmp.Diff(want, f.list()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	var p struct {
		Embeds []struct{ Description string }
	}
	f.last(t, &p)
	if got := p.Embeds[0].Description; !strings.Contains(got, "<#50>") {
		t.Errorf("the channel is not told of the thread: %q", got)
	}
}

// Every attempt has the same nonce, and no two messages do.
func TestNonce(t *testing.T) {
	f := &fake{}
	c, _ := newClient(t, f, nil)
	c.threads.set("50", "50")
	o := chat.Outgoing{Channel: channel("7"), Key: "discord/1/7/KP-20141222-1/1/root", Message: down()}
	seen := make(map[string]int)
	for _, o := range []chat.Outgoing{o, o, {Channel: o.Channel, Thread: "50", Announce: true, Key: "other", Message: back()}} {
		before := len(f.list())
		if _, err := c.Send(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		for range f.list()[before:] {
			var p struct {
				Nonce   string
				Enforce bool `json:"enforce_nonce"`
			}
			f.last(t, &p)
			if seen[p.Nonce]++; !p.Enforce || len(p.Nonce) != maxNonce {
				t.Errorf("got nonce %q, enforced %v", p.Nonce, p.Enforce)
			}
			f.mu.Lock()
			f.calls = f.calls[:len(f.calls)-1]
			f.mu.Unlock()
		}
	}
	if n := seen[nonce(o.Key)]; n != 2 || len(seen) != 3 {
		t.Errorf("got nonces %v, want one twice and two once", seen)
	}
}

// A repeat says so when Discord may have forgotten the first attempt, and only then.
func TestRepeat(t *testing.T) {
	for _, tt := range []struct {
		o    chat.Outgoing
		want string
	}{
		{chat.Outgoing{}, "UP: x"},
		{chat.Outgoing{Repeat: true, Tried: time.Now().Add(-time.Minute)}, "UP: x"},
		{chat.Outgoing{Repeat: true, Tried: time.Now().Add(-time.Hour)}, "UP: x (repeat)"},
		{chat.Outgoing{Repeat: true, Tried: time.Now().Add(-time.Hour), Short: true}, "UP: x (repeat)"},
		{chat.Outgoing{Repeat: true, Tried: time.Now().Add(-time.Hour), Edit: "50"}, "UP: x"},
	} {
		f := &fake{}
		c, _ := newClient(t, f, nil)
		tt.o.Channel, tt.o.Key, tt.o.Message = channel("7"), "k", chat.Message{Headline: "UP: x"}
		if _, err := c.Send(t.Context(), tt.o); err != nil {
			t.Fatal(err)
		}
		var p struct{ Content string }
		if f.last(t, &p); strings.Split(p.Content, "\n")[0] != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.o, p.Content, tt.want)
		}
	}
}

// An edit replaces everything that a message has, files too.
func TestEdit(t *testing.T) {
	f := &fake{}
	c, _ := newClient(t, f, nil)
	got, err := c.Send(t.Context(), chat.Outgoing{Channel: channel("7"), Edit: "50", Key: "k", Message: chat.Message{Headline: "UP: x"}})
	if err != nil || got.ID != "50" {
		t.Fatalf("got %v, %v", got, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	want := `{"content":"UP: x","embeds":[],"components":[],"allowed_mentions":{"parse":[]},"attachments":[]}`
	if c := f.calls[0]; c.Method != "PATCH" || c.Path != "channels/7/messages/50" || string(c.Body) != want {
		t.Errorf("got %s %s %s", c.Method, c.Path, c.Body)
	}
}
