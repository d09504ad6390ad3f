package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/lab"
	"isitdown/checks/route"
	"isitdown/checks/route/live"
)

const (
	// labAlive is how often a collector that is connected is said to be alive: real feeds
	// do that every 10 to 30 seconds.
	labAlive = 15 * time.Second
	// archiveEvery is how often an archive has a new file, as those of RIPE RIS.
	archiveEvery = 5 * time.Minute
)

// labFeed gives what a feed of the lab delivered once more, in the time of a bubble: each
// update as long after its moment as it came then.
type labFeed struct {
	name   string
	due    []labUpdate
	tables []labTable // of what keeps an archive; nil for none

	mu        sync.Mutex
	connected map[string]bool // collectors, from their first sign of life to a hole
	up        map[route.Peer]bool
	heard     time.Time
}

// labUpdate is an update, in the time of the bubble as all of it is, and when it comes.
type labUpdate struct {
	at     time.Time
	update route.Update
}

// labTable is what the archive of a feed has of the time from a moment on.
type labTable struct {
	from  time.Time
	table []route.Update
}

// newLabFeed prepares a feed of a recording. began are the beginnings of the moments in
// the bubble.
func newLabFeed(rec *lab.Recording, name string, began []time.Time) *labFeed {
	f := &labFeed{name: name, connected: map[string]bool{}, up: map[route.Peer]bool{}}
	for i := range rec.Moments {
		m := &rec.Moments[i]
		for _, h := range m.Heard[name] {
			h.Update.At = began[i].Add(h.Update.At.Sub(m.Began))
			f.due = append(f.due, labUpdate{began[i].Add(h.Arrived.Sub(m.Began)), h.Update})
		}
		if table := m.Tables[name]; table != nil {
			f.tables = append(f.tables, labTable{began[i], table})
		}
	}
	return f
}

// feeds gives what the program has of it: one feed of whole tables, or, of what keeps an
// archive, a stream and a follower that reads the archive after each hole.
func (f *labFeed) feeds(a *app) routers {
	return func(h *live.Hub) []*feed {
		take, tables := h.ApplyWhole, []*feed(nil)
		if f.tables != nil {
			tables, take = a.followTables(h, f.collectors(), f.recordings)
		}
		return append(tables, &feed{name: f.name, run: f.run(take), state: f.state})
	}
}

// collectors gives the names of all that the feed tells of.
func (f *labFeed) collectors() []string {
	names := map[string]bool{}
	for _, d := range f.due {
		if name := d.update.Peer.Collector; name != "" {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// recordings is what the archive has by now: a table, which is of the end of the newest file.
func (f *labFeed) recordings(context.Context, string) (player, time.Time, error) {
	until := time.Now().Truncate(archiveEvery)
	var table []route.Update
	for _, t := range f.tables {
		if !t.from.After(until) {
			table = t.table
		}
	}
	return func(_ context.Context, emit func(*route.Update) error) error {
		for _, u := range table {
			u.At = until
			if err := emit(&u); err != nil {
				return err
			}
		}
		return nil
	}, until, nil
}

// run delivers until the context ends, with signs of life in between.
func (f *labFeed) run(take func(*route.Update)) func(context.Context) error {
	return func(ctx context.Context) error {
		alive := time.NewTicker(labAlive)
		defer alive.Stop()
		next := time.NewTimer(0)
		defer next.Stop()
		for rest := f.due; ; {
			if len(rest) > 0 {
				next.Reset(time.Until(rest[0].at))
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-alive.C:
				for _, name := range f.alive() {
					f.note(&route.Update{Kind: route.Alive, At: time.Now(), Peer: route.Peer{Collector: name}}, take)
				}
			case <-next.C:
				for len(rest) > 0 && !rest[0].at.After(time.Now()) {
					u := rest[0].update
					f.note(&u, take)
					rest = rest[1:]
				}
			}
		}
	}
}

// note passes an update on, and keeps who is connected.
func (f *labFeed) note(u *route.Update, take func(*route.Update)) {
	f.mu.Lock()
	collector := u.Peer.Collector
	switch u.Kind {
	case route.Lost:
		f.connected[collector] = false
		maps.DeleteFunc(f.up, func(p route.Peer, _ bool) bool { return p.Collector == collector })
	case route.PeerDown:
		f.connected[collector] = true
		delete(f.up, u.Peer)
	case route.PeerUp, route.Routes:
		f.connected[collector], f.up[u.Peer] = true, true
	case route.Alive, route.EndOfRIB:
		f.connected[collector] = true
	}
	f.heard = time.Now()
	f.mu.Unlock()
	take(u)
}

// alive gives the collectors of which something would be heard now. A BGP session is
// itself all that there is to hear; what stands between routers and us goes on without them.
func (f *labFeed) alive() (names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(f.connected)) {
		ours := f.name != "bgp"
		for p := range f.up {
			ours = ours || p.Collector == name
		}
		if f.connected[name] && ours {
			names = append(names, name)
		}
	}
	return names
}

// state says how the feed does, as those of real ones do.
func (f *labFeed) state() feedState {
	alive := f.alive()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := feedState{up: len(alive) > 0, heard: f.heard, detail: "nothing is connected"}
	for _, name := range slices.Sorted(maps.Keys(f.connected)) {
		if !slices.Contains(alive, name) {
			s.gaps = append(s.gaps, checks.Gap{Check: "route", Reason: name + " is not connected: what it sees is not known"})
		}
	}
	if s.up {
		s.detail = fmt.Sprintf("connected to %v", alive)
	}
	return s
}
