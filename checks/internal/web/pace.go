package web

import (
	"context"
	"sync"
	"time"
)

// pace lets burst requests through at once and rate a second after that. It is
// a virtual schedule (GCRA): next is when a request would be on time.
type pace struct {
	rate  float64
	burst int

	mu   sync.Mutex
	next time.Time
}

// wait waits for a turn. A turn that is given up is lost.
func (p *pace) wait(ctx context.Context) error {
	delay := p.take(time.Now())
	if delay <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take books the next turn and says how long it is until then.
func (p *pace) take(now time.Time) time.Duration {
	if p.rate <= 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	each := time.Duration(float64(time.Second) / p.rate)
	if p.next.Before(now) {
		p.next = now
	}
	turn := p.next.Add(-each * time.Duration(p.burst-1))
	p.next = p.next.Add(each)
	return turn.Sub(now)
}
