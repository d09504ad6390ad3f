package bot

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// planDigest gives a channel its digest at a time of day.
func (b *Bot) planDigest(ctx context.Context, r *request) (chat.Reply, error) {
	if err := r.ready(ctx); err != nil {
		return chat.Reply{}, err
	}
	p := DigestPlan{
		Channel: r.Channel, Weekly: r.command.Verb == chat.DigestWeekly, Day: r.command.Day,
		Hour: r.command.Hour, Minute: r.command.Minute, By: r.Person, At: r.now,
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.c.Store.Update(func(tx *Tx) error {
		was, _, err := tx.DigestPlan(r.Channel)
		if err != nil {
			return err
		}
		zone := r.command.Zone
		if zone == nil {
			if zone, err = channelZone(tx, r.Channel, checks.Target{}); err != nil {
				return err
			}
		}
		if zone != nil {
			p.Zone = zone.String()
		}
		p.Delivered = was.Delivered
		if err := tx.PutDigestPlan(p); err != nil {
			return err
		}
		return r.audit(tx, "digest %v", said(&p, time.Time{}))
	})
	if err != nil {
		return chat.Reply{}, err
	}
	b.digests[r.Channel] = p.next(r.now)
	s := said(&p, r.now)
	return chat.Reply{Message: chat.Plain("Digest "+s.String()+", by "+r.by(), "The next one comes at "+minute(s.Next)+".")}, nil
}

// said gives the plan as lists have it; the zero time leaves out when the next one
// comes.
func said(p *DigestPlan, now time.Time) chat.Plan {
	s := chat.Plan{Weekly: p.Weekly, Day: p.Day, Hour: p.Hour, Minute: p.Minute, Zone: p.Zone, By: p.By.Name}
	if !now.IsZero() {
		s.Next = p.next(now)
	}
	return s
}

// endDigest ends the digests of a channel.
func (b *Bot) endDigest(r *request) (chat.Reply, error) {
	had := false
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.c.Store.Update(func(tx *Tx) (err error) {
		if _, had, err = tx.DigestPlan(r.Channel); err != nil || !had {
			return err
		}
		if err := tx.DeleteDigestPlan(r.Channel); err != nil {
			return err
		}
		return r.audit(tx, "digest off")
	})
	if err != nil {
		return chat.Reply{}, err
	}
	delete(b.digests, r.Channel)
	if !had {
		return chat.Reply{Message: chat.Plain("This channel has no digest"), Private: true}, nil
	}
	return chat.Reply{Message: chat.Plain("No more digests here, by " + r.by())}, nil
}

// sendDigests queues the digests that are due. b.mu is held.
func (b *Bot) sendDigests(now time.Time) error {
	var failed error
	for _, c := range slices.SortedFunc(maps.Keys(b.digests), compareChannels) {
		if now.Before(b.digests[c]) {
			continue
		}
		var next time.Time
		err := b.c.Store.Update(func(tx *Tx) (err error) {
			next, err = b.sendDigest(tx, c, now)
			return err
		})
		switch {
		case err != nil && !errors.Is(err, errNothing):
			failed = errors.Join(failed, err)
			b.digests[c] = now.Add(time.Minute)
		case next.IsZero():
			delete(b.digests, c)
		default:
			b.digests[c] = next
		}
	}
	return failed
}

// sendDigest queues the digest of one channel, if it is due, and says when to look
// again; the zero time means never. errNothing says that nothing was written.
func (b *Bot) sendDigest(tx *Tx, c chat.Channel, now time.Time) (next time.Time, err error) {
	p, ok, err := tx.DigestPlan(c)
	if err != nil || !ok {
		return time.Time{}, orNothing(err)
	}
	from, to, missed, due := p.window(now)
	if !due {
		return p.next(now), errNothing
	}
	subs, err := tx.Subscriptions(c)
	if err != nil {
		return next, err
	}
	if len(subs) > 0 && subs[0].Suspended != "" {
		return now.Add(time.Hour), errNothing // it is caught up on when the channel is back
	}
	busy, err := underway(tx, &p, to)
	if err != nil {
		return next, err
	}
	if busy {
		// The window of this one begins where that one will have ended.
		return now.Add(time.Minute), errNothing
	}
	d, err := b.digest(tx, &p, subs, from, to, now)
	if err != nil {
		return next, err
	}
	d.Missed = missed
	_, err = tx.Enqueue(Delivery{Key: digestKey(c, to), Channel: c, Op: Plain, Message: d.Message(), Observed: now, Digest: to})
	return p.next(now), err
}

// orNothing is err, or that there is nothing to write.
func orNothing(err error) error {
	if err == nil {
		return errNothing
	}
	return err
}

func digestKey(c chat.Channel, to time.Time) string {
	return c.String() + "/digest/" + stampKey(to) + "/" + Plain.String()
}

// underway reports whether a digest of an earlier window is on its way.
func underway(tx *Tx, p *DigestPlan, to time.Time) (bool, error) {
	due := to
	for range maxMissed {
		if due = p.last(due.Add(-time.Second)); due.IsZero() || !due.After(p.Delivered) || due.Before(p.At) {
			return false, nil
		}
		d, ok, err := tx.Delivery(digestKey(p.Channel, due))
		if err != nil {
			return false, err
		}
		if ok && (d.State == Pending || d.State == Sending) {
			return true, nil
		}
	}
	return false, nil
}

// maxMissed bounds how far back an undelivered digest is looked for.
const maxMissed = 40

// digest gathers what happened in a window to what a channel is subscribed to.
func (b *Bot) digest(tx *Tx, p *DigestPlan, subs []Subscription, from, to, now time.Time) (chat.Digest, error) {
	d := chat.Digest{From: from, To: to, Zone: location(p.Zone)}
	var unseen [][]chat.Blind // one list a target
	var quiet []int           // of those without an outage, where in unseen they are
	for _, s := range subs {
		life := Life{}
		if st := b.standing[s.Target]; st != nil {
			life = st.life
		} else if l, _, err := tx.Life(s.Target); err != nil {
			return d, err
		} else {
			life = l
		}
		unseen = append(unseen, unseenIn(&life, from, to, now))
		n, err := b.digestTarget(tx, &d, &s, from, to)
		if err != nil {
			return d, err
		}
		if n == 0 {
			quiet = append(quiet, len(unseen)-1)
			d.NoOutage = append(d.NoOutage, chat.Watched{Subject: b.name(s.Target)})
		}
		d.Caveats = slices.Concat(d.Caveats, b.caveats(s.Target))
	}
	d.Blind = common(unseen)
	for i, at := range quiet {
		d.NoOutage[i].Unknown = length(unseen[at]) - length(d.Blind)
	}
	byOnset := func(a, b chat.Episode) int { return chat.Point(a.Incident.Onset).Compare(chat.Point(b.Incident.Onset)) }
	slices.SortStableFunc(d.Outages, byOnset)
	slices.SortStableFunc(d.Unstable, byOnset)
	slices.SortStableFunc(d.Notes, func(a, b chat.Note) int { return a.At.Compare(b.At) })
	slices.Sort(d.Caveats)
	d.Caveats = slices.Compact(d.Caveats)
	return d, nil
}

// digestTarget adds the incidents of one target that were open in the window,
// and what people said in it. It gives how many incidents that were.
func (b *Bot) digestTarget(tx *Tx, d *chat.Digest, s *Subscription, from, to time.Time) (n int, err error) {
	list, err := tx.IncidentsOf(s.Target)
	if err != nil {
		return 0, err
	}
	for _, i := range list {
		if over := i.ResolvedAt; !over.IsZero() && over.Before(from.Add(-latelyFor)) {
			continue // nobody speaks of it any more
		}
		notes, err := tx.Notes(s.Channel, i.ID)
		if err != nil {
			return n, err
		}
		for _, note := range notes {
			if !note.At.Before(from) && note.At.Before(to) {
				note.Incident = i.ID
				d.Notes = append(d.Notes, note)
			}
		}
		end := chat.Point(i.End)
		if i.Worst < least(s.Level) || !chat.Point(i.Onset).Before(to) || !end.IsZero() && end.Before(from) {
			continue
		}
		n++
		e := chat.Episode{Subject: b.name(s.Target), Incident: i.said(time.Time{})}
		if st := b.standing[s.Target]; st != nil {
			if now, ok := st.life.incident(i.ID); ok && now.Live() {
				e = b.episode(st, now)
			}
		}
		if i.Kind == chat.Unstable {
			d.Unstable = append(d.Unstable, e)
		} else {
			d.Outages = append(d.Outages, e)
		}
	}
	return n, nil
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
