package bot

import (
	"slices"
	"strings"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// before and after the incident, a picture shows this much.
const chartMargin = time.Hour

// chartOf gives the history of an incident as a life remembers it, up to now; nil
// where there is nothing that a line could show. IPv4 is shown, or IPv6 where the
// target has no other; of an incident whose routes stayed, the hosts that answered.
func chartOf(l *Life, i *Incident, n chat.Notice) *chart.Data {
	counts, unit := func(m *chat.Moment) checks.Count { return m.IPv4 }, "IPv4 prefixes"
	what := "visible " + unit
	switch {
	case i.Answers.Silent() && !i.Routes:
		counts, unit = func(m *chat.Moment) checks.Count { return m.Answers.Hosts }, "hosts"
		what = "usual hosts that answer"
	case i.IPv4.Prefixes.Of == 0:
		counts, unit = func(m *chat.Moment) checks.Count { return m.IPv6 }, "IPv6 prefixes"
		what = "visible " + unit
	}
	onset := chat.Point(i.Onset)
	if onset.IsZero() || len(l.Timeline) == 0 {
		return nil
	}
	d := &chart.Data{
		Title: chat.Subject(n.Verdict.Target, n.Verdict.Name) + ": " + what, Unit: unit,
		From: onset.Add(-chartMargin), To: n.Verdict.At,
		Bands:   []chart.Band{{Start: onset, End: chat.Point(i.End)}},
		Caveats: n.Caveats,
	}
	if i.Kind == chat.Unstable {
		d.Bands = nil // it is a spell, and drawn as one
	}
	d.Spells = uncounted(l.Timeline, i)
	for _, m := range l.Timeline {
		for _, s := range d.Spells { // what is listed after a spell is so from its end on
			if last := len(d.Steps) - 1; last >= 0 && m.At.After(s.End) && d.Steps[last].At.Before(s.End) {
				m.At = s.End
			}
		}
		c := counts(&m)
		d.Steps = append(d.Steps, chart.Step{
			At: m.At, Seen: c.Seen, Of: c.Of, Known: m.State != checks.Unknown && c.Of > 0,
		})
	}
	d.Steps = stepsFrom(d.Steps, d.From)
	if first := d.Steps[0].At; first.After(d.From) {
		d.From = first
	}
	counted := slices.ContainsFunc(d.Steps, func(s chart.Step) bool { return s.Of > 0 })
	if !d.From.Before(d.To) || !counted { // a service that fails has nothing to be counted
		return nil
	}
	return d
}

// uncounted gives the times in which losses were counted and not listed one by one:
// from where an unstable spell opened to the next moment listed, or to when the
// incident began or ended before that.
func uncounted(list []chat.Moment, i *Incident) []chart.Band {
	var spells []chart.Band
	for n, m := range list {
		if !strings.Contains(m.Note, " opened ("+chat.Unstable.String()+")") {
			continue
		}
		b := chart.Band{Start: m.At}
		if n+1 < len(list) {
			b.End = list[n+1].At
		}
		for _, t := range []time.Time{chat.Point(i.Onset), chat.Point(i.End)} {
			if t.After(b.Start) && (b.End.IsZero() || t.Before(b.End)) {
				b.End = t
			}
		}
		spells = append(spells, b)
	}
	return spells
}

// Chart gives the history of an incident as a life remembers it, for a picture; nil
// where there is nothing that a line could show.
func Chart(l Life, i Incident, n chat.Notice) *chart.Data { return chartOf(&l, &i, n) }

// stepsFrom drops the steps that are over before from, and lets the one that lasts
// begin there.
func stepsFrom(steps []chart.Step, from time.Time) []chart.Step {
	for len(steps) > 1 && !steps[1].At.After(from) {
		steps = steps[1:]
	}
	if steps[0].At.Before(from) {
		steps[0].At = from
	}
	return steps
}
