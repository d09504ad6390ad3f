package reach

import (
	"context"
	"fmt"
	"sync"
	"time"

	"isitdown/checks"
)

const (
	shared       = time.Minute // for which the answer to a question is given to others too
	quickly      = 9 * time.Second
	maxInquiries = 1000 // targets that were asked about and are kept in mind
	lingerOn     = 5 * time.Minute
	cutShort     = "%s was not probed to the end: there was no time left"
	maxUnsaved   = 20_000
)

// inquiry is what people ask about one target, and what came of it last.
type inquiry struct {
	t       *target
	done    chan struct{} // closed when the answer is there
	cancel  context.CancelFunc
	waiting int
	ended   time.Time // zero while it is being asked
	reach   checks.Reach
	gaps    []checks.Gap
}

func (q *inquiry) over() bool { return !q.ended.IsZero() }

// Once answers a person's question: with what is known of a followed target, with a
// result that is not older than a minute, or with a quick round of at most some 9 s. It
// ends with ctx. One round is silent at most, which proves nothing: a target whose hosts
// do not answer is asked on for some minutes while Run runs, so that the next question
// finds more.
func (m *Monitor) Once(ctx context.Context, f checks.Footprint) (checks.Reach, []checks.Gap) {
	m.mu.Lock()
	if t := m.targets[f.Target]; t != nil && m.running {
		m.mu.Unlock()
		return m.followed(ctx, t)
	}
	q := m.asked[f.Target]
	if q == nil || q.over() && time.Since(q.ended) >= shared {
		q = m.ask(ctx, f, q)
	}
	q.waiting++
	m.mu.Unlock()
	select {
	case <-q.done:
	case <-ctx.Done():
		m.mu.Lock()
		last := q.waiting == 1
		m.mu.Unlock()
		if last { // nobody waits any more: end it, and see it end
			q.cancel()
			<-q.done
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q.waiting--
	if !q.over() {
		return checks.Reach{}, []checks.Gap{{Check: "reach", Reason: fmt.Sprintf(cutShort, f.Target)}}
	}
	return clone(q.reach), append([]checks.Gap(nil), q.gaps...)
}

// followed gives what is known of a target that is followed, once that is anything.
func (m *Monitor) followed(ctx context.Context, t *target) (checks.Reach, []checks.Gap) {
	limit, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	select {
	case <-t.ready:
	case <-limit.Done():
	}
	c := m.guard.recent()
	m.mu.Lock()
	defer m.mu.Unlock()
	gaps := t.missing(c)
	if !t.opened && len(gaps) == 0 {
		gaps = append(gaps, checks.Gap{Check: "reach", Reason: fmt.Sprintf(cutShort, t.f.Target)})
	}
	return t.reach(time.Now(), c), gaps
}

// ask starts to find the answer to a question, with what the last one found out.
func (m *Monitor) ask(ctx context.Context, f checks.Footprint, old *inquiry) *inquiry {
	t := newTarget(f)
	if old != nil {
		t = old.t
		t.f = f
	}
	m.room()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickly)
	q := &inquiry{t: t, done: make(chan struct{}), cancel: cancel}
	m.asked[f.Target] = q
	go func() { // whoever asks waits for it
		defer close(q.done)
		defer cancel()
		m.quick(ctx, q)
	}()
	return q
}

// room drops the oldest question where there are too many.
func (m *Monitor) room() {
	if len(m.asked) < maxInquiries {
		return
	}
	var oldest checks.Target
	for t, q := range m.asked {
		if o := m.asked[oldest]; q.over() && q.waiting == 0 && (o == nil || q.ended.Before(o.ended)) {
			oldest = t
		}
	}
	delete(m.asked, oldest)
}

// quick is one round of a target for a question.
func (m *Monitor) quick(ctx context.Context, q *inquiry) {
	t := q.t
	var looks, asks sync.WaitGroup
	looks.Go(func() {
		if before, now, looked := m.guard.look(ctx, guardEvery); looked {
			m.settle(before, now) // the others profit
		}
	})
	m.chooseHosts(ctx, t)
	m.mu.Lock()
	for _, h := range t.hosts {
		h.next = time.Time{}
	}
	due := t.start(time.Now())
	for _, h := range due {
		p, again := h.probe, t.alone(h)
		asks.Go(func() { m.record(t, h, m.question(ctx, p, again)) })
	}
	m.mu.Unlock()
	asks.Wait()
	looks.Wait()
	c := m.guard.recent()
	m.mu.Lock()
	missed := false
	end := time.Now().Add(time.Nanosecond)
	for _, h := range t.hosts {
		missed = missed || h.newest.Missed() && h.before(end)
		if end.Sub(c.began) < guardEvery+quickly { // an older look says nothing of this round
			h.settle(end, c.of(h.probe).Holds())
		}
	}
	q.reach, q.gaps, q.ended = t.reach(end, c), t.missing(c), end
	if ctx.Err() != nil && q.reach.At.IsZero() && len(q.gaps) == 0 {
		q.gaps = append(q.gaps, checks.Gap{Check: "reach", Reason: fmt.Sprintf(cutShort, t.f.Target)})
	}
	if ctx.Err() != nil {
		q.ended = end.Add(-2 * shared) // the next one who asks may have more time
	}
	m.gather(t)
	if missed && m.running && m.targets[t.f.Target] == nil {
		t.linger, t.due = end.Add(lingerOn), time.Time{}
		m.targets[t.f.Target] = t
	}
	running := m.running
	m.mu.Unlock()
	if !running {
		m.save()
	}
}
