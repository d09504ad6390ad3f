package bot

import (
	"cmp"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// gathering gives what is told together in a channel and may still be joined; nil for
// nothing.
func (p *plan) gathering(s *scene) *Incident {
	var young *Thread
	for id, t := range s.threads {
		if s.targets[id] == checks.Worldwide() && !t.Closed && p.now.Sub(t.Begun) < worldHour && (young == nil || t.Begun.After(young.Begun)) {
			young = t
		}
	}
	if young == nil {
		return nil
	}
	in := p.before(young.Incident)
	if in.ID == "" {
		return nil
	}
	return &in
}

// gather tells of several incidents in one message: in a new one, or in the one that
// there is.
func (p *plan) gather(s *scene, in *Incident, list []arrival) {
	fresh := in == nil
	if fresh {
		in = &Incident{ID: p.numbered(p.now), Target: checks.Worldwide(), Stage: Open}
		p.room(s)
		s.rooted = append(s.rooted, p.now)
	}
	for i := range list {
		c := &list[i].change.Incident
		list[i].thread.Within = in.ID
		in.Worst = max(in.Worst, c.Worst)
		if onset := chat.Point(c.Onset); in.Onset.Half.IsZero() || !onset.IsZero() && onset.Before(in.Onset.Half) {
			in.Onset.Half = onset
		}
	}
	t := s.thread(in)
	if fresh {
		t.Begun = p.now
	}
	m := p.together(s, in, &list[0].sub, list)
	c := Change{At: p.now, Incident: *in}
	if fresh {
		p.deliver(t, &c, Root, "", m)
	} else {
		p.deliver(t, &c, Reply, "", m)
		p.deliver(t, &c, Edit, "", m)
	}
	p.keepGathered(s, t, in)
}

// recount brings a message about several up to date, if enough time has passed, and says
// when all of them are over.
func (p *plan) recount(s *scene, t *Thread) {
	if slices.ContainsFunc(p.gathered, func(i Incident) bool { return i.ID == t.Incident }) {
		return
	}
	sub, ok := p.subscription(s.channel, checks.Worldwide())
	in := p.before(t.Incident)
	if !ok || in.ID == "" || sub.Suspended != "" {
		return
	}
	open := 0
	for _, o := range s.threads {
		if o.Within == t.Incident && !o.Closed {
			open++
		}
	}
	quiet := sub.Quiet != (chat.Hours{}) && inQuiet(sub.Quiet, location(sub.Zone), p.now)
	switch {
	case open == 0 && quiet:
		return // it is said when they end
	case open == 0:
		in.Stage, in.ResolvedAt = Resolved, p.now
	case open == in.told.now.count || p.now.Sub(in.told.at) < worldEdit:
		return
	}
	m := p.together(s, &in, &sub, nil)
	c := Change{At: p.now, Incident: in}
	if open == 0 {
		p.deliver(t, &c, Announce, "", m)
		t.Closed = true
	}
	p.deliver(t, &c, Edit, "", m)
	p.keepGathered(s, t, &in)
}

// keepGathered notes what was told of several.
func (p *plan) keepGathered(s *scene, t *Thread, in *Incident) {
	t.Told, t.Held, t.Later = in.Revision, 0, nil
	s.keep(t)
	p.gathered = append(p.gathered, *in)
}

// together writes the message about several, and counts the telling of it.
func (p *plan) together(s *scene, in *Incident, sub *Subscription, arrived []arrival) chat.Message {
	in.Revision++
	g := chat.Together{ID: in.ID, Revision: in.Revision, At: p.now, Onset: in.Onset.Half, Hourly: worldRoots}
	shared := map[checks.ASN]*chat.Shared{}
	var last time.Time
	for _, i := range p.gatheredIn(s, in.ID, arrived) {
		if i.Target.Kind() == checks.KindCountry {
			g.Countries++
		} else {
			g.Networks++
		}
		for _, u := range i.Before {
			if u.ShareBefore > 0.5 {
				if shared[u.ASN] == nil {
					shared[u.ASN] = &chat.Shared{Upstream: u}
				}
				shared[u.ASN].Of++
			}
		}
		if c, ok := p.fresh(i.ID); ok {
			v := &c.Verdict
			g.Lasting = append(g.Lasting, chat.Episode{
				Subject: p.name(i.Target), Incident: i.said(c.WatchUntil),
				State: v.State, IPv4: v.IPv4.Prefixes, IPv6: v.IPv6.Prefixes, Answers: chat.AnswersOf(v),
			})
		} else if i.Live() {
			g.Lasting = append(g.Lasting, chat.Episode{Subject: p.name(i.Target), Incident: i.said(time.Time{})})
		} else {
			last = later(last, chat.Point(i.End))
		}
	}
	if len(g.Lasting) == 0 {
		g.End, in.End.Half = last, last
	}
	for _, u := range shared {
		if u.Of > 1 {
			g.Upstreams = append(g.Upstreams, *u)
		}
	}
	in.Changes = g.Countries + g.Networks
	in.told.now, in.told.at = words{state: in.Worst, count: len(g.Lasting)}, p.now
	g.Caveats = p.caveats
	return g.Message()
}

// gatheredIn gives the incidents that are told together, as they are now: what is down
// and what lost most first.
func (p *plan) gatheredIn(s *scene, id string, arrived []arrival) []Incident {
	found := map[string]Incident{}
	for _, i := range p.members(s.channel, id) {
		found[i.ID] = i
	}
	for _, a := range arrived {
		found[a.change.Incident.ID] = a.change.Incident
	}
	for _, k := range sortedKeys(found) {
		if c, ok := p.latest[k]; ok {
			found[k] = c
		}
	}
	list := make([]Incident, 0, len(found))
	for _, k := range sortedKeys(found) {
		list = append(list, found[k])
	}
	slices.SortStableFunc(list, func(a, b Incident) int {
		lost := func(i *Incident) uint64 { return i.IPv4.Addresses.Of - min(i.IPv4.Addresses.Seen, i.IPv4.Addresses.Of) }
		return cmp.Or(cmp.Compare(a.Target.Kind(), b.Target.Kind()), cmp.Compare(b.Worst, a.Worst), cmp.Compare(lost(&b), lost(&a)))
	})
	return list
}
