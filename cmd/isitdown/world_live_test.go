package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"isitdown/checks"
)

// browsed runs the live table on a terminal that is none: keys come through a pipe, and what is
// drawn goes into a buffer.
func browsed(t *testing.T, keys ...string) (out string, w checks.World, err error) {
	t.Helper()
	in, typed := io.Pipe()
	written := &lockedBuffer{}
	a := testApp()
	a.in, a.out = in, written
	m := sampleModel(0, 0, nil)
	m.outlook.look = func() (checks.World, time.Time, string) { return sampleWorld(), sampleNow, "" }
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	go func() {
		defer typed.Close()
		for !strings.Contains(written.String(), "North Korea") && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		for _, key := range keys {
			if _, err := io.WriteString(typed, key); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond) // two keys in one read may be another key
		}
		<-ctx.Done() // a terminal does not end
	}()
	w, err = a.browse(ctx, m.outlook, worldScreen{}, tea.WithWindowSize(100, 24), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	return written.String(), w, err
}

// The program reads keys, shows what was opened, and leaves the terminal as it was.
func TestWorldBrowsed(t *testing.T) {
	t.Parallel()
	out, w, err := browsed(t, "\x1b[B", "\x1b[A", "\r", "q")
	if err != nil || len(w.Outages) != 7 {
		t.Fatalf("left with %d outages and %v", len(w.Outages), err)
	}
	for _, want := range []string{"\x1b[?1049h", "WORLD", "North Korea (KP)", "q quit", "ANSWER", "\x1b[?1049l"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q was not written", want)
		}
	}
	if strings.LastIndex(out, "\x1b[?1049h") > strings.LastIndex(out, "\x1b[?1049l") {
		t.Error("the other screen of the terminal is still there")
	}
}

// Ctrl-C ends it at once, and is no answer.
func TestWorldInterrupted(t *testing.T) {
	t.Parallel()
	out, _, err := browsed(t, "\x03")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was interrupted", err)
	}
	if !strings.Contains(out, "\x1b[?1049l") {
		t.Error("the terminal is not as it was")
	}
}
