package live

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// result is what a lookup gave.
type result struct {
	queue
	asOf   time.Time
	newest time.Time // of anything in it
	gaps   []checks.Gap
	err    error
	routes int                  // entries of Table records
	dump   int                  // the last one
	held   map[netip.Prefix]int // entries of it
	sizes  int                  // sessions that are said to be there
}

// collectors gives the names of the collectors whose sessions the result names.
func (r *result) collectors() map[string]bool {
	names := map[string]bool{}
	for i := range r.list {
		u := &r.list[i]
		for j := range u.Entries {
			names[u.Entries[j].Peer.Collector] = true
		}
		if u.Peer.Collector != "" {
			names[u.Peer.Collector] = true
		}
	}
	return names
}

// tells gives the names of the collectors that a dump in the result has sessions of.
func (r *result) tells() map[string]bool {
	names := map[string]bool{}
	for i := range r.list {
		u := &r.list[i]
		for j := range u.Entries {
			names[u.Entries[j].Peer.Collector] = true
		}
		if u.Kind == route.Size && u.Dump != 0 {
			names[u.Peer.Collector] = true
		}
	}
	return names
}

// errTooLarge is the end of a lookup that delivers more than is taken.
var errTooLarge = errors.New("the lookup delivers more than is taken in")

// ask runs the lookup that a target needs.
func (h *Hub) ask(ctx context.Context, t *Target) *result {
	ctx, cancel := context.WithTimeout(ctx, h.o.Timeout)
	defer cancel()
	t.qmu.Lock()
	first := !t.story.looked
	t.qmu.Unlock()
	if first && h.o.Lookup.History != nil {
		return h.history(ctx, t.footprint, time.Time{})
	}
	return h.collect(func(emit func(*route.Update)) (time.Time, []checks.Gap, error) {
		return h.o.Lookup.State(ctx, t.footprint, emit)
	})
}

// history looks up what a verdict at a time rests on.
func (h *Hub) history(ctx context.Context, f checks.Footprint, at time.Time) *result {
	return h.collect(func(emit func(*route.Update)) (time.Time, []checks.Gap, error) {
		return h.o.Lookup.History(ctx, f, at, emit)
	})
}

// collect runs a lookup and keeps what it emits.
func (h *Hub) collect(run func(emit func(*route.Update)) (time.Time, []checks.Gap, error)) *result {
	r := &result{held: map[netip.Prefix]int{}}
	full := false
	r.asOf, r.gaps, r.err = run(func(u *route.Update) {
		if full = full || r.size+cost(u) > h.o.lookupBytes; full {
			return
		}
		r.push(u)
		if u.At.After(r.newest) {
			r.newest = u.At
		}
		if u.Dump > r.dump {
			r.dump = u.Dump
			clear(r.held)
		}
		if u.Kind == route.Table && u.Dump == r.dump {
			r.held[u.Prefix] = len(u.Entries)
		}
		r.routes += len(u.Entries)
		if u.Kind == route.Size {
			r.sizes++
		}
	})
	switch {
	case r.err != nil:
	case full:
		r.err = errTooLarge
	case r.asOf.IsZero():
		r.err = errors.New("the lookup does not say as of when it holds")
	case r.sizes+r.routes == 0:
		r.err = errors.New("the lookup names no session and no route")
	case r.newest.After(r.asOf.Add(maxAhead)):
		r.err = fmt.Errorf("the lookup is as of %s and says what was at %s", r.asOf.UTC().Format(time.RFC3339), r.newest.UTC().Format(time.RFC3339))
	}
	return r
}

// maxAhead is how far ahead of our clock what a lookup says may be. What is further
// would stay fresh until then, and make everything that a stream says late.
const maxAhead = 5 * time.Minute

// goneFor is for how long a service has to say that routes are gone.
const goneFor = 2 * time.Minute

// believe reports whether a result may be taken in. One in which a prefix is gone, at more
// than half of those who had it, has to be said again of a later time: services answer
// with nothing, of all or of a part, when they mean that they do not know.
func (t *Target) believe(r *result) error {
	if r.err != nil {
		return r.err
	}
	if ahead := time.Until(r.asOf); ahead > maxAhead {
		return fmt.Errorf("the state is of %s, %s ahead of this machine's clock: is it set?", r.asOf.UTC().Format(time.RFC3339), ahead.Round(time.Second))
	}
	t.qmu.Lock()
	defer t.qmu.Unlock()
	s := &t.story
	gone := 0
	for prefix, n := range s.held {
		if r.held[prefix]*2 < n {
			gone++
		}
	}
	if gone == 0 {
		s.gone = time.Time{}
		return nil
	}
	if s.gone.IsZero() {
		s.gone = r.asOf
	}
	if r.asOf.Sub(s.gone) >= goneFor {
		return nil
	}
	return fmt.Errorf("by the state as of %s, %d of %d prefixes are gone, which is asked again before it is believed", r.asOf.UTC().Format(time.RFC3339), gone, len(s.held))
}

