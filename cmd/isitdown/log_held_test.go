package main

import (
	"strings"
	"testing"
)

// What is logged while the live table is there does not reach the terminal before it is gone.
func TestLogHeld(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	a := testApp()
	a.err = &out
	release := a.holdLog()
	for i := range mostHeld + 3 {
		a.log.Warn("a source does not answer", "number", i)
	}
	a.log.Debug("nobody is told of this")
	if out.Len() > 0 {
		t.Fatalf("got %q while the table is there", out.String())
	}
	release()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 1+mostHeld {
		t.Fatalf("got %d lines, want %d and how many were left out", len(lines), mostHeld)
	}
	if want := "isitdown: 3 lines of the log, from before the following, left out"; lines[0] != want {
		t.Errorf("got %q, want %q", lines[0], want)
	}
	if first, last := lines[1], lines[mostHeld]; !strings.HasSuffix(first, "number=3") || !strings.HasSuffix(last, "number=202") {
		t.Errorf("got lines from %q to %q", first, last)
	}
}
