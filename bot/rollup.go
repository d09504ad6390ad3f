package bot

import (
	"slices"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Roll-up: a country speaks for its networks, and a network for its prefixes. In
// a channel that was told of the wider incident, the narrower one is part of it.
// That goes for one and the same event only: a network that goes down weeks after
// its country became degraded is news of its own.

// holder gives the incident that speaks for i in a channel; "" for none.
func (p *plan) holder(s *scene, i *Incident) string {
	for _, wide := range p.wider(i.Target) {
		first := "" // by ID, whatever the order of the map
		for id, t := range s.threads {
			if s.targets[id] != wide || t.Closed || t.Within != "" || t.Told == 0 || first != "" && id > first {
				continue // a mute or quiet hours of the one are not the other's
			}
			if c, ok := p.fresh(id); ok && p.sameEvent(&c, i) {
				first = id
			}
		}
		if first != "" {
			return first
		}
	}
	return ""
}

// wider gives what holds t, the widest first.
func (p *plan) wider(t checks.Target) []checks.Target {
	if p.within == nil {
		return nil
	}
	return p.within(t)
}

// sameEvent reports whether the narrow incident can be a part of the wide one: all
// of the wide target is down, or the two began at about the same time.
func (p *plan) sameEvent(wide *Change, narrow *Incident) bool {
	if wide.Verdict.State == checks.Down || wide.Incident.Worst == checks.Down && wide.Incident.Stage == Open {
		return true
	}
	apart := chat.Point(narrow.Onset).Sub(chat.Point(wide.Incident.Onset)).Abs()
	return apart <= p.policy.Reopen
}

// inside takes in a change of an incident that another speaks for, and reports
// whether that one still does. The root that there may be from before is kept up
// to date at its end.
func (p *plan) inside(s *scene, t *Thread, c *Change) bool {
	holder := s.threads[t.Within]
	over := c.Kind == chat.Resolved
	speaks := holder != nil && !holder.Closed
	if !speaks && !over && c.Incident.Stage == Open && !c.Quiet {
		return false // the wider incident is over, this one goes on
	}
	sub, _ := p.subscription(s.channel, c.Incident.Target)
	if over && t.Told > 0 && sub.Suspended == "" {
		m := p.message(c, &sub)
		m.Parts = append(m.Parts, p.corrected(c)...)
		p.deliver(t, c, Edit, "", m)
		t.Told = c.Incident.Revision
	}
	t.Held, t.Later, t.Closed = 0, nil, over
	return true
}

// takeOver ends the telling of the narrower incidents that the one in c, new in
// the channel, speaks for from now on.
func (p *plan) takeOver(s *scene, sub *Subscription, c *Change) {
	if c.Kind == chat.Resolved {
		return
	}
	for _, id := range sortedKeys(s.threads) {
		t := s.threads[id]
		if t.Closed || t.Within != "" || id == c.Incident.ID || t.Told == 0 && t.Held == 0 {
			continue
		}
		target := s.targets[id]
		if !slices.Contains(p.wider(target), c.Verdict.Target) {
			continue
		}
		narrow, ok := p.fresh(id)
		if !ok || !p.sameEvent(c, &narrow.Incident) {
			continue
		}
		t.Within, t.Held, t.Later = c.Incident.ID, 0, nil
		s.keep(t)
		if t.Told == 0 {
			continue
		}
		own, ok := p.subscription(s.channel, target)
		if ok && p.hold(s, &own, &narrow.Incident) == holdNone {
			head := p.message(c, sub).Headline
			p.deliver(t, &narrow, Reply, "/within-"+t.Within, goesOn(id, t.Within, head))
		}
		p.goOn(&own, t, &narrow)
	}
}

// goOn shows in the root where an incident goes on from now on.
func (p *plan) goOn(sub *Subscription, t *Thread, c *Change) {
	if sub.Suspended != "" {
		return
	}
	m := p.message(c, sub)
	m.Parts = append([]chat.Part{{Text: "This goes on in " + t.Within + "."}}, m.Parts...)
	p.deliver(t, c, Edit, "/within-"+t.Within, m)
	t.Told = max(t.Told, c.Incident.Revision)
}

// surface tells of the narrower incidents that last longer than what spoke for
// them. One that is recovering already has been told of well enough.
func (p *plan) surface() {
	for _, s := range p.scenes {
		for _, id := range sortedKeys(s.threads) {
			t := s.threads[id]
			if t.Within == "" || t.Closed {
				continue
			}
			if holder := s.threads[t.Within]; holder != nil && !holder.Closed {
				continue
			}
			sub, subscribed := p.subscription(s.channel, s.targets[id])
			c, ok := p.fresh(id)
			if !subscribed || !ok || c.Incident.Stage != Open || c.Incident.Worst < least(sub.Level) {
				continue
			}
			t.Within = p.holder(s, &c.Incident)
			s.keep(t)
			if t.Within == "" {
				t.Held = max(1, c.Incident.Revision)
			}
		}
	}
}

// goesOn is the one reply that a thread gets when a wider incident takes over.
func goesOn(narrow, wide, headline string) chat.Message {
	return chat.Message{
		Headline: narrow + " goes on in " + wide,
		Parts: []chat.Part{
			{Text: "It is part of a wider loss: " + headline + "."},
			{Text: "Nothing more is posted here unless it outlasts " + wide + "."},
		},
		Footer: narrow,
	}
}
