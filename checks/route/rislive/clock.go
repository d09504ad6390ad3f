package rislive

import "time"

const (
	// lagWindow is how long messages are looked at to know how late they come.
	lagWindow = 30 * time.Second
	// maxLag is how late all messages of a window may be before it is said that
	// either they or our clock are late. An hour off is a wrong clock; the answer's age
	// is then wrong too.
	maxLag = 10 * time.Minute
)

// clock compares the times in the messages with ours.
type clock struct {
	since      time.Time // of the window
	least      time.Duration
	most       time.Duration
	any        bool
	lag        time.Duration // the most of the last window
	off        time.Duration // our clock minus theirs, where it is far; else 0
	skewed     bool
	futureSeen bool
}

// note takes in the time of a message and reports whether it can be used.
func (c *clock) note(at, now time.Time) bool {
	lag := now.Sub(at)
	if c.since.IsZero() {
		c.since = now
	}
	if !c.any || lag < c.least {
		c.least = lag
	}
	if !c.any || lag > c.most {
		c.most = lag
	}
	c.any = true
	if lag < -maxFuture {
		c.futureSeen = true
		return false
	}
	return true
}

// roll closes a window that is over, and reports whether it changed what is to be said.
func (c *clock) roll(now time.Time) (changed bool) {
	if !c.any || now.Sub(c.since) < lagWindow {
		return false
	}
	was := c.skewed
	c.skewed = c.futureSeen || c.least > maxLag
	c.lag, c.off = max(c.most, 0), 0
	if c.skewed {
		c.off = c.least
	}
	*c = clock{lag: c.lag, off: c.off, skewed: c.skewed}
	return c.skewed != was
}
