package main

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/live"
)

// followerShow is a collector of twelve sessions with its archive and its stream, a hub,
// and a target that is looked at all the time, in a bubble.
type followerShow struct {
	t      *testing.T
	f      *follower
	target *live.Target

	mu      sync.Mutex
	held    bool           // the routes stood at the last dump
	changes []route.Update // recorded since
	late    time.Duration  // how old the newest file is
	broken  error
	midway  func() // is called while the files are read
	reads   int

	silent bool // the stream is not there
	states map[checks.State]int
}

const followerSessions = 12

func followerPeer(n int) route.Peer {
	return route.Peer{Collector: "rrc00", Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), AS: checks.ASN(64500 + n)}
}

// pathFrom is the AS_PATH of RFC 4271, section 4.3, with 4-byte numbers (RFC 6793).
func pathFrom(p route.Peer) []byte {
	path := []byte{2, 3}
	for _, a := range []checks.ASN{p.AS, 4837, 131279} {
		path = binary.BigEndian.AppendUint32(path, uint32(a))
	}
	return path
}

func koreanRoutes() (list []route.NLRI) {
	for i := range 4 {
		list = append(list, route.NLRI{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{175, 45, byte(176 + i), 0}), 24)})
	}
	return list
}

func otherRoutes() (list []route.NLRI) {
	for i := range 200 {
		list = append(list, route.NLRI{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{20, 0, byte(i), 0}), 24)})
	}
	return list
}

// recordings stands in for the archive.
func (s *followerShow) recordings(context.Context) (player, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	until := time.Now().Add(-s.late).Truncate(5 * time.Minute)
	return func(_ context.Context, emit func(*route.Update) error) error {
		s.mu.Lock()
		changes, held, midway := s.changes, s.held, s.midway
		s.reads++
		s.mu.Unlock()
		dumped := until.Add(-6 * time.Hour)
		table := func(n route.NLRI) error {
			u := route.Update{Kind: route.Table, At: dumped, Prefix: n.Prefix, Dump: 1}
			for i := range followerSessions {
				u.Entries = append(u.Entries, route.Entry{Peer: followerPeer(i), Path: pathFrom(followerPeer(i))})
			}
			return emit(&u)
		}
		list := otherRoutes()
		if held {
			list = append(list, koreanRoutes()...)
		}
		for _, n := range list {
			if err := table(n); err != nil {
				return err
			}
		}
		time.Sleep(40 * time.Second) // it takes a while
		if midway != nil {
			midway()
		}
		for _, u := range changes {
			if u.At.Before(until) {
				if err := emit(&u); err != nil {
					return err
				}
			}
		}
		return nil
	}, until, s.broken
}

// happens has every session say something, to the archive and, where it is there, to
// the stream.
func (s *followerShow) happens(withdraw bool) {
	for i := range followerSessions {
		u := route.Update{Kind: route.Routes, At: time.Now(), Peer: followerPeer(i)}
		if withdraw {
			u.Withdrawn = koreanRoutes()
		} else {
			u.Announced, u.Path = koreanRoutes(), pathFrom(u.Peer)
		}
		s.mu.Lock()
		s.changes = append(s.changes, u)
		s.mu.Unlock()
		if !s.silent {
			s.f.take(&u)
		}
	}
}

// pass lets time pass, with a look at the target and a sign of life of the stream every
// ten seconds.
func (s *followerShow) pass(d time.Duration) {
	for range d / (10 * time.Second) {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !s.silent {
			s.f.take(&route.Update{Kind: route.Alive, At: time.Now(), Peer: route.Peer{Collector: "rrc00"}})
		}
		s.states[s.verdict().State]++
	}
}

func (s *followerShow) verdict() checks.Verdict {
	v := s.target.Observe(time.Now())
	return checks.Assess(v.Step(time.Now(), checks.Rules{MinVoting: 10, MaxAge: 15 * time.Minute}))
}

