package checks

import (
	"net/netip"
	"slices"
	"time"
)

// Elsewhere is what the same vantage points saw of other origins' routes, from shortly
// before a loss until now. It tells a network that failed from one that is healthy and
// has nothing to carry. The zero value knows nothing.
type Elsewhere struct {
	// From and To are the moments whose routes are compared. From lies shortly before
	// the first vantage point lost a route of the target. Zero: nothing was compared.
	From, To time.Time
	// Passages are of the elements on the baseline's paths of what was lost, each once.
	Passages []Passage
	// Siblings are of the ASes next to the target's origins, and of those that carried most.
	Siblings []Siblings
	// Sample is true where a few networks were looked up and no whole table is known.
	Sample bool
	// Source names the data, where it is not that of the observations.
	Source string
	// Missing says why nothing, or not everything, is known: one sentence, "" for all well.
	Missing string
}

// Passage is how the routes of other origins through an element fared. A vantage point
// and an origin make one pair; a pair counts before when a route of it passed the element
// at From, and still when such a route passes it at To.
type Passage struct {
	Element Element
	// Origins counts the other origins; Before and Still count pairs, Still <= Before.
	Origins, Before, Still int
}

// MinSurvivors is how many other origins it takes to tell whether an element survived.
const MinSurvivors = 3

// Survival gives the part (0 to 1) of the pairs that still pass the element; known is
// false where fewer than [MinSurvivors] other origins did before.
func (p Passage) Survival() (share float64, known bool) {
	return ratio(p.Still, p.Before), p.Origins >= MinSurvivors
}

// Siblings are the other networks that were reached through an upstream of the target.
type Siblings struct {
	Upstream ASN
	// Networks counts other origins with a route through Upstream at From, at half of
	// the vantage points that had any route of them or more; Lost those of them whose
	// routes most vantage points lost, through whomever, within SiblingWindow of the
	// target's loss.
	Networks, Lost int
	// Usual is the part (0 to 1) of networks that is lost in any SiblingWindow, over
	// History; where History is zero it is not known.
	Usual   float64
	History time.Duration
}

// SiblingWindow is how far from the target's loss that of another network may lie to
// count as one that went with it.
const SiblingWindow = 5 * time.Minute

// Past is who carried the target's routes in the time before the baseline's window. The
// zero value knows nothing.
type Past struct {
	Since    time.Time // what it goes back to
	Carriers []PastCarrier
	Origins  []ASN  // whose routes it speaks of; empty for all of the target
	Source   string // "RIPEstat", "seen by this installation"
}

// covers reports whether it speaks of the routes of all of the origins.
func (p *Past) covers(origins ...ASN) bool {
	return !p.Since.IsZero() && (len(p.Origins) == 0 ||
		!slices.ContainsFunc(origins, func(o ASN) bool { return !slices.Contains(p.Origins, o) }))
}

// PastCarrier is an AS that stood next to the target's origins.
type PastCarrier struct {
	ASN  ASN
	Held time.Duration // for how long, in all
	Last time.Time     // when it was last seen
}

// Validity is what RPKI origin validation says of a route (RFC 6811). The zero value is
// for what was not asked.
type Validity int

// The validation states of RFC 6811, section 2.
const (
	ValidityUnknown Validity = iota // not asked, or no answer
	NotFound
	Valid
	Invalid
)

// String gives the word of RFC 6811 in lower case.
func (v Validity) String() string {
	return [...]string{"unknown", "not-found", "valid", "invalid"}[v]
}

// OriginValidity is the validity of one route of the target's baseline, or of a route
// that stands in its place.
type OriginValidity struct {
	Route  RouteOrigin
	State  Validity
	Reason string    // why it is invalid: "the ROA for 175.45.176.0/22 of AS131279 allows no longer prefix than /22"
	AsOf   time.Time // of the VRPs; zero where that is not known
	Source string    // the file, or the service
}

// RouteOrigin is a prefix and the AS that originates it.
type RouteOrigin struct {
	Prefix netip.Prefix
	Origin ASN
}
