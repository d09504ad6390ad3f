package bot

import (
	"context"
	"errors"
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
	return chat.Reply{Message: chat.Plain("Digest "+s.String()+", by "+r.by(), "The next one comes on "+minute(s.Next)+".")}, nil
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

// digestsAtOnce bounds how many digests share a transaction, so that nobody waits for long.
const digestsAtOnce = 64

// sendDigests queues the digests that are due. b.mu is held.
func (b *Bot) sendDigests(now time.Time) error {
	var due []chat.Channel
	for c, at := range b.digests {
		if !now.Before(at) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, compareChannels)
	var failed error
	for some := range slices.Chunk(due, digestsAtOnce) {
		failed = errors.Join(failed, b.sendSome(some, now))
	}
	return failed
}

// sendSome queues the digests of some channels, if they are due. One that fails is tried again
// in a minute, and does not keep the others.
func (b *Bot) sendSome(list []chat.Channel, now time.Time) error {
	next, errs := make([]time.Time, len(list)), make([]error, len(list))
	failed := b.c.Store.Update(func(tx *Tx) error {
		result := errNothing
		for i, c := range list {
			errs[i] = tx.apart(func() (err error) {
				next[i], err = b.sendDigest(tx, c, now)
				return err
			})
			if errs[i] == nil {
				result = nil
			}
		}
		return result
	})
	if errors.Is(failed, errNothing) {
		failed = nil
	}
	whole := failed == nil
	for i, c := range list {
		nothing := errors.Is(errs[i], errNothing)
		switch {
		case errs[i] != nil && !nothing:
			failed = errors.Join(failed, errs[i])
			b.digests[c] = now.Add(time.Minute)
		case !whole && !nothing: // it was queued, and that was not kept
			b.digests[c] = now.Add(time.Minute)
		case next[i].IsZero():
			delete(b.digests, c)
		default:
			b.digests[c] = next[i]
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
		if err != nil && !damaged(err) { // one that cannot be read is parked
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
