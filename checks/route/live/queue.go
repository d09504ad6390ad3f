package live

import (
	"slices"

	"isitdown/checks/route"
)

// queue keeps copies of updates in their order. What they point to lies side by side, so
// that an update costs little more than its bytes. The zero value is empty.
type queue struct {
	list  []route.Update
	nlri  []route.NLRI
	paths []byte
	size  int // bytes, about
}

// The sizes in memory of an update, a route of it and an entry of a table record,
// about.
const (
	updateBytes = 320
	routeBytes  = 40
	entryBytes  = 96
	// keptRoom is up to how many bytes an empty queue keeps its room.
	keptRoom = 64 << 10
)

// cost is what an update takes in a queue, in bytes.
func cost(u *route.Update) int {
	n := updateBytes + routeBytes*(len(u.Announced)+len(u.Withdrawn)) + len(u.Path)
	for i := range u.Entries {
		n += entryBytes + len(u.Entries[i].Path)
	}
	return n
}

// push adds a copy of an update.
func (q *queue) push(u *route.Update) {
	q.size += cost(u)
	c := *u
	c.Announced, c.Withdrawn, c.Path = q.routes(u.Announced), q.routes(u.Withdrawn), q.path(u.Path)
	if len(u.Entries) > 0 {
		c.Entries = slices.Clone(u.Entries)
		for i := range c.Entries {
			c.Entries[i].Path = q.path(c.Entries[i].Path)
		}
	}
	q.list = append(q.list, c)
}

func (q *queue) routes(list []route.NLRI) []route.NLRI {
	at := len(q.nlri)
	q.nlri = append(q.nlri, list...)
	return q.nlri[at:len(q.nlri):len(q.nlri)]
}

func (q *queue) path(p []byte) []byte {
	at := len(q.paths)
	q.paths = append(q.paths, p...)
	return q.paths[at:len(q.paths):len(q.paths)]
}

// keep drops the updates for which wanted is false.
func (q *queue) keep(wanted func(*route.Update) bool) {
	q.size = 0
	q.list = slices.DeleteFunc(q.list, func(u route.Update) bool {
		if !wanted(&u) {
			return true
		}
		q.size += cost(&u)
		return false
	})
	if len(q.list) == 0 {
		q.clear()
	}
}

// clear empties the queue. What it gave out may no longer be used.
func (q *queue) clear() {
	if q.size > keptRoom || cap(q.list)*updateBytes+cap(q.nlri)*routeBytes+cap(q.paths) > 4*keptRoom {
		*q = queue{}
		return
	}
	clear(q.list)
	q.list, q.nlri, q.paths, q.size = q.list[:0], q.nlri[:0], q.paths[:0], 0
}

// take gives the queue away and leaves an empty one.
func (q *queue) take() queue {
	taken := *q
	*q = queue{}
	return taken
}
