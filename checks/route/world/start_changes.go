package world

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// changes reads what collectors have changed since, each from a moment of its own, until the
// archive reaches what the stream brought; where none follows, up to what is published.
func (s *Start) changes(ctx context.Context, since map[string]time.Time) error {
	deadline := time.Now().Add(s.o.Wait)
	for {
		s.note(func(p *Progress) { p.Phase = Changing })
		known, err := s.playChanges(ctx, since)
		if err != nil {
			return err
		}
		since = s.short(known)
		late := !time.Now().Before(deadline)
		switch {
		case len(since) == 0:
			return nil
		case !s.o.Streaming:
			s.unpublished(since)
			return nil
		case late:
			s.missing(since)
			return nil
		}
		s.note(func(p *Progress) { p.Phase, p.Doing = Overlap, "" })
		if err := sleep(ctx, s.o.Poll); err != nil {
			return err
		}
	}
}

// playChanges takes in what is published now. What the archive cannot do is a gap, and may be
// asked for again; the error is the context's.
func (s *Start) playChanges(ctx context.Context, since map[string]time.Time) (map[string]time.Time, error) {
	var clock ticker
	late := latest()
	known, gaps, err := s.o.Archive.PlayChanges(ctx, since, time.Now(), func(u *route.Update) error {
		if !late.takes(u) {
			return nil
		}
		if s.counts(u) {
			s.state.Apply(u)
		}
		clock.tick(s, u.At)
		return nil
	}, s.doing)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.gap(append(gaps, late.gaps("updates of "+among(since))...)...)
	s.count()
	if err != nil {
		s.gap(checks.Gap{Check: "route", Reason: fmt.Sprintf("updates of %s could not be read: %v", among(since), err)})
		return since, nil
	}
	return known, nil
}

// limit is up to when an archive's updates can be of. One that is of later has a time that is
// wrong, and would make everything else old.
type limit struct {
	at   time.Time
	left int
}

func latest() *limit { return &limit{at: time.Now().Add(snapshotAhead)} }

func (l *limit) takes(u *route.Update) bool {
	if u.At.After(l.at) {
		l.left++
		return false
	}
	return true
}

// gaps says how many were left out.
func (l *limit) gaps(of string) []checks.Gap {
	if l.left == 0 {
		return nil
	}
	return []checks.Gap{{Check: "route", Reason: fmt.Sprintf("%s: %s left out, for the time in the file is ahead of this machine's clock", of, count(l.left, "record"))}}
}

// counts reports whether an update of the archive is neither in the snapshot already nor in
// what the stream brings.
func (s *Start) counts(u *route.Update) bool {
	switch u.Kind {
	case route.Routes, route.PeerUp, route.PeerDown, route.EndOfRIB:
	default:
		return true
	}
	if at, ok := s.heard[u.Peer]; ok && !u.At.After(at) {
		return false
	}
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	if first, ok := s.hold.firsts[u.Peer]; ok && !u.At.Before(first) {
		return false
	}
	// The stream has everything from a little behind its beginning on.
	f := s.hold.feeds[u.Peer.Collector]
	return f == nil || !u.At.After(f.first.Add(overlap))
}

// short gives the collectors whose updates do not reach the stream's beginning yet, with up to
// when they do. Where no stream has begun that is all of them.
func (s *Start) short(known map[string]time.Time) map[string]time.Time {
	out := map[string]time.Time{}
	for name, until := range known {
		if begun := s.begun(name); begun.IsZero() || until.Before(begun.Add(overlap)) {
			out[name] = until
		}
	}
	return out
}

// begun gives when the stream began to bring what a collector says; zero where there is none yet.
func (s *Start) begun(collector string) time.Time {
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	if f := s.hold.feeds[collector]; f != nil {
		return f.first
	}
	return s.hold.begun
}

// unpublished says what is still to come where no stream follows.
func (s *Start) unpublished(known map[string]time.Time) {
	for _, name := range slices.Sorted(maps.Keys(known)) {
		until := known[name]
		s.gap(checks.Gap{Check: "route", Reason: fmt.Sprintf("the updates of %s from %s on are not published yet", name, until.UTC().Format(clockForm))})
	}
}

// missing says that what the sessions of collectors hold is not known: what they said between
// the archive's end and the stream's beginning was not to be had in time. It is said of either,
// for only from the second on can they say it again.
func (s *Start) missing(known map[string]time.Time) {
	for _, name := range slices.Sorted(maps.Keys(known)) {
		until := known[name]
		s.lost(name, until)
		if begun := s.begun(name); begun.After(until) {
			s.lost(name, begun)
		}
		s.gap(checks.Gap{Check: "route", Reason: fmt.Sprintf("the updates of %s from %s until the stream began could not be had: what its sessions hold is not known until they have had time to say it again",
			name, until.UTC().Format(clockForm))})
	}
}

// among names collectors, or counts them.
func among(since map[string]time.Time) string {
	if len(since) > 3 {
		return count(len(since), "collector")
	}
	return strings.Join(slices.Sorted(maps.Keys(since)), ", ")
}
