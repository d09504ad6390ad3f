package world

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// Options are what a [State] is made with. Functions are called with the state locked, now
// and then for every prefix there is: they answer from memory, and do not call the state.
type Options struct {
	Rules  route.Rules
	Assess checks.Rules
	// Locate gives the ISO 3166 code of the country that a prefix is registered in; "" where
	// that is not known. nil knows none.
	Locate func(netip.Prefix) string
	// Network gives the name of a network and the code of the country that it is
	// registered in, "" for what is not known; Country the name of a country.
	Network func(checks.ASN) (name, country string)
	Country func(code string) string
	// Networks that announce at least so many IPv4 addresses or IPv6 prefixes are watched;
	// smaller ones are answered about when asked. Zero stands for the values below.
	MinAddresses uint64
	MinPrefixes6 int
	// Doubt says why nothing can be said of the present, "" where something can, and what
	// every answer has to mention: [Inbox.Doubt]. nil for no doubts.
	Doubt func(now time.Time) (missing string, gaps []checks.Gap)
	Log   *slog.Logger // nil for none
}

// The sizes from which a network is watched where nothing else is said: a /16, or 64 IPv6 prefixes.
const (
	MinAddresses = 1 << 16
	MinPrefixes6 = 64
)

// State is the world as the vantage points see it. Its methods may be called from any
// goroutine.
type State struct {
	mu   sync.Mutex
	rib  *route.RIB
	opts Options

	revision int
	stats    Stats
}

// New makes the state of a world of which nothing is known yet.
func New(o Options) *State {
	if o.MinAddresses == 0 {
		o.MinAddresses = MinAddresses
	}
	if o.MinPrefixes6 == 0 {
		o.MinPrefixes6 = MinPrefixes6
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &State{rib: route.NewRIB(o.Rules), opts: o}
}

// Apply takes in one update. Updates of one collector come in the order of their time.
func (s *State) Apply(u *route.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apply(u)
}

// ApplyAll takes in several updates under one lock.
func (s *State) ApplyAll(list []route.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		s.apply(&list[i])
	}
}

func (s *State) apply(u *route.Update) {
	s.rib.Apply(u)
	s.stats.Applied++
}

// Do calls f with the routing table, while nobody else changes it. It is for who writes the
// table to a file, fills it from one (then [State.Restore] has to follow), or looks a prefix
// up; f must not keep what it is given, and of the state it may call [State.AppendTo] alone.
func (s *State) Do(f func(*route.RIB)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.rib)
}

// AppendTo appends what the state knows beyond the routing table, for a file of ours: what is
// usual and since when something is lost. It belongs to the table of the same moment, so it is
// called inside of [State.Do] and nowhere else.
func (s *State) AppendTo(dst []byte) []byte { return dst }

// Restore takes over a routing table that [State.Do] has filled from a file, with what
// [State.AppendTo] wrote along with it. With none (nil) what the table holds is taken for what
// is usual: that is a cold start from a table.
func (s *State) Restore(kept []byte) error { return nil }

// Tick lets time pass: losses settle, what is usual is sampled, and counts that a session's
// coming or going made void are worked off, a bounded slice a call. It is to be called some
// ten times a second, with the time at the sources.
func (s *State) Tick(now time.Time) {}

// World says how everything stands: how many countries and networks are up or not, and all
// that is Down or Degraded.
func (s *State) World(now time.Time) checks.World {
	return checks.World{MinAddresses: s.opts.MinAddresses, MinPrefixes6: s.opts.MinPrefixes6}
}

// Countries gives the verdicts of all countries, by their codes. They hold no prefixes, no
// upstreams and no candidate sets: [State.Verdict] gives these.
func (s *State) Countries(now time.Time) []checks.Verdict { return nil }

// Verdict gives the whole answer about a country, a network, a prefix or an address; ok is
// false for other targets, and for those that nothing is known of.
func (s *State) Verdict(t checks.Target, now time.Time) (v checks.Verdict, ok bool) {
	return checks.Verdict{Target: t, At: now}, false
}

// Revision grows whenever the standing of a country or a watched network may have changed.
func (s *State) Revision() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision
}

// Changed gives the countries and watched networks whose standing may have changed since a
// revision; all of them where that lies too far back.
func (s *State) Changed(since int) []checks.Target { return nil }

// Stats says how much is held and how it goes.
type Stats struct {
	Prefixes, Prefixes6 int // with a route at any session
	Routes              int // one a session and prefix
	Sessions, Live      int
	Vectors             int // distinct ones of the table
	Bytes               int // of memory, as far as it is counted
	Applied             uint64
	Refused             int // messages of sessions beyond the most that are kept
	LostPrefixes        int // usual, and without a route at half of the vantage points
	Countries, Networks int // watched
	// Recounting counts the prefixes whose counts are still to be worked off after sessions
	// came or went; 0 for none.
	Recounting int
	// Newest is the time of the newest update, Ticked that of the last tick.
	Newest, Ticked time.Time
	Tick           time.Duration // how long the last tick took
}

// Stats gives the figures of now.
func (s *State) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Prefixes, st.Sessions, st.Refused, st.Newest = s.rib.Size(), s.rib.Sessions(), s.rib.Refused(), s.rib.Newest()
	return st
}
