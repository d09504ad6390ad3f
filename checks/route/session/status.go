package session

import (
	"net/netip"
	"time"

	"isitdown/checks"
)

// State is that of a neighbour, as a person asks for it. Those of RFC 4271 that
// differ only in who calls are one.
type State int

// The states.
const (
	Idle        State = iota // nothing is under way: see Sentence
	Connecting               // called, or waited for
	Opening                  // connected, and not agreed yet
	Established              // its routes come in
)

// String gives the lower-case word.
func (s State) String() string {
	return [...]string{"idle", "connecting", "opening", "established"}[s]
}

// Status is how a neighbour stands: one for each session, and one for each
// neighbour without any.
type Status struct {
	Name  string
	Addr  netip.Addr // of the session; of a prefix without a session its first
	AS    checks.ASN // as the router says; before it has said so the configured
	State State
	Since time.Time // of State
	// Sentence says for a person what is wrong, or, of a session that stands, what to
	// know of it. It holds nothing secret, and of the router's words only printable ones.
	Sentence string
	// HoldTime is what was agreed. Heard is when the last message came.
	HoldTime time.Duration
	Heard    time.Time
	// Prefixes is how many the session holds; 0 where they are not counted. Updates
	// and Malformed count its messages since it was established.
	Prefixes           int
	Updates, Malformed int64
	// Families were agreed on; Refresh reports whether it sends its table on demand,
	// and Paths whether it sends more than the best path.
	Families Families
	Refresh  bool
	Paths    bool
}

// Gap says that the routes of this router are not there; ok is false where they are.
func (s Status) Gap() (gap checks.Gap, ok bool) {
	if s.State == Established {
		return checks.Gap{}, false
	}
	return checks.Gap{Check: "route", Reason: "Routes of the router " + s.Name + " are missing: " + s.Sentence + "."}, true
}
