package main

import (
	"errors"
	"testing"
	"time"
)

// Whoever asks a thousand times a second has the database written to now and then, and
// hears soon that it cannot be.
func TestProbe(t *testing.T) {
	var p probe
	looks, broken := 0, error(nil)
	look := func() error { looks++; return broken }
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for n := range 10_000 {
		if n == 5000 {
			broken = errors.New("no space left")
		}
		err := p.ask(start.Add(time.Duration(n)*time.Millisecond), look)
		if want := n >= 5000; (err != nil) != want {
			t.Fatalf("after %d ms: %v", n, err)
		}
	}
	if looks != 2 {
		t.Errorf("looked %d times, want 2", looks)
	}
	if broken = nil; p.ask(start.Add(-time.Hour), look) != nil {
		t.Error("a clock that was set back keeps what was found")
	}
}
