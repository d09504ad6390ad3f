package bot

import (
	"cmp"
	"slices"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// listedIncident is an incident as a list has it, with what tells whether another
// speaks for it.
type listedIncident struct {
	chat.Episode
	incident Incident
}

// fold gives the incidents of a list as a channel was told of them: those that a
// wider one speaks for are named with it, and not counted as outages of their own.
func (b *Bot) fold(list []listedIncident) []chat.Episode {
	slices.SortStableFunc(list, func(a, b listedIncident) int { // the widest of one event first
		return cmp.Or(chat.Point(a.incident.Onset).Compare(chat.Point(b.incident.Onset)),
			cmp.Compare(width(a.incident.Target), width(b.incident.Target)))
	})
	folded := make([]bool, len(list))
	for i := range list {
		if at := b.speaker(list, i); at >= 0 {
			folded[i] = true
			list[at].Inside = append(list[at].Inside, list[i].Subject)
		}
	}
	var out []chat.Episode
	for i := range list {
		if !folded[i] {
			out = append(out, list[i].Episode)
		}
	}
	return out
}

// speaker gives the place of the widest incident in a list that speaks for the one
// at i; -1 for none.
func (b *Bot) speaker(list []listedIncident, i int) int {
	if b.c.Within == nil {
		return -1
	}
	for _, wide := range b.c.Within(list[i].incident.Target) {
		at := slices.IndexFunc(list, func(o listedIncident) bool {
			return o.incident.Target == wide && wide != list[i].incident.Target && b.speaksFor(&o.incident, &list[i].incident)
		})
		if at >= 0 {
			return at
		}
	}
	return -1
}

// speaksFor reports whether the narrow incident was one event with the wide one,
// from about its beginning to about its end: the rule of roll-up, looked at
// afterwards.
func (b *Bot) speaksFor(wide, narrow *Incident) bool {
	if wide.Kind != narrow.Kind {
		return false
	}
	began, end := chat.Point(wide.Onset), chat.Point(wide.End)
	from, over := chat.Point(narrow.Onset), chat.Point(narrow.End)
	switch {
	case !end.IsZero() && (over.IsZero() || over.Sub(end) > b.c.Policy.Reopen):
		return false // it outlasts the wider one, and is told of by itself
	case !end.IsZero() && !from.Before(end):
		return false
	case from.Sub(began).Abs() <= b.c.Policy.Reopen:
		return true
	}
	return wide.Worst == checks.Down && from.After(began)
}
