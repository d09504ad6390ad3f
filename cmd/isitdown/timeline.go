package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/route"
)

// coverLog notes when other routes begin to stand in for prefixes.
type coverLog struct {
	known   map[netip.Prefix]netip.Prefix
	moments []chat.Moment
}

func (c *coverLog) note(v *checks.Verdict) {
	known := map[netip.Prefix]netip.Prefix{}
	var texts []string
	for _, p := range v.Prefixes {
		if len(p.CoveredBy) == 0 {
			continue
		}
		by := p.CoveredBy[0]
		known[p.Prefix] = by.Prefix
		if c.known[p.Prefix] != by.Prefix {
			texts = append(texts, coverText(p.Prefix, by))
		}
	}
	c.known = known
	if len(texts) > 0 && len(c.moments) < bot.MaxTimeline {
		c.moments = append(c.moments, chat.Moment{
			At: v.At, State: v.State, IPv4: v.IPv4.Prefixes, IPv6: v.IPv6.Prefixes, Note: firstFew(texts),
		})
	}
}

func coverText(p netip.Prefix, by checks.Cover) string {
	text := fmt.Sprintf("%s covered by %s", p, by.Prefix)
	switch {
	case by.Origin != 0 && by.Prefix == p:
		text = p.String() + " announced by " + by.Origin.String() + " instead"
	case by.Origin != 0:
		text += " of " + by.Origin.String()
	}
	if by.Upstream != 0 {
		text += " through " + by.Upstream.String()
	}
	return text
}

// spell is an unstable spell: its losses are counted, not listed. The end is
// zero while it lasts.
type spell struct {
	id         string
	start, end time.Time
}

func noteSpell(list []spell, i bot.Incident) []spell {
	if i.ID == "" || i.Kind != chat.Unstable {
		return list
	}
	now := spell{i.ID, i.Onset.After, i.ResolvedAt}
	if at := slices.IndexFunc(list, func(s spell) bool { return s.id == i.ID }); at >= 0 {
		list[at] = now
		return list
	}
	return append(list, now)
}

func (s spell) holds(t time.Time) bool {
	return !t.Before(s.start) && (s.end.IsZero() || t.Before(s.end))
}

// timeline adds to what was seen the covering routes, and the bursts of route
// changes that left no trace in it. What belongs to an unstable spell is left to
// its counter.
func timeline(moments, covers []chat.Moment, episodes []route.Episode, spells []spell) []chat.Moment {
	list := slices.Clone(moments)
	counted := func(t time.Time) bool {
		return slices.ContainsFunc(spells, func(s spell) bool { return s.holds(t) })
	}
	for _, m := range covers {
		if !counted(m.At) {
			list = append(list, m)
		}
	}
	for _, e := range episodes {
		if counted(e.From) || leftTrace(moments, e) {
			continue
		}
		m := chat.Moment{At: e.From, Note: episodeText(e)}
		for _, before := range moments {
			if !before.At.After(e.From) {
				m.State, m.IPv4, m.IPv6 = before.State, before.IPv4, before.IPv6
			}
		}
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b chat.Moment) int { return a.At.Compare(b.At) })
	return list
}

// leftTrace reports whether the state changed while an episode went on or
// settled, so that the timeline shows it already.
func leftTrace(moments []chat.Moment, e route.Episode) bool {
	for i, m := range moments {
		if i > 0 && m.State != moments[i-1].State && !m.At.Before(e.From) && m.At.Before(e.To.Add(2*time.Minute)) {
			return true
		}
	}
	return false
}

// mostNamed is how many things of a kind a line names.
const mostNamed = 3

func episodeText(e route.Episode) string {
	names := make([]string, 0, len(e.Prefixes))
	for _, p := range e.Prefixes {
		names = append(names, p.String())
	}
	return fmt.Sprintf("%s: %s at %s until %s, %s", firstFew(names),
		counted(e.Announcements+e.Withdrawals, "route change"), counted(e.Peers, "vantage point"),
		e.To.UTC().Format(time.TimeOnly), counted(e.Withdrawals, "withdrawal"))
}

// firstFew joins the first of a list and counts the rest.
func firstFew(list []string) string {
	text := strings.Join(list[:min(len(list), mostNamed)], ", ")
	if more := len(list) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
