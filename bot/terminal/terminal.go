// Package terminal shows notices on a terminal or in a file.
//
// It writes what package bot/chat renders and adds nothing but colour, and that
// only where it is told to: the state word, nothing else. It promises never to
// write a control character that a notice brought along. It leaves out
// commands and a prompt.
package terminal

import (
	"fmt"
	"io"
	"strings"

	"isitdown/bot/chat"
)

// Terminal writes to W. Width is in columns, 0 stands for chat.Columns. Colour
// is for whoever knows whether W is a terminal to decide.
type Terminal struct {
	W      io.Writer
	Width  int
	Colour bool
}

// Show writes a notice and an empty line after it.
func (t Terminal) Show(n chat.Notice) error {
	text := chat.Text(n, t.Width)
	if t.Colour {
		text = colour(text)
	}
	if _, err := io.WriteString(t.W, text+"\n"); err != nil {
		return fmt.Errorf("writing a notice to the terminal: %w", err)
	}
	return nil
}

// Timeline writes moments, oldest first, and an empty line after them.
func (t Terminal) Timeline(moments []chat.Moment, dropped int) error {
	if _, err := io.WriteString(t.W, chat.Timeline(moments, dropped, t.Width)+"\n"); err != nil {
		return fmt.Errorf("writing a timeline to the terminal: %w", err)
	}
	return nil
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
	switch word {
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
