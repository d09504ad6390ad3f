package reach

import (
	"context"
	"sync"
	"time"
)

// pace spreads starts evenly: one each gap.
type pace struct {
	gap time.Duration

	mu   sync.Mutex
	next time.Time
}

// wait waits for the next start. Where that is after the end of the context, it gives
// its error at once and takes none.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := now
	if p.next.After(now) {
		at = p.next
	}
	if end, ok := ctx.Deadline(); ok && at.After(end) {
		p.mu.Unlock()
		return context.DeadlineExceeded
	}
	p.next = at.Add(p.gap)
	p.mu.Unlock()
	if at != now {
		pause(ctx, at.Sub(now))
	}
	return ctx.Err()
}
