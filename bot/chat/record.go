package chat

import (
	"math"
	"time"

	"isitdown/checks"
)

// VerdictJSON gives the record of a verdict. Caveats are the sentences that must
// stand on everything made from it; they are part of the quotable sentence too.
func VerdictJSON(v checks.Verdict, caveats ...string) VerdictRecord {
	return VerdictRecord{
		Target:    v.Target.String(),
		Kind:      v.Target.Kind().String(),
		Name:      clean(v.Name),
		At:        v.At.UTC().Format(time.RFC3339),
		State:     v.State.String(),
		Evidence:  v.Evidence.String(),
		Announced: announcedRecord(&v),
		Answering: answeringRecord(&v),
		Onset:     intervalRecord(v.Onset),
		End:       intervalRecord(v.End),
		Prefixes:  records(v.Prefixes, prefixRecord),
		Upstreams: records(v.Upstreams(), upstreamRecord),
		LastHops:  records(v.LastHops, upstreamRecord),
		Borders:   records(v.Borders, upstreamRecord),

		NoUpstream:  v.NoUpstream,
		Disappeared: records(disappeared(&v), clean),
		Attribution: records(v.Disappeared, func(a checks.Attribution) AttributionRecord { return attributionRecord(&v, &a) }),
		Foreign:     records(v.Foreign[:min(len(v.Foreign), maxMembers)], foreignRecord),
		Past:        pastRecord(&v.Past),
		Reasons:     records(v.Reasons, clean),
		Raise:       records(v.Raise, clean),
		Claims:      records(v.Claims, claimRecord),
		Gaps:        records(v.Gaps, func(g checks.Gap) GapRecord { return GapRecord{g.Check, clean(g.Reason)} }),
		Registered:  registeredRecord(&v),
		Baseline: BaselineRecord{
			AsOf:          stamp(v.BaselineAsOf),
			WindowSeconds: int64(v.BaselineWindow.Seconds()),
			Frozen:        v.Frozen,
		},
		AgeSeconds: ageRecord(&v),
		Caveats:    records(caveats, clean),
		Sentence:   Quote(Notice{Verdict: v, Caveats: caveats}),
	}
}

func announcedRecord(v *checks.Verdict) AnnouncedRecord {
	w := v.Vantage
	return AnnouncedRecord{
		Extent: v.Announced.String(),
		IPv4: IPv4Record{
			Prefixes:  CountRecord(v.IPv4.Prefixes),
			Slash24s:  CountRecord(v.IPv4.Slash24s),
			Addresses: CountRecord(v.IPv4.Addresses),
		},
		IPv6:            IPv6Record{Prefixes: CountRecord(v.IPv6.Prefixes)},
		MovedOnly:       v.MovedOnly,
		CoveredAccepted: v.CoveredAccepted,
		CoveredForeign:  v.CoveredForeign,
		Stuck:           v.Stuck,
		Changes:         v.Changes,
		Peers:           peersRecord(&w),
		VantagePoints: PointsRecord{
			Live: w.Live, Syncing: w.Syncing, FullFeed: w.FullFeed, Partial: w.Partial, Voting: w.Voting, Usual: w.Usual,
			FullFeedIPv6: w.FullFeed6, VotingIPv6: w.Voting6, UsualIPv6: w.Usual6, Declared: w.Declared,
		},
		Collectors: CollectorCount{Live: w.Collectors, Losing: w.LosingCollectors},
		Source:     clean(w.Source),
		Newest:     stamp(w.NewestAt),
	}
}

func peersRecord(w *checks.Vantage) PeersRecord {
	r := PeersRecord{Live: w.Sessions, FullFeed: w.FullFeedSessions}
	if w.FullFeed > 0 || w.Partial > 0 { // else no table was judged
		r.Partial = w.Sessions - w.FullFeedSessions
	}
	return r
}

func intervalRecord(i checks.Interval) *IntervalRecord {
	if i == (checks.Interval{}) {
		return nil
	}
	return &IntervalRecord{stamp(i.After), stamp(i.By), stamp(i.Half), stamp(i.Ninety)}
}

func prefixRecord(p checks.PrefixState) PrefixRecord {
	r := PrefixRecord{
		Prefix: p.Prefix.String(), Seen: p.Seen, Of: p.Of, Visible: p.Visible, Known: p.Known,
		Origins: records(p.Origins, checks.ASN.String), Split: p.Split,
		CoveredBy: records(p.CoveredBy, func(c checks.Cover) CoverRecord {
			return CoverRecord{c.Prefix.String(), asnText(c.Origin), c.Peers, c.Accepted, asnText(c.Upstream)}
		}),
	}
	r.Origin = asnText(p.Origin)
	if !p.Visible && p.Known {
		r.Lost = stamp(p.Lost.Interval().Half)
	}
	return r
}

func upstreamRecord(u checks.Upstream) UpstreamRecord {
	return UpstreamRecord{
		ASN: u.ASN.String(), Name: clean(u.Name),
		Share: round(u.Share), ShareBefore: round(u.ShareBefore), Hegemony: round(u.Hegemony),
		Behind: records(u.Behind, upstreamRecord),
	}
}

func registeredRecord(v *checks.Verdict) RegisteredRecord {
	f := &v.Registered
	r := RegisteredRecord{Source: clean(f.Source), Rule: rule(v), Notes: records(f.Notes, clean)}
	if !f.AsOf.IsZero() {
		r.AsOf = f.AsOf.UTC().Format(time.DateOnly)
	}
	return r
}

