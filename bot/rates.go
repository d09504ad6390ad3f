package bot

import (
	"sync"
	"time"
)

// rates counts the requests of each person in the present minute of the wall.
type rates struct {
	mu     sync.Mutex
	minute time.Time
	count  map[string]int
}

// allow counts a request and reports whether it is within the limit.
func (r *rates) allow(who string, limit int, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(r.minute) {
		r.minute, r.count = minute, map[string]int{}
	}
	r.count[who]++
	return r.count[who] <= limit
}