// join takes a result into the target's table, and lets those streams go on from it
// that have covered the target since before the time it is of.
func (t *Target) join(r *result) {
	before, told := t.stranded(r), r.tells() // now, for filling changes the result
	t.lock()
	defer t.unlock()
	for _, l := range before {
		if !l.known.IsZero() {
			t.lost(l.name, l.known)
		}
	}
	t.fill(r, before)
	waiting := t.switchOver(r, before, told)
	for i := range waiting.list {
		t.rib.Apply(&waiting.list[i])
	}
	t.bumps++
}

// stranded gives the links that are not current, by number, and makes those that the
// result names for the first time; the zero link stands for all others.
func (t *Target) stranded(r *result) []link {
	h := t.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := h.targets[t]; !open {
		return nil
	}
	news := false
	for name := range r.collectors() {
		h.collector(name, false)
	}
	for i := range r.list {
		news = t.byOrigin() && h.study(t, &r.list[i]) || news
	}
	if news {
		h.wish(t)
	}
	t.qmu.Lock()
	defer t.qmu.Unlock()
	list := make([]link, len(t.links))
	for n, l := range t.links {
		if !l.current {
			list[n] = l
		}
	}
	return list
}

// lost tells the table that nothing was seen of a collector since a time; mu is held.
func (t *Target) lost(collector string, since time.Time) {
	t.rib.Apply(&route.Update{Kind: route.Lost, At: since, Peer: route.Peer{Collector: collector}, Refresh: true})
}

// fill applies a result. Of the collectors that a stream carries on, only the sizes of
// the tables are news; mu is held.
func (t *Target) fill(r *result, stranded []link) {
	wanted := map[string]bool{}
	for _, l := range stranded {
		if l.name != "" {
			wanted[l.name] = true
		}
	}
	before := t.dumps
	for i := range r.list {
		u := &r.list[i]
		if u.Dump != 0 { // each dump of each lookup is another one
			u.Dump += before
			t.dumps = max(t.dumps, u.Dump)
		}
		switch u.Kind {
		case route.Size:
			if !wanted[u.Peer.Collector] {
				u.Dump = 0
			}
		case route.Table:
			kept := u.Entries[:0]
			for _, e := range u.Entries {
				if wanted[e.Peer.Collector] {
					kept = append(kept, e)
				}
			}
			if u.Entries = kept; len(kept) == 0 {
				continue
			}
		case route.Refreshed:
			if len(wanted) == 0 {
				continue
			}
		default:
			if !wanted[u.Peer.Collector] {
				continue
			}
		}
		t.rib.Apply(u)
	}
	t.aliveAsOf(r, wanted)
}

// aliveAsOf tells the table that what it has of some collectors is so as of the time of
// a result, however long before it changed last; mu is held.
func (t *Target) aliveAsOf(r *result, collectors map[string]bool) {
	for name := range collectors {
		t.rib.Apply(&route.Update{Kind: route.Alive, At: r.asOf, Peer: route.Peer{Collector: name}})
	}
}

// switchOver notes what the table holds now. Of the collectors whose streams carry on
// from it, it gives what was held back. Those that the result says nothing of, and that
// the table waits for, stay as they are. mu is held.
func (t *Target) switchOver(r *result, stranded []link, told map[string]bool) (waiting queue) {
	expected := t.rib.Waiting()
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.qmu.Lock()
	defer t.qmu.Unlock()
	joined := map[string]bool{}
	for n, was := range stranded {
		l := &t.links[n]
		if was.name == "" || l.current {
			continue
		}
		if l.left = expected[l.name] && !told[l.name]; l.left {
			continue
		}
		l.known, l.disowned = r.asOf, false
		if l.on && t.covered && !l.since.After(r.asOf) {
			l.current, joined[l.name] = true, true
		}
	}
	t.keepHeld(func(u *route.Update) bool {
		if u.At.Before(r.asOf) {
			return false
		}
		if joined[u.Peer.Collector] {
			waiting.push(u)
			return false
		}
		return true
	})
	t.told(r)
	return waiting
}

// told notes a lookup that succeeded; qmu is held.
func (t *Target) told(r *result) {
	s := &t.story
	s.looked, s.failed, s.asOf, s.gaps, s.held, s.gone = true, false, r.asOf, r.gaps, r.held, time.Time{}
}
