package bot

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"isitdown/bot/chat"
)

// holdReason says why a channel is not told now.
type holdReason int

const (
	holdNone holdReason = iota
	holdMute
	holdQuiet
	holdWider     // what is wider is about to open, and would speak for it
	holdSuspended // nothing can be posted
)

// hold gives the reason, the one that lasts longest where there are several.
func (p *plan) hold(s *scene, sub *Subscription, i *Incident) holdReason {
	switch {
	case sub.Suspended != "":
		return holdSuspended
	case sub.Quiet != (chat.Hours{}) && inQuiet(sub.Quiet, location(sub.Zone), p.now):
		return holdQuiet
	case p.now.Before(sub.MutedUntil):
		return holdMute
	}
	if t := s.threads[i.ID]; t != nil && t.Told == 0 {
		for _, wide := range p.wider(i.Target) {
			w, ok := p.subscription(s.channel, wide)
			if ok && w.Suspended == "" && !p.now.Before(w.MutedUntil) && p.suspect(wide, p.now) {
				return holdWider
			}
		}
	}
	return holdNone
}

// keepBack takes in a change that cannot be told now. A mute and quiet hours keep
// back what would disturb; the root that is there is kept true.
func (p *plan) keepBack(sub *Subscription, t *Thread, c *Change, why holdReason) {
	t.Held, t.Later = c.Incident.Revision, nil
	if c.Kind == chat.Resolved {
		p.remember(sub, t, c)
	}
	if why == holdSuspended || t.Told == 0 {
		return
	}
	t.Told = c.Incident.Revision
	p.deliver(t, c, Edit, "", p.message(c, sub))
}

// remember keeps what is over by the time that it can be said.
func (p *plan) remember(sub *Subscription, t *Thread, c *Change) {
	m := p.message(c, sub)
	t.Later, t.LaterAt = &m, c.At
}

// release tells what was held back and need not be any longer: of each incident
// that lasts, how it stands now; of those that came and went, their end.
func (p *plan) release() {
	for _, s := range p.scenes {
		var missed []*Thread // came and went without a word
		for _, t := range s.held() {
			sub, ok := p.subscription(s.channel, s.targets[t.Incident])
			if !ok || !p.free(s, t, &sub) {
				continue
			}
			c, lasts := p.fresh(t.Incident)
			if t.Later == nil && !lasts && !p.gone(t.Incident, s.targets[t.Incident]) {
				continue // it is about to be assessed
			}
			s.keep(t)
			switch {
			case t.Later == nil && lasts:
				p.catchUp(s, &sub, t, &c)
			case t.Later == nil:
				t.Held, t.Closed = 0, true // nobody knows it any more
			case t.Told == 0:
				missed = append(missed, t)
			default:
				p.tellLater(t)
			}
		}
		p.tellMissed(s, missed)
	}
}

// held gives the threads that have something held back, of the widest targets
// first.
func (s *scene) held() []*Thread {
	var list []*Thread
	for _, id := range sortedKeys(s.threads) {
		if t := s.threads[id]; t.Held != 0 && t.Within == "" {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b *Thread) int {
		return cmp.Compare(width(s.targets[a.Incident]), width(s.targets[b.Incident]))
	})
	return list
}

// free reports whether what t holds back may be told now. A mute holds back no end
// of an incident, if that is what the quiet hours before it left.
func (p *plan) free(s *scene, t *Thread, sub *Subscription) bool {
	target := s.targets[t.Incident]
	switch p.hold(s, sub, &Incident{ID: t.Incident, Target: target}) {
	case holdNone:
		return true
	case holdMute:
		return t.Later != nil && t.Incident != upstreamThread(target)
	}
	return false
}

// catchUp says how an incident stands now, in a channel that was not told of it
// for a while.
func (p *plan) catchUp(s *scene, sub *Subscription, t *Thread, c *Change) {
	if t.Told == 0 && c.Incident.Worst < least(sub.Level) {
		t.Held = 0
		return
	}
	if t.Told == 0 {
		if t.Within = p.holder(s, &c.Incident); t.Within != "" {
			t.Held = 0
			return
		}
	}
	if t.Told == 0 {
		c.Kind = chat.Opened // for this channel
		if p.arrives(s, sub, t, c, p.again()) {
			return
		}
	}
	suffix := p.again()
	m := p.message(c, sub)
	if t.Told == 0 {
		p.root(t, c, m, suffix)
		p.takeOver(s, sub, c)
	} else {
		p.deliver(t, c, Reply, suffix, m)
		p.deliver(t, c, Edit, suffix, m)
	}
	t.Told, t.Held, t.Closed = max(1, c.Incident.Revision), 0, false
}

// tellLater ends a thread with the end that was held back.
func (p *plan) tellLater(t *Thread) {
	c := Change{At: t.LaterAt, Incident: Incident{Revision: t.Held}}
	suffix := p.again()
	p.deliver(t, &c, Announce, suffix, p.heldBack(t))
	p.deliver(t, &c, Edit, suffix, *t.Later)
	t.Told, t.Held, t.Later, t.Closed = t.Held, 0, nil, true
}

// tellMissed tells of what began and ended while nothing could be told: one
// message for all of it.
func (p *plan) tellMissed(s *scene, missed []*Thread) {
	if len(missed) > 1 {
		p.plain(s.channel, "missed"+p.again(), missedMessage(missed), p.now)
	}
	for _, t := range missed {
		if len(missed) == 1 {
			p.tellOne(s, t)
		}
		t.Held, t.Later, t.Closed = 0, nil, true
	}
}

// tellOne tells of one thing that began and ended: it has a root like any other
// incident, for people to add to, unless it is no incident.
func (p *plan) tellOne(s *scene, t *Thread) {
	suffix := p.again()
	if t.Incident == upstreamThread(s.targets[t.Incident]) {
		p.plain(t.Channel, t.Incident+suffix, p.heldBack(t), t.LaterAt)
		return
	}
	p.deliver(t, &Change{At: t.LaterAt, Incident: Incident{Revision: t.Held}}, Root, suffix, p.heldBack(t))
	t.Told = t.Held
}

// heldBack is what was held back, with a word that it was: it may be hours old.
func (p *plan) heldBack(t *Thread) chat.Message {
	m := *t.Later
	if p.now.Sub(t.LaterAt) >= time.Minute {
		m.Parts = slices.Concat([]chat.Part{{
			Text: "Held back until " + minute(p.now) + ", by quiet hours or a mute: this is how things stood at " + minute(t.LaterAt) + ".",
		}}, m.Parts)
	}
	return m
}

// missedMessage is the catch-up where there is more than one thing to catch up on.
func missedMessage(missed []*Thread) chat.Message {
	m := chat.Message{
		Headline: number(len(missed)) + " notices were held back; what they tell of is over",
		Footer:   "/outages details ID tells more of each",
	}
	for _, t := range missed[:min(len(missed), maxMissedListed)] {
		m.Parts = append(m.Parts, chat.Part{Label: t.Incident, Text: t.Later.Headline})
	}
	if more := len(missed) - maxMissedListed; more > 0 {
		m.Parts = append(m.Parts, chat.Part{Label: "More", Text: "and " + number(more) + " more; a digest lists them"})
	}
	return m
}

// maxMissedListed is how many of them it lists.
const maxMissedListed = 40

// again makes the key of a delivery its own where the same revision may have been
// told before. It is by the wall: the clock of the data may stand still.
func (p *plan) again() string { return "/" + strconv.FormatInt(p.queued.UnixNano(), 10) }

func number(n int) string { return strconv.Itoa(n) }

// stampKey writes a time for a key.
func stampKey(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
