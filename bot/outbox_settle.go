package bot

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"isitdown/bot/chat"
)

// settle writes down what became of a call.
func (o *Outbox) settle(tx *Tx, now time.Time, r result) (ending, error) {
	e := ending{lane: r.lane, key: r.d.Key}
	r.lane.granted = false
	d := r.d
	if r.err == nil {
		return e, o.delivered(tx, now, r, &e)
	}
	refusal := refusalOf(r.err)
	d.Problem, d.Trouble = problemText(refusal), refusal.Trouble.String()
	e.trouble, e.problem = d.Trouble, d.Problem
	unsure, tried := d.doubted()
	if refusal.Trouble != chat.Unclear && !*unsure {
		*tried = time.Time{} // it was certainly not shown
	}
	d.State = Pending
	switch refusal.Trouble {
	case chat.ChannelLost, chat.Forbidden:
		return e, o.loseChannel(tx, now, d, refusal, &e)
	case chat.TenantLost:
		if _, one := o.set.Platform[d.Channel.Platform]; !one || !refusal.Whole {
			return e, o.loseTenant(tx, now, d, refusal, &e)
		}
		// The token of all tenants: the bot has lost none of them, and a new token
		// brings all of them back.
		e.bug = "the bot's token is refused; everything for the platform waits for a new one"
		refusal.RetryAfter = o.set.MaxWait
		return e, o.retry(tx, now, r.as, d, refusal, &e)
	case chat.TooLong:
		e.bug = "a message is too long or malformed; its short form is next"
		if d.Short {
			e.bug = ""
			return e, o.park(tx, now, d, &e)
		}
		d.Short = true
	case chat.RootLost:
		return e, o.loseRoot(tx, now, r, d, &e)
	case chat.EditsSpent:
		return e, o.spendEdits(tx, now, d, &e)
	default:
		if refusal.Odd {
			// It may be this message alone, which is not to hold up the others for a day.
			if d.Short && d.Attempts >= o.set.Doubts {
				return e, o.park(tx, now, d, &e)
			}
			d.Short, e.bug = true, "a message was refused for a reason that is not known here; its short form is next"
		}
		return e, o.retry(tx, now, r.as, d, refusal, &e)
	}
	e.next = d.NotBefore
	return e, tx.putProgress(d)
}

// retry has a delivery wait for its next attempt, or leaves it to a person.
func (o *Outbox) retry(tx *Tx, now time.Time, as Op, d Delivery, r *chat.Refusal, e *ending) error {
	factor, most, attempts := 2, o.set.MaxWait, d.Attempts
	if r.Trouble == chat.Unclear {
		if as != Edit { // an edit may be made again
			unsure, _ := d.doubted()
			*unsure, d.Doubts = true, d.Doubts+1
		}
		e.warn = "a call's result is unclear; it is made once more, marked as a repeat"
		// Each attempt may be one post more, so there are few of them, far apart.
		factor, most, attempts = 5, 6*o.set.MaxWait, max(d.Doubts, 1)
	}
	if d.Doubts >= o.set.Doubts || now.Sub(d.Queued) > o.set.GiveUp {
		return o.park(tx, now, d, e)
	}
	d.NotBefore = now.Add(o.backOff(attempts, factor, most, r.RetryAfter))
	e.next = d.NotBefore
	if r.Whole {
		e.pause, e.until = o.limits.whose(d.Channel), d.NotBefore
		if err := tx.putPause(e.pause, e.until); err != nil {
			return err
		}
	}
	return tx.putProgress(d)
}

// refusalOf gives a copy of an error in our terms; what says nothing is unclear.
func refusalOf(err error) *chat.Refusal {
	if r, ok := errors.AsType[*chat.Refusal](err); ok {
		own := *r
		return &own
	}
	return &chat.Refusal{Trouble: chat.Unclear, Err: err}
}

// maxProblem bounds what is kept of a platform's error, in bytes.
const maxProblem = 500

func problemText(r *chat.Refusal) string {
	text := r.Error()
	if len(text) > maxProblem {
		text = strings.ToValidUTF8(text[:maxProblem], "") + "…"
	}
	return text
}

