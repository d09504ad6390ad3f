package bot

import (
	"cmp"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// noWorld is why nobody can be told of the world here, and what to do about it.
func (b *Bot) noWorld() string {
	text := "the table of the whole world is not kept by this isitdown"
	if b.c.NoWorld != "" {
		text += "; for that, " + b.c.NoWorld
	}
	return text
}

// worldNow gives how the world stands, with the incidents that are open in it.
func (b *Bot) worldNow(now time.Time, stands map[checks.Target]*standing) chat.World {
	if b.c.World == nil {
		return chat.World{At: now, Off: b.noWorld()}
	}
	w := chat.World{At: now, World: b.c.World(now), Incidents: map[checks.Target]string{}}
	for i := range w.World.Outages {
		t := w.World.Outages[i].Target
		if open := stands[t].open(); len(open) > 0 {
			w.Incidents[t] = open[0].ID
		}
	}
	w.Caveats = b.caveats(checks.Worldwide())
	return w
}

// checkWorld answers a question about the world.
func (b *Bot) checkWorld(r *request) (chat.Reply, error) {
	if !r.command.At.IsZero() {
		return chat.Reply{}, refusef("the world can be asked about the present alone: leave the time out, or name a country, a network or a prefix")
	}
	return chat.Reply{Message: b.worldNow(r.now, b.stands()).Message()}, nil
}

// mayWorld reports why a channel cannot subscribe to the world; nil if it can.
func (b *Bot) mayWorld(r *request) error {
	switch {
	case b.c.World == nil:
		return refusal(b.noWorld())
	case r.command.Level == chat.LevelAny:
		return refusef("changes of upstream are told of single targets alone: subscribe to the world with level:down or level:degraded")
	}
	return nil
}

// openShown gives the incidents that are open of what the world shows, from a level on.
func (b *Bot) openShown(l chat.Level) []Incident {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Incident
	for t := range b.shown {
		for _, i := range b.standing[t].open() {
			if i.Worst >= least(l) {
				list = append(list, i)
			}
		}
	}
	slices.SortFunc(list, func(x, y Incident) int { return cmp.Compare(x.ID, y.ID) })
	return list
}

// openByWorld counts the open incidents of countries and networks that a channel was told
// of.
func (b *Bot) openByWorld(c chat.Channel) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, t := range b.threads[c] {
		if _, open := b.incident[id]; open && watchable(t.target) && !t.Closed {
			n++
		}
	}
	return n
}

// worldIncidents gives all incidents of countries and networks.
func worldIncidents(tx *Tx) ([]Incident, error) {
	var list []Incident
	for i, err := range tx.Incidents() {
		if err != nil {
			return nil, err
		}
		if watchable(i.Target) {
			list = append(list, i)
		}
	}
	return list, nil
}

// gatheredMessage lists what is told together under an ID in the channel that asks.
func (b *Bot) gatheredMessage(r *request, i *Incident) (chat.Reply, error) {
	stands := b.stands()
	l := chat.Gathered{ID: i.ID, At: r.now, Caveats: b.caveats(checks.Worldwide())}
	err := b.c.Store.View(func(tx *Tx) error {
		var failed error
		for _, m := range members(tx, &failed)(r.Channel, i.ID) {
			e := chat.Episode{Subject: b.name(m.Target), Incident: m.said(time.Time{})}
			if s := stands[m.Target]; s != nil {
				if now, ok := s.life.incident(m.ID); ok && now.Live() {
					e = b.episode(s, now)
				}
			}
			l.Episodes = append(l.Episodes, e)
		}
		return failed
	})
	return chat.Reply{Message: l.Message(), Private: true}, err
}

// forgotten gives what a channel does not hear of any more because it unsubscribed from t:
// of the world all that it did not subscribe to itself; else t, unless the world shows it.
func (b *Bot) forgotten(tx *Tx, c chat.Channel, t checks.Target) (map[chat.Channel]map[checks.Target]bool, error) {
	subs, err := tx.Subscriptions(c)
	if err != nil {
		return nil, err
	}
	own := map[checks.Target]bool{}
	for _, s := range subs {
		own[s.Target] = true
	}
	gone := map[checks.Target]bool{t: !own[checks.Worldwide()] || !b.shown[t]}
	if t == checks.Worldwide() {
		for _, o := range b.threads[c] {
			gone[o.target] = !own[o.target]
		}
	}
	return map[chat.Channel]map[checks.Target]bool{c: gone}, nil
}
