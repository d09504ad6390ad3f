package main

import (
	"fmt"
	"strings"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// worldScreen is what the live table shows, and where the reader is in it. Its methods are
// pure but for the screen itself: what is drawn depends on nothing else.
type worldScreen struct {
	width, height int
	colour        bool

	world   checks.World
	now     time.Time
	caveats []string
	stream  string // how the stream does, where that is worth a line
	filter  worldFilter
	typing  bool // the filter is being written
	order   worldOrder
	at      checks.Target // the row that the reader is at; zero for the first
	first   int           // row shown

	detail     string // text of the one that was opened; "" for the table
	detailFrom int    // line shown first
}

// lines gives the rows, and which of them the reader is at.
func (s *worldScreen) lines() (lines []worldLine, at int) {
	lines = worldLines(&s.world, s.filter, s.order, s.now)
	for i := range lines {
		if lines[i].verdict.Target == s.at {
			return lines, i
		}
	}
	return lines, 0
}

// move goes some rows down, or with a negative number up; in a detail, so many lines.
func (s *worldScreen) move(by int) {
	if s.detail != "" {
		s.detailFrom = max(0, min(s.detailFrom+by, strings.Count(s.detail, "\n")-1))
		return
	}
	lines, at := s.lines()
	if len(lines) == 0 {
		return
	}
	s.at = lines[max(0, min(at+by, len(lines)-1))].verdict.Target
}

// page is how far page up and down go.
func (s *worldScreen) page() int { return max(1, s.height/2) }

// selected gives the target that the reader is at.
func (s *worldScreen) selected() (checks.Target, bool) {
	lines, at := s.lines()
	if len(lines) == 0 {
		return checks.Target{}, false
	}
	return lines[at].verdict.Target, true
}

// draw gives exactly height lines of at most width columns.
func (s *worldScreen) draw() string {
	width, height := max(s.width, 20), max(s.height, 4)
	var lines []string
	if s.detail != "" {
		lines = s.drawDetail(height - 1)
	} else {
		lines = s.drawTable(width, height-1)
	}
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	lines = append(lines[:height-1], s.keys())
	for i := range lines {
		if !strings.Contains(lines[i], "\x1b") { // what is painted was fitted before
			lines[i] = strings.TrimRight(chat.Fit(lines[i], width), " ")
		}
	}
	return strings.Join(lines, "\n")
}

// keys is the line at the bottom.
func (s *worldScreen) keys() string {
	switch {
	case s.detail != "":
		return "esc back · arrows scroll · q quit"
	case s.typing:
		return "filter: " + chat.Clean(s.filter.text) + "_ (enter keeps it, esc takes it away)"
	case s.filter.text != "":
		return "filter: " + chat.Clean(s.filter.text) + " · / change · s " + s.order.String() + " · enter details · q quit"
	}
	return "q quit · / filter · s " + s.order.String() + " · enter details · arrows move"
}

// drawDetail gives the lines of what was opened that are in sight.
func (s *worldScreen) drawDetail(height int) []string {
	lines := strings.Split(strings.TrimRight(s.detail, "\n"), "\n")
	from := max(0, min(s.detailFrom, len(lines)-1))
	return lines[from:min(len(lines), from+height)]
}

// drawTable gives the head, of which half of the screen is left to the rows where they need it,
// and the rows in sight. How the stream does is said wherever the head was cut.
func (s *worldScreen) drawTable(width, height int) []string {
	head := strings.Split(strings.TrimRight(worldHead(s.world, s.now, s.caveats, max(width, leastWrap)), "\n"), "\n")
	lines, at := s.lines()
	room := max(height/2, height-2-len(lines)) // a line between, and titles or why there are no rows
	if s.stream != "" {
		room--
	}
	if room = max(1, room); len(head) > room {
		head = head[:room]
		head[room-1] += " …"
	}
	if s.stream != "" {
		head = append(head, s.stream)
	}
	columns := worldColumns(width - 2)
	out := append(head, "")
	if len(lines) == 0 {
		return append(out, s.nothing())
	}
	out = append(out, "  "+worldRow(columns, nil, width-2))
	room = max(1, height-len(out))
	s.first = max(0, min(s.first, at, len(lines)-room))
	s.first = max(s.first, at-room+1)
	for i := s.first; i < min(len(lines), s.first+room); i++ {
		out = append(out, s.row(columns, &lines[i], i == at, width))
	}
	return out
}

// leastWrap is the narrowest that sentences are broken for.
const leastWrap = 40

// nothing says why there is no row.
func (s *worldScreen) nothing() string {
	switch {
	case s.filter.text != "" && len(s.world.Outages) > 0:
		return "none of them has " + fmt.Sprintf("%q", chat.Clean(s.filter.text)) + " in it"
	case chat.WorldState(&s.world) == checks.Unknown:
		return "nothing is known yet"
	}
	return "none seen down or degraded, of those that are known"
}

// The colours are those of ECMA-48 that every terminal has.
const (
	paintDown     = "\x1b[1;31m"
	paintDegraded = "\x1b[1;33m"
	paintAt       = "\x1b[7m"
	paintEnd      = "\x1b[0m"
)

// row draws one row.
func (s *worldScreen) row(columns []worldColumn, l *worldLine, at bool, width int) string {
	text, mark := worldRow(columns, &l.row, width-2), "  "
	if at {
		mark = "> "
	}
	if !s.colour {
		return mark + text
	}
	if at {
		return paintAt + chat.Fit(mark+text, width) + paintEnd
	}
	paint := paintDegraded
	if l.verdict.State == checks.Down {
		paint = paintDown
	}
	state := l.row.State
	return mark + paint + state + paintEnd + strings.TrimPrefix(text, state)
}
