package chattest

import (
	"testing"
	"time"
)

func TestNewEnough(t *testing.T) {
	for version, want := range map[string]bool{
		"v24.21.0\n": true, "v22.15.0": true, "v22.14.9": false, "v20.20.2": false, "v25.0.0": true, "": false, "v22": false, "vx.y.z": false,
	} {
		if got := newEnough(version); got != want {
			t.Errorf("%q: got %v, want %v", version, got, want)
		}
	}
}

// A script is heard, hears, and is gone after the test.
func TestStart(t *testing.T) {
	t.Run("talk", func(t *testing.T) {
		p := Start(t, "echo.mjs", "one", "two")
		if p.Ready != "one two" {
			t.Errorf("got ready %q, want the arguments", p.Ready)
		}
		p.Say(t, "hello")
		if got := p.Line(t, 10*time.Second); got != "hello" {
			t.Errorf("got %q, want what was said", got)
		}
	})
}
