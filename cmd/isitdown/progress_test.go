package main

import (
	"strings"
	"testing"
	"time"

	"isitdown/checks/route/archive"
)

// What is written between two states of the progress line begins on a line that is
// empty again.
func TestProgressMakesRoom(t *testing.T) {
	var out strings.Builder
	p := newProgress(&console{err: &out, errColumns: 40}, "replaying")
	p.clear()
	if out.Len() > 0 {
		t.Errorf("got %q before anything was shown, want nothing", out.String())
	}
	p.began = time.Now().Add(-time.Minute)
	p.show(archive.Progress{Bytes: 1, Size: 2, Records: 60})
	shown := out.Len()
	if !strings.HasPrefix(out.String(), "\rreplaying:  50 %, 1 records/s") || shown != 40 {
		t.Errorf("got %q, want a line of 39 columns", out.String())
	}
	p.clear()
	if got, want := out.String()[shown:], "\r"+strings.Repeat(" ", 39)+"\r"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	shown = out.Len()
	p.clear()
	if out.Len() != shown {
		t.Errorf("cleared twice: %q", out.String()[shown:])
	}
	var none *progress
	none.clear()
}

func TestNoProgressWithoutTerminal(t *testing.T) {
	var out strings.Builder
	p := newProgress(&console{err: &out}, "replaying")
	p.began = time.Now().Add(-time.Minute)
	p.show(archive.Progress{Bytes: 1, Size: 2})
	p.clear()
	if out.Len() > 0 {
		t.Errorf("got %q, want nothing", out.String())
	}
}
