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
	blocks := []block{{text: "Timeline (UTC)"}}
	if dropped > 0 {
		blocks = append(blocks, block{text: count(dropped, "older moment", "older moments") + " not kept"})
	}
	for _, m := range moments {
		blocks = append(blocks, block{
			label:  "  " + m.At.UTC().Format(time.DateTime) + "  " + m.State.String(),
			column: timelineColumns,
			text:   momentText(m),
		})
	}
	return layout(blocks, width)
}

// timelineColumns is room for a time and the longest state.
const timelineColumns = len("  2006-01-02 15:04:05  degraded  ")

func momentText(m Moment) string {
	parts := []string{"nothing is claimed"}
	if m.State != checks.Unknown {
		parts = nil
		for _, f := range []struct {
			checks.Count
			name string
		}{{m.IPv4, "IPv4"}, {m.IPv6, "IPv6"}} {
			if f.Of > 0 {
				parts = append(parts, kOfN(f.Seen, f.Of)+" "+f.name+nbsp+unitPrefix(f.Of))
			}
		}
		if len(m.Upstreams) > 0 {
			parts = append(parts, "via "+asList(m.Upstreams))
		}
	}
	text := strings.Join(parts, ", ")
	return joinNonEmpty(dot, text, clean(m.Note))
}