// longestWait is the longest pause that backOff gives. What is to wait for longer was
// written down while the clock was wrong.
func (s *OutboxSettings) longestWait() time.Duration { return max(s.GiveUp, 6*s.MaxWait) }

// backOff is how long to wait after so many attempts: what the platform asked
// for, else between half and all of a time that grows by factor up to most.
func (o *Outbox) backOff(attempts, factor int, most, asked time.Duration) time.Duration {
	if asked > 0 {
		return min(asked, o.set.GiveUp)
	}
	wait := o.set.Wait
	for i := 1; i < attempts && wait < most; i++ {
		wait *= time.Duration(factor)
	}
	wait = min(wait, most)
	return wait/2 + rand.N(wait/2+1)
}

// delivered writes down that a message is there, in the thread and in the digest's plan
// too.
func (o *Outbox) delivered(tx *Tx, now time.Time, r result, e *ending) error {
	d := r.d
	if r.as == Root {
		t, _, err := tx.Thread(d.Channel, d.Incident)
		if err != nil {
			return err
		}
		t.Channel, t.Incident, t.Root = d.Channel, d.Incident, r.posted.ID
		if err := tx.putThread(t); err != nil {
			return err
		}
	}
	if d.Heir.Wanted { // the delivery itself is next
		d.State, d.Heir = Pending, Heir{Made: d.Heir.Made + 1}
		return tx.putProgress(d)
	}
	if !d.Digest.IsZero() {
		p, ok, err := tx.DigestPlan(d.Channel)
		if err != nil {
			return err
		}
		if ok && d.Digest.After(p.Delivered) {
			p.Delivered = d.Digest
			if err := tx.PutDigestPlan(p); err != nil {
				return err
			}
		}
	}
	d.State, d.Posted, d.SentAt = Sent, r.posted.ID, now
	e.over = append(e.over, d)
	return tx.finish(d)
}

// park leaves a delivery to a person, and says so in another channel.
func (o *Outbox) park(tx *Tx, now time.Time, d Delivery, e *ending) error {
	d.State, d.SentAt = Parked, now
	e.over = append(e.over, d)
	if err := tx.finish(d); err != nil {
		return err
	}
	return tx.tellElsewhere(now, d.Channel, "ask whoever runs isitdown: its log says why.")
}

// parkRest parks what waits in a lane, but for what is being sent.
func (o *Outbox) parkRest(tx *Tx, now time.Time, l *lane, trouble chat.Trouble, problem string, e *ending) error {
	for i, r := range l.waiting {
		if i == 0 && l.busy {
			continue // its own call says what becomes of it
		}
		d, ok, err := tx.delivery(r.seq)
		if damaged(err) {
			err = e.setAside(tx, r, err)
		}
		if err != nil {
			return err
		}
		if !ok || d.State != Pending {
			continue
		}
		d.State, d.SentAt, d.Problem, d.Trouble = Parked, now, problem, trouble.String()
		e.over = append(e.over, d)
		if err := tx.finish(d); err != nil {
			return err
		}
	}
	return nil
}

// loseChannel parks all that waits for a channel where nothing can be posted, and
// suspends its subscriptions.
func (o *Outbox) loseChannel(tx *Tx, now time.Time, d Delivery, r *chat.Refusal, e *ending) error {
	d.State, d.SentAt = Parked, now
	e.over = append(e.over, d)
	why := r.Say
	if why == "" {
		why = "the channel is archived, deleted or unknown"
		if r.Trouble == chat.Forbidden {
			why = "isitdown may not post in the channel"
		}
		why += " (" + d.Problem + ")"
	}
	if err := tx.finish(d); err != nil {
		return err
	}
	if err := o.parkRest(tx, now, e.lane, r.Trouble, d.Problem, e); err != nil {
		return err
	}
	if err := tx.SuspendChannel(d.Channel, why); err != nil {
		return err
	}
	return tx.tellElsewhere(now, d.Channel, cmp.Or(r.Say, "look whether the channel is archived, and whether isitdown may post in it."))
}

