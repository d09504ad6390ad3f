package bot

import (
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Run sends until the context ends. Then it begins nothing more, gives the calls
// under way the grace to end, and returns what did not end to the queue. An error means
// that the store cannot be read or written; nothing is lost by it. It runs once.
func (o *Outbox) Run(ctx context.Context) error {
	defer o.listen(nil)
	if err := o.load(); err != nil {
		return err
	}
	// Calls outlive the context of Run by the grace.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	wake := time.NewTimer(0)
	defer wake.Stop()
	for ctx.Err() == nil {
		wait := o.set.MaxWait
		if jobs, err := o.turn(time.Now(), o.set.Workers-o.flying); err != nil {
			o.log.Error("the outbox cannot write to the store; it tries again", "error", err)
			wait = time.Second
		} else {
			for _, j := range jobs {
				o.flying++
				wg.Go(func() { o.results <- o.call(calls, j) })
			}
			if len(jobs) > 0 && o.flying < o.set.Workers {
				continue // more may be due
			}
			wait = o.untilDue(time.Now(), wait)
		}
		wake.Reset(wait)
		select {
		case <-ctx.Done():
		case <-o.kick:
		case <-wake.C:
		case r := <-o.results:
			o.landed(r)
		}
	}
	return o.end(cancel)
}

// untilDue is how long nothing has to be begun.
func (o *Outbox) untilDue(now time.Time, most time.Duration) time.Duration {
	if at := o.homeless.at; !at.IsZero() {
		most = min(most, max(0, at.Sub(now)))
	}
	if len(o.due) == 0 || o.flying >= o.set.Workers {
		return most
	}
	return min(most, max(0, o.due[0].at.Sub(now)))
}

// landed takes in a call that has ended, and all others that have by now.
func (o *Outbox) landed(r result) {
	for {
		o.flying--
		o.unsettled = append(o.unsettled, r)
		select {
		case r = <-o.results:
		default:
			return
		}
	}
}

// end waits for the calls under way and writes down what became of them.
func (o *Outbox) end(cancel func()) error {
	grace := time.AfterFunc(o.set.Grace, cancel)
	defer grace.Stop()
	for o.flying > 0 {
		o.landed(<-o.results)
	}
	if _, err := o.turn(time.Now(), 0); err != nil {
		return fmt.Errorf("writing down what was sent last: %w", err)
	}
	return nil
}

// listen has the store call Kick; nil ends it.
func (o *Outbox) listen(kick func()) {
	q := &o.store.queue
	q.Lock()
	defer q.Unlock()
	q.kick, q.arrived = kick, nil
}

// load reads the queue. What is found as being sent was under way when the
// program died: it may have been shown.
func (o *Outbox) load() error {
	o.listen(o.Kick) // first, so that nothing arrives unseen in between
	var list []route
	var e ending
	err := o.store.Update(func(tx *Tx) error {
		var lost map[uint64]error
		list, lost = tx.routes()
		e = ending{}
		for seq, why := range lost {
			if err := e.setAside(tx, route{seq: seq}, why); err != nil {
				return err
			}
		}
		for _, r := range list {
			if err := tx.doubt(r); err != nil {
				return err
			}
		}
		if err := tx.tryTenants(time.Now().Add(-o.set.GiveUp)); err != nil {
			return err
		}
		return o.limits.load(tx)
	})
	if err != nil {
		return fmt.Errorf("reading the queue: %w", err)
	}
	o.report(e)
	o.arrive(list)
	return nil
}

// tryTenants gives tenants that were stopped another try, with what was parked
// since a time: there may be a new token. Those that have removed the bot have
// their subscriptions suspended, and stay as they are.
func (tx *Tx) tryTenants(since time.Time) error {
	list, err := tx.Tenants()
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Stopped == "" {
			continue
		}
		subs, err := tx.TenantSubscriptions(t.Platform, t.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(subs, func(s Subscription) bool { return s.Suspended == "" }) {
			continue
		}
		if _, err := tx.ResumeTenant(t.Platform, t.ID, since); err != nil {
			return err
		}
	}
	return nil
}

// doubt returns a delivery that is being sent to the queue, as one that may have been
// shown. An edit is no doubt: it may be made again.
func (tx *Tx) doubt(r route) error {
	p, ok, err := get[storedProgress](tx, bucketProgress, seqKey(nil, r.seq))
	if damaged(err) { // it is set aside when its turn comes
		return nil
	}
	if err != nil || !ok || p.State != Sending.String() {
		return err
	}
	d, ok, err := tx.delivery(r.seq)
	if damaged(err) {
		return nil
	}
	if err != nil || !ok {
		return err
	}
	d.State = Pending
	d.Problem = "the program ended while it was being sent"
	t, _, err := tx.Thread(d.Channel, d.Incident)
	if err != nil && !damaged(err) {
		return err
	}
	if d.Op != Edit || t.Root == "" {
		unsure, _ := d.doubted()
		*unsure, d.Doubts = true, d.Doubts+1
	}
	return tx.putProgress(d)
}

// arrive puts deliveries into the lanes of their channels.
func (o *Outbox) arrive(list []route) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range list {
		l := o.lanes[r.channel]
		if l == nil {
			l = &lane{channel: r.channel, born: len(o.lanes), index: -1}
			o.lanes[r.channel] = l
		}
		if !l.add(r) {
			continue
		}
		if o.send[r.channel.Platform] == nil {
			if o.homeless.add(r, o.set.GiveUp) {
				o.log.Warn("deliveries wait for a platform that is not set up", "platform", r.channel.Platform)
			}
			continue
		}
		if !l.busy && !l.behind && l.index < 0 {
			heap.Push(&o.due, l)
		}
	}
}

