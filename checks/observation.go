package checks

import (
	"net/netip"
	"time"
)

// MinCoverBits is the shortest prefix that may stand in for a lost one: a
// default route, or anything near it, says nothing about the destination.
const MinCoverBits = 8

// PathSeen is one AS path and the vantage points (peer ASes, ascending) that
// hold it for the same prefix.
type PathSeen struct {
	Path  Path
	Peers []ASN
}

// Cover is a route that stands in for a prefix which is itself gone.
type Cover struct {
	Prefix netip.Prefix
	Origin ASN
	// Upstream is the AS next to the origin, zero where none is visible or the
	// vantage points differ.
	Upstream ASN
	// Peers counts the vantage points that see the prefix only through it.
	Peers int
	// Accepted is true where the origin is one that the prefix had in the
	// baseline, or where it is registered to the target.
	Accepted bool
}

// Crossing is when vantage points lost (or regained) something: the first of
// them, half of them and nine in ten. A zero time has not happened.
type Crossing struct {
	First, Half, Ninety time.Time
	// HalfAfter is set where a hole in a feed hid when half of them had it: at some
	// time after HalfAfter, and by Half.
	HalfAfter time.Time
}

// Interval is the crossing as when it happened: at Half, or where that is not known
// between the two times that bound it.
func (c Crossing) Interval() Interval {
	if !c.HalfAfter.IsZero() {
		return Interval{After: c.HalfAfter, By: c.Half, Ninety: c.Ninety}
	}
	return Interval{After: c.First, By: c.Half, Half: c.Half, Ninety: c.Ninety}
}

// Observation is what one check saw of one prefix of the target.
type Observation struct {
	Check  string // "route"
	Source string // where the data came from, as a reader would cite it
	// At is the time, at the source, of the newest thing the observation rests on.
	At     time.Time
	Prefix netip.Prefix
	// Asked counts the vantage points that had the prefix in the baseline and
	// whose vote counts now; Seen those of them that have it, or an accepted
	// route that covers it. Seen <= Asked.
	Asked, Seen int
	// Missing are those asked that do not have it, ascending: Asked - Seen of them.
	Missing []ASN
	// Before are the paths that some of Missing held until shortly before they lost the
	// prefix, where these are not those of the baseline; others held what it says.
	Before []PathSeen
	// Stuck counts those of Seen whose path has not changed since before the
	// first vantage point lost the prefix.
	Stuck int
	// Sighted counts the vantage points that have the prefix whether or not
	// their vote counts: partial feeds and sessions still syncing included.
	Sighted int
	// Split is true where more-specifics took the prefix's place.
	Split   bool
	Covers  []Cover
	Origins []ASN      // present, exact routes; ascending
	Paths   []PathSeen // present, exact routes, or accepted covering ones where none is left
	Lost    Crossing   // of the present loss, or of the last one where the prefix is back
	Back    Crossing   // of the last return; zero while lost
	Changes int        // route changes in the window of the baseline
	Foreign []Foreign  // others' routes that concern it
	// Link leads to the evidence; empty where there is nothing to link to.
	Link string
}

// BaselinePrefix is how a prefix was seen before: the paths that were stable
// longest, one a vantage point.
type BaselinePrefix struct {
	Prefix  netip.Prefix
	Origins []ASN // ascending
	Paths   []PathSeen
}

// Baseline is the target as it was before: prefix by prefix the path that each
// vantage point held longest. It is frozen while an incident is open, and
// outage values never enter it.
type Baseline struct {
	// AsOf ends the window that the baseline was taken from.
	AsOf   time.Time
	Window time.Duration
	// Since is when the first route of the target was seen, be it before the window or in
	// it: nothing is known of the time before. Zero where that is not known.
	Since  time.Time
	Frozen bool
	// MovedOnly is true where there was no table to start from, only updates:
	// the baseline then holds only the prefixes that moved in the recording.
	MovedOnly bool
	Prefixes  []BaselinePrefix // IPv4 before IPv6, ascending
}

// known is how much of the window anything is known of.
func (b *Baseline) known() time.Duration {
	if b.Since.IsZero() || b.Window <= 0 {
		return b.Window
	}
	return min(b.Window, max(0, b.AsOf.Sub(b.Since)))
}

// Vantage says who was asked. Counts are of peer ASes where nothing else is said.
type Vantage struct {
	Source string // "RIPE RIS rrc23", "rib.20140523.0600.bz2"
	// Live have an established session; Syncing are those of them still
	// sending their table; FullFeed those whose table passes the full-feed
	// test; Voting those that are full-feed and settled: only they are in a
	// denominator. Partial = Live that fail the full-feed test.
	Live, Syncing, FullFeed, Voting, Partial int
	// Usual counts the voting peers when there were most of them, today or the
	// day before.
	Usual int
	// Sessions and FullFeedSessions count the same as Live and FullFeed in BGP
	// sessions (peers in the terms of RFC 4271), of which one AS may have many.
	Sessions, FullFeedSessions int
	// FullFeed, Voting and Usual are about IPv4; these are the same for IPv6,
	// whose tables are judged on their own.
	FullFeed6, Voting6, Usual6 int
	// Collectors are those with voting peers; LosingCollectors those of them at
	// which at least half of the voting peers lost a prefix that is called
	// gone. Zero where nothing is gone or where it was not counted.
	Collectors, LosingCollectors int
	// Resets counts voting peers a session of which ended or came up around a loss of the
	// target: from 15 minutes before the first vantage point lost a prefix until 15
	// minutes after nine in ten had; zero where nothing is lost.
	Resets int
	// Needed is how many must vote before anything is called down or degraded.
	Needed int
	// Declared is true where the operator vouches for a feed being full.
	Declared bool
	// NewestAt is the time of the newest message, at the source.
	NewestAt time.Time
}

// Claim is what an outside service says about the target. It stands beside the
// verdict as a line with a link, and never decides.
type Claim struct {
	Service string // "IODA", as a reader would cite it
	// Text is one sentence without a cause or a motive: "no signal for KP since
	// 16:00 UTC: below its floor of 20 /24s".
	Text string
	At   time.Time // that the claim speaks of, at the source; zero where it says none
	Link string    // to where a person can check it
	// Rests names what the claim was measured with, as in "RIPE RIS and
	// RouteViews" or "active probing": two claims that rest on the same count once.
	Rests string
	// Loss is what it says of the target: true for a loss, false for none, nil
	// where it says neither.
	Loss *bool
}

// Gap is something that could have been used and was not there, and why.
type Gap struct {
	Check  string // "route", "registry", "reach", or a service: "ioda", "globalping", "radar"
	Reason string // one sentence for a person
}
