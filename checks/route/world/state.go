package world

import (
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/table"
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
	tab  *table.Table
	opts Options

	rows      rows
	apart     deviants
	suspects  map[table.Row]*suspect
	countries groups[string]
	networks  groups[checks.ASN]
	// pairs count who carries what; next are counted anew, up to nextRow, where recount was
	// asked for.
	pairs, next *pairs
	nextRow     table.Row
	recount     bool
	emptied     int64 // since when there are rows that nobody is left of who had them; 0 for none

	arrivals []table.Row // to be placed
	queue    []table.Row // to be counted again
	revote   int         // deviants below are to be, because others vote
	recheck  bool        // so are all suspects
	cursor   int         // of the deviants, for what is usual
	netOf    []uint32    // by vector, while everything is placed

	clock      int64 // the time at the sources, in seconds
	looked     int64 // when it was last noted what stands badly
	electors   [2]electors
	elected    time.Time
	turned     bool // who votes may have changed
	vantage    checks.Vantage
	peers      []checks.ASN // by session
	point      []uint16     // by session, the number in pointOf
	pointOf    map[checks.ASN]uint16
	points     int
	marked     marks   // scratch
	collector  []uint8 // by session, the number in collectors
	collectors map[string]int
	held       time.Time             // since when the state is locked; zero where nobody looked yet
	thinning   int                   // of the deviants, in the round of thin.go
	thinned    int64                 // when that began, in seconds
	broken     map[string]brokenFeed // feeds, by collector
	// Those that stand badly.
	badCountries, badNetworks map[uint32]bool

	most  int // prefixes of one target that are looked at one by one at most
	stats Stats

	was, is, normal   []uint32 // scratch: vectors at hand
	scratch, scratch2 []uint32
	origins           []checks.ASN
	carried           []carrier
}

// maxPrefixes is four times as many as are announced.
const maxPrefixes = 1 << 22

// New makes the state of a world of which nothing is known yet. Where Rules set no bound to
// the prefixes there is one all the same: whoever is heard by a vantage point could make up
// prefixes without end.
func New(o Options) *State {
	if o.Rules.MaxPrefixes == 0 {
		o.Rules.MaxPrefixes = maxPrefixes
	}
	if o.MinAddresses == 0 {
		o.MinAddresses = MinAddresses
	}
	if o.MinPrefixes6 == 0 {
		o.MinPrefixes6 = MinPrefixes6
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &State{
		rib: route.NewRIB(o.Rules), opts: o, most: maxDetailed,
		apart: makeDeviants(), suspects: map[table.Row]*suspect{}, pairs: newPairs(),
		countries: makeGroups[string](), networks: makeGroups[checks.ASN](), collectors: map[string]int{}, pointOf: map[checks.ASN]uint16{},
		badCountries: map[uint32]bool{}, badNetworks: map[uint32]bool{},
	}
	s.tab = s.rib.Table()
	s.rib.Observe(observer{s})
	return s
}

// Apply takes in one update. Updates of one collector come in the order of their time.
func (s *State) Apply(u *route.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = time.Time{}
	s.apply(u)
}

// ApplyAll takes in several updates. Others get their turn between them where they are many.
func (s *State) ApplyAll(list []route.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = time.Now()
	for i := range list {
		s.apply(&list[i])
		if i%32 == 31 {
			s.yield()
		}
	}
}

// yield gives others their turn where the state has been locked for a while; what they may
// change has to be as they want it at such a point.
func (s *State) yield() {
	if s.held.IsZero() { // of one update: many ask nobody for the time
		s.held = time.Now()
	}
	if time.Since(s.held) < sliceOf {
		return
	}
	s.mu.Unlock()
	runtime.Gosched() // else whoever waits would not be there in time
	s.mu.Lock()
	s.held = time.Now()
}

// maxQueue is how many rows may wait to be counted again, within one second of the sources.
const maxQueue = 1 << 10

func (s *State) apply(u *route.Update) {
	if at := s.believed(u.At); at > s.clock {
		if s.clock != 0 && s.queueing() {
			s.drainAll()
		}
		s.clock = max(s.clock, at)
	} else if len(s.queue) >= maxQueue && s.queueing() {
		s.drainAll()
	}
	if len(s.broken) > 0 {
		s.resume(u)
	}
	s.rib.Apply(u)
	if u.Kind == route.Lost {
		s.broke(u)
	}
	s.stats.Applied++
}

// maxAhead is how far, in seconds, an update may set the clock past the last tick: that of
// one collector is not everybody's.
const maxAhead = 15

// believed gives what the time of an update says of what time it is, 0 for nothing.
func (s *State) believed(at time.Time) int64 {
	switch {
	case at.IsZero():
		return 0
	case s.stats.Ticked.IsZero():
		return at.Unix()
	}
	return min(at.Unix(), s.stats.Ticked.Unix()+maxAhead)
}

// queueing reports whether rows are counted as they change. While a table is read they are
// not: nobody votes yet.
func (s *State) queueing() bool { return len(s.electors[0].as)+len(s.electors[1].as) > 0 }

// Do calls f with the routing table, while nobody else changes it. It is for who writes the
// table to a file, fills it from one (then [State.Restore] has to follow), or looks a prefix
// up; f must not keep what it is given, and of the state it may call [State.AppendTo] alone.
func (s *State) Do(f func(*route.RIB)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.rib)
}

// Stats says how much is held and how it goes.
type Stats struct {
	Prefixes            int // with a route at any session
	Prefixes6           int // usual ones of IPv6
	Routes              int // one a session and prefix
	Sessions, Live      int
	Vectors             int // distinct ones of the table
	Bytes               int // of memory, as far as it is counted
	Applied             uint64
	Refused             int // messages of sessions beyond the most that are kept
	LeftOut             int // routes to prefixes beyond the most that are kept
	Usual               int // prefixes of which something is usual
	Apart               int // those of them, and newer ones, that do not hold what is usual
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
	size := s.tab.Size()
	st.Prefixes, st.Sessions, st.Newest = s.rib.Size(), s.rib.Sessions(), s.rib.Newest()
	st.Refused, st.LeftOut = s.rib.Refused(), s.rib.LeftOut()
	for i := range st.Sessions {
		held := s.rib.Session(i)
		st.Routes += held.Routes[0] + held.Routes[1]
		if held.State == route.Established || held.State == route.Syncing {
			st.Live++
		}
	}
	st.Vectors, st.Apart, st.Recounting = size.Vectors, len(s.apart.by), s.behind()
	st.Bytes = size.Bytes + 11*cap(s.rows.marks) + 80*cap(s.apart.list) + 40*s.pairs.list.n + 4*cap(s.pairs.byValue)
	for n := range s.countries.list {
		if g := &s.countries.list[n]; g.watched {
			st.Countries++
		}
	}
	for n := range s.networks.list {
		g := &s.networks.list[n]
		if st.Prefixes6 += int(g.prefixes6); g.watched {
			st.Networks++
		}
	}
	for n := range s.networks.doubtful {
		t := &s.networks.list[n].doubts.tally
		st.LostPrefixes += int(t.not4 + t.not6)
	}
	return st
}
