package route

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/table"
)

// Rules are the thresholds of docs/methods.md, section 2.
type Rules struct {
	// Settle is how long a withdrawal waits for its session to prove that it
	// stayed up: some sources withdraw every prefix before they report the end.
	Settle time.Duration
	// BaselineWindow is how far back a baseline looks, BaselineStable how long
	// a path must have stood in it to count.
	BaselineWindow, BaselineStable time.Duration
	// FullFeedShare is the part of the 90th percentile table, by family, from
	// which a session counts as a full feed.
	FullFeedShare float64
	// StaleAfter is the silence after which a session no longer votes.
	StaleAfter time.Duration
	// A session that came up votes after SyncAfter, or when it holds SyncShare
	// of the table it had before, or at its End-of-RIB.
	SyncAfter time.Duration
	SyncShare float64
	// Declared are vantage points whose operator vouches for a full feed, and
	// DeclaredAt collectors all of whose sessions he vouches for: his own routers.
	// Several routers behind one name are told apart by what follows it and a space.
	Declared   []checks.ASN
	DeclaredAt []string
	// MaxHolds bounds what a watch keeps, in prefixes times sessions of about 80 bytes
	// each; zero sets no bound. Prefixes that come beyond it are left out ([Watch.LeftOut]):
	// whoever has space within a target can announce it in very many pieces.
	MaxHolds int
	// MaxPrefixes bounds the prefixes of the table, of some 150 bytes each; zero sets no
	// bound. Routes to others are left out ([RIB.LeftOut]).
	MaxPrefixes int
	// FullPaths keeps the whole path of every route, instead of its end alone, and what
	// changed within JournalFor, at most JournalSize changes of 32 bytes each: what
	// [Watch.Elsewhere] says rests on them. It takes several times the memory.
	FullPaths   bool
	JournalFor  time.Duration
	JournalSize int
	// MaxWitnesses is how many routes of others are kept of all losses together, some 60
	// bytes each and some ten thousand a loss; beyond that those of the oldest losses go.
	// 0 for no bound.
	MaxWitnesses int
	// RouteServers are those of [checks.Rules], by which paths are cleaned.
	RouteServers []checks.ASN
}

// DefaultRules are the published values.
func DefaultRules() Rules {
	return Rules{
		Settle:         30 * time.Second,
		BaselineWindow: 24 * time.Hour,
		BaselineStable: time.Hour,
		FullFeedShare:  0.75,
		StaleAfter:     time.Hour,
		SyncAfter:      10 * time.Minute,
		SyncShare:      0.95,
		JournalFor:     time.Hour,
		JournalSize:    1 << 20,
		MaxWitnesses:   1 << 22,
	}
}

// RIB is what every session of every collector holds. For the whole world it
// keeps the tail of each path; full paths are kept where somebody watches. It
// is not safe for use by several goroutines.
type RIB struct {
	rules      Rules
	sessions   []session
	byPeer     map[Peer]int
	named      int      // session that was named last
	ranked     []int    // sessions in the order of their peers, whoever spoke first
	tails      []tail   // by value - 1
	spareTails []uint32 // values that no vector has
	tailLimit  int      // of len(tails), from which unused ones are looked for
	tailIDs    map[tail]uint32
	recent     recentTails
	table      *table.Table // of tails, one a session
	values     []uint32     // scratch
	observer   Observer     // may be nil
	usual      [2]dayPeak   // voting vantage points
	addPaths   map[addPathKey][]addPath
	crowded    map[addPathKey]bool // had more paths than are kept
	watches    []*Watch
	first      stamp
	newest     stamp
	dumped     bool // a table dump was loaded
	dense      []uint32
	adopters   []int
	refused    int
	leftOut    int
	tree       *pathTree // in place of tails, where whole paths are kept
	journal    journal
	background background
	tendAt     stamp               // when a watch next wants to look at the whole table
	refreshing map[addPathKey]bool // what the dump at hand says sessions hold that it makes whole
}

// A route of a session, be it one of several for the prefix or the only one.
type addPathKey struct {
	session int
	prefix  netip.Prefix
}

type addPath struct {
	id   uint32
	path string
}

// NewRIB makes an empty RIB.
func NewRIB(rules Rules) *RIB {
	r := &RIB{
		rules:     rules,
		byPeer:    map[Peer]int{},
		tailIDs:   map[tail]uint32{},
		tailLimit: fewTails,
		table:     table.New(),
		addPaths:  map[addPathKey][]addPath{},
		crowded:   map[addPathKey]bool{},

		refreshing: map[addPathKey]bool{},
	}
	if rules.FullPaths {
		r.tree = newPathTree()
		r.journal = journal{keep: rules.JournalFor, most: rules.JournalSize}
	}
	return r
}

// Newest is the time of the newest update, First that of the oldest; zero
// before there was one.
func (r *RIB) Newest() time.Time { return r.newest.time() }

// First is the time of the first update; zero before there was one.
func (r *RIB) First() time.Time { return r.first.time() }

// Size counts the prefixes for which any session holds a route. For some time after
// sessions ended those that nobody else had may be among them.
func (r *RIB) Size() int { return r.table.Len() }