func ageRecord(v *checks.Verdict) *int64 {
	if v.Vantage.NewestAt.IsZero() {
		return nil
	}
	age := int64(max(0, v.At.Sub(v.Vantage.NewestAt)).Seconds())
	return &age
}

// ChangeRecord is one change of an incident as `replay --json` prints it, one a
// line.
type ChangeRecord struct {
	At       string  `json:"at"`
	Change   string  `json:"change"`   // opened, updated, resolved, upstream_changed
	Incident *string `json:"incident"` // ID; null for upstream_changed
	Revision int     `json:"revision"`
	// Quiet changes edit a message that is there; the others are new messages.
	Quiet   bool            `json:"quiet"`
	Facts   *IncidentRecord `json:"facts"` // null for upstream_changed
	Verdict VerdictRecord   `json:"verdict"`
	Text    string          `json:"text"`
	// Before and After are the upstreams of an upstream_changed; null for others.
	Before []UpstreamRecord `json:"before"`
	After  []UpstreamRecord `json:"after"`
}

// IncidentRecord is what is known of an incident as a whole.
type IncidentRecord struct {
	Kind  string          `json:"kind"` // outage, unstable
	Onset *IntervalRecord `json:"onset"`
	End   *IntervalRecord `json:"end"` // null while it lasts
	// Seconds from half of the vantage points having lost it to half of them
	// having it back; null while it lasts.
	Seconds  *int64      `json:"seconds"`
	Worst    string      `json:"worst"`
	Depth    DepthRecord `json:"depth"`
	Losses   int         `json:"losses"`
	Reopened int         `json:"reopened"`
	// FollowedBy is the outage that an unstable spell gave way to; null for none.
	FollowedBy     *string          `json:"followed_by"`
	UpstreamBefore []UpstreamRecord `json:"upstream_before"`
	UpstreamAfter  []UpstreamRecord `json:"upstream_after"`
	// SameUpstream: the same ASes carry it as before; null while it lasts.
	SameUpstream *bool `json:"same_upstream"`
}

// DepthRecord is what was visible when fewest prefixes were.
type DepthRecord struct {
	IPv4 IPv4Record `json:"ipv4"`
	IPv6 IPv6Record `json:"ipv6"`
	// Answering is what probes found when least answered; null where nothing was amiss.
	Answering *ShortAnswersRecord `json:"answering"`
	// Routes: routes were lost; false where only answers were.
	Routes bool `json:"routes"`
}

// ChangeJSON gives the record of a notice that tells of a change; text is the
// notice at 80 columns.
func ChangeJSON(n Notice) ChangeRecord {
	r := ChangeRecord{
		At:       n.Verdict.At.UTC().Format(time.RFC3339),
		Change:   n.Kind.String(),
		Revision: n.Incident.Revision,
		Quiet:    n.Quiet,
		Verdict:  VerdictJSON(n.Verdict, n.Caveats...),
		Text:     Text(n, Columns),
	}
	if n.Kind == UpstreamChanged {
		r.Before, r.After = records(n.Old, upstreamRecord), records(n.New, upstreamRecord)
	}
	if n.Incident.ID != "" {
		r.Incident, r.Facts = &n.Incident.ID, incidentRecord(&n.Incident)
	}
	return r
}

func incidentRecord(i *Incident) *IncidentRecord {
	r := &IncidentRecord{
		Kind: i.Kind.String(), Onset: intervalRecord(i.Onset), End: intervalRecord(i.End),
		Worst: i.Worst.String(), Losses: i.Changes, Reopened: i.Reopened,
		Depth: DepthRecord{
			IPv4: IPv4Record{
				CountRecord(i.IPv4.Prefixes), CountRecord(i.IPv4.Slash24s), CountRecord(i.IPv4.Addresses),
			},
			IPv6:      IPv6Record{CountRecord(i.IPv6.Prefixes)},
			Answering: shortAnswersRecord(i.Answers), Routes: i.Routes || !i.Answers.Amiss(),
		},
		UpstreamBefore: records(i.UpstreamBefore, upstreamRecord),
		UpstreamAfter:  records(i.UpstreamAfter, upstreamRecord),
	}
	if i.FollowedBy != "" {
		r.FollowedBy = &i.FollowedBy
	}
	if r.End != nil {
		seconds := int64(Point(i.End).Sub(Point(i.Onset)).Seconds())
		r.Seconds = &seconds
		if len(i.UpstreamBefore) > 0 && len(i.UpstreamAfter) > 0 {
			same := sameASes(i.UpstreamBefore, i.UpstreamAfter)
			r.SameUpstream = &same
		}
	}
	return r
}

// records maps a list; the result is never nil, so that JSON shows [].
func records[T, R any](list []T, f func(T) R) []R {
	out := make([]R, 0, len(list))
	for _, e := range list {
		out = append(out, f(e))
	}
	return out
}

// stamp gives a time for JSON in whole seconds of UTC; nil for the zero time.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC().Truncate(time.Second)
	return &u
}

// round keeps four places of a share: more would be noise, and would differ
// between machines.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func asnText(a checks.ASN) string {
	if a == 0 {
		return ""
	}
	return a.String()
}
