package terminal

import (
	"errors"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

func notice(s checks.State) chat.Notice {
	at := time.Date(2014, 12, 22, 17, 0, 0, 0, time.UTC)
	v := checks.Verdict{Target: checks.Country("KP"), Name: "North\x1b[31m Korea", At: at, State: s, Announced: checks.ExtentAll}
	v.IPv4.Prefixes = checks.Count{Seen: 4, Of: 4}
	return chat.Notice{Verdict: v}
}

func TestShow(t *testing.T) {
	for _, s := range []checks.State{checks.Unknown, checks.Up, checks.Degraded, checks.Down} {
		var grey, coloured strings.Builder
		n := notice(s)
		if err := (&Terminal{W: &grey}).Show(n); err != nil {
			t.Fatal(err)
		}
		if err := (&Terminal{W: &coloured, Colour: true}).Show(n); err != nil {
			t.Fatal(err)
		}
		if want := chat.Text(n, chat.Columns) + "\n"; grey.String() != want {
			t.Errorf("%v without colour: %q, want %q", s, grey.String(), want)
		}
		if strings.Contains(grey.String(), "\x1b") {
			t.Errorf("%v without colour holds an escape sequence: %q", s, grey.String())
		}
		if n := strings.Count(coloured.String(), "\x1b"); n != 2 {
			t.Errorf("%v: %d escape sequences, want one before and one after the state word: %q", s, n, coloured.String())
		}
		word := strings.ToUpper(s.String())
		if !strings.Contains(coloured.String(), "m"+word+reset+"  ") {
			t.Errorf("%v: the state word is not what is coloured: %q", s, coloured.String())
		}
	}
}

func TestTimeline(t *testing.T) {
	var b strings.Builder
	m := chat.Moment{At: time.Date(2014, 12, 22, 16, 15, 0, 0, time.UTC), State: checks.Down, IPv4: checks.Count{Of: 4}}
	if err := (&Terminal{W: &b, Width: 60}).Timeline([]chat.Moment{m}, 0); err != nil {
		t.Fatal(err)
	}
	if want := "Timeline (UTC)\n  2014-12-22 16:15:00  down      0 of 4 IPv4 prefixes\n\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

type broken struct{}

var errBroken = errors.New("the pipe is gone")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestErrorsAreTold(t *testing.T) {
	term := &Terminal{W: broken{}}
	if err := term.Show(notice(checks.Up)); !errors.Is(err, errBroken) {
		t.Errorf("Show: %v", err)
	}
	if err := term.Timeline(nil, 0); !errors.Is(err, errBroken) {
		t.Errorf("Timeline: %v", err)
	}
}
