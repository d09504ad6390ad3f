package bot

import (
	"errors"
	"maps"
	"slices"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// plan says what the channels are told.
func (b *Bot) plan(tx *Tx, w *work) (*plan, error) {
	var failed error
	p := &plan{
		now: w.now, queued: time.Now(), policy: b.c.Policy, within: b.c.Within,
		compose: b.composer(), chart: b.chart, fresh: b.fresh, suspect: b.suspect, gone: b.gone,
		subscription: subscriptions(tx),
		before: func(id string) Incident {
			i, _, err := tx.Incident(id)
			failed = errors.Join(failed, err)
			return i
		},
		corrections: func(id string) int {
			list, err := tx.Evidence(id)
			failed = errors.Join(failed, err)
			return countCorrections(list)
		},
	}
	var err error
	if p.scenes, err = b.scenes(tx, w); err != nil {
		return nil, err
	}
	p.add(w.changes)
	p.surface()
	p.release()
	return p, failed
}

// subscriptions gives a look-up that reads the subscribers of a target once.
func subscriptions(tx *Tx) func(chat.Channel, checks.Target) (Subscription, bool) {
	read := map[checks.Target]map[chat.Channel]Subscription{}
	return func(c chat.Channel, t checks.Target) (Subscription, bool) {
		in, ok := read[t]
		if !ok {
			in = map[chat.Channel]Subscription{}
			for _, s := range tx.Subscribers(t) {
				in[s.Channel] = s
			}
			read[t] = in
		}
		s, ok := in[c]
		return s, ok
	}
}

// scenes sets up the channels that the work is about.
func (b *Bot) scenes(tx *Tx, w *work) ([]*scene, error) {
	channels := map[chat.Channel]bool{}
	for _, c := range w.channels {
		channels[c] = true
	}
	for _, c := range w.changes {
		for _, s := range tx.Subscribers(c.Verdict.Target) {
			channels[s.Channel] = true
		}
	}
	list := make([]*scene, 0, len(channels))
	for _, ch := range slices.SortedFunc(maps.Keys(channels), compareChannels) {
		s := newScene(ch)
		for id, t := range b.threads[ch] {
			if t.target == w.forget[ch] {
				continue
			}
			thread := t.Thread
			s.threads[id], s.targets[id] = &thread, t.target
		}
		for i := range w.changes {
			// An incident that is told of again may have a thread that was closed.
			if in := &w.changes[i].Incident; in.Revision > 1 && s.threads[in.ID] == nil {
				t, ok, err := tx.Thread(ch, in.ID)
				if err != nil {
					return nil, err
				}
				if ok {
					s.threads[in.ID], s.targets[in.ID] = &t, in.Target
				}
			}
		}
		for _, i := range w.open[ch] {
			if t := s.thread(&i); t.Told == 0 && t.Within == "" {
				t.Held, t.Closed = max(1, i.Revision), false
				s.keep(t)
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// waiting gives the channels that have something held back, or an incident that
// another speaks for: time alone may change that.
func (b *Bot) waiting() []chat.Channel {
	var list []chat.Channel
	for c, threads := range b.threads {
		for _, t := range threads {
			if t.Held != 0 || t.Within != "" {
				list = append(list, c)
				break
			}
		}
	}
	return list
}

// composer gives a notice as a message for a zone; those that many channels are
// told are made once.
func (b *Bot) composer() func(chat.Notice, string) chat.Message {
	type key struct {
		target   checks.Target
		kind     chat.Kind
		id       string
		revision int
		at       time.Time
		zone     string
	}
	made := map[key]chat.Message{}
	return func(n chat.Notice, zone string) chat.Message {
		k := key{n.Verdict.Target, n.Kind, n.Incident.ID, n.Incident.Revision, n.Verdict.At, zone}
		m, ok := made[k]
		if !ok {
			m = chat.Compose(b.finish(n, zone))
			made[k] = m
		}
		m.Parts = slices.Clone(m.Parts) // a plan may add to them
		return m
	}
}

// chart gives the history of the incident that a change is about.
func (b *Bot) chart(c Change) *chart.Data {
	s := b.standing[c.Verdict.Target]
	if s == nil {
		return nil
	}
	return chartOf(&s.life, &c.Incident, b.finish(c.Notice(), ""))
}

// fresh says how an open incident stands now, as something to tell; ok is false
// for one that is not open, and until its target has been assessed.
func (b *Bot) fresh(id string) (Change, bool) {
	s := b.standing[b.incident[id]]
	if _, ok := s.known(); !ok {
		return Change{}, false
	}
	i, ok := s.life.incident(id)
	if !ok || !i.Live() {
		return Change{}, false
	}
	return s.change(i, b.c.Policy), true
}

// change gives an incident as it stands as something to tell.
func (s *standing) change(i Incident, p Policy) Change {
	c := Change{At: s.life.At, Kind: chat.Updated, Incident: i, Verdict: s.verdict, LastKnown: s.life.lastKnown}
	if i.Stage == Recovering {
		c.WatchUntil = s.life.Since.Add(p.Recover + p.Resolve)
	}
	return c
}

// gone reports whether an incident is known not to be open any more.
func (b *Bot) gone(id string, t checks.Target) bool {
	_, known := b.standing[t].known()
	_, open := b.incident[id]
	return known && !open
}

// suspect reports whether a target was lost so short a time ago that its own
// incident may yet open.
func (b *Bot) suspect(t checks.Target, now time.Time) bool {
	s := b.standing[t]
	if s == nil {
		return false
	}
	l := &s.life
	return l.bad() && !l.Outage.Live() && l.UnknownSince.IsZero() && now.Before(l.Since.Add(b.c.Policy.Open+b.c.Policy.Suspect))
}
