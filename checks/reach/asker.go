package reach

import (
	"context"
	"maps"
	"net/netip"
	"sync"
	"time"

	"isitdown/checks"
)

// HeldBack begins the Detail of a probe that was not sent because of [Manners].
const HeldBack = "held back: "

// AskerOptions are what an [Asker] works with.
type AskerOptions struct {
	// Methods send the probes. One that is missing cannot be asked with.
	Methods map[checks.Method]Ask
	// Shield says where probes may go; nil refuses everything.
	Shield *Shield
	// Manners limit how often a host and its block are asked, and how many probes start in
	// a second; nil lets nothing through.
	Manners *Manners
	// Timeout is how long a probe may take, by default 3 s; HTTP, with its redirects,
	// three times as long.
	Timeout time.Duration
	// InFlight is how many probes may be under way, by default 100.
	InFlight int
}

const (
	// maxWait is how long a probe waits for its turn with a host before it is held back.
	maxWait = 3 * time.Second
	// spacing is more than the time between the starts of two probes, whomever they go to.
	spacing = 50 * time.Millisecond
	late    = "there was no time left"
)

// Asker sends probes by all methods within all limits. It may be used by many goroutines
// and starts none.
type Asker struct {
	o    AskerOptions
	turn chan struct{} // one element for each probe under way
	// others has one for each that is not the guard's, and pages for each of a page: a host
	// that is slow to give one keeps a place three times as long as any other. However many
	// such hosts people follow, neither the guard nor the other hosts wait for them.
	others, pages chan struct{}
	gate          chan struct{} // one element while a probe is about to start

	mu     sync.Mutex
	counts Counts
}

// Counts are what came of probes so far, for metrics.
type Counts struct {
	Probes   map[checks.Method]map[checks.Outcome]uint64 // sent
	Refused  uint64                                      // by the shield
	HeldBack uint64                                      // by manners
	InFlight int                                         // under way now
}

// NewAsker makes an asker.
func NewAsker(o AskerOptions) *Asker {
	o.Timeout = either(o.Timeout, defaultTimeout)
	o.InFlight = either(o.InFlight, defaultInFlight)
	return &Asker{
		o: o, turn: make(chan struct{}, o.InFlight), gate: make(chan struct{}, 1),
		others: make(chan struct{}, o.InFlight-o.InFlight/10), pages: make(chan struct{}, max(o.InFlight*6/10, 1)),
		counts: Counts{Probes: map[checks.Method]map[checks.Outcome]uint64{}},
	}
}

// Ask sends a probe; it is an [Ask]. The time it waits for its turn does not count
// against its timeout.
func (a *Asker) Ask(ctx context.Context, p Probe) checks.Answer {
	p.Addr = p.Addr.Unmap()
	send := a.o.Methods[p.Method]
	switch {
	case send == nil:
		return unsent(p, "no probe by "+p.Method.String()+" is set up")
	case ctx.Err() != nil:
		return unsent(p, late)
	}
	if err := a.o.Shield.Probe(p); err != nil {
		a.count(func(c *Counts) { c.Refused++ })
		return unsent(p, err.Error())
	}
	done, why := a.begin(ctx, p)
	if done == nil {
		return unsent(p, why)
	}
	defer done()
	return a.send(ctx, p, send)
}

// begin keeps a probe until it may start, and says why it may not. Of those that may,
// done has to be called at its end.
func (a *Asker) begin(ctx context.Context, p Probe) (done func(), why string) {
	for waited := time.Duration(0); ; {
		leave := a.enter(ctx, p)
		if leave == nil {
			return nil, late
		}
		wait, ok := a.take(ctx, p)
		if ok {
			return leave, ""
		}
		leave()
		waited += wait
		switch {
		case ctx.Err() != nil:
			return nil, late
		case waited > maxWait:
			a.count(func(c *Counts) { c.HeldBack++ })
			return nil, HeldBack + "its network was asked as often as we allow ourselves"
		case !pause(ctx, wait):
			return nil, late
		}
	}
}

