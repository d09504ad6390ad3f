package checks

import (
	"net/netip"
	"time"
)

// Attribution is what the loss of some routes of a target is explained by: the set of
// things any of which may have failed, with how it was found. It says what disappeared
// and never why. See docs/attribution.md.
type Attribution struct {
	// Prefixes are those that it speaks of, IPv4 before IPv6, ascending; Origins who
	// originated them before.
	Prefixes []netip.Prefix
	Origins  []ASN
	Rule     AttributionRule
	// Set is what may have failed: outside observers cannot tell its members apart.
	// Empty where no element explains what is seen.
	Set []Candidate
	// Scores are what was weighed, the best first, at most MaxScores.
	Scores []Score
	// Lost and Kept count pairs of a vantage point and a prefix that had a route in the
	// baseline, by whether they have one now; KeptUnchanged those of Kept whose path has
	// not changed since before the loss.
	Lost, Kept, KeptUnchanged int
	// Carriers are the ASes next to the origins by their part of the baseline's routes of
	// these prefixes, the largest first (Share is now, ShareBefore then).
	Carriers []Upstream
	// SingleHomed is true where one AS carried all that is seen and no other did for an
	// hour in the last 30 days, as far as Past goes back.
	SingleHomed bool
	Siblings    []Siblings // of Carriers
	// Sample is true where Siblings and the passages of Scores are of a few networks that
	// were looked up, and no whole table is known.
	Sample bool
	RPKI   []OriginValidity
	// Foreign are the routes of others that stand in the place of these.
	Foreign []Foreign
	// Grade is never EvidenceStrong: routes alone do not give it (PoiRoot found passive
	// root-cause work right 61.7 % of the time). None is "not determinable from the paths
	// that are seen".
	Grade   Evidence
	Reasons []string // for the rule and the grade, with their numbers
	Raise   []string // what would raise the grade
}

// MaxScores is how many scores are kept of an attribution.
const MaxScores = 10

// AttributionRule is which of the rules of docs/attribution.md gave the set.
type AttributionRule int

// The rules, in the order in which they are tried.
const (
	RuleNone AttributionRule = iota // too little was lost, or nothing is known
	// RuleTakenOver: other origins' routes, more-specifics or a path through the target
	// stand in the place of what was lost. It is not a withdrawal.
	RuleTakenOver
	// RuleLastHop: nearly nobody has a route by way of the ASes next to the origin that
	// carried what was lost, and these still carry others: the origin, or an adjacency of it.
	RuleLastHop
	// RuleSeveral is RuleLastHop where several upstreams, each healthy, lost the routes
	// within five minutes: more consistent with a cause on the origin's side, or one that
	// the links share.
	RuleSeveral
	// RuleSeparator: an AS or adjacency beyond the last hop stands on the lost paths and
	// other origins' paths through it went too.
	RuleSeparator
	// RuleRejected: part of the vantage points keep the routes and RPKI calls them invalid.
	RuleRejected
	// RuleStuck is RuleLastHop where few still have routes, unchanged since before the loss.
	RuleStuck
	// RuleUntold: nearly nobody has a route, and too few other networks were seen behind
	// the ASes next to the origin to tell whether these failed themselves.
	RuleUntold
	// RulePartial: a part was lost and no single element explains it.
	RulePartial
	// RuleMixed: nearly nobody has a route, and of what others had through the ASes next
	// to the origin a part went too: too much to call all of these healthy, too little to
	// explain the loss.
	RuleMixed
	// RuleDivide: a part was lost, and all of it passed something that next to nothing of
	// what is kept does; too few other networks were seen there to score it.
	RuleDivide
)

// String gives the word that JSON and `why` use.
func (r AttributionRule) String() string {
	return [...]string{
		"none", "taken over", "last hop", "several upstreams", "separator", "rejected",
		"last hop, stuck routes", "untold", "partial", "mixed", "divide",
	}[r]
}

// Candidate is one thing that may have happened.
type Candidate struct {
	Kind    CandidateKind
	Element Element // what it happened to, or who did it
}

// CandidateKind says what may have happened to the element of a [Candidate].
type CandidateKind int

// The kinds of candidate.
const (
	OriginWithdrew  CandidateKind = iota + 1 // Element.AS originates the routes
	AdjacencyFailed                          // Element joins two ASes; a provider that filters looks the same
	NetworkFailed                            // Element.AS carried them, and others' routes through it went too
	Rejected                                 // networks that drop RPKI-invalid routes did; no Element
	StuckRoutes                              // what is left are routes whose withdrawal never arrived; no Element
	Filtered                                 // a network in between filtered them; no Element
)

// String gives the word that JSON uses.
func (k CandidateKind) String() string {
	return [...]string{"", "origin", "adjacency", "network", "rpki", "stuck", "filtered"}[k]
}

// Score is how well the loss of an element explains what is seen.
type Score struct {
	Element Element
	// Coverage is the part (0 to 1) of the lost routes whose path before passed the
	// element; Score is Coverage times the part of other origins' routes that went.
	Coverage, Score float64
	Passage         Passage
}

// Foreign is a route of somebody else's that concerns the target: it stands in the
// place of the target's routes, beside them, or leads through the target.
type Foreign struct {
	Kind   ForeignKind
	Prefix netip.Prefix
	Origin ASN
	// Upstream is the AS next to the origin; zero where none is visible or the vantage
	// points differ.
	Upstream ASN
	Peers    int // vantage points that hold it
	Of       int // of so many that could
	// Concerns is the prefix of the target that it stands in the place of, lies inside or
	// covers, the longest; zero where it concerns none, as for [MidPath].
	Concerns netip.Prefix
	// Through is the target's AS that the path leads through, of [MidPath].
	Through ASN
	// Since is when the first vantage point had it. Zero says that nobody saw it come: it
	// was there when the record began, or for as long as is normal, and raises no alarm.
	Since time.Time
}

// ForeignKind says how a foreign route stands to the target.
type ForeignKind int

// The kinds of foreign route.
const (
	// ForeignOrigin: the same prefix from another origin (MOAS, where both are seen).
	ForeignOrigin ForeignKind = iota + 1
	// ForeignSpecific: a more-specific prefix from another origin.
	ForeignSpecific
	// NewSpecific: a more-specific prefix from the target's own origin that was not there
	// in the baseline, along with the route over it.
	NewSpecific
	// ForeignCover: a covering prefix from another origin.
	ForeignCover
	// MidPath: the target's AS stands in the middle of a path where it did not before: a
	// leak, or a path that somebody made up.
	MidPath
)

// String gives the word that JSON uses.
func (k ForeignKind) String() string {
	return [...]string{"", "origin", "more-specific", "new more-specific", "covering", "mid-path"}[k]
}