func (s *followerShow) is(when string, want checks.State) {
	s.t.Helper()
	if v := s.verdict(); v.State != want {
		s.t.Errorf("%s: %v, want %v; %q %+v, %+v", when, v.State, want, v.Reasons, s.f.state(), v.Vantage)
	}
}

// never fails where the target was in a state since the last time.
func (s *followerShow) never(when string, state checks.State) {
	s.t.Helper()
	if n := s.states[state]; n > 0 {
		s.t.Errorf("%s it was %v at %d looks", when, state, n)
	}
	clear(s.states)
}

// hole interrupts the stream.
func (s *followerShow) hole() {
	s.silent = true
	s.f.take(&route.Update{Kind: route.Lost, Refresh: true, At: time.Now(), Peer: route.Peer{Collector: "rrc00"}})
}

func showFollower(t *testing.T, play func(s *followerShow)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 22, 12, 3, 0, 0, time.UTC)))
		a := testApp()
		hub := live.New(live.Options{Rules: a.config.routeRules(), Log: a.log})
		s := &followerShow{t: t, held: true, late: 2 * time.Minute, states: map[checks.State]int{}}
		s.f = newFollower("rrc00", a.config.routeRules(), make(chan struct{}, 1), hub.ApplyWhole, s.recordings)
		s.target = hub.Follow(checks.Footprint{Target: kp, Prefixes: []netip.Prefix{netip.MustParsePrefix("175.45.176.0/22")}, Origins: []checks.ASN{131279}})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { hub.Run(ctx) })
		running.Go(func() { s.f.run(ctx) })
		defer running.Wait()
		defer stop()
		play(s)
	})
}

// Nothing is claimed before the files have met the stream; then it is as the stream says.
func TestFollower(t *testing.T) {
	showFollower(t, func(s *followerShow) {
		s.pass(3 * time.Minute)
		if st := s.f.state(); st.up || len(st.gaps) != 1 || !strings.Contains(st.gaps[0].Reason, "files up to 2026-11-22 12:00:00 UTC, and the stream begins at 2026-11-22 12:03:10 UTC") {
			t.Errorf("at first: %+v", st)
		}
		s.is("before the next file is there", checks.Unknown)
		s.pass(7 * time.Minute)
		s.is("when the file is there", checks.Up)
		s.pass(2 * time.Hour)
		s.never("in the beginning", checks.Down)
		gone := time.Now()
		s.happens(true)
		s.pass(2 * time.Minute)
		s.is("when it is withdrawn", checks.Down)
		if on := s.verdict().Onset; !on.Half.Equal(gone) {
			t.Errorf("onset %s, want %s", on.Half, gone)
		}
		s.happens(false)
		s.pass(2 * time.Minute)
		s.is("when it is back", checks.Up)
		if s.reads != 1 {
			t.Errorf("the files were read %d times, want once", s.reads)
		}
	})
}

// In a hole nothing is known, and what went and came in it is as if it never had; what a
// dump of hours ago did not hold is no loss while the files are read.
func TestFollowerHole(t *testing.T) {
	showFollower(t, func(s *followerShow) {
		s.pass(2 * time.Hour)
		clear(s.states)
		s.hole()
		s.pass(time.Minute)
		s.is("in the hole", checks.Unknown)
		s.happens(true)
		s.pass(3 * time.Minute)
		s.happens(false)
		s.mu.Lock()
		s.held = false
		s.midway = func() { s.is("while the files are read", checks.Unknown) }
		s.mu.Unlock()
		s.silent = false
		s.pass(20 * time.Minute)
		s.is("after the hole", checks.Up)
		s.never("since the hole began", checks.Down)
		if s.reads != 2 {
			t.Errorf("the files were read %d times, want twice", s.reads)
		}
		// What goes in a hole and stays away is found.
		s.pass(2 * time.Hour)
		s.hole()
		s.pass(time.Minute)
		s.happens(true)
		s.silent = false
		s.pass(20 * time.Minute)
		s.is("when it went in a hole", checks.Down)
	})
}

