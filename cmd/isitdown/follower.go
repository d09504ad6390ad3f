package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// follower gives the hub the whole table of one public collector: what its archive has
// since the last dump, and the stream from where that ends.
//
// It is behind or it is through. While it is behind, the stream is queued; once the files
// reach the beginning of the queue they are played, then the queue, and it is through.
// A hole in the stream puts it behind again, and everything is read anew: the files are
// kept, so that this costs minutes of one core and not gigabytes.
//
// The files are played into a table of their own. What stands in it in the end goes to
// the hub as of now, as after a router's connection: sessions come up, send what they
// hold, and have no say against anything before their End-of-RIB, which comes when the
// queue is through too. So nobody takes what was held at the time of the dump for what
// is held now.
type follower struct {
	name string
	// emit is the hub's ApplyWhole.
	emit func(*route.Update)
	// recordings brings what was recorded since the last dump, and says up to when.
	recordings func(ctx context.Context) (play player, until time.Time, err error)
	rules      route.Rules
	turn       chan struct{} // one follower reads at a time
	most       int           // updates in the queue

	mu      sync.Mutex
	through bool
	since   time.Time // the stream is whole from then on; zero while it is not there
	holes   int       // grows when what was queued is worth nothing any more
	queue   []*route.Update
	queued  int       // bytes, about
	heard   time.Time // last sign of life of the stream
	lacking string    // why it is behind

	sessions map[route.Peer]bool // that the hub knows, and whether they are up; used by run alone
}

// player emits what was recorded.
type player func(ctx context.Context, emit func(*route.Update) error) error

const (
	// mostQueued bounds the updates that wait for the files: with some 300 a second, as
	// the busiest collectors have, those of an hour.
	mostQueued      = 1 << 20
	mostQueuedBytes = 512 << 20
	// fetchAgain is the time between two looks for newer files.
	fetchAgain = time.Minute
)

// newFollower makes a follower, which is behind.
func newFollower(name string, rules route.Rules, turn chan struct{}, emit func(*route.Update), recordings func(context.Context) (player, time.Time, error)) *follower {
	return &follower{name: name, rules: rules, turn: turn, emit: emit, recordings: recordings, most: mostQueued, sessions: map[route.Peer]bool{}}
}

// take takes in an update of the stream.
func (f *follower) take(u *route.Update) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u.Kind == route.Lost {
		f.behind("the stream has a hole", u.At)
		f.since = time.Time{}
		return
	}
	if f.since.IsZero() {
		f.since = u.At
	}
	f.heard = u.At
	switch {
	case f.through:
		f.emit(u)
	case u.Kind == route.Alive:
	case len(f.queue) >= f.most || f.queued >= mostQueuedBytes:
		f.behind("more came by the stream than can be kept until its archive has it", u.At)
		f.since = u.At.Add(1)
	default:
		c := *u
		c.Announced, c.Withdrawn, c.Path = slices.Clone(u.Announced), slices.Clone(u.Withdrawn), slices.Clone(u.Path)
		f.queue = append(f.queue, &c)
		f.queued += queuedBytes + 40*(len(c.Announced)+len(c.Withdrawn)) + len(c.Path)
	}
}

// queuedBytes is what an update takes in memory besides its routes and path, about.
const queuedBytes = 320

// behind drops what is queued, and says that nothing is known; mu is held.
func (f *follower) behind(why string, at time.Time) {
	f.emit(&route.Update{Kind: route.Lost, Refresh: true, At: at, Peer: route.Peer{Collector: f.name}})
	f.holes++
	f.through, f.lacking = false, why
	f.queue, f.queued = nil, 0
}

