package route

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// What goes missing in ordinary times is counted by the prefixes that most vantage points
// lose within five minutes and have not back by their end; sessions that end count as
// nothing, and the time of the loss itself is left out.
func TestBackground(t *testing.T) {
	tests := []struct {
		name, script string
		lost         int // of the bins before the loss, together
	}{
		{"nothing", "", 0},
		{"five prefixes", goneOf("1h12m", "1-20", 1, 5), 5},
		{"five prefixes, back at once", goneOf("1h11m", "1-20", 1, 5) + networksOf("1h13m", "1-20", "3356 4837", 1, 5), 0},
		{"five prefixes, at a few", goneOf("1h12m", "1-9", 1, 5), 0},
		{"five prefixes, one after the other", goneOf("1h12m", "1-9", 1, 5) + goneOf("1h31m", "10-20", 1, 5), 5},
		{"sessions that end", "1h12m down 1-8\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := watching(t, wholePaths).play(strings.ReplaceAll(steadyOthers, "3h beat 1-20\n", "")).play(tt.script)
			for minute := 75; minute < 240; minute += 5 {
				d.play(fmt.Sprintf("%dm beat 9-20\n", minute+20))
			}
			d.play(goneOf("4h1m", "1-20", 11, 9) + "4h20m beat 1-20\n") // with the loss
			share, history := d.rib.background.usual(stampOf(began.Add(3*time.Hour + 55*time.Minute)))
			if history == 0 || history > 4*time.Hour {
				t.Fatalf("got a history of %s", history)
			}
			known := 0.0
			for _, n := range d.rib.background.bins {
				if n.at < stampOf(began.Add(3*time.Hour+55*time.Minute)) {
					known += float64(n.known)
				}
			}
			if got := share * known; got < float64(tt.lost)-0.5 || got > float64(tt.lost)+0.5 {
				t.Errorf("got %.1f prefixes lost in %s, want %d", got, history, tt.lost)
			}
		})
	}
}

// Sessions that end or come back around a loss are counted, whoever they are of once.
func TestResets(t *testing.T) {
	for script, want := range map[string]int{
		"": 0,
		"3h30m down 1\n3h31m up 1\n3h31m eor 1\n": 0,
		"3h50m down 1-3\n":                        3,
		"3h50m down 1-3\n4h1m up 1-3\n":           3,
		"4h2m down 1,2,3\n":                       3,
	} {
		d := watching(t).play(steadyOthers)
		before, after := "", ""
		for line := range strings.Lines(script) {
			if strings.HasPrefix(line, "3h") {
				before += line
			} else {
				after += line
			}
		}
		d.play(before + "4h withdraw 4-20 k1 k2 k3 k4\n" + after)
		_, vantage, _ := d.watch.Observe(began.Add(4*time.Hour + 5*time.Minute))
		if vantage.Resets != want {
			t.Errorf("after %q: got %d resets, want %d", script, vantage.Resets, want)
		}
	}
}

// A watch that comes late over whole paths knows what is held, and compares at a loss; what
// is extracted for another table has whole paths too.
func TestWatchHeld(t *testing.T) {
	d := watching(t, wholePaths).play(steadyOthers)
	late := d.rib.WatchHeld(country())
	other := watching(t)
	d.rib.Extract(&d.watch.target, 1, other.apply)
	d.play("4h withdraw 1-20 k1 k2 k3 k4\n4h1m beat 1-20\n")
	d.watch = late
	e := d.elsewhere("4h10m")
	if got := survival(e, checks.Element{AS: 4837}); got != "10: 200/200" {
		t.Errorf("through AS4837: got %s (%s), want 10: 200/200", got, e.Missing)
	}
	got := other.prefix("3h1m", "k1")
	if len(got.Paths) != 20 || !strings.HasSuffix(got.Paths[0].Path.String(), " 4837 131279") || len(got.Paths[0].Path) != 4 {
		t.Errorf("extracted: got %d paths, the first %v, want 20 of four hops", len(got.Paths), got.Paths[0].Path)
	}
}
