package bot

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
)

// SendRate is a token bucket: so many messages a second, and so many at once
// after a silence. Zero of either stands for the default.
type SendRate struct {
	PerSecond float64
	Burst     int
}

// OutboxSettings say how the outbox sends. A field that is zero stands for its
// default.
type OutboxSettings struct {
	Workers int      // calls of platforms at the same time: 32
	Channel SendRate // of one channel: 1 a second, 3 at once (Slack's limit for a channel)
	Tenant  SendRate // of one workspace or guild: 20 a second, 20 at once
	// Platform limits platforms that have one token for all their tenants. One that
	// is named here also pauses as a whole when it asks for it. Discord: 45
	// a second of the 50 that it allows.
	Platform map[string]SendRate

	Timeout time.Duration // of one call: 30 s
	Grace   time.Duration // for calls under way when the program ends: 10 s
	Late    time.Duration // from which on a message says that it is late: 5 min
	// Wait is the first pause after a failure, doubled with each until it is
	// MaxWait: 1 s, 5 min. A platform that says how long to wait is heeded.
	Wait, MaxWait time.Duration
	// Doubts is after how many attempts that may have been shown a delivery is
	// left to a person: 8, which is an hour or so, as the pauses between these
	// grow fivefold, up to six times MaxWait.
	Doubts int
	// GiveUp is after how long a delivery that still fails is left to a person: 24 h.
	GiveUp time.Duration

	// Draw makes the picture of a chart: [chart.PNG].
	Draw func(chart.Data) ([]byte, error)
	// Parked is called for each delivery that is left to a person. nil for nobody.
	Parked func(Delivery)
}

func (s OutboxSettings) orDefault() OutboxSettings {
	s.Workers = cmp.Or(s.Workers, 32)
	s.Channel = s.Channel.or(SendRate{1, 3})
	s.Tenant = s.Tenant.or(SendRate{20, 20})
	platform := map[string]SendRate{"discord": {45, 10}}
	maps.Copy(platform, s.Platform)
	s.Platform = platform
	s.Timeout = cmp.Or(s.Timeout, 30*time.Second)
	s.Grace = cmp.Or(s.Grace, 10*time.Second)
	s.Late = cmp.Or(s.Late, 5*time.Minute)
	s.Wait = cmp.Or(s.Wait, time.Second)
	s.MaxWait = cmp.Or(s.MaxWait, 5*time.Minute)
	s.Doubts = cmp.Or(s.Doubts, 8)
	s.GiveUp = cmp.Or(s.GiveUp, 24*time.Hour)
	if s.Draw == nil {
		s.Draw = chart.PNG
	}
	if s.Parked == nil {
		s.Parked = func(Delivery) {}
	}
	return s
}

func (r SendRate) or(d SendRate) SendRate {
	return SendRate{cmp.Or(r.PerSecond, d.PerSecond), cmp.Or(r.Burst, d.Burst)}
}

// Outbox sends what the store's queue holds. Per channel it sends in the order of
// queueing, one message at a time; channels do not wait for each other. It
// promises that what was queued is sent or parked, where a person is told of
// it, and that nothing is posted twice unless the first post may have failed: then it
// is sent with the same key, and marked as a repeat.
//
// An outbox is the only writer of a delivery's progress. There is one a store.
type Outbox struct {
	store *Store
	send  map[string]chat.Send
	set   OutboxSettings
	log   *slog.Logger
	kick  chan struct{}

	// Of Run's goroutine alone.
	due       laneHeap
	limits    limits
	flying    int      // calls under way
	unsettled []result // calls that have ended, not yet written down
	results   chan result
	homeless  map[string]bool // platforms without a sender that were logged

	mu    sync.Mutex // over what Stats reads too
	lanes map[chat.Channel]*lane
	posts map[Post]uint64
}

// Post is what became of attempts to send.
type Post struct {
	Platform string
	Result   string // sent, skipped, parked, or the word of a [chat.Trouble]
}

// OutboxStats are figures for the operator.
type OutboxStats struct {
	Depth  int             // deliveries that are neither sent nor parked
	Oldest time.Time       // when the oldest of them was queued; zero where there is none
	Posts  map[Post]uint64 // since the start
	Parked int             // that the store still keeps
}

// NewOutbox makes an outbox for the queue of a store. The senders are by platform; what
// is queued for a platform that has none waits until there is one.
func NewOutbox(s *Store, senders map[string]chat.Send, settings OutboxSettings, log *slog.Logger) *Outbox {
	settings = settings.orDefault()
	return &Outbox{
		store: s, send: maps.Clone(senders), set: settings, log: log,
		kick:     make(chan struct{}, 1),
		limits:   newLimits(settings),
		results:  make(chan result, settings.Workers),
		homeless: make(map[string]bool),
		lanes:    make(map[chat.Channel]*lane),
		posts:    make(map[Post]uint64),
	}
}

