package terminal

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"isitdown/bot/chat"
)

// maxLine is how long a line may be, in bytes. Nothing in the grammar comes near.
const maxLine = 16 << 10

// Run answers commands, one a line, until in ends, somebody types quit, or ctx is
// done; none of these is an error. Commands are the lines of the grammar, with or
// without the slash, and shorter ones: "KP" for "isitdown KP", "subscribe KP" for
// "outages subscribe KP". A line that begins with # is a comment.
//
// A read cannot be broken off: when ctx is done Run returns, and the goroutine that
// reads in ends with the read that it is in.
func (t *Terminal) Run(ctx context.Context, in io.Reader, handle chat.Handle) error {
	if t.Prompt != "" {
		if err := t.write("help shows the commands, quit ends.\n"); err != nil {
			return fmt.Errorf("writing to the terminal: %w", err)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := read(ctx, in)
	session := rand.Text() // with the number of the line it names a request for all time
	for n := 1; ; n++ {
		if err := t.wait(); err != nil {
			return fmt.Errorf("writing to the terminal: %w", err)
		}
		var l input
		select {
		case <-ctx.Done():
			return t.leave()
		case l = <-lines:
		}
		switch {
		case errors.Is(l.err, io.EOF):
			return t.leave()
		case l.err != nil:
			t.typed()
			return fmt.Errorf("reading a command: %w", l.err)
		}
		t.typed()
		line := command(l.text)
		if line == quit {
			return nil
		}
		if line == "" {
			continue
		}
		if err := t.answer(ctx, session+"-"+strconv.Itoa(n), line, l.long, handle); err != nil {
			return err
		}
	}
}

// leave ends the line that a prompt began.
func (t *Terminal) leave() error {
	if t.Prompt == "" {
		return nil
	}
	t.typed()
	if err := t.write("\n"); err != nil {
		return fmt.Errorf("writing to the terminal: %w", err)
	}
	return nil
}

// answer has one command answered. An error is one of writing the answer.
func (t *Terminal) answer(ctx context.Context, id, line string, long bool, handle chat.Handle) error {
	if long {
		return t.reply(chat.Reply{Message: chat.Plain(fmt.Sprintf("That line is longer than %d characters: nothing was done.", maxLine))})
	}
	r := chat.Request{
		ID: id, Channel: Here(), Person: t.person(), Line: line, Private: true,
		Ready: func(context.Context) error { return nil },
	}
	var broken error
	whole := false
	err := handle(ctx, r, func(r chat.Reply) error {
		if r.Partial && t.Prompt == "" { // a script gets the whole alone
			return nil
		}
		whole = whole || !r.Partial
		broken = t.reply(r)
		return broken
	})
	switch {
	case broken != nil:
		return broken
	case err == nil || ctx.Err() != nil:
		return nil
	}
	t.log().Error("answering a command", "command", line, "err", err)
	if whole {
		return nil
	}
	return t.reply(chat.Reply{Message: chat.Plain("That could not be answered: the log says what went wrong. Nothing else is affected; try again.")})
}

// reply writes an answer. Of a partial one the first line is enough.
func (t *Terminal) reply(r chat.Reply) error {
	text := t.message(r.Message, r.Picture) + "\n"
	if r.Partial {
		text = chat.Message{Headline: r.Message.Headline}.Text(t.Width)
	}
	if err := t.write(text); err != nil {
		return fmt.Errorf("writing an answer to the terminal: %w", err)
	}
	return nil
}

func (t *Terminal) person() chat.Person {
	if t.Person == (chat.Person{}) {
		return chat.Person{ID: "local", Name: "somebody at the terminal", Admin: true}
	}
	return t.Person
}

func (t *Terminal) log() *slog.Logger {
	if t.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return t.Log
}

// quit is what command gives for a wish to leave.
const quit = "quit"

// command gives the line of the grammar that is meant by what was typed, quit, or ""
// where nothing is.
func command(typed string) string {
	line := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(typed), "/"))
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(line, "#") {
		return ""
	}
	switch first := strings.ToLower(words[0]); {
	case (first == "quit" || first == "exit") && len(words) == 1:
		return quit
	case first == "isitdown" || first == "outages":
		return line
	case first == "?":
		return "outages help"
	case slices.ContainsFunc(chat.Commands(), func(s chat.Spec) bool { return s.Name == first }):
		return "outages " + line
	}
	return "isitdown " + line
}

// input is a line as read, without its end. Of a long one text is the beginning.
type input struct {
	text string
	long bool
	err  error
}

// read gives the lines of in one by one, the last with an error.
func read(ctx context.Context, in io.Reader) <-chan input {
	lines := make(chan input)
	go func() {
		r := bufio.NewReaderSize(in, maxLine)
		for {
			l := next(r)
			select {
			case lines <- l:
			case <-ctx.Done():
				return
			}
			if l.err != nil {
				return
			}
		}
	}()
	return lines
}

// next reads one line. The last one needs no end.
func next(r *bufio.Reader) input {
	text, err := r.ReadSlice('\n')
	l := input{text: string(text)}
	for errors.Is(err, bufio.ErrBufferFull) {
		l.long = true
		_, err = r.ReadSlice('\n')
	}
	if err != nil && (l.text == "" || !errors.Is(err, io.EOF)) {
		l.err = err
	}
	return l
}
