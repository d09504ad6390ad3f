package web

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// Cache keeps answers in memory for as long as each question allows, the last
// used ones where there are too many. Of those who ask the same at the same time
// one asks the service and the others wait. It may be shared by clients.
type Cache struct {
	max int64

	mu      sync.Mutex
	used    int64
	order   *list.List // of *kept, the last used in front
	entries map[string]*list.Element
	flights map[string]*flight
}

// flight is a question under way. err may be read after done is closed.
type flight struct {
	done chan struct{}
	err  *Error
}

type kept struct {
	key   string
	until time.Time
	answer
}

// overhead is what an entry takes besides its body: headers and bookkeeping.
const overhead = 2 << 10

// NewCache makes a cache that holds at most so many bytes.
func NewCache(maxBytes int64) *Cache {
	return &Cache{max: maxBytes, order: list.New(), entries: map[string]*list.Element{}, flights: map[string]*flight{}}
}

// do gives the answer that is kept, or asks. Who waits for another's question is
// told its failure, too, unless that was for want of time or patience: then the
// next one asks.
func (c *Cache) do(ctx context.Context, key string, ttl time.Duration, ask func() (answer, *Error)) (answer, *Error) {
	for {
		c.mu.Lock()
		if a, ok := c.look(key, time.Now()); ok {
			c.mu.Unlock()
			a.reply.Cached = true
			return a, nil
		}
		f := c.flights[key]
		if f == nil {
			f = &flight{done: make(chan struct{})}
			c.flights[key] = f
			c.mu.Unlock()
			return c.fly(f, key, ttl, ask)
		}
		c.mu.Unlock()
		select {
		case <-f.done:
			if f.err != nil && !f.err.callers() {
				return answer{}, f.err
			}
		case <-ctx.Done():
			// Asking with a context that has ended says so in the right words.
			return ask()
		}
	}
}

// fly asks on behalf of all who wait.
func (c *Cache) fly(f *flight, key string, ttl time.Duration, ask func() (answer, *Error)) (a answer, err *Error) {
	returned := false
	defer func() {
		c.mu.Lock()
		delete(c.flights, key)
		if returned && err == nil && a.body != nil {
			c.keep(&kept{key, time.Now().Add(ttl), a})
		}
		c.mu.Unlock()
		f.err = err
		close(f.done) // also where asking panics
	}()
	a, err = ask()
	returned = true
	return a, err
}

// look gives what is kept under key. c.mu is held.
func (c *Cache) look(key string, now time.Time) (answer, bool) {
	e := c.entries[key]
	if e == nil {
		return answer{}, false
	}
	k := e.Value.(*kept)
	if !now.Before(k.until) {
		c.drop(e)
		return answer{}, false
	}
	c.order.MoveToFront(e)
	return k.answer, true
}

// keep stores an answer and drops what was not used for longest. c.mu is held.
func (c *Cache) keep(k *kept) {
	if e := c.entries[k.key]; e != nil {
		c.drop(e)
	}
	if k.size() > c.max {
		return
	}
	c.entries[k.key] = c.order.PushFront(k)
	c.used += k.size()
	for c.used > c.max {
		c.drop(c.order.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	k := c.order.Remove(e).(*kept)
	delete(c.entries, k.key)
	c.used -= k.size()
}

func (k *kept) size() int64 { return int64(cap(k.body)+len(k.key)) + overhead }

// forget drops what is kept under key.
func (c *Cache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[key]; e != nil {
		c.drop(e)
	}
}
