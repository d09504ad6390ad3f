package route

import (
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/table"
)

// Observer is told what a RIB comes to hold, of the whole table and after it does. It must
// not change the RIB, but may pin rows and retain vectors. Sessions are numbers below
// [RIB.Sessions]; a value stands for a path or, without [Rules].FullPaths, for its end.
type Observer interface {
	// Changed is one route: what a session held for a prefix before, and what it holds now, 0
	// for nothing. A row that nothing keeps any more is another's after the call.
	Changed(row table.Row, session int, before, value uint32, at time.Time)
	// Replaced is all routes of a prefix at once, by a table dump. Both vectors are valid
	// during the call.
	Replaced(row table.Row, before, after table.Ref, at time.Time)
	// Ended is a session whose routes are gone without having been withdrawn.
	Ended(session int, at time.Time)
	// Turned is a session whose state is another one now: it, and others, may vote or not.
	Turned(session int, at time.Time)
}

// Observe has an observer told of all that comes from now on, in place of the one before;
// nil ends that.
func (r *RIB) Observe(o Observer) { r.observer = o }

// Table gives the table, by row and session, to be read. What it holds may be pinned and
// retained, and is not to be changed.
func (r *RIB) Table() *table.Table { return r.table }

// End gives who originates the route that a value stands for, and who stands next to it:
// 0 for an empty path, an AS_SET of several, or no such AS, and for value 0.
func (r *RIB) End(value uint32) (origin, upstream checks.ASN) {
	if value == 0 {
		return 0, 0
	}
	t := r.endOf(value)
	return t.origin, t.upstream
}

// Stands reports whether a value, of a file perhaps, is one that stands for a route.
func (r *RIB) Stands(value uint32) bool {
	if r.tree != nil {
		return value > 0 && int(value) <= len(r.tree.nodes)
	}
	return value > 0 && int(value) <= len(r.tails)
}

// Standing is how a session stands.
type Standing struct {
	Peer  Peer
	State PeerState
	Since time.Time // of State
	// Routes it holds now, IPv4 and IPv6.
	Routes [2]int
}

// Session says how a session stands; i is below [RIB.Sessions].
func (r *RIB) Session(i int) Standing {
	s := &r.sessions[i]
	return Standing{Peer: s.peer, State: s.state, Since: s.since.time(), Routes: s.routes}
}

// Settle lets the time pass for sessions of which nothing is heard.
func (r *RIB) Settle(now time.Time) { r.advance(stampOf(now)) }

// Voters are those who are asked about the prefixes of one address family.
type Voters struct {
	// Sessions are the voting sessions of each vantage point, in the order of their peers.
	Sessions map[checks.ASN][]int
	// Full counts the vantage points with a full table, voting or not, and Usual those that
	// would vote were all sessions there.
	Full, Usual int
}

// Electorate gives the voters of both families, IPv4's first, and who was asked about the whole
// table. Usual of the latter is as many as there have been within a day, of those moments at
// which this was called.
func (r *RIB) Electorate(now time.Time) ([2]Voters, checks.Vantage) {
	at, tableless := stampOf(now), r.Tableless()
	var by [2]electorate
	var voters [2]Voters
	for family := range by {
		by[family] = r.electorate(family, tableless, at)
		voters[family] = Voters{Sessions: by[family].sessions, Full: len(by[family].full), Usual: by[family].usual}
	}
	return voters, r.vantage(by, tableless, &r.usual, at)
}

// set makes session i hold a value for a row and gives what it held before.
func (r *RIB) set(row table.Row, i int, value uint32, at stamp) (before uint32) {
	if r.observer == nil {
		return r.table.Set(row, i, value)
	}
	r.table.Pin(row) // the observer may be told of a row that goes
	if before = r.table.Set(row, i, value); before != value {
		r.observer.Changed(row, i, before, value, at.time())
	}
	r.table.Unpin(row)
	return before
}

// replace makes the sessions hold these values for a prefix.
func (r *RIB) replace(prefix netip.Prefix, values []uint32, at stamp) {
	row := r.table.Add(prefix)
	if r.observer == nil {
		r.table.Put(row, values)
		return
	}
	before := r.table.Ref(row)
	r.table.Retain(before)
	r.table.Put(row, values)
	r.observer.Replaced(row, before, r.table.Ref(row), at.time())
	r.table.Release(before)
}

// enter gives session i a state.
func (r *RIB) enter(i int, state PeerState, at stamp) {
	s := &r.sessions[i]
	turned := s.state != state
	s.enter(state, at)
	if turned && r.observer != nil {
		r.observer.Turned(i, at.time())
	}
}

// settle moves session i on if it has waited long enough.
func (r *RIB) settle(i int, at stamp) {
	s := &r.sessions[i]
	was := s.state
	if s.settle(at, &r.rules); s.state != was && r.observer != nil {
		r.observer.Turned(i, at.time())
	}
}
