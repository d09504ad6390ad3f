package bot

import (
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// figures are what a channel was told of an incident and cannot grow less true by
// what happens later.
type figures struct {
	onset      time.Time
	losses     int
	followedBy string
}

func figuresOf(i *Incident) figures {
	return figures{chat.Point(i.Onset), i.Changes, i.FollowedBy}
}

// corrections gives what was told and does not hold any more, each with the old
// figure and the new one. What got worse, longer or more is news and no
// correction.
func corrections(was, is figures) []string {
	var list []string
	if a, b := was.onset, is.onset; !a.IsZero() && !b.IsZero() && !sameMinute(a, b) {
		list = append(list, "It was said to have begun at "+minute(a)+"; it began at "+minute(b)+".")
	}
	if was.losses > is.losses {
		text := "It was said to have been lost " + number(was.losses) + " times; " + number(is.losses) + " belong to it."
		if is.followedBy != "" {
			text += " The last loss became " + is.followedBy + "."
		}
		list = append(list, text)
	}
	return list
}

// countCorrections counts those in what was told so far.
func countCorrections(told []Evidence) int {
	n := 0
	var was figures
	for _, e := range told {
		if e.Facts == nil {
			continue
		}
		is := figures{losses: e.Facts.Losses}
		if o := e.Facts.Onset; o != nil {
			is.onset = chat.Point(checks.Interval{After: timeOf(o.After), By: timeOf(o.By), Half: timeOf(o.Half)})
		}
		n += len(corrections(was, is))
		was = is
	}
	return n
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// correction is the reply that says so.
func correction(n int, incident, text string) chat.Message {
	return chat.Message{
		Headline: "Correction " + number(n) + ": " + incident,
		Parts:    []chat.Part{{Text: text}},
		Footer:   incident,
	}
}

func sameMinute(a, b time.Time) bool {
	return a.Truncate(time.Minute).Equal(b.Truncate(time.Minute))
}

func minute(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04") + " UTC" }
