package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// sampleModel is the program of the live table, looking at the sample.
func sampleModel(width, height int, change func(*checks.World)) worldModel {
	w := sampleWorld()
	if change != nil {
		change(&w)
	}
	return worldModel{
		screen: worldScreen{width: width, height: height, world: w, now: sampleNow, stream: "RIS Live: 0.3 s behind"},
		outlook: outlook{verdict: func(t checks.Target, _ int) (string, bool) {
			return "ANSWER  " + t.String() + "\n" + strings.Repeat("a line of it\n", 40), t.Kind() == checks.KindCountry
		}},
	}
}

// press gives the program keys by their names, and what they bring about.
func press(m worldModel, keys ...string) worldModel {
	for _, name := range keys {
		key := tea.Key{Text: name, Code: []rune(name)[0]}
		if code, special := map[string]rune{
			"up": tea.KeyUp, "down": tea.KeyDown, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "end": tea.KeyEnd, "home": tea.KeyHome,
			"enter": tea.KeyEnter, "esc": tea.KeyEscape, "backspace": tea.KeyBackspace,
		}[name]; special {
			key = tea.Key{Code: code}
		}
		next, cmd := m.Update(tea.KeyPressMsg(key))
		m = next.(worldModel)
		if cmd != nil {
			next, _ = m.Update(cmd())
			m = next.(worldModel)
		}
	}
	return m
}

// The table as it is drawn, in windows of several sizes and wherever a reader can be in it.
func TestWorldScreen(t *testing.T) {
	t.Parallel()
	nothing := func(w *checks.World) { *w = checks.World{Starting: "the snapshot is being read"} }
	fine := func(w *checks.World) {
		w.Outages, w.Gaps = nil, nil
		w.Countries, w.Networks = checks.Census{Watched: 247, Up: 241, Unknown: 6}, checks.Census{Watched: 14102, Up: 14102}
	}
	many := func(w *checks.World) {
		for i := range 40 {
			v := w.Outages[3]
			v.Target = checks.Network(checks.ASN(65000 + i))
			w.Outages = append(w.Outages, v)
		}
	}
	for _, tt := range []struct {
		name          string
		width, height int
		change        func(*checks.World)
		keys          []string
	}{
		{"wide", 140, 24, nil, nil},
		{"usual", 80, 24, nil, []string{"down"}},
		{"narrow", 50, 14, nil, nil},
		{"tiny", 12, 3, nil, nil},
		{"newest", 120, 22, nil, []string{"s", "down", "down"}},
		{"by-name", 100, 22, nil, []string{"s", "s", "end"}},
		{"filter", 100, 22, nil, []string{"/", "e", "x", "a", "m", "p"}},
		{"filtered", 100, 22, nil, []string{"/", "e", "x", "a", "m", "p", "l", "e", "-", "x", "backspace", "enter", "down"}},
		{"filtered-out", 100, 22, nil, []string{"/", "z", "z", "enter"}},
		{"filter-left", 100, 22, nil, []string{"/", "z", "z", "esc"}},
		{"scrolled", 100, 20, many, []string{"pgdown", "pgdown", "up"}},
		{"at-the-end", 100, 20, many, []string{"end"}},
		{"detail", 80, 12, nil, []string{"enter", "down", "down"}},
		{"detail-left", 100, 22, nil, []string{"enter", "esc"}},
		{"detail-gone", 80, 12, nil, []string{"end", "enter"}},
		{"starting", 100, 14, nothing, []string{"down", "enter"}},
		{"nothing-down", 100, 14, fine, nil},
		{"behind", 100, 16, func(w *checks.World) {
			w.Missing, w.Outages = "the table of the world is behind the stream by 2 min", nil
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := press(sampleModel(tt.width, tt.height, tt.change), tt.keys...)
			got := m.screen.draw()
			if lines := strings.Count(got, "\n") + 1; lines != max(4, tt.height) {
				t.Errorf("got %d lines in a window of %d", lines, tt.height)
			}
			for line := range strings.SplitSeq(got, "\n") {
				if fitted := chat.Fit(line, max(20, tt.width)); strings.TrimRight(fitted, " ") != line {
					t.Errorf("a line is wider than %d columns: %q", tt.width, line)
				}
			}
			golden(t, filepath.Join("testdata", "world", tt.name+".txt"), got+"\n")
		})
	}
}

// What was opened has its lines broken for the window as it is by then.
func TestWorldDetailWidth(t *testing.T) {
	t.Parallel()
	for window, want := range map[int]int{140: 140, 60: 60, 12: leastWrap} {
		m, got := sampleModel(100, 24, nil), 0
		m.outlook.verdict = func(_ checks.Target, width int) (string, bool) { got = width; return "", true }
		next, _ := m.Update(tea.WindowSizeMsg{Width: window, Height: 24})
		press(next.(worldModel), "enter")
		if got != want {
			t.Errorf("in a window of %d columns: got lines of %d, want %d", window, got, want)
		}
	}
}

