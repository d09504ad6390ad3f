package route

import (
	"slices"
	"time"

	"isitdown/checks"
)

// PeerState is what is known of a session. The zero value claims nothing.
type PeerState int

// The peer states of a session.
const (
	PeerUnknown PeerState = iota
	Established           // settled: its table is whole, it votes
	Syncing               // up, and still sending its table
	Stale                 // silent for too long
	Ended                 // the session is down
)

// String gives the lower-case word.
func (s PeerState) String() string {
	return [...]string{"unknown", "up", "syncing", "stale", "down"}[s]
}

// stamp is a time in nanoseconds since 1970, zero for none. A watched prefix
// keeps several for each session, so they are a third of a time.Time.
type stamp int64

func stampOf(t time.Time) stamp {
	if t.IsZero() {
		return 0
	}
	return stamp(t.UnixNano())
}

func (s stamp) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(s)).UTC()
}

func (s stamp) add(d time.Duration) stamp   { return s + stamp(d) }
func (s stamp) since(t stamp) time.Duration { return time.Duration(s - t) }

// session is one peer of one collector and how much it holds.
type session struct {
	peer  Peer
	state PeerState
	since stamp // of state
	heard stamp
	ended stamp // when it last went down
	// routes held now by family (IPv4, IPv6), and when it last went down.
	routes, before [2]int
	// table is true where the whole table is known: from a dump, or because
	// the session came up before our eyes. dump is the one it came from.
	table   bool
	dump    int
	loading bool // a record of that dump is being taken in
}

func (s *session) enter(state PeerState, at stamp) {
	s.state, s.since = state, at
}

// live reports whether the session is up, be its table whole or not.
func (s *session) live() bool { return s.state == Established || s.state == Syncing }

// settle moves a session on that has waited long enough: from syncing to
// established, from established to stale.
func (s *session) settle(now stamp, r *Rules) {
	switch s.state {
	case Syncing:
		before, held := s.before[0]+s.before[1], s.routes[0]+s.routes[1]
		whole := before > 0 && float64(held) >= r.SyncShare*float64(before)
		if whole || now.since(s.since) >= r.SyncAfter {
			s.enter(Established, now)
		}
	case Established:
		if now.since(s.heard) > r.StaleAfter {
			s.enter(Stale, now)
		}
	}
}

// electorate is who may vote on the prefixes of one address family.
type electorate struct {
	// sessions are the voting sessions of each vantage point.
	sessions     map[checks.ASN][]int
	fullFeed     int // vantage points whose table is full, settled or not
	fullSessions int
}

// votes reports whether a vantage point votes.
func (e *electorate) votes(a checks.ASN) bool { return len(e.sessions[a]) > 0 }

// fullTable gives the table size from which a session counts as a full feed: a
// share of the 90th percentile of all live sessions. A fixed size would age.
func (r *RIB) fullTable(family int) int {
	sizes := make([]int, 0, len(r.sessions))
	for i := range r.sessions {
		if s := &r.sessions[i]; s.live() && s.routes[family] > 0 {
			sizes = append(sizes, s.routes[family])
		}
	}
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	p90 := sizes[(len(sizes)*9+9)/10-1]
	return max(1, int(r.rules.FullFeedShare*float64(p90)))
}

// electorate says who votes on a family now. Where no table was ever seen the
// full-feed test cannot be made, and every session of the recording that has
// not reset votes.
func (r *RIB) electorate(family int, tableless bool) electorate {
	e := electorate{sessions: map[checks.ASN][]int{}}
	full := r.fullTable(family)
	fullFeeds := map[checks.ASN]bool{}
	for i := range r.sessions {
		s := &r.sessions[i]
		if !s.live() {
			continue
		}
		isFull := full > 0 && s.routes[family] >= full || slices.Contains(r.rules.Declared, s.peer.AS)
		if isFull && !tableless {
			fullFeeds[s.peer.AS] = true
			e.fullSessions++
		}
		if s.state == Established && (isFull || tableless) {
			e.sessions[s.peer.AS] = append(e.sessions[s.peer.AS], i)
		}
	}
	e.fullFeed = len(fullFeeds)
	return e
}

// Sessions counts the sessions ever seen.
func (r *RIB) Sessions() int { return len(r.sessions) }
