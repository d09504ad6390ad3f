package slack

import (
	"sync"
	"time"
)

// Slack delivers what it got no acknowledgement for again within an hour, and two
// connections may both have it.
const (
	seenFor = time.Hour
	maxSeen = 20_000
)

// seen remembers what came in, so that what comes twice is handled once.
type seen struct {
	mu    sync.Mutex
	at    map[string]time.Time
	order []string // oldest first
}

func newSeen() *seen { return &seen{at: make(map[string]time.Time)} }

// first reports whether id is new, and remembers it. Without an id everything is new.
func (s *seen) first(id string) bool {
	if id == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for len(s.order) > 0 && (len(s.order) >= maxSeen || now.Sub(s.at[s.order[0]]) > seenFor) {
		delete(s.at, s.order[0])
		s.order = s.order[1:]
	}
	if _, ok := s.at[id]; ok {
		return false
	}
	s.at[id] = now
	s.order = append(s.order, id)
	return true
}