// Whatever a name has in it, nothing reaches the terminal that steers it but our own colours.
func TestWorldScreenSteersNothing(t *testing.T) {
	t.Parallel()
	m := sampleModel(140, 30, nil)
	m.screen.colour = true
	m = press(m, "down", "/", "\x1b", "\u202e", "enter")
	m.screen.filter.text = ""
	painted := m.screen.draw()
	if !strings.Contains(painted, paintDown+"DOWN"+paintEnd) || !strings.Contains(painted, paintAt) {
		t.Errorf("there is no colour in\n%q", painted)
	}
	plain := strings.NewReplacer(paintDown, "", paintDegraded, "", paintAt, "", paintEnd, "").Replace(painted)
	if i := strings.IndexFunc(plain, func(r rune) bool { return r != '\n' && (r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e) }); i >= 0 {
		t.Errorf("a control character at %q", plain[i:])
	}
}

// What is printed once, and its JSON.
func TestWorldPrinted(t *testing.T) {
	t.Parallel()
	w := sampleWorld()
	for name, c := range map[string]worldCommand{
		"printed": {}, "printed-top": {Top: 2}, "printed-countries": {Countries: true}, "printed-networks": {Networks: true, Top: 3},
	} {
		var out strings.Builder
		a := testApp()
		a.out = &out
		if err := c.print(a, w, sampleNow, []string{"A caveat."}, 80); err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("testdata", "world", name+".txt"), out.String())
		out.Reset()
		c.JSON = true
		if err := c.print(a, w, sampleNow, nil, 80); err != nil {
			t.Fatal(err)
		}
		var record chat.WorldRecord
		if err := json.Unmarshal([]byte(out.String()), &record); err != nil || strings.Count(out.String(), "\n") != 1 {
			t.Fatalf("%s: %v in %s", name, err, &out)
		}
		listed := map[string]int{"printed": 7, "printed-top": 2, "printed-countries": 2, "printed-networks": 3}[name]
		if all := map[string]int{"printed-countries": 2, "printed-networks": 5}[name]; len(record.Outages) != listed || all > 0 && record.More != all-listed {
			t.Errorf("%s: %d outages and %d more", name, len(record.Outages), record.More)
		}
		if name == "printed-top" {
			golden(t, filepath.Join("testdata", "world", name+".json"), indented(t, out.String()))
		}
	}
}

func indented(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

// The exit code is that of the worst that the flags leave.
func TestWorldCode(t *testing.T) {
	t.Parallel()
	w := sampleWorld()
	w.Outages = w.Outages[1:] // the country that is down is back
	up := w
	up.Outages = nil
	for _, tt := range []struct {
		c    worldCommand
		w    checks.World
		want int
	}{
		{worldCommand{}, w, exitDown},
		{worldCommand{Countries: true}, w, exitDegraded},
		{worldCommand{Networks: true}, w, exitDown},
		{worldCommand{}, up, exitUp},
		{worldCommand{}, checks.World{}, exitUnknown},
		{worldCommand{}, checks.World{Countries: up.Countries, Missing: "the stream is behind"}, exitUnknown},
	} {
		if got := tt.c.code(&tt.w); got != tt.want {
			t.Errorf("%+v of %d outages: exit code %d, want %d", tt.c, len(tt.w.Outages), got, tt.want)
		}
	}
}

// Each target whose state becomes another is told once, with all that is known of it, and what
// is gone from the list too; what is not seen for a while is unknown, and then what it is.
func TestWorldChanges(t *testing.T) {
	t.Parallel()
	all := sampleWorld().Outages
	fewer := slices.Clone(all[1:4])
	fewer[1].State = checks.Degraded
	told := map[checks.Target]checks.State{}
	for _, v := range all[:3] {
		told[v.Target] = v.State
	}
	for _, tt := range []struct {
		when  string
		now   []checks.Verdict
		blind bool
		gone  checks.State // of what is not on the list
		asked int
		want  []string
	}{
		{"one is over, one begins, one is better", fewer, false, checks.Up, 3, []string{"AS64500 down>degraded", "AS64501 up>down", "KP down>up"}},
		{"the same", fewer, false, checks.Up, 0, nil},
		{"blind", nil, true, checks.Unknown, 3, []string{"XK degraded>unknown", "AS64500 degraded>unknown", "AS64501 down>unknown"}},
		{"still blind", nil, true, checks.Unknown, 0, nil},
		{"some are down still", fewer[1:], false, checks.Up, 3, []string{"AS64500 unknown>degraded", "AS64501 unknown>down", "XK unknown>up"}},
	} {
		asked := 0
		changes := changesOf(told, tt.now, tt.blind, func(t checks.Target) checks.Verdict {
			asked++
			v := checks.Verdict{Target: t, Name: "whole", State: tt.gone}
			for i := range tt.now {
				if tt.now[i].Target == t {
					v.State = tt.now[i].State
				}
			}
			return v
		})
		var got []string
		for _, c := range changes {
			got = append(got, fmt.Sprintf("%s %s>%s", c.Verdict.Target, c.Before, c.Change))
			if c.Verdict.Name != "whole" {
				t.Errorf("%s: of %s not all is told", tt.when, c.Verdict.Target)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.when, diff)
		}
		if asked != tt.asked {
			t.Errorf("%s: %d targets were asked about, want %d", tt.when, asked, tt.asked)
		}
	}
}
