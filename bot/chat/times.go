package chat

import (
	"fmt"
	"strings"
	"time"

	"isitdown/checks"
)

// wideInterval is how far apart the ends of an interval must be for the truth to
// be an interval rather than a time.
const wideInterval = 2 * time.Minute

// Point is the one time to print for an interval: when half of the vantage points
// had seen it, else by when it had happened, else after when. Zero if none of
// them is known.
func Point(i checks.Interval) time.Time {
	switch {
	case !i.Half.IsZero():
		return i.Half
	case !i.By.IsZero():
		return i.By
	}
	return i.After
}

// wide reports whether only the two ends are known, and not nearly the same.
func wide(i checks.Interval) bool {
	return i.Half.IsZero() && !i.After.IsZero() && !i.By.IsZero() && i.By.Sub(i.After) > wideInterval
}

func clock(t time.Time) string { return t.UTC().Format("15:04") + nbsp + "UTC" }

// dated writes "22 Dec 2014 16:15 UTC".
func dated(t time.Time) string { return hold(t.UTC().Format("2 Jan 2006")) + " " + clock(t) }

// fullDated writes "Mon 22 Dec 2014 16:15 UTC".
func fullDated(t time.Time) string { return t.UTC().Format("Mon") + nbsp + dated(t) }

// near writes the time alone where it is on the same day (UTC) as now.
func near(t, now time.Time) string {
	if sameDay(t.UTC(), now.UTC()) {
		return clock(t)
	}
	if t.UTC().Year() == now.UTC().Year() {
		return hold(t.UTC().Format("2 Jan")) + " " + clock(t)
	}
	return dated(t)
}

// since writes "since 22 Dec 2014 16:15 UTC" or the interval that is the truth;
// "" when nothing is known. at writes a time.
func since(i checks.Interval, at func(time.Time) string) string {
	p := Point(i)
	switch {
	case p.IsZero():
		return ""
	case wide(i):
		return "since some time between " + between(i, at)
	case i.Half.IsZero() && i.After.IsZero():
		return "since at least " + at(p)
	case i.Half.IsZero() && i.By.IsZero():
		return "since some time after " + at(p)
	}
	return "since " + at(p)
}

// between writes "16:05 and 16:15 UTC".
func between(i checks.Interval, at func(time.Time) string) string {
	from := at(i.After)
	if sameDay(i.After.UTC(), i.By.UTC()) {
		from = strings.TrimSuffix(from, nbsp+"UTC")
		return from + " and " + clock(i.By)
	}
	return from + " and " + at(i.By)
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// elapsed writes a duration as the two largest units of it. From two minutes on
// it counts between the minutes that a reader sees printed.
func elapsed(from, to time.Time) string {
	if to.Sub(from) >= wideInterval {
		from, to = from.Truncate(time.Minute), to.Truncate(time.Minute)
	}
	return span(to.Sub(from))
}

// span writes "51 s", "45 min", "9 h 31 min" or "2 days 3 h".
func span(d time.Duration) string {
	d = max(d, 0)
	minutes := int(d / time.Minute)
	hours := minutes / 60
	text := ""
	switch {
	case d < wideInterval:
		text = fmt.Sprintf("%d s", int(d/time.Second))
	case hours == 0:
		text = fmt.Sprintf("%d min", minutes)
	case hours < 48 && minutes%60 == 0:
		text = fmt.Sprintf("%d h", hours)
	case hours < 48:
		text = fmt.Sprintf("%d h %d min", hours, minutes%60)
	case hours%24 == 0:
		text = fmt.Sprintf("%d days", hours/24)
	default:
		text = fmt.Sprintf("%d days %d h", hours/24, hours%24)
	}
	return hold(text)
}

// hold keeps the words of s on one line.
func hold(s string) string { return strings.ReplaceAll(s, " ", nbsp) }

// zone is a place to write local time for.
type zone struct {
	loc  *time.Location
	name string
}

// zones gives those of the place and the channel, each once.
func (n *Notice) zones() []zone {
	var zones []zone
	if n.Place.Zone != nil {
		name := clean(n.Place.City)
		if name == "" {
			name = n.Place.Zone.String()
		}
		zones = append(zones, zone{n.Place.Zone, name})
	}
	if z := n.ChannelZone; z != nil && z != time.UTC && (len(zones) == 0 || z.String() != zones[0].loc.String()) {
		zones = append(zones, zone{z, z.String()})
	}
	return zones
}

// local writes t in the zones of the place and the channel, each with its day
// where that is another than in UTC: "Tue 23 Dec 01:15 in Pyongyang". "" when
// there is no zone to write it in.
func (n *Notice) local(t time.Time) string {
	return n.inZones(func(loc *time.Location) string { return localClock(t, loc, t.UTC()) })
}

// localSpan is local for two times: "Tue 23 Dec 01:15 - 10:46 in Pyongyang".
func (n *Notice) localSpan(from, to time.Time) string {
	return n.inZones(func(loc *time.Location) string {
		return localClock(from, loc, from.UTC()) + " - " + localClock(to, loc, from.In(loc))
	})
}

// localClock writes t as clocks in loc show it, with the day where it is not
// that of the date the reader has in mind.
func localClock(t time.Time, loc *time.Location, day time.Time) string {
	there := t.In(loc)
	if sameDay(there, day) {
		return there.Format("15:04")
	}
	return there.Format("Mon 2 Jan 15:04")
}

// inZones writes a time for each zone; zones that show the same share it.
func (n *Notice) inZones(write func(*time.Location) string) string {
	var texts, names []string
	for _, z := range n.zones() {
		text := write(z.loc)
		if len(texts) > 0 && texts[len(texts)-1] == hold(text) {
			names[len(names)-1] += " and " + z.name
			continue
		}
		texts, names = append(texts, hold(text)), append(names, z.name)
	}
	for i := range texts {
		texts[i] += nbsp + "in" + nbsp + names[i]
	}
	return strings.Join(texts, dot)
}
