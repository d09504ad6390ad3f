package bot

import (
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// digestWorld gathers what happened in a window of what a channel heard of because it is
// subscribed to the world: every incident that it was told of, alone, as a part of a wider
// one or together with others. What it subscribed to itself is not part of it.
func (b *Bot) digestWorld(tx *Tx, d *chat.Digest, s *Subscription, subs []Subscription, from, to time.Time) (*chat.DigestWorld, error) {
	own := func(t checks.Target) bool {
		return slices.ContainsFunc(subs, func(o Subscription) bool { return o.Target == t })
	}
	threads, err := tx.ChannelThreads(s.Channel)
	if err != nil {
		return nil, err
	}
	var list []listedIncident
	w := &chat.DigestWorld{}
	for _, t := range threads {
		i, ok, err := tx.Incident(t.Incident)
		if err != nil {
			return nil, err
		}
		if !ok || !watchable(i.Target) || own(i.Target) {
			continue
		}
		l, listed, err := b.digestIncident(tx, d, s, &i, from, to)
		if err != nil {
			return nil, err
		}
		switch {
		case !listed:
		case i.Kind == chat.Unstable:
			w.Unstable++
		default:
			list = append(list, l)
		}
	}
	for _, l := range list {
		if l.incident.Target.Kind() == checks.KindCountry {
			w.Countries++
		} else {
			w.Networks++
		}
	}
	w.Outages = b.fold(list)
	return w, nil
}
