package reach

import (
	"context"
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"time"

	"isitdown/checks"
)

const (
	tick      = time.Second
	saveEvery = time.Minute
	// resolveFor bounds choosing the hosts of a target; a country's change slowly.
	resolveFor  = 15 * time.Second
	chooseEvery = time.Hour
	chooseAgain = 5 * time.Minute // where none were found
	retryAfter  = 1200 * time.Millisecond
	traceFor    = 45 * time.Second
	traces      = 4 // at the same time
	// traceEvery is the least time between two traces into one block. Of a silent host each
	// sends some packets more than manners count, and many targets may lie in one block.
	traceEvery = 10 * time.Minute
)

// Monitor keeps asking the hosts of targets, and answers questions about others. Its
// methods may be called from any goroutine.
//
// One lock guards the targets and all that is known of their hosts. It is never held
// while anything is asked, looked up, loaded or saved.
type Monitor struct {
	o     Options
	guard *guard
	began time.Time
	tasks sync.WaitGroup // what Run started
	trace chan struct{}  // one element for each trace under way

	sharing sharing

	mu      sync.Mutex
	running bool
	targets map[checks.Target]*target
	asked   map[checks.Target]*inquiry
	unsaved []HostRate // of targets that nobody follows any more
	traced  map[netip.Prefix]time.Time
}

// New makes a monitor. Nothing is asked before [Monitor.Run] or [Monitor.Once].
func New(o Options) *Monitor {
	if o.Every <= 0 {
		o.Every = 2 * time.Minute
	}
	o.Every = max(o.Every, followUp)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Monitor{
		o: o, guard: newGuard(&o), began: time.Now(), trace: make(chan struct{}, traces),
		sharing: sharing{kept: map[Probe]*posed{}},
		targets: map[checks.Target]*target{}, asked: map[checks.Target]*inquiry{}, traced: map[netip.Prefix]time.Time{},
	}
}

// Run asks in rounds until the context ends. It returns when nothing is under way any
// more and what was learned is saved. It is called once.
func (m *Monitor) Run(ctx context.Context) {
	m.setRunning(true)
	m.tasks.Go(func() { m.watchOwn(ctx) })
	t := time.NewTicker(tick)
	defer t.Stop()
	saved := time.Now()
	for ctx.Err() == nil {
		now := time.Now()
		m.step(ctx, now)
		if now.Sub(saved) >= saveEvery {
			saved = now
			m.save()
		}
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
	m.setRunning(false)
	m.tasks.Wait()
	m.save()
}

func (m *Monitor) setRunning(is bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = is
}

// watchOwn lets the guard look while there is anything to guard, and settles what was
// missed since it looked last.
func (m *Monitor) watchOwn(ctx context.Context) {
	for pause(ctx, tick) {
		m.mu.Lock()
		idle := len(m.targets) == 0
		m.mu.Unlock()
		if idle {
			continue
		}
		if before, now, looked := m.guard.look(ctx, guardEvery); looked {
			m.settle(before, now)
		}
	}
}

// settle lets two looks of the guard decide on what was missed.
func (m *Monitor) settle(before, now look) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.targets {
		t.settle(before, now)
	}
}

// step starts all that is due.
func (m *Monitor) step(ctx context.Context, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	void := m.void()
	for key, t := range m.targets {
		switch {
		case now.Before(t.due):
			continue
		case t.uses == 0 && now.After(t.linger):
			delete(m.targets, key)
			m.gather(t)
			continue
		}
		if !t.choosing && !now.Before(t.choose) {
			t.choosing, t.choose = true, now.Add(chooseEvery)
			m.tasks.Go(func() { m.chooseHosts(ctx, t) })
		}
		for _, h := range t.start(now) {
			p, again := h.probe, !void && !h.silence.Proven() && h.before(now) && t.alone(h)
			m.tasks.Go(func() { m.record(t, h, m.question(ctx, p, again)) })
		}
		if h, ok := t.silent(); ok && !t.traced && m.o.Trace != nil {
			to := h.probe.Addr
			t.traced = true
			if m.mayTrace(to, now) {
				m.tasks.Go(func() { m.traceWay(ctx, t, to) })
			}
		}
	}
}

// void reports whether the guard found at its last look that our own network fails.
func (m *Monitor) void() bool {
	c := m.guard.recent()
	return !c.began.IsZero() && !c.four.Holds() && !c.six.Holds()
}

