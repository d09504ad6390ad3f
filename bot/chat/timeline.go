package chat

import (
	"strings"
	"time"

	"isitdown/checks"
)

// Timeline writes what could be seen and what was made of it, one moment a line,
// oldest first, with times in UTC to the second. Dropped counts older moments
// that were not kept.
func Timeline(moments []Moment, dropped, width int) string {
	blocks := []block{{text: "Timeline (UTC)"}, {text: droppedText(dropped)}}
	for _, m := range moments {
		blocks = append(blocks, block{label: "  " + momentLabel(m), column: timelineColumns, text: momentText(m)})
	}
	return layout(blocks, width)
}

// timelineColumns is room for a time and the longest state.
const timelineColumns = len("  2006-01-02 15:04:05  degraded  ")

func droppedText(n int) string {
	if n <= 0 {
		return ""
	}
	return count(n, "older moment", "older moments") + " not kept"
}

func momentLabel(m Moment) string { return m.At.UTC().Format(time.DateTime) + "  " + m.State.String() }

func momentText(m Moment) string {
	text := "nothing is claimed"
	if m.State != checks.Unknown {
		text = joinNonEmpty(", ", prefixCounts(m.IPv4, m.IPv6), m.Answers.text())
		if len(m.Upstreams) > 0 {
			text = joinNonEmpty(", ", text, "via "+asList(m.Upstreams))
		}
	}
	return joinNonEmpty(dot, text, clean(m.Note))
}

// History is the course of an incident: what could be seen and what was made of
// it, and what people said.
type History struct {
	ID      string // of the incident
	Subject string // as [Subject] writes it
	// Onset and End are the incident's; End is zero while it lasts. An outage begins
	// before the moment at which it was told, and after a spell of losses that were
	// only counted its onset is in no line.
	Onset, End checks.Interval
	Moments    []Moment
	Dropped    int // older moments that were not kept
	Notes      []Note
	Caveats    []string
}

// Message writes the course, one moment a line, oldest first, in UTC.
func (h History) Message() Message {
	m := Message{
		Headline: plain("TIMELINE " + clean(h.ID) + ": " + shorten(h.Subject, maxSubject)),
		Notes:    cleanNotes(h.Notes, h.ID),
		More:     Command{Verb: ShowTimeline, Incident: h.ID}.String(),
	}
	if began := Point(h.Onset); !began.IsZero() {
		m.Parts = append(m.Parts, Part{Label: "Began", Text: plain(fullDated(began))})
	}
	if ended := Point(h.End); !ended.IsZero() {
		m.Parts = append(m.Parts, Part{Label: "Ended", Text: plain(fullDated(ended) + ", after " + elapsed(Point(h.Onset), ended))})
	}
	var lines []string
	for _, moment := range h.Moments {
		lines = append(lines, plain(pad(momentLabel(moment), timelineColumns-2)+momentText(moment)))
	}
	if text := droppedText(h.Dropped); text != "" {
		m.Parts = append(m.Parts, Part{Text: plain(text)})
	}
	if len(lines) == 0 {
		m.Parts = append(m.Parts, Part{Text: "Nothing has been observed yet."})
	} else {
		m.Parts = append(m.Parts, Part{Label: "Seen (UTC)", Text: strings.Join(lines, "\n"), Fixed: true})
	}
	m.Parts = append(m.Parts, caveatParts(h.Caveats)...)
	return m
}
