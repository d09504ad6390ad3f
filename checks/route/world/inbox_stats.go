package world

import (
	"fmt"
	"time"

	"isitdown/checks/internal/web"
)

// InboxStats are the figures of an inbox.
type InboxStats struct {
	// Put updates were kept, with those that tell of holes; Applied of them were given on, in
	// Batches. LeftOut found no room, in Spells.
	Put, Applied, Batches uint64
	LeftOut, Spells       uint64
	// Waiting bytes are taken now, Deepest the most so far.
	Waiting, Deepest int
	// Lag is how long the first of what waits has waited, Slowest the longest that any did
	// until it was applied.
	Lag, Slowest time.Duration
	// Newest is the time, at the source, of the newest update that was given on.
	Newest time.Time
	// Full collectors are left out at the moment.
	Full int
}

// Stats gives the figures of now.
func (b *Inbox) Stats() InboxStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stats
	s.Waiting, s.Full, s.Lag = b.waiting, b.full, b.lag(time.Now())
	return s
}

// lag is how long the first of what waits has waited; mu is held.
func (b *Inbox) lag(now time.Time) time.Duration {
	switch {
	case !b.oldest.IsZero():
		return max(0, now.Sub(b.oldest))
	case len(b.line) > 0:
		return max(0, now.Sub(b.line[0].came))
	}
	return 0
}

// behind says that the table is too far behind the present, "" where it is not.
func (b *Inbox) behind(now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if lag := b.lag(now); lag > b.o.Behind {
		return fmt.Sprintf("the table of the world is behind the stream by %s, and %s messages wait to be worked off",
			web.Span(lag), thousands(int(b.stats.Put-b.stats.Applied)))
	}
	if late := now.Sub(b.heard); !b.heard.IsZero() && late > b.o.Behind {
		return fmt.Sprintf("the newest message of the stream is %s old, so it is behind the present by as much",
			web.Span(late))
	}
	return ""
}
