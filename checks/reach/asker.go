package reach

import (
	"context"
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
	// Manners limit how often a host and its block are asked; nil lets nothing through.
	Manners *Manners
	// Timeout is how long a probe may take, by default 3 s; HTTP, with its redirects,
	// three times as long.
	Timeout time.Duration
	// InFlight is how many probes may be under way, by default 100, and PerSecond how
	// many may be started in a second, by default 200.
	InFlight, PerSecond int
}

// maxWait is how long a probe waits for its turn with a host before it is held back.
const maxWait = 2 * time.Second

// Asker sends probes by all methods within all limits. It may be used by many goroutines
// and starts none.
type Asker struct {
	o    AskerOptions
	turn chan struct{} // one element for each probe under way

	mu     sync.Mutex
	next   time.Time // when the next probe may start
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
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.InFlight <= 0 {
		o.InFlight = 100
	}
	if o.PerSecond <= 0 {
		o.PerSecond = 200
	}
	return &Asker{o: o, turn: make(chan struct{}, o.InFlight), counts: Counts{Probes: map[checks.Method]map[checks.Outcome]uint64{}}}
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
		return unsent(p, "there was no time left")
	}
	if err := a.allowed(p); err != nil {
		a.count(func(c *Counts) { c.Refused++ })
		return unsent(p, err.Error())
	}
	select {
	case <-ctx.Done():
		return unsent(p, "there was no time left")
	case a.turn <- struct{}{}:
	}
	defer func() { <-a.turn }()
	if why := a.wait(ctx, p); why != "" {
		return unsent(p, why)
	}
	return a.send(ctx, p, send)
}

// allowed asks the shield. A port is looked at where there is one to choose.
func (a *Asker) allowed(p Probe) error {
	if err := a.o.Shield.Addr(p.Addr); err != nil {
		return err
	}
	if p.Method == checks.MethodICMP || p.Method == checks.MethodDNS && p.Port == dnsPort {
		return nil
	}
	return a.o.Shield.Port(p.Port)
}

// wait keeps a probe until it may start; it says why it may not.
func (a *Asker) wait(ctx context.Context, p Probe) (why string) {
	if !pause(ctx, a.slot()) {
		return "there was no time left"
	}
	for end := time.Now().Add(maxWait); ; {
		now := time.Now()
		wait, ok := a.o.Manners.Take(p.Addr, p.Port, now)
		switch {
		case ok:
			return ""
		case now.Add(wait).After(end):
			a.count(func(c *Counts) { c.HeldBack++ })
			return HeldBack + "its network was asked as often as we allow ourselves"
		case !pause(ctx, wait):
			return "there was no time left"
		}
	}
}

// slot gives the time until the next free start, and takes it.
func (a *Asker) slot() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.next.Before(now) {
		a.next = now
	}
	wait := a.next.Sub(now)
	a.next = a.next.Add(time.Second / time.Duration(a.o.PerSecond))
	return wait
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
		for o, n := range by {
			out.Probes[m][o] = n
		}
	}
	return out
}

// unsent is the answer of a probe that was not sent.
func unsent(p Probe, why string) checks.Answer {
	return checks.Answer{Host: p.Host, Addr: p.Addr, Port: p.Port, Method: p.Method, At: time.Now(), Outcome: checks.Unmeasured, Detail: why}
}
