package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// worldOrder is what the rows of the world's table are sorted by.
type worldOrder int

// The orders, in which the key s goes through them.
const (
	byWorst  worldOrder = iota // countries first, what is down first, then what lost most addresses
	byNewest                   // the latest loss first
	byName
	worldOrders // how many there are
)

func (o worldOrder) String() string {
	return [...]string{"worst first", "newest first", "by name"}[o]
}

// worldFilter says which outages of the world are shown.
type worldFilter struct {
	countries, networks bool   // none or both: all
	text                string // that the subject, the state or the upstream has in it; case does not matter
}

// worldLine is an outage and its row.
type worldLine struct {
	verdict *checks.Verdict
	row     chat.WorldRow
}

// worldLines gives the outages that a filter lets through, in an order.
func worldLines(w *checks.World, f worldFilter, o worldOrder, now time.Time) []worldLine {
	var lines []worldLine
	text := strings.ToLower(strings.TrimSpace(f.text))
	for i := range w.Outages {
		v := &w.Outages[i]
		country := v.Target.Kind() == checks.KindCountry
		if f.countries != f.networks && country != f.countries {
			continue
		}
		l := worldLine{v, chat.WorldRowOf(v, now)}
		if text == "" || strings.Contains(strings.ToLower(l.row.State+" "+l.row.Subject+" "+l.row.Upstream), text) {
			lines = append(lines, l)
		}
	}
	switch o {
	case byNewest:
		slices.SortStableFunc(lines, func(a, b worldLine) int {
			return chat.Point(b.verdict.Onset).Compare(chat.Point(a.verdict.Onset))
		})
	case byName:
		slices.SortStableFunc(lines, func(a, b worldLine) int {
			return cmp.Or(cmp.Compare(a.row.Subject, b.row.Subject), cmp.Compare(a.verdict.Target.String(), b.verdict.Target.String()))
		})
	}
	return lines
}

// worldColumn is a column of the table.
type worldColumn struct {
	title string
	width int
	cell  func(*chat.WorldRow) string
}

// The columns' widths, and from which width of the table on those are there that not every
// terminal has room for.
const (
	leastSubject  = 16
	wideSeen      = 37
	narrowSeen    = 28
	sinceFrom     = 64
	evidenceFrom  = 100
	upstreamsFrom = 118
)

// worldColumns gives the columns that a table of a width has room for; the subject takes what
// is left.
func worldColumns(width int) []worldColumn {
	list := []worldColumn{
		{"STATE", 8, func(r *chat.WorldRow) string { return r.State }},
		{"WHERE", leastSubject, func(r *chat.WorldRow) string { return r.Subject }},
		{"VISIBLE", narrowSeen, func(r *chat.WorldRow) string { return r.Seen }},
	}
	if width >= evidenceFrom {
		list[2].width = wideSeen
	}
	if width >= sinceFrom {
		list = append(list, worldColumn{"SINCE", 16, func(r *chat.WorldRow) string { return r.Since }})
	}
	if width >= upstreamsFrom {
		list = append(list, worldColumn{"UPSTREAM BEFORE", 18, func(r *chat.WorldRow) string { return r.Upstream }})
	}
	if width >= evidenceFrom {
		list = append(list, worldColumn{"EVIDENCE", 8, func(r *chat.WorldRow) string { return r.Evidence }})
	}
	used := len(list) - 1 // a space between two
	for _, c := range list {
		used += c.width
	}
	list[1].width = max(list[1].width, list[1].width+width-used)
	return list
}

// worldRow writes a row, or with nil the titles, in a width.
func worldRow(columns []worldColumn, r *chat.WorldRow, width int) string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		text := c.title
		if r != nil {
			text = c.cell(r)
		}
		cells[i] = chat.Fit(text, c.width)
	}
	return strings.TrimRight(chat.Fit(strings.Join(cells, " "), width), " ")
}

// worldHead writes what stands above the table: how many are how, who looks, and what is missing.
func worldHead(w checks.World, now time.Time, caveats []string, width int) string {
	w.Outages = nil // which the table has
	return chat.World{At: now, World: w, Caveats: caveats}.Message().Text(width)
}

// worldText writes the world once, with the first rows up to a number of them, zero for all.
func worldText(w checks.World, lines []worldLine, top int, now time.Time, caveats []string, width int) string {
	var b strings.Builder
	b.WriteString(worldHead(w, now, caveats, width))
	if len(lines) == 0 {
		return b.String()
	}
	columns := worldColumns(width)
	fmt.Fprintf(&b, "\n%s\n", worldRow(columns, nil, width))
	shown := len(lines)
	if top > 0 {
		shown = min(shown, top)
	}
	for i := range lines[:shown] {
		b.WriteString(worldRow(columns, &lines[i].row, width) + "\n")
	}
	if more := len(lines) - shown; more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	b.WriteString("\n" + worldLegend + "\n")
	if width >= upstreamsFrom {
		b.WriteString(upstreamLegend + "\n")
	}
	return b.String()
}

// What stands below every table of outages, and below those that have the column.
const (
	worldLegend    = "Addresses, not people. Not known: the cause of any of it; whether anything inside still works."
	upstreamLegend = "Upstream before: the largest share of observed paths. It is who carried the routes, not who caused the outage."
)
