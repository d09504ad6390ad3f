package live

import "time"

// Status is how a hub does, for its operator.
type Status struct {
	// Targets are followed. Of them Current are carried on by a stream; Waiting have not
	// been looked up yet; Failing had their last lookup fail. The others are behind a
	// stream, and answered as of their last lookup.
	Targets, Current, Waiting, Failing int
	// Held is how many bytes are held back, Dropped how often that was too much for a
	// target that is followed.
	Held    int64
	Dropped int
	// Lag is how far behind the clock the last lookup was.
	Lag time.Duration
	// Collectors are those heard of, Silent those of them whose feed has a hole now.
	Collectors, Silent int
	// Refused counts announcements of own routers that were left out, because there were
	// too many prefixes, or messages because there were too many sessions.
	Refused int
}

// Status says how the hub does.
func (h *Hub) Status() Status {
	h.whole.mu.Lock()
	refused := h.whole.refused + h.whole.rib.Refused()
	h.whole.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Status{Targets: len(h.targets), Held: h.held.Load(), Lag: h.lag, Refused: refused}
	for t := range h.targets {
		t.qmu.Lock()
		switch {
		case t.story.failed:
			s.Failing++
		case h.o.looksUp() && !t.story.looked:
			s.Waiting++
		case t.current() && t.awaited().IsZero() && !t.left():
			s.Current++
		}
		s.Dropped += t.story.dropped
		t.qmu.Unlock()
	}
	for _, c := range h.collectors {
		switch {
		case c.on:
			s.Collectors++
		case !c.newest.IsZero():
			s.Collectors++
			s.Silent++
		}
	}
	return s
}
