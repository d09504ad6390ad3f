package bot

import (
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Stage is where an incident is in its life. A Life is quiet or suspect before
// it has an outage; an unstable spell is only ever open or resolved.
type Stage int

// The stages, in the order they are gone through.
const (
	Quiet Stage = iota
	Suspect
	Open
	Recovering
	Resolved
)

// String gives the lower-case word that people know the stage by.
func (s Stage) String() string {
	return [...]string{"quiet", "suspect", "open", "recovering", "resolved"}[s]
}

// Incident is one outage or one unstable spell of one target. It is a value;
// the zero value is no incident.
type Incident struct {
	ID     string // target, day of the onset (UTC) and number on that day
	Target checks.Target
	Kind   chat.IncidentKind
	Stage  Stage
	// Onset is the loss it began with: Half is the t50 that a headline prints.
	// End is the return it ended with, zero while it lasts. Neither is the time
	// at which the incident changed its stage; ResolvedAt is.
	Onset, End checks.Interval
	ResolvedAt time.Time
	// Worst is the worst state, IPv4 and IPv6 the counts when fewest prefixes of
	// that family were visible.
	Worst      checks.State
	IPv4, IPv6 checks.Counts
	// Answers is what probes found when least answered, zero where nothing was amiss;
	// Routes says that routes were lost, whatever else was.
	Answers    chat.Answers
	Routes     bool
	Revision   int // counts the changes told; with the ID it names each of them once
	Changes    int // losses, as far as they belong to this incident
	Reopened   int
	FollowedBy string // ID of the outage that an unstable spell gave way to
	// Before carried the routes before the onset, After after the end.
	Before, After []checks.Upstream

	told telling
}

// Live reports whether the incident has been opened and not yet resolved.
func (i *Incident) Live() bool { return i.Stage == Open || i.Stage == Recovering }

// Change is something to tell.
type Change struct {
	At       time.Time
	Kind     chat.Kind // Opened, Updated, Resolved or UpstreamChanged
	Incident Incident  // as it is after the change; zero for UpstreamChanged
	Verdict  checks.Verdict
	// Quiet changes edit the message that is there; all others are new messages.
	Quiet bool
	// WatchUntil is when a recovering outage resolves if nothing happens.
	WatchUntil time.Time
	// LastKnown is what was last claimed, for an unknown verdict.
	LastKnown chat.LastKnown
	// Old and New are the upstreams of an UpstreamChanged, by share.
	Old, New []checks.Upstream
}

// Notice gives the change as something to send. Caveats, place and zone of the
// channel are for the caller to add.
func (c Change) Notice() chat.Notice {
	i := &c.Incident
	return chat.Notice{
		Kind:     c.Kind,
		Verdict:  c.Verdict,
		Incident: i.said(c.WatchUntil),
		Old:      slices.Clone(c.Old), New: slices.Clone(c.New),
		LastKnown: c.LastKnown,
		Quiet:     c.Quiet,
	}
}

// said gives the incident as notices and lists have it. WatchUntil is when a
// recovering one resolves if nothing happens.
func (i *Incident) said(watchUntil time.Time) chat.Incident {
	return chat.Incident{
		ID: i.ID, Kind: i.Kind, Revision: i.Revision,
		Onset: i.Onset, End: i.End,
		Worst: i.Worst, IPv4: i.IPv4, IPv6: i.IPv6, Answers: i.Answers, Routes: i.Routes,
		Changes: i.Changes, Reopened: i.Reopened, FollowedBy: i.FollowedBy,
		Recovering: i.Stage == Recovering, WatchUntil: watchUntil,
		UpstreamBefore: slices.Clone(i.Before), UpstreamAfter: slices.Clone(i.After),
	}
}
