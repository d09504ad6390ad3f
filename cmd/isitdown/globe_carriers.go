package main

import (
	"time"

	"isitdown/checks"
)

// complete gives the whole answer about one target, with what the lists say of it: names, and
// which of them it rests on.
func (g *globe) complete(t checks.Target, now time.Time) (checks.Verdict, bool) {
	v, ok := g.state.Verdict(t, now)
	lists := g.lists.Load()
	v.NameASes(lists.ASName)
	if f, err := lists.Footprint(t); err == nil {
		v.Registered.Source, v.Registered.AsOf, v.Registered.Notes = f.Source, f.AsOf, f.Notes
	}
	return v, ok
}

// Who carries what is down is not in a world, which is made in a millisecond: it is looked
// up for each outage, and kept for as long as it may be old.
const (
	carriersFor  = 10 * time.Second
	mostCarriers = 64 // looked up for one world; the others have theirs the next time
)

// carriage is who carries a target, and carried it.
type carriage struct {
	lastHops, borders []checks.Upstream
	none              int // prefixes with no upstream
	registered        checks.Footprint
	at                time.Time
}

// addCarriers says of the outages of a world who carried them.
func (g *globe) addCarriers(w *checks.World, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	kept := make(map[checks.Target]carriage, len(w.Outages))
	asked := 0
	for i := range w.Outages {
		v := &w.Outages[i]
		c, known := g.carried[v.Target]
		if (!known || now.Sub(c.at).Abs() >= carriersFor) && asked < mostCarriers {
			asked++
			if full, ok := g.complete(v.Target, now); ok {
				c, known = carriage{full.LastHops, full.Borders, full.NoUpstream, full.Registered, now}, true
			}
		}
		if known {
			kept[v.Target] = c
			v.LastHops, v.Borders, v.NoUpstream, v.Registered = c.lastHops, c.borders, c.none, c.registered
		}
	}
	g.carried = kept
}
