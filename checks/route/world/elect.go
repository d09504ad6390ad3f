package world

import (
	"maps"
	"slices"
	"time"

	"isitdown/checks"
)

// electors are the voting sessions of the vantage points of one address family.
type electors struct {
	as       []checks.ASN // ascending
	ends     []int        // of their sessions
	sessions []int
}

func (e *electors) equal(f *electors) bool {
	return slices.Equal(e.as, f.as) && slices.Equal(e.ends, f.ends) && slices.Equal(e.sessions, f.sessions)
}

// of gives the sessions of the k-th vantage point.
func (e *electors) of(k int) []int {
	if k == 0 {
		return e.sessions[:e.ends[0]]
	}
	return e.sessions[e.ends[k-1]:e.ends[k]]
}

// electEvery is how often it is looked at who votes where no session has turned: whose table
// is a full one may change as it grows.
const electEvery = 5 * time.Second

// elect finds who votes at a time. Where that has changed everything that is not whole is
// counted again, what is doubtful first.
func (s *State) elect(now time.Time) {
	if s.rib.Settle(now); !s.turned && now.Sub(s.elected) < electEvery {
		return
	}
	s.turned, s.elected = false, now
	changed := false
	voters, vantage := s.rib.Electorate(now)
	for family, v := range voters {
		var e electors
		for _, as := range slices.Sorted(maps.Keys(v.Sessions)) {
			e.as, e.sessions = append(e.as, as), append(e.sessions, v.Sessions[as]...)
			e.ends = append(e.ends, len(e.sessions))
		}
		if !e.equal(&s.electors[family]) {
			s.electors[family], changed = e, true
		}
	}
	s.vantage = vantage
	s.number()
	if !changed {
		return
	}
	for row := range s.suspects {
		s.enqueue(row)
	}
	s.revote = len(s.apart.list)
}

// number gives each session the number of its vantage point, and the bit of its collector.
func (s *State) number() {
	for i := len(s.collector); i < s.rib.Sessions(); i++ {
		peer := s.rib.Session(i).Peer
		s.peers = append(s.peers, peer.AS)
		k, known := s.pointOf[peer.AS]
		if !known {
			k = uint16(s.points)
			s.pointOf[peer.AS] = k
			s.points++
		}
		s.point = append(s.point, k)
		name := peer.Collector
		n, ok := s.collectors[name]
		if !ok {
			n = len(s.collectors)
			s.collectors[name] = n
		}
		s.collector = append(s.collector, uint8(n%collectorBits))
	}
}