// run keeps the hub's table current until the context ends.
func (f *follower) run(ctx context.Context) error {
	for {
		wait := time.Second
		if since, holes, behind := f.position(); behind && !since.IsZero() {
			wait = fetchAgain
			if err := f.catchUp(ctx, since, holes); err != nil && ctx.Err() == nil && !errors.Is(err, errHole) {
				f.lack(err.Error())
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *follower) position() (since time.Time, holes int, behind bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since, f.holes, !f.through
}

func (f *follower) lack(why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lacking = why
}

// errHole says that the stream has a new hole, so that what is being read is too old.
var errHole = errors.New("the stream has a hole")

// catchUp reads the files and what is queued, if they meet.
func (f *follower) catchUp(ctx context.Context, since time.Time, holes int) error {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	current := func() error {
		if _, now, _ := f.position(); now != holes {
			return errHole
		}
		return nil
	}
	table, until, err := f.read(ctx, since, current)
	if err != nil {
		return err
	}
	if err := f.hand(table, current); err != nil {
		return err
	}
	return f.join(until, holes)
}

// read plays the files, and what is queued so far, into a table of their own. until is up
// to when the files go.
func (f *follower) read(ctx context.Context, since time.Time, current func() error) (table *route.RIB, until time.Time, err error) {
	play, until, err := f.recordings(ctx)
	if err != nil {
		return nil, until, err
	}
	if until.Before(since) {
		return nil, until, fmt.Errorf("the archive has files up to %s, and the stream begins at %s", clock(until), clock(since))
	}
	f.lack("its table is being read")
	table = route.NewRIB(f.rules)
	err = play(ctx, func(u *route.Update) error {
		if u.Kind == route.Lost {
			return fmt.Errorf("of %s updates are missing since its last table", f.name)
		}
		table.Apply(u)
		return current()
	})
	if err != nil {
		return nil, until, err
	}
	for _, u := range f.waiting() {
		if !u.At.Before(until) {
			table.Apply(u)
		}
	}
	return table, until, nil
}

// join gives the hub what came by the stream meanwhile, and the stream from there on.
func (f *follower) join(until time.Time, holes int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.holes != holes {
		return errHole
	}
	for _, u := range f.queue {
		if u.At.Before(until) {
			continue
		}
		if u.Kind == route.PeerUp || u.Kind == route.PeerDown {
			f.sessions[u.Peer] = false // its End-of-RIB is its own affair
		}
		f.emit(u)
	}
	f.queue, f.queued = nil, 0
	for p, up := range f.sessions {
		if up {
			f.emit(&route.Update{Kind: route.EndOfRIB, At: time.Now(), Peer: p})
		}
	}
	f.through, f.lacking = true, ""
	return nil
}

// waiting takes what is queued.
func (f *follower) waiting() []*route.Update {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.queue
	f.queue, f.queued = nil, 0
	return list
}

// hand gives the hub what a table holds, as long as it is current.
func (f *follower) hand(table *route.RIB, current func() error) (err error) {
	for p := range f.sessions {
		f.emit(&route.Update{Kind: route.PeerDown, At: time.Now(), Peer: p})
		f.sessions[p] = false
	}
	var up []route.Peer
	said := time.Time{} // that tables are being sent
	everything := checks.Footprint{Prefixes: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
	table.Extract(&everything, 1, func(u *route.Update) {
		if err == nil {
			err = current()
		}
		if err != nil {
			return
		}
		c := *u
		c.At = time.Now()
		switch {
		case u.Kind == route.Size && u.Dump != 0, u.Kind == route.PeerUp: // the latter is sending its table, in fact
			f.sessions[u.Peer] = u.Kind == route.Size
			up = append(up, u.Peer)
			f.emit(&route.Update{Kind: route.PeerUp, At: c.At, Peer: u.Peer})
		case u.Kind == route.Table, u.Kind == route.Routes:
			switch {
			case said.IsZero():
				f.forget(up, c.At)
				said = c.At
			case c.At.Sub(said) > f.rules.SyncAfter/2: // rather unknown than half a table that counts
				f.lose(c.At)
				said = c.At
			}
			f.emitRoutes(&c)
		}
	})
	return err
}

// forget has the sessions begin without the size that their tables had: to hold nearly
// as much would be a sign that they are whole.
func (f *follower) forget(up []route.Peer, now time.Time) {
	f.lose(now)
	for _, p := range up {
		f.emit(&route.Update{Kind: route.PeerUp, At: now, Peer: p})
	}
}

func (f *follower) lose(now time.Time) {
	f.emit(&route.Update{Kind: route.Lost, At: now, Peer: route.Peer{Collector: f.name}})
}

// emitRoutes has sessions send what a record of a table or an update holds.
func (f *follower) emitRoutes(u *route.Update) {
	if u.Kind == route.Routes {
		f.emit(u)
		return
	}
	for i := range u.Entries {
		e := &u.Entries[i]
		f.emit(&route.Update{Kind: route.Routes, At: u.At, Peer: e.Peer, Path: e.Path, Announced: []route.NLRI{{Prefix: u.Prefix}}})
	}
}

// state says how it does.
func (f *follower) state() feedState {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := feedState{up: f.through, heard: f.heard, detail: "its whole table is followed"}
	if !f.through {
		s.detail = cmp.Or(f.lacking, "the stream is not there yet")
		s.gaps = []checks.Gap{{Check: "route", Reason: fmt.Sprintf("the whole table of %s is not there yet, which takes ten minutes or so: %s", f.name, s.detail)}}
	}
	return s
}