// Knows reports whether any session holds a route for exactly this prefix.
func (r *RIB) Knows(p netip.Prefix) bool {
	return r.refOf(p) != 0
}

// Apply takes in one update. Updates come in the order of their time.
func (r *RIB) Apply(u *Update) {
	at := stampOf(u.At)
	if r.first == 0 || at < r.first {
		r.first = at
	}
	r.newest = max(r.newest, at)
	r.sweepTails() // here, where no value is at hand
	r.table.Work(clearedAtOnce)
	if r.tree != nil {
		r.tend(at)
	}
	switch u.Kind {
	case Table:
		r.load(u, at)
	case Lost:
		r.lose(u, at)
	case Alive:
		for i := range r.sessions {
			if s := &r.sessions[i]; s.peer.Collector == u.Peer.Collector && s.live() {
				s.heard = max(s.heard, at)
			}
		}
	case Size:
		r.size(u, at)
	case Refreshed:
		r.refreshed(u, at)
	default:
		r.message(u, at)
	}
}

func (r *RIB) message(u *Update, at stamp) {
	i := r.session(u.Peer)
	if i < 0 {
		return
	}
	s := &r.sessions[i]
	s.heard = max(s.heard, at)
	r.settle(i, at)
	switch u.Kind {
	case PeerUp:
		r.end(i, at) // in case that its end was not reported
		r.enter(i, Syncing, at)
		s.turns.note(at)
		s.table, s.unproven = true, u.Refresh
	case PeerDown:
		r.end(i, at)
	case EndOfRIB:
		s.mark(u.Family)
		r.settle(i, at)
	case Routes:
		r.routes(i, u, at)
	}
}

func (r *RIB) routes(i int, u *Update, at stamp) {
	s := &r.sessions[i]
	switch s.state {
	case PeerUnknown, Stale:
		r.enter(i, Established, at)
	case Ended:
		if len(u.Announced) == 0 {
			return // a straggler of the session that has ended
		}
		r.enter(i, Syncing, at) // its return was not reported
		s.turns.note(at)
		s.table = true
	}
	for _, n := range u.Withdrawn {
		r.withdraw(i, n, at)
	}
	for _, n := range u.Announced {
		r.announce(i, n, u.Path, at)
	}
}

// maxSessions bounds the sessions: a vector of the table has a code of 16 bits for
// each, 0 for none. RIPE RIS and RouteViews together have about 1,500.
const maxSessions = 1<<16 - 1

// Refused counts the messages and table entries of sessions beyond the most that
// are kept; they are left out.
func (r *RIB) Refused() int { return r.refused }

// session gives the number of a session, a new one where it is new, and -1 where
// there is no room for one more.
func (r *RIB) session(p Peer) int {
	// A feed names the same again, and a dump the next one.
	for _, i := range [...]int{r.named, r.named + 1} {
		if i < len(r.sessions) && r.sessions[i].peer == p {
			r.named = i
			return i
		}
	}
	i, ok := r.byPeer[p]
	if !ok && len(r.sessions) == maxSessions {
		r.refused++
		return -1
	}
	if !ok {
		i = len(r.sessions)
		r.sessions = append(r.sessions, session{peer: p})
		r.byPeer[p] = i
		rank, _ := slices.BinarySearchFunc(r.ranked, p, func(j int, p Peer) int { return r.sessions[j].peer.compare(p) })
		r.ranked = slices.Insert(r.ranked, rank, i)
	}
	r.named = i
	return i
}

// LeftOut counts the routes to prefixes beyond Rules.MaxPrefixes.
func (r *RIB) LeftOut() int { return r.leftOut }

// noRoom reports whether there is no room for a prefix, and counts the route.
func (r *RIB) noRoom(p netip.Prefix) bool {
	if r.rules.MaxPrefixes == 0 || r.table.Taken() < r.rules.MaxPrefixes || r.table.Row(p) != 0 {
		return false
	}
	r.leftOut++
	return true
}

func (r *RIB) announce(i int, n NLRI, path bgp.RawPath, at stamp) {
	if r.noRoom(n.Prefix) {
		return
	}
	if n.PathID != 0 {
		path = r.addPath(i, n, path)
	}
	r.shift(i, n.Prefix, asHeld, path, true, at)
	r.put(i, n.Prefix, r.valueOf(i, path), at)
	for _, w := range r.watches {
		w.announced(n.Prefix, i, path, at)
	}
}

func (r *RIB) withdraw(i int, n NLRI, at stamp) {
	if n.PathID != 0 {
		if _, known := r.addPaths[addPathKey{i, n.Prefix}]; !known && r.holds(i, n.Prefix) != 0 {
			return // what is held came without identifiers; other paths may stand
		}
		if path := r.addPath(i, n, nil); path != nil {
			r.announce(i, NLRI{Prefix: n.Prefix}, path, at)
			return
		}
	}
	r.shift(i, n.Prefix, asHeld, nil, false, at)
	r.put(i, n.Prefix, 0, at)
	for _, w := range r.watches {
		w.withdrawn(n.Prefix, i, at)
	}
}

