package world

import (
	"time"

	"isitdown/checks/route"
)

// brokenFeed is that of a collector, of which nothing has come since.
type brokenFeed struct {
	since, told time.Time // at the sources; when the table was last told
}

// brokenFor is how long the table is told again and again that a feed is still broken: as long as its
// sessions are among the usual ones.
const brokenFor = 48 * time.Hour

// resume tells the table of a hole once more where the feed goes on: only from then on can sessions
// say again what they hold, so that is when the time begins after which they are believed.
func (s *State) resume(u *route.Update) {
	switch u.Kind {
	case route.Table, route.Size, route.Refreshed, route.Lost:
		return // not of the feed
	}
	if o, broken := s.broken[u.Peer.Collector]; broken && !u.At.Before(o.since) {
		delete(s.broken, u.Peer.Collector)
		s.rib.Apply(lostAt(u.Peer.Collector, u.At))
	}
}

// broke notes that a feed has a hole, and nothing has come of it since.
func (s *State) broke(u *route.Update) {
	if u.Refresh {
		return // a dump says when it is over
	}
	if s.broken == nil {
		s.broken = map[string]brokenFeed{}
	}
	s.broken[u.Peer.Collector] = brokenFeed{u.At, u.At}
}

// persist tells the table again of the feeds that stay broken: or else time would make sessions whole
// of which nobody hears anything.
func (s *State) persist() {
	newest := s.rib.Newest()
	for name, o := range s.broken {
		if newest.Sub(o.told) > s.opts.Rules.SyncAfter/2 && newest.Sub(o.since) < brokenFor {
			s.rib.Apply(lostAt(name, newest))
			s.broken[name] = brokenFeed{o.since, newest}
		}
	}
}

func lostAt(collector string, at time.Time) *route.Update {
	return &route.Update{Kind: route.Lost, At: at, Peer: route.Peer{Collector: collector}}
}