// question asks a host, or gives what another target has just found. Where again is true
// an unanswered probe is sent a second time, and both together are one question: most
// losses are found out at once.
func (m *Monitor) question(ctx context.Context, p Probe, again bool) checks.Answer {
	seen := m.guard.recent()
	if a, ok := seen.ping(p, time.Now()); ok {
		return a
	}
	return m.sharing.ask(ctx, p, again, func() checks.Answer { return m.askHost(ctx, p, again) })
}

func (m *Monitor) askHost(ctx context.Context, p Probe, again bool) checks.Answer {
	first := m.o.Ask(ctx, p)
	if !again || !first.Missed() || !pause(ctx, retryAfter) {
		return first
	}
	second := m.o.Ask(ctx, p)
	switch {
	case second.Outcome == checks.Unmeasured:
		return first
	case second.Missed():
		second.At = first.At // since then it has not answered
	}
	second.Retried = true
	return second
}

// record takes the answer to a question.
func (m *Monitor) record(t *target, h *host, a checks.Answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	t.answer(h, a, now, m.round(t, now), m.o.Every, m.void())
}

// round gives the time of the target's next round.
func (m *Monitor) round(t *target, now time.Time) time.Time {
	every := m.o.Every
	since := now.Sub(m.began) - t.offset(every)
	next := now.Add(every - (since%every+every)%every)
	if next.Sub(now) < every/4 { // it has just been asked
		next = next.Add(every)
	}
	return next
}

// chooseHosts finds the hosts of a target, anew or for the first time.
func (m *Monitor) chooseHosts(ctx context.Context, t *target) {
	m.mu.Lock()
	f, first := t.f, t.history == nil
	m.mu.Unlock()
	var old []HostRate
	if first && m.o.Load != nil {
		var err error
		if old, err = m.o.Load(f.Target); err != nil {
			m.o.Log.Warn("the history of a target's hosts cannot be read", "target", f.Target, "error", err)
		}
	}
	now := time.Now()
	m.mu.Lock()
	if first && t.history == nil {
		t.remember(old)
	}
	known := t.known(now)
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, resolveFor)
	defer cancel()
	list, gaps := choose(ctx, &m.o, &f, known)
	cut := ctx.Err() != nil && len(list) == 0
	m.mu.Lock()
	defer m.mu.Unlock()
	now = time.Now()
	t.choosing = false
	t.choose = now.Add(chooseEvery)
	switch f.Target.Kind() {
	case checks.KindHost, checks.KindURL:
		t.choose = m.round(t, now)
	default:
		if len(list) == 0 {
			t.choose = now.Add(chooseAgain)
		}
	}
	if t.due = (time.Time{}); !cut || len(t.hosts) == 0 {
		t.adopt(list, gaps, now)
	}
}

// mayTrace reports whether a way may be traced, and counts it. m.mu is held.
func (m *Monitor) mayTrace(to netip.Addr, now time.Time) bool {
	maps.DeleteFunc(m.traced, func(_ netip.Prefix, at time.Time) bool { return now.Sub(at) >= traceEvery })
	block := blockOf(to)
	if _, recent := m.traced[block]; recent {
		return false
	}
	m.traced[block] = now
	return true
}

// traceWay traces the way to a silent host.
func (m *Monitor) traceWay(ctx context.Context, t *target, to netip.Addr) {
	select {
	case <-ctx.Done():
		return
	case m.trace <- struct{}{}:
	}
	defer func() { <-m.trace }()
	ctx, cancel := context.WithTimeout(ctx, traceFor)
	defer cancel()
	way, err := m.o.Trace(ctx, to)
	if err != nil {
		m.o.Log.Info("the way to a silent host could not be traced", "host", to, "error", err)
	}
	if len(way) == 0 {
		return
	}
	last := way[len(way)-1]
	if m.o.Origin != nil && last.Addr.IsValid() && !last.Arrived {
		if last.Origin, last.Name, err = m.o.Origin(ctx, last.Addr); err != nil {
			m.o.Log.Info("who announces a router's address is not known", "router", last.Addr, "error", err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.traced { // and it is still silent
		t.last = last
		t.revision++
	}
}

// State tells what the monitor is doing.
func (m *Monitor) State() State {
	var s State
	m.guard.tell(&s)
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Targets, s.Unsaved = len(m.targets), len(m.unsaved)
	for _, t := range m.targets {
		for _, h := range t.hosts {
			s.Unsaved += len(h.rates.unsaved)
			switch {
			case h.asleep:
				continue
			case h.silence.Proven():
				s.Silent++
			case !h.missing.IsZero() || len(h.pending) > 0:
				s.Unsure++
			}
			s.Hosts++
		}
	}
	return s
}
