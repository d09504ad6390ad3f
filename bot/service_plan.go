package bot

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
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
		subscription: b.subscriptions(tx), numbered: numbered(tx, &failed), members: members(tx, &failed),
		roots: b.roots, name: b.name, caveats: b.caveats(checks.Worldwide()),
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
	p.arrivals()
	return p, failed
}

// subscriptions gives a look-up that reads the subscribers of a target once. A channel
// that did not subscribe to a target may hear of it because it subscribed to the world;
// what it gets then is that subscription.
func (b *Bot) subscriptions(tx *Tx) func(chat.Channel, checks.Target) (Subscription, bool) {
	read := map[checks.Target]map[chat.Channel]Subscription{}
	of := func(t checks.Target) map[chat.Channel]Subscription {
		in, ok := read[t]
		if !ok {
			in = map[chat.Channel]Subscription{}
			for _, s := range tx.Subscribers(t) {
				in[s.Channel] = s
			}
			read[t] = in
		}
		return in
	}
	return func(c chat.Channel, t checks.Target) (Subscription, bool) {
		if s, ok := of(t)[c]; ok || !watchable(t) {
			return s, ok
		}
		s, ok := of(checks.Worldwide())[c]
		return s, ok && (b.shown[t] || b.hasThread(c, t))
	}
}

// hasThread reports whether there may be more to say of a target in a channel.
func (b *Bot) hasThread(c chat.Channel, t checks.Target) bool {
	for _, o := range b.threads[c] {
		if o.target == t {
			return true
		}
	}
	return false
}

// audience gives the channels that hear of a target: those that subscribed to it, and
// those that subscribed to the world where the world shows it, or once did.
func (b *Bot) audience(tx *Tx, t checks.Target) []chat.Channel {
	var list []chat.Channel
	for _, s := range tx.Subscribers(t) {
		list = append(list, s.Channel)
	}
	if !watchable(t) {
		return list
	}
	for _, s := range tx.Subscribers(checks.Worldwide()) {
		if b.shown[t] || b.hasThread(s.Channel, t) {
			list = append(list, s.Channel)
		}
	}
	return list
}

// numbered gives a func that numbers what is told together by the day, whatever the
// channel.
func numbered(tx *Tx, failed *error) func(time.Time) string {
	last := map[string]int{} // by what the IDs of a day begin with
	return func(t time.Time) string {
		day := idText(checks.Worldwide()) + t.UTC().Format("-20060102-")
		if _, read := last[day]; !read {
			last[day] = 0
			list, err := tx.IncidentsOf(checks.Worldwide())
			*failed = errors.Join(*failed, err)
			for _, i := range list {
				if number, ok := strings.CutPrefix(i.ID, day); ok {
					n, _ := strconv.Atoi(number) // what is none counts as nothing
					last[day] = max(last[day], n)
				}
			}
		}
		last[day]++
		return day + strconv.Itoa(last[day])
	}
}

// members gives a func that reads the incidents that are told together in a channel.
func members(tx *Tx, failed *error) func(chat.Channel, string) []Incident {
	return func(c chat.Channel, id string) []Incident {
		threads, err := tx.ChannelThreads(c)
		*failed = errors.Join(*failed, err)
		var list []Incident
		for _, t := range threads {
			if t.Within != id {
				continue
			}
			i, ok, err := tx.Incident(t.Incident)
			*failed = errors.Join(*failed, err)
			if ok {
				list = append(list, i)
			}
		}
		return list
	}
}

// scenes sets up the channels that the work is about.
func (b *Bot) scenes(tx *Tx, w *work) ([]*scene, error) {
	channels := map[chat.Channel]bool{}
	for _, c := range w.channels {
		channels[c] = true
	}
	for _, c := range w.changes {
		for _, ch := range b.audience(tx, c.Verdict.Target) {
			channels[ch] = true
		}
	}
	list := make([]*scene, 0, len(channels))
	for _, ch := range slices.SortedFunc(maps.Keys(channels), compareChannels) {
		s := newScene(ch)
		for id, t := range b.threads[ch] {
			if w.forget[ch][t.target] {
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
			if t.Held != 0 || t.Within != "" || t.target == checks.Worldwide() {
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
