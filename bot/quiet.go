package bot

import (
	"time"

	"isitdown/bot/chat"
)

// location loads a zone by its IANA name. "" and a name that this build does not
// know, which a newer one may have stored, are UTC: a wrong hour is better than
// silence.
func location(zone string) *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// inQuiet reports whether the clocks in loc show a time within the hours at t.
// It looks at what they show and at nothing else, so that an hour which a change
// of the clocks leaves out is never quiet, one which it repeats is quiet twice
// over, and the hours end once on every day: clocks go back before they show the
// hour at which they go back.
func inQuiet(h chat.Hours, loc *time.Location, t time.Time) bool {
	hour := t.In(loc).Hour()
	if h.From <= h.To {
		return h.From <= hour && hour < h.To
	}
	return hour >= h.From || hour < h.To
}
