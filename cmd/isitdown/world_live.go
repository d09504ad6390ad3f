package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// The live table in a terminal: package bubbletea reads keys, knows the size of the window and
// draws what has changed; what is drawn is worldScreen's.

// outlook is what the table, and whoever prints the world, look at.
type outlook struct {
	look    func() (w checks.World, now time.Time, stream string)
	verdict func(t checks.Target, width int) (text string, ok bool) // as check prints it
}

// worldModel is the state of the program.
type worldModel struct {
	screen  worldScreen
	outlook outlook
	stopped bool // by Ctrl-C
}

// looked is what the world was found to be.
type looked struct {
	world  checks.World
	now    time.Time
	stream string
}

// openedRow is the text of a row that was opened.
type openedRow struct{ text string }

// lookEvery is how often the table looks at the world.
const lookEvery = time.Second

// Init has the world looked at for the first time.
func (m worldModel) Init() tea.Cmd { return m.look }

// look is done beside the keys, which it does not keep waiting.
func (m worldModel) look() tea.Msg {
	w, now, stream := m.outlook.look()
	return looked{w, now, stream}
}

// open makes the text of the row that the reader is at.
func (m worldModel) open(t checks.Target) tea.Cmd {
	width := max(m.screen.width, leastWrap)
	return func() tea.Msg {
		if text, ok := m.outlook.verdict(t, width); ok {
			return openedRow{text}
		}
		return openedRow{fmt.Sprintf("Nothing is known of %s any more.\n", t)}
	}
}

// Update takes in a key, a new size, or how the world stands.
func (m worldModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.screen.width, m.screen.height = msg.Width, msg.Height
	case looked:
		m.screen.world, m.screen.now, m.screen.stream = msg.world, msg.now, msg.stream
		return m, tea.Tick(lookEvery, func(time.Time) tea.Msg { return m.look() })
	case openedRow:
		m.screen.detail, m.screen.detailFrom = msg.text, 0
	case tea.KeyPressMsg:
		return m.press(msg)
	}
	return m, nil
}

// press does what a key is for.
func (m worldModel) press(key tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	s := &m.screen
	name := key.String()
	switch {
	case name == "ctrl+c":
		m.stopped = true
		return m, tea.Quit
	case s.typing:
		m.write(key)
		return m, nil
	}
	switch name {
	case "q":
		return m, tea.Quit
	case "up", "k":
		s.move(-1)
	case "down", "j":
		s.move(1)
	case "pgup":
		s.move(-s.page())
	case "pgdown", "space":
		s.move(s.page())
	case "home", "g":
		s.move(-1 << 20)
	case "end", "G":
		s.move(1 << 20)
	case "s":
		s.order = (s.order + 1) % worldOrders
	case "/":
		s.detail, s.typing = "", true
	case "esc", "backspace", "left":
		if s.detail == "" {
			s.filter.text = ""
		}
		s.detail = ""
	case "enter", "right":
		if t, ok := s.selected(); ok && s.detail == "" {
			return m, m.open(t)
		}
	}
	return m, nil
}

// mostFilter bounds the filter, in characters.
const mostFilter = 60

// write takes in a key of the filter.
func (m *worldModel) write(key tea.KeyPressMsg) {
	s := &m.screen
	text := []rune(s.filter.text)
	switch name := key.String(); {
	case name == "enter":
		s.typing = false
	case name == "esc":
		s.typing, s.filter.text = false, ""
	case name == "backspace" && len(text) > 0:
		s.filter.text = string(text[:len(text)-1])
	case key.Text != "" && len(text) < mostFilter:
		s.filter.text += key.Text
	}
}

// View draws the screen.
func (m worldModel) View() tea.View {
	v := tea.NewView(m.screen.draw())
	v.AltScreen = true
	v.WindowTitle = "isitdown world"
	return v
}

// browse shows the live table until the reader leaves it, and gives how the world stood then.
func (a *app) browse(ctx context.Context, o outlook, s worldScreen, options ...tea.ProgramOption) (checks.World, error) {
	options = append([]tea.ProgramOption{
		tea.WithContext(ctx), tea.WithInput(a.in), tea.WithOutput(a.out), tea.WithoutSignalHandler(),
	}, options...)
	end, err := tea.NewProgram(worldModel{screen: s, outlook: o}, options...).Run()
	switch {
	case ctx.Err() != nil:
		return checks.World{}, ctx.Err()
	case err != nil && errors.Is(err, tea.ErrInterrupted):
		return checks.World{}, context.Canceled
	case err != nil:
		return checks.World{}, fmt.Errorf("showing the table: %w", err)
	}
	m := end.(worldModel)
	if m.stopped {
		return checks.World{}, context.Canceled
	}
	return m.screen.world, nil
}

// verdictText writes a verdict as check prints it.
func (a *app) verdictText(v checks.Verdict, caveats []string, width int) string {
	n := a.finish(chat.Notice{Kind: chat.Answer, Verdict: v}, caveats)
	return strings.TrimRight(chat.Text(n, width), "\n") + "\n"
}