// Kick has the outbox look at what came in. The store does it after each
// transaction that queued something; nobody else has to.
func (o *Outbox) Kick() {
	select {
	case o.kick <- struct{}{}:
	default: // it will look anyway
	}
}

// Stats gives the figures of now.
func (o *Outbox) Stats() (OutboxStats, error) {
	var s OutboxStats
	o.mu.Lock()
	for _, l := range o.lanes {
		s.Depth += len(l.waiting)
		if len(l.waiting) > 0 {
			s.Oldest = sooner(s.Oldest, l.waiting[0].queued)
		}
	}
	s.Posts = maps.Clone(o.posts)
	o.mu.Unlock()
	err := o.store.View(func(tx *Tx) error {
		s.Parked = tx.tx.Bucket([]byte(bucketParked)).Stats().KeyN
		// What was queued this moment has perhaps not yet come to our notice.
		s.Depth = max(s.Depth, tx.tx.Bucket([]byte(bucketQueue)).Stats().KeyN)
		return nil
	})
	return s, err
}

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
	err := o.store.Update(func(tx *Tx) (err error) {
		if list, err = tx.routes(); err != nil {
			return err
		}
		for _, r := range list {
			if err := tx.doubt(r); err != nil {
				return err
			}
		}
		return o.limits.load(tx)
	})
	if err != nil {
		return fmt.Errorf("reading the queue: %w", err)
	}
	o.arrive(list)
	return nil
}

// doubt returns a delivery that is being sent to the queue, as one that may have been
// shown. An edit is no doubt: it may be made again.
func (tx *Tx) doubt(r route) error {
	p, ok, err := get[storedProgress](tx, bucketProgress, seqKey(nil, r.seq))
	if err != nil || !ok || p.State != Sending.String() {
		return err
	}
	d, ok, err := tx.delivery(r.seq)
	if err != nil || !ok {
		return err
	}
	d.State = Pending
	d.Problem = "the program ended while it was being sent"
	t, _, err := tx.Thread(d.Channel, d.Incident)
	if err != nil {
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
			if !o.homeless[r.channel.Platform] {
				o.homeless[r.channel.Platform] = true
				o.log.Warn("deliveries wait for a platform that is not set up", "platform", r.channel.Platform)
			}
			continue
		}
		if !l.busy && l.index < 0 {
			heap.Push(&o.due, l)
		}
	}
}

// turn writes down what became of calls that have ended, and what is to be sent
// next, in one transaction; only then it is sent. It gives the calls to make, at
// most as many as there are free workers.
func (o *Outbox) turn(now time.Time, free int) ([]job, error) {
	o.arrive(o.store.arrivals())
	ready := o.ready(now, free)
	if len(ready) == 0 && len(o.unsettled) == 0 {
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
		return nil
	})
	if err != nil {
		for _, l := range ready {
			heap.Push(&o.due, l)
		}
		return nil, err
	}
	o.unsettled = nil
	o.finish(now, ends, jobs)
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
		list = append(list, l)
	}
	return list
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
		for _, d := range e.over {
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
		l.busy = sending[l]
		l.at = now
		if e.next.After(now) {
			l.at = e.next
		}
		o.place(l)
		for _, d := range e.over {
			if other := o.lanes[d.Channel]; other != nil && other != l {
				o.place(other)
			}
		}
		o.report(e)
	}
}

// place puts a lane where it belongs: into the heap if it has something to begin.
func (o *Outbox) place(l *lane) {
	idle := !l.busy && len(l.waiting) > 0 && o.send[l.channel.Platform] != nil
	switch {
	case idle && l.index < 0:
		heap.Push(&o.due, l)
	case idle:
		heap.Fix(&o.due, l.index)
	case l.index >= 0:
		heap.Remove(&o.due, l.index)
	}
}

// report tells the operator what is left to a person.
func (o *Outbox) report(e ending) {
	parked := slices.DeleteFunc(slices.Clone(e.over), func(d Delivery) bool { return d.State != Parked })
	if len(parked) > 0 {
		first := parked[0]
		o.log.Error("deliveries are parked: look at the channel, then resume it",
			"channel", first.Channel, "deliveries", len(parked), "key", first.Key, "attempts", first.Attempts, "problem", first.Problem)
	}
	for _, d := range parked {
		o.set.Parked(d)
	}
	if e.warn != "" {
		o.log.Warn(e.warn, "channel", e.lane.channel, "key", e.key, "problem", e.problem)
	}
	if e.bug != "" {
		o.log.Error(e.bug, "channel", e.lane.channel, "key", e.key, "problem", e.problem)
	}
}
