package bot

import (
	"slices"
	"strings"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// findIncident finds an incident by its ID, in any case.
func findIncident(tx *Tx, id string) (Incident, bool, error) {
	id = strings.TrimSpace(id)
	if !plain(id) {
		return Incident{}, false, nil
	}
	// Hosts and URLs are lower-case in an ID, all else is upper-case.
	for _, form := range []string{id, strings.ToUpper(id), strings.ToLower(id)} {
		i, ok, err := tx.Incident(form)
		if ok || err != nil {
			return i, ok, err
		}
	}
	return Incident{}, false, nil
}

// incidentOf finds the incident that a command names.
func incidentOf(tx *Tx, r *request) (Incident, error) {
	i, ok, err := findIncident(tx, r.command.Incident)
	if ok && err == nil {
		ok, err = knows(tx, r.Channel, &i)
	}
	if err != nil || ok {
		return i, err
	}
	return i, refusef("there is no incident %s: /outages now shows those that are open, and every notice ends with the ID of its own", r.command.Incident)
}

// knows reports whether a tenant may hear of an incident. Those of countries and networks
// are for everybody. That somebody follows a prefix, an address or a host is for nobody
// else to learn.
func knows(tx *Tx, c chat.Channel, i *Incident) (bool, error) {
	switch i.Target.Kind() {
	case checks.KindCountry, checks.KindASN:
		return true, nil
	case checks.KindWorld: // one channel's
		_, ok, err := tx.Thread(c, i.ID)
		return ok, err
	}
	threads, err := tenantThreads(tx, c, i.ID)
	if err != nil || len(threads) > 0 {
		return err == nil, err
	}
	return follows(tx, c, i.Target)
}

// follows reports whether any channel of a tenant is subscribed to a target.
func follows(tx *Tx, c chat.Channel, t checks.Target) (bool, error) {
	subs, err := tx.TenantSubscriptions(c.Platform, c.Tenant)
	return slices.ContainsFunc(subs, func(s Subscription) bool { return s.Target == t }), err
}

// annotate keeps the words of a person and shows them in the thread of every
// channel of the same tenant that saw the incident. They stay apart from what the
// bot says, and no other tenant gets to read them.
func (b *Bot) annotate(r *request) (chat.Reply, error) {
	text := chat.Clean(r.command.Text)
	ack := r.command.Verb == chat.Acknowledge
	switch n := len([]rune(text)); {
	case n > b.c.Limits.Note:
		return chat.Reply{}, refusef("the note has %d characters, and %d is the most: say it shorter, or in two notes", n, b.c.Limits.Note)
	case text == "" && !ack:
		return chat.Reply{}, refusef("the note is empty: write what you have to say after the ID")
	}
	note := chat.Note{At: r.now.UTC(), By: r.by(), Text: text, Ack: ack}
	var id string
	var shown []chat.Channel
	err := b.c.Store.Update(func(tx *Tx) error {
		i, err := incidentOf(tx, r)
		if err != nil {
			return err
		}
		id = i.ID
		threads, err := tenantThreads(tx, r.Channel, i.ID)
		if err != nil {
			return err
		}
		if err := b.concerns(tx, r, &i, threads); err != nil {
			return err
		}
		if shown, err = post(tx, r, &i, note, threads); err != nil {
			return err
		}
		what := "note on"
		if ack {
			what = "acknowledged"
		}
		return r.audit(tx, "%s %s: %q", what, i.ID, text)
	})
	if err != nil {
		return chat.Reply{}, err
	}
	here := slices.Contains(shown, r.Channel)
	m := noteMessage(id, note)
	m.Parts = []chat.Part{{Text: shownIn(len(shown), here) + " It stays in the timeline and in the digest."}}
	return chat.Reply{Message: m, Private: here}, nil
}

// shownIn says which channels get to see a note.
func shownIn(channels int, here bool) string {
	switch {
	case channels == 0:
		return "No thread shows this incident yet."
	case channels == 1 && here:
		return "It is in the thread."
	case channels == 1:
		return "It is in the thread of the other channel that saw the incident."
	}
	return "It is in the threads of the " + number(channels) + " channels here that saw the incident."
}

// post keeps a note and queues it for the threads of an incident. It gives the
// channels that get to see it.
func post(tx *Tx, r *request, i *Incident, note chat.Note, threads []Thread) (shown []chat.Channel, err error) {
	before, err := tx.Notes(r.Channel, i.ID)
	if err != nil {
		return nil, err
	}
	if err := tx.AppendNote(r.Channel, i.ID, note); err != nil {
		return nil, err
	}
	for _, t := range threads {
		s, ok, err := tx.Subscription(t.Channel, i.Target)
		if err != nil {
			return nil, err
		}
		if t.Told == 0 || ok && s.Suspended != "" {
			continue
		}
		shown = append(shown, t.Channel)
		_, err = tx.Enqueue(Delivery{
			Key:     DeliveryKey(t.Channel, i.ID, i.Revision, Reply) + "/note-" + number(len(before)+1),
			Channel: t.Channel, Incident: i.ID, Revision: i.Revision, Op: Reply, Message: noteMessage(i.ID, note), Observed: r.now,
		})
		if err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// tenantThreads gives the threads that an incident has in the tenant of a channel.
func tenantThreads(tx *Tx, c chat.Channel, incident string) ([]Thread, error) {
	all, err := tx.Threads(incident)
	var own []Thread
	for _, t := range all {
		if t.Channel.Platform == c.Platform && t.Channel.Tenant == c.Tenant {
			own = append(own, t)
		}
	}
	return own, err
}

// concerns refuses words about an incident that nobody of the tenant was told of:
// there is nobody to read them.
func (b *Bot) concerns(tx *Tx, r *request, i *Incident, threads []Thread) error {
	if len(threads) > 0 {
		return nil
	}
	if ok, err := follows(tx, r.Channel, i.Target); err != nil || ok {
		return err
	}
	return refusef("no channel here is subscribed to %s, so nobody would read it: subscribe first, with outages subscribe %v", b.name(i.Target), i.Target)
}

// noteMessage shows what a person said, as theirs.
func noteMessage(incident string, n chat.Note) chat.Message {
	head := "Note on " + incident + " by " + n.By
	if n.Ack {
		head = incident + " acknowledged by " + n.By
	}
	m := chat.Plain(head)
	m.Notes, m.Footer = []chat.Note{n}, incident
	return m
}
