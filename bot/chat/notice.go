package chat

import (
	"time"

	"isitdown/checks"
)

// Kind says why a notice is sent.
type Kind int

// The kinds of notice. An Answer is to a question; the others tell of a change.
const (
	Answer Kind = iota
	Opened
	Updated
	Resolved
	UpstreamChanged
)

// String gives the word used in JSON: "answer", "opened", "upstream_changed".
func (k Kind) String() string {
	return [...]string{"answer", "opened", "updated", "resolved", "upstream_changed"}[k]
}

// IncidentKind says what an incident is about.
type IncidentKind int

// The kinds of incident: a loss that lasts, and losses that keep coming back.
const (
	Outage IncidentKind = iota
	Unstable
)

// String gives the lower-case word used in JSON.
func (k IncidentKind) String() string {
	return [...]string{"outage", "unstable"}[k]
}

// Incident is what a notice says of the incident that it belongs to. The zero
// value means that it belongs to none.
type Incident struct {
	ID       string // "KP-20141222-1"
	Kind     IncidentKind
	Revision int // counts the changes told, edits included; 1 is the opening
	// Onset is the first loss; End the last return, zero while it lasts. Half
	// is the time to print, the rest says how sure it is.
	Onset, End checks.Interval
	Worst      checks.State
	// IPv4 and IPv6 are the counts when fewest prefixes of that family were visible.
	IPv4, IPv6 checks.Counts
	// Answers is what probes found when least answered; zero where nothing was amiss.
	Answers Answers
	// Routes: routes were lost, whatever else was.
	Routes     bool
	Changes    int    // losses counted so far
	Reopened   int    // how often it came back after it had been resolved
	FollowedBy string // ID of the outage that took over from an unstable spell
	Recovering bool   // back, but watched for a relapse
	// WatchUntil is when a recovering incident resolves if nothing happens.
	WatchUntil time.Time
	// UpstreamBefore carried the routes before the first loss, UpstreamAfter
	// after the last return; by share, the largest first. Share and ShareBefore
	// are those of UpstreamBefore's and UpstreamAfter's own time.
	UpstreamBefore, UpstreamAfter []checks.Upstream
}

// Place is where the target is: the zone its people live by. The zero value
// leaves local time out.
type Place struct {
	Zone *time.Location
	City string // as a reader would say it: "Pyongyang"
}

// Notice is one message: why it is sent, the verdict it rests on, and what the
// reader's surroundings add.
type Notice struct {
	Kind     Kind
	Verdict  checks.Verdict
	Incident Incident
	// Old and New are the upstreams of an UpstreamChanged.
	Old, New []checks.Upstream
	// LastKnown is the newest verdict that was not unknown; its zero value says
	// that there is none. Only an unknown verdict prints it.
	LastKnown LastKnown
	// Caveats are sentences that must stand on everything made from the
	// verdict: "Reconstruction from published times, not recorded BGP."
	Caveats []string
	// Notes are what people said of the incident, oldest first.
	Notes []Note
	Place Place
	// ChannelZone is the time zone of the channel; nil leaves it out.
	ChannelZone *time.Location
	// Quiet: meant as an edit of the message that is there, not as a new one.
	Quiet bool
}

// LastKnown is what was last claimed before nothing could be claimed.
type LastKnown struct {
	At         time.Time
	State      checks.State
	IPv4, IPv6 checks.Count // prefixes
	// Answers is what was amiss with the answers, without a number of hosts.
	Answers Answers
}

// Moment is one line of a timeline: when what could be seen changed.
type Moment struct {
	At         time.Time
	State      checks.State
	IPv4, IPv6 checks.Count // visible prefixes
	Answers    Answers
	Upstreams  []checks.ASN // ascending
	Note       string       // "KP-20141222-1 opened"; "" for a mere observation
}