// What comes by the stream while the files are read is not lost, and not said twice.
func TestFollowerQueues(t *testing.T) {
	showFollower(t, func(s *followerShow) {
		s.pass(2 * time.Hour)
		s.hole()
		s.silent = false
		s.pass(10 * time.Second)
		s.happens(true) // queued, and in the file that is read
		s.mu.Lock()
		s.midway = func() { s.happens(false) } // queued alone
		s.mu.Unlock()
		s.pass(12 * time.Minute)
		s.is("after it", checks.Up)
	})
}

// A session that has ended since the dump is not there, and comes back with its table.
func TestFollowerSessions(t *testing.T) {
	showFollower(t, func(s *followerShow) {
		s.changes = []route.Update{{Kind: route.PeerDown, At: time.Now().Add(-time.Hour), Peer: followerPeer(0)}}
		s.pass(15 * time.Minute)
		s.is("without one", checks.Up)
		if v := s.verdict().Vantage; v.Live != followerSessions-1 || v.Voting != followerSessions-1 {
			t.Errorf("%+v, want %d of which all vote", v, followerSessions-1)
		}
		p := followerPeer(0)
		s.f.take(&route.Update{Kind: route.PeerUp, At: time.Now(), Peer: p})
		s.f.take(&route.Update{Kind: route.Routes, At: time.Now(), Peer: p, Announced: append(otherRoutes(), koreanRoutes()...), Path: pathFrom(p)})
		s.f.take(&route.Update{Kind: route.EndOfRIB, At: time.Now(), Peer: p})
		s.pass(time.Minute)
		if v := s.verdict().Vantage; v.Voting != followerSessions {
			t.Errorf("%+v, want %d that vote", v, followerSessions)
		}
		s.never("in all this", checks.Down)
	})
}

// Where the files do not do, or do not come, or too much is queued, nothing is claimed,
// and why is said.
func TestFollowerLacks(t *testing.T) {
	tests := []struct {
		name, say string
		lacks     func(s *followerShow)
	}{
		{"no archive", "the archive is closed", func(s *followerShow) { s.broken = errors.New("the archive is closed") }},
		{"files that are hours late", "the archive has files up to", func(s *followerShow) { s.late = 5 * time.Hour }},
		{"a file is missing", "updates are missing since its last table", func(s *followerShow) {
			s.changes = append(s.changes, route.Update{Kind: route.Lost, At: time.Now().Add(-time.Hour), Peer: route.Peer{Collector: "rrc00"}})
		}},
		{"a flood", "more came by the stream", func(s *followerShow) {
			s.f.most = 20
			s.midway = func() { s.happens(false); s.happens(false) }
		}},
		{"a hole while the files are read", "the stream has a hole", func(s *followerShow) {
			s.midway = func() {
				s.f.take(&route.Update{Kind: route.Lost, Refresh: true, At: time.Now(), Peer: route.Peer{Collector: "rrc00"}})
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			showFollower(t, func(s *followerShow) {
				tt.lacks(s)
				told := false
				for range 60 {
					s.pass(10 * time.Second)
					st := s.f.state()
					told = told || strings.Contains(st.detail, tt.say) && len(st.gaps) == 1 && !st.up
				}
				if !told {
					t.Errorf("%q was never said; at the end %+v", tt.say, s.f.state())
				}
				s.is("at the end", checks.Unknown)
				s.never("all the time", checks.Down)
				// And when all is well again, so is the answer.
				s.mu.Lock()
				s.broken, s.late, s.changes, s.midway = nil, 2*time.Minute, nil, nil
				s.mu.Unlock()
				s.pass(15 * time.Minute)
				s.is("when all is well", checks.Up)
			})
		})
	}
}
