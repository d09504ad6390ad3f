// Package terminal is the bot on a terminal, or in a pipe: it shows notices, and
// takes the commands of the other platforms at a prompt or one a line from a
// script.
//
// It writes what package bot/chat renders and adds nothing but colour, and that
// only where it is told to: the state word, nothing else. It promises never to
// write a control character that a message brought along, that two messages
// never run into each other, and that every command is answered before the next
// one is begun.
//
// It leaves out editing a line: that is the terminal's own. What was typed when a
// notice came is still there, one line further up, and the next key goes on with
// it (Ctrl-R shows it again).
package terminal

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"isitdown/bot/chat"
)

// Platform is the name of the terminal in a channel.
const Platform = "terminal"

// Here is the one channel that a terminal is.
func Here() chat.Channel { return chat.Channel{Platform: Platform, Tenant: "local", ID: "terminal"} }

// Terminal writes to W. Width is in columns, 0 stands for chat.Columns. Colour
// and Prompt are for whoever knows whether W is a terminal to decide: without a
// Prompt, as for a pipe, nothing is written but answers and notices. It is safe
// for use by several goroutines, its fields are not to be changed then.
type Terminal struct {
	W      io.Writer
	Width  int
	Colour bool
	Prompt string
	// Person is who types, by default somebody who may do everything.
	Person chat.Person
	Log    *slog.Logger // for what goes wrong in answering; nil discards it

	mu      sync.Mutex
	waiting bool // the prompt is the last thing on the screen
}

// Show writes a notice and an empty line after it.
func (t *Terminal) Show(n chat.Notice) error {
	if err := t.write(chat.Text(n, t.Width) + "\n"); err != nil {
		return fmt.Errorf("writing a notice to the terminal: %w", err)
	}
	return nil
}

// Say writes a message that is no notice, and an empty line after it.
func (t *Terminal) Say(m chat.Message) error {
	if err := t.write(m.Text(t.Width) + "\n"); err != nil {
		return fmt.Errorf("writing a message to the terminal: %w", err)
	}
	return nil
}

// Timeline writes moments, oldest first, and an empty line after them.
func (t *Terminal) Timeline(moments []chat.Moment, dropped int) error {
	if err := t.write(chat.Timeline(moments, dropped, t.Width) + "\n"); err != nil {
		return fmt.Errorf("writing a timeline to the terminal: %w", err)
	}
	return nil
}

// write writes text in one piece, on a line of its own, and the prompt anew where
// it was there.
func (t *Terminal) write(text string) error {
	if t.Colour {
		text = colour(text)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting {
		text = "\n" + text + t.Prompt
	}
	_, err := io.WriteString(t.W, text)
	return err
}

// wait shows the prompt, if there is one.
func (t *Terminal) wait() error {
	if t.Prompt == "" {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = true
	_, err := io.WriteString(t.W, t.Prompt)
	return err
}

// typed notes that a line was ended at the prompt.
func (t *Terminal) typed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = false
}

// The colours are those of ECMA-48 that every terminal has, with bold.
const (
	red    = "\x1b[1;31m"
	green  = "\x1b[1;32m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[1;36m"
	reset  = "\x1b[0m"
)

// colour paints the first word of a notice if it is a state word.
func colour(text string) string {
	word, rest, _ := strings.Cut(text, " ")
	paint := ""
	switch strings.TrimSuffix(word, ":") {
	case "DOWN":
		paint = red
	case "DEGRADED", "UNSTABLE":
		paint = yellow
	case "UP", "BACK", "STABLE":
		paint = green
	case "UNKNOWN":
		paint = blue
	default:
		return text
	}
	return paint + word + reset + " " + rest
}
