package bot

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
)

// job is one call to make.
type job struct {
	lane *lane
	d    Delivery
	// as is how it is sent: an edit or a reply whose root is gone becomes a root.
	as    Op
	out   chat.Outgoing
	chart *chart.Data
}

// result is a call that has ended.
type result struct {
	job
	posted chat.Posted
	err    error
}

// ending is what a transaction did to a lane, for the memory to follow once it
// is kept.
type ending struct {
	lane *lane
	over []Delivery // sent, skipped or parked; of a lost tenant those of other lanes too
	gone []uint64   // that were no longer there
	lost []Delivery // that cannot be read, and are parked
	next time.Time  // before which the lane begins nothing

	trouble string // of the call, for the figures
	pause   string // whose silence lasts until until
	until   time.Time

	homeless bool // what is over is reported for the platform as a whole

	warn, bug, key, problem string // for the log
}

// prepare marks the next delivery of a lane as being sent, and gives the call.
// What has nothing to say any more is skipped on the way.
func (o *Outbox) prepare(tx *Tx, now time.Time, l *lane) (*job, ending, error) {
	e := ending{lane: l}
	for _, r := range l.waiting {
		d, ok, err := tx.delivery(r.seq)
		if damaged(err) {
			if err := e.setAside(tx, r, err); err != nil {
				return nil, e, err
			}
			continue
		}
		if err != nil {
			return nil, e, err
		}
		switch {
		case !ok || d.State != Pending: // gone, or settled with another of its lane
			e.gone = append(e.gone, r.seq)
			if err := tx.drop(bucketQueue, seqKey(nil, r.seq)); err != nil {
				return nil, e, err
			}
			continue
		case d.NotBefore.After(now) && d.NotBefore.Sub(now) <= o.set.longestWait():
			e.next = d.NotBefore
			return nil, e, nil
		case r.op == Edit && l.newer(r, Edit):
			d.State, d.SentAt, d.Problem = Skipped, now, "a newer edit was already waiting"
		case d.Doubts >= o.set.Doubts: // the program died over it, again and again
			if err := o.park(tx, now, d, &e); err != nil {
				return nil, e, err
			}
			continue
		default:
			if d, err = o.stopped(tx, now, d); err != nil && !damaged(err) {
				return nil, e, err
			}
		}
		if err == nil && d.State == Pending {
			var j job
			if j, err = o.address(tx, now, l, d); err == nil {
				return &j, e, nil
			}
		}
		if damaged(err) { // the record of its thread or tenant
			d.State, d.SentAt, d.Problem = Parked, now, err.Error()
		} else if err != nil {
			return nil, e, err
		}
		if d.State != Pending {
			e.over = append(e.over, d)
			if err := tx.finish(d); err != nil {
				return nil, e, err
			}
		}
	}
	return nil, e, nil
}

