package bot

import (
	"testing"
	"time"

	"isitdown/bot/chat"
)

// Quiet hours are those that the clocks on the wall show, also on the days on
// which they are changed.
func TestQuietHours(t *testing.T) {
	for _, tt := range []struct {
		name       string
		hours      chat.Hours
		zone       string
		from, to   string // UTC
		start, end string // of the one quiet span in between; "" for none
	}{
		{"none", chat.Hours{}, "Asia/Seoul", "2014-12-22T00:00Z", "2014-12-23T00:00Z", "", ""},
		{"over midnight", chat.Hours{From: 22, To: 7}, "Asia/Seoul", "2014-12-22T08:00Z", "2014-12-23T08:00Z", "2014-12-22T13:00Z", "2014-12-22T22:00Z"},
		{"within a day", chat.Hours{From: 9, To: 17}, "UTC", "2014-12-22T00:00Z", "2014-12-23T00:00Z", "2014-12-22T09:00Z", "2014-12-22T17:00Z"},
		{"no zone is UTC", chat.Hours{From: 9, To: 10}, "", "2014-12-22T00:00Z", "2014-12-23T00:00Z", "2014-12-22T09:00Z", "2014-12-22T10:00Z"},
		{"half an hour off", chat.Hours{From: 22, To: 7}, "Asia/Kolkata", "2014-12-22T12:00Z", "2014-12-23T12:00Z", "2014-12-22T16:30Z", "2014-12-23T01:30Z"},
		{"to an hour left out", chat.Hours{From: 22, To: 2}, "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T12:00Z", "2026-03-28T21:00Z", "2026-03-29T01:00Z"},
		{"an hour left out", chat.Hours{From: 2, To: 3}, "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T12:00Z", "", ""},
		{"from an hour left out", chat.Hours{From: 2, To: 7}, "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T12:00Z", "2026-03-29T01:00Z", "2026-03-29T05:00Z"},
		{"an hour repeated", chat.Hours{From: 22, To: 7}, "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T12:00Z", "2026-10-24T20:00Z", "2026-10-25T06:00Z"},
		{"to an hour repeated", chat.Hours{From: 22, To: 2}, "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T12:00Z", "2026-10-24T20:00Z", "2026-10-25T00:00Z"},
		{"to the end of an hour repeated", chat.Hours{From: 22, To: 3}, "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T12:00Z", "2026-10-24T20:00Z", "2026-10-25T02:00Z"},
		{"clocks go back at midnight", chat.Hours{From: 22, To: 0}, "America/Havana", "2026-10-31T12:00Z", "2026-11-01T12:00Z", "2026-11-01T02:00Z", "2026-11-01T04:00Z"},
		{"clocks go back into the last quiet hour", chat.Hours{From: 22, To: 1}, "America/Havana", "2026-10-31T12:00Z", "2026-11-01T12:00Z", "2026-11-01T02:00Z", "2026-11-01T06:00Z"},
		{"half an hour of change", chat.Hours{From: 22, To: 2}, "Australia/Lord_Howe", "2026-04-04T06:00Z", "2026-04-05T06:00Z", "2026-04-04T11:00Z", "2026-04-04T15:30Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loc := location(tt.zone)
			var starts, ends []string
			was := false
			for at := moment(t, tt.from); !at.After(moment(t, tt.to)); at = at.Add(time.Minute) {
				quiet := inQuiet(tt.hours, loc, at)
				if quiet && !was {
					starts = append(starts, at.Format("2006-01-02T15:04Z"))
				}
				if !quiet && was {
					ends = append(ends, at.Format("2006-01-02T15:04Z"))
				}
				was = quiet
			}
			if tt.start == "" && len(starts)+len(ends) == 0 {
				return
			}
			if len(starts) != 1 || starts[0] != tt.start || len(ends) != 1 || ends[0] != tt.end {
				t.Errorf("quiet from %v to %v, want once, from %s to %s", starts, ends, tt.start, tt.end)
			}
		})
	}
}

// moment reads a time of a table.
func moment(t *testing.T, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse("2006-01-02T15:04Z07:00", text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}
