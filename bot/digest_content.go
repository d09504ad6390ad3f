package bot

import (
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// digest gathers what happened in a window to what a channel is subscribed to.
func (b *Bot) digest(tx *Tx, p *DigestPlan, subs []Subscription, from, to, now time.Time) (chat.Digest, error) {
	d := chat.Digest{From: from, To: to, Zone: location(p.Zone)}
	var unseen [][]chat.Blind // one list a target
	var quiet []int           // of those without an outage, where in unseen they are
	var outages, unstable []listedIncident
	worldAt := 0
	for _, s := range subs {
		life, err := b.lifeOf(tx, s.Target)
		if err != nil {
			return d, err
		}
		unseen = append(unseen, unseenIn(&life, from, to, now))
		if s.Target == checks.Worldwide() {
			world, err := b.digestWorld(tx, &d, &s, subs, from, to)
			if err != nil {
				return d, err
			}
			d.World, worldAt = world, len(unseen)-1
			continue
		}
		list, err := b.digestTarget(tx, &d, &s, from, to)
		if err != nil {
			return d, err
		}
		for _, l := range list {
			if l.incident.Kind == chat.Unstable {
				unstable = append(unstable, l)
			} else {
				outages = append(outages, l)
			}
		}
		if len(list) == 0 {
			quiet = append(quiet, len(unseen)-1)
			d.NoOutage = append(d.NoOutage, chat.Watched{Subject: b.name(s.Target)})
		}
		for _, c := range b.caveats(s.Target) {
			if !slices.Contains(d.Caveats, c) {
				d.Caveats = append(d.Caveats, c)
			}
		}
	}
	d.Outages, d.Unstable = b.fold(outages), b.fold(unstable)
	d.Blind = common(unseen)
	for i, at := range quiet {
		d.NoOutage[i].Unknown = length(unseen[at]) - length(d.Blind)
	}
	if d.World != nil {
		d.World.Unknown = length(unseen[worldAt]) - length(d.Blind)
	}
	slices.SortStableFunc(d.Notes, func(a, b chat.Note) int { return a.At.Compare(b.At) })
	return d, nil
}

// lifeOf gives the life of a target, as it goes on or as it was kept.
func (b *Bot) lifeOf(tx *Tx, t checks.Target) (Life, error) {
	if st := b.standing[t]; st != nil {
		return st.life, nil
	}
	l, _, err := tx.Life(t)
	return l, err
}

// digestTarget gives the incidents of one target that were open in the window, and
// adds what people said in it.
func (b *Bot) digestTarget(tx *Tx, d *chat.Digest, s *Subscription, from, to time.Time) (list []listedIncident, err error) {
	all, err := tx.IncidentsOf(s.Target)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		l, listed, err := b.digestIncident(tx, d, s, &i, from, to)
		if err != nil {
			return nil, err
		}
		if listed {
			list = append(list, l)
		}
	}
	return list, nil
}

// digestIncident gives an incident as a digest lists it, if it was open in the window, and
// adds what people said of it then.
func (b *Bot) digestIncident(
	tx *Tx, d *chat.Digest, s *Subscription, i *Incident, from, to time.Time,
) (l listedIncident, listed bool, err error) {
	if over := i.ResolvedAt; !over.IsZero() && over.Before(from.Add(-latelyFor)) {
		return l, false, nil // nobody speaks of it any more
	}
	notes, err := tx.Notes(s.Channel, i.ID)
	if err != nil {
		return l, false, err
	}
	for _, note := range notes {
		if !note.At.Before(from) && note.At.Before(to) {
			note.Incident = i.ID
			d.Notes = append(d.Notes, note)
		}
	}
	end := chat.Point(i.End)
	if i.Worst < least(s.Level) || !chat.Point(i.Onset).Before(to) || !end.IsZero() && end.Before(from) {
		return l, false, nil
	}
	e := chat.Episode{Subject: b.name(i.Target), Incident: i.said(time.Time{})}
	if st := b.standing[i.Target]; st != nil {
		if now, ok := st.life.incident(i.ID); ok && now.Live() {
			e = b.episode(st, now)
		}
	}
	return listedIncident{e, *i}, true, nil
}

// unseenIn gives the times in a window in which nothing was known of a target, in
// order.
func unseenIn(l *Life, from, to, now time.Time) []chat.Blind {
	var list []chat.Blind
	add := func(a, b time.Time, why string) {
		if a.Before(from) {
			a = from
		}
		if b.After(to) {
			b = to
		}
		if b.After(a) {
			list = append(list, chat.Blind{From: a, To: b, Why: why})
		}
	}
	if len(l.Timeline) == 0 {
		add(from, to, "not watched")
		return list
	}
	if l.Dropped == 0 { // else it was watched, and what was seen has been forgotten
		add(from, l.Timeline[0].At, "not watched yet")
	}
	for i, m := range l.Timeline {
		if m.State != checks.Unknown {
			continue
		}
		end := to
		if i+1 < len(l.Timeline) {
			end = l.Timeline[i+1].At
		}
		why := "no routing data that says enough"
		if seesRoutes(l.Target, &m) {
			why = "no probes that say enough"
		}
		if m.Note == pausedNote {
			why = "not watched"
		}
		add(m.At, end, why)
	}
	// What nobody has looked at lately is not known either.
	if now.Sub(l.At) > longPause {
		add(l.At, to, "not watched")
	}
	return list
}

// seesRoutes reports whether routes are not what was missing in a moment of which nothing
// was known: all of them were seen, or the target has none.
func seesRoutes(t checks.Target, m *chat.Moment) bool {
	if k := t.Kind(); k == checks.KindHost || k == checks.KindURL {
		return true
	}
	return m.IPv4.Of+m.IPv6.Of > 0 && m.IPv4.Seen == m.IPv4.Of && m.IPv6.Seen == m.IPv6.Of
}

// common gives the times that are in all of the lists.
func common(lists [][]chat.Blind) []chat.Blind {
	if len(lists) == 0 {
		return nil
	}
	all := lists[0]
	for _, other := range lists[1:] {
		var both []chat.Blind
		for _, a := range all {
			for _, b := range other {
				x := chat.Blind{From: later(a.From, b.From), To: sooner(a.To, b.To), Why: a.Why}
				if x.To.After(x.From) {
					both = append(both, x)
				}
			}
		}
		all = both
	}
	return all
}

// length adds up spans that do not overlap.
func length(list []chat.Blind) (sum time.Duration) {
	for _, b := range list {
		sum += b.To.Sub(b.From)
	}
	return sum
}
