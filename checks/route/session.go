package route

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
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

// compare orders peers by collector, AS and address.
func (p Peer) compare(q Peer) int {
	return cmp.Or(cmp.Compare(p.Collector, q.Collector), cmp.Compare(p.AS, q.AS), p.Addr.Compare(q.Addr))
}

// session is one peer of one collector and how much it holds.
type session struct {
	peer   Peer
	state  PeerState
	since  stamp // of state
	heard  stamp
	ended  stamp // when it last went down
	turns  turns // when it went down, or came up before our eyes
	filled stamp // when a dump last said what it holds
	// routes held now by family (IPv4, IPv6), the most since the session came
	// up, and that of the session before.
	routes, peak, before [2]int
	marked               [2]bool // End-of-RIB, by family
	// table is true where the whole table is known: from a dump, or because
	// the session came up before our eyes.
	table    bool
	unasked  [2]bool // what was there inside, and over, the target's prefixes is not known
	sized    bool    // the source says how large the whole table is
	whole    [2]int  // as the source says, by family
	hole     stamp   // when the feed last lost messages of this session, 0 for never since it came up
	unproven bool    // that it came up is not to be believed before it says something
	refresh  bool    // only a dump makes it whole after that
	resent   bool    // in a recording without a table: what it says may be no change
	dump     int     // the last table dump it was in
	adopts   bool    // it takes its routes from that dump
	loading  bool    // a record of that dump is being taken in
}

func (s *session) enter(state PeerState, at stamp) {
	s.state, s.since = state, at
	if state != Established {
		s.marked = [2]bool{}
	}
}

// gain counts one more route.
func (s *session) gain(family int) {
	s.routes[family]++
	s.peak[family] = max(s.peak[family], s.routes[family])
}

// live reports whether the session is up, be its table whole or not.
func (s *session) live() bool { return s.state == Established || s.state == Syncing }

// settle moves a session on that has waited long enough: from syncing to
// established, from established to stale.
func (s *session) settle(now stamp, r *Rules) {
	switch s.state {
	case Syncing:
		if !s.refresh && (s.complete(r.SyncShare) || now.since(s.since) >= r.SyncAfter && !s.mute()) {
			s.enter(Established, now)
		}
	case Established:
		if now.since(s.heard) > r.StaleAfter {
			s.enter(Stale, now)
		}
	}
}

// mute reports whether nothing has come of a session since its feed said that it is up,
// where that proves nothing.
func (s *session) mute() bool { return s.unproven && s.peak == [2]int{} }

// complete reports whether a session that is sending its table has sent it. Each
// family it holds or held must have had its End-of-RIB or be nearly as large as
// before: IPv6 often follows after all of IPv4.
func (s *session) complete(share float64) bool {
	known := false
	for f, held := range s.routes {
		switch {
		case s.marked[f]:
		case s.before[f] == 0 && held == 0:
			continue
		case s.before[f] == 0, float64(held) < share*float64(s.before[f]):
			return false
		}
		known = true
	}
	return known
}

// mark notes an End-of-RIB.
func (s *session) mark(f bgp.Family) {
	s.marked[0] = s.marked[0] || f != bgp.IPv6Unicast
	s.marked[1] = s.marked[1] || f != bgp.IPv4Unicast
}

// size is how large the session's table is when it is whole, as far as known.
func (s *session) size(family int) int {
	if s.sized {
		return s.whole[family]
	}
	if s.state == Syncing || s.state == Ended {
		return max(s.routes[family], s.before[family])
	}
	return s.routes[family]
}

// remembered is how long a session that is gone or silent still is one of the
// usual ones: today and the day before.
const remembered = 48 * time.Hour

// usual reports whether the session is there or was lately.
func (s *session) usual(now stamp) bool {
	return s.live() || s.state != PeerUnknown && now.since(max(s.heard, s.ended)) < remembered
}

// electorate is who may vote on the prefixes of one address family.
type electorate struct {
	// sessions are the voting sessions of each vantage point, in the order of
	// their peers.
	sessions     map[checks.ASN][]int
	full         map[checks.ASN]bool // whose table is full, settled or not
	fullSessions int
	usual        int                 // vantage points that would vote were all sessions there
	usuals       map[checks.ASN]bool // these
}

// fullTable gives the table size from which a session counts as a full feed: a
// share of the 90th percentile of the vantage points. A fixed size would age.
// Sessions that are down count with what they held, so that the test does not
// become easier while the large ones are away.
func (r *RIB) fullTable(family int, now stamp) float64 {
	largest := map[checks.ASN]int{}
	for i := range r.sessions {
		s := &r.sessions[i]
		if n := s.size(family); n > largest[s.peer.AS] && s.usual(now) {
			largest[s.peer.AS] = n
		}
	}
	if len(largest) == 0 {
		return 0
	}
	sizes := slices.Sorted(maps.Values(largest))
	p90 := sizes[(len(sizes)*9+9)/10-1]
	return max(1, r.rules.FullFeedShare*float64(p90))
}

// electorate says who votes on a family now. Where no table was ever seen the
// full-feed test cannot be made, and every session of the recording votes that
// has neither reset nor sent its table again.
func (r *RIB) electorate(family int, tableless bool, now stamp) electorate {
	e := electorate{sessions: map[checks.ASN][]int{}, full: map[checks.ASN]bool{}}
	if tableless {
		for _, i := range r.ranked {
			if s := &r.sessions[i]; s.state == Established && !s.table && !s.resent {
				e.sessions[s.peer.AS] = append(e.sessions[s.peer.AS], i)
			}
		}
		e.usual, e.usuals = len(e.sessions), map[checks.ASN]bool{}
		for as := range e.sessions {
			e.usuals[as] = true
		}
		return e
	}
	full := r.fullTable(family, now)
	usual := map[checks.ASN]bool{}
	for _, i := range r.ranked {
		s := &r.sessions[i]
		as := s.peer.AS
		declared := r.rules.declares(s.peer) && max(s.peak[family], s.before[family], s.whole[family]) > 0
		if !declared && (full == 0 || float64(s.size(family)) < full) || !s.usual(now) {
			continue
		}
		usual[as] = true
		if s.live() {
			e.full[as] = true
			e.fullSessions++
		}
		if s.state == Established {
			e.sessions[as] = append(e.sessions[as], i)
		}
	}
	e.usual, e.usuals = len(usual), usual
	return e
}

// declares reports whether the operator vouches for a session.
func (r *Rules) declares(p Peer) bool {
	return slices.Contains(r.Declared, p.AS) || slices.ContainsFunc(r.DeclaredAt, func(name string) bool {
		rest, ok := strings.CutPrefix(p.Collector, name)
		return ok && (rest == "" || rest[0] == ' ')
	})
}

// Sessions counts the sessions ever seen.
func (r *RIB) Sessions() int { return len(r.sessions) }