// enter waits for a place among the probes under way, which leave gives back; nil where the
// context ended before.
func (a *Asker) enter(ctx context.Context, p Probe) (leave func()) {
	var taken []chan struct{}
	leave = func() {
		for _, place := range taken {
			<-place
		}
	}
	places := []chan struct{}{a.turn}
	if !p.Control {
		places = []chan struct{}{a.others, a.turn}
	}
	if p.Method == checks.MethodHTTP {
		places = append([]chan struct{}{a.pages}, places...)
	}
	for _, place := range places {
		select {
		case place <- struct{}{}:
			taken = append(taken, place)
		case <-ctx.Done():
			leave()
			return nil
		}
	}
	return leave
}

// Hop keeps a redirect, which is part of a probe under way, until it may be followed to
// a host; it is for [DialerOptions.Hop]. The addresses of a name lead to the same place at
// the same moment. Where it is held back the error is a [*RefusedError].
func (a *Asker) Hop(ctx context.Context, to netip.AddrPort) error {
	refuse := func(why string) error { return &RefusedError{What: to.Addr().String(), Why: why} }
	for waited := time.Duration(0); ; {
		wait, ok := a.take(ctx, Probe{Addr: to.Addr().Unmap(), Port: to.Port()})
		waited += wait
		switch {
		case ok:
			return nil
		case ctx.Err() != nil:
			return refuse(late)
		case waited > maxWait:
			a.count(func(c *Counts) { c.HeldBack++ })
			return refuse("it was asked as often as we allow ourselves")
		case !pause(ctx, wait):
			return refuse(late)
		}
	}
}

// take asks manners. Where it is only that another probe has just started it waits in a
// queue, so that nobody is overtaken for ever.
func (a *Asker) take(ctx context.Context, p Probe) (wait time.Duration, ok bool) {
	select {
	case <-ctx.Done():
		return 0, false
	case a.gate <- struct{}{}:
	}
	defer func() { <-a.gate }()
	for {
		take := a.o.Manners.Take
		if p.Control {
			take = a.o.Manners.TakeControl
		}
		wait, ok = take(p.Addr, p.Port, time.Now())
		if ok || wait > spacing || !pause(ctx, wait) {
			return wait, ok
		}
	}
}

// send asks, and counts what came of it. An answer is cut short by the probe's timeout;
// what the end of ctx cut short says nothing of the host.
func (a *Asker) send(ctx context.Context, p Probe, send Ask) checks.Answer {
	a.count(func(c *Counts) { c.InFlight++ })
	at := time.Now()
	limit := a.o.Timeout
	if p.Method == checks.MethodHTTP {
		limit *= httpTimeouts
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	got := send(limited, p)
	if got.At.IsZero() {
		got.At = at
	}
	if got.Missed() && ctx.Err() != nil && time.Since(at) < limit {
		got.Outcome, got.Detail = checks.Unmeasured, "it was cut short"
	}
	a.count(func(c *Counts) {
		c.InFlight--
		by := c.Probes[p.Method]
		if by == nil {
			by = map[checks.Outcome]uint64{}
			c.Probes[p.Method] = by
		}
		by[got.Outcome]++
	})
	return got
}

func (a *Asker) count(f func(*Counts)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.counts)
}

// Counts gives what came of the probes so far: a copy.
func (a *Asker) Counts() Counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.counts
	out.Probes = make(map[checks.Method]map[checks.Outcome]uint64, len(a.counts.Probes))
	for m, by := range a.counts.Probes {
		out.Probes[m] = make(map[checks.Outcome]uint64, len(by))
		maps.Copy(out.Probes[m], by)
	}
	return out
}

// unsent is the answer of a probe that was not sent.
func unsent(p Probe, why string) checks.Answer {
	return checks.Answer{Host: p.Host, Addr: p.Addr, Port: p.Port, Method: p.Method, At: time.Now(), Outcome: checks.Unmeasured, Detail: why}
}
