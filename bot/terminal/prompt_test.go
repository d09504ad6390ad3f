package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
)

// echo answers every command with itself.
func echo(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
	return reply(chat.Reply{Message: chat.Plain("got " + r.Line)})
}

func TestScript(t *testing.T) {
	script := strings.Join([]string{
		"KP", "isitdown KP", "/isitdown north korea", "", "# a comment", "subscribe KP level:down", "/outages list", "Outages now",
		"HELP", "help subscribe", "?", "  why\tKP-20141222-1 ", "ack KP-20141222-1 it's us", "8.8.8.8\r", "quit now", "/",
		"exit", "never reached",
	}, "\n")
	var out strings.Builder
	term := &Terminal{W: &out}
	if err := term.Run(t.Context(), strings.NewReader(script), echo); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"isitdown KP", "isitdown KP", "isitdown north korea", "outages subscribe KP level:down", "outages list", "Outages now",
		"outages HELP", "outages help subscribe", "outages help", "outages why KP-20141222-1", "outages ack KP-20141222-1 it's us",
		"isitdown 8.8.8.8", "isitdown quit now",
	}
	if diff := cmp.Diff("got "+strings.Join(want, "\n\ngot ")+"\n\n", out.String()); diff != "" {
		t.Errorf("a pipe gets the answers and nothing else (-want +got):\n%s", diff)
	}
}

// Every short form is understood by the grammar, not only handed on.
func TestShortFormsAreGrammar(t *testing.T) {
	for _, spec := range chat.Commands() {
		for _, example := range spec.Examples {
			for _, typed := range []string{example, "/" + example, strings.TrimPrefix(example, spec.Command+" ")} {
				want, err := chat.ParseCommand(example, utc)
				if err != nil {
					t.Fatalf("%q: %v", example, err)
				}
				got, err := chat.ParseCommand(command(typed), utc)
				if diff := cmp.Diff(want.String(), got.String()); err != nil || diff != "" {
					t.Errorf("typed %q: error %v, command (-want +got):\n%s", typed, err, diff)
				}
			}
		}
	}
}

func TestRequests(t *testing.T) {
	var got []chat.Request
	handle := func(ctx context.Context, r chat.Request, reply func(chat.Reply) error) error {
		if err := r.Ready(ctx); err != nil {
			t.Error(err)
		}
		r.Ready = nil
		got = append(got, r)
		return reply(chat.Reply{})
	}
	ana := chat.Person{ID: "1000", Name: "ana"}
	for _, term := range []*Terminal{{W: io.Discard}, {W: io.Discard, Person: ana}} {
		if err := term.Run(t.Context(), strings.NewReader("KP\nKP"), handle); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]bool{}
	for _, r := range got {
		ids[r.ID] = true
		if r.Channel != Here() || r.Line != "isitdown KP" || !r.Private {
			t.Errorf("request %+v", r)
		}
	}
	if len(got) != 4 || len(ids) != 4 {
		t.Errorf("%d requests with %d ids, want 4 that all differ", len(got), len(ids))
	}
	if !got[0].Person.Admin || got[2].Person != ana {
		t.Errorf("persons %+v and %+v", got[0].Person, got[2].Person)
	}
}

func TestPartialAnswers(t *testing.T) {
	handle := func(_ context.Context, _ chat.Request, reply func(chat.Reply) error) error {
		partly := chat.Plain("Checking KP", "2 of 3 checks are done.")
		return errors.Join(reply(chat.Reply{Message: partly, Partial: true}), reply(chat.Reply{Message: chat.Plain("UP: KP", "All is well.")}))
	}
	for prompt, want := range map[string]string{
		"":   "UP  KP\nAll is well.\n\n",
		"> ": "help shows the commands, quit ends.\n> Checking KP\nUP  KP\nAll is well.\n\n> \n",
	} {
		var out strings.Builder
		if err := (&Terminal{W: &out, Prompt: prompt}).Run(t.Context(), strings.NewReader("KP\n"), handle); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("with prompt %q (-want +got):\n%s", prompt, diff)
		}
	}
}

