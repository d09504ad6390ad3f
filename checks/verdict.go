package checks

import (
	"net/netip"
	"time"
)

// State is the one word of a verdict. The zero value claims nothing.
type State int

// The states, as methods and notices name them.
const (
	Unknown State = iota
	Up
	Degraded
	Down
)

// String gives the lower-case word used in JSON.
func (s State) String() string {
	return [...]string{"unknown", "up", "degraded", "down"}[s]
}

// Evidence grades how much a verdict rests on.
type Evidence int

// The grades. Strong is about what was observed, never about a cause.
const (
	EvidenceNone Evidence = iota
	EvidenceWeak
	EvidenceModerate
	EvidenceStrong
)

// String gives the lower-case word used in JSON.
func (e Evidence) String() string {
	return [...]string{"none", "weak", "moderate", "strong"}[e]
}

// Extent is how much of the target a fact holds for. The zero value is "not known".
type Extent int

// The extents.
const (
	ExtentUnknown Extent = iota
	ExtentNone
	ExtentPart
	ExtentAll
)

// String gives the lower-case word used in JSON.
func (e Extent) String() string {
	return [...]string{"unknown", "none", "part", "all"}[e]
}

// Count is k of n of one unit.
type Count struct{ Seen, Of uint64 }

// Counts are the k of n of one address family. Slash24s and Addresses are kept
// for IPv4 only: an IPv6 prefix is its own unit.
type Counts struct {
	Prefixes, Slash24s, Addresses Count
}

// Interval is when something happened: after After, by By. Half is when half
// of the vantage points had seen it, the time that a headline prints; Ninety is
// nine in ten. Zero times are not known.
type Interval struct{ After, By, Half, Ninety time.Time }

// Upstream is an AS that carries, or carried, the target's routes.
type Upstream struct {
	ASN  ASN
	Name string
	// Share and ShareBefore are parts (0 to 1) of the observed paths, one a
	// vantage point and prefix, now and in the baseline.
	Share, ShareBefore float64
	// Unseen is the part (0 to 1) of all paths that it carried in the baseline at vantage
	// points that cannot be asked now. Who may have it still, nobody knows.
	Unseen float64
	// Hegemony is AS hegemony on the baseline (Fontugne, Shah, Aben, PAM 2018), 0 to 1.
	Hegemony float64
	// Behind are the ASes next to it, one step nearer to the vantage points,
	// the most used first; at most MaxBehind.
	Behind []Upstream
}

// MaxBehind is how many ASes are listed behind an upstream.
const MaxBehind = 3

// PrefixState is one prefix of the verdict.
type PrefixState struct {
	Prefix netip.Prefix
	// Seen of Of vantage points have it. Visible says whether that is enough.
	Seen, Of int
	Visible  bool
	// Known is false where too few vantage points could be asked to say
	// anything about a prefix that is not seen.
	Known   bool
	Origin  ASN   // zero where there are several or none
	Origins []ASN // now, or in the baseline when gone
	// CoveredBy are the routes that stand in for it, the most seen first.
	CoveredBy []Cover
	Split     bool
	Lost      Crossing
}

// Verdict is the whole answer about one target at one time. It is a value:
// comparing two of them says what changed.
type Verdict struct {
	Target Target
	Name   string
	At     time.Time
	State  State

	// Announced and Answering are two facts and stay two facts.
	Announced, Answering Extent
	// Probing is what Answering rests on.
	Probing Probing

	IPv4, IPv6 Counts
	Vantage    Vantage
	// MovedOnly: the counts are "of the prefixes that moved in this recording".
	MovedOnly bool
	// Frozen: the baseline is held from before the loss.
	Frozen bool

	// Onset is of the loss that State speaks of; End of the return from the last one.
	Onset, End Interval

	Prefixes []PrefixState
	// Covered counts prefixes seen only through a covering route, by whether
	// that route's origin is accepted.
	CoveredAccepted, CoveredForeign int
	// Stuck counts vantage points that still hold an unchanged route.
	Stuck int
	// Changes counts route changes in the baseline's window.
	Changes int

	// LastHops are the ASes next to the target's origins; Borders the first
	// ASes outside its country. Sorted by share now, then before.
	LastHops, Borders []Upstream
	// NoUpstream counts the prefixes in whose paths no AS outside the target
	// is visible at any vantage point.
	NoUpstream int

	// Disappeared says what the loss of routes is explained by: one for each group of
	// prefixes that went together, the largest first. Empty where nothing was lost.
	Disappeared []Attribution
	// Foreign are others' routes that concern the target, whether or not routes of its
	// own are missing.
	Foreign []Foreign
	Past    Past

	Evidence Evidence
	Reasons  []string // why this state and this grade
	Raise    []string // what would raise the grade
	Claims   []Claim  // of outside services
	Gaps     []Gap

	Registered Footprint
	// BaselineAsOf and BaselineWindow date what "before" means: the end of the window, and
	// how much of it anything is known of.
	BaselineAsOf   time.Time
	BaselineWindow time.Duration
}

// Upstreams gives who carries the target's routes: for a country the first ASes
// outside it, for anything else the ASes next to its origins.
func (v *Verdict) Upstreams() []Upstream {
	if v.Target.Kind() == KindCountry {
		return v.Borders
	}
	return v.LastHops
}

// NameASes fills in the names of the upstreams, also of those of what disappeared.
func (v *Verdict) NameASes(name func(ASN) string) {
	lists := [][]Upstream{v.LastHops, v.Borders}
	for i := range v.Disappeared {
		lists = append(lists, v.Disappeared[i].Carriers)
	}
	for _, list := range lists {
		for i := range list {
			list[i].Name = name(list[i].ASN)
			for j := range list[i].Behind {
				list[i].Behind[j].Name = name(list[i].Behind[j].ASN)
			}
		}
	}
}
