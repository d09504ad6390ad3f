package terminal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
)

var utc = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func down() chat.Message {
	return chat.Message{
		Headline: "DOWN: North Korea (KP): 4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC",
		Parts:    []chat.Part{{Label: "IPv4", Text: "0 of 4 prefixes visible"}},
		Notes:    []chat.Note{{At: utc, By: "Ana", Text: "seen here too", Ack: true}},
		Quote:    "As of 17:00 UTC all four networks were absent.",
		Footer:   "KP-20141222-1 · opened",
		Buttons:  []chat.Button{{Label: "Mute 6 h", Line: "outages mute KP-20141222-1 6h"}, {Label: "Why", Line: "outages why KP-20141222-1"}},
	}
}

const whole = `DOWN  North Korea (KP): 4 of 4 networks withdrawn since 22 Dec 2014 16:15 UTC
IPv4      0 of 4 prefixes visible
Notes by people, not by isitdown:
  22 Nov 2026 12:00 UTC · Ana (acknowledged): seen here too
> As of 17:00 UTC all four networks were absent.
KP-20141222-1 · opened
`

func TestSend(t *testing.T) {
	const commands = "Type: mute KP-20141222-1 6h · why KP-20141222-1\n"
	picture := &chat.Picture{Alt: "4 of 4 at first, 0 of 4 since 16:15."}
	unnamed := chat.Plain("Ana acknowledged.")
	short := down()
	short.Parts = append(short.Parts, chat.Part{Text: "Reconstruction.", Caveat: true})
	tests := []struct {
		name string
		out  chat.Outgoing
		want string
	}{
		{"root", chat.Outgoing{Message: down()}, whole + commands},
		{"repeat", chat.Outgoing{Message: down(), Repeat: true}, "(repeat)\n" + whole + commands},
		{"reply", chat.Outgoing{Message: down(), Thread: "k"}, "reply to KP-20141222-1:\n" + whole + commands},
		{
			"announced again",
			chat.Outgoing{Message: down(), Thread: "k", Announce: true, Repeat: true},
			"reply to KP-20141222-1 (repeat):\n" + whole + commands,
		},
		{"reply to what has no name", chat.Outgoing{Message: unnamed, Thread: "k"}, "reply to an earlier notice:\nAna acknowledged.\n"},
		{
			"edit",
			chat.Outgoing{Message: down(), Edit: "k"},
			"updated: KP-20141222-1: DOWN: North Korea (KP): 4 of 4 networks withdrawn since\n22 Dec 2014 16:15 UTC\n",
		},
		{"picture", chat.Outgoing{Message: unnamed, Picture: picture}, "Ana acknowledged.\nChart: 4 of 4 at first, 0 of 4 since 16:15.\n"},
		{"short", chat.Outgoing{Message: short, Short: true}, short.Short().Text(0) + commands},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			tt.out.Channel, tt.out.Key = Here(), "terminal/local/terminal/KP-20141222-1/1/root"
			posted, err := (&Terminal{W: &out}).Send(t.Context(), tt.out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want+"\n", out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			want := chat.Posted{Channel: Here(), ID: tt.out.Key}
			if tt.out.Edit != "" {
				want.ID = tt.out.Edit
			}
			if posted != want {
				t.Errorf("posted %+v, want %+v", posted, want)
			}
		})
	}
}

// What could not be written was not sent, whyever.
func TestSendRefused(t *testing.T) {
	gone, stop := context.WithCancel(t.Context())
	stop()
	for _, tt := range []struct {
		ctx  context.Context
		term *Terminal
		why  error
	}{{t.Context(), &Terminal{W: broken{}}, errBroken}, {gone, &Terminal{W: &strings.Builder{}}, context.Canceled}} {
		_, err := tt.term.Send(tt.ctx, chat.Outgoing{Message: down()})
		refusal, ok := errors.AsType[*chat.Refusal](err)
		if !ok || refusal.Trouble != chat.NotSent || !errors.Is(err, tt.why) {
			t.Errorf("error %v, want a refusal, not sent, for %v", err, tt.why)
		}
	}
}

// Nothing that a message brings along steers the terminal.
func TestHostileMessages(t *testing.T) {
	const evil = "a\x1b[2J\x1b]0;x\ab\rc\x9b31m\u202ed\x00\u2028e"
	m := chat.Message{
		Headline: evil, Parts: []chat.Part{{Label: evil, Text: evil}, {Label: evil, Text: evil + "\n" + evil, Fixed: true}},
		Notes: []chat.Note{{By: evil, Text: evil, Incident: evil}}, Quote: evil, Footer: evil, Buttons: []chat.Button{{Label: evil, Line: evil}},
	}
	for _, o := range []chat.Outgoing{
		{Message: m, Picture: &chat.Picture{Alt: evil}}, {Message: m, Edit: "x"}, {Message: m, Thread: "x", Short: true},
	} {
		var out strings.Builder
		if _, err := (&Terminal{W: &out, Colour: true}).Send(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028') {
				t.Errorf("%+v: %U reaches the terminal: %q", o, r, out.String())
			}
		}
	}
}

// Messages of several goroutines come one after the other.
func TestSendTogether(t *testing.T) {
	var out strings.Builder
	term := &Terminal{W: &out}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			m := chat.Plain(fmt.Sprintf("begin %d", i), fmt.Sprintf("end %d", i))
			if _, err := term.Send(t.Context(), chat.Outgoing{Message: m}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	messages := strings.Split(strings.TrimSuffix(out.String(), "\n\n"), "\n\n")
	for _, m := range messages {
		begin, end, _ := strings.Cut(m, "\n")
		if strings.TrimPrefix(begin, "begin ") != strings.TrimPrefix(end, "end ") {
			t.Errorf("two messages run into each other: %q", m)
		}
	}
	if len(messages) != 20 {
		t.Errorf("%d messages, want 20", len(messages))
	}
}