// What goes wrong inside is told to the operator, and a person is told that
// something did. The next command works.
func TestFailures(t *testing.T) {
	var out, log bytes.Buffer
	handle := func(ctx context.Context, r chat.Request, reply func(chat.Reply) error) error {
		if strings.HasSuffix(r.Line, "KP") {
			return errors.New("the store is gone")
		}
		return echo(ctx, r, reply)
	}
	term := &Terminal{W: &out, Log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := term.Run(t.Context(), strings.NewReader("KP\nCU"), handle); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "store") || !strings.HasPrefix(got, "That could not be answered") || !strings.HasSuffix(got, "got isitdown CU\n\n") {
		t.Errorf("on the terminal: %q", got)
	}
	if !strings.Contains(log.String(), "the store is gone") {
		t.Errorf("in the log: %q", log.String())
	}
}

func TestLongLines(t *testing.T) {
	var out strings.Builder
	script := strings.Repeat("x", 100_000) + "\nKP\n" + strings.Repeat("y", 3*maxLine)
	if err := (&Terminal{W: &out}).Run(t.Context(), strings.NewReader(script), echo); err != nil {
		t.Fatal(err)
	}
	const refused = "That line is longer than 16384 characters: nothing was done.\n\n"
	if diff := cmp.Diff(refused+"got isitdown KP\n\n"+refused, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A reader that fails, and a writer that does, end the session with an error.
func TestBrokenEnds(t *testing.T) {
	in := io.MultiReader(strings.NewReader("KP\n"), failing{})
	if err := (&Terminal{W: io.Discard}).Run(t.Context(), in, echo); !errors.Is(err, errBroken) {
		t.Errorf("a broken reader: %v", err)
	}
	for _, prompt := range []string{"", "> "} {
		if err := (&Terminal{W: broken{}, Prompt: prompt}).Run(t.Context(), strings.NewReader("KP\n"), echo); !errors.Is(err, errBroken) {
			t.Errorf("a broken writer, prompt %q: %v", prompt, err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

// A notice that comes while somebody types stands on lines of its own, and the
// prompt comes back.
func TestNoticeWhileTyping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		in, keys := io.Pipe()
		term := &Terminal{W: &out, Prompt: "isitdown> "}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := term.Run(t.Context(), in, echo); err != nil {
				t.Error(err)
			}
		})
		fmt.Fprint(keys, "K") // the rest of the line comes after the notice
		synctest.Wait()
		if _, err := term.Send(t.Context(), chat.Outgoing{Message: chat.Plain("DOWN: CU")}); err != nil {
			t.Error(err)
		}
		fmt.Fprint(keys, "P\n")
		synctest.Wait()
		keys.Close()
		wg.Wait()
		want := "help shows the commands, quit ends.\nisitdown> \nDOWN  CU\n\nisitdown> got isitdown KP\n\nisitdown> \n"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Run ends with the context though nobody types, and during an answer.
func TestEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, keys := io.Pipe()
		defer keys.Close()
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := (&Terminal{W: io.Discard}).Run(ctx, in, echo); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		stop()
		wg.Wait()
	})
	ctx, stop := context.WithCancel(t.Context())
	handle := func(ctx context.Context, _ chat.Request, _ func(chat.Reply) error) error {
		stop()
		<-ctx.Done()
		return ctx.Err()
	}
	var out strings.Builder
	if err := (&Terminal{W: &out}).Run(ctx, strings.NewReader("KP\nKP\n"), handle); err != nil || out.String() != "" {
		t.Errorf("error %v, output %q", err, out.String())
	}
}

func FuzzCommand(f *testing.F) {
	for _, s := range []string{"KP", "/outages list", "quit", "# x", "\x1b[2J", "subscribe\tKP", "/", "? x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		line := command(typed)
		if line == "" || line == quit {
			return
		}
		if again := command(line); again != line {
			t.Errorf("typed %q: %q, and that typed: %q", typed, line, again)
		}
	})
}
