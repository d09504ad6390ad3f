package world

import (
	"context"
	"time"

	"isitdown/checks/route"
)

// Run gives what comes to apply, in its order and in batches, until ctx ends; what waits
// then is dropped. apply is called from one goroutine, and what it is given is good until
// it returns.
func (b *Inbox) Run(ctx context.Context, apply func([]route.Update)) {
	var r records
	for {
		c := b.take(&r)
		if c == nil {
			select {
			case <-b.more:
				continue
			case <-ctx.Done():
				return
			}
		}
		for list := r.next(); len(list) > 0; list = r.next() {
			apply(list)
			b.applied(list)
			if ctx.Err() != nil {
				break
			}
		}
		b.done(c)
		if ctx.Err() != nil {
			return
		}
	}
}

// take gives the chunk that waits longest, nil where none does.
func (b *Inbox) take(r *records) *chunk {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.line) == 0 {
		return nil
	}
	c := b.line[0]
	b.line[0] = nil
	if b.line = b.line[1:]; len(b.line) == 0 {
		b.line = nil
	}
	b.oldest = c.came
	r.b, r.i, r.peers = c.data, 0, b.peers.list
	return c
}

// applied counts a batch.
func (b *Inbox) applied(list []route.Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Applied += uint64(len(list))
	b.stats.Batches++
	for i := range list {
		if list[i].At.After(b.stats.Newest) {
			b.stats.Newest = list[i].At
		}
	}
}

// done gives the room of a chunk back.
func (b *Inbox) done(c *chunk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Slowest = max(b.stats.Slowest, time.Since(c.came))
	b.oldest = time.Time{}
	b.waiting -= cap(c.data)
	for _, s := range c.shares {
		s.of.bytes -= s.bytes
	}
	b.keep(c)
	if b.waiting > b.most/2 {
		return
	}
	if b.full > 0 {
		b.recover()
	}
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}
