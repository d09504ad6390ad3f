package bot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"isitdown/bot/chat"
)

// lane is the queue of one channel. One of its deliveries is sent at a time.
type lane struct {
	channel chat.Channel
	waiting []route // by seq; the first is sent next, or is being sent
	busy    bool    // the first is being sent
	behind  bool    // due, and waiting for another lane of its tenant
	born    int     // which of the lanes this is
	at      time.Time
	index   int // in the heap; -1 while it is not there

	limit *rate.Limiter
	// granted: the first has its tokens, for the time that at says.
	granted bool
}

// add puts r in its place; false if it is there already.
func (l *lane) add(r route) bool {
	i, found := slices.BinarySearchFunc(l.waiting, r.seq, func(w route, seq uint64) int { return cmp.Compare(w.seq, seq) })
	if found {
		return false
	}
	if i == 0 && l.busy {
		i = 1 // taken up again while a younger one is on its way
	}
	l.waiting = slices.Insert(l.waiting, i, r)
	return true
}

func (l *lane) remove(seq uint64) {
	l.waiting = slices.DeleteFunc(l.waiting, func(w route) bool { return w.seq == seq })
}

// newer reports whether something of the same incident that is told by one of
// ops waits behind r.
func (l *lane) newer(r route, ops ...Op) bool {
	return slices.ContainsFunc(l.waiting, func(w route) bool {
		return w.seq > r.seq && w.incident == r.incident && slices.Contains(ops, w.op)
	})
}

// laneHeap orders lanes by when they may send, then by age. It is a
// container/heap.
type laneHeap []*lane

func (h laneHeap) Len() int { return len(h) }

func (h laneHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].born < h[j].born
}

func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.index = len(*h)
	*h = append(*h, l)
}

func (h *laneHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	l.index = -1
	return l
}

// limits are the token buckets, and the silences that platforms asked for.
type limits struct {
	set     OutboxSettings
	buckets map[string]*rate.Limiter // of platforms and of "platform/tenant"
	paused  map[string]time.Time
}

func newLimits(set OutboxSettings) limits {
	return limits{set, make(map[string]*rate.Limiter), make(map[string]time.Time)}
}

// allow gives when the lane may send: now, or later. Tokens are taken once for
// each delivery.
func (x *limits) allow(l *lane, now time.Time) time.Time {
	c := l.channel
	tenant := tenantOf(c)
	at := now
	if !l.granted {
		if l.limit == nil {
			l.limit = x.set.Channel.bucket()
		}
		at = later(at, reserve(l.limit, now))
		at = later(at, reserve(x.bucket(tenant, x.set.Tenant), now))
		if r, ok := x.set.Platform[c.Platform]; ok {
			at = later(at, reserve(x.bucket(c.Platform, r), now))
		}
		l.granted = true
	}
	return later(at, later(x.paused[tenant], x.paused[c.Platform]))
}

func (x *limits) bucket(name string, r SendRate) *rate.Limiter {
	b := x.buckets[name]
	if b == nil {
		b = r.bucket()
		x.buckets[name] = b
	}
	return b
}

func (r SendRate) bucket() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(r.PerSecond), max(1, r.Burst))
}

// reserve takes a token and gives when it may be used.
func reserve(b *rate.Limiter, now time.Time) time.Time {
	return now.Add(b.ReserveN(now, 1).DelayFrom(now))
}

// whose gives the name of what pauses when a channel's platform asks for
// silence as a whole.
func (x *limits) whose(c chat.Channel) string {
	if _, ok := x.set.Platform[c.Platform]; ok {
		return c.Platform
	}
	return tenantOf(c)
}

// tenantOf names a channel's tenant among all platforms: "slack/T024BE7LD".
func tenantOf(c chat.Channel) string { return c.Platform + "/" + c.Tenant }

// pause keeps silence until a time. An empty name is nobody's.
func (x *limits) pause(name string, now, until time.Time) {
	if name == "" {
		return
	}
	maps.DeleteFunc(x.paused, func(_ string, t time.Time) bool { return t.Before(now) })
	x.paused[name] = later(x.paused[name], until)
}

// putPause writes a silence down, so that it is kept after a restart.
func (tx *Tx) putPause(name string, until time.Time) error {
	return tx.put(bucketPauses, key(strings.Split(name, "/")...), utc(until))
}

// load reads the silences, and forgets those that are over, or that a clock which
// was wrong has put far ahead.
func (x *limits) load(tx *Tx) error {
	var over [][]byte
	for e := range tx.scan(bucketPauses, nil) {
		until, err := read[time.Time](bucketPauses, e)
		if err != nil {
			return fmt.Errorf("reading pauses: %w", err)
		}
		if wait := time.Until(until); wait < 0 || wait > x.set.longestWait() {
			over = append(over, slices.Clone(e.key))
			continue
		}
		x.paused[strings.ReplaceAll(string(e.key), "\x00", "/")] = until
	}
	for _, k := range over {
		if err := tx.drop(bucketPauses, k); err != nil {
			return err
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