// hasPath reports whether a path of a session that sends several is known.
func (r *RIB) hasPath(i int, n NLRI) bool {
	return slices.ContainsFunc(r.addPaths[addPathKey{i, n.Prefix}], func(p addPath) bool { return p.id == n.PathID })
}

// holds gives the value that session i has for exactly this prefix, 0 for none.
func (r *RIB) holds(i int, prefix netip.Prefix) uint32 {
	return r.table.At(r.refOf(prefix), i)
}

// refOf gives the vector of exactly this prefix.
func (r *RIB) refOf(prefix netip.Prefix) table.Ref { return r.table.Ref(r.table.Row(prefix)) }

// held gives what the sessions hold for a prefix, one a session up to the last that holds
// something; valid until the next call of it or decode.
func (r *RIB) held(prefix netip.Prefix) []uint32 { return r.decode(r.refOf(prefix)) }

// decode gives the values of a vector; valid until the next call.
func (r *RIB) decode(ref table.Ref) []uint32 {
	r.values = r.table.Values(ref, r.values[:0])
	return r.values
}

// maxAddPaths bounds the paths that are kept of one session for one prefix. Route
// servers send a few dozen.
const maxAddPaths = 256

// addPath notes a path of a session that sends several for a prefix (nil takes
// it away) and gives the one that stands for all: that with the lowest
// identifier. It is nil where none is left. Where there were more than are kept, the
// last one stays until the session ends: others may stand.
func (r *RIB) addPath(i int, n NLRI, path bgp.RawPath) bgp.RawPath {
	key := addPathKey{i, n.Prefix}
	paths := r.addPaths[key]
	at, known := slices.BinarySearchFunc(paths, n.PathID, func(p addPath, id uint32) int { return cmp.Compare(p.id, id) })
	switch {
	case path != nil && known:
		paths[at].path = string(path)
	case path != nil && len(paths) == maxAddPaths:
		r.crowded[key] = true
	case path != nil:
		paths = slices.Insert(paths, at, addPath{n.PathID, string(path)})
	case known && (len(paths) > 1 || !r.crowded[key]):
		paths = slices.Delete(paths, at, at+1)
	}
	if len(paths) == 0 {
		delete(r.addPaths, key)
		return nil
	}
	r.addPaths[key] = paths
	return bgp.RawPath(paths[0].path)
}

// put sets what session i holds for a prefix; value 0 takes the route away.
func (r *RIB) put(i int, prefix netip.Prefix, value uint32, at stamp) {
	s, family := &r.sessions[i], familyOf(prefix)
	row := r.table.Row(prefix)
	if row == 0 {
		if value == 0 {
			return
		}
		row = r.table.Add(prefix)
	}
	visible := 0
	if r.tree != nil {
		visible = r.table.Count(r.table.Ref(row))
	}
	before := r.set(row, i, value, at)
	if before == value {
		return
	}
	switch {
	case before == 0:
		s.gain(family)
	case value == 0:
		s.routes[family]--
	}
	if r.tree == nil {
		return
	}
	if s.state == Established {
		r.journal.note(prefix, i, before, at)
	}
	now := visible
	if before == 0 {
		now++
	} else if value == 0 {
		now--
	}
	r.background.changed(prefix, family, visible, now)
}

// Tableless reports whether the recording holds updates alone, so that what
// most sessions held before their first update is not known.
func (r *RIB) Tableless() bool {
	if r.dumped {
		return false
	}
	live, without := 0, 0
	for i := range r.sessions {
		if s := &r.sessions[i]; s.live() {
			live++
			if !s.table {
				without++
			}
		}
	}
	return without*2 > live
}

// end takes all routes of a session away without calling them withdrawn.
func (r *RIB) end(i int, at stamp) {
	s := &r.sessions[i]
	if s.state == Ended {
		return
	}
	for _, w := range r.watches {
		w.ended(i, at)
	}
	if s.routes != [2]int{} {
		r.clear(i)
		r.background.stale = true
	}
	for f, n := range s.peak {
		if s.state == Syncing { // it had not sent all of its table
			n = max(n, s.before[f])
		}
		s.before[f] = n
	}
	s.routes, s.peak = [2]int{}, [2]int{}
	s.adopts, s.hole, s.refresh = false, 0, false
	s.ended = at
	s.turns.note(at)
	r.enter(i, Ended, at)
	if r.observer != nil {
		r.observer.Ended(i, at.time())
	}
}

// While routes of sessions that ended are still to be taken out, so many vectors are looked
// at between two updates, of which each takes less than a microsecond for one session and six
// for sixty, and so many when time passes.
const (
	clearedAtOnce = 16
	clearedAtRest = 2000
)

// clear removes session i from every vector, little by little, though nobody sees it.
func (r *RIB) clear(i int) {
	r.table.Clear(i)
	for key := range r.addPaths {
		if key.session == i {
			delete(r.addPaths, key)
			delete(r.crowded, key)
		}
	}
}

// advance settles every session.
func (r *RIB) advance(now stamp) {
	r.table.Work(clearedAtRest)
	for i := range r.sessions {
		r.settle(i, now)
	}
}

func familyOf(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 0
	}
	return 1
}
