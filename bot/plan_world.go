package bot

import (
	"cmp"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Whoever subscribed to the world named none of its targets, and hundreds of networks may
// go with one upstream. So what a channel gets because of it is bounded: countries before
// networks, and what lost most before the rest, have messages of their own, at most
// worldRoots new ones an hour. More than worldAlone networks at once, and what there is no
// room for, are told together in one message, which is edited as they end.
const (
	worldRoots = 12
	worldAlone = 3
	worldHour  = time.Hour
	// worldSpell is how far apart the first losses of what is told together may be for
	// another loss to belong to it.
	worldSpell = 15 * time.Minute
	// worldEdit is how often a message about several is edited at most.
	worldEdit = 10 * time.Minute
)

// arrival is an incident that a channel is to be told of for the first time.
type arrival struct {
	thread *Thread
	sub    Subscription
	change Change
	suffix string // of the key of its delivery
}

// message gives a change as a message for a subscription.
func (p *plan) message(c *Change, sub *Subscription) chat.Message {
	m := p.compose(c.Notice(), sub.Zone)
	if sub.Target == checks.Worldwide() {
		m = m.Worldwide()
	}
	return m
}

// arrives reports whether an incident has to wait until it is known how many there are to
// tell a channel of.
func (p *plan) arrives(s *scene, sub *Subscription, t *Thread, c *Change, suffix string) bool {
	switch {
	case sub.Target != checks.Worldwide():
		return false
	case c.Kind != chat.Resolved:
		a := arrival{t, *sub, *c, suffix}
		if i := slices.IndexFunc(s.arrived, func(o arrival) bool { return o.thread == t }); i >= 0 {
			s.arrived[i] = a
		} else {
			s.arrived = append(s.arrived, a)
		}
		return true
	case p.room(s) > 0:
		s.rooted = append(s.rooted, p.now)
		return false
	}
	t.Held, t.Later, t.Closed = 0, nil, true // over before there was room for it; a digest has it
	s.keep(t)
	return true
}

// room is how many new messages a channel may get of the world at present.
func (p *plan) room(s *scene) int {
	if s.rooted == nil {
		s.rooted = []time.Time{}
		for _, t := range p.roots[s.channel] {
			if p.now.Sub(t) < worldHour {
				s.rooted = append(s.rooted, t)
			}
		}
	}
	return worldRoots - len(s.rooted)
}

// arrivals tells of what has arrived, and brings what is told together up to date.
func (p *plan) arrivals() {
	for _, s := range p.scenes {
		p.arrive(s)
		for _, id := range sortedKeys(s.threads) {
			if t := s.threads[id]; s.targets[id] == checks.Worldwide() && !t.Closed {
				p.recount(s, t)
			}
		}
	}
}

// arrive tells one channel of what has arrived there.
func (p *plan) arrive(s *scene) {
	slices.SortStableFunc(s.arrived, func(a, b arrival) int {
		x, y := &a.change.Verdict, &b.change.Verdict
		return cmp.Or(cmp.Compare(x.Target.Kind(), y.Target.Kind()), cmp.Compare(y.State, x.State),
			cmp.Compare(missing(y), missing(x)), cmp.Compare(a.thread.Incident, b.thread.Incident))
	})
	var rest []arrival
	for _, a := range s.arrived {
		t, in := a.thread, &a.change.Incident
		s.keep(t)
		t.Held, t.Later, t.Closed = 0, nil, false
		switch t.Within = p.holder(s, in); {
		case t.Within != "":
		case in.Target.Kind() == checks.KindCountry && p.room(s) > 0:
			p.tellAlone(s, &a)
		default:
			rest = append(rest, a)
		}
	}
	gathering := p.gathering(s)
	var apart, joined []arrival
	for _, a := range rest {
		onset := chat.Point(a.change.Incident.Onset)
		if gathering != nil && onset.Sub(gathering.Onset.Half).Abs() <= worldSpell {
			joined = append(joined, a)
		} else {
			apart = append(apart, a)
		}
	}
	if len(apart) <= worldAlone {
		n := min(len(apart), max(0, p.room(s)))
		for i := range apart[:n] {
			p.tellAlone(s, &apart[i])
		}
		apart = apart[n:]
	}
	if p.room(s) <= 0 && gathering != nil {
		joined, apart = append(joined, apart...), nil
	}
	if len(joined) > 0 {
		p.gather(s, gathering, joined)
	}
	if len(apart) > 0 {
		p.gather(s, nil, apart)
	}
	s.arrived = nil
}

// missing is how many IPv4 addresses a target has lost, or where it has none IPv6 prefixes.
func missing(v *checks.Verdict) uint64 {
	lost := func(c checks.Count) uint64 { return c.Of - min(c.Seen, c.Of) }
	return cmp.Or(lost(v.IPv4.Addresses), lost(v.IPv6.Prefixes))
}

// tellAlone gives an incident a message of its own.
func (p *plan) tellAlone(s *scene, a *arrival) {
	t, c := a.thread, &a.change
	p.root(t, c, p.message(c, &a.sub), a.suffix)
	p.takeOver(s, &a.sub, c)
	t.Told = max(1, c.Incident.Revision)
	p.room(s)
	s.rooted = append(s.rooted, p.now)
}