// loseTenant stops a tenant and parks all that waits for it.
func (o *Outbox) loseTenant(tx *Tx, now time.Time, d Delivery, r *chat.Refusal, e *ending) error {
	t, _, err := tx.Tenant(d.Channel.Platform, d.Channel.Tenant)
	if err != nil {
		return err
	}
	t.Platform, t.ID = d.Channel.Platform, d.Channel.Tenant
	t.Stopped = cmp.Or(t.Stopped, r.Say, "the token is revoked or the bot was removed ("+d.Problem+")")
	if err := tx.PutTenant(t); err != nil {
		return err
	}
	d.State, d.SentAt = Parked, now
	e.over = append(e.over, d)
	if err := tx.finish(d); err != nil {
		return err
	}
	for c, l := range o.lanes {
		if c.Platform != t.Platform || c.Tenant != t.ID {
			continue
		}
		if err := o.parkRest(tx, now, l, r.Trouble, t.Stopped, e); err != nil {
			return err
		}
	}
	return nil
}

// loseRoot forgets a root that is gone: the next attempt makes a new one.
func (o *Outbox) loseRoot(tx *Tx, now time.Time, r result, d Delivery, e *ending) error {
	if r.as == Root || r.as == Plain { // it names no root that could be lost
		return o.park(tx, now, d, e)
	}
	t, ok, err := tx.Thread(d.Channel, d.Incident)
	if err != nil {
		return err
	}
	if gone := cmp.Or(r.out.Edit, r.out.Thread); ok && t.Root == gone {
		t.Root = ""
		if err := tx.putThread(t); err != nil {
			return err
		}
	}
	if d.Attempts > 2 {
		d.NotBefore = now.Add(o.backOff(d.Attempts, 2, o.set.MaxWait, 0))
	}
	e.next = d.NotBefore
	e.warn = "the root message of a thread is gone; a new one is next"
	return tx.putProgress(d)
}

// spendEdits deals with a root that cannot be edited any more for a while. What
// a reply tells too need not be said twice; anything else becomes a reply.
func (o *Outbox) spendEdits(tx *Tx, now time.Time, d Delivery, e *ending) error {
	d.State, d.SentAt = Skipped, now
	told := e.lane.newer(route{seq: d.Seq, incident: d.Incident}, Root, Edit, Reply, Announce)
	for _, op := range []Op{Root, Reply, Announce} {
		told = told || tx.tx.Bucket([]byte(bucketKeys)).Get([]byte(DeliveryKey(d.Channel, d.Incident, d.Revision, op))) != nil
	}
	if !told {
		reply := Delivery{
			Channel: d.Channel, Incident: d.Incident, Revision: d.Revision, Op: Reply, Message: d.Message,
			Observed: d.Observed, Queued: d.Queued,
		}
		if _, err := tx.Enqueue(reply); err != nil {
			return err
		}
		d.Problem += "; sent as a reply"
	}
	e.over = append(e.over, d)
	return tx.finish(d)
}

// tellElsewhere tells another channel of the same tenant that something could
// not be posted, and what to do about it; at most once a day.
func (tx *Tx) tellElsewhere(now time.Time, lost chat.Channel, todo string) error {
	other, ok, err := tx.otherChannel(lost)
	if err != nil || !ok {
		return err
	}
	_, err = tx.Enqueue(Delivery{
		Key:     fmt.Sprintf("%s/%s/parked/%s", lost.Platform, lost.Tenant, now.UTC().Format(time.DateOnly)),
		Channel: other, Op: Plain, Observed: now, Queued: now,
		Message: chat.Message{
			Tone:     chat.ToneUnknown,
			Headline: "Not delivered: a notice for another channel here",
			Parts: []chat.Part{
				{Text: fmt.Sprintf("Channel %s did not get what it subscribed to.", lost.ID)},
				{Label: "To do there", Text: todo},
				{Text: "What waits for it is kept. This is said at most once a day."},
			},
		},
	})
	return err
}

// otherChannel gives a channel of the same tenant that can be posted to, as far
// as is known.
func (tx *Tx) otherChannel(lost chat.Channel) (chat.Channel, bool, error) {
	for e := range tx.scan(bucketSubscriptions, []byte(lost.Platform+"/"+lost.Tenant+"/")) {
		s, err := readSubscription(e)
		if err != nil {
			return chat.Channel{}, false, err
		}
		if s.Channel != lost && s.Suspended == "" {
			return s.Channel, true, nil
		}
	}
	return chat.Channel{}, false, nil
}
