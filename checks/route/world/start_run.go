package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// load reads the snapshot, where there is one that can be used.
func (s *Start) load(o Options) {
	if s.o.Snapshot == "" {
		return
	}
	s.note(func(p *Progress) { p.Phase = Reading })
	state, asOf, err := Load(s.o.Snapshot, o)
	age := time.Since(asOf)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return
	case err != nil:
		s.gap(checks.Gap{Check: "route", Reason: fmt.Sprintf("%v: the tables are read instead", err)})
		return
	case age > s.o.MaxAge || age < -snapshotAhead:
		s.o.Log.Info("the snapshot is too old or of the future; the tables are read instead", "as_of", asOf)
		return
	}
	s.state = state
	state.Do(func(r *route.RIB) { s.heard = r.Heard() })
	s.note(func(p *Progress) { p.Snapshot, p.AsOf = asOf, asOf })
	s.count()
}

// Run does the work and returns when the start is over: nil, or why it cannot be ended, which
// is the context's error or one of the disk. It is called once.
func (s *Start) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.hold.close()) }()
	since := s.collectors()
	if len(s.heard) == 0 {
		if since, err = s.tables(ctx); err != nil {
			return fmt.Errorf("reading the tables: %w", err)
		}
	}
	if s.o.Archive != nil && len(since) > 0 {
		if err := s.changes(ctx, since); err != nil {
			return fmt.Errorf("reading what changed since: %w", err)
		}
	}
	return s.join(ctx)
}

// collectors gives from when on the updates of each collector in the snapshot are needed: from
// when the one of its live sessions was last heard that was heard last, for the collector had
// delivered everything by then. What the archive does not know are sessions with
// ourselves, which have ended with the program that made the snapshot. Without an archive what all
// the others hold is not known until they say it again.
func (s *Start) collectors() map[string]time.Time {
	since := map[string]time.Time{}
	for peer, at := range s.heard {
		switch {
		case s.o.Archive != nil && !s.o.Archive.Knows(peer.Collector):
			s.state.Apply(&route.Update{Kind: route.PeerDown, At: at, Peer: peer})
		case at.After(since[peer.Collector]):
			since[peer.Collector] = at
		}
	}
	for name, at := range since {
		if s.o.Archive == nil {
			s.lost(name, at)
			delete(since, name)
		} else {
			since[name] = at.Add(-overlap)
		}
	}
	return since
}

// overlap is how much more is read than seems to be needed: what came through different
// sessions of one collector may have come out of order.
const overlap = 30 * time.Second

func (s *Start) lost(collector string, at time.Time) {
	s.state.Apply(lostAt(collector, at))
}

// tables reads the tables of the collectors one after the other, and gives from when on the
// updates of each are needed. Tables after the first are of about the same time, if there are
// such. Where none can be had they are asked for again and again.
func (s *Start) tables(ctx context.Context) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	if s.o.Archive == nil || len(s.o.Collectors) == 0 {
		return since, nil
	}
	s.note(func(p *Progress) { p.Phase, p.Collectors = Tables, len(s.o.Collectors) })
	before := s.Progress().Gaps
	for deadline := time.Now().Add(s.o.Wait); ; {
		var missing []checks.Gap
		for _, name := range s.o.Collectors {
			gaps, err := s.table(ctx, name, since)
			if err != nil {
				return nil, err
			}
			missing = append(missing, gaps...)
		}
		if len(since) > 0 || !s.o.Streaming || time.Now().After(deadline) {
			s.note(func(p *Progress) { p.Again, p.Gaps = false, before })
			s.gap(missing...)
			return since, nil
		}
		for _, g := range missing {
			s.o.Log.Warn("no table could be had; it is asked for again", "in", s.o.Poll, "reason", g.Reason)
		}
		s.note(func(p *Progress) { p.Doing, p.Again, p.Gaps = "", true, slices.Concat(before, missing) })
		if err := sleep(ctx, s.o.Poll); err != nil {
			return nil, err
		}
	}
}

// table reads the table of one collector. What the archive cannot do is a gap; the error is the
// context's.
func (s *Start) table(ctx context.Context, name string, since map[string]time.Time) ([]checks.Gap, error) {
	at := time.Now()
	for _, taken := range since { // the first there was
		if limit := taken.Add(nearTable); limit.Before(at) {
			at = limit
		}
	}
	s.dumps++
	s.doing(name, true, 0, -1)
	late := latest()
	taken, gaps, err := s.o.Archive.PlayTable(ctx, name, at, s.dumps, func(u *route.Update) error {
		if late.takes(u) {
			s.state.Apply(u)
		}
		return nil
	}, s.doing)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	gaps = append(gaps, late.gaps("the table of "+name)...)
	if err != nil {
		return append(gaps, checks.Gap{Check: "route", Reason: fmt.Sprintf("the table of %s could not be read: %v", name, err)}), nil
	}
	if taken.IsZero() {
		return gaps, nil
	}
	since[name] = taken
	if err := s.state.Restore(nil); err != nil {
		return nil, err
	}
	s.note(func(p *Progress) { p.Read, p.AsOf = len(since), later(p.AsOf, taken) })
	s.count()
	return gaps, nil
}

// nearTable is how much younger than the first table another may be. RIPE RIS writes one every
// eight hours, RouteViews every two, and either begins within minutes of the hour.
const nearTable = 15 * time.Minute

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// count notes how many vantage points there are.
func (s *Start) count() {
	n := 0
	s.state.Do(func(r *route.RIB) { n = r.Settled() })
	s.note(func(p *Progress) { p.VantagePoints = n })
}

// sleep waits, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join works off what the stream has brought, until there is no more of it.
func (s *Start) join(ctx context.Context) error {
	s.note(func(p *Progress) { p.Phase, p.Doing = Joining, "" })
	var clock ticker
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		done, err = s.hold.take(func(list []route.Update) {
			s.state.ApplyAll(list)
			clock.tick(s, list[len(list)-1].At)
		}, func() { s.live.Store(true) })
		if err != nil {
			return err
		}
	}
	s.gap(s.hold.gaps()...)
	s.count()
	s.note(func(p *Progress) { p.Phase = Live })
	return nil
}

// ticker has the state notice that time passes, while data is read faster than it came.
type ticker struct{ last time.Time }

// tickEvery is how much time passes in the data between two ticks.
const tickEvery = 10 * time.Second

func (t *ticker) tick(s *Start, at time.Time) {
	if at.Sub(t.last) < tickEvery {
		return
	}
	t.last = at
	s.state.Tick(at)
	s.note(func(p *Progress) { p.AsOf = later(p.AsOf, at) })
}