// turn writes down what became of calls that have ended, and what is to be sent
// next, in one transaction; only then it is sent. It gives the calls to make, at
// most as many as there are free workers.
func (o *Outbox) turn(now time.Time, free int) ([]job, error) {
	o.arrive(o.store.arrivals())
	for _, r := range o.unsettled { // written down with what comes next, or not at all
		o.yield(r.lane)
	}
	ready := o.ready(now, free)
	forsaken := o.forsaken(now)
	if len(ready) == 0 && len(o.unsettled) == 0 && len(forsaken) == 0 {
		return nil, nil
	}
	var jobs []job
	var ends []ending
	err := o.store.Update(func(tx *Tx) error {
		jobs, ends = nil, nil
		for _, r := range o.unsettled {
			e, err := o.settle(tx, now, r)
			if err != nil {
				return fmt.Errorf("settling delivery %s: %w", r.d.Key, err)
			}
			ends = append(ends, e)
		}
		for _, l := range ready {
			j, e, err := o.prepare(tx, now, l)
			if err != nil {
				return fmt.Errorf("preparing a delivery to %s: %w", l.channel, err)
			}
			ends = append(ends, e)
			if j != nil {
				jobs = append(jobs, *j)
			}
		}
		homeless, err := o.parkHomeless(tx, now, forsaken)
		ends = append(ends, homeless...)
		return err
	})
	if err != nil {
		for _, l := range ready {
			o.yield(l)
			heap.Push(&o.due, l)
		}
		if len(forsaken) > 0 {
			o.homeless.at = now
		}
		return nil, err
	}
	o.unsettled = nil
	o.finish(now, ends, jobs)
	o.reportHomeless(now, ends)
	return jobs, nil
}

// ready takes the lanes that may send now out of the heap.
func (o *Outbox) ready(now time.Time, free int) []*lane {
	var list []*lane
	for len(o.due) > 0 && len(list) < free && !o.due[0].at.After(now) {
		l := o.due[0]
		if at := o.limits.allow(l, now); at.After(now) {
			l.at = at
			heap.Fix(&o.due, 0)
			continue
		}
		heap.Pop(&o.due)
		if o.turns.take(l) {
			list = append(list, l)
		}
	}
	return list
}

// yield lets the next lane of the tenant send, if l was the one to do so.
func (o *Outbox) yield(l *lane) {
	if !o.turns.give(l) {
		return
	}
	for next := o.turns.next(l.channel); next != nil; next = o.turns.next(l.channel) {
		if o.place(next); next.index >= 0 {
			return
		} // what it had to send was taken from it meanwhile
	}
}

// finish brings the lanes up to date with what was written.
func (o *Outbox) finish(now time.Time, ends []ending, jobs []job) {
	sending := make(map[*lane]bool, len(jobs))
	for _, j := range jobs {
		sending[j.lane] = true
	}
	o.mu.Lock()
	for _, e := range ends {
		for _, seq := range e.gone {
			e.lane.remove(seq)
		}
		for d := range e.ended() {
			if l := o.lanes[d.Channel]; l != nil {
				l.remove(d.Seq)
			}
			o.posts[Post{d.Channel.Platform, d.State.String()}]++
		}
		if e.trouble != "" {
			o.posts[Post{e.lane.channel.Platform, e.trouble}]++
		}
		o.limits.pause(e.pause, now, e.until)
	}
	o.mu.Unlock()
	for _, e := range ends {
		l := e.lane
		if l.busy = sending[l]; !l.busy {
			o.yield(l)
		}
		l.at = now
		if e.next.After(now) {
			l.at = e.next
		}
		o.place(l)
		for d := range e.ended() {
			if other := o.lanes[d.Channel]; other != nil && other != l {
				o.place(other)
			}
		}
		o.report(e)
	}
}

// place puts a lane where it belongs: into the heap if it has something to begin.
func (o *Outbox) place(l *lane) {
	idle := !l.busy && !l.behind && len(l.waiting) > 0 && o.send[l.channel.Platform] != nil
	switch {
	case idle && l.index < 0:
		heap.Push(&o.due, l)
	case idle:
		heap.Fix(&o.due, l.index)
	case l.index >= 0:
		heap.Remove(&o.due, l.index)
	}
}
