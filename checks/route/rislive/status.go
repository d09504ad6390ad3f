package rislive

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks"
)

// Status is how the stream is doing, for an operator.
type Status struct {
	// Connected is since when there is a connection, zero where there is none. Then
	// Lost is since when there has been none, zero before the first, and Reason says
	// why: half a sentence for a person.
	Connected, Lost time.Time
	Reason          string
	// LastMessage is when the last frame came, by our clock; NewestAt the time in the
	// newest message, at its source.
	LastMessage, NewestAt time.Time
	// Lag is how late the latest message of the last half minute came.
	Lag time.Duration
	// ClockOff is how far our clock is ahead of the times in the messages (behind,
	// where it is negative), where that is too far to be believed; else zero.
	ClockOff time.Duration
	// Frames came, Updates of them were delivered, Unreadable made no sense, and
	// Irregular were left to the slow decoder. Holes counts the times that the
	// stream was incomplete.
	Frames, Updates, Unreadable, Irregular, Holes int64
	// Wanted filters were asked for, Served of them are served. Refused names those that
	// the service did not accept one by one, so that the whole stream is asked for.
	// Unstated is true where it does not tell the ends of sessions.
	Wanted, Served int
	Refused        []string
	Unstated       bool
	// Complaint is the last error that the service reported, cleaned.
	Complaint string
	// Collectors are those heard of or heard, Silent those of them whose feed has a
	// hole at the moment.
	Collectors, Silent []string
}

// stats is what Status is made from.
type stats struct {
	frames, updates, bad, slow, holes atomic.Int64
	last                              atomic.Int64 // in nanoseconds since 1970

	mu     sync.Mutex
	status Status
}

func (s *stats) connected(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Connected, s.status.Reason, s.status.Complaint = now, "", ""
}

// disconnected notes why there is no connection, and reports whether that is news.
func (s *stats) disconnected(why string, now time.Time, was bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := was || s.status.Reason != why
	if was {
		s.holes.Add(1)
		s.status.Lost = now
	}
	s.status.Connected, s.status.Reason = time.Time{}, why
	return news
}

func (s *stats) complain(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Complaint = text
}

// follow takes over what a stream knows.
func (s *stats) follow(from *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.status
	st.Lag, st.ClockOff = from.clock.lag, from.clock.off
	if len(st.Collectors) != len(from.feeds.list) {
		st.Collectors = from.feeds.known()
	}
	st.Silent = nil
	for _, c := range from.feeds.list {
		if c.newest.After(st.NewestAt) {
			st.NewestAt = c.newest
		}
		if c.hole && !c.heard.IsZero() {
			st.Silent = append(st.Silent, c.name)
		}
	}
}

// Status says how the stream is doing.
func (c *Client) Status() Status {
	cover := c.book.coverage(time.Now())
	s := c.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	if last := s.last.Load(); last != 0 {
		st.LastMessage = time.Unix(0, last).UTC()
	}
	st.Frames, st.Updates, st.Unreadable = s.frames.Load(), s.updates.Load(), s.bad.Load()
	st.Irregular, st.Holes = s.slow.Load(), s.holes.Load()
	st.Wanted, st.Served, st.Refused, st.Unstated = cover.wanted, cover.served, cover.refused, !cover.states
	return st
}

// Gaps says, for the reader of an answer, what the stream does not tell at the moment.
func (c *Client) Gaps() []checks.Gap {
	s := c.Status()
	return s.gaps()
}

// clockFormat is how times stand in gaps.
const clockFormat = "2006-01-02 15:04:05 UTC"

func (s *Status) gaps() (list []checks.Gap) {
	say := func(format string, args ...any) {
		list = append(list, checks.Gap{Check: "route", Reason: fmt.Sprintf(format, args...)})
	}
	switch {
	case s.Connected.IsZero() && s.Lost.IsZero() && s.Reason == "":
		say("the stream of RIS Live is not connected yet, so changes of the moment are not seen; ask again in a minute")
	case s.Connected.IsZero() && s.Lost.IsZero():
		say("RIS Live cannot be reached (%s), so changes of the moment are not seen; see that this machine may open WebSockets to it", s.Reason)
	case s.Connected.IsZero():
		say("the stream of RIS Live stopped at %s (%s), so changes since then are not seen; it is tried again by itself", s.Lost.UTC().Format(clockFormat), s.Reason)
	}
	switch {
	case s.ClockOff < 0:
		say("the times in RIS Live's messages are %v ahead of this machine's clock, so they are not used; set the clock (NTP)", -s.ClockOff.Round(time.Second))
	case s.ClockOff > 0:
		say("RIS Live's messages are %v old by this machine's clock: they come late, or the clock is wrong; check it (NTP)", s.ClockOff.Round(time.Second))
	}
	if len(s.Silent) > 0 && !s.Connected.IsZero() && s.ClockOff == 0 {
		say("the stream of RIS Live is incomplete for %s, whose sessions are looked up again", strings.Join(s.Silent, ", "))
	}
	if !s.Connected.IsZero() && s.Served < s.Wanted {
		say("RIS Live does not serve all that is watched yet (%d of %d)%s, so changes of the rest are not seen as they happen; ask again in a minute", s.Served, s.Wanted, s.complaint())
	}
	if s.Unstated {
		say("RIS Live does not tell when sessions end%s, so a session's end may look like withdrawals for a while", s.complaint())
	}
	if s.Unreadable > 0 {
		say("%d of %d messages of RIS Live made no sense and were left out; what they said is not known", s.Unreadable, s.Frames)
	}
	return list
}

func (s *Status) complaint() string {
	if s.Complaint == "" {
		return ""
	}
	return fmt.Sprintf(" (it says %q)", s.Complaint)
}
