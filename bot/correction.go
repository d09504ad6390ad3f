package bot

import (
	"time"

	"isitdown/bot/chat"
)

// corrections gives what was told of an incident and does not hold any more, each
// with the old figure and the new one. What got worse, longer or more is news and
// no correction.
func corrections(was, is *Incident) []string {
	if was.ID != is.ID || was.ID == "" {
		return nil
	}
	var list []string
	if a, b := chat.Point(was.Onset), chat.Point(is.Onset); !a.IsZero() && !b.IsZero() && !sameMinute(a, b) {
		list = append(list, "It was said to have begun at "+minute(a)+"; it began at "+minute(b)+".")
	}
	if was.Changes > is.Changes {
		text := "It was said to have been lost " + number(was.Changes) + " times; " + number(is.Changes) + " belong to it."
		if is.FollowedBy != "" {
			text += " The last loss became " + is.FollowedBy + "."
		}
		list = append(list, text)
	}
	return list
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