// ended goes through what waits no more.
func (e *ending) ended() iter.Seq[Delivery] {
	return func(yield func(Delivery) bool) {
		for _, list := range [][]Delivery{e.over, e.lost} {
			for _, d := range list {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// setAside parks a delivery that cannot be read, so that the others go on.
func (e *ending) setAside(tx *Tx, r route, why error) error {
	d, err := tx.setAside(r, why)
	e.lost = append(e.lost, d)
	return err
}

// stopped parks a delivery to a tenant that is stopped.
func (o *Outbox) stopped(tx *Tx, now time.Time, d Delivery) (Delivery, error) {
	t, _, err := tx.Tenant(d.Channel.Platform, d.Channel.Tenant)
	if err == nil && t.Stopped != "" {
		d.State, d.SentAt, d.Problem, d.Trouble = Parked, now, t.Stopped, chat.TenantLost.String()
	}
	return d, err
}

// address makes the call that a delivery needs, as its thread is now, and marks
// it as being sent.
func (o *Outbox) address(tx *Tx, now time.Time, l *lane, d Delivery) (job, error) {
	j := job{lane: l, as: d.Op, chart: d.Chart}
	j.out = chat.Outgoing{Channel: d.Channel, Key: d.Key, Short: d.Short, Message: d.Message}
	d.Heir.Wanted = false
	if d.Op != Plain {
		// Of a root too: what became of it is written there.
		t, _, err := tx.Thread(d.Channel, d.Incident)
		if err != nil {
			return j, err
		}
		switch {
		case d.Op == Root:
		case t.Root == "":
			j.as = Root
			if d.Heir.Made >= maxHeirs {
				break
			}
			if d.Heir.Wanted, err = j.heir(tx, d); err != nil {
				return j, err
			}
		case d.Op == Edit:
			j.out.Edit = t.Root
		default:
			j.out.Thread, j.out.Announce = t.Root, d.Op == Announce
		}
	}
	if d.Short || j.as == Edit {
		j.chart = nil
	}
	if now.Sub(d.Queued) > o.set.Late {
		parts := j.out.Message.Parts
		j.out.Message.Parts = append(parts[:len(parts):len(parts)], latePart(d, now))
	}
	d.State, d.Attempts, d.NotBefore = Sending, d.Attempts+1, time.Time{}
	unsure, tried := d.doubted()
	if j.as != Edit && *unsure {
		j.out.Repeat, j.out.Tried = true, *tried
	}
	if tried.IsZero() {
		*tried = now
	}
	j.d = d
	return j, tx.putProgress(d)
}

// doubted gives where it is kept whether the message that is being sent may have
// been shown, and since when.
func (d *Delivery) doubted() (unsure *bool, tried *time.Time) {
	if d.Heir.Wanted {
		return &d.Heir.Unsure, &d.Heir.Tried
	}
	return &d.Unsure, &d.Tried
}

// maxHeirs is how many new roots a reply gets. Where it cannot be put under those either,
// it becomes the root itself: a channel is not to be filled with roots.
const maxHeirs = 4

// heir makes the call one that gives the thread a new root. For a reply that is
// another message, the newest that the root should show, and the reply follows;
// without one the reply itself becomes the root. An edit is that message.
func (j *job) heir(tx *Tx, d Delivery) (other bool, err error) {
	if d.Op == Edit {
		return false, nil
	}
	head, ok, err := tx.threadHead(d.Channel, d.Incident)
	if damaged(err) { // the reply is news all the same
		return false, nil
	}
	if err != nil || !ok {
		return false, err
	}
	j.out.Key, j.out.Message, j.chart = d.Key+"/root/"+strconv.Itoa(d.Heir.Made+1), head.Message, nil
	return true, nil
}

// call makes one call. A panic in it is a result like any other: one message must not
// stop all others.
func (o *Outbox) call(ctx context.Context, j job) (r result) {
	r.job = j
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("the client of %s panicked: %v", j.out.Channel.Platform, p)
		}
	}()
	j.out.Picture = o.picture(j)
	ctx, cancel := context.WithTimeout(ctx, o.set.Timeout)
	defer cancel()
	r.posted, r.err = o.send[j.out.Channel.Platform](ctx, j.out)
	return r
}

// picture draws the chart. A message goes out without one rather than not at all.
func (o *Outbox) picture(j job) (p *chat.Picture) {
	if j.chart == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			o.log.Error("drawing a chart panicked", "key", j.d.Key, "panic", v)
			p = nil
		}
	}()
	png, err := o.set.Draw(*j.chart)
	if err != nil {
		o.log.Error("drawing a chart failed", "key", j.d.Key, "error", err)
		return nil
	}
	return &chat.Picture{Name: pictureName(j.d), PNG: png, Alt: j.chart.Alt()}
}

func pictureName(d Delivery) string {
	if d.Incident == "" {
		return "chart.png"
	}
	return d.Incident + ".png"
}

// latePart says in a message that it is late, and why.
func latePart(d Delivery, now time.Time) chat.Part {
	// In a rehearsal what was observed is years old; then the queue's time counts.
	verb, from := "observed", d.Observed
	if from.IsZero() || d.Queued.Sub(from).Abs() > time.Hour {
		verb, from = "queued", d.Queued
	}
	layout := "15:04"
	if from, now := from.UTC(), now.UTC(); from.YearDay() != now.YearDay() || from.Year() != now.Year() {
		layout = "2 Jan 15:04"
	}
	return chat.Part{
		Label: "Late",
		Text: fmt.Sprintf("%s %s UTC, delivered %s UTC: %s",
			verb, from.UTC().Format(layout), now.UTC().Format(layout), lateBecause(d)),
	}
}

// lateBecause gives the reason for a delay that is on record.
func lateBecause(d Delivery) string {
	name := platformName(d.Channel.Platform)
	switch d.Trouble {
	case chat.NotSent.String(), chat.Unclear.String():
		return name + " was unavailable"
	case chat.RateLimited.String():
		return name + " limits how much may be posted"
	case chat.ChannelLost.String(), chat.Forbidden.String(), chat.TenantLost.String():
		return "isitdown could not post here"
	case "":
		if d.Attempts == 0 {
			return "isitdown was not running, or had much to send"
		}
	}
	return "earlier attempts did not succeed"
}

// platformName writes a platform as people do: "Slack".
func platformName(platform string) string {
	if platform == "" {
		return platform
	}
	return strings.ToUpper(platform[:1]) + platform[1:]
}
